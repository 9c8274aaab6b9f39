"""Every study that ships, and two that somebody wrote, rehearsed: laws that hold whatever the study."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from tests.cohort.rehearsals import Rehearsed

from entact.cohort import rehearse
from entact.course import findings, open_alerts, verify
from entact.course.state.encounter import visit_of
from entact.datasets import Accumulator
from entact.protocol import load_study
from entact.report.outcomes import OutcomeTable, outcome_table

STUDIES = Path(__file__).parents[1] / "studies"
SHIPPED = ["mapp1", "mapp2", "mapp3", "life-threatening-illness", "eating-disorders", "expanded-access"]
NUMBERS = {"life-threatening-illness": 18, "expanded-access": 50, "eating-disorders": 12}
# What the fold finds when an act had no yes behind it, or should not have been.
FORBIDDEN = ("without_", "gate_", "kit_", "dose_", "unblinded_", "not_linked", "visit_of_other", "hold_")


def rehearsed_of(name: str) -> Rehearsed:
    study = load_study(STUDIES / name if (STUDIES / name).is_dir() else name)
    return Rehearsed(study, rehearse(study, NUMBERS.get(name, 8), seed=7))


@pytest.fixture(scope="module", params=[*SHIPPED, "mini", "short_course"])
def one(request: pytest.FixtureRequest) -> Rehearsed:
    return rehearsed_of(request.param)


@pytest.fixture(scope="module")
def illness() -> Rehearsed:
    return rehearsed_of("life-threatening-illness")


@pytest.fixture(scope="module")
def access() -> Rehearsed:
    return rehearsed_of("expanded-access")


@pytest.fixture(scope="module")
def eating() -> Rehearsed:
    return rehearsed_of("eating-disorders")


def table_of(rehearsed: Rehearsed) -> OutcomeTable:
    accumulator = Accumulator(rehearsed.study)
    for course in rehearsed.courses.values():
        accumulator.add(course)
    trial = rehearsed.trial
    return outcome_table(accumulator.finish(trial.allocation.arms()), None, trial.remarks)


def test_as_many_take_part_as_were_asked_for_and_nothing_is_found_about_the_study(one: Rehearsed) -> None:
    assert one.trial.randomised == one.trial.wanted
    assert one.trial.findings == []


def test_every_chain_holds(one: Rehearsed) -> None:
    assert {name for name, lines in one.trial.ledgers.items() if verify(name, lines) is not None} == set()


def test_no_act_without_a_yes(one: Rehearsed) -> None:
    acts: Counter[str] = Counter()
    for course in one.courses.values():
        found = findings(course, one.end(course))
        corrected = {effective.entry.id for effective in course.effective if effective.corrections}
        told = [one for one in found if one.rule == "gate_input_corrected"]  # typed wrongly, as people do
        assert {one.item for one in told} <= corrected
        rules = {one.rule for one in found if one not in told}
        assert not {rule for rule in rules if rule.startswith(FORBIDDEN)}
        assert not rules & {"unparsed", "unknown_kind", "unknown_form", "encounter_begun_twice"}
        for effective in course.effective:
            if effective.entry.basis is not None:
                acts[effective.entry.basis["act"]] += 1
    given = Counter(dose.part for course in one.courses.values() for dose in course.doses if dose.taken)
    assert given["initial"] > 0
    assert (acts["initial_dose"], acts["supplement"]) == (given["initial"], given["supplement"])
    assert acts["discharge"] == given["initial"]


def test_every_alert_is_answered_and_every_event_of_a_checklist_entered(one: Rehearsed) -> None:
    assert not [course for course in one.courses.values() if open_alerts(course)]
    for course in one.courses.values():
        assert "event_not_entered" not in {found.rule for found in findings(course, one.end(course))}


def test_nearly_everybody_comes_to_the_end(one: Rehearsed) -> None:
    ends = Counter(course.status for course in one.courses.values() if course.enrolment is not None)
    assert ends["completed"] >= 0.6 * one.trial.wanted
    assert not ends.keys() & {"in_treatment", "randomised", "enrolled", "screening"}


def test_the_outcome_table_is_of_the_study_s_own_endpoints(one: Rehearsed) -> None:
    table, file = table_of(one), one.study.newest.file
    shown = {row.id.split("/")[1] for row in table.rows if row.id.startswith(("change/", "share/", "time/"))}
    # The same value at another visit is a row of the table of the first.
    values = {file.endpoints[name].value for name in shown} - {None}
    assert shown <= set(file.endpoints)
    assert {name for name, said in file.endpoints.items() if said.value not in values} <= shown
    assert table.simulated
    if file.randomisation is not None:
        assert {arm.name for arm in table.arms} == set(file.arms)
    assert sum(arm.n for arm in table.arms) == one.trial.wanted
    change = next(row for row in table.rows if row.id.startswith("change/"))
    assert any(cell.n for cell in change.cells.values())


def test_what_is_neutral_is_said_in_the_table(one: Rehearsed) -> None:
    said = any("neutral" in note and "no effect assumed" in note for note in table_of(one).notes)
    assert said == bool(one.trial.parameters.neutral)


def test_a_session_is_held_by_nobody_before_they_entered(one: Rehearsed) -> None:
    for course in one.courses.values():
        for dose in course.doses:
            assert course.enrolment is not None
            assert dose.at > course.enrolment.at


def test_a_person_is_told_the_arm_once_their_blinded_data_are_frozen(illness: Rehearsed) -> None:
    file = illness.study.newest.file
    visits = illness.study.newest.visits
    told = [course for course in illness.randomised.values() if course.told is not None]
    arms = illness.trial.allocation.arms()
    assert len(told) >= 15
    for course in told:
        assert course.told.arm == arms[course.randomisation.number]
        blinded = [
            encounter
            for encounter in course.encounters.values()
            if visits.get(encounter.visit) is not None
            and visits[encounter.visit].epoch == file.unblinding.epoch
            and encounter.status == "ended"
        ]
        assert len(blinded) > 5
        for encounter in blinded:
            assert course.frozen[encounter.id].at < course.told.at
        late = {found.rule for found in findings(course, illness.end(course))}
        assert "changed_after_freeze" not in late


def test_the_track_that_opens_is_that_of_the_arm_and_opens_with_the_unblinding(illness: Rehearsed) -> None:
    tracks, visits = illness.study.newest.file.tracks, illness.study.newest.visits
    arms = illness.trial.allocation.arms()
    seen: Counter[str] = Counter()
    for course in illness.randomised.values():
        arm = arms[course.randomisation.number]
        for encounter in course.encounters.values():
            track = visits[encounter.visit].track if encounter.visit in visits else None
            if track is not None:
                assert tracks[track].opens_on == f"unblinded.{arm}"
                assert encounter.started is None or encounter.started > course.told.at
                seen[track] += 1
    assert set(seen) == set(tracks)


def test_what_is_given_openly_is_the_drug_whatever_the_arm_was(illness: Rehearsed) -> None:
    contents = {row.kit: row.arm for row in illness.trial.allocation.kits}
    arms, visits = illness.trial.allocation.arms(), illness.study.newest.visits
    openly = blinded = 0
    for course in illness.randomised.values():
        for dose in course.doses:
            visit = visits[dose.session]
            if visit.track is None:
                assert contents[dose.kit] == arms[course.randomisation.number]
                blinded += 1
            else:
                assert contents[dose.kit] == "mdma"
                openly += 1
    assert openly > 10
    assert blinded > 30


def test_a_site_gets_as_many_kits_for_everybody_so_that_a_count_tells_no_arm(illness: Rehearsed) -> None:
    given = Counter(
        entry.occurred_at[:10]
        for name, entries in illness.entries.items()
        if name.startswith("site:")
        for entry in entries
        if entry.kind == "kit"
    )
    assert len({count % min(given.values()) for count in given.values()}) == 1


def test_enrolment_stops_at_the_hold_and_goes_on_when_it_is_lifted(access: Rehearsed) -> None:
    study = access.entries["study:expanded-access"]
    holds = [entry for entry in study if entry.kind == "hold"]
    assert [entry.data["status"] for entry in holds] == ["placed", "lifted"]
    placed, lifted = (datetime.fromisoformat(entry.occurred_at) for entry in holds)
    enrolled = sorted(course.enrolment.at for course in access.courses.values() if course.enrolment)
    before = [at for at in enrolled if at < placed]
    assert len(before) == 35
    assert not [at for at in enrolled if placed <= at < lifted]
    assert len([at for at in enrolled if at >= lifted]) == 15
    turned_away = [
        course.discontinued["treatment"]
        for course in access.courses.values()
        if "treatment" in course.discontinued and course.discontinued["treatment"].cause == "enrolment_held"
    ]
    assert turned_away
    assert all(placed <= stop.at < lifted for stop in turned_away)
    assert access.trial.tally.reasons["enrol", "preparation_3", "hold.review"] == len(turned_away)
    (hold,) = [said for said in table_of(access).notes if said.startswith("Hold (Review")]
    assert f"from {placed.date()} until {lifted.date()}, lifted by the sponsor" in hold
    assert f"; {len(turned_away)} candidates came" in hold


def test_sessions_go_on_while_enrolment_is_held(access: Rehearsed) -> None:
    holds = [entry for entry in access.entries["study:expanded-access"] if entry.kind == "hold"]
    placed, lifted = (datetime.fromisoformat(entry.occurred_at) for entry in holds)
    assert any(
        placed < dose.at < lifted for course in access.courses.values() for dose in course.doses if dose.taken
    )


def test_carers_come_beside_somebody_of_the_same_site_and_are_never_dosed(eating: Rehearsed) -> None:
    carers = [course for course in eating.courses.values() if course.population == "carer"]
    enrolled = [course for course in carers if course.enrolment is not None]
    assert len(enrolled) == 6
    beside = set()
    for course in carers:
        assert not course.doses
        assert not course.kits
        (link,) = course.links
        patient = eating.courses[link.ledger]
        assert patient.population == "patient"
        assert patient.enrolment is not None
        assert patient.site == course.site
        beside.add(link.ledger)
    assert len(beside) == len(carers)
    own = {name for name, visit in eating.study.newest.visits.items() if visit.populations == ("carer",)}
    assert {visit_of(one) for course in carers for one in course.encounters} <= own


def test_notices_of_the_study_reach_every_process(access: Rehearsed) -> None:
    """Places and holds are known to the gate wherever somebody is treated: the same bytes."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
        elsewhere = rehearse(access.study, NUMBERS["expanded-access"], seed=7, executor=executor)
    assert elsewhere.ledgers == access.trial.ledgers


