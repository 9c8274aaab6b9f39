"""What somebody known has sent is kept, whether or not it can be read: nothing that arrives is lost."""

from __future__ import annotations

from uuid import UUID

import msgspec

from entact.course import Entry, Receipt
from entact.course.entry import CLAIMED, Authenticated, digest, parse
from entact.course.entry.decoding import decoded
from entact.course.entry.name import is_ledger_name
from entact.course.kinds import UNPARSED
from entact.course.signed.device import UNREADABLE, DeviceProof
from entact.store import models
from entact.store.derived import PARTICIPANT
from entact.store.door import append_or_open, fact
from entact.store.error import StoreError
from entact.store.under_key import is_open, sealed_entry, study_entered

INBOX = "system:received"  # keeps what does not say whom it is about


def receive(
    text: bytes,
    *,
    by: str,
    role: str,
    received_at: str,
    about: str | None = None,
    device: str | None = None,
    authenticated: Authenticated = CLAIMED,
    proof: DeviceProof | None = None,
) -> Receipt:
    """Keeps what somebody known has sent, whether or not it can be read: it is never lost.

    What is a fact is kept as one. What is no entry, or cannot be kept as what it claims to be, is kept as
    received (kind `unparsed`, a finding) with the sender as its author. The same bytes are kept once.

    Args:
        text: as it came. by, role, device, authenticated: who was authenticated as its sender, and how.
        proof: of the device on which it was written offline: checked here, in the place of `authenticated`.
            What is wrong with it is kept beside the entry, and found; the entry is kept anyway.
        about: the participant whom the sender's connection is about. Without one, the text says it; where it
            does not either, `system:received` keeps it.
    """
    try:
        sent = parse(text)
        if proof is None:
            return fact(sent, received_at=received_at, authenticated=authenticated)
        return fact(sent, received_at=received_at, proof=proof)
    except (StoreError, msgspec.DecodeError, TypeError, ValueError) as error:
        problem = str(error)
    authenticated = authenticated if proof is None else UNREADABLE
    entry = _as_received(text, problem, by=by, role=role, received_at=received_at, device=device)
    for ledger in (about, _ledger_in(text)):
        if (
            ledger is not None
            and is_ledger_name(ledger)
            and ledger.startswith(PARTICIPANT)
            and is_open(ledger)
        ):
            entry = msgspec.structs.replace(entry, ledger=ledger)
            break
    return append_or_open(sealed_entry(entry), received_at, authenticated)


def _as_received(
    text: bytes, problem: str, *, by: str, role: str, received_at: str, device: str | None
) -> Entry:
    """What was received, as the data of an entry; its id follows from the bytes."""
    received = {"problem": problem} | ({"text": text.decode()} if _is_utf8(text) else {"hex": text.hex()})
    installation = models.Installation.objects.get()
    _, study = study_entered()
    return Entry(
        id=str(UUID(hex=digest(b"\0".join([by.encode(), text]))[:32], version=5)),
        ledger=INBOX,
        kind=UNPARSED,
        release=study.newest.id,
        environment=installation.environment,
        occurred_at=received_at,
        recorded_at=received_at,
        by=by,
        role=role,
        device=device,
        source="device" if device is not None else "typed",
        data={"received": received},
    )


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


class _Addressed(msgspec.Struct):
    ledger: str


def _ledger_in(text: bytes) -> str | None:
    """The ledger that a text names, where as much of it can be read."""
    try:
        return decoded(text, _Addressed).ledger
    except msgspec.DecodeError:
        return None
