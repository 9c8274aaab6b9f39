"""Keys of participants: what opens the personal items of their ledgers. They lie outside the database."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import connection

from entact.store.error import StoreError
from entact.store.keychain import Keychain, keychain_folder
from entact.store.known import raw_cursor

WHAT_TO_DO = (
    "ENTACT_KEYS says where keys lie: set it to where they are, or bring them back with `entact keys restore`"
)


def keychain() -> Keychain:
    """The keychain of the record in use; it may be empty, or not there.

    Raises:
        StoreError: when the database was never set up, or another keychain lies in its place.
    """
    chain, bound = bound_keychain()
    if bound is not None and chain.identity not in (None, bound.identity):
        raise StoreError(f"{chain.folder} holds another keychain than this record's{begun(bound)}")
    return chain


def require_keychain() -> None:
    """Refuses to go on where this record's keychain is not where keys are looked for.

    Raises:
        StoreError: when it has one that is not there, or another one is.
    """
    chain, bound = keychain(), bound_keychain()[1]
    if bound is not None and chain.identity is None and not chain.all():
        raise StoreError(absence(chain, bound))


def bring_back_keychain(identity: UUID | None) -> None:
    """Makes what lies in the place of the keys this record's keychain again, before keys come back to it.

    Args:
        identity: which one the keys are of; None where their file is of a version that did not say.
    Raises:
        StoreError: when they are another keychain's than this record's.
    """
    chain, bound = keychain(), bound_keychain()[1]
    if bound is not None and identity not in (None, bound.identity):
        raise StoreError(f"these are the keys of another keychain than this record's{begun(bound)}")
    chain.begin(bound.identity if bound is not None else identity or uuid4())


def key_of(participant: str) -> bytes | None:
    """The key of a participant; None when it was erased or never kept."""
    return keychain().get(participant)


_BOUND = """
    SELECT mark, keychain.identity, keychain.folder, keychain.since FROM store_installation
    LEFT JOIN LATERAL (SELECT * FROM store_keychain ORDER BY id DESC LIMIT 1) AS keychain ON true
"""


class Bound(NamedTuple):
    """Which keychain is the record's, and where and when it was begun."""

    identity: UUID
    folder: str
    since: datetime


def bound_keychain() -> tuple[Keychain, Bound | None]:
    """What lies where keys of this record belong, and which keychain should; None before the first key."""
    cursor = raw_cursor()  # asked with every entry: planned once
    with connection.wrap_database_errors:
        cursor.execute(_BOUND, prepare=True)
    row = cursor.fetchone()
    if row is None:
        raise StoreError("this database holds no study yet")
    mark, *bound = row
    return _keychain(keychain_folder(mark)), None if bound[0] is None else Bound(*bound)


def absence(chain: Keychain, bound: Bound) -> str:
    """That the record's keychain is not where keys are looked for."""
    return f"there is no keychain in {chain.folder}{begun(bound)}"


def begun(bound: Bound) -> str:
    """Where and when the record's keychain was begun, and what to do, for what is said of another one."""
    at = f"{bound.since:%Y-%m-%d}"
    return f", which was begun in {bound.folder} on {at} (keychain {bound.identity}): {WHAT_TO_DO}"


@lru_cache(maxsize=8)
def _keychain(folder: Path) -> Keychain:
    return Keychain(folder)
