"""What power is worth where the effect is not known: its average over what is believed."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from entact.analysis.sequential.planned import Planned
from entact.analysis.sequential.recursion import REACH

_PANEL, _SPREADS = 24, 6.0


def assurance(design: Planned, mean: float, sd: float) -> float:
    """The probability of efficacy, where the drift is believed to be normal.

    Args:
        mean, sd: of the prior of the drift, the effect over its standard error at the end; sd 0 is certainty.
    Raises:
        ValueError: for a standard deviation below 0, or what is no number.
    Source: O'Hagan, Stevens & Campbell 2005, Pharmaceutical Statistics 4:187, equation 1; Spiegelhalter &
    Freedman 1986, Statistics in Medicine 5:1.
    """
    if not (np.isfinite(mean) and 0 <= sd < np.inf):
        raise ValueError(f"prior with mean {mean} and sd {sd}: numbers, the second from 0 on")
    if sd == 0:
        return design.power(mean).overall
    # Power rises over one unit of drift; far from there it is 0 or 1, and panels need not be narrow.
    far = REACH + float(max(value for value in design.boundaries().upper if np.isfinite(value)))
    low, high = max(mean - REACH * sd, -far), min(mean + REACH * sd, far)
    if high <= low:
        return design.power(mean).overall
    panels = max(2, int(np.ceil((high - low) / (min(sd, 1.0) * _SPREADS))))
    nodes, weights = np.polynomial.legendre.leggauss(_PANEL)
    width = (high - low) / panels
    drifts = low + width * (np.arange(panels)[:, None] + (1 + nodes) / 2)
    density = np.exp(-(((drifts - mean) / sd) ** 2) / 2) / (sd * np.sqrt(2 * np.pi))
    known = np.array([design.power(float(drift)).overall for drift in drifts.ravel()]).reshape(drifts.shape)
    beyond = float(ndtr((mean - high) / sd))
    below = float(ndtr((low - mean) / sd)) if design.sided == 2 else 0.0
    return float(np.sum(known * density * weights) * width / 2) + beyond + below
