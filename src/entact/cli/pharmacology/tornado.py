"""The picture of `entact sensitivity`: a tornado of what each factor changes, or shares of the variance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from entact.cli.pharmacology.picture import (
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
    write_sheet,
)
from entact.cli.pharmacology.sensitivity import Row, by_measure, heading, worth_showing
from entact.pharmacology.sensitivity import Sensitivity
from entact.report.palette import FAINT, INK

WIDTH: Final = 400
BAR: Final = 19
"""px of a factor, upwards"""
NAMES: Final = 180
"""px of the names"""


def write_tornado(found: Sensitivity, path: Path) -> None:
    """Writes the picture as its suffix says. Errors: `PictureError`, `OSError`."""
    write_sheet(tornado_sheet(found), path)


def tornado_sheet(found: Sensitivity) -> Sheet:
    """The picture: a panel a measure."""
    panels = [_panel(worth_showing(rows), place) for place, rows in enumerate(by_measure(found).values())]
    caption = f"{found.method[0].upper()}{found.method[1:]}."
    if "at_low" in found.rows.columns and "sex" in found.rows["factor"]:
        caption += " Of sex, low is a man."
    return Sheet(f"{found.regimen} · {found.who}", caption, found.notes, panels, 1)


def _panel(rows: Sequence[Row], place: int) -> Panel:
    shares = "first" in rows[0]
    drawing = _shares(rows) if shares else _tornado(rows)
    key = {"alone": BLUE, "with interactions": ORANGE} if shares else {"factor low": BLUE, "high": ORANGE}
    what = "explains most of" if shares else "changes most"
    text = f"{heading(rows)}: of {len(rows)} factors {rows[0]['factor']} {what}."
    return panel(drawing, heading(rows), text, name=f"tornado-{place}", key=key)


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
    x = numeric(
        "to", [min(ends) - room, max(ends) + room], {"title": f"{rows[0]['of']}{unit}", "grid": False}
    )
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
    axis = {"title": "share of the variance between people", "grid": False}
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
