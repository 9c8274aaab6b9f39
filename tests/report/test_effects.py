# ruff: noqa: E501 (rows as they stand in the table)
"""Rows that compare arms: each names its visit and endpoint, has one sign, and stands there or says why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.participants import Participant

from entact.analysis import risk_difference
from entact.datasets import Datasets, build
from entact.protocol import Study, load_study
from entact.report.outcomes import OutcomeTable, outcome_table

MINI = Path(__file__).parents[1] / "studies" / "mini" / "study.yaml"
PRIMARY = "  primary: {endpoint: change,"
CHANGE = '  change:    {value: "symptoms.total - baseline.symptoms.total", at: outcome, title: Change of the total}'
LATE = '  late: {value: "symptoms.total - baseline.symptoms.total", at: closing, title: Change at the end}'
CLOSING = "do: [suicidality, adverse_events, guess]"
TWO = (
    (CHANGE, f"{CHANGE}\n{LATE}"),
    (CLOSING, f"{CLOSING[:-1]}, symptoms]"),
    ('"arm + baseline + site"', "arm + baseline"),
)
SECONDARY = """
  secondary:
    late:     {endpoint: late, estimand: de_jure, set: mitt, method: ancova, fixed: arm + baseline, contrast: placebo - mdma at closing}
    again:    {endpoint: change, estimand: de_facto, set: mitt, method: mmrm, fixed: arm * visit + baseline, contrast: mdma - placebo at outcome}
    remitted: {endpoint: remission, estimand: de_facto, set: mitt, method: proportion, contrast: mdma - placebo at outcome}
