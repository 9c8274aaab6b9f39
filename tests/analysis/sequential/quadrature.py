"""A quadrature that shares no code with the recursion: slow, plain, and on the scale of Z."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

NODES, WEIGHTS = np.polynomial.legendre.leggauss(640)


def stopping(
    fractions: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    drift: float,
    wedge: Sequence[float] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stopping above, below and in the inner wedge by look: density of Z on one Gauss-Legendre rule a region.

    Jennison & Turnbull 2000, equation 19.4, with 640 nodes between bounds.
    """
    found = []
    z, density, before = np.zeros(1), np.ones(1), 0.0
    for look, now in enumerate(fractions):
        mean = (z * np.sqrt(before) + drift * (now - before)) / np.sqrt(now)
        scale = np.sqrt((now - before) / now)
        inner = 0.0 if wedge is None else max(wedge[look], 0.0)

        def under(bound: float, mean=mean, scale=scale, density=density) -> float:  # type: ignore[no-untyped-def]
            return float(density @ ndtr((bound - mean) / scale))

        above = float(density @ ndtr((mean - upper[look]) / scale))
        found.append((above, under(lower[look]), under(inner) - under(-inner)))
        centre = drift * np.sqrt(now)
        low, high = max(lower[look], centre - 9), min(upper[look], centre + 9)
        regions = [(low, high)] if inner <= 0 else [(low, min(-inner, high)), (max(inner, low), high)]
        nodes, masses = [], []
        for begin, end in regions:
            if end <= begin:
                continue
            new = begin + (end - begin) * (1 + NODES) / 2
            at = np.exp(-(((new[:, None] - mean) / scale) ** 2) / 2) @ density / (scale * np.sqrt(2 * np.pi))
            nodes.append(new)
            masses.append(at * WEIGHTS * (end - begin) / 2)
        z, density = (np.concatenate(one) if one else np.zeros(1) for one in (nodes, masses))
        before = now
    above_, below_, between_ = np.array(found).T
    return above_, below_, between_
