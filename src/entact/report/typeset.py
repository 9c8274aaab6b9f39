"""Plain values set as pages by a template of typst's: the same values give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Literal

import typst

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
