"""How kits are kept and accounted for: temperature, second persons, counts, and what a loss asks."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from entact.protocol.quantity import parse_quantity
from entact.protocol.study.base import Block, Duration
from entact.protocol.study.text import Words

Handled = Literal["receipt", "dispensing", "return", "inventory", "destruction"]


def _temperature(value: str) -> str:
    if parse_quantity(value).unit != "Cel":
        raise ValueError(f"{value!r} is no temperature in degrees Celsius; write it as '25 Cel'")
    return value


Temperature = Annotated[str, AfterValidator(_temperature)]


class Storage(Block):
    """Between which temperatures kits are kept, both ends included.

    A reading outside puts what was there into quarantine, until somebody of the sponsor decides.
    """

    lowest: Temperature
    highest: Temperature

    @model_validator(mode="after")
    def _in_order(self) -> Storage:
        if self.bounds[0] >= self.bounds[1]:
            raise ValueError(f"{self.lowest} is not below {self.highest}; write the lower one as `lowest`")
        return self

    @property
    def bounds(self) -> tuple[Decimal, Decimal]:
        """Lowest and highest, in degrees Celsius."""
        return parse_quantity(self.lowest).value, parse_quantity(self.highest).value


class LossReport(Block):
    """A report that is due `within` a time from when a discrepancy of the stock was discovered.

    From two days on these are civil days at the site, that of the discovery not counting; below, elapsed
    time. `jurisdiction`: the country whose law asks for it, at sites there alone; without it, everywhere.
    """

    title: Words
    to: str
    within: Duration
    jurisdiction: str | None = None


class Pace(Block):
    """How many participants are expected to be randomised in a time."""

    participants: float = Field(gt=0, le=1000)
    per: Duration

    def within(self, time: timedelta) -> float:
        """How many are expected in another time."""
        return self.participants * (time / self.per)


class Resupply(Block):
    """When kits for the next rows of a site's lists are ordered, and for how many.

    Attributes:
        lead_time: from when an order is due until its kits are at the site, ready to be given out.
        covers: for how long after it an order lasts. recruitment: expected at each site; `sites`: at some.
        risk: the chance that is accepted, for a list of a site and an order, that more come than have kits.
        in_date_for: how long a kit has to be in date from when its row is used; without it as long as the
            windows of the visits let the last session of that row be away.
    """

    lead_time: Duration
    covers: Duration
    recruitment: Pace
    sites: dict[str, Pace] = Field(default={})
    risk: float = Field(default=0.05, ge=0.0001, le=0.5)
    in_date_for: Duration | None = None

    def pace_at(self, site: str) -> Pace:
        """What is expected at a site."""
        return self.sites.get(site, self.recruitment)


class Supply(Block):
    """How kits are kept and accounted for.

    `two_persons`: what a second person has to check, who is not the one who entered it. `count_every`: how
    long after one count of the stock the next is due at the latest.
    """

    storage: Storage | None = None
    two_persons: list[Handled] = Field(default=[])
    count_every: Duration | None = None
    losses: list[LossReport] = Field(default=[])
    resupply: Resupply | None = None
