"""An entry in another ledger that follows from one: a birth, a place that is taken, a serious event."""

from __future__ import annotations

import secrets

import msgspec

from entact.course.entry import Entry, instant, uuid7
from entact.store.known import Known


def notice_of(
    entry: Entry, into: Known, kind: str, payload: msgspec.Struct, *, learned: str | None = None
) -> Entry:
    """What follows from an entry in another ledger: made by the same person, at the same time.

    Args:
        into: the other ledger as it stands: of two notices of one instant the later one counts.
        learned: when it is only then known, whatever time the entry claims: who has lifted a hold has not
            seen what came afterwards, and is about earlier.
    """
    occurred, recorded = learned or entry.occurred_at, learned or entry.recorded_at
    return Entry(
        id=uuid7(instant(recorded), (into.seq << 40) + secrets.randbits(40)),
        ledger=into.ledger,
        kind=kind,
        release=entry.release,
        environment=entry.environment,
        occurred_at=occurred,
        recorded_at=recorded,
        by=entry.by,
        role=entry.role,
        data=msgspec.to_builtins(payload),
    )
