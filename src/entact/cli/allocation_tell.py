"""`entact allocation tell`: what the study file plans that somebody is told, by whoever holds the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from entact.cli.custody import ledger_of, say
from entact.store import StoreError

if TYPE_CHECKING:
    from entact.cli.allocation_opener import Way
    from entact.course.allocation.allocation import ListRow
    from entact.store.sealed_list import Opener
    from entact.store.telling import Awaited

Opening = Callable[["Awaited", str], "ListRow"]  # of whom, and the entry that says that the row is opened


def tell_waiting(participant: str, list_file: Any, way: Way, signer: Any) -> dict[str, Any]:
    """Tells everybody of whom something waits to be told, or one participant; says of each what came of it.

    Args:
        participant: number or opaque id; empty for all.
    Raises:
        StoreError: when the files are of another list, there is no such participant, or nothing waits.
    """
    from entact.cli.allocation_opener import ready_to_open
    from entact.store.reckoned import row_for
    from entact.store.signature import require
    from entact.store.studies import study_of_record
    from entact.store.telling import awaited

    require(signer, "allocation")
    ready = ready_to_open(list_file, way, signer)
    _, study = study_of_record()
    assert study is not None  # a list was committed to it
    waiting = awaited(study, ledger_named(participant) if participant else None)
    if not waiting:
        raise StoreError(f"nothing waits to be told{f' of {participant}' if participant else ''}")

    def open_row(one: Awaited, entry: str) -> ListRow:
        opener: Opener = ready.opener(entry)
        return row_for(ready.sealed, opener, one.number)

    return {"told": [tell_one(one, ready.sealed, open_row, signer) for one in waiting]}


def tell_one(one: Awaited, sealed: Any, open_row: Opening, signer: Any) -> dict[str, Any]:
    """Opens one row and enters what is to be told of it; or says everything against it. No arm is in it.

    The record is told first that the row is opened, and nothing is opened that the gate refuses.
    """
    from entact.course import Refused
    from entact.course.kinds.allocation import RowOpened
    from entact.store import acts, fact, telling
    from entact.store.signature import require

    found = {"what": one.what, "ledger": one.ledger, "number": one.number, "entry": "", "refused": []}
    role = require(signer, "allocation").role
    try:
        sealed.place_of(one.number)  # or there is none, and nothing is entered
        against: Sequence[str] = telling.reasons_against(one, datetime.now(UTC))
        if against:
            return found | {"refused": list(against)}
        payload = msgspec.to_builtins(RowOpened(one.number, one.what))
        opened = acts.entry_of(
            acts.here(), "row_opened", payload, by=signer.person, role=role, ledger=one.ledger
        )
        fact(opened, received_at=opened.recorded_at, authenticated=signer.prove(opened))
        row = open_row(one, opened.id)
        done = telling.tell(
            one, row.arm, by=signer.person, role=role, prove=signer.prove, now=datetime.now(UTC)
        )
    except StoreError as error:
        return found | {"refused": [str(error)]}
    if isinstance(done, Refused):
        return found | {"refused": [reason.message for reason in done.reasons]}
    return found | {"entry": opened.id}


def print_told(found: Mapping[str, Any]) -> None:
    """What came of each, in words; never an arm."""
    for one in found["told"]:
        say(sentence(one))


def sentence(one: Mapping[str, Any]) -> str:
    """What came of one, in a line that anybody may read."""
    what = {"planned_unblinding": "planned unblinding", "assignment": "assignment"}[one["what"]]
    said = f"NOT told: {' '.join(one['refused'])}" if one["refused"] else "told, as the study file plans it"
    return f"{what} of {one['number']} ({one['ledger']}): {said}"


def ledger_named(participant: str) -> str:
    """The ledger of a number or an opaque id.

    Raises:
        StoreError: when nobody has it, or several do.
    """
    from entact.store import models

    ledger = ledger_of(participant)
    found = models.Standing.objects.filter(ledger__name=ledger) | models.Standing.objects.filter(
        number=participant
    )
    names = list(found.values_list("ledger__name", flat=True))
    if len(names) != 1:
        raise StoreError(f"{len(names) or 'no'} participants have the number or id {participant}")
    return str(names[0])
