"""How a trial may still end, given what a look has shown."""

from __future__ import annotations

import numpy as np

from entact.analysis.sequential.design import GroupSequential
from entact.analysis.sequential.recursion import GoingOn, increments_after


def conditional_power(design: GroupSequential, look: int, z: float, drift: float | None = None) -> float:
    """The probability of efficacy at a later look, given the statistic of one.

    Args:
        look: which one, from 1 on. z: its statistic, positive where the treatment is better.
        drift: `effect / SE` at the end, assumed for the rest; what z shows, where none is said.
    Raises:
        ValueError: for a look that is none or the last, or a statistic that is no number.

    Equivalent to gsDesign `gsCP`, rpact `getConditionalPower` (normal approximation).
    Source: Jennison & Turnbull 2000, section 10.2.
    """
    fraction = _fraction(design, look, z)
    assumed = z / np.sqrt(fraction) if drift is None else drift
    return _later(design, look, z, assumed)


def conditional_type_i_error(design: GroupSequential, look: int, z: float) -> float:
    """The probability of efficacy at a later look without any effect: what a changed design may still spend.

    Source: Müller & Schäfer 2001, Biometrics 57:886.
    """
    _fraction(design, look, z)
    return _later(design, look, z, 0.0)


def predictive_power(
    design: GroupSequential, look: int, z: float, *, mean: float = 0.0, sd: float = np.inf
) -> float:
    """Conditional power averaged over what is believed of the effect after a look.

    Args:
        mean, sd: of a normal prior of the drift; flat, where sd is infinite.
    Source: Spiegelhalter, Freedman & Blackburn 1986, Controlled Clinical Trials 7:8.
    """
    fraction = _fraction(design, look, z)
    if not sd > 0:
        raise ValueError(f"the prior's sd is {sd:g}: a standard deviation lies above 0")
    precision = fraction + 1 / sd**2
    centre = (z * np.sqrt(fraction) + mean / sd**2) / precision
    nodes, weights = np.polynomial.hermite_e.hermegauss(96)
    drifts = centre + nodes / np.sqrt(precision)
    return float(weights @ [_later(design, look, z, drift) for drift in drifts] / weights.sum())


def _fraction(design: GroupSequential, look: int, z: float) -> float:
    if not 1 <= look < len(design.information):
        raise ValueError(
            f"look {look}: there are {len(design.information)}, and something follows all but the last"
        )
    if not np.isfinite(z):
        raise ValueError(f"the statistic is {z}: it has to be a number")
    return design.information[look - 1]


def _later(design: GroupSequential, look: int, z: float, drift: float) -> float:
    """The probability of stopping above at a later look, from the score at this one."""
    fraction = design.information[look - 1]
    state = GoingOn.at(fraction, z * np.sqrt(fraction))
    lower, upper, wedge = design.floors(), design.boundaries().upper, design.wedge()
    following = increments_after(design.information)
    total = 0.0
    for later in range(look, len(upper)):
        ahead = design.information[later]
        total += state.above(upper[later], ahead, drift)
        if later + 1 < len(upper):
            inner = 0.0 if wedge is None else wedge[later]
            state = state.go_on(lower[later], upper[later], ahead, drift, following[later], inner)
    return total
