"""A guide for who reviews datasets as PDF, from plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from entact.report.typeset import as_pdf, as_pictures

_TEMPLATE: Final = "guide"


def draw_guide(guide: Mapping[str, Any]) -> bytes:
    """The guide as a PDF, with an outline by heading and tags for screen readers.

    Args:
        guide: `exchange.guides.Guide` as plain values.
    """
    return as_pdf(_TEMPLATE, guide)


def picture_guide(guide: Mapping[str, Any], ppi: float = 72.0) -> list[bytes]:
    """Each page of the guide as a PNG."""
    return as_pictures(_TEMPLATE, guide, ppi)
