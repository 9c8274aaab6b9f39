"""Text in drawings: how wide it may become in any usual font, and where its lines break."""

from __future__ import annotations

import re

# Widths in em of DejaVu Sans, the widest of the usual sans-serif fonts; what fits in it fits in the others.
_NARROW = dict.fromkeys("ijl'|.,:;!", 0.34) | dict.fromkeys("ftr()[]-/ \N{NO-BREAK SPACE}I", 0.42)
_WIDE = dict.fromkeys("mwMW%@", 0.98) | dict.fromkeys("=+−±<>≤≥×–—…", 0.84)
_CAPITAL, _USUAL, _BOLD = 0.76, 0.64, 1.12


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """An upper bound of the width of a text in a font of this size, in the same unit."""
    total = sum(
        _NARROW.get(letter) or _WIDE.get(letter) or (_CAPITAL if letter.isupper() else _USUAL)
        for letter in text
    )
    return total * size * (_BOLD if bold else 1.0)


def wrap(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """The lines of a text that fit into a width; a word that is wider alone is broken."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width_of(longer, size, bold=bold) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *broken, line = _break(word, width, size, bold)
        lines.extend(broken)
    return [*lines, line] if line else lines


def wrap_words(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """As `wrap`, in the width of the widest word where that is more: no word is broken."""
    widest = max((width_of(word, size, bold=bold) for word in text.split()), default=width)
    return wrap(text, max(width, widest), size, bold=bold)


def _break(word: str, width: float, size: float, bold: bool) -> list[str]:
    """Pieces of a word, at least one letter each."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and width_of(pieces[-1] + letter, size, bold=bold) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def cut(text: str, width: float, size: float) -> str:
    """A text that fits into a width on one line, its end replaced by an ellipsis where it must be."""
    if width_of(text, size) <= width:
        return text
    kept = text
    while kept and width_of(f"{kept}…", size) > width:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def short(title: str) -> str:
    """A title by its abbreviation, where it has one: `Beck Inventory (BDI-II), total` is `BDI-II, total`."""
    return re.sub(r"^.*?\(([A-Z][\w-]*[A-Z0-9])\)", r"\1", title)


def abbreviation(title: str) -> tuple[str, str] | None:
    """The abbreviation in a title and what stands before it."""
    found = re.match(r"^(.*?)\s*\(([A-Z][\w-]*[A-Z0-9])\)", title)
    return None if found is None else (found[2], found[1])
