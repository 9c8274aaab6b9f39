"""What is found in an answer, with the condition under which it is asked in words: pages quote no rule."""

from __future__ import annotations

import re
from typing import Final

from entact.conduct.language.choice import of_study
from entact.protocol import CompiledForm, Release
from entact.protocol.words.form import Forms

_CELL: Final = re.compile(r"(?P<rows>\w+)\[\d+\]\.(?P<cell>\w+)")  # of repeating rows, as a finding names it
_ASKED_ONLY: Final = "was answered, and is asked only when "  # `entact.protocol.form`


def with_condition(message: str, release: Release, form: CompiledForm | None, item: str) -> str:
    """A message of a finding, with the condition of its item by titles; any other as it is.

    Args:
        release, form: of the entry that was found. item: as the finding names it.
    """
    if form is None or not message.startswith(_ASKED_ONLY):
        return message
    forms = Forms(release, of_study(list(release.file.languages)), by_title=True)
    cell = _CELL.fullmatch(item)
    rows = form.rows.get(cell["rows"]) if cell else None
    said = forms.condition(rows, cell["cell"], form) if cell and rows else forms.condition(form, item)
    return f"{_ASKED_ONLY}{said}" if said else message
