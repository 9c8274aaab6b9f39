"""The outcome table in a terminal of 80 columns or more."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from entact.report.cell import MARK, NOTHING, Cell
from entact.report.outcomes import OutcomeTable, Row
from entact.report.published import ALL

WIDE = 100  # from here on published values stand beside the others, else below them


def render(table: OutcomeTable, *, width: int = WIDE, full: bool = False) -> Table:
    """The outcome table as a Rich table.

    Args:
        table: of any study. width: of the terminal, in columns. full: every row, not only the main ones.
    """
    is_wide = width >= WIDE and table.citation is not None
    kind = "simulated" if table.simulated else "observed"
    lines = Table(
        title=_title(table),
        title_justify="left",
        caption=_caption(table),
        caption_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 1),
        header_style="bold",
        width=min(width, 34 + 17 * (4 if is_wide else 3)),
    )
    lines.add_column("", ratio=1, overflow="fold")
    for arm in table.arms:
        lines.add_column(Text(f"{arm.title}\nn = {arm.n}\n{kind}"), justify="right", no_wrap=True)
    if is_wide:
        for arm in table.arms:
            lines.add_column(Text(f"{arm.title}\n\npublished", style="cyan"), justify="right", no_wrap=True)
    for section, rows in table.sections().items():
        shown = [row for row in rows if full or row.main]
        if shown:
            lines.add_row(Text(section, style="bold"), *[""] * (len(table.arms) * (2 if is_wide else 1)))
            for row in shown:
                lines.add_row(*_line(table, row, is_wide))
            if len(shown) < len(rows):
                lines.add_row(Text(f"  and {len(rows) - len(shown)} more in the report", style="dim"))
    return lines


def _line(table: OutcomeTable, row: Row, is_wide: bool) -> list[Text]:
    arms = [arm.name for arm in table.arms]
    own, published = _across(row.cells, arms), _across(row.published, arms)
    label = Text(f"  {row.label}")
    if is_wide:
        return [label, *own, *published]
    if not row.published:
        return [label, *own]
    below = [Text("\n").join([one, other]) for one, other in zip(own, published, strict=True)]
    return [label + Text("\n    published", style="cyan"), *below]


def _across(cells: object, arms: list[str]) -> list[Text]:
    """One text an arm; what concerns all arms together stands under the first."""
    assert isinstance(cells, dict)
    if ALL in cells and ALL not in arms:
        return [_text(cells[ALL]), *[Text("")] * (len(arms) - 1)]
    return [_text(cells.get(arm)) for arm in arms]


def _text(cell: Cell | None) -> Text:
    if cell is None:
        return Text("")
    text = Text(cell.text, style="cyan" if cell.kind == "published" else "")
    if cell.n is not None and cell.text != NOTHING:
        text.append(f" {cell.n:>3}", style="dim")
    if cell.kind == "published":
        text.append(MARK if cell.is_assumed else " ", style="yellow")
    return text


def _title(table: OutcomeTable) -> Text:
    title = Text(f"{table.study} · {table.title}", style="bold")
    if table.simulated:
        title.append(f"\n{table.environment.upper()} · SIMULATED DATA", style="bold yellow")
    return title


def _caption(table: OutcomeTable) -> Text:
    lines = [*table.notes, "After mean (SD): number of participants. In brackets: SD or 95 % interval."]
    if table.citation is not None:
        lines.append(f"Published: {table.citation}")
    return Text("\n".join(lines), style="dim")
