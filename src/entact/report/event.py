"""The report of an adverse event as PDF, from plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entact.report.typeset import as_pdf, as_pictures

_TEMPLATE = "event"


def draw_event_report(report: Mapping[str, Any]) -> bytes:
    """The report as a PDF.

    Args:
        report: the values of a `conduct.entries.event_report.EventReport`.
    """
    return as_pdf(_TEMPLATE, report)


def picture_event_report(report: Mapping[str, Any], ppi: float = 72.0) -> list[bytes]:
    """Each page of the report as a PNG."""
    return as_pictures(_TEMPLATE, report, ppi)
