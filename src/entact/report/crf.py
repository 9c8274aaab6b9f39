"""A blank case report form as PDF, from plain values: to be filled in by hand, or to be looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Literal

import typst

TEMPLATE = "crf.typ"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # in place of a date: the same values give the same bytes


def draw_crf(crf: Mapping[str, Any]) -> bytes:
    """The form as a PDF, with an outline by visit and tags for screen readers.

    Args:
        crf: `course.crf.Crf` as plain data.
    """
    (document,) = _drawn(crf, "pdf")
    return document


def picture_crf(crf: Mapping[str, Any], ppi: float = 72.0) -> list[bytes]:
    """Each page of the form as a PNG."""
    return _drawn(crf, "png", ppi)


def places_in_crf(crf: Mapping[str, Any]) -> list[dict[str, str]]:
    """Every item as it stands on the form, in order: its form, visit and name, or the name of a cell."""
    found = typst.query(
        _template(), "<item>", field="value", sys_inputs=_inputs(crf), ignore_system_fonts=True
    )
    return list(json.loads(found))


def _template() -> bytes:
    return files("entact.report").joinpath("templates", TEMPLATE).read_bytes()


def _inputs(crf: Mapping[str, Any]) -> dict[str, str]:
    return {"crf": json.dumps(crf)}


def _drawn(crf: Mapping[str, Any], form: Literal["pdf", "png"], ppi: float | None = None) -> list[bytes]:
    drawn: Any = typst.compile(
        _template(),
        format=form,
        ppi=ppi,
        ignore_system_fonts=not _needs_other_fonts(crf),
        sys_inputs=_inputs(crf),
        timestamp=_NEVER,
    )
    return drawn if isinstance(drawn, list) else [drawn]


def _needs_other_fonts(crf: Mapping[str, Any]) -> bool:
    """Whether there are letters beyond Latin, Greek and Cyrillic, which the font of the form lacks."""
    letters = map(ord, json.dumps(crf, ensure_ascii=False))
    return any(letter > 0x052F and not 0x1E00 <= letter <= 0x22FF for letter in letters)
