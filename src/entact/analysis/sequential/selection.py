"""Several arms against one control, some of them dropped at a look: a closed test on combined stages.

Every hypothesis that no arm of a set is better is tested with the best arm of the set that is still there,
judged by Dunnett's distribution in each stage, and the stages are combined with weights fixed beforehand.
An arm is better where all sets that hold it are rejected. Which arm was dropped, and why, does not matter.

Source: Bauer & Kieser 1999, Statistics in Medicine 18:1833; Posch et al. 2005, Statistics in Medicine
24:3697, section 3; Dunnett 1955, JASA 50:1096.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, pairwise

import numpy as np
from scipy.special import ndtr, ndtri

from entact.analysis.sequential.planned import Planned
from entact.analysis.sequential.recursion import crossing

_REACH, _PANELS, _PANEL = 9.0, 6, 32
_LEAST = 1e-300
_MOST = 8


@dataclass(frozen=True)
class ArmStage:
    """One stage of its own participants.

    Args:
        z: statistics of the arms that are still there, above 0 where the arm is better than control.
        ratio: participants of an arm to those of control, the same in all arms of the stage.
    """

    z: Mapping[str, float]
    ratio: float = 1.0

    def __post_init__(self) -> None:
        if not self.z:
            raise ValueError("a stage without an arm: the trial ended before")
        for arm, value in self.z.items():
            if not np.isfinite(value):
                raise ValueError(f"the statistic of {arm} is {value}: it has to be a number")
        if not 0 < self.ratio < np.inf:
            raise ValueError(f"ratio is {self.ratio:g}: participants of an arm to those of control, above 0")


@dataclass(frozen=True)
class ArmResult:
    """What has been shown of one arm.

    Attributes:
        rejected: the look at which it was shown to be better, from 1 on; None where it was not. dropped:
            after which look it was dropped, None where it is there still. by_set: for each set of arms that
            holds it the combined statistics by look, as far as the arms of the set are there.
        p: one-sided, adjusted for looks, arms and choice: at most alpha where it was rejected, and only
            there; None for a dropped arm, and while the trial goes on. No estimate is beside it: what is
            seen of a chosen arm is too good, and no estimator is agreed on (Robertson et al. 2023, Statistics
            in Medicine 42:122).
    """

    arm: str
    rejected: int | None
    dropped: int | None
    by_set: Mapping[tuple[str, ...], tuple[float, ...]]
    p: float | None = None


def analyse_arms(design: Planned, stages: Sequence[ArmStage]) -> dict[str, ArmResult]:
    """What stages have shown of each arm, whatever led to the choice of arms.

    Args:
        design: one-sided; its fractions give the weights of the stages, its bounds hold for every set.
        stages: in order; an arm that is missing was dropped, and does not come back.
    Raises:
        ValueError: for no stage or more than planned, an arm that came late or back, or more than 8 arms.

    Equivalent to rpact `getAnalysisResults` of several arms with `intersectionTest = "Dunnett"` and known
    variance.
    """
    if not 1 <= len(stages) <= len(design.information):
        raise ValueError(f"{len(stages)} stages, but {len(design.information)} were planned: one at least")
    if design.sided != 1:
        raise ValueError("a choice of arms takes a one-sided design")
    arms = tuple(stages[0].z)
    if len(arms) > _MOST:
        raise ValueError(f"{len(arms)} arms have {2 ** len(arms) - 1} sets: {_MOST} arms at most")
    for look, (before, stage) in enumerate(pairwise(stages), start=2):
        if new := [arm for arm in stage.z if arm not in before.z]:
            raise ValueError(f"{', '.join(new)} in stage {look} but not before: no arm comes late or back")
    upper = design.boundaries().upper
    weights = np.sqrt(np.diff([0.0, *design.information]))
    combined = {one: _combined(one, stages, weights) for one in _sets(arms)}
    first = {one: _first(values, upper) for one, values in combined.items()}
    return {
        arm: ArmResult(
            arm,
            _latest([first[one] for one in combined if arm in one]),
            next((look for look, stage in enumerate(stages) if arm not in stage.z), None),
            {one: values for one, values in combined.items() if arm in one},
            _adjusted(
                design,
                {one: values for one, values in combined.items() if arm in one},
                first,
                arm in stages[-1].z,
            ),
        )
        for arm in arms
    }


def _adjusted(
    design: Planned,
    combined: Mapping[tuple[str, ...], tuple[float, ...]],
    first: Mapping[tuple[str, ...], int | None],
    there: bool,
) -> float | None:
    """The largest p of the sets that hold an arm, each by the stage-wise order."""
    upper = design.boundaries().upper
    found = []
    for one, values in combined.items():
        look = first[one] or len(values)
        if not there or (first[one] is None and look < len(upper)):
            return None
        bounds = [*upper[: look - 1], values[look - 1]]
        never = [-np.inf] * look
        found.append(float(crossing(design.information[:look], never, bounds, 0.0)[0].sum()))
    return max(found)


def dunnett_p(best: float, arms: int, ratio: float = 1.0) -> float:
    """The probability that the best of several arms against one control is as good, where none is.

    Args:
        best: its statistic. ratio: participants of an arm to those of control.
    """
    if arms == 1:
        return float(ndtr(-best))
    nodes, weights = np.polynomial.legendre.leggauss(_PANEL)
    width = 2 * _REACH / _PANELS
    x = -_REACH + width * (np.arange(_PANELS)[:, None] + (1 + nodes) / 2)
    density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * (width / 2 * weights)
    # Given the mean of the control arm, x, the arms are independent; what is shared is ratio/(1 + ratio).
    shared, own = np.sqrt(ratio / (1 + ratio)), np.sqrt(1 / (1 + ratio))
    missed = ndtr(-(best - shared * x) / own)
    return float(np.sum(density * -np.expm1(arms * np.log1p(-np.minimum(missed, 1 - 1e-16)))))


def _combined(one: tuple[str, ...], stages: Sequence[ArmStage], weights: np.ndarray) -> tuple[float, ...]:
    found, total, squares = [], 0.0, 0.0
    for stage, weight in zip(stages, weights, strict=False):
        there = [stage.z[arm] for arm in one if arm in stage.z]
        if not there:
            break  # nobody of the set is left, and it cannot be rejected any more
        p = dunnett_p(max(there), len(there), stage.ratio)
        total += float(weight) * float(-ndtri(min(max(p, _LEAST), 1 - 1e-16)))
        squares += float(weight) ** 2
        found.append(total / float(np.sqrt(squares)))
    return tuple(found)


def _sets(arms: tuple[str, ...]) -> list[tuple[str, ...]]:
    return list(chain.from_iterable(combinations(arms, size) for size in range(1, len(arms) + 1)))


def _first(values: Sequence[float], upper: Sequence[float]) -> int | None:
    return next(
        (look for look, (z, bound) in enumerate(zip(values, upper, strict=False), 1) if z >= bound), None
    )


def _latest(looks: Sequence[int | None]) -> int | None:
    known = [look for look in looks if look is not None]
    return max(known) if len(known) == len(looks) else None
