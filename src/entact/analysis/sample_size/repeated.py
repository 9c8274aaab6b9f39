"""Sample sizes for the last visit of a mixed model for repeated measures, with drop-out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from entact.analysis.sample_size.comparison import (
    Comparison,
    above_zero,
    drift_by_t,
    needs_effect,
    number,
    ordinates,
    power_by_t,
    size_by_t,
)

if TYPE_CHECKING:
    from entact.analysis.mmrm import Fit

Floats = NDArray[np.float64]
_LEAST = 3.0  # who complete, and leave a degree of freedom


@dataclass(frozen=True, eq=False)
class RepeatedMeasures(Comparison):
    """The difference at the last visit by a mixed model with unstructured covariance.

    Those who leave before it count for what their earlier visits tell of it. With p_j who are seen up to
    visit j and no further, and V_j the covariance of the visits up to it, the variance of an arm's mean is
    φ/n with φ the last diagonal element of (Σ p_j V_j⁻¹)⁻¹, and n₁ = (φ₁ + r φ₂)(z_α + z_β)²/δ².

    Args:
        difference: at the last visit. covariance: (visits, visits), within a participant, given the
            covariates of the model. retention: share of participants still seen at each visit, not rising.
        control_covariance, control_retention: of the control arm, where they are others. ratio: treatment to
            control. t: the test is Student's t with as many degrees of freedom as completers less 2, which is
            about what Kenward and Roger's method gives.

    Equivalent to longpower `power.mmrm`.
    Source: Lu, Luo & Chen 2008, International Journal of Biostatistics 4:9, equation 3.
    """

    difference: float
    covariance: Floats
    retention: Sequence[float]
    control_covariance: Floats | None = None
    control_retention: Sequence[float] | None = None
    ratio: float = 1.0
    t: bool = False
    dropout: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        number("the difference", self.difference)
        object.__setattr__(self, "covariance", _covariance(self.covariance))
        object.__setattr__(self, "retention", _retention(self.retention, len(self.covariance)))
        if self.control_covariance is not None:
            object.__setattr__(self, "control_covariance", _covariance(self.control_covariance))
        if self.control_retention is not None:
            kept = _retention(self.control_retention, len(self.covariance))
            object.__setattr__(self, "control_retention", kept)
        if self.control_covariance is not None and self.control_covariance.shape != self.covariance.shape:
            raise ValueError("both arms have the same visits: their covariances are of one size")
        self._check_arms()

    @classmethod
    def of_fit(
        cls, fit: Fit, difference: float, retention: Sequence[float], *, visit: str | None = None, **more: Any
    ) -> Self:
        """With the covariance of a fitted model, up to a visit; the last one, where none is said.

        Args:
            more: as for the class: `ratio`, `t`, `control_retention`.
        Raises:
            ValueError: for a visit that the model does not have.
        """
        at = fit.visits[-1] if visit is None else visit
        if at not in fit.visits:
            raise ValueError(f"the model has no visit {at!r}; it has {', '.join(fit.visits)}")
        until = fit.visits.index(at) + 1
        matrices = list(fit.covariance.values())
        if len(matrices) == 2 and "control_covariance" not in more:
            more["control_covariance"] = matrices[1][:until, :until]
        return cls(difference, matrices[0][:until, :until], retention, **more)

    @property
    def effect(self) -> float:
        """See `Comparison`."""
        return abs(self.difference)

    def with_effect(self, effect: float) -> Self:
        """See `Comparison`."""
        return replace(self, difference=effect)

    @property
    def variance(self) -> float:
        """Of the difference, times the participants of both arms together, whoever leaves."""
        treated, control = self.variances()
        return (1 + self.ratio) * (treated / self.ratio + control)

    def variances(self) -> tuple[float, float]:
        """φ on treatment and on control."""
        return self._variance(self.retention, control=False), self._variance(self._kept, control=True)

    def information(self, reached: Sequence[float], control_reached: Sequence[float]) -> float:
        """1 / SE² of the difference at a look, at which many have not come to the last visit yet.

        Args:
            reached, control_reached: participants of each arm seen so far at each visit, not rising.
        Raises:
            ValueError: where nobody has come to the last visit.
        """
        total = 0.0
        for counts, control in ((reached, False), (control_reached, True)):
            known = np.asarray(counts, float)
            if known.shape != (len(self.covariance),) or not np.all(np.diff(known) <= 0):
                raise ValueError(
                    f"{list(counts)}: a number for each of {len(self.covariance)} visits, not rising"
                )
            if not known[-1] > 0:
                raise ValueError(
                    "nobody has come to the last visit of an arm: there is no difference at it yet"
                )
            total += self._variance(known, control=control)
        return 1 / total

    def fixed_size(self, alpha: float, power: float) -> float:
        """Participants to enrol, who leave as planned; see `Comparison`."""
        needs_effect(self.difference)
        above, below = ordinates(alpha, power)
        size = self.variance * ((above + below) / self.difference) ** 2
        if not self.t:
            return size
        return size_by_t(lambda n: self._power(alpha, n), power, size, _LEAST / self._complete)

    def drift(self, alpha: float, size: float) -> float:
        """See `Comparison`."""
        above_zero("the size", size)
        plain = self.effect * float(np.sqrt(size / self.variance))
        if not self.t or self.difference == 0:
            return plain
        if size * self._complete < _LEAST * (1 - 1e-9):
            raise ValueError(f"{size:g} participants: Student's t takes {_LEAST:g} at least who complete")
        return drift_by_t(alpha, self._power(alpha, size), plain)

    def told(self) -> str:
        """See `Comparison`."""
        deviation = float(np.sqrt(self.covariance[-1, -1]))
        return (
            f"difference {self.difference:g} at the last of {len(self.covariance)} visits by MMRM,"
            f" standard deviation {deviation:.3g}, {self.retention[-1]:.0%} seen there"
        )

    @property
    def _kept(self) -> Sequence[float]:
        return self.retention if self.control_retention is None else self.control_retention

    @property
    def _complete(self) -> float:
        """The share of participants who are seen at the last visit."""
        return float((self.ratio * self.retention[-1] + self._kept[-1]) / (1 + self.ratio))

    def _variance(self, reached: Sequence[float] | Floats, *, control: bool) -> float:
        of_control = control and self.control_covariance is not None
        covariance = self.control_covariance if of_control else self.covariance
        assert covariance is not None
        visits = len(covariance)
        leaving = -np.diff([*reached, 0.0])
        information = np.zeros((visits, visits))
        for last in range(1, visits + 1):
            information[:last, :last] += leaving[last - 1] * np.linalg.inv(covariance[:last, :last])
        return float(np.linalg.inv(information)[-1, -1])

    def _power(self, alpha: float, size: float) -> float:
        drift = self.effect * float(np.sqrt(size / self.variance))
        return power_by_t(alpha, size * self._complete - 2, drift)


def _covariance(given: Floats) -> Floats:
    matrix = np.array(given, float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"the covariance has the shape {matrix.shape}: a row and a column for each visit")
    if not np.all(np.isfinite(matrix)) or not np.allclose(matrix, matrix.T, rtol=1e-8, atol=0):
        raise ValueError("the covariance is no symmetric matrix of numbers")
    if not np.linalg.eigvalsh(matrix)[0] > 1e-12 * np.abs(matrix).max():
        raise ValueError(
            "the covariance is not positive definite: a variance is 0, or a visit tells all of another"
        )
    return matrix


def _retention(given: Sequence[float], visits: int) -> tuple[float, ...]:
    kept = tuple(float(one) for one in given)
    if len(kept) != visits:
        raise ValueError(f"retention at {len(kept)} visits, covariance of {visits}: one share for each visit")
    if not all(0 < one <= 1 for one in kept) or any(np.diff(kept) > 0):
        raise ValueError(
            f"retention {list(kept)}: shares above 0 and up to 1, not rising from visit to visit"
        )
    return kept
