from __future__ import annotations

import math

import pytest

from entact.analysis.result import Estimate, Estimates, Group

ONE = Estimate(
    "risk difference",
    "Newcombe's hybrid score",
    0.2,
    0.0524,
    0.3339,
    p=0.01,
    null=0.0,
    groups=(Group("mdma", 70, events=56, share=0.8), Group("placebo", 80, events=48, share=0.6)),
    label="mdma - placebo",
)


def test_an_estimate_prints_with_its_groups_interval_and_what_it_was_tested_against() -> None:
    text = str(ONE)
    assert "56/70, 48/80" in text
    assert "0.0524 to 0.3339" in text
    assert "Newcombe" in text


def test_a_row_a_statistic_and_a_row_an_estimate() -> None:
    both = Estimates("two", (ONE, Estimate("odds ratio", "exact", None, notes=("nobody had it",))))
    assert both.to_polars()["estimate"].to_list() == [0.2, None]
    ard = both.to_ard()
    assert ard.filter(group="mdma", statistic="events")["value"].item() == 56
    assert ard.filter(measure="odds ratio", statistic="estimate")["text"].item() == "not estimable"
    assert ard.filter(statistic="note")["text"].to_list() == ["nobody had it"]


@pytest.mark.parametrize("name", ["estimate", "low", "p"])
def test_nothing_that_is_no_number_passes_in_silence(name: str) -> None:
    numbers: dict[str, float] = {"estimate": 1.0, name: math.nan}
    with pytest.raises(ValueError, match="do not determine it"):
        Estimate("difference", "some", **numbers)


def test_a_note_of_some_rows_says_of_which() -> None:
    rows = [
        Estimate("shift", "exact", 1.0, label="a", notes=("one left out", "b lacks it")),
        Estimate("shift", "normal", 2.0, label="b", notes=("seed 1",)),
        Estimate("shift", "normal", 3.0, label="c", notes=("seed 1",)),
        Estimate("sum", "exact", 6.0, label="d"),
    ]
    assert str(Estimates("", tuple(rows))).splitlines()[6:] == [
        "a: exact",
        "a: one left out",
        "a: b lacks it",
        "b, c: normal",
        "b, c: seed 1",
        "exact",
    ]
