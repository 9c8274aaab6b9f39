"""How many a study needs: people of each population, and kits for each of them."""

from __future__ import annotations

from collections.abc import Mapping

from entact.cohort.fit import is_open
from entact.protocol import Study

RESERVE = 1  # kits of each level and part beyond those that a participant needs when all goes well

Needs = dict[tuple[str, str], int]
"""(Level, part) -> number of kits."""


def share(planned: Mapping[str, int], wanted: int) -> dict[str, int]:
    """So many people over populations as they are planned; what is left goes to the largest remainders."""
    total = sum(planned.values())
    exact = {name: wanted * count / total for name, count in planned.items()}
    shares = {name: int(part) for name, part in exact.items()}
    for name in sorted(exact, key=lambda one: shares[one] - exact[one])[: wanted - sum(shares.values())]:
        shares[name] += 1
    return shares


def take_turns(planned: Mapping[str, int]) -> list[str]:
    """Populations in the order in which candidates come: each as often as it is planned, spread evenly."""
    turns = [((place + 0.5) / count, name) for name, count in planned.items() for place in range(count)]
    return [name for _, name in sorted(turns)]


def kits_of_a_participant(study: Study, population: str, arm: str) -> tuple[Needs, Needs]:
    """Kits that one participant may need, with some in reserve: blinded ones, and those given openly.

    Everybody has the same number of both, whichever track opens for them: a count must not tell the arms
    apart, but where their sessions do. `arm`: whose sessions they are then.
    """
    release = study.newest
    blinded: Needs = {}
    openly: Needs = {}
    for visit in release.visits_of(population, release.file.tracks).values():
        track = release.file.tracks.get(visit.track or "")
        if track is not None and track.arms and arm not in track.arms:
            continue
        needs = openly if is_open(release, visit) else blinded
        for level in visit.levels if visit.kind == "dosing" else ():
            supplement = release.file.regimens[level].supplement
            for part in ("initial", "supplement") if supplement is not None else ("initial",):
                needs[level, part] = needs.get((level, part), RESERVE) + 1
    return blinded, openly
