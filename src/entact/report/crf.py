"""A blank case report form as PDF, from plain values: to be filled in by hand, or to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entact.report.typeset import as_pdf, as_pictures, found_in

_TEMPLATE = "crf"


def draw_crf(crf: Mapping[str, Any]) -> bytes:
    """The form as a PDF, with an outline by visit and tags for screen readers.

    Args:
        crf: `course.crf.Crf` as plain data; with `annotations` of each form, what becomes of its items
            stands beside them (`datasets.sdtm.annotations`).
    """
    return as_pdf(_TEMPLATE, crf)


def picture_crf(crf: Mapping[str, Any], ppi: float = 72.0) -> list[bytes]:
    """Each page of the form as a PNG."""
    return as_pictures(_TEMPLATE, crf, ppi)


def places_in_crf(crf: Mapping[str, Any]) -> list[dict[str, str]]:
    """Every item as it stands on the form, in order: its form, visit and name, or the name of a cell."""
    return found_in(_TEMPLATE, crf, "item")


def annotations_in_crf(crf: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every annotation as it stands on the form, in order: form, item, what it says, and its page."""
    return found_in(_TEMPLATE, crf, "annotation")
