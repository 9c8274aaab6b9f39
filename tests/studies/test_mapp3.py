"""The study that the review of 2024 asked for: rehearsed once, and held against what was named."""

from __future__ import annotations

import pytest
from tests.cohort.rehearsals import Rehearsed

from entact.analysis.analyse import Analyses, analyse
from entact.analysis.plan import read_study_plan
from entact.cli.requirements import share
from entact.cohort import rehearse
from entact.course import Course, fold_setting, read
from entact.course.found.fidelity import checklists_of, have_attended
from entact.course.found.recording import agrees_to_recording
from entact.course.kinds.raters import is_drawn
from entact.course.kinds.session import recordings_of
from entact.course.state.encounter import visit_of
from entact.course.supply.balance import balance, moved_of
from entact.datasets import Datasets, analysis_frames, build
from entact.datasets.collected import collected
from entact.protocol import load_study
from entact.protocol.requirements.compare import compare, read_list
from entact.report.outcomes import outcome_table

PARTICIPANTS = 12


@pytest.fixture(scope="module")
def trial() -> Rehearsed:
    study = load_study("mapp3")
    return Rehearsed(study, rehearse(study, PARTICIPANTS, seed=3))


@pytest.fixture(scope="module")
def datasets(trial: Rehearsed) -> Datasets:
    return build(trial.study, trial.courses.values(), trial.trial.allocation.arms())


@pytest.fixture(scope="module")
def analyses(datasets: Datasets) -> Analyses:
    return analyse(read_study_plan(datasets.book.plan), analysis_frames(datasets))


def test_a_rehearsal_finds_nothing_about_the_study(trial: Rehearsed) -> None:
    assert trial.trial.findings == []
    assert trial.trial.randomised == PARTICIPANTS


def test_the_stock_of_each_site_is_accounted_for_and_nothing_is_missing(trial: Rehearsed) -> None:
    taken = 0
    for name, entries in trial.entries.items():
        if not name.startswith("site:"):
            continue
        site = fold_setting(trial.study, (), entries).site
        moved = [
            one
            for ledger, course in trial.courses.items()
            if course.site == site.id
            for one in moved_of(course, ledger)
        ]
        found = balance(site, moved)
        assert found.differences == ()
        assert {lot.strength for lot in site.supply.lots.values()} == {"40 mg", "60 mg"}
        assert all(not one.waits for one in site.supply.handled.values())
        came = {one.kit: one.at for one in site.supply.movements}
        assert all(came[one.kit] < one.at for one in moved)
        taken += sum(row.taken for row in found.rows.values())
    assert taken == sum(dose.taken for course in trial.courses.values() for dose in course.doses) > 0


def test_those_at_sites_of_the_sub_study_go_home_and_are_called(trial: Rehearsed) -> None:
    sites = set(trial.study.newest.file.tracks["at_home"].sites or ())
    called = {
        course.site
        for course in trial.courses.values()
        for encounter in course.encounters
        if visit_of(encounter).startswith("evening_")
    }
    dosed = {course.site for course in trial.courses.values() if course.doses}
    assert called == sites & dosed
    assert dosed - sites


def test_a_sub_study_does_not_end_the_study_for_anybody(trial: Rehearsed) -> None:
    done = [course for course in trial.courses.values() if course.status == "completed"]
    assert any("at_home" in course.tracks for course in done)
    for course in done:
        assert any(visit_of(encounter) == "end" for encounter in course.encounters)


def test_what_the_study_plans_was_collected_in_nearly_every_session(trial: Rehearsed) -> None:
    release, wanted = trial.study.newest, read_list("crl2024")
    rows = collected(release, wanted, trial.courses.values())
    found = {one.planned.item: one for one in rows if one.planned.of == "sessions"}
    dosed = [{visit_of(dose.encounter) for dose in course.doses} for course in trial.courses.values()]
    sessions = sum(map(len, dosed))
    assert {name for name, one in found.items() if one.planned.share is not None} == {"adherence"}
    assert found["adherence"].collected.total() < 0.6 * sessions
    assert {"impairment", "laboratory_sessions", "blood_pressure_dense", "adherence"} <= found.keys()
    for one in found.values():
        assert one.sessions.total() == sessions
        assert one.collected.total() >= (0.6 if one.planned.share is None else 0.1) * sessions
        assert one.sessions.keys() == {course.site for course in trial.courses.values() if course.doses}


def test_what_is_asked_before_randomisation_and_in_follow_up_is_counted_too(trial: Rehearsed) -> None:
    release, wanted = trial.study.newest, read_list("crl2024")
    rows = {
        (one.planned.item, one.planned.of): one for one in collected(release, wanted, trial.courses.values())
    }
    sites = {course.site for course in trial.courses.values() if course.randomisation}
    for item in ("expectancy_participant", "expectancy_therapist", "prior_use", "race"):
        one = rows[item, "participants"]
        assert one.sessions.total() == one.collected.total() == PARTICIPANTS
        assert one.sessions.keys() == sites
    for item in ("durability", "outside_treatment", "outside_use"):
        one = rows[item, "visits"]
        assert 0.6 * one.sessions.total() <= one.collected.total() <= one.sessions.total()
    course = next(one for one in trial.courses.values() if one.answers.get("expectancy"))
    kept = course.answers.pop("expectancy")
    try:
        less = {one.planned.item: one for one in collected(release, wanted, [course])}[
            "expectancy_participant"
        ]
        assert (less.sessions.total(), less.collected.total()) == (1, 0)
    finally:
        course.answers["expectancy"] = kept


