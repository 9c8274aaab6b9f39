"""What a file is, by its content: a PDF without scripts, or a picture; nothing else is kept."""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext

LARGEST: Final = 10 * 1024 * 1024  # bytes of one file
PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
ACCEPTED: Final = (PDF, PNG, JPEG)
SUFFIX: Final = {PDF: "pdf", PNG: "png", JPEG: "jpg", "text/plain": "txt"}

# What makes a PDF do something, or carry something, when it is opened; names may be written with #xx.
_ACTIVE: Final = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|OpenAction|AA|RichMedia|XFA|SubmitForm|ImportData|GoToE)\b"
)
_ESCAPED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_MARKUP: Final = re.compile(rb"<\s*(?:script|html|svg|iframe|\?php|!doctype)", re.I)
_ENDS: Final = {PNG: b"IEND\xaeB`\x82", JPEG: b"\xff\xd9"}


def media_of(content: bytes) -> str | None:
    """The type of a file by its first bytes; None of what is kept from nobody."""
    if content.startswith(b"%PDF-"):
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return PNG
    return JPEG if content.startswith(b"\xff\xd8\xff") else None


def problem_with(content: bytes, accept: tuple[str, ...] = ACCEPTED) -> str:
    """Why a file is not kept, in words; empty where it is."""
    if not content:
        return gettext("The file is empty.")
    if len(content) > LARGEST:
        return gettext("The file has {size} MB; at most {most} are kept.").format(
            size=len(content) // 1_000_000, most=LARGEST // 1_000_000
        )
    media = media_of(content)
    if media is None or media not in accept:
        known = ", ".join(SUFFIX[one].upper() for one in accept)
        return gettext("The file is none of {known} by what is in it, whatever its name says.").format(
            known=known
        )
    if media == PDF:
        plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content)
        if b"%%EOF" not in content[-2048:]:
            return gettext("The PDF is cut off: its end is missing.")
        if _ACTIVE.search(plain):
            return gettext(
                "The PDF holds a script, an action or another file: print it to a PDF without, or scan it."
            )
        return ""
    if not content.rstrip(b"\0").endswith(_ENDS[media]):
        return gettext("The picture is cut off, or something stands behind its end.")
    if _MARKUP.search(content):
        return gettext("There is markup in the picture: save it anew as a picture.")
    return ""
