"""A design as a table that a protocol can quote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from entact.analysis.sample_size.comparison import Comparison
from entact.analysis.sequential.planned import Planned
from entact.analysis.sequential.small import t_critical

NEVER = "–"
_ALMOST = 1e-9


@dataclass(frozen=True)
class Table:
    """Rows of text under a title, with what stands below.

    Prints with columns in line; `to_markdown` is for a protocol.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(len(line[place]) for line in lines) for place in range(len(self.columns))]
        shown = [
            "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
        ]
        return "\n".join([self.title, "", *shown, "", *self.notes])

    def to_markdown(self) -> str:
        """The same for a document in Markdown."""
        head = tuple(name.replace("|", r"\|") for name in self.columns)
        lines = [head, tuple("---:" for _ in head), *self.rows]
        return "\n".join(
            [f"**{self.title}**", "", *(f"| {' | '.join(line)} |" for line in lines), "", *self.notes]
        )


def design_table(
    design: Planned,
    title: str,
    comparison: Comparison | None = None,
    size: float | None = None,
    freedoms: Sequence[float] | None = None,
) -> Table:
    """When a trial stops, look by look.

    Args:
        comparison, size: for which sizes and smallest differences are shown; without a size the one that has
            the planned power. freedoms: degrees of freedom at the looks, for critical values of t.
    """
    found, sides = design.boundaries(), design.sided
    columns = ["look", "information"]
    cells: list[list[str]] = [
        [f"{look}" for look in range(1, len(found.upper) + 1)],
        [f"{100 * fraction:.4g} %" for fraction in found.information],
    ]
    drift = design.drift()
    if comparison is not None:
        if size is None:
            power = 1 - design.beta
            size = comparison.fixed_size(design.alpha, power) * design.inflation(power)
        drift = comparison.drift(design.alpha, size)
        columns.append(comparison.counted)
        cells.append([f"{ceil(size * fraction - _ALMOST)}" for fraction in found.information])
    columns.append("|Z| at least" if sides == 2 else "Z at least")
    cells.append([value_of(value) for value in found.upper])
    if freedoms is not None:
        columns.append("t at least")
        cells.append([value_of(value) for value in t_critical(found, tuple(freedoms))])
    columns += ["p at most" if sides == 2 else "one-sided p at most", "alpha spent"]
    cells.append([rate_of(sides * level) for level in found.nominal])
    cells.append([rate_of(sides * spent) for spent in found.spent])
    if found.lower is not None:
        columns.append("futility: |Z| below" if sides == 2 else "futility: Z below")
        cells.append([*(value_of(bound) for bound in found.lower), value_of(found.upper[-1])])
    if comparison is not None and drift > 0:
        columns.append("least difference")
        per_unit = comparison.effect / drift
        cells.append(
            [
                f"{value / np.sqrt(fraction) * per_unit:.4g}" if np.isfinite(value) else NEVER
                for value, fraction in zip(found.upper, found.information, strict=True)
            ]
        )
    none, likely = design.power(0.0), design.power(drift)
    for name, under in (("no effect", none), ("planned effect", likely)):
        columns.append(f"stops, {name}")
        stops = [a + b for a, b in zip(under.efficacy, under.futility, strict=True)]
        cells.append([*(f"{100 * one:.1f} %" for one in stops[:-1]), "end"])
    notes = [
        f"Power {likely.overall:.4g} at a drift (effect over its standard error at the end) of {drift:.4f};"
        f" the looks cost {max(100 * (design.inflation() - 1), 0.0):.2f} % more information.",
        f"Expected information {100 * likely.information:.1f} % with the planned effect,"
        f" {100 * none.information:.1f} % without any.",
    ]
    if found.lower is not None:
        notes.append("Futility is binding." if design.binding else "Futility bounds are advice, not binding.")
    return Table(title, tuple(columns), tuple(zip(*cells, strict=True)), tuple(notes))


def value_of(value: float) -> str:
    """A critical value; a dash where nothing is high or low enough."""
    return f"{value:.4f}" if np.isfinite(value) else NEVER


def rate_of(rate: float) -> str:
    """A probability that may be very small."""
    if rate == 0:
        return "0"
    return f"{rate:.6f}" if rate >= 1e-4 else f"{rate:.3g}"
