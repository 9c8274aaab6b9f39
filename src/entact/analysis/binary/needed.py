"""How many have to be treated for one more event: one over the difference of shares."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from entact.analysis.binary.arms import Pair
from entact.analysis.binary.difference import NEWCOMBE, DifferenceMethod, difference
from entact.analysis.frame import public
from entact.analysis.result import Estimate


@public
def number_needed(pair: Pair, *, method: DifferenceMethod = NEWCOMBE, level: float = 0.95) -> Estimate:
    """The number needed to treat for one more event in the first arm; negative for one fewer.

    Args:
        method: of the difference whose interval is inverted.
    Returns:
        No estimate where the shares are equal. Where the difference may be nought the interval is of two
        pieces and has no ends here: the notes say both.
    Source: Altman 1998, British Medical Journal 317:1309.
    """
    found = difference(pair, method=method, level=level)
    assert found.estimate is not None
    assert found.low is not None
    assert found.high is not None
    at = None if found.estimate == 0 else 1 / found.estimate
    notes = (
        list(found.notes) if at is not None else [*found.notes, "the shares are equal: no number is enough"]
    )
    low: float | None
    high: float | None
    if found.low > 0 or found.high < 0:
        low, high = 1 / found.high, 1 / found.low
    else:
        low = high = None
        fewer = inf if found.low == 0 else -1 / found.low
        more = inf if found.high == 0 else 1 / found.high
        notes.append(
            f"{100 * level:g} % interval: one more event for {more:.4g} or more treated, through no effect, "
            f"to one fewer for {fewer:.4g} or more"
        )
    return replace(
        found,
        measure="number needed to treat",
        method=f"inverse of the risk difference, {found.method}",
        estimate=at,
        low=low,
        high=high,
        se=None,
        statistic=None,
        p=None,
        null=None,
        notes=tuple(notes),
    )