def test_a_session_without_a_measure_is_missed_at_its_site(trial: Rehearsed) -> None:
    course = next(one for one in trial.courses.values() if len(one.answers.get("impairment", [])) >= 3)
    whole = _sessions_of(trial, course)
    kept = course.answers["impairment"]
    first = kept[0].encounter
    try:
        course.answers["impairment"] = [one for one in kept if one.encounter != first]
        less = _sessions_of(trial, course)
    finally:
        course.answers["impairment"] = kept
    assert less == whole | {"impairment": whole["impairment"] - 1}


def test_of_an_empty_record_it_is_said_that_there_is_none_yet(trial: Rehearsed) -> None:
    found = collected(trial.study.newest, read_list("crl2024"), [])
    assert found
    assert {share(one) for one in found} == {"none yet"}


def _sessions_of(trial: Rehearsed, course: Course) -> dict[str, int]:
    rows = collected(trial.study.newest, read_list("crl2024"), [course])
    return {one.planned.item: one.collected.total() for one in rows if one.planned.of == "sessions"}


def test_every_arm_has_the_same_number_of_capsules_and_three_doses_are_compared() -> None:
    regimens = load_study("mapp3").newest.file.regimens
    assert {level: said.arms["low"].initial.count for level, said in regimens.items()} == {
        level: said.initial.count for level, said in regimens.items()
    }


def test_what_the_review_named_is_answered_or_said_why_not() -> None:
    found = compare("mapp3", "crl2024")
    assert found.of("not_met") == ()
    assert all(one.said for one in found.of("not_decidable"))


def test_a_time_runs_from_the_first_session_to_the_first_yes_or_the_last_no(
    trial: Rehearsed, datasets: Datasets
) -> None:
    rows = datasets.endpoints.filter(PARAMCD="until_treatment")
    found = {row["USUBJID"].partition("-")[2]: (row["AVAL"], row["CNSR"]) for row in rows.to_dicts()}
    expected = {}
    for ledger, course in trial.courses.items():
        if course.randomisation is None:
            continue
        asked = [
            (one.at, one.values["rescue_medicine"] or one.values["rescue_therapy"])
            for one in course.answers.get("outside_treatment", [])
            if one.status == "done"
        ]
        first = [
            one.started for one in course.encounters.values() if one.visit == "session_1" and one.started
        ]
        came = [at for at, said in asked if said]
        ends = came[:1] or [at for at, _ in asked][-1:]
        time = (ends[0].date() - first[0].date()).days if ends and first else None
        expected[ledger.partition(":")[2]] = (time, None if time is None else int(not came))
    assert found == expected
    assert {censored for _, censored in found.values()} >= {0, 1}


def test_the_guess_of_an_analysis_is_the_last_one_made_by_then(trial: Rehearsed, datasets: Datasets) -> None:
    for name, guesser in (
        ("given_guess", "participant"),
        ("given_therapists", "therapist"),
        ("given_raters", "rater"),
    ):
        rows = analysis_frames(datasets)[name].filter(visit="assessment_4")
        assert len(rows) > PARTICIPANTS / 2
        for who, guess in rows.select("participant", f"guess of {guesser}").iter_rows():
            course = trial.courses[f"participant:{who.partition('-')[2]}"]
            until = max(
                one.at for one in course.answers["caps5_past_month"] if "assessment_4" in one.encounter
            )
            made = [
                one.arm for one in course.guesses if one.guesser == guesser and one.at.date() <= until.date()
            ]
            assert guess == (made[-1] if made else None)


def test_what_is_planned_given_the_guess_of_times_and_together_is_done(
    datasets: Datasets, analyses: Analyses
) -> None:
    assert analyses.together is not None
    of = ["primary", "full_placebo", "durable", "pcl5_change", "sds_change"]
    assert list(analyses.together.adjusted) == of
    assert [name for name, one in analyses.items() if one.adjusted is not None] == of
    for name in ("given_guess", "given_therapists", "given_raters", "belief_needed", "until_treatment"):
        assert analyses[name].result is not None, analyses[name].why
    table = outcome_table(datasets)
    assert [row.id for row in table.rows if row.id.startswith("together/")] == [
        f"together/{name}" for name in of
    ]
    for name, one in analyses.items():
        if one.p is not None and name in of:
            assert f"p {'=' if one.p >= 0.0005 else 'below'}" in str(table.row(f"together/{name}").remark)
    assert {row.section for row in table.rows if row.id.startswith("effect/until")} == {"Time until an event"}
    guessed = [row.label for row in table.rows if row.id.startswith("effect/caps5_change/model/given_")]
    assert {
        "by what the participant guessed",
        "by what the rater guessed",
        "by what the therapist guessed",
    } == {label.split(", ")[1].partition(":")[0] for label in guessed}