"""

Make = Callable[..., Study]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """The small study with some edits."""

    def edited(*edits: tuple[str, str], more: str = "") -> Study:
        text = MINI.read_text(encoding="utf-8")
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "study.yaml"
        path.write_text(text + more, encoding="utf-8")
        return load_study(path)

    return edited


def people(study: Study, count: int = 12) -> list[Participant]:
    """So many who were rated at the outcome and at the end, those of odd numbers higher."""
    found = []
    for number in range(1, count + 1):
        person = Participant(study, number).randomised(baseline=40 + number % 5).dosed()
        total = (22 if number % 2 else 10) + (number * 7) % 6
        person.rate(total, total > 11, day=40, visit="outcome")
        person.rate(total - number % 3, total > 11, day=50, visit="closing")
        person.guess(
            ("mdma", "placebo", "low")[number % 3] if "low" in study.newest.file.arms else "mdma"
        ).closed()
        found.append(person)
    return found


def built(study: Study, arms: tuple[str, ...] = ("placebo", "mdma"), count: int = 12) -> Datasets:
    allocation = {f"denver-{number:03d}": arms[(number + 1) % len(arms)] for number in range(1, count + 1)}
    return build(study, [person.course() for person in people(study, count)], allocation)


@pytest.fixture
def two_endpoints(make: Make) -> OutcomeTable:
    study = make(*TWO, more=SECONDARY)
    return outcome_table(built(study))


def test_two_endpoints_of_one_scale_share_the_rows_of_its_changes(two_endpoints: OutcomeTable) -> None:
    changes = [row for row in two_endpoints.rows if row.id.startswith("change/")]
    assert [row.label for row in changes] == ["change at outcome", "change at closing"]
    assert all(row.main for row in changes)


def test_every_contrast_names_its_endpoint_and_visit(two_endpoints: OutcomeTable) -> None:
    labels = {row.id: row.label for row in two_endpoints.rows if row.id.startswith("effect/")}
    assert labels == {
        "effect/change/difference": "Change of the total: mdma − placebo at outcome, raw means, 95 % CI",
        "effect/change/model": "Change of the total: mdma − placebo at outcome, by ANCOVA, de jure",
        "effect/change/model/again": "Change of the total: mdma − placebo at outcome, by mixed model, de facto",
        "effect/change/d": "Change of the total: Cohen's d at outcome (mdma − placebo)",
        "effect/late/difference": "Change at the end: placebo − mdma at closing, raw means, 95 % CI",
        "effect/late/model": "Change at the end: placebo − mdma at closing, by ANCOVA",
        "effect/late/d": "Change at the end: Cohen's d at closing (placebo − mdma)",
        "effect/remission/share": "Remission: mdma − placebo at outcome, difference of shares, 95 % CI",
    }
    assert len({*labels.values()}) == len(labels)


def test_all_of_one_endpoint_have_one_sign(two_endpoints: OutcomeTable) -> None:
    def sign(row: str, number: str) -> bool:
        value = two_endpoints.row(row).cells["all"].numbers[number]
        assert value
        return value > 0

    for endpoint, higher in (("change", False), ("late", True)):
        assert sign(f"effect/{endpoint}/difference", "difference") is higher
        assert sign(f"effect/{endpoint}/model", "difference") is higher
        assert sign(f"effect/{endpoint}/d", "d") is higher


def test_every_analysis_of_the_plan_has_a_row_that_says_how(two_endpoints: OutcomeTable) -> None:
    remarks = {row.id: row.remark or "" for row in two_endpoints.rows}
    assert remarks["effect/change/model"].startswith(
        "analysis of covariance, value ~ arm + baseline; least squares"
    )
    assert remarks["effect/change/model/again"].startswith(
        "mixed model for repeated measures, arm * visit + baseline; unstructured, REML, Kenward-Roger; 12 participants"
    )
    shares = two_endpoints.row("share/remission/outcome").cells
    counts = [int(shares[arm].numbers[key] or 0) for arm in ("mdma", "placebo") for key in ("events", "n")]
    theirs = risk_difference(*counts)
    found = two_endpoints.row("effect/remission/share").cells["all"].numbers
    assert (found["difference"], found["low"], found["high"]) == (theirs.difference, theirs.low, theirs.high)


def test_an_analysis_that_cannot_be_fitted_says_why(make: Make) -> None:
    found = outcome_table(built(make(), count=2))
    row = found.row("effect/change/model")
    assert row.cells["all"].text == "–"
    assert (row.remark or "").startswith("the analysis of covariance (ANCOVA) of the plan: ")
    assert any(note.startswith(f"{row.label}: {row.remark}") for note in found.notes)
    few = found.row("effect/change/difference")
    assert few.remark
    assert f"{few.label}: {few.remark}." in found.notes


def test_with_three_arms_no_row_is_empty(make: Make) -> None:
    study = make(
        ("arms:\n", "arms:\n  low: {title: Low dose, role: active_comparator}\n"),
        ("ratio: {mdma: 1,", "ratio: {low: 1, mdma: 1,"),
    )
    found = outcome_table(built(study, ("placebo", "mdma", "low")))
    assert [row.id for row in found.rows if not row.cells] == []
    james = found.row("blinding/participant/james").cells["all"]
    assert 0 < (james.numbers["index"] or 0) < 1
    assert (
        "Bang's index, participant: of guesses between 3 arms chance alone gives −0.33, not 0." in found.notes
    )


def test_a_plan_that_compares_no_arms_says_so(make: Make) -> None:
    study = make(
        ("arms:\n", "arms:\n  low: {title: Low dose, role: active_comparator}\n"),
        ("ratio: {mdma: 1,", "ratio: {low: 1, mdma: 1,"),
        (
            'method: ancova, fixed: "arm + baseline + site", contrast: mdma - placebo at outcome',
            "method: describe",
        ),
    )
    found = outcome_table(built(study, ("placebo", "mdma", "low")))
    assert "No arms are compared: the plan names no contrast." in found.notes


def test_while_blinded_nothing_is_compared(make: Make) -> None:
    study = make(*TWO, more=SECONDARY)
    found = outcome_table(build(study, [person.course() for person in people(study)]))
    assert not [row.id for row in found.rows if row.id.startswith("effect/")]


def test_a_subgroup_says_of_whom_it_is(make: Make) -> None:
    said = "method: subgroups, fixed: arm + baseline, by: sex, contrast: mdma - placebo at outcome"
    study = make(
        more=f"  secondary:\n    by_sex: {{endpoint: change, estimand: de_facto, set: mitt, {said}}}\n"
    )
    found = people(study, 12)
    for person in found[:5]:  # five men of twelve
        answers = {"age": 30, "sex": "male", "can_be_pregnant": False}
        person.form("demographics", answers, day=1, encounter="screening#1")
    allocation = {f"denver-{number:03d}": ("placebo", "mdma")[number % 2] for number in range(1, 13)}
    table = outcome_table(build(study, [person.course() for person in found], allocation))
    rows = {row.label.rpartition(": ")[2]: row.remark or "" for row in table.rows if "/by_sex" in row.id}
    assert "; 5 participants" in rows["male"]
    assert "; 7 participants" in rows["female"]


def test_a_tipping_point_that_nothing_can_tip_is_one_line(make: Make) -> None:
    said = (
        "method: tipping_point, fixed: arm * visit + baseline, assuming: jump_to_reference, reference: placebo, "
        "arm: mdma, deltas: [0, 5, 10], contrast: mdma - placebo at outcome"
    )
    more = f"  secondary:\n    tipping: {{endpoint: change, estimand: de_facto, set: mitt, {said}}}\n"
    study = make(*TWO, more=more)
    everybody = people(study, 12)
    allocation = {f"denver-{number:03d}": ("placebo", "mdma")[number % 2] for number in range(1, 13)}
    table = outcome_table(build(study, [person.course() for person in everybody], allocation))
    (row,) = [row for row in table.rows if "/tipping" in row.id]
    assert row.label.endswith("whatever is added: nobody is imputed to whom it could be")
    lost = people(study, 12)
    for person in lost[
        :2
    ]:  # without an event that the estimand names, what is not seen is imputed and shifted
        person.entries = [one for one in person.entries if one.encounter != "outcome#1"]
    table = outcome_table(build(study, [person.course() for person in lost], allocation))
    rows = [row for row in table.rows if "/tipping" in row.id]
    assert len(rows) == 3
    assert len({row.cells["all"].text for row in rows}) == 3
