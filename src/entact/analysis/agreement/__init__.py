"""Whether raters agree and items belong together: intraclass correlation, kappa, alpha and omega."""

from __future__ import annotations

from entact.analysis.agreement.icc import FORMS, icc
from entact.analysis.agreement.kappa import kappa
from entact.analysis.agreement.reliability import alpha, omega

__all__ = ["FORMS", "alpha", "icc", "kappa", "omega"]
