"""Acts of persons upon the record: what the study's ledger says of them, and entering a new one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from entact.course.entry import SYSTEM, Authenticated, Entry, Kept, read, uuid7
from entact.course.entry.ledger import Receipt
from entact.course.entry.versions import first_versions
from entact.course.kinds import STUDY_KINDS
from entact.course.kinds.study import ReleaseEntered
from entact.course.releases import RELEASING, releases_entered
from entact.store import models
from entact.store.appending import append
from entact.store.error import StoreError
from entact.store.studies import study_ledger
from entact.store.versions import with_versions

KINDS = tuple(name for name, kind in STUDY_KINDS.items() if kind.is_signed)


class Here(msgspec.Struct, frozen=True):
    """The record in use: the study's ledger, the environment, and the newest release that stands there."""

    ledger: str
    environment: Any
    release: str


def here() -> Here:
    """What an entry upon the record as a whole is written under.

    Raises:
        StoreError: when the database holds no study, or no release of it that stands and can be read.
    """
    installation = models.Installation.objects.first()
    if installation is None:
        raise StoreError("this database holds no study yet")
    ledger = f"study:{installation.study}"
    return Here(ledger, installation.environment, releases_here()[-1].id)


def releases_here() -> tuple[ReleaseEntered, ...]:
    """The releases that stand in the study's ledger, oldest first; at least one.

    Raises:
        StoreError: when there is none, or one cannot be read.
    """
    try:
        releases = releases_entered(entries(tuple(RELEASING)))
    except msgspec.ValidationError as error:
        raise StoreError(f"a release in the study's ledger cannot be read: {error}") from error
    if not releases:
        raise StoreError("the study's ledger holds no release yet: enter one before anybody signs anything")
    return releases


def entries(kinds: tuple[str, ...] = KINDS, *, upto: int | None = None) -> list[Kept]:
    """Entries of some kinds in the study's ledger, in order of arrival; `upto` and with that number.

    Of an id that was used again only the first to arrive: what is signed or sealed is never decided between.
    """
    ledger = study_ledger()
    if not ledger:
        raise StoreError("this database holds no study yet")
    found = with_versions([ledger], kinds, upto=upto)
    texts = (one.text for one in found)
    return [entry for entry in first_versions(map(read, texts)) if entry.kind in kinds]


def now() -> str:
    """The server's clock."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def entry_of(
    place: Here,
    kind: str,
    data: Mapping[str, Any],
    *,
    by: str,
    role: str,
    ledger: str | None = None,
    reason: str | None = None,
) -> Entry:
    """An entry about the study, or another ledger, made here and now."""
    at = now()
    return Entry(
        id=uuid7(datetime.now(UTC), secrets.randbits(80)),
        ledger=ledger or place.ledger,
        kind=kind,
        release=place.release,
        environment=place.environment,
        occurred_at=at,
        recorded_at=at,
        by=by,
        role=role,
        data=dict(data),
        reason=reason,
    )


def by_system(entry: Entry) -> Authenticated:
    """What the server enters on its own."""
    return SYSTEM


def enter(
    place: Here,
    kind: str,
    payload: msgspec.Struct,
    *,
    by: str,
    role: str,
    prove: Callable[[Entry], Authenticated],
) -> Receipt:
    """Enters one act in the study's ledger; `prove` says of the entry who was authenticated."""
    entry = entry_of(place, kind, msgspec.to_builtins(payload), by=by, role=role)
    return append(entry, received_at=now(), authenticated=prove(entry))


def one_at_a_time() -> None:
    """Acts wait for each other, until the transaction ends: each is judged by all before it.

    Raises:
        StoreError: outside a transaction, where nothing would be held.
    """
    if not transaction.get_connection().in_atomic_block:
        raise StoreError("an act upon the record takes place in one transaction")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('entact act', 0))")
