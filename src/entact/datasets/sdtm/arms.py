"""Arms, elements and epochs as SDTM names them: screening, treatment, follow-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from entact.datasets.sdtm.subject import FOLLOW_UP, SCREENING, TREATMENT
from entact.protocol.study import Arm

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


def elements_of(arm: str | None, arms: Mapping[str, Arm]) -> tuple[Element, Element, Element]:
    """The three elements of an arm; None: of an arm that is not opened.

    In an arm without a drug treatment begins with the assignment: what is given instead is no dose.

    Args:
        arms: of the study, in the file's order: the code of a treatment is its number.
    """
    treated = "TRT" if arm is None else f"TRT{list(arms).index(arm) + 1}"
    title = "Treatment, blinded" if arm is None else f"Treatment: {arm}"
    begins, ends = "First dose", "End of the last session with a dose"
    if arm is not None and arms[arm].drug == "none":
        begins, ends = "Assignment to the arm", "End of participation, or of the last session with a dose"
    is_apart = any(one.drug == "none" for one in arms.values())
    screened = "First dose or assignment to an arm without a drug" if is_apart else "First dose"
    return (
        Element("SCRN", "Screening", SCREENING, "Informed consent", f"{screened}, or end of participation"),
        Element(treated, title[:40], TREATMENT, begins, ends),
        Element("FUP", "Follow-up", FOLLOW_UP, "End of the last session with a dose", "End of participation"),
    )
