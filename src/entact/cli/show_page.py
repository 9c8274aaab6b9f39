"""A study in words as one HTML page: no address, no script; the same study gives the same page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from entact.protocol.words import Account, Passage
from entact.protocol.words.label import begun
from entact.report.page import render
from entact.report.schedule import schedule_parts

_TEMPLATE, _STYLE = "show.html.j2", "show.css"


def render_page(told: Account) -> str:
    """The page as HTML."""
    values = {"told": told, "schedule": schedule_parts(told.activities)}
    filters: dict[str, Callable[..., Any]] = {"begun": begun, "groupby_run": _runs}
    return render(_TEMPLATE, _STYLE, values, filters=filters, package="entact.cli")


def _runs(lines: Iterable[Passage]) -> list[tuple[str, list[Passage]]]:
    """Lines that follow each other under one term, together."""
    return [(term, list(run)) for term, run in groupby(lines, key=lambda line: line.term)]
