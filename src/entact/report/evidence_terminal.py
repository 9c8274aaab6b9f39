"""A synthesis in the terminal: forest plots and funnel plots of letters, and the table of trials."""

from __future__ import annotations

from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from entact.report.checks import check_sections
from entact.report.evidence import (
    ASSUMED,
    FEWEST_IN_FUNNEL,
    LETTERS,
    Axis,
    ForestRow,
    axis_of,
    bias_letters,
    concerns,
    forest_rows,
    heterogeneity,
    left_out,
    measure_in_words,
    numbers_by_arm,
    status,
)
from entact.synthesis import Answer, Evidence

WIDEST: Final = 110
_LABEL, _NUMBER, _VALUE, _LEAST = 27, 6, 23, 18
FUNNEL_HEIGHT: Final = 9


def render_evidence(evidence: Evidence, width: int) -> Group:
    """A synthesis for a Rich console of a width, in columns."""
    parts: list[RenderableType] = [Text(f"{evidence.title} · published trials", style="bold")]
    for answer in evidence.answers:
        parts.extend(_answer(answer, min(width, WIDEST)))
    if not evidence.answers:
        parts.append(Text("No trial has published a comparison with a control.", style="yellow"))
    parts.append(Padding(_trials(evidence, min(width, WIDEST)), (1, 0, 0, 0)))
    return Group(*parts)


def _answer(answer: Answer, width: int) -> list[RenderableType]:
    rows = forest_rows(answer)
    axis = axis_of(answer, rows)
    room = max(_LEAST, width - _LABEL - _NUMBER - _VALUE - 3)
    table = Table.grid(padding=(0, 1), pad_edge=False)
    for size, justify in ((_LABEL, "left"), (_NUMBER, "right"), (_VALUE, "right"), (room, "left")):
        table.add_column(width=size, justify=justify)  # type: ignore[arg-type]
    for row in rows:
        style = "" if row.kind == "trial" else "bold" if row.kind == "pooled" else "dim"
        table.add_row(
            Text(row.label, style=style, overflow="ellipsis", no_wrap=True),
            Text(row.n, style="dim"),
            Text(row.text, style=style),
            Text(bar(row, axis, room), style="yellow" if row.kind == "pooled" else style),
        )
    table.add_row("", "", "", Text(_scale(axis, room), style="dim"))
    heading = Text(answer.title, style="bold")
    parts: list[RenderableType] = [
        Padding(heading, (1, 0, 0, 0)),
        Text(measure_in_words(answer), style="dim"),
    ]
    parts.append(table)
    if said := heterogeneity(answer):
        parts.append(Text(said, style="dim"))
    if len(answer.included) >= FEWEST_IN_FUNNEL:
        parts.append(Text(funnel(answer, axis, room), style="dim"))
    parts.extend(
        Text(f"not pooled: {'; '.join(names)}: {reason}", style="red" if "retracted" in reason else "dim")
        for reason, names in left_out(answer).items()
    )
    parts.extend(Text(f"– {note}", style="dim") for note in answer.notes)
    for kind, (head, *body) in check_sections(answer):
        listed = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
        for place, name in enumerate(head):
            listed.add_column(name, max_width=width // 3 if place == 0 else None, overflow="fold")
        for cells in body:
            listed.add_row(*(Text(cell) for cell in cells))
        parts.append(Padding(Group(Text(kind, style="italic"), listed), (1, 0, 0, 0)))
    return parts


def bar(row: ForestRow, axis: Axis, width: int) -> str:
    """A row drawn: interval, a mark at the estimate, `│` where nothing happens, arrows where it is cut."""
    cells = [" "] * width
    zero = _place(0.0, axis, width)
    cells[zero] = "│"
    low, high = _place(row.low, axis, width), _place(row.high, axis, width)
    line = "╌" if row.kind == "prediction" else "─"
    for place in range(low, high + 1):
        cells[place] = "┼" if place == zero else line
    cells[low] = "◂" if row.low < axis.low else "├"
    cells[high] = "▸" if row.high > axis.high else "┤"
    cells[_place(row.value, axis, width)] = "■" if row.kind == "trial" else "◆"
    return "".join(cells)


def funnel(answer: Answer, axis: Axis, width: int) -> str:
    """Effects by their standard errors, precise ones on top, about the pooled effect."""
    top = max(one.effect.se for one in answer.included)
    rows = [[" "] * width for _ in range(FUNNEL_HEIGHT)]
    middle = answer.pooled.estimate
    for place, cells in enumerate(rows):
        se = top * place / (FUNNEL_HEIGHT - 1)
        for edge in (middle - 1.96 * se, middle + 1.96 * se):
            if axis.low <= edge <= axis.high:
                cells[_place(edge, axis, width)] = "·"
        cells[_place(middle, axis, width)] = "┊"
    for one in answer.included:
        place = round((FUNNEL_HEIGHT - 1) * one.effect.se / top)
        rows[place][_place(one.effect.estimate, axis, width)] = "●"
    lead = _LABEL + _NUMBER + _VALUE + 3
    lines = []
    for place, cells in enumerate(rows):
        label = {0: "funnel: SE 0", FUNNEL_HEIGHT - 1: f"SE {top:.2f}"}.get(place, "")
        lines.append(f"{label:>{lead - 1}} {''.join(cells)}".rstrip())
    return "\n".join(lines)


def _scale(axis: Axis, width: int) -> str:
    cells = [" "] * width
    for value, label in axis.ticks:
        start = max(0, min(_place(value, axis, width) - len(label) // 2, width - len(label)))
        free = all(cell == " " for cell in cells[max(0, start - 1) : start + len(label) + 1])
        if free:
            cells[start : start + len(label)] = label
    return "".join(cells)


def _place(value: float, axis: Axis, width: int) -> int:
    share = (min(max(value, axis.low), axis.high) - axis.low) / (axis.high - axis.low)
    return min(width - 1, round(share * (width - 1)))


def _trials(evidence: Evidence, width: int) -> Group:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
    table.add_column("trial", max_width=max(24, width - 54), overflow="fold")
    table.add_column("year")
    table.add_column("people", max_width=12)
    table.add_column("status", max_width=20)
    table.add_column("bias", no_wrap=True)
    for trial in evidence.trials:
        style = "red" if trial.retracted else ""
        cells = (trial.title, str(trial.year), numbers_by_arm(trial), status(trial), bias_letters(trial))
        table.add_row(*(Text(cell, style=style) for cell in cells))
    notes = [LETTERS, *concerns(evidence)]
    if any(answer.has_assumptions for answer in evidence.answers):
        notes.append(f"{ASSUMED} not confirmed: an assumption")
    return Group(Text("Trials", style="bold"), table, Text("\n".join(notes), style="dim"))
