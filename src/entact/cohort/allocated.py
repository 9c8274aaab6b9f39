"""The list and the kits of a rehearsal: long enough in each stratum whoever comes, and kits for any arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from entact.cohort.draws import stream
from entact.cohort.intake import Screened
from entact.cohort.minimised import draws_of
from entact.cohort.needs import Needs
from entact.course import fold, read
from entact.course.allocation.allocation import Allocation, Content, ListRow, pack_kits, permuted_blocks, seal
from entact.course.allocation.chance import Rehearsed
from entact.course.allocation.minimisation import MINIMISATION
from entact.course.allocation.stratum import site_of_list, stratum_of
from entact.course.allocation.stratum import strata_of as every_stratum
from entact.course.resupply import resupply_of
from entact.protocol import Study

ALL = "all"  # the one stratum of a study that does not stratify by site


def strata_of(study: Study, sites: Sequence[str]) -> list[str]:
    """The strata that have a list of their own: the sites or all together; each, where kits are ordered."""
    planned = study.newest.file.randomisation
    if planned is None or planned.method == MINIMISATION:
        return [ALL]
    if resupply_of(study.newest) is not None:  # kits are ordered for each list of a site
        return list(every_stratum(study.newest, sites))
    return list(sites) if "site" in planned.strata else [ALL]


def stratum_of_row(study: Study, strata: Collection[str], screened: Screened) -> str:
    """The list from which somebody who is ready is given a row; of who fits none, any of the site.

    Args:
        strata: that have a list of their own.
    """
    if screened.site in strata or resupply_of(study.newest) is None:
        return screened.site if screened.site in strata else ALL
    assert screened.ready is not None
    course = fold(study, [read(line.text) for line in screened.lines])
    own = stratum_of(study.newest, course, screened.ready).name
    here = [name for name in strata if site_of_list(study.newest, name) == screened.site]
    return own if own in here else here[0]  # the gate refuses who has none


def allocate(
    study: Study,
    arms: Sequence[str],
    strata: Sequence[str],
    wanted: Mapping[str, int],
    needs: Mapping[tuple[str, str], tuple[Needs, Needs]],
    told: str,
    seed: int,
) -> Allocation:
    """The list, long enough in each stratum whoever comes, and kits for all whichever arm they get.

    Args:
        wanted: participants of each population. needs: the kits of one of them, by population and arm: of
            blinded parts, and of those that are told. told: the arm of the latter.
    """
    planned = study.newest.file.randomisation
    chance = Rehearsed(stream(seed, 0, "allocation"))
    rows: list[ListRow] = []
    blocks: list[int] = []
    every = sum(wanted.values())
    if planned is not None:
        total = sum(planned.ratio.values())
        blocks = [total, 2 * total]
        draws = draws_of(study, every, chance)
        rows = draws or permuted_blocks(strata, every, planned.ratio, blocks, chance)
    counts: Counter[Content] = Counter()
    for population, many in wanted.items():
        openly: Needs = {}
        for arm in planned.ratio if planned is not None else arms[:1]:
            blinded, own = needs[population, arm]
            counts.update({(arm, *kit): many * count for kit, count in blinded.items()})
            openly |= own
        counts.update({(told, *kit): many * count for kit, count in openly.items()})
    return seal(study.name, rows, pack_kits(counts, chance), blocks, chance)
