"""Blinding is measured: guesses of the treatment, by everyone who could have one."""

from __future__ import annotations

from typing import Literal

import msgspec


class Guess(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `guess`: which arm somebody believes it is, how surely (0 to 100 %), and why (sealed text)."""

    guesser: Literal["participant", "therapist", "rater"]
    arm: str  # a name of the study's arms, or `do_not_know`
    confidence: int | None = None
    why: str | None = None
