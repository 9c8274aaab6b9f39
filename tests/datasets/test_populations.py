"""Two populations that are randomised together: whoever is never asked for the outcome does not lack it."""

# ruff: noqa: E501 - lines of a study file stay as they are there
from __future__ import annotations

from pathlib import Path

import pytest
from tests.datasets.participants import Participant, arms, trial

from entact.cli.design import asked_for
from entact.datasets import Datasets, analysis_frames, build
from entact.protocol import Study, load_study
from entact.report.flow import flow
from entact.report.outcomes import outcome_table

MINI = Path(__file__).parents[1] / "studies" / "mini" / "study.yaml"
BOTH, OWN = "for: patient and volunteer, ", "for: patient, "


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The small study, with volunteers who are dosed and never rated."""
    text = MINI.read_text(encoding="utf-8")
    for old, new in {
        "{patient: {planned: 8}}": "{patient: {planned: 8}, volunteer: {planned: 8}}",
        "{visit: baseline, after: washout_end": f"{{visit: baseline, {OWN}after: washout_end",
        "{visit: outcome, ": f"{{visit: outcome, {OWN}",
        "{visit: closing, after: outcome, within: 0 .. 14 d": f"{{visit: closing, {BOTH}after: session_1, within: 19 .. 50 d",
        "{visit: preparation_2, after: baseline, ": f"{{visit: preparation_2, {BOTH}after: preparation_1, ",
        "{visit: screening, ": f"{{visit: screening, {BOTH}",
        "{visit: preparation_1, ": f"{{visit: preparation_1, {BOTH}",
        "visit: session_1\n": "visit: session_1\n    for: patient and volunteer\n",
        "{visit: integration_1, ": f"{{visit: integration_1, {BOTH}",
        "severe:    {kind": "severe:    {for: patient, kind",
        '  randomisation:\n    require:\n      - {require: "symptoms.total >= 35", ever: true, else: symptoms at baseline below 35 or not rated}\n': "",
    }.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = tmp_path_factory.mktemp("two") / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return load_study(path)


@pytest.fixture(scope="module")
def datasets(study: Study) -> Datasets:
    people = trial(study)
    for number in (7, 8):
        person = Participant(study, number)
        person.write("consent", {"version": "1", "scopes": {"participation": True}}, day=0)
        said = {"attempt": 1, "number": f"S-{number:02d}", "site": "denver", "population": "volunteer"}
        person.write("screening", said, day=0, minute=1)
        judged = {
            "criteria": {"adult": True, "psychosis": False},
            "decision": "eligible",
            "signed": "decision",
        }
        person.write("eligibility", judged, day=8, role="investigator", by="investigator-1")
        person.write("enrolment", {"subject": f"D-{number}"}, day=8, minute=2)
        person.write("randomisation", {"number": f"denver-{number:03d}"}, day=8, minute=3)
        people.append(person.dosed())
    more = {"denver-007": "mdma", "denver-008": "placebo"}
    return build(study, [person.course() for person in people], arms() | more)


def test_nobody_lacks_what_is_not_planned_for_them(datasets: Datasets) -> None:
    assert len(datasets.by_arm("subjects")) == 7
    table = outcome_table(datasets)
    # Six patients are screened, one fails: five were randomised, of whom one is not rated.
    unrated = table.row("disposition/without_primary_outcome")
    assert {arm: cell.text for arm, cell in unrated.cells.items()} == {
        "mdma": "1/3  33 %",
        "placebo": "0/2   0 %",
    }
    dosed = table.row("disposition/treated")
    assert dosed.cells["mdma"].text == "4/4 100 %"


def test_who_is_never_asked_is_nothing_to_impute(datasets: Datasets, study: Study) -> None:
    rows = analysis_frames(datasets)["primary"]
    patients = datasets.subjects.filter(datasets.subjects["COHORT"] == "patient")["USUBJID"].to_list()
    assert set(rows["participant"]) <= set(patients)


def test_the_diagram_does_not_analyse_who_is_never_asked(datasets: Datasets) -> None:
    assert sum(arm.analysed for arm in flow(datasets).arms) == 4


def test_nobody_is_lost_to_a_design_who_never_has_its_endpoint(datasets: Datasets) -> None:
    primary = next(one for one in datasets.book.analyses if one.name == "primary")
    assert asked_for(datasets, primary) == 5
