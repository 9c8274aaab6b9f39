"""Summary results for registries: the counts of the report's flow and table, and the plan's own estimates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.participants import Participant, arms, trial

from entact.datasets import Datasets, build
from entact.datasets.posted import PostedResults
from entact.protocol.load import load_study
from entact.protocol.release import Study
from entact.report.outcomes import OutcomeTable, outcome_table
from entact.report.posted import OFF_LIST, UNDER_WAY, posted_results

MINI = Path(__file__).parents[1] / "studies" / "mini" / "study.yaml"


@pytest.fixture(scope="module")
def datasets(mini: Study) -> Datasets:
    people = trial(mini)
    people[1].event(term="nausea", severity="severe", serious=True, related="probable", onset="2026-03-15")
    people[2].event(term="euphoria", severity="mild", serious=False, onset="2026-03-15")
    people[3].event(term="other", serious=True, outcome="fatal", related="definite", onset="2026-03-15")
    return build(mini, [person.course() for person in people], arms())


@pytest.fixture(scope="module")
def results(datasets: Datasets) -> PostedResults:
    return posted_results(datasets, threshold=0)


@pytest.fixture(scope="module")
def table(datasets: Datasets) -> OutcomeTable:
    return outcome_table(datasets)


def counts(table: OutcomeTable, row: str, what: str) -> dict[str, float | int | None]:
    return {arm: cell.numbers[what] for arm, cell in table.row(row).cells.items()}


def test_the_flow_is_that_of_the_table_and_adds_up(results: PostedResults, table: OutcomeTable) -> None:
    flow = results.flow
    assert {arm: one.started for arm, one in flow.items()} == counts(table, "disposition/randomised", "count")
    assert all(one.started == one.completed + sum(one.reasons.values()) for one in flow.values())
    left = {
        arm: sum(count for why, count in one.reasons.items() if why != UNDER_WAY) for arm, one in flow.items()
    }
    assert left == counts(table, "disposition/left_study", "events")
    treated = {arm: one.milestones["Took at least one dose"] for arm, one in flow.items()}
    assert treated == counts(table, "disposition/treated", "events")
    assert flow["mdma"].reasons == {"participant choice": 1}


def test_who_is_still_in_the_study_is_no_one_who_completed(mini: Study) -> None:
    person = Participant(mini, 2).randomised().dosed()
    found = posted_results(build(mini, [person.course()], arms())).flow["mdma"]
    assert (found.started, found.completed, found.reasons) == (1, 0, {UNDER_WAY: 1})


def test_events_are_those_of_the_table(
    results: PostedResults, table: OutcomeTable, datasets: Datasets
) -> None:
    assert {arm: one.with_serious for arm, one in results.events_of.items()} == counts(
        table, "events/serious", "events"
    )
    assert {arm: one.at_risk for arm, one in results.events_of.items()} == counts(table, "events/any", "n")
    emergent = datasets.events
    for code, term in datasets.book.terms.items():
        rows = [row for row in results.events if row.term == term.title]
        if not rows:
            continue
        assert sum(one.events for row in rows for one in row.arms.values()) == len(
            emergent.filter(emergent["AECODE"] == code)
        )
        printed = counts(table, f"events/term/{code}", "events")
        for arm in results.arms:  # who had the term as serious and as another is one person in the table
            several = [row.arms[arm].people for row in rows]
            assert max(several) <= (printed[arm] or 0) <= sum(several)


def test_an_event_off_the_list_is_no_less_an_event(results: PostedResults) -> None:
    (off,) = (row for row in results.events if row.term == OFF_LIST)
    count = next(one for one in off.arms.values() if one.events)
    assert (off.serious, count.people, count.related, count.fatal, count.fatal_related) == (True, 1, 1, 1, 1)
    assert sum(one.deaths_of_events for one in results.events_of.values()) == 1
    assert results.unknown_seriousness == 4  # the small trial does not say it of its four cases of nausea


def test_scores_are_those_of_the_table(results: PostedResults, table: OutcomeTable) -> None:
    by_name = {one.endpoint: one for one in (*results.baseline, *results.outcomes)}
    for name, row, what in (
        ("change", "change/change/outcome", "mean"),
        ("symptoms.total", "score/symptoms.total/baseline", "mean"),
        ("remission", "share/remission/outcome", "events"),
    ):
        (numbers,) = by_name[name].categories.values()
        assert {arm: one.value for arm, one in numbers.items()} == counts(table, row, what)
        assert {arm: one.n for arm, one in numbers.items()} == counts(table, row, "n")
    (ages,) = by_name["age"].categories.values()
    assert (ages["mdma"].n, ages["mdma"].value, ages["mdma"].sd) == (3, 34.0, 2.0)
    assert by_name["sex"].categories["Female"]["placebo"].value == 2
    assert (by_name["change"].level, by_name["remission"].level) == ("primary", "other")
    assert "analysis: primary" in results.left_out


SECONDARY = """
  secondary:
    again:    {endpoint: change, estimand: de_facto, set: mitt, method: t_test, contrast: mdma - placebo at outcome}
    remitted: {endpoint: remission, estimand: de_facto, set: mitt, method: proportion, contrast: mdma - placebo at outcome}
