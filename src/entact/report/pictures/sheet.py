"""Panels in a sheet, as SVG, as PNG, or as a page that needs nothing but itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

from entact.report.lettering import width_of, wrap
from entact.report.palette import ARMS, FAINT, INK, PAPER

SUFFIXES: Final = (".svg", ".png", ".html")
FONT: Final = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
BLUE, ORANGE, GREEN, PINK = ARMS[0], ARMS[1], ARMS[2], ARMS[3]
WIDTH: Final = 296
"""px of a panel, all included"""
HEAD, GAP, EDGE = 40.0, 18.0, 22.0
AXIS: Final = 40
"""px for the labels of a vertical axis, the same in all panels so that they stand in line"""
TITLE, KEY, SMALL = 13.5, 11.5, 11.0


class PictureError(ValueError):
    """A picture that cannot be written as asked: says what would be right."""


@dataclass(frozen=True)
class Panel:
    """One chart under a title and a key of coloured words; `text` says what it shows, for those who hear."""

    title: str
    key: Sequence[tuple[str, str]]
    drawn: str
    text: str
    width: float
    height: float


@dataclass(frozen=True)
class Sheet:
    """Panels under a title, with the notes that have to stand beside them."""

    title: str
    caption: str
    notes: Sequence[str]
    panels: Sequence[Panel]
    columns: int = 3
    tables: Sequence[tuple[str, Sequence[Sequence[str]]]] = ()
    """of the page: a heading, and rows of which the first is the head"""
    origin: str = "SIMULATED"
    """whence the data are"""


def check_suffix(path: Path) -> None:
    """Says at once when a picture cannot be written under a name. Errors: `PictureError`."""
    if path.suffix.lower() not in SUFFIXES:
        raise PictureError(f"{path}: a picture is .svg, .png or .html; end the name in one of them")
    if not path.absolute().parent.is_dir():
        raise PictureError(f"{path}: there is no folder {path.parent}")


def write_sheet(sheet: Sheet, path: Path) -> None:
    """Writes the sheet as the suffix of the name says. Errors: `PictureError`, `OSError`."""
    check_suffix(path)
    suffix = path.suffix.lower()
    if suffix == ".html":
        path.write_text(as_page(sheet), encoding="utf-8")
    elif suffix == ".svg":
        path.write_text(as_svg(sheet), encoding="utf-8")
    else:
        import vl_convert

        path.write_bytes(vl_convert.svg_to_png(as_svg(sheet), scale=2))


class Chart(dict[str, Any]):
    """A Vega-Lite specification: as plain data, for Altair's own checks take longer than the drawing."""

    def to_dict(self, validate: bool = False) -> dict[str, Any]:
        return dict(self)


def layer(mark: str, rows: Sequence[Mapping[str, Any]], encoding: Mapping[str, Any], **style: Any) -> Chart:
    """One layer: a mark, the rows that it draws, and what of them is where."""
    return Chart(mark={"type": mark, **style}, data={"values": list(rows)}, encoding=dict(encoding))


def chart(layers: Sequence[Chart], width: float, height: float) -> Chart:
    """Layers in one frame of this size, px."""
    schema = "https://vega.github.io/schema/vega-lite/v6.json"
    return Chart({"$schema": schema, "layer": list(layers), "width": width, "height": height})


def panel(drawing: Chart, title: str, text: str, *, name: str, key: Mapping[str, str] | None = None) -> Panel:
    """A panel of a chart.

    Args:
        drawing: the chart. title: stands above. text: what it shows. name: unique in the sheet.
        key: word -> colour.
    """
    from entact.report.figures.drawing import draw

    drawn = draw(drawing, name=name, alt_text=text, note=None)  # type: ignore[arg-type]
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawn)
    assert size is not None
    return Panel(title, tuple((key or {}).items()), drawn, text, float(size[1]), float(size[2]))


