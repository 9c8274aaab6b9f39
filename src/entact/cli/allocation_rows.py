"""Rows of the sealed list that are opened: one by one, or all of them; entered in the record first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from entact.cli.allocation_opener import Way, ready_to_open
from entact.cli.custody import ledger_of, say
from entact.store import StoreError

if TYPE_CHECKING:
    from entact.course.kinds.allocation import Purpose


def open_row(participant: str, list_file: Path, way: Way, purpose: Purpose, signer: Any) -> dict[str, Any]:
    """Opens the row of one participant: entered in the record first, then opened.

    Raises:
        StoreError: when the participant is not randomised, or the files are of another list.
    """
    from entact.course.kinds.allocation import RowOpened
    from entact.store import acts, fact
    from entact.store.reckoned import row_for
    from entact.store.signature import require

    role = require(signer, "allocation").role
    ready = ready_to_open(list_file, way, signer)
    sealed = ready.sealed
    ledger = ledger_of(participant)
    number = number_of(ledger)
    sealed.place_of(number)  # or there is none, and nothing is entered
    payload = msgspec.to_builtins(RowOpened(number, purpose))
    entry = acts.entry_of(acts.here(), "row_opened", payload, by=signer.person, role=role, ledger=ledger)
    fact(entry, received_at=entry.recorded_at, authenticated=signer.prove(entry))
    row = row_for(sealed, ready.opener(entry.id), number)
    return {"number": row.number, "arm": row.arm, "entry": entry.id, "at": entry.recorded_at}


def print_row(found: Mapping[str, Any]) -> None:
    """What stood in a row; on the screen of whoever holds the key."""
    say(f"{found['number']}   {found['arm']}")
    say(f"entered in the record as {found['entry']} at {found['at']}: tell nobody who is blinded")


def note_opened(
    place: Any, purpose: Any, sealed: Any, signer: Any, role: str, rows: int | None = None
) -> str:
    """Enters that every row is opened, or so many, before they are; the entry's id."""
    from entact.course import read
    from entact.course.kinds.allocation import ListOpened
    from entact.store import acts

    count = sum(map(len, sealed.numbers.values())) if rows is None else rows
    opened = ListOpened(purpose, sealed.root, count)
    noted = acts.enter(place, "list_opened", opened, by=signer.person, role=role, prove=signer.prove)
    return read(noted.line.text).id


def number_of(ledger: str) -> str:
    """The number that a participant has now: one that was withdrawn opens nothing."""
    from entact.cli.allocation import study_here
    from entact.course import fold, read
    from entact.course.state.numbers import row_number, unit_of
    from entact.store import lines

    course = fold(study_here(), [read(line.text) for line in lines(ledger)])
    if course.randomisation is None:
        raise StoreError(f"{ledger} is not randomised: there is no row to open")
    number = course.randomisation.number
    return number if unit_of(course) is None else row_number(number)
