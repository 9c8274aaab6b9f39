"""From screening to randomisation: numbers are dated attributes of an opaque ledger, set by entries."""

from __future__ import annotations

from typing import Literal

import msgspec


class Screening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `screening`: an attempt to enter the study, at a site."""

    attempt: int
    number: str
    site: str
    population: str = "patient"


class Eligibility(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `eligibility`: every criterion judged (true: met, or for an exclusion: applies), and the sign-off.

    `signed` is the meaning of the signature, by the entry's author; without it the decision is a draft.
    """

    criteria: dict[str, bool | None]
    decision: Literal["eligible", "not_eligible"]
    signed: str | None = None


class Enrolment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `enrolment`: taken into the study under a subject number."""

    subject: str


class Randomisation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `randomisation`: a number of the sealed list; never the arm."""

    number: str
