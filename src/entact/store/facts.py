"""Recording a fact as it comes from a person or device: sealed under the participant's key, then appended."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from django.db import transaction

from entact.course.entry import Entry, Line, as_sent, read
from entact.course.entry.ledger import Receipt
from entact.course.entry.sealing import KEY_BYTES, MARK, is_sealed
from entact.course.kinds.study import LedgerOpened
from entact.course.record import seal_entry
from entact.protocol import Study
from entact.store import acts, models
from entact.store.erasure import erased
from entact.store.error import StoreError
from entact.store.index import storable
from entact.store.people import keep_keys, key_of
from entact.store.record import append


def record_fact(study: Study, entry: Entry, *, received_at: str) -> Receipt:
    """Keeps a fact about a participant; what is personal in it reaches the database as ciphertext alone.

    The first entry opens the ledger: its key is made, and its birth noted in the study's ledger. A fact that
    arrives after the participant was erased is kept, and what is personal in it is lost at once.

    Args:
        study: all releases. entry: as sent, personal items in plain. received_at: the server's clock.
    Raises:
        StoreError: when a correction or withdrawal has no reason, or the participant's key is not here.
    """
    if not entry.ledger.startswith("participant:"):
        raise StoreError(f"{entry.ledger} is no participant: what is recorded here is about one")
    if (entry.replaces is not None or entry.kind == "void") and not (entry.reason or "").strip():
        raise StoreError(
            f"entry {entry.id} changes {entry.replaces or 'another'} and says no reason: give one"
        )
    key = key_of(entry.ledger)
    if key is None and entry.ledger in erased():
        return _after_erasure(study, entry, received_at)
    if key is None:
        if _is_open(entry.ledger):
            raise StoreError(
                f"the key of {entry.ledger} is not here: ENTACT_KEYS says where keys lie, "
                "`entact keys restore` brings them back"
            )
        keep_keys({entry.ledger: secrets.token_bytes(KEY_BYTES)})
        key = key_of(entry.ledger) or b""
    return _append(seal_entry(study, entry, key), received_at)


def _append(sealed: Entry, received_at: str) -> Receipt:
    """Appends an entry; the first of a ledger together with its birth."""
    if _is_open(sealed.ledger):
        return append(sealed, received_at=received_at)
    with transaction.atomic():
        acts.one_at_a_time()
        if not _is_open(sealed.ledger):
            birth = msgspec.to_builtins(LedgerOpened(sealed.ledger))
            append(
                acts.entry_of(acts.here(), "ledger_opened", birth, by=sealed.by, role=sealed.role),
                received_at=received_at,
            )
        return append(sealed, received_at=received_at)


def _is_open(ledger: str) -> bool:
    return models.Ledger.objects.filter(name=ledger, seq__gt=0).exists()


def _after_erasure(study: Study, entry: Entry, received_at: str) -> Receipt:
    """Keeps the rest of a late fact: its personal items go under a key that nobody keeps.

    That holds for a ledger too of which a backup knows nothing yet. The ciphertext of what is there cannot be
    made again, so the same entry is told by all the rest of it.
    """
    sealed = seal_entry(study, entry, secrets.token_bytes(KEY_BYTES))
    sent = _without_ciphertext(msgspec.to_builtins(sealed))
    for line in _lines_with(entry):
        if _without_ciphertext(msgspec.to_builtins(as_sent(read(line.text)))) == sent:
            return Receipt("again", line)
    return _append(sealed, received_at)


def _lines_with(entry: Entry) -> list[Line]:
    found = models.Line.objects.filter(ledger__name=entry.ledger, entry_id=storable(entry.id)).order_by("seq")
    return [Line(*row) for row in found.values_list("seq", "hash", "text")]


def _without_ciphertext(value: Any) -> Any:
    """A value with a mark in the place of everything that is sealed."""
    if isinstance(value, dict):
        return {name: _without_ciphertext(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_ciphertext(inner) for inner in value]
    return MARK if is_sealed(value) else value
