"""Which devices follow a session, and what each has not sent yet: nothing that a ledger says.

A device says with each question how many entries wait on it, and since when. One that is not heard of any
more may have more: whoever takes over is told since when nothing is known of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.db.models import Q

from entact.conduct.session.lease import UNREACHED
from entact.conduct.session.models import Device

_NOTED: Final = timedelta(seconds=5)
FORGOTTEN: Final = timedelta(hours=18)  # a session is over by then, its night too


class Waiting(msgspec.Struct, frozen=True):
    """What another device of a session has not sent: how many entries, the oldest since when.

    Attributes:
        person: who opened it. silent: since when it has not been heard of; None where it is.
    """

    person: str
    waiting: int
    oldest: str | None
    silent: str | None


def note_device(
    ledger: str,
    encounter: str,
    device: str,
    *,
    person: str,
    waiting: int,
    oldest: datetime | None,
    now: datetime,
) -> None:
    """Notes what a device says of itself; not more often than is needed."""
    said = {"person": person, "waiting": waiting, "oldest": oldest}
    rows = Device.objects.filter(ledger=ledger, encounter=encounter, device=device)
    changed = ~Q(**{name: value for name, value in said.items() if value is not None}) | Q(
        seen__lt=now - _NOTED
    )
    if not rows.filter(changed).update(seen=now, **said) and not rows.exists():
        Device.objects.get_or_create(
            ledger=ledger, encounter=encounter, device=device, defaults={"seen": now, **said}
        )


def forget_device(ledger: str, encounter: str, device: str) -> None:
    """A device is signed out of a session."""
    Device.objects.filter(ledger=ledger, encounter=encounter, device=device).delete()


def others(ledger: str, encounter: str, device: str, now: datetime) -> list[Waiting]:
    """The other devices of a session that have something unsent, or of which nothing is heard."""
    rows = Device.objects.filter(ledger=ledger, encounter=encounter, seen__gte=now - FORGOTTEN)
    found = []
    for one in rows.exclude(device=device).order_by("device"):
        is_silent = now - one.seen >= UNREACHED
        if one.waiting or is_silent:
            oldest = None if one.oldest is None else one.oldest.isoformat()
            found.append(
                Waiting(one.person, one.waiting, oldest, one.seen.isoformat() if is_silent else None)
            )
    return found