def test_a_quota_is_not_exceeded(eating: Rehearsed) -> None:
    study = load_study("eating-disorders")
    whole = Rehearsed(study, rehearse(study, seed=3))
    taken: Counter[str] = Counter()
    for course in whole.courses.values():
        if course.enrolment is not None and course.population == "patient":
            (answers, *_) = course.answers["diagnosis"]
            taken[answers.values["kind"]] += 1
    assert taken["binge_eating"] <= 6
    assert taken["anorexia_restricting"] <= 12
    assert taken.total() == 18


SERIOUS = """
scenario: serious
title: Everybody has a serious event
assumption: for a test
override:
  adverse_events:
    terms:
      - {term: Palpitations, chance: {mdma: 1.0, placebo: 1.0}, pattern: any_time, serious: 1.0,
         assumption: test}
"""


def test_a_serious_event_is_reported_in_time_and_stops_treatment(tmp_path: Path) -> None:
    path = tmp_path / "serious.yaml"
    path.write_text(SERIOUS)
    study = load_study("life-threatening-illness")
    rehearsed = Rehearsed(study, rehearse(study, 6, seed=4, scenario=path))
    sent: Counter[str] = Counter()
    stopped = 0
    for course in rehearsed.randomised.values():
        rules = {found.rule for found in findings(course, rehearsed.end(course))}
        assert not rules & {"report_overdue", "report_late", "unknown_report", "stopping_rule"}
        sent.update(report for report, _ in course.sent_reports)
        if "serious" in course.stops:
            assert course.discontinued["treatment"].cause in ("serious", "participant_choice")
            assert not [dose for dose in course.doses if dose.at > course.discontinued["treatment"].at]
            stopped += 1
    assert set(sent) == {"sponsor", "us"}
    assert sent["sponsor"] == sent["us"] >= 2
    assert stopped >= 2


def test_a_gate_that_opens_no_track_is_found_and_neither_the_tracks_nor_their_visits(tmp_path: Path) -> None:
    from importlib.resources import files

    text = files("entact").joinpath("studies", "life-threatening-illness", "study.yaml").read_text()
    never = "c_ssrs.behaviour == false && c_ssrs.ideation < 4, else: serious suicidal ideation or behaviour, "
    assert never in text
    wrong = text.replace(
        never, "c_ssrs.behaviour && c_ssrs.ideation < 4, else: serious suicidal ideation or behaviour, "
    )
    (tmp_path / "study.yaml").write_text(wrong)
    trial = rehearse(load_study(tmp_path), 8, seed=1)
    (finding,) = trial.findings
    assert finding.about == "gate unblind"
    assert not trial.tally.held["crossover_1"] + trial.tally.held["open_session"]
