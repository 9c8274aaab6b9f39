"""A consent as it was signed, as a PDF: its text, the signature, and the digests that the record holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entact.report.typeset import as_pdf


def draw_consent(
    text: str,
    digest: str,
    picture: bytes,
    picture_digest: str,
    *,
    entry: str,
    environment: str,
    speaks: Mapping[str, Any],
) -> bytes:
    """The consent as a PDF.

    Args:
        text: as it was signed; its first line is the title. digest: its SHA-256. picture: of a signature by
            hand, a PNG, or nothing. picture_digest: of that, or of the scan. entry: in the ledger.
        speaks: the words of the sheet in the language of the text.
    """
    title, _, rest = text.partition("\n")
    values = {
        "title": title,
        "lines": rest.strip("\n").split("\n"),
        "digest": digest,
        "picture": list(picture),
        "signature": picture_digest,
        "entry": entry,
        "environment": environment,
        **speaks,
    }
    return as_pdf("consent", values)