def as_svg(sheet: Sheet) -> str:
    """The sheet as one SVG document."""
    widest = max(one.width for one in sheet.panels)
    columns = min(sheet.columns, len(sheet.panels))
    width = 2 * EDGE + columns * widest + (columns - 1) * GAP
    parts: list[str] = []
    y = EDGE + 16
    for line in wrap(f"{sheet.title} · {sheet.origin}", width - 2 * EDGE, 17, bold=True):
        parts.append(_text(line, EDGE, y, 17, bold=True))
        y += 22
    for line in wrap(sheet.caption, width - 2 * EDGE, KEY):
        parts.append(_text(line, EDGE, y - 2, KEY, FAINT))
        y += 16
    y += 14
    for first in range(0, len(sheet.panels), columns):
        row = sheet.panels[first : first + columns]
        for place, one in enumerate(row):
            parts.append(_placed(one, EDGE + place * (widest + GAP), y))
        y += HEAD + max(one.height for one in row) + GAP
    for note in sheet.notes:
        for line in wrap(note, width - 2 * EDGE, SMALL):
            parts.append(_text(line, EDGE, y, SMALL, FAINT))
            y += 15
    height = y + EDGE - 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'font-family="{FONT}" role="img">'
        f"<title>{escape(sheet.title)} ({escape(sheet.origin.lower())})</title>"
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="{PAPER}"/>{"".join(parts)}</svg>\n'
    )


def _placed(one: Panel, x: float, y: float) -> str:
    size = f'x="{x:g}" y="{y + HEAD:g}" width="{one.width:g}" height="{one.height:g}" '
    return _head(one, x, y) + one.drawn.replace("<svg ", f"<svg {size}", 1)


def _head(one: Panel, x: float, y: float) -> str:
    """Title and key above a panel."""
    parts = [_text(one.title, x + 2, y + 13, TITLE, bold=True)]
    along = x + 2
    for word, colour in one.key:
        parts.append(f'<rect x="{along:.1f}" y="{y + 23:.1f}" width="12" height="3" fill="{colour}"/>')
        parts.append(_text(word, along + 16, y + 29, KEY))
        along += 16 + 0.86 * width_of(word, KEY) + 14
    return "".join(parts)


def _text(text: str, x: float, y: float, size: float, colour: str = INK, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}"{weight}>{escape(text)}</text>'


def as_page(sheet: Sheet) -> str:
    """The sheet as one HTML page: no address, no script, light or dark as the reader prefers."""
    from entact.report.page import render

    drawn = [(one, _alone(one)) for one in sheet.panels]
    return render("sheet.html.j2", "sheet.css", {"sheet": sheet, "drawn": drawn})


def _alone(one: Panel) -> str:
    """A panel with its head, as an element of a page."""
    size = f'x="0" y="{HEAD:g}" width="{one.width:g}" height="{one.height:g}" '
    inner = one.drawn.replace("<svg ", f"<svg {size}", 1)
    whole = f'viewBox="0 0 {one.width:g} {one.height + HEAD:g}"'
    return f'<svg class="chart" {whole} font-family="{FONT}">{_head(one, 0, 0)}{inner}</svg>'


def hours_axis(end: float, field: str = "hours") -> dict[str, Any]:
    """The axis of hours since the initial dose."""
    step = next(step for step in (0.5, 1, 2, 4, 6, 12, 24, 48, 96, 240) if end / step <= 8 or step == 240)
    ticks = [place * step for place in range(int(end / step + 1e-9) + 1)]
    title = "hours since the initial dose"
    axis = {"title": title, "grid": False, "values": ticks, "labelFlush": False}
    # As they are: formats of a renderer keep as many digits as its own ticks would need, and 12 becomes 1e+1.
    axis["labelExpr"] = "'' + datum.value"
    return numeric(field, [0, end], axis)


def numeric(field: str, domain: Sequence[float], axis: Mapping[str, Any]) -> dict[str, Any]:
    """A quantitative place on an axis."""
    scale = {"domain": list(domain), "nice": False, "zero": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": dict(axis)}


def upright(title: str | None = None) -> dict[str, Any]:
    """Settings of a vertical axis of numbers."""
    return {"title": title, "tickCount": 5, "minExtent": AXIS, "maxExtent": AXIS}


def paint(field: str = "colour") -> dict[str, Any]:
    """The colour that a row names itself."""
    return {"field": field, "type": "nominal", "scale": None, "legend": None}


def limit_layers(values: Sequence[float], y: Mapping[str, Any], right: float) -> list[Chart]:
    """Dashed rules at limits, with their numbers at the right end."""
    rows = [{y["field"]: value, "text": f"{value:g}"} for value in values]
    if not rows:
        return []
    words = {"x": {"value": right}, "y": y, "text": {"field": "text", "type": "nominal"}}
    style = {"align": "right", "baseline": "bottom", "dx": -2, "dy": -1, "fontSize": 10.5, "color": INK}
    return [
        layer("rule", rows, {"y": y}, strokeDash=[5, 3], color=INK, strokeWidth=1.1),
        layer("text", rows, words, **style),
    ]


def tidy(value: float) -> float:
    """A number to five digits: a picture shows no more, and becomes a third of the size."""
    return float(f"{value:.5g}")
