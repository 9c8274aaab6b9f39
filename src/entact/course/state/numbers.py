"""Numbers that are one participant's alone, and whose they are: what two ledgers must never share.

A randomisation number says which row of the sealed list somebody got, a kit what is in their hands: the same
in two ledgers gives two people one allocation, and nobody could say afterwards whose it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from entact.course.entry import Entry
    from entact.course.state.state import State

Number = tuple[str, str]  # what it is the number of, and the number

SCREENING, SUBJECT, RANDOMISATION, KIT = "screening", "subject", "randomisation", "kit"
WORDS: Final[Mapping[str, str]] = {
    SCREENING: "Screening number",
    SUBJECT: "Subject number",
    RANDOMISATION: "Randomisation number",
    KIT: "Kit",
}
ANOTHERS: Final = "is another participant's too"

# Kinds of entries that give or use a number, of what, and the item that says it.
NUMBERED: Final[Mapping[str, tuple[str, str]]] = {
    "screening": (SCREENING, "number"),
    "enrolment": (SUBJECT, "subject"),
    "randomisation": (RANDOMISATION, "number"),
    "kit_assigned": (KIT, "kit"),
    "dose": (KIT, "kit"),
}


def number_in(entry: Entry) -> Number | None:
    """The number that an entry gives or uses, read or not; corrections and withdrawals give none."""
    of, item = NUMBERED.get(entry.kind, ("", ""))
    number = entry.data.get(item)
    return (of, number) if isinstance(number, str) and entry.replaces is None else None


def numbers_of(course: State) -> dict[Number, str]:
    """Every number that a participant's ledger says is theirs, each with the first entry that says so."""
    found: dict[Number, str] = {}
    for screening in course.screenings:
        found.setdefault((SCREENING, screening.number), screening.entry)
    if course.enrolment is not None:
        found[SUBJECT, course.enrolment.subject] = course.enrolment.entry
    if course.randomisation is not None:
        found[RANDOMISATION, course.randomisation.number] = course.randomisation.entry
    for kit in course.kits.values():
        found.setdefault((KIT, kit.number), kit.entry)
    for dose in course.doses:
        found.setdefault((KIT, dose.kit), dose.entry)
    return found


def ledger_of(course: State) -> str | None:
    """The name of the ledger whose course it is; None where nothing was entered."""
    return course.effective[0].entry.ledger if course.effective else None


def numbers_in_use(courses: Iterable[State]) -> dict[Number, frozenset[str]]:
    """Every number of some participants, with the ledgers that say it is theirs."""
    found: dict[Number, set[str]] = {}
    for course in courses:
        ledger = ledger_of(course)
        for number in numbers_of(course) if ledger is not None else ():
            found.setdefault(number, set()).add(ledger or "")
    return {number: frozenset(ledgers) for number, ledgers in found.items()}


def shared_message(of: str, number: str) -> str:
    """What is said of a shared number; not whose it is as well: who reads it may not know of the other."""
    return f"{WORDS[of].lower()} {number} {ANOTHERS}"


def shared_numbers(course: State, in_use: Mapping[Number, frozenset[str]]) -> list[tuple[str, str, str, str]]:
    """Numbers of a participant that another ledger has too: rule, entry, item and message."""
    own = frozenset({ledger_of(course) or ""})
    return [
        ("number_shared", entry, of, shared_message(of, number))
        for (of, number), entry in numbers_of(course).items()
        if in_use.get((of, number), own) - own
    ]
