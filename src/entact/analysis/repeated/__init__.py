"""Repeated values and events: what is expected on average, whatever correlates within people."""

from __future__ import annotations

from entact.analysis.repeated.gee import FAMILIES, Gee, gee
from entact.analysis.repeated.negative_binomial import NegativeBinomial, negative_binomial
from entact.analysis.repeated.ordinal import ordinal_gee

__all__ = ["FAMILIES", "Gee", "NegativeBinomial", "gee", "negative_binomial", "ordinal_gee"]