"""  # noqa: E501


@pytest.fixture
def make(tmp_path: Path) -> Callable[[int], Datasets]:
    def made(count: int) -> Datasets:
        text = MINI.read_text(encoding="utf-8").replace('"arm + baseline + site"', "arm + baseline")
        (tmp_path / "study.yaml").write_text(text + SECONDARY, encoding="utf-8")
        study = load_study(tmp_path / "study.yaml")
        people = []
        for number in range(1, count + 1):
            person = Participant(study, number).randomised(baseline=40 + number % 5).dosed()
            total = (22 if number % 2 else 10) + (number * 7) % 6
            person.rate(total, total > 11, day=40, visit="outcome")
            people.append(person.closed())
        people[0].event(term="nausea", serious=False, onset="2026-03-15")
        people[1].event(term="euphoria", serious=True, onset="2026-03-15")
        given = {
            f"denver-{number:03d}": "placebo" if number % 2 else "mdma" for number in range(1, count + 1)
        }
        return build(study, [person.course() for person in people], given)

    return made


def test_estimates_are_those_of_the_table(make: Callable[[int], Datasets]) -> None:
    datasets = make(12)
    results, table = posted_results(datasets), outcome_table(datasets)
    found = {one.name: one for outcome in results.outcomes for one in outcome.comparisons}
    rows = {
        "primary": "effect/change/model",
        "again": "effect/change/model/again",
        "remitted": "effect/remission/share",
    }
    assert found.keys() == rows.keys()
    for name, row in rows.items():
        numbers, one = table.row(row).cells["all"].numbers, found[name]
        assert (one.estimate, one.low, one.high, one.p) == tuple(
            numbers[what] for what in ("difference", "low", "high", "p")
        )
        assert one.arms == ("mdma", "placebo")
    assert results.left_out == {}


def test_a_rare_event_is_listed_where_it_is_serious(make: Callable[[int], Datasets]) -> None:
    datasets = make(48)
    rare, all_of_them = posted_results(datasets, threshold=5), posted_results(datasets, threshold=0)
    assert [row.term for row in rare.events] == ["Euphoric mood"]  # one of 24 is less than 5 per cent
    assert {row.term for row in all_of_them.events} == {"Euphoric mood", "Nausea"}
    assert [one.with_other for one in rare.events_of.values()] == [0, 0]
    assert sum(one.with_other for one in all_of_them.events_of.values()) == 1


def test_nothing_is_posted_while_the_study_is_blinded(mini: Study, datasets: Datasets) -> None:
    blinded = build(mini, [person.course() for person in trial(mini)])
    with pytest.raises(ValueError, match="once arms are opened"):
        posted_results(blinded)
    for threshold in (-1, 5.5):
        with pytest.raises(ValueError, match="at least 0 and at most 5"):
            posted_results(datasets, threshold=threshold)
