"""An entry as the database may have it: what is personal lies under the participant's key, or a lost one.

The same entry, sent again, has to become the same bytes: also where it was kept under an earlier version of
the ciphertext, or where its participant was erased meanwhile.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any

import msgspec
from django.db import connection

from entact.course import Entry, read
from entact.course.entry import as_sent
from entact.course.entry.sealing import KEY_BYTES, MARK, OLDER, is_sealed
from entact.course.personal import opened, seal_entry
from entact.protocol import Study
from entact.store.custody import keep_keys
from entact.store.erasure import erased
from entact.store.error import StoreError
from entact.store.index import storable
from entact.store.known import raw_cursor, remembered
from entact.store.participant_keys import key_of
from entact.store.reading import lines_with
from entact.store.studies import study_of_record


def lost_key() -> bytes:
    """A key that nobody keeps: what arrives after an erasure is not to be opened."""
    return secrets.token_bytes(KEY_BYTES)


def study_entered() -> tuple[str, Study]:
    """The study with the stamp of its releases; without one nothing can be sealed."""
    stamp, study = study_of_record()
    if study is None:
        raise StoreError("this record holds no release that can be read: enter one first")
    return stamp, study


def is_open(ledger: str) -> bool:
    """Whether a ledger has an entry."""
    cursor = raw_cursor()  # asked with every entry: planned once
    with connection.wrap_database_errors:
        cursor.execute("SELECT FROM store_ledger WHERE name = %s AND seq > 0", [ledger], prepare=True)
    return cursor.fetchone() is not None


def key_in(ledger: str) -> bytes:
    """The key of a participant who is in this record."""
    key = key_of(ledger)
    if key is None:
        raise StoreError(
            f"the key of {ledger} is not here: ENTACT_KEYS says where keys lie, "
            "`entact keys restore` brings them back"
            if is_open(ledger)
            else f"there is no {ledger} in this record"
        )
    return key


def sealed_entry(entry: Entry) -> Entry:
    """As the database may have it: under the participant's key, which the first entry makes."""
    _, study = study_entered()
    key = key_of(entry.ledger)
    if key is None and entry.ledger in erased():
        return _after_erasure(study, entry)
    if key is None:
        if not is_open(entry.ledger):
            keep_keys({entry.ledger: secrets.token_bytes(KEY_BYTES)})
        key = key_in(entry.ledger)
    return _as_kept_before(entry, seal_entry(study, entry, key), key)


def _as_kept_before(entry: Entry, sealed: Entry, key: bytes) -> Entry:
    """The entry as it was kept under an earlier version of the ciphertext: sent again, it is the same.

    Only an id that may be there is looked for: what this process knows of the ledger is asked first.
    """
    known = remembered(entry.ledger)
    if sealed is entry or (known.seq and storable(entry.id) not in known.ids):
        return sealed
    for line in lines_with(entry):
        if OLDER in line.text:
            kept = as_sent(read(line.text))
            with suppress(ValueError):
                if opened(kept, key) == opened(sealed, key):
                    return kept
    return sealed


def _after_erasure(study: Study, entry: Entry) -> Entry:
    """The rest of a late fact: its personal items go under a key that nobody keeps.

    That holds for a ledger too of which a backup knows nothing yet. The ciphertext of what is there cannot be
    made again, so the same entry is told by all the rest of it, and is then given back as it was kept.
    """
    sealed = seal_entry(study, entry, lost_key())
    sent = _without_ciphertext(msgspec.to_builtins(sealed))
    for line in lines_with(entry):
        kept = as_sent(read(line.text))
        if _without_ciphertext(msgspec.to_builtins(kept)) == sent:
            return kept
    return sealed


def _without_ciphertext(value: Any) -> Any:
    """A value with a mark in the place of everything that is sealed."""
    if isinstance(value, dict):
        return {name: _without_ciphertext(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_ciphertext(inner) for inner in value]
    return MARK if is_sealed(value) else value
