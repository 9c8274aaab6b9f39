"""The schedule of a study as a picture: a row a visit, its window as a bar, the day it is due as a mark."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from entact.report.lettering import cut, width_of
from entact.report.palette import ARMS, FAINT, GRID, INK, PAPER, UNKNOWN
from entact.report.pictures.sheet import PictureError

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
WIDE, NARROW = 720.0, 340.0
SUFFIXES = (".svg", ".png")
_ROW, _SIZE, _SMALL = 22.0, 13.0, 12.0
_COLOURS = {
    "dosing": ARMS[1],
    "assessment": ARMS[0],
    "preparatory": ARMS[5],
    "integration": ARMS[2],
    "contact": UNKNOWN,
    "screening": ARMS[7],
    "end": INK,
}


@dataclass(frozen=True, slots=True)
class VisitBar:
    """A visit: what it is called, of what kind, in which epoch (its title), when in words, and its days.

    `day` is when it is due, `earliest` to `latest` its window, from where its group counts; None: not known.
    """

    title: str
    kind: str
    epoch: str | None
    when: str
    day: float | None
    earliest: float | None
    latest: float | None


@dataclass(frozen=True, slots=True)
class VisitBars:
    """Visits that count from one thing, `since`; a title where there are several such groups."""

    title: str | None
    since: str
    visits: Sequence[VisitBar]


NAMES = {"dosing": "dosing session", "contact": "call", "end": "end of study"}


def draw_schedule(
    groups: Sequence[VisitBars],
    *,
    width: float = WIDE,
    name: str = "schedule",
    alone: bool = False,
    say: Callable[[str], str] = str,
) -> str:
    """The schedule as an `svg` element.

    Args:
        width: of the drawing, px. name: prefix of its ids, unique on a page.
        alone: as a document of its own, with a background. say: its own words in another language than
            English.
    """
    labels = [visit.title for group in groups for visit in group.visits]
    margin = min(
        max((width_of(label, _SIZE) for label in labels), default=0) + 14,
        width * (0.36 if width > NARROW else 0.42),
    )
    parts: list[str] = []
    y = _key(groups, parts, width, say)
    for group in groups:
        y = _draw_group(group, parts, y, margin, width, say)
    text = escape(
        say("Schedule of {0} visits: windows as bars, the day each is due as a mark").format(len(labels))
    )
    size = f'viewBox="0 0 {width:g} {y:g}"'
    head = f'<svg class="chart" {size} role="img" aria-labelledby="{name}-title" font-family="{FONT}"'
    if alone:
        head += f' xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{y:g}"'
        parts.insert(0, f'<rect width="{width:g}" height="{y:g}" fill="{PAPER}"/>')
    return f'{head}><title id="{name}-title">{text}</title>{"".join(parts)}</svg>'


def write_picture(groups: Sequence[VisitBars], path: Path) -> None:
    """Writes the schedule as SVG or PNG, by the file's suffix.

    Raises:
        PictureError: for another suffix. OSError: when the file cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise PictureError(f"{path}: a picture is {' or '.join(SUFFIXES)}; end the name in one of them")
    drawn = draw_schedule(groups, alone=True)
    if path.suffix.lower() == ".svg":
        path.write_text(drawn, encoding="utf-8")
        return
    import vl_convert

    path.write_bytes(vl_convert.svg_to_png(drawn, scale=2))


def _key(groups: Sequence[VisitBars], parts: list[str], width: float, say: Callable[[str], str]) -> float:
    """The key of colours; returns where it ends."""
    x, y = 4.0, 16.0
    kinds = (visit.kind for group in groups for visit in group.visits if visit.day is not None)
    for kind in dict.fromkeys(kinds):
        text = say(NAMES.get(kind, kind.replace("_", " ")))
        room = width_of(text, _SMALL) + 34
        if x + room > width:
            x, y = 4.0, y + 18
        parts.append(_mark(kind, x + 6, y - 4))
        parts.append(_text(text, x + 17, y, size=_SMALL))
        x += room
    return y + 14


