"""Recording a fact as it comes from a person or device: sealed under the participant's key, then appended."""

from __future__ import annotations

import secrets

import msgspec
from django.db import transaction

from entact.course.entry import Entry, Line
from entact.course.ledger import Receipt
from entact.course.people import KEY_BYTES
from entact.course.record import seal_entry
from entact.course.setting import LedgerOpened
from entact.protocol import Study
from entact.store import acts, models
from entact.store.erasure import erased
from entact.store.error import StoreError
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
    opened = models.Ledger.objects.filter(name=entry.ledger, seq__gt=0).exists()
    key = key_of(entry.ledger)
    if key is None and opened:
        if entry.ledger not in erased():
            raise StoreError(
                f"the key of {entry.ledger} is not here: ENTACT_KEYS says where keys lie, "
                "`entact keys restore` brings them back"
            )
        return _after_erasure(study, entry, received_at)
    if key is None:
        keep_keys({entry.ledger: secrets.token_bytes(KEY_BYTES)})
        key = key_of(entry.ledger) or b""
    sealed = seal_entry(study, entry, key)
    if opened:
        return append(sealed, received_at=received_at)
    with transaction.atomic():
        acts.one_at_a_time()
        place = acts.here()
        if not models.Ledger.objects.filter(name=entry.ledger, seq__gt=0).exists():
            birth = msgspec.to_builtins(LedgerOpened(entry.ledger))
            append(
                acts.entry_of(place, "ledger_opened", birth, by=entry.by, role=entry.role),
                received_at=received_at,
            )
        return append(sealed, received_at=received_at)


def _after_erasure(study: Study, entry: Entry, received_at: str) -> Receipt:
    """Keeps the rest of a late fact: its personal items go under a key that nobody keeps."""
    found = models.Line.objects.filter(ledger__name=entry.ledger, entry_id=entry.id).order_by("seq").first()
    if found is not None:  # its ciphertext cannot be made again, so what was sent is known by its id alone
        return Receipt("again", Line(found.seq, found.hash, found.text))
    sealed = seal_entry(study, entry, secrets.token_bytes(KEY_BYTES))
    return append(sealed, received_at=received_at)
