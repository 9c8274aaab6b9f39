"""One seeded source of clock and chance, for this process and all that runs in it."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import shake_256

from django.utils import timezone

BEGIN = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)


class Source:
    """Bytes and the time, which follow from a seed and the step alone.

    Each step begins anew: how much one of them draws moves nothing in the next.
    """

    def __init__(self, seed: int) -> None:
        self.seed, self.step, self.drawn = seed, 0, 0

    def begin(self, step: int) -> None:
        """What is drawn, and what time it is, from here on."""
        self.step, self.drawn = step, 0

    def bytes(self, count: int) -> bytes:
        """As `os.urandom`."""
        self.drawn += 1
        return shake_256(f"{self.seed} {self.step} {self.drawn}".encode()).digest(count)

    def now(self) -> datetime:
        """As `timezone.now` has it: a moment after each step."""
        return BEGIN + timedelta(milliseconds=100) * self.step


@contextmanager
def seeded(seed: int = 1) -> Iterator[Source]:
    """Whatever asks for the time or for chance, ours or a library's, gets it from one seeded source.

    What asks elsewhere (a clock of its own) is found by the crawler: its answers are never the same twice.
    """
    source = Source(seed)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return source.now()

    kept = os.urandom, random._urandom, time.time  # type: ignore[attr-defined]
    os.urandom = random._urandom = source.bytes  # type: ignore[attr-defined]
    timezone.datetime, time.time = Clock, lambda: source.now().timestamp()  # type: ignore[attr-defined]
    try:
        yield source
    finally:
        os.urandom, random._urandom, time.time = kept  # type: ignore[attr-defined]
        timezone.datetime = datetime  # type: ignore[attr-defined]
