"""Those who come to a study: who comes when, what screening made of them, what whoever enters is given."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from entact.cohort.setting_ledgers import Kits
from entact.cohort.tally import Tally
from entact.course import Line

FULL, HELD, QUOTA = "enrolment_full", "enrolment_held", "quota_full"  # why there was no place
INCOMPLETE = "unit_incomplete"  # or not all who are randomised as one could be


class Coming(msgspec.Struct):
    """Somebody who comes to be screened: when, as which population, and beside whom, at which site."""

    index: int
    day: date
    population: str
    beside: int | None = None
    site: str | None = None


class Screened(msgspec.Struct):
    """A candidate after screening: the record so far, and since when nothing keeps them out of the study.

    `encounter`: that in which they enter; none yet of whoever is randomised with others, with whom they come.
    `quotas`: of the study file, against which they would count.
    """

    coming: Coming
    site: str
    lines: list[Line]
    tally: Tally
    ready: datetime | None = None
    encounter: str = ""
    quotas: list[str] = []

    @property
    def index(self) -> int:
        """The candidate's number, from 0."""
        return self.coming.index


class Treat(msgspec.Struct):
    """A candidate who may enter: the record so far, whether there was a place, the number, its arm, and kits.

    `refused`: why there was no place. `open_kits` are for what is given openly, once the arm has been told.
    `stock` is what the site's ledger says of all of them. `stratum`: by which
    an arm was minimised. Without a number nobody is randomised. `known`: of
    the numbers of others of the unit, what of which number, and whose.
    """

    screened: Screened
    placed: bool = False
    refused: str = ""
    number: str | None = None
    stratum: str | None = None
    arm: str = ""
    kits: Kits = {}
    open_kits: Kits = {}
    stock: list[Line] = []
    known: list[tuple[str, str, str]] = []
