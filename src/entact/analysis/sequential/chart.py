"""Boundaries and power curves, as numbers and as charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from entact.analysis.sample_size.comparison import Comparison
from entact.analysis.sequential.planned import Planned

if TYPE_CHECKING:
    import altair as alt

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_BLUE, _ORANGE = "#0072b2", "#d55e00"  # Okabe, Ito 2008: safe for colour-blind readers
_POINTS = 61


def boundary_frame(design: Planned) -> pl.DataFrame:
    """Bounds of Z by look: columns information, z, and bound: `efficacy`, `futility`, `…, other side`."""
    found = design.boundaries()
    rows = [(at, "efficacy", z) for at, z in zip(found.information, found.upper, strict=True)]
    if design.sided == 2:
        rows += [(at, "efficacy, other side", -z) for at, _, z in list(rows)]
    if found.lower is not None:
        lower = [*found.lower, found.upper[-1]]
        futile = [(at, "futility", z) for at, z in zip(found.information, lower, strict=True)]
        other = [(at, "futility, other side", -z) for at, _, z in futile if design.sided == 2]
        rows += [*futile, *other]
    kept = [row for row in rows if np.isfinite(row[2])]
    return pl.DataFrame(
        kept, schema={"information": pl.Float64, "bound": pl.String, "z": pl.Float64}, orient="row"
    )


def power_frame(
    design: Planned, comparison: Comparison | None = None, sizes: Sequence[float] = (), most: float = 1.5
) -> pl.DataFrame:
    """Power over effects: columns effect, size, power, information (expected, as a fraction of the whole).

    Args:
        comparison: over whose differences, from 0 to `most` times the planned one; without one over drifts.
        sizes: of both arms together; one curve for each.
    Raises:
        ValueError: where a comparison has no size.
    """
    if comparison is None:
        drifts = np.linspace(0, most * design.drift(), _POINTS)
        powers = [design.power(float(drift)) for drift in drifts]
        return pl.DataFrame(
            {
                "effect": drifts,
                "size": [None] * _POINTS,
                "power": [power.overall for power in powers],
                "information": [power.information for power in powers],
            },
            schema_overrides={"size": pl.Float64},
        )
    if not sizes:
        raise ValueError("say for how many: power_frame(design, comparison, sizes)")
    rows = []
    for size in sizes:
        planned = comparison.drift(design.alpha, size)
        for effect in np.linspace(0, most * comparison.effect, _POINTS):
            drift = planned * float(effect) / comparison.effect
            power = design.power(drift)
            rows.append((float(effect), float(size), power.overall, power.information))
    return pl.DataFrame(rows, schema=["effect", "size", "power", "information"], orient="row")


def boundary_chart(design: Planned) -> alt.LayerChart:
    """The bounds of Z over the information, ready to be shown or saved."""
    import altair as alt

    return alt.LayerChart.from_dict(boundary_specification(design), validate=False)


def power_chart(
    design: Planned, comparison: Comparison | None = None, sizes: Sequence[float] = ()
) -> alt.LayerChart:
    """Power over effects, ready to be shown or saved; see `power_frame`."""
    import altair as alt

    frame = power_frame(design, comparison, sizes)
    return alt.LayerChart.from_dict(power_specification(frame, comparison, 1 - design.beta), validate=False)


def boundary_specification(design: Planned, width: int = 360, height: int = 240) -> dict[str, Any]:
    """The chart of boundaries in Vega-Lite."""
    rows = boundary_frame(design).to_dicts()
    encoding = {
        "x": _axis("information", "information, share of the whole", [0, 1], "%"),
        "y": {"field": "z", "type": "quantitative", "axis": {"title": "Z"}},
        "color": {
            "field": "bound",
            "type": "nominal",
            "scale": {
                "domain": ["efficacy", "efficacy, other side", "futility", "futility, other side"],
                "range": [_BLUE, _BLUE, _ORANGE, _ORANGE],
            },
            "legend": None,
        },
        "detail": {"field": "bound", "type": "nominal"},
    }
    # The name of each bound stands at its first look.
    first = {row["bound"]: row for row in reversed(rows)}
    words = {"align": "right", "baseline": "bottom", "dx": -4, "dy": -5}
    marks: list[dict[str, Any]] = [
        {"mark": {"type": "line", "strokeWidth": 2}, "encoding": encoding},
        {"mark": {"type": "point", "filled": True, "size": 46, "opacity": 1}, "encoding": encoding},
        {
            "mark": {"type": "text", **words},
            "data": {"values": list(first.values())},
            "encoding": {**encoding, "text": {"field": "bound", "type": "nominal"}},
        },
    ]
    return _chart(marks, rows, width, height)


def power_specification(
    frame: pl.DataFrame,
    comparison: Comparison | None,
    wanted: float,
    width: int = 360,
    height: int = 240,
) -> dict[str, Any]:
    """The chart of `power_frame` in Vega-Lite, with a rule at the power that is wanted."""
    counted = "" if comparison is None else comparison.counted
    rows = [
        {"effect": row["effect"], "power": row["power"], "size": _named(row["size"], counted)}
        for row in frame.to_dicts()
    ]
    title = "effect over its standard error at the end" if comparison is None else "difference"
    encoding = {
        "x": _axis("effect", title, [0, max(row["effect"] for row in rows)], "~g"),
        "y": _axis("power", "power", [0, 1], "%"),
        "color": {
            "field": "size",
            "type": "nominal",
            "sort": None,
            "legend": None if not counted else {"title": None},
        },
    }
    rule = {"mark": {"type": "rule", "strokeDash": [5, 3]}, "data": {"values": [{"power": wanted}]}}
    marks = [
        {"mark": {"type": "line", "strokeWidth": 2}, "encoding": encoding},
        {**rule, "encoding": {"y": encoding["y"]}},
    ]
    return _chart(marks, rows, width, height)


def _named(size: float | None, counted: str) -> str:
    return "power" if size is None else f"{size:.0f} {counted}"


def _axis(field: str, title: str, domain: Sequence[float], form: str) -> dict[str, Any]:
    scale = {"domain": list(domain), "nice": False}
    axis = {"title": title, "format": form, "tickCount": 5, "labelFlush": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}


def _chart(
    layers: list[dict[str, Any]], rows: list[dict[str, Any]], width: int, height: int
) -> dict[str, Any]:
    return {"$schema": _SCHEMA, "data": {"values": rows}, "layer": layers, "width": width, "height": height}
