"""A figure of the report: drawings, their key and the numbers behind them; and how a chart becomes SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import escape

from entact.report.palette import FAINT, GRID, INK

if TYPE_CHECKING:
    import altair as alt

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
MOST_LINES = 240  # participants drawn one by one in a figure: more than these are a blot


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a figure's key: a colour and the mark that carries it."""

    colour: str
    mark: Literal["line", "dot", "diamond", "square", "dashes"]
    text: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers behind a figure, as a table; the first column of each row is its heading."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """One SVG element; `heading` stands above it, `group` above the first of a row of drawings."""

    svg: str
    heading: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure.

    Attributes:
        name: unique on the page. caption: what it shows, how many stand behind it, what the marks mean.
        is_small: whether the drawings are small multiples that stand side by side.
    """

    name: str
    title: str
    caption: str
    drawings: tuple[Drawing, ...]
    key: tuple[Key, ...]
    numbers: Numbers | None = None
    is_small: bool = False


def draw(chart: alt.LayerChart | alt.Chart, *, name: str, alt_text: str, note: str | None) -> str:
    """A chart as an `svg` element for a page: no address, no fixed size, ids of its own, and a description.

    Args:
        chart: of Altair. name: prefix of its ids, unique on the page. alt_text: what it shows, for who cannot see.
        note: stands in the drawing itself, such as SIMULATED DATA.
    """
    import vl_convert

    specification: dict[str, Any] = chart.to_dict()
    specification["config"] = _CONFIG
    if note:
        specification["title"] = {
            **({"text": note} | _NOTE),
        }
    drawn: str = vl_convert.vegalite_to_svg(specification)
    return for_page(drawn, name=name, alt_text=alt_text)


def for_page(drawn: str, *, name: str, alt_text: str) -> str:
    """An SVG document as an element within a page."""
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawn)
    assert size is not None
    inner = drawn[drawn.index(">") + 1 :]
    inner = re.sub(r' (?:aria-[a-z]+|role|class|pointer-events)="[^"]*"', "", inner)
    inner = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", inner)
    inner = re.sub(r'<path d=""[^>]*/>', "", inner)
    return (
        f'<svg class="chart" viewBox="0 0 {size[1]} {size[2]}" role="img" aria-labelledby="{name}-title" '
        f'style="max-width:{float(size[1]):g}px"><title id="{name}-title">{escape(alt_text)}</title>{inner}'
    )


def sample(subjects: Sequence[str]) -> list[str]:
    """All participants, or evenly spaced ones where there are too many to draw one by one."""
    step = -(-len(subjects) // MOST_LINES) or 1
    return list(subjects[::step])


def drawn_of(subjects: Sequence[str]) -> str:
    """What a caption says of the participants drawn one by one."""
    drawn = sample(subjects)
    if len(drawn) == len(subjects):
        return f"Faint lines are the {len(subjects)} participants"
    return f"Faint lines are {len(drawn)} of the {len(subjects)} participants, evenly chosen by identifier"


_NOTE: dict[str, Any] = {
    "anchor": "end",
    "frame": "bounds",
    "fontSize": 10.5,
    "fontWeight": "bold",
    "color": FAINT,
    "offset": 4,
}
_CONFIG: dict[str, Any] = {
    "background": None,
    "font": FONT,
    "aria": False,
    "padding": 2,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "gridColor": GRID,
        "domainColor": FAINT,
        "tickColor": FAINT,
        "labelLimit": 220,
        "titlePadding": 8,
    },
    "text": {"fontSize": 12, "color": INK},
    "title": {"color": INK, "fontSize": 13},
}
