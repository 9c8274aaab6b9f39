"""What one trial says of an effect: an estimate and its variance, from means or from counts.

The first arm is always the treatment and the second the control, and the effect is first minus second (or
first over second, as a logarithm). For a scale on which less is better, a benefit is therefore negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite, lgamma, log, sqrt
from typing import Final, Literal

RATIOS: Final = frozenset({"RR", "OR"})
"""measures that are pooled as logarithms"""
_MANY: Final = 300


@dataclass(frozen=True, slots=True)
class Effect:
    """One estimate with its sampling variance.

    Attributes:
        estimate: on the scale on which it is pooled: of ratios the logarithm. variance: of the estimate,
            known.
        label: of the trial. measure: what it is an estimate of; effects of two measures are never pooled.
        size: √(1/n₁ + 1/n₂), the part of a standardised mean difference's SE that does not know the effect,
            for Egger's test; None where the arms are not known.
        convention: by which a mean difference was standardised. note: what was done to the data, in words.
    Raises:
        ValueError: unless both are finite and the variance is above 0.
    """

    estimate: float
    variance: float
    label: str = ""
    measure: str = ""
    size: float | None = None
    convention: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        name = f"{self.label}: " if self.label else ""
        if not isfinite(self.estimate):
            raise ValueError(f"{name}the estimate is {self.estimate}: an effect is a finite number")
        if not (isfinite(self.variance) and self.variance > 0):
            raise ValueError(f"{name}the variance is {self.variance}: it is a finite number above 0")

    @property
    def se(self) -> float:
        """The standard error."""
        return sqrt(self.variance)


@dataclass(frozen=True, slots=True)
class Means:
    """Number, mean and standard deviation of one arm.

    Raises:
        ValueError: for fewer than two people, or a deviation that is not above 0.
    """

    n: int
    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not _is_whole(self.n) or self.n < 2:
            raise ValueError(f"n is {self.n}: a mean with its SD needs two people or more, a whole number")
        if not isfinite(self.mean):
            raise ValueError(f"the mean is {self.mean}: it is a finite number")
        if not (isfinite(self.sd) and self.sd > 0):
            raise ValueError(f"the SD is {self.sd}: it is a finite number above 0")


@dataclass(frozen=True, slots=True)
class Counts:
    """Participants with an event among `n` of one arm.

    Raises:
        ValueError: unless 0 <= events <= n and n > 0, in whole numbers.
    """

    events: int
    n: int

    def __post_init__(self) -> None:
        for value in (self.events, self.n):
            if not _is_whole(value):
                raise ValueError(f"{value!r} is not a whole number of people")
        if self.n < 1:
            raise ValueError(f"n is {self.n}: there has to be somebody in the arm")
        if not 0 <= self.events <= self.n:
            raise ValueError(f"{self.events} events among {self.n}: they are counted from 0 to n")


def combine_means(arms: Sequence[Means]) -> Means:
    """Several arms as one: what their people together would have had.

    Source: Cochrane Handbook, Table 6.5.a, for any number of groups at once.
    """
    if not arms:
        raise ValueError("there is no arm to put together")
    if len(arms) == 1:
        return arms[0]
    n = sum(one.n for one in arms)
    mean = sum(one.n * one.mean for one in arms) / n
    squares = sum((one.n - 1) * one.sd**2 + one.n * (one.mean - mean) ** 2 for one in arms)
    return Means(n, mean, sqrt(squares / (n - 1)))


def combine_counts(arms: Sequence[Counts]) -> Counts:
    """Several arms as one."""
    if not arms:
        raise ValueError("there is no arm to put together")
    return Counts(sum(one.events for one in arms), sum(one.n for one in arms))


def hedges_factor(df: float) -> float:
    """Hedges's J, by which d is too large in small samples: Γ(m/2) / (√(m/2) Γ((m-1)/2)), exact.

    Source: Hedges 1981, Journal of Educational Statistics 6:107, eq. 6e (there c(m)).
    """
    if not df > 1:
        raise ValueError(f"{df} degrees of freedom: the correction of a small sample needs more than 1")
    if df > _MANY:  # the difference of large logarithms would lose digits: Γ(x + 1/2) / Γ(x) by its series
        x = (df - 1) / 2
        return sqrt(x / (df / 2)) * (
            1 - 1 / (8 * x) + 1 / (128 * x**2) + 5 / (1024 * x**3) - 21 / (32768 * x**4)
        )
    return exp(lgamma(df / 2) - lgamma((df - 1) / 2) - 0.5 * log(df / 2))


def mean_difference(first: Means, second: Means, *, label: str = "") -> Effect:
    """The difference of two means, in the unit of the scale; of change scores too.

    Source: Cochrane Handbook 10.3; equivalent to metafor `escalc(measure="MD")`.
    """
    variance = first.sd**2 / first.n + second.sd**2 / second.n
    return Effect(first.mean - second.mean, variance, label, "MD", _size(first, second))


def standardised_mean_difference(
    first: Means,
    second: Means,
    *,
    convention: Literal["endpoint", "change"] = "endpoint",
    label: str = "",
) -> Effect:
    """Hedges g: the difference of two means over their pooled SD, without its bias in small samples.

    Args:
        first, second: values at the end (`endpoint`), or changes from baseline with the SD of the change
            (`change`). The two are not the same quantity: the SD of a change is smaller or larger than that
            of the values, as these correlate less or more than a half, and they are not pooled together
            (Cochrane Handbook 10.5.2). For changes in units of the baseline see `baseline_standardised`.
    Source: Hedges 1981, eq. 6e; variance 1/n₁ + 1/n₂ + g²/(2(n₁ + n₂)): Hedges & Olkin 1985, ch. 5, with g
        for δ; equivalent to metafor `escalc(measure="SMD")`.
    """
    if convention not in ("endpoint", "change"):
        raise ValueError(f"convention {convention!r}: write 'endpoint' or 'change'")
    df = first.n + second.n - 2
    pooled = sqrt(((first.n - 1) * first.sd**2 + (second.n - 1) * second.sd**2) / df)
    g = hedges_factor(df) * (first.mean - second.mean) / pooled
    variance = 1 / first.n + 1 / second.n + g * g / (2 * (first.n + second.n))
    return Effect(g, variance, label, "SMD", _size(first, second), convention)


def baseline_standardised(
    first_change: Means,
    second_change: Means,
    first_baseline_sd: float,
    second_baseline_sd: float,
    *,
    correlation: float,
    label: str = "",
) -> Effect:
    """The difference of mean changes over the pooled SD at baseline, without its bias in small samples.

    Args:
        first_change, second_change: changes from baseline; their own SD is not used.
        correlation: of baseline and end, hardly ever published: an assumption, and named as one.
    Source: Morris 2008, Organizational Research Methods 11:364, eq. 8 to 10 (d_ppc2) and 25 (its variance).
    """
    if not -1 < correlation < 1:
        raise ValueError(f"the correlation is {correlation}: it lies between -1 and 1")
    n1, n2 = first_change.n, second_change.n
    if n1 + n2 <= 4:
        raise ValueError(f"{n1} and {n2} people: the variance needs more than four together")
    for sd in (first_baseline_sd, second_baseline_sd):
        if not (isfinite(sd) and sd > 0):
            raise ValueError(f"the SD at baseline is {sd}: it is a finite number above 0")
    df = n1 + n2 - 2
    pooled = sqrt(((n1 - 1) * first_baseline_sd**2 + (n2 - 1) * second_baseline_sd**2) / df)
    factor = hedges_factor(df)
    d = factor * (first_change.mean - second_change.mean) / pooled
    spread = 2 * (1 - correlation) * (1 / n1 + 1 / n2)
    variance = factor**2 * df / (df - 2) * (spread + (d / factor) ** 2) - (d / factor) ** 2
    note = f"assumes a correlation of {correlation:g} between baseline and end"
    return Effect(d, variance, label, "SMD", _size(first_change, second_change), "baseline", note)


def from_counts(
    first: Counts, second: Counts, measure: Literal["RR", "OR", "RD"], *, label: str = ""
) -> Effect:
    """Log risk ratio, log odds ratio or risk difference of two arms.

    Where one of the four cells is 0, a half is added to each, and the effect's note says so. That biases rare
    events towards no effect: for those use `mantel_haenszel`, `peto` or `binomial_normal`, which need no such
        half.

    Source: Cochrane Handbook 10.4; the half: Gart 1966, Biometrika 53:471. Equivalent to metafor `escalc`
        with its defaults (`add=1/2, to="only0"`).
    """
    a, c = float(first.events), float(second.events)
    b, d = first.n - a, second.n - c
    note = ""
    if min(a, b, c, d) == 0:
        a, b, c, d = a + 0.5, b + 0.5, c + 0.5, d + 0.5
        note = "a half was added to each cell, for one is 0"
    n1, n2 = a + b, c + d
    match measure:
        case "RR":
            estimate, variance = log(a / n1 / (c / n2)), 1 / a - 1 / n1 + 1 / c - 1 / n2
        case "OR":
            estimate, variance = log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
        case "RD":
            estimate, variance = a / n1 - c / n2, a * b / n1**3 + c * d / n2**3
        case _:
            raise ValueError(f"measure {measure!r}: of counts it is RR, OR or RD")
    return Effect(estimate, variance, label, measure, sqrt(1 / n1 + 1 / n2), note=note)


def _is_whole(value: float) -> bool:
    return not isinstance(value, bool) and isfinite(value) and value == int(value)


def _size(first: Means, second: Means) -> float:
    return sqrt(1 / first.n + 1 / second.n)
