"""The dosing day beyond gates and alerts: whom to ring, what to give, what to do, what to look at first."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, WithJsonSchema

from entact.protocol.study.base import Block, Duration, Name
from entact.protocol.study.text import Words

_PHONE: Final = r"^\+?[0-9][0-9 ()/.-]{1,28}$"


def _phone(value: str) -> str:
    if not re.fullmatch(_PHONE, value):
        raise ValueError(
            f"{value!r} is no telephone number; write it as it is dialled, in quotes: '+1 555 0100'"
        )
    return value


Phone = Annotated[str, AfterValidator(_phone), WithJsonSchema({"type": "string", "pattern": _PHONE})]


class Telephone(Block):
    """Somebody to ring; where a site has no number here, it is asked for before the session is opened."""

    title: Words
    number: Phone | None = None
    sites: dict[str, Phone] = Field(default={})

    def at(self, site: str | None) -> str | None:
        """The number to ring at a site; None where the file has none."""
        return self.sites.get(site or "", self.number)


class RescueMedication(Block):
    """What may be given, how much of it and how, and when."""

    title: Words
    give: Words
    when: Words


class Emergency(Block):
    """One emergency on the card: by what it is known, and what is done, in order."""

    title: Words
    signs: Words
    steps: list[Words] = Field(min_length=1)


class SessionPlan(Block):
    """What people at a dosing session have at hand, with or without a network.

    `arrival` is looked at before the dose, beside what the gates ask. `night_checks`: how often
    whoever has the participant for the night looks in.
    """

    telephones: dict[Name, Telephone] = Field(default={})
    rescue: dict[Name, RescueMedication] = Field(default={})
    emergencies: dict[Name, Emergency] = Field(default={})
    arrival: dict[Name, Words] = Field(default={})
    night_checks: Duration | None = None
