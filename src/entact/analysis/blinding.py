"""Blinding measured: the indices of Bang and James from guesses of the treatment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import ndtri

from entact.analysis.frame import public
from entact.analysis.level import check_level

WRONG = 0.5  # James's weight of a wrong guess; a correct one weighs 0, "do not know" 1
UNKNOWN = "do_not_know"


@dataclass(frozen=True, slots=True)
class Index:
    """An index with its standard error and Wald interval; None where the guesses do not determine it."""

    estimate: float | None
    se: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Guesses:
    """Counts of guesses.

    Attributes:
        arms: names, in the order of both axes.
        counts: one row for each guessed arm and a last one for "do not know"; one column for each true arm.
    """

    arms: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def correct(self, arm: str) -> int:
        """How many in the arm guessed it."""
        place = self.arms.index(arm)
        return self.counts[place][place]

    def wrong(self, arm: str) -> int:
        """How many in the arm guessed another one."""
        return self.total(arm) - self.correct(arm) - self.unknown(arm)

    def unknown(self, arm: str) -> int:
        """How many in the arm said that they do not know."""
        return self.counts[-1][self.arms.index(arm)]

    def total(self, arm: str) -> int:
        """How many in the arm were asked and answered."""
        place = self.arms.index(arm)
        return sum(row[place] for row in self.counts)


def bang(correct: int, wrong: int, unknown: int, *, level: float = 0.95) -> Index:
    """Bang's index of one arm: 1 all see through the blinding, 0 as by chance, -1 all guess the opposite.

    Args:
        correct, wrong, unknown: number of guesses of each kind. level: of the interval.
    Returns:
        (correct - wrong) / n; no estimate where nobody ventured a guess.
    Raises:
        ValueError: for negative counts or none at all.
    Source: Bang, Ni, Davis 2004, Controlled Clinical Trials 25:143. Equivalent to BI::BI in R.
    """
    n = _checked_total([correct, wrong, unknown])
    p1, p2 = correct / n, wrong / n
    se = float(np.sqrt((p1 * (1 - p1) + p2 * (1 - p2) + 2 * p1 * p2) / n))
    return _wald(p1 - p2 if correct + wrong else None, se, level, n)


def james(counts: Sequence[Sequence[int]], *, level: float = 0.95) -> Index:
    """James's index of a whole study: 0 all see through the blinding, 0.5 as by chance, 1 all do not know.

    Args:
        counts: rows are the guessed arms and, last, "do not know"; columns the true arms in the same order.
        level: of the interval.
    Returns:
        P + (1 - P)² A / 2B, with P the share of "do not know", A the observed, B the expected disagreement;
        the standard error by the delta method for multinomial counts; no estimate where B is 0.
    Raises:
        ValueError: for a table of another shape, negative counts or none at all.
    Source: James, Bloch, Lee, Kraemer, Fuller 1996, Statistics in Medicine 15:1421.
    Equivalent to BI::BI in R.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] + 1:
        raise ValueError(
            f"a table of guesses has one row more than columns, for 'do not know'; this is {table.shape}"
        )
    n = _checked_total([int(count) for count in table.ravel()])
    share = table / n
    known, unknown = share[:-1], float(share[-1].sum())
    if not known.any():
        return _wald(1.0, 0.0, level, n)
    weight = WRONG * (1 - np.eye(len(known)))
    guessed, actual = known.sum(axis=1), known.sum(axis=0)
    observed, expected = float((weight * known).sum()), float(guessed @ weight @ actual)
    if expected == 0:
        return Index(None, 0.0, None, None, n)
    ratio = observed / expected
    slope = np.empty_like(share)
    slope[:-1] = (
        (1 - unknown) ** 2
        * (weight - ratio * ((weight @ actual)[:, None] + (guessed @ weight)[None, :]))
        / (2 * expected)
    )
    slope[-1] = 1 - (1 - unknown) * ratio
    variance = (share * slope**2).sum() - (share * slope).sum() ** 2
    se = float(np.sqrt(max(variance, 0.0) / n))
    return _wald(unknown + (1 - unknown) ** 2 * ratio / 2, se, level, n)


@public
def count_guesses(
    frame: pl.DataFrame, *, arm: str, guess: str, arms: Sequence[str], unknown: str = UNKNOWN
) -> Guesses:
    """Counts the guesses in a frame with one row for each answer; rows without arm or guess are left out.

    Args:
        frame: with columns `arm` (true arm) and `guess`. arms: their names, in the wanted order.
        unknown: what stands in `guess` for "do not know".
    Raises:
        ValueError: for an arm or a guess that is none of these.
    """
    names = [*arms, unknown]
    rows = frame.select(pl.col(arm).alias("arm"), pl.col(guess).alias("guess")).drop_nulls()
    strange = {*rows["arm"].unique()} - {*arms} | {*rows["guess"].unique()} - {*names}
    if strange:
        raise ValueError(f"{sorted(strange)} in {arm!r} or {guess!r} is none of {names}")
    counted = {(g, a): n for g, a, n in rows.group_by("guess", "arm").len().iter_rows()}
    return Guesses(tuple(arms), tuple(tuple(counted.get((g, a), 0) for a in arms) for g in names))


def _checked_total(counts: Sequence[int]) -> int:
    if min(counts) < 0 or not sum(counts):
        raise ValueError(
            f"counts of guesses are whole, not negative and not all zero; these are {list(counts)}"
        )
    return sum(counts)


def _wald(estimate: float | None, se: float, level: float, n: int) -> Index:
    check_level(level)
    if estimate is None:
        return Index(None, se, None, None, n)
    reach = float(ndtri(0.5 + level / 2)) * se
    return Index(estimate, se, estimate - reach, estimate + reach, n)
