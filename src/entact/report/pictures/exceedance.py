"""How often alert limits are crossed in each session, and by which readings that would be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from entact.report.palette import FAINT
from entact.report.pictures.sheet import (
    BLUE,
    GREEN,
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
ROW: Final = 30
NAMES: Final = 200
BESIDE: Final = 8
"""between a name and the line of nothing, on which a dot may lie"""

Row = Mapping[str, Any]
"""`session` (a name), `ever`, `low`, `high`, `own`, `denser`: shares"""


def exceedance_sheet(
    title: str, caption: str, notes: Sequence[str], alerts: Sequence[tuple[str, Sequence[Row]]], denser: str
) -> Sheet:
    """The picture: a panel an alert, a row a session.

    Args:
        alerts: what each is and its rows. denser: what the denser readings are called.
    """
    panels = [_panel(heading, rows, place, denser) for place, (heading, rows) in enumerate(alerts)]
    return Sheet(title, caption, notes, panels, 1)


def _panel(heading: str, rows: Sequence[Row], place: int, denser: str) -> Panel:
    key = {"at any moment": ORANGE, "seen by the study's readings": BLUE, denser: GREEN}
    most = max(rows, key=lambda row: float(row["ever"]))
    text = f"{heading}: crossed most often in {most['session']}, in {100 * most['ever']:.1f} % of the people."
    return panel(_drawing(rows), heading, text, name=f"exceedance-{place}", key=key)


def _drawing(rows: Sequence[Row]) -> Chart:
    dots = [
        {"session": row["session"], "share": tidy(100 * row[name]), "colour": colour, "up": up}
        for row in rows
        for name, colour, up in (("ever", ORANGE, 0), ("own", BLUE, 1), ("denser", GREEN, 2))
    ]
    ranges = [
        {"session": row["session"], "low": tidy(100 * row["low"]), "high": tidy(100 * row["high"]), "up": 0}
        | {"colour": ORANGE}
        for row in rows
    ]
    most = max([1.0, *(one["high"] for one in ranges)])
    axis = {"title": "% of the people", "grid": False, "tickCount": 6, "labelOverlap": "greedy"}
    x, low = (numeric(field, [0.0, 1.05 * most], axis) for field in ("share", "low"))
    names = {"title": None, "ticks": False, "domain": False, "labelLimit": NAMES, "minExtent": NAMES}
    names["labelPadding"] = BESIDE
    order = [row["session"] for row in rows]
    y = {"field": "session", "type": "nominal", "sort": order, "axis": names, "scale": {"padding": 0.2}}
    aside = {
        "yOffset": {"field": "up", "type": "ordinal", "scale": {"paddingOuter": 0.6, "domain": [0, 1, 2]}}
    }
    where = {"y": y, **aside, "color": paint()}
    return chart(
        [
            layer("rule", [{"share": 0.0}], {"x": x}, color=FAINT, strokeWidth=1),
            layer("rule", ranges, {**where, "x": low, "x2": {"field": "high"}}, strokeWidth=1.3),
            layer("point", dots, {**where, "x": x}, filled=True, size=34, opacity=1),
        ],
        WIDTH,
        ROW * len(rows),
    )
