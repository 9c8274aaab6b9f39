"""Arms, elements and epochs as SDTM names them: screening, treatment, follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from entact.datasets.sdtm.subject import FOLLOW_UP, SCREENING, TREATMENT

BLINDED: Final = "BLINDED"
BLINDED_TITLE: Final = "Blinded: arms are not opened"


@dataclass(frozen=True, slots=True)
class Element:
    """One element of an arm: its code of at most 8 characters, what it is called, and when it begins."""

    code: str
    title: str
    epoch: str
    begins: str
    ends: str


def short(arm: str) -> str:
    """ARMCD of an arm of the study file: at most 20 characters."""
    return arm.upper()[:20]


def elements_of(arm: str | None, arms: Sequence[str]) -> tuple[Element, Element, Element]:
    """The three elements of an arm; None: of an arm that is not opened.

    Args:
        arms: of the study, in the file's order: the code of a treatment is its number.
    """
    treated = "TRT" if arm is None else f"TRT{list(arms).index(arm) + 1}"
    title = "Treatment, blinded" if arm is None else f"Treatment: {arm}"
    return (
        Element("SCRN", "Screening", SCREENING, "Informed consent", "First dose, or end of participation"),
        Element(treated, title[:40], TREATMENT, "First dose", "End of the last session with a dose"),
        Element("FUP", "Follow-up", FOLLOW_UP, "End of the last session with a dose", "End of participation"),
    )
