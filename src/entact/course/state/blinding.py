"""Guesses of the treatment that were made."""

from __future__ import annotations

from datetime import datetime

import msgspec

DO_NOT_KNOW = "do_not_know"


class GuessState(msgspec.Struct, frozen=True):
    """One guess; `why_from` is the entry under whose id the reason is sealed.

    Attributes:
        clear: since when it was clear to them. told: whether they knew, so that it is no guess.
    """

    entry: str
    encounter: str | None
    at: datetime
    by: str
    guesser: str
    arm: str
    confidence: int | None
    why: str | None
    why_from: str
    clear: str | None = None
    told: bool = False
