"""Labels of kits, to print: number and code are the same in every arm, and say nothing of what is inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import qrcode

from entact.report.typeset import as_pdf

# What stands on a label, by language; a study in another language has it in English.
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "only": "For clinical trial use only",
        "kit": "Kit",
        "units": "units",
        "expires": "Use by",
        "lot": "Lot",
        "participant": "Participant",
        "keep": "Keep at",
    },
    "de": {
        "only": "Nur zur klinischen Prüfung bestimmt",
        "kit": "Packung",
        "units": "Einheiten",
        "expires": "Verwendbar bis",
        "lot": "Charge",
        "participant": "Teilnehmer",
        "keep": "Lagern bei",
    },
}


def draw_labels(
    study: str,
    site: str,
    kits: Sequence[str],
    units: int,
    expires: str,
    lot: str,
    environment: str,
    languages: Sequence[str] = ("en",),
    keep: str = "",
) -> bytes:
    """A sheet of labels as a PDF, twelve on a page.

    Args:
        kits: as they are printed, with their check character. units: in each. expires: last day of use.
        languages: of the study; the first is above. keep: between which temperatures.
    """
    known = [one.partition("-")[0] for one in languages]
    words = [dict(WORDS[one]) for one in dict.fromkeys(known) if one in WORDS] or [dict(WORDS["en"])]
    values = {
        "study": study,
        "site": site,
        "kits": [{"number": one, "code": code_of(one)} for one in kits],
        "units": units,
        "expires": expires,
        "lot": lot,
        "keep": keep,
        "words": words,
        "simulated": environment != "production",
    }
    return as_pdf("labels", values)


def code_of(text: str) -> list[str]:
    """The squares of a QR code, row by row: `1` where one is dark."""
    code = qrcode.QRCode(border=0, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    code.make(fit=True)
    return ["".join("1" if dark else "0" for dark in row) for row in code.get_matrix()]
