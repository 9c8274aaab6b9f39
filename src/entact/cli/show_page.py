"""A study in words as one HTML page: no address, no script; the same study gives the same page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from entact.protocol.words import Account, Activities, Line, VisitLine
from entact.protocol.words.label import begun, spaced
from entact.report.page import render
from entact.report.pictures.schedule import NARROW, VisitBar, VisitBars, draw_schedule

_TEMPLATE, _STYLE = "show.html.j2", "show.css"


def render_page(told: Account) -> str:
    """The page as HTML."""
    schedule, bars = told.activities, bars_of(told.activities)
    values = {
        "told": told,
        "schedule": schedule,
        "wide": draw_schedule(bars, name="schedule-wide"),
        "narrow": draw_schedule(bars, name="schedule-narrow", width=NARROW),
    }
    filters: dict[str, Callable[..., Any]] = {
        "spaced": spaced,
        "begun": begun,
        "week": _week,
        "groupby_run": _runs,
    }
    return render(_TEMPLATE, _STYLE, values, filters=filters, package="entact.cli")


def bars_of(schedule: Activities) -> list[VisitBars]:
    """The schedule as it is drawn."""
    return [
        VisitBars(group.title, group.since, [_bar(one, schedule) for one in group.visits])
        for group in schedule.groups
    ]


def _bar(visit: VisitLine, schedule: Activities) -> VisitBar:
    epoch = None if visit.epoch is None else schedule.epochs.get(visit.epoch, spaced(visit.epoch))
    return VisitBar(visit.title, visit.kind, epoch, visit.when, visit.day, visit.earliest, visit.latest)


def _runs(lines: Iterable[Line]) -> list[tuple[str, list[Line]]]:
    """Lines that follow each other under one term, together."""
    return [(term, list(run)) for term, run in groupby(lines, key=lambda line: line.term)]


def _week(day: float | None) -> str:
    return "" if day is None else f"{day / 7:.1f}".replace("-", "−").removesuffix(".0")
