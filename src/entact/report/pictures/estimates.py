"""Results as pictures: estimates with their intervals, and safety as dots, as a volcano and as eDISH."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, log10
from typing import Any, Final

import polars as pl

from entact.analysis.result import Estimate
from entact.report.lettering import width_of
from entact.report.palette import FAINT, GRID, INK
from entact.report.pictures.sheet import (
    BLUE,
    GREEN,
    ORANGE,
    PINK,
    Chart,
    Panel,
    Sheet,
    chart,
    layer,
    numeric,
    paint,
    panel,
    tidy,
    upright,
)

WIDTH: Final = 420
_ROW: Final = 34.0
NOTED: Final = 0.7
"""-log10 p from which on a term's name stands beside it: about 0.2"""
_SIDE: Final = 380
"""px of a plot of points"""
_QUADRANTS: Final = {
    "normal": BLUE,
    "Temple's corollary": GREEN,
    "hyperbilirubinaemia": PINK,
    "possible Hy's Law": ORANGE,
}


def estimates_sheet(
    title: str, caption: str, results: Mapping[str, Sequence[Estimate]], *, origin: str
) -> Sheet:
    """A panel for each result: its estimates on one axis, with their intervals and the value tested against.

    Args:
        results: heading -> estimates. What differs in measure is drawn in panels of its own; a row without an
            estimate stands there and says so. origin: whence the data are, as "DRY RUN".
    Raises:
        ValueError: when there is nothing to draw.
    """
    panels: list[Panel] = []
    for heading, rows in results.items():
        for measure in dict.fromkeys(one.measure for one in rows):
            own = [one for one in rows if one.measure == measure]
            if any(one.estimate is not None for one in own):
                panels.append(_forest(heading, measure, own, len(panels)))
    if not panels:
        raise ValueError("no result has an estimate: there is nothing to draw")
    return Sheet(title, caption, [], panels, 1 if len(panels) < 4 else 2, origin=origin)


def dots_sheet(title: str, found: Sequence[Estimate], arms: tuple[str, str], *, origin: str) -> Sheet:
    """Adverse events as dots: the share of each arm with each term, and their difference beside it.

    Args:
        found: of `entact.analysis.safety.incidence`, one a term.
    Source: Amit, Heiberger & Lane 2008, Pharmaceutical Statistics 7:20.
    """
    if not found:
        raise ValueError("nobody had an event: there is nothing to draw")
    shares: list[dict[str, Any]] = [
        {"row": at, "value": tidy(100 * (group.events or 0) / group.n), "colour": colour}
        for at, one in enumerate(found)
        for group, colour in zip(one.groups, (ORANGE, BLUE), strict=True)
    ]
    most = max(float(one["value"]) for one in shares)
    names = [{"row": at, "text": one.label, "colour": INK} for at, one in enumerate(found)]
    y = _down(len(found))
    axis = {"title": "% of participants", "grid": True, "tickCount": 5}
    x = numeric("value", [0, max(most * 1.05, 1)], axis)
    drawing = chart(
        [
            layer("text", names, {"x": {"value": -8}, "y": y, "text": _text()}, align="right", fontSize=11),
            layer("point", shares, {"x": x, "y": y, "color": paint()}, size=60, **_mark("circle")),
        ],
        _SIDE,
        _ROW * len(found),
    )
    told = "; ".join(f"{one.label}: {_people(one)}" for one in found)
    first = panel(drawing, "Who had it", told, name="dots-0", key={arms[0]: ORANGE, arms[1]: BLUE})
    return Sheet(
        title, "Most frequent first.", [], [first, _forest("Difference", "", found, 1)], 2, origin=origin
    )


