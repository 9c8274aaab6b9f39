"""Minimisation with a random element: an arm is preferred that leaves the strata least unequal.

Its list is rows of draws, sealed before anybody comes: what a row says is no arm, but the number that is
drawn for whoever has it. The arm follows from the draws and the levels of everybody up to this person, so
that the record gives numbers in their order and knows no arm, and every arm can be reckoned again afterwards.

Source: Pocock and Simon 1975, Biometrics 31:103-115, with range or variance as the measure of a factor's
imbalance and a biased coin by its equation for one chance. Counts are divided by the shares of a ratio, and
whatever is not preferred shares the rest by them, as R's Minirand has it for equal shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import msgspec

from entact.course.allocation.allocation import DRAW, Allocation, ListRow, seal
from entact.course.allocation.chance import SEED_BYTES, Chance, Drawn, Replayed
from entact.course.allocation.stratum import ALL

if TYPE_CHECKING:
    from entact.protocol.release import Release

_BYTES: Final = 8  # of a draw
MINIMISATION: Final = "minimisation"


class Minimising(msgspec.Struct, frozen=True):
    """How a study minimises.

    Attributes:
        ratio: arm -> share. weights: of each factor, in the order of the strata. chance: of the arms that
            leave the least imbalance, together. measure: of one factor's imbalance.
    """

    ratio: dict[str, int]
    weights: tuple[int, ...]
    chance: Fraction
    measure: str = "range"


def minimising_of(release: Release) -> Minimising | None:
    """How a release minimises; None where it does not."""
    plan = release.file.randomisation
    if plan is None or plan.method != MINIMISATION or plan.minimise is None:
        return None
    said = plan.minimise
    weights = tuple(said.weights.get(name, 1) for name in plan.strata)
    return Minimising(dict(plan.ratio), weights, Fraction(str(said.chance)), said.measure)


def chances(
    plan: Minimising, before: Sequence[tuple[Sequence[str], str]], levels: Sequence[str]
) -> dict[str, Fraction]:
    """How likely each arm is for whoever comes next.

    Args:
        before: levels and arm of everybody before. levels: of whoever comes, one of each factor.
    Raises:
        ValueError: for levels that are not one of each factor.
    """
    if any(len(one) != len(plan.weights) for one in (levels, *(own for own, _ in before))):
        raise ValueError(f"{'/'.join(levels)} is not one level of each of {len(plan.weights)} factors")
    imbalance = _imbalance(plan, before, levels)
    least = min(imbalance.values())
    preferred = {arm: share for arm, share in plan.ratio.items() if imbalance[arm] == least}
    others = {arm: share for arm, share in plan.ratio.items() if arm not in preferred}
    if not others:
        return _by_share(preferred, Fraction(1))
    return _by_share(preferred, plan.chance) | _by_share(others, 1 - plan.chance)


def next_arm(
    plan: Minimising, before: Sequence[tuple[Sequence[str], str]], levels: Sequence[str], draw: int
) -> str:
    """The arm of whoever comes next.

    Args:
        draw: a whole number of 64 bits, each as likely.
    """
    likely = chances(plan, before, levels)
    at, upto = Fraction(draw, 1 << 8 * _BYTES), Fraction(0)
    for arm in plan.ratio:  # in the order of the study file
        upto += likely[arm]
        if at < upto:
            return arm
    raise ValueError(f"{draw} is no draw of {_BYTES} bytes")


def replay(plan: Minimising, strata: Sequence[str], draws: Sequence[int]) -> list[str]:
    """The arms of everybody, from the first on.

    Args:
        strata: of each, as `stratum_of` names it. draws: of each.
    """
    before: list[tuple[tuple[str, ...], str]] = []
    for stratum, draw in zip(strata, draws, strict=True):
        levels = tuple(stratum.split("/"))
        before.append((levels, next_arm(plan, before, levels, draw)))
    return [arm for _, arm in before]


def draw_rows(study: str, rows: int, drawn: Drawn) -> Allocation:
    """A row of draws for people, sealed with its method and its seed.

    Args:
        rows: for how many people. drawn: the operating system's generator.
    Raises:
        ValueError: for no rows.
    """
    seed = drawn.bytes(SEED_BYTES)
    return seal_draws(study, rows_again(rows, seed), drawn, seed=seed)


def seal_draws(study: str, rows: list[ListRow], chance: Chance, seed: bytes | None = None) -> Allocation:
    """Seals rows of draws; how arms follow from them is said by the study file that was in force."""
    return seal(study, rows, [], (), chance, seed=seed)


def rows_again(rows: int, seed: bytes) -> list[ListRow]:
    """The rows of draws that follow from a seed.

    Raises:
        ValueError: for no rows.
    """
    if rows < 1:
        raise ValueError(f"a list of {rows} rows is none")
    return list(draws_from(Replayed(seed), rows))


def draws_from(chance: Chance, rows: int) -> Iterator[ListRow]:
    """So many rows of draws, in the order of their use."""
    width = max(3, len(str(rows)))
    for place in range(1, rows + 1):
        yield ListRow(f"M-{place:0{width}d}", ALL, f"{DRAW}{chance.bytes(_BYTES).hex()}")


def draw_of(row: ListRow) -> int | None:
    """The draw of a row; None of a row that says an arm."""
    return int(row.arm.removeprefix(DRAW), 16) if row.arm.startswith(DRAW) else None


def _imbalance(
    plan: Minimising, before: Sequence[tuple[Sequence[str], str]], levels: Sequence[str]
) -> dict[str, Fraction]:
    """What the imbalance would come to with each arm, over all factors: G of the source."""
    counts = [
        {arm: sum(own[factor] == level and given == arm for own, given in before) for arm in plan.ratio}
        for factor, level in enumerate(levels)
    ]
    return {
        arm: sum(
            (
                weight * _spread(plan, {one: count + (one == arm) for one, count in margin.items()})
                for weight, margin in zip(plan.weights, counts, strict=True)
            ),
            Fraction(0),
        )
        for arm in plan.ratio
    }


def _spread(plan: Minimising, margin: Mapping[str, int]) -> Fraction:
    """Imbalance of one margin: D of the source."""
    parts = [Fraction(count, plan.ratio[arm]) for arm, count in margin.items()]
    if plan.measure == "range":
        return max(parts) - min(parts)
    mean = sum(parts, Fraction(0)) / len(parts)
    return sum(((one - mean) ** 2 for one in parts), Fraction(0)) / max(len(parts) - 1, 1)


def _by_share(arms: Mapping[str, int], of: Fraction) -> dict[str, Fraction]:
    total = sum(arms.values())
    return {arm: of * share / total for arm, share in arms.items()}