def _rules() -> dict[str, tuple[str, str]]:
    """What the issue names of the study -> the item of a list that asks for it."""
    return {
        "expectancy of participants before randomisation": ("crl2024", "expectancy_participant"),
        "expectancy of therapists before randomisation": ("crl2024", "expectancy_therapist"),
        "guesses after each session": ("crl2024", "guess_each_session"),
        "laboratory around every session": ("crl2024", "laboratory_sessions"),
        "laboratory at the midpoint": ("crl2024", "laboratory_midpoint"),
        "electrocardiogram around every session": ("crl2024", "ecg_sessions"),
        "QTcF": ("crl2024", "qtcf"),
        "solicited checklist, of any valence": ("crl2024", "abuse_events_asked"),
        "denser sampling after the dose": ("crl2024", "blood_pressure_dense"),
        "impairment until a criterion": ("crl2024", "impairment_gate"),
        "therapist adherence": ("crl2024", "adherence"),
        "a second, rater-free outcome": ("crl2024", "second_outcome"),
        "race": ("crl2024", "race"),
        "ethnicity": ("crl2024", "ethnicity"),
        "a year of follow-up": ("fda2023", "twelve_months"),
        "rescue treatment": ("ema2025", "rescue"),
        "outside use": ("crl2024", "outside_use"),
        "a durability endpoint": ("crl2024", "durability_endpoint"),
        "three doses compared": ("crl2024", "dose_response"),
        "the same therapy in every arm": ("crl2024", "same_therapy"),
        "estimands": ("e9r1", "strategies"),
        "the effect given the guess": ("crl2024", "effect_given_guess"),
        "a sensitivity analysis": ("crl2024", "sensitivity"),
    }


@pytest.mark.parametrize("what", _rules())
def test_what_the_study_was_asked_for_it_has(what: str) -> None:
    name, item = _rules()[what]
    (found,) = (one for one in compare("mapp3", name).judged if one.item.id == item)
    assert found.status == "met" or found.item.judge, found.said


def test_what_no_list_asks_for_the_study_has_too() -> None:
    release = load_study("mapp3").newest
    file, sessions = release.file, [one for one in release.visits.values() if one.kind == "dosing"]
    assert len(file.arms) == 3
    assert {arm.role for arm in file.arms.values()} == {"experimental", "active_comparator", "placebo"}
    for visit in sessions:
        if visit.track is None:
            at = {one.do: one.at for one in visit.timed}
            assert {"orthostatic", "suds", "impairment", "guess"} <= at.keys()
            assert len(at["vital_signs"]) >= 8
    leaving = set(release.forms["discharge_readiness"].items)
    assert len({name for name in leaving if "participant" in name or "therapist" in name}) >= 3
    assert file.all_forms["therapist_adherence"].sampled == 0.25
    participant = set(release.forms["participant"].items)
    assert participant >= {
        "race",
        "ethnicity",
        "gender",
        "veteran",
        "trauma_kind",
        "prior_ssri",
        "prior_therapy",
    }
    track = file.tracks["at_home"]
    assert track.sites
    assert set(track.sites) < set(file.sites)
    plan = file.analysis
    assert plan.multiplicity is not None
    assert plan.interim is not None
    assert {"tipping_point"} <= {one.method for one in plan.analyses.values()}
    assert file.stopping
    assert file.reports
    # What is ours is marked, and every endpoint and analysis says where it is from or that it is ours.
    for name, endpoint in file.endpoints.items():
        assert endpoint.source or endpoint.assumption, name
    for name, analysis in plan.analyses.items():
        assert "ours" in (analysis.assumption or ""), name


def test_sessions_have_a_recording_and_those_drawn_are_rated_by_somebody_who_was_not_there(
    trial: Rehearsed,
) -> None:
    kinds = {str(kind): said for kind, said in trial.study.newest.file.fidelity.items()}
    rated = due = 0
    for ledger, course in trial.courses.items():
        hashes = {read(line.text).id: line.hash for line in trial.trial.ledgers[ledger]}
        attended = have_attended(course, checklists_of(course.release))
        for name, held in course.encounters.items():
            visit = course.release.visits.get(held.visit)
            said = kinds.get(str(visit.kind)) if visit is not None else None
            if said is None or held.ended is None or held.started is None:
                continue
            if agrees_to_recording(course, held.started) is False:
                assert recordings_of(course, name) == ()
                continue
            (recording,) = recordings_of(course, name)
            assert recording.reference.endswith(name.replace("#", "."))
            assert recording.ended is not None
            answers = course.forms.get((said.form, name))
            assert (answers is not None) == is_drawn(hashes[held.closed], said.share), name
            due += 1
            if answers is not None:
                rated += 1
                assert answers.by not in attended
                assert answers.values["total"] is not None
    assert 0 < rated < due
