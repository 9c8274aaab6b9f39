"""Whether the stock can be kept as a study says: what is counted, told of when lost, and ordered in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from entact.protocol.country import wrong_country
from entact.protocol.kits import kits_of_a_row, longest_use
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.study import Pace, Resupply, StudyFile, Visit

_DAY = timedelta(days=1)
_RESUPPLY: Path = ("supply", "resupply")


def check_supply(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """Times that are none, losses of which no site has to tell, and kits that nobody could order."""
    plan = file.supply
    if plan is None:
        return
    if plan.count_every is not None and plan.count_every < timedelta(days=1):
        message = "stock is counted by days; write at least a day, as in '26 wk'"
        yield Fault(("supply", "count_every"), message)
    countries = {site.country for site in file.sites.values()}
    for number, loss in enumerate(plan.losses):
        path: Path = ("supply", "losses", number)
        if loss.within.total_seconds() <= 0:
            yield Fault((*path, "within"), "is no time; write how long it may take, as in '24 h'")
        where = loss.jurisdiction
        if where is not None and (wrong := wrong_country(where)) is not None:
            yield Fault((*path, "jurisdiction"), wrong)
        elif where is not None and countries and where not in countries:
            message = f"no site is in {where}, so this report is never due; take it out"
            yield Fault((*path, "jurisdiction"), message)
    if plan.resupply is not None:
        yield from _resupply(file, plan.resupply, visits)


def _resupply(file: StudyFile, plan: Resupply, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """Orders are of kits that are planned for the rows of a list: there has to be one, for each site."""
    randomised = file.randomisation
    if randomised is None:
        yield Fault(_RESUPPLY, "orders kits for the rows of a list, and nobody is randomised; take it out")
        return
    if randomised.method == "minimisation":
        message = (
            "orders kits for the rows of a list, and a study that minimises has no kits before somebody is "
            "randomised; take it out, or randomise in permuted blocks"
        )
        yield Fault(_RESUPPLY, message)
    elif "site" not in randomised.strata:
        message = (
            "orders kits for the rows of a list, and the list is not stratified by site, so nobody knows "
            "where a row will be needed; take it out, or add `site` to `randomisation.strata`"
        )
        yield Fault(_RESUPPLY, message)
    elif not kits_of_a_row(file, visits):
        yield Fault(_RESUPPLY, "orders kits, and no session gives anything that is hidden; take it out")
    elif plan.in_date_for is None and longest_use(file, visits) is None:
        message = (
            "windows do not say when the last session is at the latest; write how long a kit has to be in "
            "date from when its row is used, as in `in_date_for: 26 wk`"
        )
        yield Fault((*_RESUPPLY, "in_date_for"), message)
    for name in ("lead_time", "covers", "in_date_for"):
        said = getattr(plan, name)
        if said is not None and said < _DAY:
            yield Fault((*_RESUPPLY, name), "kits are ordered by days; write at least a day, as in '14 d'")
    paces: dict[Path, Pace] = {("recruitment",): plan.recruitment}
    paces |= {("sites", site): one for site, one in plan.sites.items()}
    for path, pace in paces.items():
        if pace.per < _DAY:
            message = "people are randomised by days; write at least a day, as in '4 wk'"
            yield Fault((*_RESUPPLY, *path, "per"), message)
    for site in plan.sites:
        if file.sites and site not in file.sites:
            yield Fault((*_RESUPPLY, "sites", site), unknown("site", site, file.sites))
