"""What a result hangs on, as a tornado of what each factor changes, or as shares of the variance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from entact.report.palette import FAINT, INK
from entact.report.pictures.sheet import (
    BLUE,
    ORANGE,
    Chart,
    Panel,
    Sheet,
    chart,
    layer,
    numeric,
    paint,
    panel,
    tidy,
)

WIDTH: Final = 400
BAR: Final = 19
"""px of a factor, upwards"""
NAMES: Final = 180
"""px of the names"""
ALONG: Final = {"grid": False, "tickCount": 6, "labelOverlap": "greedy"}
"""of an axis of numbers, whose labels must not run into each other"""


Row = Mapping[str, Any]
"""one factor: what it changes the measure by, or what share of its variance it explains"""


def tornado_sheet(
    title: str, method: str, notes: Sequence[str], measures: Sequence[tuple[str, Sequence[Row]]]
) -> Sheet:
    """The picture: a panel a measure.

    Args:
        measures: what each is and its value, and its factors, the one that changes most first.
    """
    panels = [_panel(heading, rows, place) for place, (heading, rows) in enumerate(measures)]
    caption = f"{method[0].upper()}{method[1:]}."
    if any("at_low" in row and row["factor"] == "sex" for _, rows in measures for row in rows):
        caption += " Of sex, low is a man."
    return Sheet(title, caption, notes, panels, 1)


def _panel(heading: str, rows: Sequence[Row], place: int) -> Panel:
    shares = "first" in rows[0]
    drawing = _shares(rows) if shares else _tornado(rows)
    key = {"alone": BLUE, "with interactions": ORANGE} if shares else {"factor low": BLUE, "high": ORANGE}
    what = "explains most of" if shares else "changes most"
    text = f"{heading}: of {len(rows)} factors {rows[0]['factor']} {what}."
    return panel(drawing, heading, text, name=f"tornado-{place}", key=key)


def _factors(rows: Sequence[Row]) -> dict[str, Any]:
    axis = {"title": None, "ticks": False, "domain": False, "labelLimit": NAMES, "minExtent": NAMES}
    order = [row["factor"] for row in rows]
    return {"field": "factor", "type": "nominal", "sort": order, "axis": axis, "scale": {"padding": 0.28}}


def _tornado(rows: Sequence[Row]) -> Chart:
    """Bars from the value of the person as is to that with the factor low, and with the factor high."""
    base = rows[0]["at_base"]
    bars = [
        {"factor": row["factor"], "from": tidy(base), "to": tidy(row[f"at_{end}"]), "colour": colour}
        for row in rows
        for end, colour in (("low", BLUE), ("high", ORANGE))
    ]
    ends = [bar["to"] for bar in bars] + [base]
    room = 0.05 * ((max(ends) - min(ends)) or 1.0)
    unit = "" if rows[0]["unit"] == "1" else f", {rows[0]['unit']}"
    x = numeric("to", [min(ends) - room, max(ends) + room], {"title": f"{rows[0]['of']}{unit}", **ALONG})
    place = {"x": x, "x2": {"field": "from"}, "y": _factors(rows), "color": paint()}
    line = [{"to": tidy(base)}]
    return chart(
        [layer("bar", bars, place, opacity=0.85), layer("rule", line, {"x": x}, color=INK, strokeWidth=1.1)],
        WIDTH,
        BAR * len(rows),
    )


def _shares(rows: Sequence[Row]) -> Chart:
    """Two dots a factor with their 95 % intervals."""
    dots = [
        {
            "factor": row["factor"],
            "share": tidy(row[name]),
            "low": tidy(row[name] - row[f"{name}_interval"]),
            "high": tidy(row[name] + row[f"{name}_interval"]),
            "colour": colour,
            "up": up,
        }
        for row in rows
        if row["total"] is not None
        for name, colour, up in (("first", BLUE, 0), ("total", ORANGE, 1))
    ]
    least = min([0.0, *(dot["low"] for dot in dots)])
    most = max([0.1, *(dot["high"] for dot in dots)])
    axis = {"title": "share of the variance between people", **ALONG}
    x, low = (numeric(field, [least, most], axis) for field in ("share", "low"))
    aside = {"yOffset": {"field": "up", "type": "ordinal", "scale": {"paddingOuter": 0.6}}}
    place = {"y": _factors(rows), **aside, "color": paint()}
    return chart(
        [
            layer("rule", [{"share": 0.0}], {"x": x}, color=FAINT, strokeWidth=1),
            layer("rule", dots, {**place, "x": low, "x2": {"field": "high"}}, strokeWidth=1.3),
            layer("point", dots, {**place, "x": x}, filled=True, size=34, opacity=1),
        ],
        WIDTH,
        BAR * len(rows),
    )
