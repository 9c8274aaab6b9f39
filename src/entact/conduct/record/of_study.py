"""Entries in the ledger of the whole study, as people make them on pages."""

from __future__ import annotations

import secrets
from datetime import datetime

import msgspec

from entact.conduct.reader import Reader
from entact.conduct.record.door import Author
from entact.course import Entry, uuid7
from entact.course.entry.entry import SecondProof
from entact.store import door


def note_of_study(
    reader: Reader,
    kind: str,
    payload: msgspec.Struct,
    at: datetime,
    *,
    by: Author,
    reason: str | None = None,
    second: SecondProof | None = None,
) -> None:
    """Enters something about the whole study.

    Args:
        at: when it is entered.
        reason: why, in clear; it is about nobody. second: what whoever signs it showed once more.
    """
    entry = Entry(
        id=uuid7(at, secrets.randbits(80)),
        ledger=f"study:{reader.study.name}",
        kind=kind,
        release=reader.study.newest.id,
        environment=reader.environment,  # type: ignore[arg-type]  # as the installation says it
        occurred_at=at.isoformat(timespec="milliseconds"),
        recorded_at=at.isoformat(timespec="milliseconds"),
        by=by.identity,
        role=by.role,
        data=msgspec.to_builtins(payload),
        reason=reason,
    )
    authenticated = by.authenticated
    if second is not None:
        authenticated = msgspec.structs.replace(authenticated, second=second)
    door.note(entry, received_at=entry.recorded_at, authenticated=authenticated)