def volcano_sheet(title: str, found: pl.DataFrame, arms: tuple[str, str], *, origin: str) -> Sheet:
    """Terms by the difference of shares and how surprising it is.

    Args:
        found: of `entact.analysis.safety.volcano`: term, difference, p, events.
    """
    if found.is_empty():
        raise ValueError("nobody had an event: there is nothing to draw")
    points: list[dict[str, Any]] = [
        {"value": tidy(100 * row["difference"]), "p": tidy(-log10(max(row["p"], 1e-12))), "text": row["term"]}
        for row in found.iter_rows(named=True)
    ]
    reach = 1.15 * max(max(abs(float(one["value"])) for one in points), 1.0)
    top = 1.1 * max(max(float(one["p"]) for one in points), 1.5)
    axis = {"title": f"{arms[0]} - {arms[1]}, percentage points", "grid": False}
    x = numeric("value", [-reach, reach], axis)
    y = numeric("p", [0, top], upright("-log10 p (Fisher)"))
    places: dict[tuple[float, float], list[str]] = {}
    for one in points:
        if float(one["p"]) > NOTED:
            places.setdefault((one["value"], one["p"]), []).append(one["text"])
    words = [{"value": at[0], "p": at[1], "text": ", ".join(terms)} for at, terms in places.items()]
    drawing = chart(
        [
            layer("rule", [{"value": 0}], {"x": x}, color=GRID),
            layer("point", points, {"x": x, "y": y}, color=BLUE, size=50, **_mark("circle")),
            layer("text", words, {"x": x, "y": y, "text": _text()}, fontSize=10, dy=-9, color=INK),
        ],
        _SIDE,
        _SIDE,
    )
    told = "; ".join(f"{row[0]}: {100 * row[1]:+.1f} points, p {row[2]:.2g}" for row in found.iter_rows())
    note = "p finds what to look at; of many terms some are small by chance (ICH E9, 6.4)."
    shown = panel(drawing, "Each term", told, name="volcano-0")
    return Sheet(title, "To the right: more often in " + arms[0] + ".", [note], [shown], 1, origin=origin)


def edish_sheet(title: str, found: pl.DataFrame, *, origin: str) -> Sheet:
    """Peaks of liver tests, on logarithmic axes, with the limits of Hy's Law.

    Args:
        found: of `entact.analysis.safety.edish`; who has an unknown or a zero peak is in the note.
    """
    drawn = found.filter(pl.col("alt") > 0, pl.col("bilirubin") > 0)
    if drawn.is_empty():
        raise ValueError("nobody has both liver tests: there is nothing to draw")
    points: list[dict[str, Any]] = [
        {
            "value": tidy(row["alt"]),
            "y": tidy(row["bilirubin"]),
            "colour": _QUADRANTS.get(row["quadrant"], FAINT),
        }
        for row in drawn.iter_rows(named=True)
    ]
    x = _logarithmic("value", [float(one["value"]) for one in points] + [3.0], "greatest ALT or AST, × limit")
    y = _logarithmic("y", [float(one["y"]) for one in points] + [2.0], "greatest bilirubin, × limit")
    drawing = chart(
        [
            layer("rule", [{"value": 3.0}], {"x": x}, color=INK, strokeDash=[5, 3]),
            layer("rule", [{"y": 2.0}], {"y": y}, color=INK, strokeDash=[5, 3]),
            layer("point", points, {"x": x, "y": y, "color": paint()}, size=50, **_mark("circle")),
        ],
        _SIDE,
        _SIDE,
    )
    counted = found.group_by("quadrant", maintain_order=True).len()
    told = ", ".join(f"{quadrant}: {n}" for quadrant, n in counted.iter_rows())
    gone = found.height - drawn.height
    notes = [f"{told}."] + ([f"{gone} without both tests are not drawn."] if gone else [])
    key = {name: colour for name, colour in _QUADRANTS.items() if name in set(drawn["quadrant"])}
    shown = panel(drawing, "Each participant's peaks", told, name="edish-0", key=key)
    return Sheet(title, "Multiples of the upper limit of normal.", notes, [shown], 1, origin=origin)


