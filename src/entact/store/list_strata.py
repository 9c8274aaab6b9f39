"""Whether the row that somebody has is one of their stratum: a gate sees to it, and a raw fact may not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from entact.course import Course, fold, instant, read
from entact.course.allocation.stratum import list_of, stratum_of
from entact.course.entry import Kept
from entact.course.state.numbers import normal
from entact.protocol import Study
from entact.store import acts
from entact.store.list_use import Use, of_rows, problems_of_use, unread_uses, used_numbers
from entact.store.reading import lines
from entact.store.studies import study_of_record


class Placed(NamedTuple):
    """A use of a row: the stratum whose row it is, and that of whoever has it.

    `own` is empty where the record says none, and None where the record of whoever has it cannot be read.
    """

    use: Use
    stratum: str
    own: str | None


def placed(numbers: Mapping[str, Sequence[str]], used: Sequence[Use]) -> Iterator[Placed]:
    """Of which stratum everybody's row is, and of which they were as far as the record knew it then.

    A stratum that was corrected afterwards makes nothing wrong: the row was that of what was known. One that
    came in later, as from a device without a network, is taken as it says. What is no row of the list is
    left out.

    Args:
        numbers: of each stratum, in the order of the list. used: in order of receipt.
    """
    study = study_of_record()[1]
    if study is None:
        return
    strata = {normal(number): stratum for stratum, order in numbers.items() for number in order}
    for use in of_rows(numbers, used):
        stratum = strata.get(normal(use.number))
        if stratum is None:
            continue
        try:
            entries = [read(line.text) for line in lines(use.ledger)]
        except (msgspec.MsgspecError, ValueError):
            yield Placed(use, stratum, None)
            continue
        given = next((one for one in entries if one.id == use.entry), None)
        if given is not None:
            own = _known(study, entries, given, known_to=given.seq) or _known(study, entries, given)
            yield Placed(use, stratum, own)


def problems_of_strata(numbers: Mapping[str, Sequence[str]], used: Sequence[Use]) -> Iterator[str]:
    """Rows that somebody of another stratum has.

    Args:
        numbers: of each stratum, in the order of the list. used: in order of receipt.
    """
    for use, stratum, own in placed(numbers, used):
        if own is None:
            yield f"whether {use.number} is a row for {use.ledger} is not known: its record cannot be read"
        elif own != stratum:
            said = f"is of {own}" if own else "is of none that the record says"
            yield f"{use.number} is a row of {stratum}, and {use.ledger} {said}"


def list_notices(*, deep: bool) -> list[str]:
    """What is wrong with how the committed list was used, as far as the record alone shows it.

    Args:
        deep: looks at everybody's stratum too, for which each is folded.
    """
    found = acts.entries(("commitment",))
    numbers = found[0].data.get("numbers") if found else None
    if not isinstance(numbers, dict):
        return []  # none is committed, or a rehearsal's, which gives its own numbers
    used = used_numbers()
    strata = problems_of_strata(numbers, used) if deep else ()
    return [f"the sealed list: {one}" for one in (*problems_of_use(numbers, used), *unread_uses(), *strata)]


def _known(study: Study, entries: Sequence[Kept], given: Kept, known_to: int | None = None) -> str:
    """The stratum of the list that the record says of a randomisation; empty where it does not."""
    course: Course = fold(study, entries, known_to=known_to)
    release = next((one for one in study.releases if one.id == given.release), study.newest)
    known = stratum_of(release, course, instant(given.occurred_at)).name
    return list_of(release, known) if known else ""
