"""A study in words as one HTML page: no address, no script; the same study gives the same page."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from itertools import groupby

import jinja2
from markupsafe import Markup

from entact.cli.show_picture import NARROW, draw_schedule
from entact.protocol.words import Account, Line
from entact.protocol.words.label import begun, spaced
from entact.report.palette import DARK

_TEMPLATE, _STYLE = "show.html.j2", "show.css"


def render_page(told: Account) -> str:
    """The page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("entact.cli"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"spaced": spaced, "begun": begun, "week": _week, "groupby_run": _runs}
    schedule = told.activities
    return environment.get_template(_TEMPLATE).render(
        told=told,
        schedule=schedule,
        style=Markup(_style()),
        wide=Markup(draw_schedule(schedule, name="schedule-wide")),
        narrow=Markup(draw_schedule(schedule, name="schedule-narrow", width=NARROW)),
    )


def _runs(lines: Iterable[Line]) -> list[tuple[str, list[Line]]]:
    """Lines that follow each other under one term, together."""
    return [(term, list(run)) for term, run in groupby(lines, key=lambda line: line.term)]


def _week(day: float | None) -> str:
    return "" if day is None else f"{day / 7:.1f}".replace("-", "−").removesuffix(".0")


def _style() -> str:
    """The style sheet, with the dark colour of each colour that the picture is drawn in."""
    sheet = files("entact.cli").joinpath("templates", _STYLE).read_text(encoding="utf-8")
    swaps = "".join(
        f'  .chart [fill="{light}"] {{ fill: {dark}; }}\n  .chart [stroke="{light}"] {{ stroke: {dark}; }}\n'
        for light, dark in DARK.items()
    )
    return f"{sheet}\n@media screen and (prefers-color-scheme: dark) {{\n{swaps}}}\n"