def _draw_group(
    group: VisitBars,
    parts: list[str],
    y: float,
    margin: float,
    width: float,
    say: Callable[[str], str],
) -> float:
    low = min(min(visit.earliest or 0.0, visit.day or 0.0) for visit in group.visits)
    high = max(max(visit.latest or 0.0, visit.day or 0.0) for visit in group.visits)
    start, end = 7 * math.floor(low / 7), 7 * math.ceil(max(high, low + 7) / 7)
    scale = (width - margin - 12) / (end - start)

    def across(day: float) -> float:
        return margin + (day - start) * scale

    if group.title:
        parts.append(_text(group.title, 4, y + 16, bold=True))
        y += 26
    top, rows = y, list(_rows(group))
    bottom = top + _ROW * len(rows)
    step = _step((end - start) / 7, (width - margin) / 46)
    for week in range(-(-start // 7), end // 7 + 1):
        if week % step == 0:
            x = across(week * 7)
            colour = FAINT if week == 0 else GRID
            parts.append(f'<path d="M{x:.1f} {top:g}V{bottom:g}" stroke="{colour}" fill="none"/>')
            parts.append(_text(str(week).replace("-", "−"), x, bottom + 15, size=_SMALL, anchor="middle"))
    for place, row in enumerate(rows):
        middle = top + _ROW * (place + 0.5)
        if isinstance(row, str):
            parts.append(_text(row, 4, middle + 5, size=_SMALL, colour=FAINT, bold=True))
            continue
        parts.append(_text(cut(row.title, margin - 10, _SIZE), 4, middle + 4.5))
        if row.day is None:  # it waits for what no calendar knows
            when = cut(row.when, width - margin - 12, _SMALL)
            parts.append(_text(when, margin, middle + 4.5, size=_SMALL, colour=FAINT))
            continue
        colour = _COLOURS[row.kind]
        left, right = across(row.earliest or 0.0), across(row.latest or 0.0)
        if right - left > 1:
            parts.append(
                f'<rect x="{left:.1f}" y="{middle - 3.5:.1f}" width="{right - left:.1f}" height="7" rx="3.5" '
                f'fill="{colour}" fill-opacity="0.32"/>'
            )
        parts.append(_mark(row.kind, across(row.day or 0.0), middle, row))
    weeks = say("weeks from {0}").format(group.since)
    parts.append(_text(weeks, width - 12, bottom + 32, size=_SMALL, anchor="end", colour=FAINT))
    return bottom + 44


def _rows(group: VisitBars) -> Iterator[VisitBar | str]:
    """Visits, with the title of an epoch before its first."""
    epoch: str | None = None
    for visit in group.visits:
        if visit.epoch is not None and visit.epoch != epoch:
            epoch = visit.epoch
            yield epoch
        yield visit


def _step(weeks: float, most: float) -> int:
    """How many weeks apart ticks stand, so that their numbers have room."""
    return next(
        step for step in (1, 2, 4, 8, 13, 26, 52, 104, 520) if weeks / step <= max(most, 2) or step == 520
    )


def _mark(kind: str, x: float, y: float, visit: VisitBar | None = None) -> str:
    """A diamond for a session with a dose, a dot for any other visit."""
    colour = _COLOURS[kind]
    title = f"<title>{escape(f'{visit.title}: {visit.when}')}</title>" if visit is not None else ""
    if kind == "dosing":
        return f'<path d="M{x:.1f} {y - 7:.1f}l7 7l-7 7l-7 -7z" fill="{colour}">{title}</path>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.6" fill="{colour}">{title}</circle>'


def _text(
    text: str,
    x: float,
    y: float,
    *,
    size: float = _SIZE,
    anchor: str = "start",
    colour: str = INK,
    bold: bool = False,
) -> str:
    # A halo in the colour of the paper keeps lines out of the letters that they cross.
    weight = f' font-weight="600" stroke="{PAPER}" stroke-width="4" paint-order="stroke"' if bold else ""
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}"{weight}>{escape(text)}</text>'
