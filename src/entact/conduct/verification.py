"""Whether the chains hold, checked in the background while the pages are served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event, Thread

import msgspec
from django.db import DatabaseError, connection
from django.utils import timezone

from entact.conduct.upkeep import reports
from entact.course.entry.ledger import Break
from entact.store import StoreError, Verification, verify
from entact.store.soundness import look

SUBJECT = "verification"
EVERY = 600.0  # seconds between two checks


@dataclass(frozen=True)
class Checked:
    """The last check of all chains and when it ended; and when the last anchor was put where, by place."""

    verification: Verification
    at: datetime
    anchored: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def last_anchor(self) -> datetime | None:
        """When the last anchor was taken."""
        return max(self.anchored.values(), default=None)


_last: Checked | None = None


def last_verification() -> Checked | None:
    """What the last check found, in this process or in the worker; None when none has ended yet."""
    said = reports.last(SUBJECT)
    if said is None or (_last is not None and _last.at >= said.at):
        return _last
    return msgspec.convert(said.content, Checked)


def check_now() -> Checked:
    """Checks every chain and what holds it up, and keeps what was found for the pages.

    Raises:
        StoreError: when the database was never set up.
    """
    global _last
    found = verify()
    around = look(lists=not found.breaks, keys=False)
    faults = tuple(Break("the database", 0, fault) for fault in around.faults)
    _last = Checked(replace(found, breaks=(*found.breaks, *faults)), timezone.now(), around.anchored)
    reports.say(SUBJECT, **msgspec.to_builtins(_last))
    return _last


def forget() -> None:
    """As before the first check."""
    global _last
    _last = None


def keep_checking(stop: Event) -> Thread:
    """Checks now and every ten minutes in a thread of its own, until `stop` is set."""
    thread = Thread(target=_check_until, args=(stop,), name="verification", daemon=True)
    thread.start()
    return thread


def _check_until(stop: Event) -> None:
    while not stop.is_set():
        try:
            check_now()
        except (StoreError, DatabaseError):
            forget()  # the pages then say that nothing was checked; the next round tries again
        finally:
            connection.close()
        stop.wait(EVERY)
