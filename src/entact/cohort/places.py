"""The study's and the sites' own ledgers in a rehearsal: release, commitment, staff, kits, births and heads of ledgers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Any

import numpy as np

from entact.cohort.allocation import Allocation
from entact.cohort.draws import stream
from entact.cohort.team import site_staff
from entact.course import Entry, Ledger, uuid7
from entact.protocol import Release, Study

KIT_LIFE = timedelta(days=730)
CERTIFICATE_LIFE = timedelta(days=3650)


class Place:
    """A ledger of the study or of a site, to which people write in study time.

    Args:
        name: `study:<name>` or `site:<id>`. random: source of chance for ids.
    """

    def __init__(self, study: Study, name: str, random: np.random.Generator) -> None:
        self.release: Release = study.newest
        self.ledger = Ledger(name)
        self.random = random
        self._last = datetime.min.replace(tzinfo=UTC)

    def write(self, kind: str, data: dict[str, Any], at: datetime, by: str, role: str) -> None:
        """Records one fact; moved on by a second where another has the same time."""
        at = max(at, self._last + timedelta(seconds=1))
        self._last = at
        bits = self.random.integers(0, 1 << 37, size=2).tolist()
        entry = Entry(
            id=uuid7(at, bits[0] << 37 | bits[1]),
            ledger=self.ledger.name,
            kind=kind,
            release=self.release.id,
            environment="rehearsal",
            occurred_at=at.isoformat(),
            recorded_at=at.isoformat(),
            by=by,
            role=role,
            data=data,
        )
        received = (at + timedelta(seconds=1)).astimezone(UTC)
        self.ledger.append(entry, received_at=received.isoformat())


def open_study(study: Study, allocation: Allocation | None, start: datetime, seed: int) -> Place:
    """The study's ledger with its release and, where it randomises, the commitment to the sealed lists."""
    place = Place(study, f"study:{study.name}", stream(seed, 0, "study ledger"))
    release = study.newest
    place.write("release", {"id": release.id, "text": release.text.decode()}, start, "sponsor", "sponsor")
    if allocation is not None:
        data = {
            "list_root": allocation.sealed_list.root,
            "list_rows": len(allocation.list),
            "kits_root": allocation.sealed_kits.root,
            "kits_rows": len(allocation.kits),
        }
        place.write("commitment", data, start + timedelta(hours=2), "list-maker", "unblinded_statistician")
    return place


def open_sites(study: Study, sites: list[str], start: datetime, seed: int) -> dict[str, Place]:
    """Each site's ledger with its activation and staff."""
    places = {}
    for number, site in enumerate(sites):
        place = places[site] = Place(study, f"site:{site}", stream(seed, number, "site ledger"))
        zone = study.newest.file.sites[site].timezone
        at = start + timedelta(days=7, hours=16)
        data = {"release": study.newest.id, "status": "active", "timezone": zone}
        place.write("activation", data, at, "sponsor", "sponsor")
        expires = (start + CERTIFICATE_LIFE).date().isoformat()
        for person, roles in site_staff(site).items():
            certificates = [{"name": "good_clinical_practice", "expires": expires}]
            staff = {"person": person, "roles": roles, "certificates": certificates}
            place.write("staff", staff, at + timedelta(hours=1), "sponsor", "sponsor")
    return places


class Depot:
    """Kits not yet sent out. It holds the kit map, so it alone can name a kit that holds what an arm needs."""

    def __init__(self, allocation: Allocation) -> None:
        self._kits: dict[tuple[str, str, str], Iterator[str]] = {}
        for content in {(row.arm, row.level, row.part) for row in allocation.kits}:
            numbers = [row.kit for row in allocation.kits if (row.arm, row.level, row.part) == content]
            self._kits[content] = iter(numbers)

    def send(
        self, place: Place, needs: dict[tuple[str, str], int], arm: str, at: datetime
    ) -> dict[tuple[str, str], list[str]]:
        """Sends a participant's kits to their site, in an order that tells nothing, and says which they are."""
        kits = {
            (level, part): [next(self._kits[arm, level, part]) for _ in range(count)]
            for (level, part), count in needs.items()
        }
        arrived = at + timedelta(hours=18)
        expires = (at + KIT_LIFE).date().isoformat()
        for kit in sorted(kit for numbers in kits.values() for kit in numbers):
            data = {"number": kit, "status": "received", "expires": expires}
            place.write(
                "kit", data, arrived, f"pharmacist-{place.ledger.name.partition(':')[2]}", "pharmacist"
            )
        return kits


def participant_ledger(seed: int, index: int) -> str:
    """The opaque name of a virtual participant's ledger."""
    return "participant:" + sha256(f"ledger {seed} {index}".encode()).hexdigest()[:32]


def participant_key(seed: int, index: int) -> bytes:
    """The key of a virtual participant's personal items; there is nobody to protect, so it follows from the seed."""
    return sha256(f"key {seed} {index}".encode()).digest()


def midnight(at: datetime) -> datetime:
    """The end of the day, UTC."""
    return datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), time(0), UTC)
