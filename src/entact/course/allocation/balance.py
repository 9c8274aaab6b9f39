"""How balanced a list is that somebody wrote: arms by stratum, runs, and whether it keeps the ratio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from entact.course.allocation.allocation import ListRow

MAY_BE_OFF = 0.10  # of all rows; ours, an assumption


class StratumBalance(msgspec.Struct, frozen=True):
    """What one stratum of a list is like.

    Attributes:
        counts: arm -> rows. off: how far, in rows, an arm is from its share of the rows so far, at worst.
        longest_run: how often an arm comes in a row, at most.
    """

    stratum: str
    rows: int
    counts: dict[str, int]
    off: float
    longest_run: int


def balance_of(rows: Sequence[ListRow], ratio: Mapping[str, int]) -> list[StratumBalance]:
    """What each stratum of a list is like, in the order in which they stand there.

    Args:
        rows: in the order of their use. ratio: arm -> share; every arm of the rows is in it.
    """
    strata: dict[str, list[str]] = {}
    for row in rows:
        strata.setdefault(row.stratum, []).append(row.arm)
    return [_balance(stratum, arms, ratio) for stratum, arms in strata.items()]


def require_ratio(rows: Sequence[ListRow], ratio: Mapping[str, int]) -> None:
    """That a list keeps the ratio of the study, over all strata; a row, or a tenth of all, it may be off.

    Raises:
        ValueError: where it does not, with what it has and what the ratio wants.
    """
    total = sum(ratio.values())
    counts = {arm: sum(row.arm == arm for row in rows) for arm in ratio}
    wanted = {arm: len(rows) * share / total for arm, share in ratio.items()}
    if max(abs(counts[arm] - wanted[arm]) for arm in ratio) > max(1, MAY_BE_OFF * len(rows)):
        has = ", ".join(f"{arm} {count}" for arm, count in counts.items())
        wants = ", ".join(f"{arm} {count:g}" for arm, count in wanted.items())
        shares = ":".join(map(str, ratio.values()))
        raise ValueError(
            f"{len(rows)} rows are {has}; the ratio of the study, {shares}, wants {wants}. Where the list is "
            "meant so: --uneven"
        )


def _balance(stratum: str, arms: Sequence[str], ratio: Mapping[str, int]) -> StratumBalance:
    total, counts, off = sum(ratio.values()), dict.fromkeys(ratio, 0), 0.0
    for place, arm in enumerate(arms, start=1):
        counts[arm] += 1
        off = max(off, *(abs(counts[name] - place * share / total) for name, share in ratio.items()))
    runs = [len(list(same)) for _, same in groupby(arms)]
    return StratumBalance(stratum, len(arms), counts, off, max(runs))
