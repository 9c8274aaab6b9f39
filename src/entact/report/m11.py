"""The protocol document of ICH M11 as PDF, from plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from entact.datasets import Activities
from entact.report.pictures.schedule import FONT, VisitBars, draw_schedule
from entact.report.schedule import bars_of
from entact.report.typeset import as_pdf, as_pictures

_TEMPLATE: Final = "m11"
_LETTERS: Final = "Libertinus Serif"  # of the document, so that the picture has letters without the system's
_ON_A_PAGE: Final = 36  # visits in one picture


def draw_m11(protocol: Mapping[str, Any], schedule: Activities) -> bytes:
    """The document as a PDF, with an outline by heading and tags for screen readers.

    Args:
        protocol: `exchange.m11.Protocol` as plain values, each block with its kind.
        schedule: drawn as the trial schema.
    """
    return as_pdf(_TEMPLATE, {**protocol, "pictures": list(_pictures(schedule))})


def picture_m11(protocol: Mapping[str, Any], schedule: Activities, ppi: float = 72.0) -> list[bytes]:
    """Each page of the document as a PNG."""
    return as_pictures(_TEMPLATE, {**protocol, "pictures": list(_pictures(schedule))}, ppi)


def _pictures(schedule: Activities) -> Iterator[str]:
    for bars in bars_of(schedule):
        for first in range(0, len(bars.visits), _ON_A_PAGE):
            part = VisitBars(bars.title, bars.since, bars.visits[first : first + _ON_A_PAGE])
            yield draw_schedule([part], alone=True).replace(FONT, _LETTERS)
