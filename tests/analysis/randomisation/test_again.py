"""The re-randomisation test against R's exact rank of all allocations, and its own laws."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest

from entact.analysis.randomisation import (
    Complete,
    Minimisation,
    PermutedBlocks,
    Procedure,
    Simple,
    rerandomise,
)
from entact.analysis.randomisation.procedure import strata_of

VALUES = [-31.0, -24, -18, -36, -12, -28, -7, -16, -9, -20]
ARMS = ["mdma", "mdma", "mdma", "mdma", "placebo", "mdma", "placebo", "placebo", "placebo", "placebo"]
PEOPLE = pl.DataFrame(
    {"arm": ARMS, "value": VALUES, "site": ["a", "b"] * 5, "base": [float(n) for n in range(10)]}
)
PAIR = ("mdma", "placebo")


def test_few_allocations_are_all_tried() -> None:
    found = rerandomise(PEOPLE, contrast=PAIR, procedure=Complete(), generator=np.random.default_rng(1))
    values = np.array(VALUES)
    every = [values[list(own)].mean() - np.delete(values, own).mean() for own in combinations(range(10), 5)]
    seen = values[:4].sum() + values[5]
    own = seen / 5 - (values.sum() - seen) / 5
    assert found.estimate == pytest.approx(own)
    assert found.p == pytest.approx(np.mean(np.abs(every) >= abs(own) - 1e-9))
    assert found.notes == ("all 252 allocations",)


@pytest.mark.parametrize(
    "procedure",
    [
        Simple(),
        Complete(("site",)),
        PermutedBlocks((2, 4)),
        PermutedBlocks((2,), within=("site",)),
        Minimisation(("site",), 0.8),
    ],
)
def test_the_same_seed_gives_the_same_p(procedure: Procedure) -> None:
    one, other = (
        rerandomise(PEOPLE, contrast=PAIR, procedure=procedure, generator=np.random.default_rng(5), draws=499)
        for _ in range(2)
    )
    assert one.p == other.p
    assert one.p is not None
    assert 0 < one.p < 0.5
    assert procedure.title in one.method


def test_blocks_are_balanced_and_begin_anew_in_each_stratum() -> None:
    generator = np.random.default_rng(2)
    for _ in range(50):
        arms = PermutedBlocks((4,), within=("site",)).draw(PEOPLE, 5, generator)
        for rows in strata_of(PEOPLE, ("site",)):
            assert arms[rows][:4].sum() == 2
    assert PermutedBlocks((3,), (2, 1)).draw(PEOPLE.head(9), 6, generator).sum() == 6


def test_arms_that_blocks_cannot_have_made_are_told() -> None:
    """Four of one arm before the first of the other come of no block of four; out of order, p says little."""

    def noted(people: pl.DataFrame, procedure: PermutedBlocks) -> bool:
        found = rerandomise(
            people,
            contrast=PAIR,
            procedure=procedure,
            generator=np.random.default_rng(1),
            draws=20,
        )
        return any("the arms cannot have come of permuted blocks" in note for note in found.notes)

    assert noted(PEOPLE, PermutedBlocks((4,)))
    assert not noted(PEOPLE, PermutedBlocks((10,)))
    first = PEOPLE.with_columns(arm=pl.Series([PAIR[one == "p"] for one in "mmmmppppmp"]))
    assert not noted(first, PermutedBlocks((2, 8)))  # four and four, then one of each
    assert noted(first, PermutedBlocks((2, 6)))
    generator = np.random.default_rng(2)
    for sizes, ratio, within in (((4, 6), (1, 1), ("site",)), ((3,), (2, 1), ()), ((2, 4), (1, 1), ())):
        own = PermutedBlocks(sizes, ratio, within)
        for _ in range(20):
            made = np.where(own.draw(PEOPLE, 5, generator) == 1, *PAIR)
            if len(set(made)) == 2:
                assert not noted(PEOPLE.with_columns(arm=pl.Series(made)), own)


def test_minimisation_keeps_the_margins_near() -> None:
    generator = np.random.default_rng(3)
    people = pl.concat([PEOPLE] * 10)
    away = [
        abs(2 * int(Minimisation(("site",), 0.9).draw(people, 50, generator).sum()) - 100) for _ in range(40)
    ]
    alone = [abs(2 * int(Simple().draw(people, 50, generator).sum()) - 100) for _ in range(40)]
    assert np.mean(away) < np.mean(alone) / 2


def test_without_effect_p_is_uniform() -> None:
    """Every allocation has the p of its own rank: over all of them p keeps its level exactly."""
    people = PEOPLE.head(8)
    found = []
    for own in combinations(range(8), 4):
        arms = ["mdma" if place in own else "placebo" for place in range(8)]
        one = people.with_columns(arm=pl.Series(arms))
        p = rerandomise(one, contrast=PAIR, procedure=Complete(), generator=np.random.default_rng(1)).p
        assert p is not None
        found.append(p)
    for alpha in (0.05, 0.1, 0.3):
        assert np.mean(np.array(found) <= alpha) <= alpha


def test_covariates_are_taken_off_first() -> None:
    found = rerandomise(
        PEOPLE, contrast=PAIR, procedure=Complete(), generator=np.random.default_rng(1), covariates=("base",)
    )
    assert "values less what base explain" in found.notes


@pytest.mark.parametrize(
    ("people", "message"),
    [
        (PEOPLE.with_columns(value=pl.lit(None, dtype=pl.Float64)), "is empty"),
        (PEOPLE.with_columns(arm=pl.lit("mdma")), "is empty"),
        (PEOPLE.with_columns(arm=pl.lit("other")), "'other' is none of"),
    ],
)
def test_what_cannot_be_tested_says_why(people: pl.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rerandomise(people, contrast=PAIR, procedure=Complete(), generator=np.random.default_rng(1))


def test_blocks_that_do_not_fit_the_ratio_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 3"):
        PermutedBlocks((4,), (2, 1))
    with pytest.raises(ValueError, match="no column"):
        PermutedBlocks((2,), within=("sight",)).draw(PEOPLE, 5, np.random.default_rng(1))
