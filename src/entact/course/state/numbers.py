"""Numbers that are one participant's alone, and whose they are: what two ledgers must never share.

A randomisation number says which row of the sealed list somebody got, a kit what is in their hands: the same
in two ledgers gives two people one allocation, and nobody could say afterwards whose it was.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from entact.course.entry.sealing import is_sealed

if TYPE_CHECKING:
    from entact.course.entry import Entry
    from entact.course.state.state import State

Number = tuple[str, str]  # what it is the number of, and the number in its normal form

SCREENING, SUBJECT, RANDOMISATION, KIT = "screening", "subject", "randomisation", "kit"
UNIT = "unit"  # a place in somebody's unit, of those who are randomised as one: whose, and who has it
WORDS: Final[Mapping[str, str]] = {
    SCREENING: "Screening number",
    SUBJECT: "Subject number",
    RANDOMISATION: "Randomisation number",
    KIT: "Kit",
    UNIT: "Place in a unit",
}
ANOTHERS: Final = "is another participant's too"

# Kinds of entries that give or use a number, of what, and the item that says it.
NUMBERED: Final[Mapping[str, tuple[str, str]]] = {
    "screening": (SCREENING, "number"),
    "enrolment": (SUBJECT, "subject"),
    "randomisation": (RANDOMISATION, "number"),
    "kit_assigned": (KIT, "kit"),
    "dispensing": (KIT, "kit"),
    "dose": (KIT, "kit"),
}


_PLAIN: Final = re.compile(r"[A-Z0-9][A-Z0-9_.:+/#-]{0,63}")
_LONGEST: Final = 64  # characters of a number that is remembered
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def normal(number: str) -> str:
    """A number as it is compared: `r 7` in full width and `R7` are on the same kit.

    In capitals, of compatible characters the usual one, every dash a hyphen, without white space and without
    characters that nobody sees: a hand, a scanner and a spreadsheet differ in no more than these.
    """
    return _remembered(number) if len(number) <= _LONGEST else _folded(number)


def _folded(number: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", number).casefold().upper())
    kinds = ((character, unicodedata.category(character)) for character in folded)
    return "".join(
        "-" if kind == "Pd" or character == "\N{MINUS SIGN}" else character
        for character, kind in kinds
        if not character.isspace() and kind not in ("Cf", "Cc")
    )


_remembered = lru_cache(10_000)(_folded)  # a fold asks for the same ones with every entry


_OF_UNIT = re.compile(r"(.+)\+([2-9]|[1-9][0-9])")


def unit_number(row: str, place: int) -> str:
    """The randomisation number of one of a unit: the row of the list, and which of the unit from 2 on."""
    return f"{row}+{place}"


def row_number(number: str) -> str:
    """The row of the list that a randomisation number stands for: of a unit, the number of its first one."""
    found = _OF_UNIT.fullmatch(number)
    return found[1] if found is not None else number


def place_in_unit(number: str) -> int:
    """Which of a unit a randomisation number is of: 1 for whoever took the row."""
    found = _OF_UNIT.fullmatch(number)
    return int(found[2]) if found is not None else 1


def arm_of(number: str, allocation: Mapping[str, str]) -> str | None:
    """The arm of a randomisation number by a list of rows; None where neither is there."""
    return allocation.get(number, allocation.get(row_number(number)))


def next_number(scheme: str, site: str, taken: Iterable[str]) -> str:
    """The next number of a scheme at a site: one more than the highest that somebody has, in any spelling.

    Args:
        scheme: with `{site}` and a run of `#`, as a study file says it. taken: numbers in their normal form.
    """
    found = map(_pattern(scheme, site).fullmatch, taken)
    count = max((int(one[1]) for one in found if one), default=0) + 1
    before, after = re.split("#+", scheme.replace("{site}", site), maxsplit=1)
    return f"{before}{count:0{scheme.count('#')}d}{after}"


def _pattern(scheme: str, site: str) -> re.Pattern[str]:
    before, after = re.split("#+", scheme.replace("{site}", site), maxsplit=1)
    digits = f"([0-9]{{{scheme.count('#')},9}})"
    return re.compile(f"{re.escape(normal(before))}{digits}{re.escape(normal(after))}")


def fits_scheme(scheme: str, site: str, number: str) -> bool:
    """Whether a number is written as a scheme says at a site."""
    return _pattern(scheme, site).fullmatch(normal(number)) is not None


def is_number(text: str) -> bool:
    """Whether text can stand on a label: digits, single letters and one word. All else may be a name."""
    said = normal(text)
    return (
        _PLAIN.fullmatch(said) is not None
        and any(character.isdigit() for character in said)
        and len(_WORD.findall(text)) <= 1
    )


def sealed_number(kind: str, data: Mapping[str, Any]) -> str | None:
    """Of what a kind of entry gives a number that was kept as personal text; None where it can be read."""
    of, item = NUMBERED.get(kind, ("", ""))
    return of if is_sealed(data.get(item)) else None


def unreadable_message(of: str) -> str:
    """What is said of a number that is none."""
    return (
        f"{WORDS[of].lower()} is not written like a number (letters, digits, hyphens): it is kept as "
        "personal text, and nobody can say whether another participant has it too"
    )


def number_in(entry: Entry) -> Number | None:
    """The number that an entry gives or uses, read or not; corrections and withdrawals give none."""
    of, item = NUMBERED.get(entry.kind, ("", ""))
    number = entry.data.get(item)
    return (of, normal(number)) if isinstance(number, str) and entry.replaces is None else None


def numbers_of(course: State) -> dict[Number, str]:
    """Every number that a participant's ledger says is theirs, each with the first entry that says so."""
    found: dict[Number, str] = {}
    for screening in course.screenings:
        found.setdefault((SCREENING, normal(screening.number)), screening.entry)
    if course.enrolment is not None:
        found[SUBJECT, normal(course.enrolment.subject)] = course.enrolment.entry
    if course.randomisation is not None:
        found[RANDOMISATION, normal(course.randomisation.number)] = course.randomisation.entry
    head = unit_of(course)
    if head is not None and course.enrolment is not None:
        found[UNIT, normal(f"{head}/{ledger_of(course)}")] = course.enrolment.entry
    for kit in course.kits.values():
        found.setdefault((KIT, normal(kit.number)), kit.entry)
    for dose in course.doses:
        found.setdefault((KIT, normal(dose.kit)), dose.entry)
    return found


def unit_of(course: State) -> str | None:
    """The ledger of whom somebody is randomised with, to whom they are linked; None of who takes the row."""
    plan = course.release.file.randomisation
    population = course.population
    if plan is None or plan.unit is None or population not in plan.unit.populations:
        return None
    if course.release.file.populations[population].linked_to not in plan.unit.populations:
        return None
    return next((link.ledger for link in course.links if link.as_ == population), None)


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
