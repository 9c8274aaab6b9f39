"""Rare events, without a half added to any cell: Mantel-Haenszel and Peto."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from entact.analysis.meta.between import Vector
from entact.analysis.meta.effect import RATIOS, Counts
from entact.analysis.meta.pooled import bounds


@dataclass(frozen=True, slots=True)
class TwoByTwo:
    """A trial's counts: of the treatment and of the control."""

    first: Counts
    second: Counts
    label: str = ""


@dataclass(frozen=True, slots=True)
class Rare:
    """What trials of rare events say together.

    Attributes:
        method, measure: in words, and RR, OR or RD. estimate, se, low, high, p: of ratios as logarithms.
        tau2: variance between trials, None where the method has none. q, q_df, q_p: of heterogeneity, None
            likewise.
        log_likelihood: of the binomial-normal models. left_out: trials that say nothing about the measure.
        notes: what a reader has to know.
    """

    method: str
    measure: str
    estimate: float
    se: float
    low: float
    high: float
    p: float
    tau2: float | None
    q: float | None
    q_df: int | None
    q_p: float | None
    log_likelihood: float | None
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def mantel_haenszel(
    trials: Sequence[TwoByTwo], measure: Literal["RR", "OR", "RD"] = "OR", *, level: float = 0.95
) -> Rare:
    """A common effect, with weights that need no event in every arm.

    Args:
        trials: those without an event in either arm, or with nothing but events, say nothing about a ratio.
    Raises:
        ValueError: without trials, or where no event in one arm of all trials leaves a ratio without a value.
    Sources: Mantel & Haenszel 1959, J Natl Cancer Inst 22:719; variances: OR Robins, Breslow & Greenland
        1986, Biometrics 42:311; RR Greenland & Robins 1985, Biometrics 41:55; RD Sato 1989, Biometrics
        45:1323. Equivalent to metafor `rma.mh`.
    """
    a, b, c, d = counts_of(trials)
    n1, n2 = a + b, c + d
    n = n1 + n2
    empty = (a + c == 0) | (b + d == 0)
    if measure == "OR":
        r, s = a * d / n, b * c / n
        _defined(float(r.sum()), float(s.sum()), "odds ratio")
        p, q = (a + d) / n, (b + c) / n
        big_r, big_s = r.sum(), s.sum()
        estimate = log(big_r / big_s)
        variance = 0.5 * (
            (p * r).sum() / big_r**2 + (p * s + q * r).sum() / (big_r * big_s) + (q * s).sum() / big_s**2
        )
    elif measure == "RR":
        r, s = a * n2 / n, c * n1 / n
        _defined(float(r.sum()), float(s.sum()), "risk ratio")
        estimate = log(r.sum() / s.sum())
        variance = ((n1 * n2 * (a + c) - a * c * n) / n**2).sum() / (r.sum() * s.sum())
        empty = a + c == 0
    elif measure == "RD":
        total = (n1 * n2 / n).sum()
        estimate = float(((a * n2 - c * n1) / n).sum() / total)
        p = (c * (n1 / n) ** 2 - a * (n2 / n) ** 2 + n1 * n2 / n**2 * (n2 - n1) / 2).sum()
        q = ((a * d + c * b) / n).sum() / 2
        variance = (estimate * p + q) / total**2
        empty = np.zeros(len(a), dtype=bool)
        if variance <= 0:
            raise ValueError(
                "there is no event in any trial, or nothing else: a difference has no error here"
            )
    else:
        raise ValueError(f"measure {measure!r}: Mantel and Haenszel's is RR, OR or RD")
    return _told("Mantel-Haenszel", measure, float(estimate), float(variance), trials, empty, level)


def peto(trials: Sequence[TwoByTwo], *, level: float = 0.95) -> Rare:
    """Peto's one-step odds ratio: for rare events, arms of about one size, and effects that are not large.

    Source: Yusuf, Peto, Lewis, Collins & Sleight 1985, Prog Cardiovasc Dis 27:335, appendix; its limits:
        Bradburn et al. 2007, Statistics in Medicine 26:53. Equivalent to metafor `rma.peto`.
    """
    a, b, c, d = counts_of(trials)
    n1, n2, events = a + b, c + d, a + c
    n = n1 + n2
    expected = events * n1 / n
    v = events * (b + d) * n1 * n2 / (n**2 * (n - 1))
    if v.sum() <= 0:
        raise ValueError("no trial has both an event and a person without one: there is no odds ratio")
    told = v > 0
    estimate = float((a - expected).sum() / v.sum())
    single = (a - expected)[told] / v[told]
    q = float(v[told] @ (single - estimate) ** 2)
    df = int(told.sum()) - 1
    return _told("Peto", "OR", estimate, float(1 / v.sum()), trials, ~told, level, q, df)


def cochran_mantel_haenszel(trials: Sequence[TwoByTwo], *, correct: bool = True) -> tuple[float, float]:
    """The χ² of no association in any trial, with continuity correction, and its p.

    Source: Mantel & Haenszel 1959. Equivalent to R `mantelhaen.test`.
    """
    a, b, c, d = counts_of(trials)
    n1, n2, events = a + b, c + d, a + c
    n = n1 + n2
    variance = float((events * (b + d) * n1 * n2 / (n**2 * (n - 1))).sum())
    if variance <= 0:
        raise ValueError("no trial has both an event and a person without one: there is nothing to test")
    away = max(0.0, abs(float((a - events * n1 / n).sum())) - (0.5 if correct else 0.0))
    return away**2 / variance, float(chdtrc(1, away**2 / variance))


def counts_of(trials: Sequence[TwoByTwo]) -> tuple[Vector, Vector, Vector, Vector]:
    """Events and others of the first arm and of the second, a number a trial. Errors: `ValueError`."""
    if not trials:
        raise ValueError("there is no trial to pool: at least one is needed")
    rows = [(t.first.events, t.first.n, t.second.events, t.second.n) for t in trials]
    a, n1, c, n2 = np.array(rows, dtype=float).T
    return a, n1 - a, c, n2 - c


def names_of(trials: Sequence[TwoByTwo], chosen: Sequence[bool]) -> tuple[str, ...]:
    """Labels of the trials chosen."""
    return tuple(
        one.label or f"trial {place}"
        for place, (one, own) in enumerate(zip(trials, chosen, strict=True), 1)
        if own
    )


def _defined(r: float, s: float, what: str) -> None:
    if r == 0 or s == 0:
        raise ValueError(f"one arm has no event in any trial, or only events: the {what} has no value")


def _told(
    method: str,
    measure: str,
    estimate: float,
    variance: float,
    trials: Sequence[TwoByTwo],
    empty: NDArray[np.bool_],
    level: float,
    q: float | None = None,
    df: int | None = None,
) -> Rare:
    left_out = names_of(trials, empty.tolist())
    se = sqrt(variance)
    low, high, p = bounds(estimate, se, None, level)
    notes = ["a common effect: it knows of no variance between trials"]
    if left_out:
        what = "ratio" if measure in RATIOS else "difference"
        notes.append(f"{', '.join(left_out)}: no event, or nothing but events, says nothing about a {what}")
    q_p = None if q is None or not df else float(chdtrc(df, q))
    return Rare(method, measure, estimate, se, low, high, p, None, q, df, q_p, None, left_out, tuple(notes))
