"""How well a model fits: observed against predicted, residuals, and the visual predictive check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from entact.report.palette import FAINT, INK
from entact.report.pictures.sheet import (
    AXIS,
    BLUE,
    GREEN,
    ORANGE,
    PINK,
    WIDTH,
    Chart,
    Panel,
    Sheet,
    chart,
    hours_axis,
    layer,
    numeric,
    paint,
    panel,
    tidy,
    upright,
)

if TYPE_CHECKING:
    import polars as pl

HEIGHT: Final = 190
INNER: Final = WIDTH - AXIS - 22
COLOURS: Final = {"mdma": BLUE, "r_mdma": GREEN, "s_mdma": ORANGE, "mda": PINK, "hmma": ORANGE}
NAMES: Final = {"mdma": "MDMA", "r_mdma": "R-MDMA", "s_mdma": "S-MDMA", "mda": "MDA", "hmma": "HMMA"}


Points = Sequence[Mapping[str, Any]]
"""rows of plain numbers, one a sample or a quantile"""
ORIGIN: Final = "data of the file beside SIMULATED"


def fit_sheet(
    title: str, of: str, notes: Sequence[str], table: pl.DataFrame, checked: Sequence[Mapping[str, Any]]
) -> Sheet:
    """The goodness of a fit, drawn.

    Args:
        of: samples, participants, method and estimates, in words.
        table: a row a sample: output, time (h); observed, predicted, typical (ng/mL); conditional (residual).
        checked: quantiles observed, with the interval of the simulated ones, by output and time.
    """
    rows = [
        {key: tidy(value) if isinstance(value, float) else value for key, value in row.items()}
        | {"colour": COLOURS[row["output"]]}
        for row in table.to_dicts()
    ]
    outputs = list(dict.fromkeys(table["output"]))
    key = {NAMES[name]: COLOURS[name] for name in outputs}
    panels = [
        _against(rows, "predicted", "Observed, predicted of each participant", key, "own"),
        _against(rows, "typical", "Observed, predicted of the typical person", key, "typical"),
        _residuals(rows, "time", "Weighted residuals over time", key, "residual-time"),
        _residuals(rows, "predicted", "Weighted residuals over prediction", key, "residual-predicted"),
    ]
    panels += [_check(checked, rows, name) for name in outputs]
    caption = (
        f"{of}. Predictive check: lines are the 5, 50 and 95 % quantiles of what was observed, bands hold "
        "90 % of those quantiles in 500 simulated repetitions."
    )
    return Sheet(title, caption, notes, panels, columns=2, origin=ORIGIN)


def _points(rows: Points, x: Any, y: Any) -> Chart:
    return layer("circle", rows, {"x": x, "y": y, "color": paint()}, size=22, opacity=0.55)


def _against(rows: Points, field: str, title: str, key: dict[str, str], name: str) -> Panel:
    most = 1.05 * max(max(row["observed"], row[field]) for row in rows)
    x = numeric(field, [0, most], {"title": "predicted, ng/mL", "grid": False})
    y = numeric("observed", [0, most], upright("observed, ng/mL"))
    ends = [{field: 0, "observed": 0}, {field: most, "observed": most}]
    same = layer("line", ends, {"x": x, "y": y}, color=INK, strokeWidth=1, strokeDash=[4, 3])
    error = np.sqrt(np.mean([(row["observed"] - row[field]) ** 2 for row in rows]))
    text = (
        f"{title}: {len(rows)} points about the line of identity, root mean square error {error:.3g} ng/mL."
    )
    return panel(chart([same, _points(rows, x, y)], INNER, HEIGHT), title, text, name=name, key=key)


def _residuals(rows: Points, field: str, title: str, key: dict[str, str], name: str) -> Panel:
    most = max(3.0, 1.05 * max(abs(row["conditional"]) for row in rows))
    end = 1.02 * max(row[field] for row in rows)
    if field == "time":
        x = hours_axis(end, "time")
    else:
        x = numeric(field, [0, end], {"title": "predicted, ng/mL", "grid": False})
    y = numeric("conditional", [-most, most], upright("conditional weighted residual"))
    rules = layer(
        "rule",
        [{"conditional": value} for value in (-1.96, 0, 1.96)],
        {"y": y},
        color=FAINT,
        strokeDash=[4, 3],
    )
    beyond = np.mean([abs(row["conditional"]) > 1.96 for row in rows])
    text = f"{title}: {100 * beyond:.0f} % are beyond 1.96 standard deviations (5 % expected)."
    return panel(chart([rules, _points(rows, x, y)], INNER, HEIGHT), title, text, name=name, key=key)


def _check(checked: Sequence[Mapping[str, Any]], rows: Points, output: str) -> Panel:
    own = [
        {key: tidy(value) if isinstance(value, float) else value for key, value in row.items()}
        for row in checked
        if row["output"] == output
    ]
    samples = [row for row in rows if row["output"] == output]
    top = 1.05 * max(*(row["high"] for row in own), *(row["observed"] for row in samples))
    x = hours_axis(1.02 * max(row["time"] for row in samples), "time")
    y = numeric("observed", [0, top], upright("ng/mL"))
    layers = []
    colour = COLOURS[output]
    for quantile in sorted({row["quantile"] for row in own}):
        line = [row for row in own if row["quantile"] == quantile]
        middle = quantile == 0.5
        low, high = {**y, "field": "low"}, {"field": "high"}
        mark = {"color": colour, "opacity": 0.35 if middle else 0.18}
        layers.append(layer("area", line, {"x": x, "y": low, "y2": high}, **mark))
        style = {
            "color": INK,
            "strokeWidth": 1.6 if middle else 1.0,
            "strokeDash": [1, 0] if middle else [4, 3],
        }
        layers.append(layer("line", line, {"x": x, "y": y}, **style))
    layers.append(_points(samples, x, y))
    inside = np.mean([row["low"] <= row["observed"] <= row["high"] for row in own])
    text = (
        f"Visual predictive check of {NAMES[output]}: {100 * inside:.0f} % of the observed quantiles lie in "
        "the 90 % interval of the simulated ones."
    )
    title = f"Visual predictive check, {NAMES[output]}"
    return panel(chart(layers, INNER, HEIGHT), title, text, name=f"vpc-{output}")
