"""Kits that a rehearsal plans for rows of its list, where the study orders them so.

Whoever is randomised has the kits of their row; of the rows to come so many have kits planned as a site would
order for. Every row has as many of each level and part, and no label follows from an arm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final

from entact.cohort.draws import stream
from entact.cohort.setting_ledgers import Kits
from entact.course.allocation.allocation import Allocation
from entact.course.allocation.chance import Rehearsed
from entact.course.allocation.stratum import site_of_list
from entact.course.kinds.allocation import KitForNumber, KitsPlanned
from entact.course.resupply import What, resupply_of, rows_for
from entact.protocol import Release, Study
from entact.protocol.kits import kits_of_a_row

SPARE: Final = 1  # kits of each level and part beyond what is needed when all goes well, as the command plans


def plan_kits(study: Study, allocation: Allocation, given: Mapping[str, Kits], seed: int) -> KitsPlanned:
    """Which kits are for which rows, in the order of their labels: as the study's ledger of a record says it.

    Args:
        given: by number of the list the kits of whoever is randomised under it.
    """
    release = study.newest
    each: dict[What, int] = {
        what: count + SPARE for what, count in kits_of_a_row(release.file, release.visits).items()
    }
    for kits in given.values():
        each |= {what: max(each.get(what, 0), len(labels)) for what, labels in kits.items()}
    fresh = _fresh(allocation, seed)
    found = []
    for number in _rows(release, allocation, given):
        for (level, part), count in each.items():
            labels = given.get(number, {}).get((level, part), [])
            more = [next(fresh) for _ in range(count - len(labels))]
            found += [KitForNumber(kit, number, level, part) for kit in (*labels, *more)]  # type: ignore[arg-type]
    return KitsPlanned(allocation.sealed_list.root, sorted(found, key=lambda one: one.kit))


def kits_key(seed: int) -> bytes:
    """The key under which it is sealed; with nobody to protect, it follows from the seed."""
    return sha256(f"kits {seed}".encode()).digest()


def _rows(release: Release, allocation: Allocation, given: Mapping[str, Kits]) -> Iterator[str]:
    """The numbers that have kits: those that are used, and of each list as many as are ordered for."""
    plan = resupply_of(release)
    assert plan is not None
    ahead: dict[str, int] = {}
    for row in allocation.rows:
        if row.number in given:
            yield row.number
            continue
        if row.stratum not in ahead:
            pace = plan.pace_at(site_of_list(release, row.stratum) or "")
            ahead[row.stratum] = rows_for(pace.within(plan.lead_time + plan.covers), plan.risk)
        if ahead[row.stratum] > 0:
            ahead[row.stratum] -= 1
            yield row.number


def _fresh(allocation: Allocation, seed: int) -> Iterator[str]:
    """Labels that no kit has, drawn at random."""
    taken = {one.kit for one in allocation.kits}
    chance = Rehearsed(stream(seed, 0, "planned kits"))
    while True:
        label = f"K-{100_000 + chance.below(900_000)}"
        if label not in taken:
            taken.add(label)
            yield label
