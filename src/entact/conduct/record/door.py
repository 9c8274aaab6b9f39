"""Writing into a participant's record: who writes, in whose turn, and through which door."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from entact import store
from entact.conduct.error import ConductError
from entact.conduct.language.sentences import told_error
from entact.conduct.reader import Reader, begin_to_write
from entact.course import Course, Entry, Reason, Refused, uuid7
from entact.course.entry import Authenticated
from entact.course.entry.ledger import Receipt
from entact.course.held import held_against
from entact.course.kinds import KINDS
from entact.course.state.numbers import number_in
from entact.store import StoreError
from entact.store.after_lock import closed_by
from entact.store.allocation import awaits_number
from entact.store.known import raw_cursor


@dataclass(frozen=True)
class Author:
    """Who writes: as whom the entry names them, in which role, and how they were authenticated."""

    identity: str
    role: str
    authenticated: Authenticated


def store_entry(entry: Entry, author: Author, now: datetime) -> Receipt:
    """Writes a fact through the door, as who was authenticated."""
    begin_to_write(entry.ledger)
    return store.fact(entry, received_at=now.isoformat(), authenticated=author.authenticated)


def store_act(entry: Entry, course: Course, author: Author, now: datetime) -> Receipt | Refused:
    """Does an act if its gate allows it: a receipt, or every reason against it. What is not gated is a fact.

    Args:
        course: the participant's, from which it follows whether it is gated.
    """
    kind = KINDS[entry.kind]
    if not awaits_number(entry):
        try:
            payload = msgspec.convert(entry.data, kind.payload, strict=True)
        except msgspec.ValidationError as error:
            return Refused((Reason("unreadable", f"{kind.title} cannot be read: {error}."),))
        if kind.gated_act(course, entry, payload, now) is None and number_in(entry) is None:
            return store_entry(entry, author, now)
    begin_to_write(entry.ledger)
    try:
        return store.act(entry, received_at=now.isoformat(), authenticated=author.authenticated)
    except StoreError as error:
        return Refused((Reason("record", told_error(error)),))


def compose(
    course: Course,
    reader: Reader,
    ledger: str,
    author: Author,
    now: datetime,
    kind: str,
    data: dict[str, Any],
    at: datetime | None = None,
    **fields: Any,
) -> Entry:
    """An entry as this person writes it now, under the release that the participant is under.

    Raises:
        Held: where it is frozen or locked.
    """
    against = held_now(course, kind, fields.get("encounter"), fields.get("replaces"))
    if against is not None:
        raise Held(against)
    zone = reader.zone_of(course.site or "")
    here = now.astimezone(zone)
    occurred = (at or now).astimezone(zone)
    return Entry(
        id=uuid7(now, secrets.randbits(80)),
        ledger=ledger,
        kind=kind,
        release=fields.pop("release", None) or written_under(course, now),
        environment=reader.environment,  # type: ignore[arg-type]  # as the installation says it
        occurred_at=occurred.isoformat(),
        recorded_at=here.isoformat(),
        by=author.identity,
        role=author.role,
        data=data,
        **fields,
    )


def held_now(course: Course, kind: str, encounter: str | None, replaces: str | None = None) -> str | None:
    """Why such an entry is not written on a page now, and who ends that; None where nothing holds it."""
    return held_against(course, kind, encounter, replaces, closed_by())


class Held(ConductError):
    """Something is frozen or locked, and not written on a page."""


def written_under(course: Course, now: datetime) -> str:
    """The release under which entries about a participant are written: the one consented to."""
    return course.consent.release if course.consent is not None else course.site_release(now).id


@contextmanager
def turn_of(ledger: str) -> Iterator[None]:
    """Lets one save at a time look at a participant's record and write to it; the others wait."""
    name = f"entact save {ledger}"
    with connection.wrap_database_errors:
        raw_cursor().execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name], prepare=True)
    try:
        yield
    finally:
        with connection.wrap_database_errors:
            raw_cursor().execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name], prepare=True)
