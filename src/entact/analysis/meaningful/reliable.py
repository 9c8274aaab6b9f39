"""Changes that are larger than what an unreliable scale gives by itself."""

from __future__ import annotations

from math import sqrt

from entact.analysis.binary.arms import z_of
from entact.analysis.frame import public


@public
def reliable_change(sd: float, reliability: float, *, level: float = 0.95) -> float:
    """The least change of a person that is not explained by the scale's error of measurement.

    Args:
        sd: of the scale before treatment. reliability: of it, by retest or alpha. level: two-sided.
    Returns:
        z times the SD of a difference, sd √2 √(1 - reliability): 1.96 times at 0.95.
    Raises:
        ValueError: for an SD that is not above 0, or a reliability outside 0 to 1.
    Source: Jacobson & Truax 1991, Journal of Consulting and Clinical Psychology 59:12.
    """
    if not sd > 0:
        raise ValueError(f"an SD of {sd:g} is none")
    if not 0 <= reliability <= 1:
        raise ValueError(f"a reliability of {reliability:g} is none; it lies between 0 and 1")
    return z_of(level) * sd * sqrt(2 * (1 - reliability))