def _forest(heading: str, measure: str, rows: Sequence[Estimate], place: int) -> Panel:
    ratio = all(" ratio" in f" {one.measure}" for one in rows) and all(
        one.estimate is None or one.estimate > 0 for one in rows
    )
    level = rows[0].level
    low, high = _range(rows, ratio=ratio)
    null = next((one.null for one in rows if one.null is not None), 1.0 if ratio else 0.0)
    words, drawn = [], []
    for at, one in enumerate(rows):
        label = one.label or heading
        words.append({"row": at - 0.26, "left": label, "right": _said(one), "colour": INK})
        if one.estimate is None or not low <= one.estimate <= high:
            continue
        ends = [one.estimate if end is None else end for end in (one.low, one.high)]
        drawn.append(
            {
                "row": at + 0.2,
                "value": tidy(one.estimate),
                "low": tidy(max(ends[0], low)),
                "high": tidy(min(ends[1], high)),
            }
        )
    axis = {"title": measure or rows[0].measure, "grid": False, "tickCount": 6, "labelOverlap": "greedy"}
    x = numeric("value", [low, high], axis)
    if ratio:
        x["scale"] = {"type": "log", "domain": [low, high], "nice": False}
    y = _down(len(rows))
    layers = [
        layer(
            "rule", [{"value": null}] if low <= null <= high else [], {"x": x}, color=GRID, strokeWidth=1.3
        ),
        layer(
            "rule",
            drawn,
            {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "y": y},
            color=BLUE,
            strokeWidth=1.6,
        ),
        layer("point", drawn, {"x": x, "y": y}, color=BLUE, size=70, **_mark("square")),
        _line(words, 0, y, "left"),
        _line(words, WIDTH, y, "right"),
    ]
    told = "; ".join(f"{one.label or heading}: {_said(one)}" for one in rows)
    drawing = chart([one for one in layers if one["data"]["values"]], WIDTH, _ROW * len(rows))
    return panel(drawing, heading, told, name=f"estimates-{place}", key={f"{100 * level:g} % interval": BLUE})


def _range(rows: Sequence[Estimate], *, ratio: bool) -> tuple[float, float]:
    """The ends of an axis: of every finite limit, and of what is tested against."""
    seen = [
        value
        for one in rows
        for value in (one.estimate, one.low, one.high, one.null)
        if value is not None and isfinite(value) and (value > 0 or not ratio)
    ]
    low, high = min(seen), max(seen)
    if ratio:
        return low / 1.15, high * 1.15
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def _said(one: Estimate) -> str:
    if one.estimate is None:
        return "not estimable" if one.p is None else f"p = {one.p:.3g}"

    def number(value: float | None) -> str:
        if value is None:
            return "–"
        return ("−∞" if value < 0 else "∞") if not isfinite(value) else f"{value:.3g}".replace("-", "−")

    if one.low is None and one.high is None:
        return number(one.estimate)
    return f"{number(one.estimate)} ({number(one.low)} to {number(one.high)})"


def _people(one: Estimate) -> str:
    return ", ".join(f"{group.events} of {group.n} {group.name}".strip() for group in one.groups)


def _down(rows: int) -> dict[str, Any]:
    return {
        "field": "row",
        "type": "quantitative",
        "scale": {"domain": [rows - 0.5, -0.5], "nice": False, "zero": False},
        "axis": None,
    }


def _line(rows: list[dict[str, Any]], at: float, y: Mapping[str, Any], field: str) -> Chart:
    words = [{**row, field: _cut(str(row[field]))} for row in rows]
    encoding = {"x": {"value": at}, "y": y, "text": {"field": field, "type": "nominal"}, "color": paint()}
    return layer("text", words, encoding, align=field, fontSize=11, baseline="middle")


def _cut(text: str) -> str:
    """The text as far as half of a row has room for it."""
    while width_of(text, 11) > WIDTH * 0.62 and len(text) > 4:
        text = text[:-2].rstrip("… ") + "…"
    return text


def _logarithmic(field: str, values: Sequence[float], title: str) -> dict[str, Any]:
    low, high = min([*values, 0.5]) / 1.2, max([*values, 5.0]) * 1.2
    x = numeric(field, [low, high], {"title": title, "grid": False, "tickCount": 6, "format": "~g"})
    x["scale"] = {"type": "log", "domain": [low, high], "nice": False}
    return x


def _mark(shape: str) -> dict[str, Any]:
    return {"shape": shape, "filled": True, "opacity": 1}


def _text() -> dict[str, str]:
    return {"field": "text", "type": "nominal"}
