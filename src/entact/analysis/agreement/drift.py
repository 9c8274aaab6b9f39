"""Whether raters keep to one standard: agreement with a second rating, by rater and over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from entact.analysis.agreement.icc import icc
from entact.analysis.agreement.kappa import kappa
from entact.analysis.frame import public
from entact.analysis.result import Estimate

FORM = "1,1"  # each target is rated by raters of its own


@dataclass(frozen=True, slots=True)
class Pair:
    """One target rated twice: by whom first, when (any order), both values, and both categories if any."""

    rater: str
    at: Any
    first: float
    second: float
    first_category: bool | None = None
    second_category: bool | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How some pairs agree.

    Attributes:
        of: whose, or which stretch of time. n: pairs. shift: mean of first less second, in points.
        icc, kappa: None where they cannot be told; why, in `note`.
    """

    of: str
    n: int
    shift: float | None
    icc: Estimate | None
    kappa: Estimate | None
    note: str = ""

    def is_under(self, limit: float) -> bool:
        """Whether the intraclass correlation is known, and smaller than a limit."""
        return self.icc is not None and self.icc.estimate is not None and self.icc.estimate < limit


@public
def agreement_of(pairs: Sequence[Pair], of: str = "", *, level: float = 0.95) -> Agreement:
    """ICC(1,1) of the values and Cohen's kappa of the categories, with intervals, and the mean shift."""
    if not pairs:
        return Agreement(of, 0, None, None, None, "nothing was rated again")
    shift = sum(one.first - one.second for one in pairs) / len(pairs)
    values = [(one.first, one.second) for one in pairs]
    both = [(one.first_category, one.second_category) for one in pairs]
    found, note = _tried(lambda: icc(values, FORM, level=level))
    known = any(a is not None and b is not None for a, b in both)
    agreed = _tried(lambda: kappa(*zip(*both, strict=True), level=level))[0] if known else None
    return Agreement(of, len(pairs), shift, found, agreed, note)


@public
def agreement_by_rater(
    pairs: Iterable[Pair], *, last: int | None = None, level: float = 0.95
) -> tuple[Agreement, ...]:
    """The agreement of each who rated first, by name.

    Args:
        last: of each only the latest so many.
    """
    by: dict[str, list[Pair]] = {}
    for one in sorted(pairs, key=lambda pair: pair.at):
        by.setdefault(one.rater, []).append(one)
    return tuple(
        agreement_of(own[-last:] if last is not None else own, rater, level=level)
        for rater, own in sorted(by.items())
    )


@public
def agreement_over_time(
    pairs: Iterable[Pair], period: Callable[[Any], str], *, level: float = 0.95
) -> tuple[Agreement, ...]:
    """The agreement of all raters in each stretch of time, in order.

    Args:
        period: names the stretch that a time falls into.
    """
    by: dict[str, list[Pair]] = {}
    for one in sorted(pairs, key=lambda pair: pair.at):
        by.setdefault(period(one.at), []).append(one)
    return tuple(agreement_of(own, name, level=level) for name, own in by.items())


def _tried(ask: Callable[[], Estimate]) -> tuple[Estimate | None, str]:
    try:
        return ask(), ""
    except ValueError as error:
        return None, str(error)
