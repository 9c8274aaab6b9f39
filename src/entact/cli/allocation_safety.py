"""`entact allocation safety`: one arm for an expedited report, to the safety desk alone.

An authority wants to know what was given before it judges a suspected unexpected reaction; investigator,
monitor and sponsor's team stay blinded. The arm is sealed to one person's key before it leaves the process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from entact.cli.allocation_opener import Way, ready_to_open
from entact.cli.allocation_rows import number_of
from entact.cli.allocation_tell import ledger_named
from entact.cli.custody import say
from entact.store import StoreError

FORMAT: Final = "entact arm for the safety desk 1"
_PLAIN_BYTES: Final = 512  # of every answer, so that its length tells nothing


def unblind_for_report(
    participant: str, event: str, list_file: Path, way: Way, reader: str, out: Path, signer: Any
) -> dict[str, Any]:
    """Opens one row for the report that an event makes due, and seals the arm to who writes that report.

    Args:
        participant: number or opaque id. event: the entry of the adverse event. reader: the person of the
            safety desk. out: a new private file, which that person's key alone reads.
    Raises:
        StoreError: where no report of this event is due, for a reader from whom the study hides the
            allocation or who works with participants, and for files of another list.
    """
    from entact.course.kinds.allocation import RowOpened
    from entact.store import acts, fact
    from entact.store.private import write_new
    from entact.store.reckoned import row_for
    from entact.store.sealed_list import seal_box
    from entact.store.signature import require

    role = require(signer, "allocation").role
    ready = ready_to_open(list_file, way, signer)
    ledger = ledger_named(participant)
    reports, key = _reports_due(ledger, event), _key_of_reader(reader)
    number = number_of(ledger)
    ready.sealed.place_of(number)  # or there is none, and nothing is entered
    if out.exists():
        raise StoreError(f"{out} exists already: name another file")
    payload = msgspec.to_builtins(RowOpened(number, "expedited_report", reader))
    entry = acts.entry_of(acts.here(), "row_opened", payload, by=signer.person, role=role, ledger=ledger)
    entry = msgspec.structs.replace(entry, about=event)
    fact(entry, received_at=entry.recorded_at, authenticated=signer.prove(entry))
    row = row_for(ready.sealed, ready.opener(entry.id), number)
    told = {"participant": participant, "event": event, "number": row.number, "arm": row.arm}
    plain = json.dumps(told, ensure_ascii=False).encode()
    if len(plain) > _PLAIN_BYTES:
        raise StoreError(f"what is told of {participant} has {len(plain)} bytes, and at most {_PLAIN_BYTES}")
    box = seal_box(plain.ljust(_PLAIN_BYTES), key)
    sealed = {"entact": FORMAT, "for": reader, "entry": entry.id, "sealed": box}
    write_new(out, json.dumps(sealed, indent=1).encode() + b"\n", "the arm for the safety desk")
    return {"file": str(out), "for": reader, "reports": reports, "entry": entry.id}


def read_for_report(file: Path, signer: Any) -> dict[str, Any]:
    """What was sealed to a person of the safety desk.

    Raises:
        StoreError: when the file is none of these, was altered, or is sealed to another.
    """
    from entact.store.sealed_list import open_text

    try:
        found = json.loads(file.read_bytes())
        reader, sealed, form = found["for"], found["sealed"], found["entact"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreError(f"{file} is no arm for the safety desk: {error}") from error
    if form != FORMAT or not isinstance(sealed, str):
        raise StoreError(f"{file} is {form!a}, not {FORMAT!r}")
    if reader != signer.person:
        raise StoreError(f"{file} is sealed to {reader}, not to {signer.person}")
    told: dict[str, Any] = json.loads(open_text(sealed, signer, str(file)))
    return told


def print_sealed(found: Mapping[str, Any]) -> None:
    """What was written, without an arm."""
    say(f"{found['file']} tells the arm to {found['for']} alone, for: {', '.join(found['reports'])}")
    say(f"entered in the record as {found['entry']}: that it was opened, for whom and why, never what")


def print_read(found: Mapping[str, Any]) -> None:
    """The arm, on the screen of the safety desk."""
    say(f"{found['participant']}   {found['number']}   {found['arm']}")
    say(f"for the report of event {found['event']} alone: tell nobody who is blinded")


def _reports_due(ledger: str, event: str) -> list[str]:
    """The reports to an authority that an event makes due, sent or not.

    Raises:
        StoreError: when there is none, with the events of which there is one: a sponsor or a board is
            reported to without an arm.
    """
    from entact.course import fold, read
    from entact.course.kinds.reporting import reports_due
    from entact.store import lines
    from entact.store.studies import study_of_record

    _, study = study_of_record()
    assert study is not None  # a list was committed to it
    course = fold(study, [read(line.text) for line in lines(ledger)])
    planned = course.release.file.reports
    due = [
        one
        for one in reports_due(course)
        if one.report in planned and planned[one.report].jurisdiction is not None
    ]
    found = [one.report for one in due if one.event == event]
    if not found:
        known = ", ".join(dict.fromkeys(one.event for one in due)) or "none"
        raise StoreError(f"no report of the event {event} to an authority is due; events with one: {known}")
    return found


def _key_of_reader(reader: str) -> str:
    """The public key of the person of the safety desk.

    Raises:
        StoreError: for nobody with a key, and for who is not to know an arm or works with participants.
    """
    from entact.cli.allocation import newest_release, require_unblinded
    from entact.conduct.access import people
    from entact.conduct.permissions import AT_A_SITE
    from entact.store.signature import holders

    known = holders().get(reader)
    if known is None:
        raise StoreError(f"{reader} has no key to seal the arm to: `entact sign-key new {reader}`")
    require_unblinded(newest_release(), reader, known.role)
    account = people.account_named(reader)
    at_sites = sorted(people.person_of(account).all_roles & AT_A_SITE) if account is not None else []
    if at_sites:
        raise StoreError(f"{reader} is {at_sites[0]} of a site too: the safety desk has no part in one")
    return str(known.key)
