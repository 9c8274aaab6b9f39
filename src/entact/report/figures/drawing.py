"""A figure of the report: drawings, their key and the numbers behind them; and how a chart becomes SVG."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import escape

from entact.report.lettering import width_of
from entact.report.palette import FAINT, GRID, INK

if TYPE_CHECKING:
    import altair as alt

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
LETTERS = 12.0  # size of text in a drawing, px
ROOM = 1.3  # a drawing may grow by this factor where the page has room
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
    """One SVG element; `heading` stands above it, `group` above the first of a row of drawings.

    A drawing for wide screens and one for narrow ones show the same; the page shows the one that fits.
    """

    svg: str
    heading: str | None = None
    group: str | None = None
    screen: Literal["any", "wide", "narrow"] = "any"


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

    @property
    def across(self) -> int:
        """How many drawings stand side by side where there is room: those of one group."""
        groups = sum(drawing.group is not None for drawing in self.drawings) or 1
        return max(1, min(-(-len(self.drawings) // groups), 4))


def draw(chart: alt.LayerChart | alt.Chart, *, name: str, alt_text: str, note: str | None) -> str:
    """A chart as an `svg` element for a page: no address, no fixed size, ids of its own, and a description.

    Args:
        chart: of Altair. name: prefix of its ids, unique on the page. alt_text: what it shows, in words.
        note: stands in the drawing itself, such as SIMULATED DATA.
    """
    import vl_convert

    specification: dict[str, Any] = chart.to_dict(validate=False)  # validation would take most of the time
    specification["config"] = _CONFIG
    if note:
        specification["title"] = {"text": note} | _NOTE
    drawn: str = vl_convert.vegalite_to_svg(specification)
    return for_page(drawn, name=name, alt_text=alt_text)


def for_page(drawn: str, *, name: str, alt_text: str) -> str:
    """An SVG document as an element within a page."""
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawn)
    assert size is not None
    inner = drawn[drawn.index(">") + 1 :]
    inner = re.sub(r' (?:aria-[a-z]+|role|class|pointer-events)="[^"]*"', "", inner)
    # The converter numbers ids over all that it ever drew; here they begin anew, or no two pages were alike.
    known = dict.fromkeys(re.findall(r'\bid="([^"]*)"', inner))
    ids = {old: f"{name}-{place}" for place, old in enumerate(known)}
    inner = re.sub(
        r'(\bid="|url\(#|href="#)([^")]*)', lambda found: found[1] + ids.get(found[2], found[2]), inner
    )
    inner = re.sub(r'<path d=""[^>]*/>', "", inner)
    box = f'viewBox="0 0 {size[1]} {size[2]}"'
    opening = f'<svg class="chart" {box} role="img" aria-labelledby="{name}-title"'
    widest = f"max-width:{ROOM * float(size[1]):g}px"
    return f'{opening} style="{widest}"><title id="{name}-title">{escape(alt_text)}</title>{inner}'


def plot(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """A chart on rows of its own; as text, of which no layer makes a copy row by row."""
    import altair as alt

    text = json.dumps(list(rows), ensure_ascii=False)
    return alt.Chart(alt.InlineData(values=text, format=alt.JsonDataFormat(type="json")))


def labels(titles: Mapping[str, Sequence[str]], *, is_vertical: bool = True) -> dict[str, Any]:
    """Settings of an axis whose values stand for titles of one or more lines, with the room that they need.

    Args:
        titles: value -> lines. is_vertical: of the axis; lines then stand about the middle of their place.
    """
    widest = max((width_of(line, LETTERS) for lines in titles.values() for line in lines), default=0.0)
    most = max(map(len, titles.values()), default=1)
    return {
        "labelExpr": f"({json.dumps(titles, ensure_ascii=False)})[toString(datum.value)]",
        "labelOverlap": False,
        "labelLimit": widest + 14,
    } | (
        {"minExtent": widest + 14, "labelPadding": 9, "labelOffset": -0.6 * LETTERS * (most - 1)}
        if is_vertical
        else {}
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
    "fontSize": 12,
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
        "labelFontSize": LETTERS,
        "titleFontSize": LETTERS,
        "titleFontWeight": "normal",
        "gridColor": GRID,
        "domainColor": FAINT,
        "tickColor": FAINT,
        "titlePadding": 8,
    },
    "text": {"fontSize": LETTERS, "color": INK},
    "title": {"color": INK, "fontSize": 13},
}
