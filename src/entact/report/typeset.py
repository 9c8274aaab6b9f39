"""Plain values set as pages by a template of typst's: the same values give the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final, Literal

import typst

MARKED: Final = re.compile(r'\bt\("((?:[^"\\]|\\.)*)"')

# Sheets that pages give out, in the language of who prints them; all others are English.
SHEETS: Final = ("session_pack", "event", "casebook", "monitoring", "consent")

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # in place of a date


def as_pdf(name: str, values: Mapping[str, Any]) -> bytes:
    """A PDF with an outline, and with tags for screen readers.

    Args:
        name: of the template and of the input under which it reads the values (`crf`).
    """
    (document,) = _drawn(name, values, "pdf")
    return document


def as_pictures(name: str, values: Mapping[str, Any], ppi: float = 72.0) -> list[bytes]:
    """Each page as a PNG."""
    return _drawn(name, values, "png", ppi)


def found_in(name: str, values: Mapping[str, Any], label: str) -> list[Any]:
    """What the template marks with a label, in order."""
    found = typst.query(
        _template(name),
        f"<{label}>",
        field="value",
        sys_inputs={name: json.dumps(values)},
        ignore_system_fonts=True,
    )
    return list(json.loads(found))


def marked_words(template: str) -> Iterator[str]:
    """What a template of a sheet marks, `t("page {0} of {1}", …)`, as a catalogue has it."""
    for found in MARKED.findall(template):
        yield found.replace('\\"', '"')


def words_of(name: str) -> tuple[str, ...]:
    """What the sheet of a name says: each once, in order."""
    return tuple(dict.fromkeys(marked_words(_template(name).decode())))


def _template(name: str) -> bytes:
    return files("entact.report").joinpath("templates", f"{name}.typ").read_bytes()


def _drawn(
    name: str, values: Mapping[str, Any], form: Literal["pdf", "png"], ppi: float | None = None
) -> list[bytes]:
    text = json.dumps(values, ensure_ascii=False)
    drawn: Any = typst.compile(
        _template(name),
        format=form,
        ppi=ppi,
        ignore_system_fonts=not _needs_other_fonts(text),
        sys_inputs={name: text},
        timestamp=_NEVER,
    )
    return drawn if isinstance(drawn, list) else [drawn]


def _needs_other_fonts(text: str) -> bool:
    """Whether there are letters beyond Latin, Greek and Cyrillic, which typst's own font lacks."""
    return any(letter > 0x052F and not 0x1E00 <= letter <= 0x22FF for letter in map(ord, text))
