"""The picture of `entact compare`: courses of regimens over each other, and how likely limits are crossed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from entact.cli.pharmacology.compare import Comparison, crossing_rows, side_rows
from entact.cli.pharmacology.picture import (
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
    write_sheet,
)
from entact.pharmacology.compare import Crossing, simulate_each
from entact.pharmacology.notation import Limit
from entact.report.lettering import width_of
from entact.report.palette import ARMS

if TYPE_CHECKING:
    import polars as pl

DRAWN: Final = 1000
"""people of whom courses are drawn; probabilities are of all"""
USUAL: Final = (
    *("mdma", "serotonin", "oxytocin", "cortisol", "subjective", "amygdala"),
    *("systolic", "heart_rate", "temperature"),
)
HEIGHT: Final = 150


def write_comparison(compared: Comparison, path: Path) -> None:
    """Writes the picture as its suffix says. Errors: `PictureError`, `OSError`."""
    write_sheet(comparison_sheet(compared), path)


def comparison_sheet(compared: Comparison) -> Sheet:
    """The picture of a comparison."""
    colours = dict(zip(compared.runs, ARMS, strict=False))
    names = [*USUAL, *(limit.output for limit in compared.limits if limit.output not in USUAL)]
    people = replace(compared.people, n=min(compared.people.n, DRAWN))
    first = next(iter(compared.runs.values()))
    regimens = {letter: run.regimen for letter, run in compared.runs.items()}
    until = f"{first.times[-1]:g} h"
    runs = simulate_each(
        regimens, people, until=until, outputs=list(dict.fromkeys(names)), summary_only=False
    )
    bands = {letter: run.bands() for letter, run in runs.items()}
    panels = [
        _courses(name, bands, colours, compared, place) for place, name in enumerate(dict.fromkeys(names))
    ]
    panels += [
        _chances(limit, compared, colours, len(panels) + place) for place, limit in enumerate(compared.limits)
    ]
    said = " ".join(f"{letter}: {regimen}." for letter, regimen in regimens.items())
    drawn = "" if people.n == compared.people.n else f" of the first {people.n:,} people"
    caption = f"{said} Lines: median{drawn}. Bands: 90 %."
    if compared.limits:
        caption += (
            " Dashed: the limits given. Dots: people who cross a limit, with the 95 % interval of the draw."
        )
    tables = [("Side by side, median (5 % to 95 %)", side_rows(compared))]
    if compared.found:
        tables.append(("People who cross a limit, % (95 % interval)", crossing_rows(compared)))
    return Sheet(str(compared.people), caption, compared.notes, panels, tables=tuple(tables))


def _courses(
    name: str, bands: Mapping[str, pl.DataFrame], colours: Mapping[str, str], compared: Comparison, place: int
) -> Panel:
    import polars as pl

    run = next(iter(compared.runs.values()))
    [variable] = [one for one in run.columns if one.name == name]
    lines: list[dict[str, Any]] = []
    tops = []
    for letter, frame in bands.items():
        own = frame.filter(pl.col("output") == name)
        for time, low, middle, high in own.select("time", "q05", "q50", "q95").rows():
            at = {"hours": tidy(time), "low": tidy(low), "line": tidy(middle), "high": tidy(high)}
            lines.append({**at, "of": letter, "colour": colours[letter]})
        tops.append(f"{letter} up to {max(own['q50']):.4g}")
    limits = [limit.value for limit in compared.limits if limit.output == name]
    values = [row[field] for row in lines for field in ("low", "high")] + limits
    room = 0.06 * (max(values) - min(values) or 1.0)
    floor = 0.0 if min(values) >= 0 and min(values) < 0.25 * max(values) else min(values) - room
    domain = [floor, max(values) + room]
    x, width = hours_axis(float(run.times[-1])), WIDTH - AXIS - 14
    y, low = (numeric(field, domain, upright()) for field in ("line", "low"))
    of = {"color": paint(), "detail": {"field": "of", "type": "nominal"}}
    layers = [
        layer("area", lines, {"x": x, "y": low, "y2": {"field": "high"}, **of}, opacity=0.13),
        layer("line", lines, {"x": x, "y": y, **of}, strokeWidth=2),
        *limit_layers(limits, y, width),
    ]
    unit = "times baseline" if "multiple of baseline" in variable.title else variable.unit
    title = f"{variable.title.split(',')[0]}, {unit.replace('Cel', '°C')}".replace(" (base)", "")
    text = f"{title}: {', '.join(tops)}."
    drawing = chart(layers, width, HEIGHT)
    return panel(drawing, title, text, name=f"panel-{place}", key=colours)


def _chances(limit: Limit, compared: Comparison, colours: Mapping[str, str], place: int) -> Panel:
    """People who cross one limit, by level of each covariate."""
    own = [one for one in compared.found if one.limit == limit]
    levels = list(dict.fromkeys(_label(one) for one in own))
    count = len(colours)
    rows: list[dict[str, Any]] = []
    for one in own:
        middle = levels.index(_label(one)) + ([*colours].index(one.regimen) - (count - 1) / 2) * 0.7 / count
        rows.append(
            {
                "row": middle,
                "share": tidy(100 * one.probability),
                "low": tidy(100 * one.low),
                "high": tidy(100 * one.high),
                "colour": colours[one.regimen],
            }
        )
    wide = max(AXIS, *(width_of(level, 11) * 0.9 + 10 for level in levels))
    marks = {
        "values": list(range(len(levels))),
        "title": None,
        "grid": False,
        "labelExpr": f"({json.dumps(dict(enumerate(levels)))})[datum.value]",
        "labelLimit": wide,
        "minExtent": wide,
        "maxExtent": wide,
        "ticks": False,
    }
    y = numeric("row", [len(levels) - 0.5, -0.5], marks)
    most = min(100.0, 1.08 * max(one["high"] for one in rows) + 1.0)
    axis = {"title": "% of the people", "tickCount": 5, "labelFlush": False}
    x, low = (numeric(field, [0, most], axis) for field in ("share", "low"))
    drawing = _dots(rows, x, low, y, WIDTH - wide - 14, max(HEIGHT, 15.0 * len(levels) * max(1, count / 2)))
    said = "; ".join(f"{one.regimen}, {_label(one)}: {100 * one.probability:.0f} %" for one in own)
    title = f"{limit} {own[0].unit}"
    return panel(drawing, title, f"{title}: {said}", name=f"panel-{place}", key=colours)


def _dots(rows: list[dict[str, Any]], x: Any, low: Any, y: Any, width: float, height: float) -> Chart:
    layers = [
        layer("rule", rows, {"x": low, "x2": {"field": "high"}, "y": y, "color": paint()}, strokeWidth=1.4),
        layer("point", rows, {"x": x, "y": y, "color": paint()}, filled=True, size=38, opacity=1),
    ]
    return chart(layers, width, height)


def _label(one: Crossing) -> str:
    return one.level if not one.covariate else f"{one.covariate} {one.level}"
