"""`entact show`: a study in words in the terminal, as a page, as a picture or as data."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from entact.cli.diff import release_named
from entact.protocol.words import Account, Activities, Passage, Section, VisitRow, account
from entact.protocol.words.label import begun, spaced

WIDEST = 132  # columns of text: longer lines are not read
_WIDE = 100  # from here on what is said stands beside what it is said of
_ASSUMED = Text("*", style="yellow")


def tell_study(name: str, language: str | None = None) -> Account:
    """The newest release of a study in words, or the one that is named, as in `mapp1@1.0`.

    Args:
        language: of the study's own texts; its main one where none is named.

    Raises:
        StudyError: when it cannot be used, or there is no such release.
    """
    return account(release_named(name), language)


def as_data(told: Account) -> dict[str, Any]:
    """The same as plain data."""
    data = dataclasses.asdict(told)
    data["facts"] = [{"what": what, "value": value} for what, value in told.facts]
    data["assumptions"] = [{"field": field, "assumption": text} for field, text in told.assumptions]
    return data


def write_page(told: Account, path: Path) -> None:
    """Writes the study as one page that needs nothing but itself.

    Raises:
        OSError: when it cannot be written.
    """
    from entact.cli.show_page import render_page

    path.write_text(render_page(told), encoding="utf-8")


def print_study(told: Account) -> None:
    """The study in the terminal."""
    console = Console(highlight=False, markup=False)
    width = min(console.width, WIDEST)
    console.print(Text(f"{told.study} · {told.title}", style="bold"), width=width)
    console.print(Text(f"release {told.version}, {told.release}", style="dim"), soft_wrap=True)
    facts = ", ".join(f"{what} {value}" for what, value in told.facts)
    console.print(Text(begun(facts)), width=width)
    console.print(_heading("Schedule"), _visits(told.activities, width), width=width)
    console.print(_heading("Schedule of activities"), width=width)
    # The matrix may be as wide as the terminal: it is looked at, not read.
    for block in _matrix(told.activities, console.width):
        console.print(block, width=console.width)
    for section in told.sections:
        console.print(_section(section, width), width=width)
    if told.assumptions:
        console.print()
        text = f"* not confirmed: {len(told.assumptions)} assumptions, listed by --json and --html"
        console.print(Text(text, style="yellow"), width=width)


def _heading(title: str) -> RenderableType:
    return Padding(Text(title, style="bold"), (1, 0, 0, 0))


def _visits(schedule: Activities, width: int) -> RenderableType:
    """Every visit with its number, its week and its window, by group and epoch."""
    parts: list[RenderableType] = []
    number, runs = 0, {row[0].name: row for row in schedule.runs}
    for group in schedule.groups:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(justify="right", style="dim", min_width=2)
        table.add_column(min_width=18, max_width=26)
        table.add_column(justify="right", min_width=5)
        table.add_column(ratio=1)
        table.add_row("", Text("visit", style="dim"), Text("week", style="dim"), Text("when", style="dim"))
        epoch: str | None = None
        for visit in group.visits:
            if visit.name not in runs:
                continue
            if visit.epoch is not None and visit.epoch != epoch:
                title = schedule.epochs.get(visit.epoch, spaced(visit.epoch))
                table.add_row("", Text(title, style="italic"))
            row = runs[visit.name]
            epoch, number = visit.epoch, number + len(row)
            when = visit.when + (f"; {visit.fallback}" if visit.fallback else "")
            style = "bold" if visit.kind == "dosing" else ""
            said = Text(f"{when}{_how(visit)}")
            first = number - len(row) + 1
            table.add_row(str(first), Text(visit.title, style=style), _week(visit), said)
            if len(row) > 1:
                last = row[-1]
                each = row[1].when.rpartition(" after ")[0] or row[1].when
                more = Text(f"{len(row) - 1} more like it, each {each} after the one before")
                table.add_row(f"–{number}", Text(last.title, style=style), _week(last), more)
        if group.title:
            parts.append(Padding(Text(group.title, style="bold"), (1 if parts else 0, 0, 0, 4)))
        parts += [table, Text(f"Weeks from {group.since}, if each visit is on its best day.", style="dim")]
    return Group(*parts)


def _week(visit: VisitRow) -> str:
    return "" if visit.day is None else f"{visit.day / 7:.1f}".replace("-", "−").removesuffix(".0")


def _how(visit: VisitRow) -> str:
    """By whom, how and how long, where it is not the usual."""
    said = [f"by {spaced(visit.by)}"] if visit.by else []
    said += [visit.contact] if visit.contact != "in person" else []
    said += [visit.lasts] if visit.lasts else []
    both = len(visit.populations) > 1
    said += [f"for {' and '.join(map(spaced, visit.populations))}"] if both else []
    return f" ({', '.join(said)})" if said else ""


def _matrix(schedule: Activities, width: int) -> list[RenderableType]:
    """Activities by visits, by their numbers, in as many blocks as the terminal needs."""
    rows, blocks, place = [], [], 0
    for row in schedule.runs:
        rows.append((f"{place + 1}" if len(row) == 1 else f"{place + 1}–{place + len(row)}", row[0]))
        place += len(row)
    label = min(max(map(len, schedule.rows.values())), max(20, width // 3))
    widest = max((len(number) for number, _ in rows), default=3)
    across = max(1, (width - label - 1) // (max(3, widest) + 1))
    for start in range(0, len(rows), across):
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("", width=label, overflow="ellipsis", no_wrap=True)
        shown = rows[start : start + across]
        for number, _ in shown:
            table.add_column(number, width=max(3, len(number)), justify="center")
        for activity, title in schedule.rows.items():
            marks = [schedule.mark(visit, activity) for _, visit in shown]
            if any(marks):
                table.add_row(title, *marks)
        blocks.append(Padding(table, (1 if start else 0, 0, 0, 0)))
    notes = [Text(f"{letter}  {text}", style="dim") for letter, text in schedule.footnotes.items()]
    return [*blocks, *notes]


def _section(section: Section, width: int) -> RenderableType:
    parts: list[RenderableType] = [_heading(section.title)]
    if section.intro:
        parts.append(Text(section.intro, style="dim"))
    parts.append(_beside(section, width) if width >= _WIDE else _below(section))
    return Group(*parts)


def _beside(section: Section, width: int) -> RenderableType:
    """Terms in a column of their own, a term said twice in a row shown once."""
    if all(not line.text and not line.notes for line in section.lines):
        return _below(section)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=width // 3)
    table.add_column(ratio=1)
    last = ""
    for line in section.lines:
        # A marked term is the line's own; a shared one carries no mark.
        said = _said(line)
        term = Text("" if line.term == last else line.term)
        table.add_row(term if said else Text.assemble(term, *_mark(line)), said)
        last = line.term
    return table


def _below(section: Section) -> RenderableType:
    """Terms on lines of their own, what is said of each indented."""
    parts: list[RenderableType] = []
    last = ""
    for line in section.lines:
        said = _said(line)
        if line.term != last:
            parts.append(Text(line.term) if said else Text.assemble(line.term, *_mark(line)))
        if said:
            parts.append(Padding(said, (0, 0, 0, 2)))
        last = line.term
    return Group(*parts)


def _said(line: Passage) -> Text | None:
    """What is said of a term, its notes dim, its mark at the end."""
    if not line.text and not line.notes:
        return None
    text = Text(line.text)
    if line.notes:
        text.append(f"{'. ' if line.text else ''}{' '.join(line.notes)}", style="dim")
    return text.append_text(Text.assemble(*_mark(line)))


def _mark(line: Passage) -> list[Text]:
    return [_ASSUMED] if line.assumption else []
