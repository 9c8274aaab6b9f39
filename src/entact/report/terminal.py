"""The outcome table in a terminal of 80 columns or more."""

from __future__ import annotations

from collections.abc import Mapping

from rich.align import VerticalAlignMethod
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from entact.report.cell import MARK, NOTHING, Cell
from entact.report.outcomes import OutcomeTable, Row
from entact.report.published import ALL

WIDE = 100  # from here on published values stand beside the others, else below them
WIDEST = 108
VALUE = 16  # columns of one value
PUBLISHED = "cyan"


def render(table: OutcomeTable, *, width: int = WIDE, full: bool = False) -> Group:
    """The outcome table for a Rich console.

    Args:
        table: of any study. width: of the terminal, in columns. full: every row, not only the main ones.
    """
    layout = _Layout(table, min(width, WIDEST))
    parts: list[Text | Table | Padding] = [_title(table), layout.header()]
    for section, rows in table.sections().items():
        shown = [row for row in rows if full or row.main]
        if not shown:
            continue
        parts.append(Padding(Text(section, style="bold"), (1, 0, 0, 0)))
        lines = layout.columns()
        for row in shown:
            layout.add(lines, row)
        if len(shown) < len(rows):
            lines.add_row(Text(f"… {len(rows) - len(shown)} more in the report", style="dim"))
        parts.append(lines)
    parts.append(Padding(_notes(table), (1, 0, 0, 0)))
    return Group(*parts)


class _Layout:
    """Columns of equal width in every section, so that separate tables line up."""

    def __init__(self, table: OutcomeTable, width: int) -> None:
        self.arms = [arm.name for arm in table.arms]
        self.table = table
        self.is_beside = width >= WIDE and table.citation is not None
        self.values = len(self.arms) * (2 if self.is_beside else 1)
        self.label = max(20, width - self.values * (VALUE + 1))

    def columns(self, vertical: VerticalAlignMethod = "top") -> Table:
        """An empty table of the common widths."""
        lines = Table.grid(padding=(0, 1), pad_edge=False)
        lines.add_column(width=self.label)
        for _ in range(self.values):
            lines.add_column(width=VALUE, justify="right", vertical=vertical)
        return lines

    def header(self) -> Table:
        """Arms, how many were randomised to each, and what kind of value stands below."""
        lines = self.columns("bottom")
        kind = "simulated" if self.table.simulated else "observed"
        own = [Text(f"{arm.title}\nn = {arm.n}\n{kind}", style="bold") for arm in self.table.arms]
        beside = [Text(f"{arm.title}\npublished", style=f"bold {PUBLISHED}") for arm in self.table.arms]
        lines.add_row(Text(""), *own, *(beside if self.is_beside else []))
        return lines

    def add(self, lines: Table, row: Row) -> None:
        """Adds a row; published values beside it or, where there is no room, below."""
        own, published = self._across(row.cells), self._across(row.published)
        if self.is_beside:
            lines.add_row(Text(row.label), *own, *published)
            return
        lines.add_row(Text(row.label), *own)
        if row.published:
            lines.add_row(Text("  published", style=PUBLISHED), *published)

    def _across(self, cells: Mapping[str, Cell]) -> list[Text]:
        """One text an arm; what concerns all arms together stands under the first, its interval beside it."""
        whole = cells.get(ALL)
        if whole is None or ALL in self.arms:
            return [_text(cells.get(arm)) for arm in self.arms]
        is_count = "count" in whole.numbers or "events" in whole.numbers
        together = "all arms" if self.table.unblinded else "in all"
        beside = together if is_count else whole.interval or ""
        style = PUBLISHED if whole.kind == "published" else ""
        return [_text(whole), Text(f"{beside} ", style=style), *[Text("")] * len(self.arms)][: len(self.arms)]


def _text(cell: Cell | None) -> Text:
    """A value, the number of participants behind it, and its mark: in every row the digits line up."""
    if cell is None:
        return Text("")
    text = Text(cell.text, style=PUBLISHED if cell.kind == "published" else "")
    if cell.n is not None and cell.text != NOTHING:
        text.append(f" {cell.n:>2}", style="dim")
    return text.append(MARK if cell.is_assumed else " ", style="yellow")


def _title(table: OutcomeTable) -> Text:
    title = Text(f"{table.study} · {table.title}", style="bold")
    if table.simulated:
        title.append(f"\n{table.environment} · SIMULATED DATA", style="bold yellow")
    return title


def _notes(table: OutcomeTable) -> Text:
    lines = [*table.notes, "After a mean (SD): number of participants. Intervals are 95 %."]
    for one in table.analyses:
        made = ", ".join(f"{what} {digest[:16]}" for what, digest in one.digests.items())
        stands = one.standing or "blinded"
        lines.append(f"{one.name.replace('_', ' ')}: {stands}; SHA-256 of {made}")
    if table.citation is not None:
        lines.append(f"Published: {table.citation}")
    return Text("\n".join(lines), style="dim")
