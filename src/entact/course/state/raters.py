"""Raters of the study: certificates, and who drifts."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Certified(msgspec.Struct, frozen=True):
    """A certificate: the day of the training, the last day on which it holds, and the entry that says so."""

    issued: str
    expires: str
    entry: str


class Drift(msgspec.Struct, frozen=True):
    """Agreement that was found too small, when, and over how many second ratings."""

    entry: str
    at: datetime
    agreement: str
    limit: str
    over: int


class RaterState(msgspec.Struct, frozen=True):
    """One rater.

    Attributes:
        certificates: by name, the latest word. drifts: by form, those since which nobody trained them.
    """

    person: str
    certificates: dict[str, Certified] = {}
    drifts: dict[str, Drift] = {}

    @property
    def trained(self) -> str:
        """The day of the last training (`2026-04-30`); empty where there was none."""
        return max((one.issued for one in self.certificates.values()), default="")
