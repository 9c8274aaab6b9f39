"""Whether raters agree and items belong together: intraclass correlation, kappa, alpha and omega."""

from __future__ import annotations

from entact.analysis.agreement.drift import (
    Agreement,
    Pair,
    agreement_by_rater,
    agreement_of,
    agreement_over_time,
)
from entact.analysis.agreement.icc import FORMS, icc
from entact.analysis.agreement.kappa import kappa
from entact.analysis.agreement.reliability import alpha, omega

__all__ = [
    "FORMS",
    "Agreement",
    "Pair",
    "agreement_by_rater",
    "agreement_of",
    "agreement_over_time",
    "alpha",
    "icc",
    "kappa",
    "omega",
]
