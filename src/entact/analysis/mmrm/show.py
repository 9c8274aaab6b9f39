"""Tables for the terminal and the notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table

Write = Callable[[float], str]


@dataclass(frozen=True)
class Sheet:
    """A table as text: a title, heads, rows, and notes below."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int
    """how many leading columns hold words, which align to the left"""
    notes: Sequence[str] = ()

    def text(self) -> str:
        """The table in plain characters."""
        every = [self.heads, *self.rows]
        widths = [max(len(row[column]) for row in every) for column in range(len(self.heads))]
        lines = [self.title, ""] if self.title else []
        for place, row in enumerate(every):
            cells = [
                cell.ljust(width) if column < self.words else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            lines.append("  ".join(cells).rstrip())
            if place == 0:
                lines.append("  ".join("─" * width for width in widths))
        return "\n".join([*lines, *self.notes])

    def html(self) -> str:
        """The table for a notebook."""
        head = "".join(f"<th>{escape(cell)}</th>" for cell in self.heads)
        body = "".join(
            "<tr>"
            + "".join(
                f'<td style="text-align:{"left" if column < self.words else "right"}">{escape(cell)}</td>'
                for column, cell in enumerate(row)
            )
            + "</tr>"
            for row in self.rows
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        title = f"<caption>{escape(self.title)}</caption>" if self.title else ""
        return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"

    def rich(self) -> Table:
        """The table for a terminal with colours."""
        from rich.table import Table

        table = Table(title=self.title or None, caption="\n".join(self.notes) or None, caption_justify="left")
        for column, head in enumerate(self.heads):
            table.add_column(head, justify="left" if column < self.words else "right")
        for row in self.rows:
            table.add_row(*row)
        return table


class Tabular(ABC):
    """A result that prints as a table, in the terminal and the notebook, and turns into a frame."""

    @abstractmethod
    def to_polars(self) -> pl.DataFrame:
        """The numbers."""

    @abstractmethod
    def _sheet(self, write: Write) -> Sheet:
        """The table, its numbers written so."""

    def to_pandas(self) -> Any:
        """The numbers as a pandas DataFrame; NaN where `to_polars` has null."""
        return to_pandas(self.to_polars())

    def text(self, decimals: int | None = None) -> str:
        """The table as text, with so many decimals instead of four significant digits."""
        return self._sheet(writer(decimals)).text()

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self._sheet(number).html()

    def __rich__(self) -> object:
        return self._sheet(number).rich()


def to_pandas(frame: pl.DataFrame) -> Any:
    """A Polars frame as a pandas one, without Arrow between them."""
    import pandas as pd

    return pd.DataFrame({name: frame[name].to_list() for name in frame.columns})


def writer(decimals: int | None) -> Write:
    """How numbers are written: with so many decimals, or with four significant digits."""
    if decimals is None:
        return number
    if isinstance(decimals, bool) or not isinstance(decimals, int) or not 0 <= decimals <= 15:
        raise ValueError(f"decimals must be a whole number from 0 to 15, not {decimals!r}")
    return partial(fixed, decimals=decimals)


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals; nothing that rounds to zero has a sign."""
    if value != value:
        return "–"
    written = f"{value:.{decimals}f}"
    return (written.lstrip("-") if float(written) == 0.0 else written).replace("-", "−")


def number(value: float, digits: int = 4) -> str:
    """A number with so many significant digits, never in exponents unless it is very large or small."""
    if value != value:
        return "–"
    if value == 0.0 or 1e-3 <= abs(value) < 1e6:
        whole = len(str(int(abs(value))))
        places = max(digits - whole, 0) if abs(value) >= 1.0 else digits
        return f"{value:.{places}f}".replace("-", "−")
    return f"{value:.{digits - 1}e}".replace("-", "−")


def probability(p: float) -> str:
    """A p value as journals print it."""
    if p != p:
        return "–"
    return "<0.0001" if p < 1e-4 else f"{p:.4f}"
