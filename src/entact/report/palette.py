"""Colours of arms and of the ink of figures, safe for colour-blind readers: one set for light, one for dark.

Figures are drawn in the light colours; the page's style sheet swaps each for its dark one where the reader
prefers that. Source of the light ones: Okabe, Ito 2008, Color Universal Design.
"""

from __future__ import annotations

from collections.abc import Iterable

INK, FAINT, GRID, PAPER = "#1b1f24", "#5d6673", "#d9dde2", "#ffffff"
UNKNOWN = "#8b93a0"  # an answer such as "do not know"
ARMS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5b4db3", "#7a5c00")

DARK = {
    INK: "#e8eaed",
    FAINT: "#a3abb8",
    GRID: "#373d47",
    PAPER: "#181b20",
    UNKNOWN: "#7d8592",
    "#0072b2": "#55a8e2",
    "#d55e00": "#f28a4b",
    "#009e73": "#3cc79b",
    "#cc79a7": "#e5a3c6",
    "#e69f00": "#f3bb4a",
    "#56b4e9": "#93d0f4",
    "#5b4db3": "#a99dee",
    "#7a5c00": "#cdb05a",
}


def colours(arms: Iterable[str]) -> dict[str, str]:
    """Arm -> its colour, by the order of the study file; past the eighth they come again."""
    return {arm: ARMS[place % len(ARMS)] for place, arm in enumerate(arms)}
