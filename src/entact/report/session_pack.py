"""The pack of a dosing session as a PDF: numbers, emergency card, checklist, limits, sheets to write on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entact.report.typeset import as_pdf


def draw_session_pack(values: Mapping[str, Any]) -> bytes:
    """The pack as a PDF; the same values give the same bytes.

    Args:
        values: as `entact.conduct.session.pack.pack_of` says them.
    """
    return as_pdf("session_pack", values)
