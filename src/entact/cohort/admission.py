"""Who is admitted to a study, in order of study time: places, quotas, and holds until somebody has looked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from entact.cohort.fit import entry_activity
from entact.cohort.intake import FULL, HELD, QUOTA, Screened
from entact.course.state.oversight import counts_places
from entact.protocol import Release
from entact.protocol.names import STUDY

REVIEW = timedelta(days=42)  # from the day on which a hold comes into force to the word that lifts it
TOLD_AFTER = timedelta(minutes=1)  # the study hears of a place that was taken


class Notice(msgspec.Struct, frozen=True):
    """What the study's ledger is to say: when, what, and by whom."""

    at: datetime
    kind: str
    data: dict[str, Any]
    by: str
    role: str


class Admission:
    """Decides about one candidate after another, as they become ready to enter.

    Args:
        wanted: places for each population.
    Attributes:
        notices: what the study's ledger is to say of it, where the study counts its places.
    """

    def __init__(self, release: Release, wanted: Mapping[str, int]) -> None:
        self.release = release
        self.wanted = wanted
        self.notices: list[Notice] = []
        self.entered: Counter[str] = Counter()
        self._taken: Counter[tuple[str, str]] = Counter()
        self._held: dict[str, tuple[datetime, datetime]] = {}  # from when until when, by hold
        self._holds = {
            name: ruled
            for name, ruled in release.rules.holds.items()
            if any(entry_activity(release, population) in ruled.said.stops for population in wanted)
        }
        self._counts = counts_places(release)

    @property
    def is_complete(self) -> bool:
        """Whether every place is taken."""
        return all(self.entered[name] >= wanted for name, wanted in self.wanted.items())

    def decide(self, one: Screened, ledger: str) -> str:
        """Admits a candidate, or says why not: no place, a quota that is full, or a hold."""
        at, population = one.ready, one.coming.population
        assert at is not None
        if self.entered[population] >= self.wanted.get(population, 0):
            return FULL
        if any(since <= at < until for since, until in self._held.values()):
            return HELD
        if any(self._taken[place] >= self._most(place[0]) for place in self._places(one)):
            return QUOTA
        self.entered[population] += 1
        self._taken.update(self._places(one))
        if self._counts:
            self._note(one, ledger, at)
        return ""

    def _note(self, one: Screened, ledger: str, at: datetime) -> None:
        population = one.coming.population
        data = {"ledger": ledger, "site": one.site, "population": population, "quotas": one.quotas}
        told = at + TOLD_AFTER
        self.notices.append(Notice(told, "enrolled", data, f"coordinator-{one.site}", "coordinator"))
        facts = dict.fromkeys(STUDY, 0) | {"study.enrolled": self.entered.total()}
        for name, ruled in self._holds.items():
            _, until = self._held.get(name, (told, told))
            over = name not in self._held or (ruled.said.again and told >= until)
            if not over or ruled.rule.evaluate(facts) is not True:
                continue
            self._held[name] = told, told + REVIEW
            role = ruled.said.lifted_by
            for when, status in ((told, "placed"), (told + REVIEW, "lifted")):
                said = {"hold": name, "status": status, "stops": list(ruled.said.stops)}
                self.notices.append(Notice(when, "hold", said, role, role))

    def _places(self, one: Screened) -> Iterator[tuple[str, str]]:
        for name in one.quotas:
            yield name, one.site if self.release.file.quotas[name].per == "site" else ""

    def _most(self, quota: str) -> int:
        return self.release.file.quotas[quota].most


def holds_in_words(admission: Admission, turned_away: int) -> list[str]:
    """Each hold that came into force: when, until when, and how many came in between."""
    said = []
    for placed in (notice for notice in admission.notices if notice.kind == "hold"):
        name = placed.data["hold"]
        if placed.data["status"] != "placed":
            continue
        lifted = next(
            one
            for one in admission.notices
            if one.data.get("hold") == name and one.data["status"] == "lifted"
        )
        title = admission.release.file.holds[name].title
        said.append(
            f"Hold ({title}): from {placed.at.date()} until {lifted.at.date()}, lifted by the {lifted.role}; "
            f"{turned_away} candidates came in between and were turned away."
        )
    return said
