"""How agreement of raters is shown: on the page of drift, and on that of fidelity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext

if TYPE_CHECKING:
    from entact.analysis.agreement import Agreement
    from entact.analysis.result import Estimate


@dataclass(frozen=True)
class Shown:
    """Agreement as a row: whose, of how many, both coefficients, the shift, and whether it is too little."""

    of: str
    n: int
    icc: str
    kappa: str
    shift: str
    is_under: bool


def shown_agreement(one: Agreement, limit: float) -> Shown:
    """Agreement as a row; `limit` is the least intraclass correlation that is asked for."""
    shift = "" if one.shift is None else f"{one.shift:+.1f}".replace("-", "\N{MINUS SIGN}")
    return Shown(
        one.of, one.n, _told(one.icc) or one.note, _told(one.kappa) or "–", shift, one.is_under(limit)
    )


def _told(found: Estimate | None) -> str:
    if found is None or found.estimate is None:
        return ""
    at = f"{found.estimate:.2f}"
    if found.low is not None and found.high is not None:
        at += gettext(" ({low} to {high})").format(
            low=format(found.low, ".2f"), high=format(found.high, ".2f")
        )
    return at.replace("-", "\N{MINUS SIGN}")
