"""Regimens beside each other, drawn: their courses, and how likely limits are crossed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from entact.report.lettering import width_of
from entact.report.palette import ARMS
from entact.report.pictures.sheet import (
    AXIS,
    WIDTH,
    Chart,
    Panel,
    Sheet,
    chart,
    hours_axis,
    layer,
    limit_layers,
    numeric,
    paint,
    panel,
    tidy,
    upright,
)

if TYPE_CHECKING:
    import polars as pl

HEIGHT: Final = 150


@dataclass(frozen=True)
class Output:
    """What is drawn in one panel: what it is, its unit, and a frame of each regimen (time, q05, q50, q95)."""

    title: str
    unit: str
    bands: Mapping[str, pl.DataFrame]
    limits: Sequence[float]


@dataclass(frozen=True)
class Chance:
    """How likely people cross a limit under one regimen, in one group; with the interval of the draw."""

    regimen: str
    group: str
    probability: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """Regimens side by side, to be drawn.

    Attributes:
        title: the people. regimens: in words, by letter. drawn: of whom the courses are, in words, or empty.
        end: of the courses, h. outputs: a panel each. chances: by limit in words, a panel each.
        tables: that stand below, each with its heading.
    """

    title: str
    regimens: Mapping[str, str]
    drawn: str
    notes: Sequence[str]
    end: float
    outputs: Sequence[Output]
    chances: Mapping[str, Sequence[Chance]]
    tables: Sequence[tuple[str, Sequence[Sequence[str]]]]


def comparison_sheet(compared: Compared) -> Sheet:
    """The picture of a comparison."""
    colours = dict(zip(compared.regimens, ARMS, strict=False))
    panels = [_courses(output, colours, compared.end, place) for place, output in enumerate(compared.outputs)]
    panels += [
        _chances(limit, own, colours, len(panels) + place)
        for place, (limit, own) in enumerate(compared.chances.items())
    ]
    said = " ".join(f"{letter}: {regimen}." for letter, regimen in compared.regimens.items())
    caption = f"{said} Lines: median{compared.drawn}. Bands: 90 %."
    if compared.chances:
        caption += (
            " Dashed: the limits given. Dots: people who cross a limit, with the 95 % interval of the draw."
        )
    return Sheet(compared.title, caption, compared.notes, panels, tables=tuple(compared.tables))


def _courses(output: Output, colours: Mapping[str, str], end: float, place: int) -> Panel:
    lines: list[dict[str, Any]] = []
    tops = []
    for letter, frame in output.bands.items():
        for time, low, middle, high in frame.select("time", "q05", "q50", "q95").rows():
            at = {"hours": tidy(time), "low": tidy(low), "line": tidy(middle), "high": tidy(high)}
            lines.append({**at, "of": letter, "colour": colours[letter]})
        tops.append(f"{letter} up to {max(frame['q50']):.4g}")
    values = [*(row[field] for row in lines for field in ("low", "high")), *output.limits]
    room = 0.06 * (max(values) - min(values) or 1.0)
    floor = 0.0 if min(values) >= 0 and min(values) < 0.25 * max(values) else min(values) - room
    domain = [floor, max(values) + room]
    x, width = hours_axis(end), WIDTH - AXIS - 14
    y, low = (numeric(field, domain, upright()) for field in ("line", "low"))
    of = {"color": paint(), "detail": {"field": "of", "type": "nominal"}}
    layers = [
        layer("area", lines, {"x": x, "y": low, "y2": {"field": "high"}, **of}, opacity=0.13),
        layer("line", lines, {"x": x, "y": y, **of}, strokeWidth=2),
        *limit_layers(output.limits, y, width),
    ]
    title = f"{output.title}, {output.unit}"
    text = f"{title}: {', '.join(tops)}."
    drawing = chart(layers, width, HEIGHT)
    return panel(drawing, title, text, name=f"panel-{place}", key=colours)


def _chances(title: str, own: Sequence[Chance], colours: Mapping[str, str], place: int) -> Panel:
    """People who cross one limit, by group."""
    groups = list(dict.fromkeys(one.group for one in own))
    count = len(colours)
    rows: list[dict[str, Any]] = []
    for one in own:
        middle = groups.index(one.group) + ([*colours].index(one.regimen) - (count - 1) / 2) * 0.7 / count
        rows.append(
            {
                "row": middle,
                "share": tidy(100 * one.probability),
                "low": tidy(100 * one.low),
                "high": tidy(100 * one.high),
                "colour": colours[one.regimen],
            }
        )
    wide = max(AXIS, *(width_of(group, 11) * 0.9 + 10 for group in groups))
    marks = {
        "values": list(range(len(groups))),
        "title": None,
        "grid": False,
        "labelExpr": f"({json.dumps(dict(enumerate(groups)))})[datum.value]",
        "labelLimit": wide,
        "minExtent": wide,
        "maxExtent": wide,
        "ticks": False,
    }
    y = numeric("row", [len(groups) - 0.5, -0.5], marks)
    most = min(100.0, 1.08 * max(one["high"] for one in rows) + 1.0)
    axis = {"title": "% of the people", "tickCount": 5, "labelFlush": False}
    x, low = (numeric(field, [0, most], axis) for field in ("share", "low"))
    drawing = _dots(rows, x, low, y, WIDTH - wide - 14, max(HEIGHT, 15.0 * len(groups) * max(1, count / 2)))
    said = "; ".join(f"{one.regimen}, {one.group}: {100 * one.probability:.0f} %" for one in own)
    return panel(drawing, title, f"{title}: {said}", name=f"panel-{place}", key=colours)


def _dots(rows: list[dict[str, Any]], x: Any, low: Any, y: Any, width: float, height: float) -> Chart:
    layers = [
        layer("rule", rows, {"x": low, "x2": {"field": "high"}, "y": y, "color": paint()}, strokeWidth=1.4),
        layer("point", rows, {"x": x, "y": y, "color": paint()}, filled=True, size=38, opacity=1),
    ]
    return chart(layers, width, height)
