"""The schedule of a study as every page shows it: a timeline, its visits, and what is done at which.

Pages of a study in words, reports and pages of a running study put the same parts into their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from entact.datasets import Activities, VisitRow
from entact.report.page import rendered_macro
from entact.report.pictures.schedule import NARROW, VisitBar, VisitBars, draw_schedule

_TEMPLATE: Final = "schedule.html.j2"


@dataclass(frozen=True, slots=True)
class Schedule:
    """The parts as HTML; `schedule.css` is their style."""

    timeline: str
    visits: str
    matrix: str


def schedule_parts(schedule: Activities, say: Callable[[str], str] = str) -> Schedule:
    """The schedule of activities as parts of a page.

    Args:
        say: what is written around the schedule, in another language than English.
    """
    bars = bars_of(schedule)
    wide = draw_schedule(bars, name="schedule-wide", say=say)
    narrow = draw_schedule(bars, name="schedule-narrow", width=NARROW, say=say)
    filters: dict[str, Callable[..., Any]] = {**_FILTERS, "how": partial(_how, say=say)}

    def part(name: str, *values: Any) -> str:
        return rendered_macro(_TEMPLATE, name, schedule, say, *values, filters=filters)

    return Schedule(part("timeline", wide, narrow), part("visits"), part("matrix"))


def bars_of(schedule: Activities) -> list[VisitBars]:
    """The schedule as it is drawn."""
    return [
        VisitBars(group.title, group.since, [_bar(one, schedule) for one in group.visits])
        for group in schedule.groups
    ]


def _bar(visit: VisitRow, schedule: Activities) -> VisitBar:
    epoch = None if visit.epoch is None else schedule.epochs.get(visit.epoch, _spaced(visit.epoch))
    return VisitBar(
        _begun(visit.title), visit.kind, epoch, visit.when, visit.day, visit.earliest, visit.latest
    )


def _week(day: float | None) -> str:
    return "" if day is None else f"{day / 7:.1f}".replace("-", "−").removesuffix(".0")


def _how(visit: VisitRow, say: Callable[[str], str]) -> str:
    """By whom, how and how long, where it is not the usual."""
    said = [say("by {0}").format(say(_spaced(visit.by)))] if visit.by else []
    said += [say(visit.contact)] if visit.contact != "in person" else []
    said += [visit.lasts] if visit.lasts else []
    people = [say(_spaced(one)) for one in visit.populations]
    said += [say("for {0}").format(say(" and ").join(people))] if len(people) > 1 else []
    return ", ".join(said)


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "spaced": _spaced,
    "begun": _begun,
    "week": _week,
}
