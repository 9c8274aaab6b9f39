"""The CONSORT diagram as SVG: boxes as high as their text, one column an arm.

Source: Schulz, Altman, Moher 2010 (CONSORT 2010), figure 1; the boxes of sessions are entact's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from entact.report.flow import ArmFlow, Flow, Reason
from entact.report.lettering import wrap

SIZE, LEADING, PAD, GAP = 13.0, 18.0, 10.0, 26.0
NARROWEST = 150.0  # of a column: below it a word may not fit
EQUALS = "n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"
MOST_REASONS = 6  # named in one box; the rest are counted together


@dataclass(frozen=True, slots=True)
class BoxText:
    """One text of a box before it is broken into lines."""

    text: str
    bold: bool = False
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Box:
    """A box with its place."""

    lines: tuple[BoxText, ...]
    x: float
    y: float
    width: float

    @property
    def rows(self) -> list[tuple[str, BoxText]]:
        """The lines as broken, each with the line it is of."""
        return [
            (text, line)
            for line in self.lines
            for text in wrap(line.text, self.width - 2 * PAD - line.indent * SIZE, SIZE, bold=line.bold)
        ]

    @property
    def height(self) -> float:
        return len(self.rows) * LEADING + 2 * PAD

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


def consort(flow: Flow, *, width: float = 720.0, note: str | None = None, name: str = "consort") -> str:
    """The diagram as one `svg` element for a page; it grows beyond the width where the arms need it.

    Args:
        flow: of any number of arms. width: wanted, in px. note: stands in the drawing (SIMULATED DATA).
        name: prefix of the ids in the element, unique on its page.
    """
    columns = max(len(flow.arms), 1)
    needed = columns * NARROWEST + (columns - 1) * GAP / 2 + 2
    least = f";min-width:{needed:g}px" if needed > width else ""  # it moves sideways, and stays readable
    width = max(width, needed)
    boxes, lines = _head(flow, width)
    boxes_below, lines_below = _arms(flow, width, boxes[-1])
    boxes, lines = [*boxes, *boxes_below], [*lines, *lines_below]
    height = max(box.bottom for box in boxes) + (LEADING + 6 if note else 1)
    parts = [
        f'<svg class="consort" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" style="max-width:{width:g}px{least}">',
        f'<title id="{name}-title">Flow of participants</title>',
        f'<desc id="{name}-desc">{escape(_in_words(boxes))}</desc>',
        *(f'<path class="flow" d="{path}"/>' for path in lines),
        *(_draw(box) for box in boxes),
    ]
    if note:
        x, y = f"{width / 2:g}", f"{height - 6:g}"
        parts.append(f'<text class="note" x="{x}" y="{y}" text-anchor="middle">{escape(note)}</text>')
    return "".join([*parts, "</svg>"])


def _head(flow: Flow, width: float) -> tuple[list[Box], list[str]]:
    """From consent to entry: assessed, excluded beside the way down, randomised or enrolled last."""
    is_wide = width >= 560
    main = min(width * 0.42, 320.0) if is_wide else width - 2
    left = (width - main) / 2
    spine = width / 2 if is_wide else GAP
    x = spine + GAP
    assessed = Box((BoxText("Consented and assessed", True), _n(flow.assessed)), left, 1.0, main)
    excluded = Box(tuple(_excluded(flow)), x, assessed.bottom + GAP, width - x - 1)
    title = flow.entered_as.capitalize()
    randomised = Box((BoxText(title, True), _n(flow.entered)), left, excluded.bottom + GAP, main)
    aside = excluded.y + excluded.height / 2
    lines = [
        f"M{spine:g} {assessed.bottom:g}V{randomised.y:g}",
        _head_down(spine, randomised.y),
        f"M{spine:g} {aside:g}H{x:g}",
        _head_right(x, aside),
    ]
    return [assessed, excluded, randomised], lines


def _arms(flow: Flow, width: float, above: Box) -> tuple[list[Box], list[str]]:
    """One column an arm under the randomisation, rows of equal height."""
    count = max(len(flow.arms), 1)
    gap = GAP / 2
    column = min((width - 2 - (count - 1) * gap) / count, 420.0)
    left = (width - count * column - (count - 1) * gap) / 2
    boxes: list[Box] = []
    lines: list[str] = []
    y = above.bottom + 2 * GAP
    for place, write in enumerate((_allocated, _followed, _analysed)):
        row = [
            Box(tuple(write(flow, arm)), left + number * (column + gap), y, column)
            for number, arm in enumerate(flow.arms)
        ]
        for number, box in enumerate(row):
            if place == 0:
                lines.append(
                    f"M{above.middle:g} {above.bottom:g}V{above.bottom + GAP:g}H{box.middle:g}V{box.y:g}"
                )
            else:
                lines.append(f"M{box.middle:g} {boxes[number - len(row)].bottom:g}V{box.y:g}")
            lines.append(_head_down(box.middle, box.y))
        boxes += row
        y = max((box.bottom for box in row), default=y) + GAP
    return boxes, lines


def _excluded(flow: Flow) -> Iterable[BoxText]:
    failed = sum(reason.n for reason in flow.not_eligible)
    others = sum(reason.n for reason in flow.excluded)
    yield BoxText(f"Not {flow.entered_as} ({EQUALS}{failed + others})", True)
    if failed:
        yield BoxText(f"not eligible, by the first criterion ({EQUALS}{failed})")
        yield from _listed(flow.not_eligible, 1)
    yield from _listed(flow.excluded, 0)


def _allocated(flow: Flow, arm: ArmFlow) -> Iterable[BoxText]:
    yield BoxText(arm.title, True)
    allocated = "Allocated" if flow.entered_as == "randomised" else "Enrolled"
    yield BoxText(f"{allocated} ({EQUALS}{arm.allocated})")
    yield BoxText(f"took a dose ({EQUALS}{arm.treated})", indent=1)
    yield BoxText(f"took none ({EQUALS}{arm.not_treated})", indent=1)


def _followed(flow: Flow, arm: ArmFlow) -> Iterable[BoxText]:
    yield BoxText("Sessions with a dose", True)
    for title, n in arm.sessions:
        yield BoxText(f"{title} ({EQUALS}{n})", indent=1)
    yield BoxText(f"Stopped treatment ({EQUALS}{sum(reason.n for reason in arm.stopped)})", True)
    yield from _listed(arm.stopped, 1)
    yield BoxText(f"Left the study ({EQUALS}{sum(reason.n for reason in arm.left)})", True)
    yield from _listed(arm.left, 1)


def _analysed(flow: Flow, arm: ArmFlow) -> Iterable[BoxText]:
    yield BoxText(f"Analysed ({EQUALS}{arm.analysed})", True)
    yield BoxText(flow.set_title)
    rated = "rated on treatment" if flow.on_treatment else "outcome known"
    yield BoxText(f"{rated} at {flow.outcome_at} ({EQUALS}{arm.with_outcome})", indent=1)
    yield BoxText(f"Not analysed ({EQUALS}{arm.not_analysed})")


def _listed(reasons: Sequence[Reason], indent: int) -> Iterable[BoxText]:
    shown = reasons if len(reasons) <= MOST_REASONS + 1 else reasons[:MOST_REASONS]
    for reason in shown:
        yield BoxText(f"{reason.text} ({EQUALS}{reason.n})", indent=indent)
    if len(shown) < len(reasons):
        rest = reasons[len(shown) :]
        yield BoxText(f"{len(rest)} other reasons ({EQUALS}{sum(one.n for one in rest)})", indent=indent)


def _n(count: int) -> BoxText:
    return BoxText(f"{EQUALS}{count}")


def _draw(box: Box) -> str:
    place_of = f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"'
    parts = [f'<rect class="box" {place_of} rx="6"/>']
    for place, (text, line) in enumerate(box.rows):
        x = box.x + PAD + line.indent * SIZE
        y = box.y + PAD + place * LEADING + SIZE
        weight = ' font-weight="700"' if line.bold else ""
        parts.append(f'<text x="{x:g}" y="{y:g}" font-size="{SIZE:g}"{weight}>{escape(text)}</text>')
    return "".join(parts)


def _in_words(boxes: Iterable[Box]) -> str:
    return ". ".join("; ".join(line.text for line in box.lines) for box in boxes) + "."


def _head_down(x: float, y: float) -> str:
    return f"M{x - 4:g} {y - 7:g}L{x:g} {y:g}L{x + 4:g} {y - 7:g}"


def _head_right(x: float, y: float) -> str:
    return f"M{x - 7:g} {y - 4:g}L{x:g} {y:g}L{x - 7:g} {y + 4:g}"
