"""Whether what a study file says of the dosing day leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.study import StudyFile


def check_session(file: StudyFile) -> Iterator[Fault]:
    """Telephones of sites that there are, for every one of them or for none."""
    plan = file.session
    if plan is None:
        return
    if plan.night_checks is not None and plan.night_checks < timedelta(minutes=5):
        yield Fault(("session", "night_checks"), "nobody can look in as often as that; write 5 min or more")
    for name, telephone in plan.telephones.items():
        path: Path = ("session", "telephones", name, "sites")
        for site in telephone.sites:
            if site not in file.sites:
                yield Fault((*path, site), unknown("site", site, file.sites), at_key=True)
        without = [site for site in file.sites if telephone.at(site) is None]
        if telephone.sites and without:
            message = f"has no number for {', '.join(without)}; write each, or a 'number' for all others"
            yield Fault(path, message)
