"""Golden values: R 4.2.2, package BI 1.2.0, for each table of counts in the file:

> x <- matrix(counts, nrow = 3, ncol = 2, byrow = TRUE)   # rows: guess T, P, DK; columns: actual T, P
> BI(x, conf.level = 0.95, alternative.J = "two.sided", alternative.B = "two.sided")
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.analysis import Index, bang, count_guesses, james
from entact.analysis.analyse import analyse

GOLDEN = Path(__file__).parents[1] / "golden" / "blinding" / "blinding_index.json"
TABLES = json.loads(GOLDEN.read_text())["tables"]


def assert_agrees(index: Index, golden: list[float | None]) -> None:
    assert [index.estimate, index.se, index.low, index.high] == [
        None if value is None else pytest.approx(value, abs=1e-10) for value in golden
    ]


def rows(counts: list[int]) -> list[list[int]]:
    """Return the flat counts of R as rows."""
    return [counts[place : place + 2] for place in (0, 2, 4)]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_indices_agree_with_r(name: str) -> None:
    table, golden = rows(TABLES[name]["counts_rows_guess_T_P_DK_cols_actual_T_P"]), TABLES[name]["two_sided"]
    (t_t, t_p), (p_t, p_p), (dk_t, dk_p) = table
    assert_agrees(james(table), golden["James"])
    assert_agrees(bang(t_t, p_t, dk_t), golden["Bang_treatment"])
    assert_agrees(bang(p_p, t_p, dk_p), golden["Bang_placebo"])


def test_bang_by_hand() -> None:
    index = bang(6, 2, 2)
    assert index.estimate == pytest.approx(0.4)
    assert index.se == pytest.approx(((0.6 * 0.4 + 0.2 * 0.8 + 2 * 0.6 * 0.2) / 10) ** 0.5)
    assert index.n == 10


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([[10, 0], [0, 10], [0, 0]], 0.0),  # all correct
        ([[5, 5], [5, 5], [0, 0]], 0.5),  # as by chance
        ([[0, 0], [0, 0], [10, 10]], 1.0),  # all say that they do not know
        ([[0, 10], [10, 0], [0, 0]], 1.0),  # all wrong
    ],
)
def test_james_at_its_marks(table: list[list[int]], expected: float) -> None:
    assert james(table).estimate == pytest.approx(expected)


def test_james_says_nothing_where_everyone_is_in_one_arm_and_guesses_it() -> None:
    assert james([[7, 0], [0, 0], [1, 0]]).estimate is None


@given(st.lists(st.integers(0, 40), min_size=6, max_size=6).filter(any))
def test_naming_the_arms_the_other_way_round_changes_nothing(counts: list[int]) -> None:
    table = rows(counts)
    turned = [table[1][::-1], table[0][::-1], table[2][::-1]]
    one, other = james(table), james(turned)
    assert (one.estimate is None) == (other.estimate is None)
    if one.estimate is not None:
        assert one.estimate == pytest.approx(other.estimate, abs=1e-12)
        assert one.se == pytest.approx(other.se, abs=1e-9)
        assert -1e-12 <= one.estimate <= 1 + 1e-12


@pytest.mark.parametrize(
    "table", [[[1, 2], [3, 4]], [[1], [2], [3]], [[0, 0], [0, 0], [0, 0]], [[-1, 1], [1, 1], [1, 1]]]
)
def test_james_refuses_what_is_no_table_of_guesses(table: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="guesses"):
        james(table)


def test_guesses_are_counted_and_unanswered_ones_left_out() -> None:
    frame = pl.DataFrame(
        {"arm": ["a", "a", "a", "b", "b", None], "guess": ["a", "b", None, "b", "do_not_know", "a"]}
    )
    guesses = count_guesses(frame, arm="arm", guess="guess", arms=["a", "b"])
    assert guesses.counts == ((1, 0), (1, 1), (0, 1))
    assert (guesses.correct("a"), guesses.wrong("a"), guesses.unknown("a"), guesses.total("a")) == (
        1,
        1,
        0,
        2,
    )
    assert (guesses.correct("b"), guesses.wrong("b"), guesses.unknown("b"), guesses.total("b")) == (
        1,
        0,
        1,
        2,
    )


def test_where_all_guess_alike_there_is_no_interval() -> None:
    """A standard error of nought says nothing of others: an interval from 1 to 1 would say all of them."""
    rows = pl.DataFrame(
        {
            "participant": [f"p{n}" for n in range(24)],
            "arm": ["mdma", "placebo"] * 12,
            "value": [*["mdma", "placebo"] * 11, "mdma", "mdma"],
        }
    )
    plan = {"one": {"method": "bang", "contrast": "mdma - placebo"}}
    found = analyse({"analyses": plan}, rows)["one"].result
    assert found is not None
    assert (found[0].estimate, found[0].low, found[0].high) == (1.0, None, None)
    assert "all guessed alike" in found[0].notes[0]
    assert found[1].low == pytest.approx(10 / 12 - 1.959964 * (11 / 12 * 1 / 12 * 4 / 12) ** 0.5, rel=1e-6)
    assert any("12 in an arm are few" in note for note in found[1].notes)


def test_a_guess_of_no_arm_is_named() -> None:
    frame = pl.DataFrame({"arm": ["a"], "guess": ["c"]})
    with pytest.raises(ValueError, match="'c'"):
        count_guesses(frame, arm="arm", guess="guess", arms=["a", "b"])
