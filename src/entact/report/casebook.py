"""A participant's casebook as PDF, from plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entact.report.typeset import as_pdf, as_pictures

_TEMPLATE = "casebook"


def draw_casebook(casebook: Mapping[str, Any]) -> bytes:
    """The casebook as a PDF, with an outline by visit.

    Args:
        casebook: the values of a `conduct.casebook.Casebook`.
    """
    return as_pdf(_TEMPLATE, casebook)


def picture_casebook(casebook: Mapping[str, Any], ppi: float = 72.0) -> list[bytes]:
    """Each page of the casebook as a PNG."""
    return as_pictures(_TEMPLATE, casebook, ppi)
