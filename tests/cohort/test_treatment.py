"""Ledgers say what the draws say: ratings, discontinuations, and what else participants go through."""

from __future__ import annotations

from collections import Counter

import numpy as np
from tests.cohort.rehearsals import Rehearsed

from entact.cohort.baseline import draw_baseline
from entact.cohort.draws import UNKNOWN
from entact.cohort.outcomes import draw_outcomes
from entact.course import open_alerts
from entact.course.state.encounter import UNSCHEDULED


def outcomes_of(rehearsed: Rehearsed):
    """The outcomes-only path with the same seed, candidates and arms; and the courses in the same order."""
    parameters, arms = rehearsed.trial.parameters, rehearsed.trial.allocation.arms()
    courses = list(rehearsed.randomised.values())
    indices = np.array([rehearsed.index(course) for course in courses])
    given = [parameters.arms.index(arms[course.randomisation.number]) for course in courses]
    baseline = draw_baseline(parameters, rehearsed.trial.seed, indices)
    return draw_outcomes(parameters, baseline, given), courses


def test_ratings_in_the_ledgers_are_those_of_the_outcomes_only_path(rehearsed: Rehearsed) -> None:
    """Apart from typing mistakes that nobody corrected."""
    drawn, courses = outcomes_of(rehearsed)
    timepoints = rehearsed.trial.parameters.timepoints
    rated = other = 0
    for row, course in enumerate(courses):
        for place, visit in enumerate(timepoints):
            answers = course.forms.get(("caps5_past_month", f"{visit}#1"))
            assert (answers is not None) == bool(drawn.in_study[row, place]), (visit, course.status)
            if answers is None:
                continue
            rated += 1
            same = answers.values["total"] == drawn.total[row, place]
            same = same and answers.values["diagnosis"] is bool(drawn.diagnosis[row, place])
            sds = course.forms["sds", f"{visit}#1"].values["mean"]
            same = same and np.isclose(
                np.nan if sds is None else sds, drawn.scores["sds"][row, place], equal_nan=True
            )
            other += not same
    assert rated > 80
    assert other <= 0.03 * rated


def test_candidates_fail_screening_as_the_draws_say(rehearsed: Rehearsed) -> None:
    indices = np.array([rehearsed.index(course) for course in rehearsed.courses.values()])
    baseline = draw_baseline(rehearsed.trial.parameters, rehearsed.trial.seed, indices)
    passed = np.array([course.enrolment is not None for course in rehearsed.courses.values()])
    # A value of the laboratory or the electrocardiogram may keep out somebody whom the draws let in.
    assert not (passed & ~baseline.eligible).any()
    assert (passed != baseline.eligible).mean() <= 0.05


def test_discontinuations_are_those_drawn_in_the_interval_drawn(rehearsed: Rehearsed) -> None:
    drawn, courses = outcomes_of(rehearsed)
    timepoints = rehearsed.trial.parameters.timepoints
    for row, course in enumerate(courses):
        stopped = course.discontinued.get("treatment")
        if stopped is not None and stopped.cause == "gate_closed":
            continue
        assert (stopped is not None) == (drawn.treatment_stopped[row] != UNKNOWN)
        assert ("follow_up" in course.discontinued) == (drawn.study_left[row] != UNKNOWN)
        sessions = {dose.session for dose in course.doses if dose.part == "initial" and dose.taken}
        assert len(sessions) == drawn.sessions_received[row]
        if stopped is not None:
            held = [
                course.encounters[f"{visit}#1"].started
                for visit in timepoints
                if f"{visit}#1" in course.encounters
            ]
            before = sum(at < stopped.at for at in held)
            assert before == drawn.treatment_stopped[row]


def test_whoever_rates_rates_a_participant_once(rehearsed: Rehearsed) -> None:
    for course in rehearsed.randomised.values():
        raters = [answers.by for answers in course.answers["caps5_past_month"]]
        corrections = {one.entry.by for one in course.effective if one.entry.replaces is not None}
        assert len(set(raters)) == len(raters) or corrections
        assert all(by.startswith("rater-") for by in raters)


def test_assessments_come_before_the_session_that_follows_them(rehearsed: Rehearsed) -> None:
    visits = list(rehearsed.study.newest.visits)
    before = {session: visits[: visits.index(session)] for session in ("session_2", "session_3")}
    for course in rehearsed.randomised.values():
        for session in before:
            begun = course.encounters.get(f"{session}#1")
            if begun is None:
                continue
            for encounter in course.encounters.values():
                if encounter.started is not None and encounter.visit in before[session]:
                    assert encounter.started < begun.started, (encounter.id, session)


def test_every_alert_is_answered(rehearsed: Rehearsed) -> None:
    assert not [open_alerts(course) for course in rehearsed.courses.values() if open_alerts(course)]


def test_corrections_say_why_and_mistakes_that_stay_are_few(rehearsed: Rehearsed) -> None:
    reasons = Counter(
        entry.reason
        for entries in rehearsed.entries.values()
        for entry in entries
        if entry.replaces is not None
    )
    assert None not in reasons
    assert reasons["transcription_error"] >= 1  # one of some 300 forms


def test_some_visits_are_late_or_missed_and_leave_findings(rehearsed: Rehearsed) -> None:
    tally = rehearsed.trial.tally
    assert 0 < sum(tally.outside.values()) < 0.1 * sum(tally.inside.values())
    missed = [
        one
        for course in rehearsed.courses.values()
        for one in course.encounters.values()
        if one.status == "missed"
    ]
    assert missed
    assert all(one.visit != "baseline" for one in missed)


def test_adverse_events_are_recorded_as_drawn_favourable_ones_too(rehearsed: Rehearsed) -> None:
    events = [event for course in rehearsed.randomised.values() for event in course.adverse_events.values()]
    assert {event.valence for event in events} == {"favourable", "unfavourable", "neutral"}
    assert all(event.begun is not None and event.term for event in events)
    assert sum(event.outcome == "resolved" for event in events) > 0.5 * len(events)


def test_a_serious_event_is_recorded_within_a_day_at_a_contact_with_a_reason(mapp1, monkeypatch) -> None:
    """Every participant has one here, so that no luck is needed."""
    from entact.cohort import rehearsal, rehearse, trial

    parameters = rehearsal.load_parameters(trial.shipped_cohort("mapp1"))
    tree = parameters.model_dump()
    for term in tree["adverse_events"]["terms"]:
        term["serious"] = 1.0 if term["term"] == "Headache" else 0.0
        if term["term"] == "Headache":
            term["chance"] = {"mdma": 1.0, "placebo": 1.0}
    changed = type(parameters).model_validate(tree)
    monkeypatch.setattr(rehearsal, "load_parameters", lambda path, scenario, release: changed)
    rehearsed = Rehearsed(mapp1, rehearse(mapp1, 6, seed=2))
    serious = unplanned = 0
    for course in rehearsed.randomised.values():
        for one in course.effective:
            if one.entry.kind == "adverse_event" and one.data.get("serious"):
                serious += 1
                onset = one.at.fromisoformat(one.data["onset"])
                assert (one.at - onset).total_seconds() <= 86_400
                if one.entry.encounter.startswith(UNSCHEDULED):
                    unplanned += 1
                    begun = next(
                        entry
                        for entry in course.entries
                        if entry.id == course.encounters[one.entry.encounter].entry
                    )
                    assert begun.reason == "safety"
    assert serious >= 6
    assert unplanned >= 1
