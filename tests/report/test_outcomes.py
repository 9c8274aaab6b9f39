"""The outcome table of the small trial (tests/datasets/participants.py), counted by hand here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scipy import stats
from tests.datasets.participants import Participant, arms, trial

from entact.cli.published import load_published, parse_published
from entact.datasets import Datasets, build
from entact.protocol.load import load_study
from entact.protocol.release import Study
from entact.report.outcomes import OutcomeTable, outcome_table
from entact.report.published import Published

PRINTED = Path(__file__).with_name("printed.yaml")


@pytest.fixture(scope="module")
def mini() -> Study:
    return load_study(str(Path(__file__).parents[1] / "studies" / "mini"))


@pytest.fixture(scope="module")
def datasets(mini: Study) -> Datasets:
    return build(mini, [person.course() for person in trial(mini)], arms())


@pytest.fixture(scope="module")
def printed() -> Published:
    found = load_published(PRINTED)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def table(datasets: Datasets, printed: Published) -> OutcomeTable:
    return outcome_table(datasets, printed)


def texts(table: OutcomeTable, row: str) -> dict[str, str]:
    return {arm: cell.text for arm, cell in table.row(row).cells.items()}


def test_who_consented_and_came_no_further_is_counted(mini: Study) -> None:
    screened, entered = Participant(mini, 1).screened(), Participant(mini, 2).randomised()
    found = outcome_table(build(mini, [screened.course(), entered.course()], arms()))
    assert texts(found, "disposition/consented") == {"all": "2"}
    assert texts(found, "disposition/not_entered") == {"all": "1"}


def test_disposition(table: OutcomeTable) -> None:
    assert [(arm.name, arm.n) for arm in table.arms] == [("mdma", 3), ("placebo", 2)]
    assert texts(table, "disposition/consented") == {"all": "6"}
    assert texts(table, "disposition/screen_failures") == {"all": "1"}
    assert all(
        row.id != "disposition/not_entered" for row in table.rows
    )  # six came, one failed, five entered
    assert texts(table, "disposition/treated") == {"mdma": "3/3 100 %", "placebo": "2/2 100 %"}
    assert texts(table, "disposition/stopped_treatment") == {"mdma": "1/3  33 %", "placebo": "0/2   0 %"}
    assert texts(table, "disposition/without_primary_outcome") == {
        "mdma": "1/3  33 %",
        "placebo": "0/2   0 %",
    }


def test_scores_and_changes(table: OutcomeTable) -> None:
    """At the outcome 20 and 8 against 30 and 40; from 42 and 44 against 43 and 45."""
    outcome = table.row("score/symptoms.total/outcome").cells
    assert outcome["mdma"].numbers == {"n": 2, "mean": 14.0, "sd": pytest.approx(72**0.5)}
    assert outcome["mdma"].text == "14.0 (8.5)"
    change = table.row("change/change/outcome").cells
    assert (change["mdma"].text, change["placebo"].text) == ("−29.0 (9.9)", "−9.0 (5.7)")


def test_difference_and_effect(table: OutcomeTable) -> None:
    theirs = stats.ttest_ind([-22, -36], [-13, -5], equal_var=False)
    found = table.row("effect/change/difference").cells["all"]
    assert found.numbers["difference"] == pytest.approx(-20)
    interval = theirs.confidence_interval(0.95)
    assert (found.numbers["low"], found.numbers["high"]) == pytest.approx((interval.low, interval.high))
    assert found.text == "−20.0"
    d = table.row("effect/change/d").cells["all"].numbers["d"]
    assert d == pytest.approx(-20 / ((98 + 32) / 2) ** 0.5)  # signed as the difference above it is


def test_responders_have_their_own_denominator(table: OutcomeTable) -> None:
    assert texts(table, "share/remission/outcome") == {"mdma": "1/2  50 %", "placebo": "0/2   0 %"}


def test_events_by_term_among_the_treated(table: OutcomeTable) -> None:
    assert texts(table, "events/any") == {"mdma": "2/3  67 %", "placebo": "2/2 100 %"}
    assert texts(table, "events/term/nausea") == texts(table, "events/any")
    assert texts(table, "events/term/euphoria") == {"mdma": "0/3   0 %", "placebo": "0/2   0 %"}
    assert texts(table, "events/serious") == {"mdma": "0/3   0 %", "placebo": "0/2   0 %"}


def test_favourable_events_are_counted(mini: Study) -> None:
    person = Participant(mini, 2).randomised().dosed()
    person.event(term="euphoria", onset="2026-03-14T11:00:00-06:00", valence="favourable")
    found = outcome_table(build(mini, [person.course()], arms()))
    assert texts(found, "events/any") == {"mdma": "1/1 100 %", "placebo": "–"}
    assert texts(found, "events/interest/abuse potential")["mdma"] == "1/1 100 %"


def test_peaks_are_after_the_dose(table: OutcomeTable) -> None:
    """Peaks of 142, 144 and 150 on mdma; 118 before the dose and 125 at the end are none."""
    cell = table.row("peak/systolic/session_1").cells["mdma"]
    assert (cell.numbers["n"], cell.numbers["mean"]) == (3, pytest.approx((142 + 144 + 150) / 3))


def test_guesses_and_indices(table: OutcomeTable, printed: Published) -> None:
    assert texts(table, "blinding/participant/correct") == {"mdma": "0/2   0 %", "placebo": "0/2   0 %"}
    assert texts(table, "blinding/participant/bang") == {"mdma": "−1.00", "placebo": "−1.00"}
    assert texts(table, "blinding/participant/james") == {"all": "1.00"}


def test_published_indices_follow_from_published_counts(table: OutcomeTable) -> None:
    """From 44 right and 2 wrong, 37 and 7: Bang 0.913 and 0.682, James 0.100."""
    published = table.row("blinding/participant/bang").published
    assert published["mdma"].numbers["index"] == pytest.approx(0.913, abs=5e-4)
    assert published["placebo"].numbers["index"] == pytest.approx(0.682, abs=5e-4)
    assert table.row("blinding/participant/james").published["all"].numbers["index"] == pytest.approx(
        0.1003, abs=5e-5
    )
    assert published["mdma"].is_assumed


def test_every_value_says_what_it_is(table: OutcomeTable) -> None:
    for row in table.rows:
        assert {cell.kind for cell in row.cells.values()} <= {"simulated"}
        for cell in row.published.values():
            assert cell.kind == "published"
            assert cell.source
            assert cell.is_assumed == (cell.confidence in ("mixed", "memory"))
    assert table.row("effect/change/model").published["all"].interval == "−20.0 to −4.0"
    assert "SIMULATED DATA" in table.notes[0]


def test_real_data_are_not_called_simulated(mini: Study) -> None:
    person = Participant(mini, 2, "production").randomised().dosed()
    found = outcome_table(build(mini, [person.course()], arms()))
    assert not found.simulated
    assert not any("SIMULATED" in note for note in found.notes)
    assert {cell.kind for row in found.rows for cell in row.cells.values()} == {"observed"}


def test_a_blinded_table_has_one_column_and_nothing_by_arm(mini: Study, printed: Published) -> None:
    courses = [person.course() for person in trial(mini)]
    found = outcome_table(build(mini, courses), printed)
    assert [(arm.name, arm.n) for arm in found.arms] == [("all", 5)]
    assert texts(found, "share/remission/outcome") == {"all": "1/4  25 %"}
    plain = json.dumps(found.to_dict())
    assert not [row.id for row in found.rows if row.id.startswith(("effect/", "blinding/")) or row.published]
    assert '"mdma"' not in plain
    assert '"placebo"' not in plain


def test_swapping_the_arms_swaps_the_columns_alone(
    mini: Study, table: OutcomeTable, printed: Published
) -> None:
    other = {number: {"mdma": "placebo", "placebo": "mdma"}[arm] for number, arm in arms().items()}
    found = outcome_table(build(mini, [person.course() for person in trial(mini)], other), printed)
    for row in table.rows:
        if row.id.startswith(("score", "change", "share", "events", "peak", "disposition")):
            theirs = found.row(row.id).cells
            assert row.cells.get("mdma") == theirs.get("placebo")
            assert row.cells.get("all") == theirs.get("all")


def test_values_after_treatment_was_stopped_do_not_count_de_jure(mini: Study) -> None:
    person = Participant(mini, 2).randomised().dosed().stop("treatment", day=30)
    person.rate(10, False, day=40, visit="outcome")
    found = outcome_table(build(mini, [person.course()], arms()))
    assert found.row("score/symptoms.total/outcome").cells["mdma"].n == 0
    assert texts(found, "share/remission/outcome")["mdma"] == "–"
    assert texts(found, "disposition/without_primary_outcome")["mdma"] == "1/1 100 %"


def test_rows_of_an_endpoint_count_its_analysis_set(mini: Study) -> None:
    """One who was rated but took no dose is not in the modified set, in the difference or beside it."""
    person = Participant(mini, 2).randomised()
    person.rate(10, False, day=40, visit="outcome")
    found = outcome_table(build(mini, [person.course()], arms()))
    assert texts(found, "disposition/treated")["mdma"] == "0/1   0 %"
    assert found.row("change/change/outcome").cells["mdma"].n == 0
    assert texts(found, "share/remission/outcome")["mdma"] == "–"
    assert found.row("disposition/without_primary_outcome").label == "not rated on treatment at outcome"


def test_several_guesses_about_one_participant_are_not_called_participants(mini: Study) -> None:
    person = Participant(mini, 2).randomised().dosed().guess("mdma")
    for therapist in ("therapist-1", "therapist-2"):
        said = {"guesser": "therapist", "arm": "mdma", "confidence": 60}
        person.write("guess", said, day=45, encounter="closing#1", by=therapist)
    found = outcome_table(build(mini, [person.course()], arms()))
    assert found.row("blinding/participant/correct").label == "participant guessed right"
    several = found.row("blinding/therapist/correct")
    assert (several.label, several.cells["mdma"].text) == (
        "therapist guessed right, of all guesses",
        "2/2 100 %",
    )
    assert f"{several.label}: {several.remark}." in found.notes
    assert len(set(found.notes)) == len(found.notes)


def test_what_must_be_known_before_comparing_stands_in_the_notes() -> None:
    study, printed = load_study("mapp1"), load_published("mapp1")
    found = outcome_table(build(study, [], {}), printed)
    notes = "\n".join(found.notes)
    assert "of interest: abuse potential: published as none, but not collected systematically" in notes
    assert "participant guessed right: the published wrong guesses are at least these" in notes
    assert "Change of BDI-II total: all observed values (de facto)." in notes
    assert "Change of SDS mean: values until treatment was discontinued (de jure), as observed." in notes


def test_nobody_makes_a_table_of_nothing(mini: Study) -> None:
    found = outcome_table(build(mini, [], {}))
    assert [arm.n for arm in found.arms] == [0, 0]
    assert texts(found, "effect/change/difference") == {"all": "–"}


def test_published_results_of_another_study_or_arm_are_refused(
    datasets: Datasets, printed: Published
) -> None:
    with pytest.raises(ValueError, match="of 'other'"):
        outcome_table(datasets, printed.model_copy(update={"study": "other"}))
    text = PRINTED.read_text().replace("placebo: 0/4, source: F5", "sugar: 0/4, source: F5")
    with pytest.raises(ValueError, match="there is no arm 'sugar'"):
        outcome_table(datasets, parse_published(text.encode(), "published.yaml"))


def test_the_table_is_plain_data(table: OutcomeTable) -> None:
    plain = json.loads(json.dumps(table.to_dict(), allow_nan=False))
    (row,) = [row for row in plain["rows"] if row["id"] == "share/remission/outcome"]
    assert row["values"]["mdma"]["events"] == 1
    assert row["published"]["mdma"]["assumption"] is True
    assert plain["simulated"] is True


def test_a_row_that_is_not_there_is_named(table: OutcomeTable) -> None:
    with pytest.raises(KeyError, match="no row 'share/joy'"):
        table.row("share/joy")


def test_the_shipped_results_fit_the_shipped_study() -> None:
    study, printed = load_study("mapp1"), load_published("mapp1")
    assert printed is not None
    found = outcome_table(build(study, [], {}), printed)
    shown = sum(len(row.published) for row in found.rows)
    points = (*printed.scores.values(), *printed.changes.values(), *printed.shares.values())
    said = [one for by_visit in points for one in by_visit.values()]
    said += [*printed.disposition.values(), *printed.events.interest.values(), *printed.events.terms.values()]
    said += [one for one in (printed.events.any, printed.events.serious) if one is not None]
    effects = [
        effect
        for one in printed.effects.values()
        for effect in (one.d, one.difference, one.model)
        if effect is not None
    ]
    indices = 2 + 2 + 1  # correct, Bang, James of the participants
    assert shown == sum(len(one.arms) for one in said) + len(effects) + indices
