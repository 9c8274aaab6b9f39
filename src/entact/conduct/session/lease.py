"""The dosing lease: in each session one device gives doses, so that no two give a supplement.

The device that holds it goes on giving without a network. Another one asks; the holder, once reached, sends
what it has and hands it over. One that cannot be reached keeps it, until a person takes it over from there
and answers for it. Nothing of this holds up recording what was done.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
from django.db import transaction

from entact.conduct.session.models import Lease

Want = Literal["take", "ask", "release", "force"]
UNREACHED: Final = timedelta(seconds=20)  # since a holder last asked for news, until it may be passed over
_NOTED: Final = timedelta(seconds=5)


class Leased(msgspec.Struct, frozen=True):
    """Which device holds the lease of a session and since when, who took it, and which device asks for it."""

    device: str
    person: str
    since: str
    wanted: str | None
    wanted_by: str | None

    @property
    def stamp(self) -> str:
        """Another one where anything of it is another."""
        return f"{self.device} {self.since} {self.wanted or ''}"


def lease_of(ledger: str, encounter: str) -> Leased | None:
    """The lease of a session; None where no device holds it."""
    row = Lease.objects.filter(ledger=ledger, encounter=encounter).first()
    return None if row is None else _leased(row)


def note_seen(ledger: str, encounter: str, device: str, now: datetime) -> None:
    """Notes that the holder asks for news; not more often than is needed."""
    Lease.objects.filter(ledger=ledger, encounter=encounter, device=device, seen__lt=now - _NOTED).update(
        seen=now
    )


@transaction.atomic
def change_lease(
    ledger: str, encounter: str, want: Want, *, device: str, person: str, now: datetime
) -> Leased | None:
    """Does what a device wants of a lease, if that can be; how it stands afterwards.

    Args:
        want: `take` it where nobody has it; `ask` for it; `release` it, to whoever asks; `force` it from a
            device that has not been reached for a while.
    """
    fresh = {"device": device, "person": person, "since": now, "seen": now}
    if want in ("take", "ask"):
        Lease.objects.get_or_create(ledger=ledger, encounter=encounter, defaults=fresh)
    row = Lease.objects.select_for_update().filter(ledger=ledger, encounter=encounter).first()
    if row is None:
        return None
    mine = row.device == device
    if want == "ask" and not mine:
        row.wanted, row.wanted_by = device, person
    elif want == "release" and mine and row.wanted is None:
        row.delete()
        return None
    elif want == "release" and mine:
        row.device, row.person, row.since, row.seen = row.wanted, row.wanted_by or "", now, now
        row.wanted = row.wanted_by = None
    elif want == "force" and not mine and now - row.seen >= UNREACHED:
        row.device, row.person, row.since, row.seen = device, person, now, now
        row.wanted = row.wanted_by = None
    row.save()
    return _leased(row)


def _leased(row: Lease) -> Leased:
    return Leased(row.device, row.person, row.since.isoformat(), row.wanted, row.wanted_by)
