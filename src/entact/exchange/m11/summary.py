"""Title page, details of the amendment, and section 1: synopsis, schema, schedule of activities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from entact.exchange.m11.statistics import objective_rows
from entact.exchange.m11.text import UNSAID, Block, Line, Words, table, words
from entact.protocol.release import Release
from entact.protocol.words import Activities, VisitRow, activities
from entact.protocol.words.design import Design
from entact.protocol.words.label import begun, spaced, within_sentence
from entact.protocol.words.passage import counted, listed

_COLUMNS: Final = 14  # visits beside each other in one table of the schedule
# Section -> the parts of a study file that stand there.
_PARTS: Final = {
    "1.1": "title",
    "1.3": "schedule",
    "3": "endpoints",
    "4.1": "sites numbers quotas arms epochs tracks second_ratings fidelity",
    "4.3": "holds",
    "5": "eligibility",
    "5.1": "condition populations",
    "6.1": "products",
    "6.3": "regimens dose_interval doses gates",
    "6.6": "supply",
    "6.7.2": "randomisation",
    "6.7.3": "blinding unblinding",
    "6.10.1": "washout",
    "7.1.1": "stopping",
    "8": "forms",
    "8.4": "alerts session",
    "9": "adverse_events",
    "9.2.3": "reports periodic_reports",
    "10": "analysis",
    "10.1": "standards",
    "11.2": "roles",
    "11.3": "consent",
    "11.9": "verification",
}
_SECTIONS: Final = {part: section for section, parts in _PARTS.items() for part in parts.split()}


def title_page(release: Release) -> dict[str, str | None]:
    """The fields of the title page; None where the study file says nothing."""
    file = release.file
    products = [f"{one.substance} {spaced(one.salt)}" for one in file.products.values()]
    amendment = file.amendment
    return {
        "Sponsor confidentiality statement": None,
        "Full title": str(file.title),
        "Trial acronym": file.study,
        "Sponsor protocol identifier": file.study.upper(),
        "Original protocol": "yes" if amendment is None else f"no: it amends release {amendment.of}",
        "Version number": file.release,
        "Version date": None,
        "Amendment identifier": None if amendment is None else file.release,
        "Amendment scope": None,
        "Sponsor's investigational product code": None,
        "Investigational product name": listed(dict.fromkeys(products)) or None,
        "Trial phase": None if file.phase is None else str(file.phase),
        "Short title": None,
        "Sponsor name and address": None,
        "Manufacturer": None,
        "Regulatory or clinical trial identifier": file.registry,
        "Sponsor approval": None,
        "Sponsor signatory": None,
        "Medical expert": None,
    }


def amendment_blocks(release: Release) -> Iterator[Block]:
    """What this release changes in the one before, and in which section each change stands."""
    amendment = release.file.amendment
    if amendment is None:
        yield Words("This protocol has not been amended.")
        return
    yield Words(Design(release).amendment_intro())
    yield Line("Scope, enrolment at the time, and impact on safety and on reliability", UNSAID)
    rows = []
    for change, said in zip(amendment.changes, Design(release).amendment(), strict=True):
        where = _SECTIONS.get(change.change.partition(".")[0], "12")
        rows.append((said.term, said.text, change.because or UNSAID, where))
    yield from table(("Change", "For whom", "Reason", "Section"), rows)


def summary_sections(release: Release) -> dict[str, Iterable[Block]]:
    """Section 1."""
    schedule = activities(release)
    return {
        "1.1.1": objective_rows(release, ("primary", "secondary")),
        "1.1.2": [Line(what, text or UNSAID) for what, text in _overall(release, schedule).items()],
        "1.2": _schema(release),
        "1.3": _schedule(schedule),
    }


def _overall(release: Release, schedule: Activities) -> Mapping[str, str]:
    file, plan = release.file, release.file.randomisation
    controls = {arm.role for arm in file.arms.values()} - {"experimental"}
    hidden = [row.role for row in file.blinding if "allocation" in row.hidden]
    countries = dict.fromkeys(site.country for site in file.sites.values())
    planned = [str(one.planned) for one in file.populations.values()]
    if len(planned) > 1:
        planned = [
            f"{one.planned} {within_sentence(one.title)}" if one.title else counted(one.planned, spaced(name))
            for name, one in file.populations.items()
        ]
    strata = [spaced(one.rpartition(".")[2]) for one in plan.strata] if plan is not None else []
    return {
        "Intervention model": "single group" if len(file.arms) == 1 else "parallel groups",
        "Population diagnosis or condition": str(file.condition),
        "Control type": listed(spaced(one) for one in sorted(controls)) or "none",
        "Sites and countries": f"{len(file.sites)} ({', '.join(countries)})" if file.sites else "",
        "Assignment to interventions": f"randomised, in {spaced(plan.method)}" if plan else "not randomised",
        "Stratification": f"by {listed(strata)}" if strata else ("none" if plan else "not randomised"),
        "Number of arms": str(len(file.arms)),
        "Trial blind schema": "blinded" if hidden else "open label",
        "Blinded roles": listed(spaced(one) for one in hidden) or "none",
        "Number of participants": f"{listed(planned)} planned",
        "Duration of participation": _duration(schedule),
        "Sessions with a dose": str(release.most_doses()),
        "Interim analysis": "planned: see 10.9" if file.analysis.interim else "none",
        "Drug and device combination": "",
        "Master protocol": "",
        "Independent committees": "see 11.4" if "committee" in file.roles else "",
    }


def _duration(schedule: Activities) -> str:
    days = [one.day for group in schedule.groups[:1] for one in group.visits if one.day is not None]
    weeks = (max(days) - min(days)) / 7 if days else 0
    return f"about {weeks:.0f} weeks, if each visit is on its best day" if weeks >= 1 else ""


def _schema(release: Release) -> Iterator[Block]:
    """Which arm gets what at which session of the main track."""
    file = release.file
    sessions = [(name, visit) for name, visit in release.visits.items() if visit.levels and not visit.track]
    rows = []
    for name, arm in file.arms.items():
        cells = []
        for _, visit in sessions:
            if arm.drug == "none":
                cells.append("no drug")
                continue
            doses = []
            for level in visit.levels:
                regimen = file.regimens[level]
                units = regimen.arms[name].initial if name in regimen.arms else regimen.initial
                alike = "placebo" if arm.role == "placebo" else str(units.strength)
                doses.append(f"{spaced(level)}: {units.count} × {alike}")
            cells.append(" or ".join(doses))
        rows.append((str(arm.title), *cells))
    yield from table(("Arm", *(str(visit.title or begun(spaced(name))) for name, visit in sessions)), rows)


def _schedule(schedule: Activities) -> Iterator[Block]:
    numbers = {visit.name: place for place, visit in enumerate(schedule.visits, start=1)}
    for group in schedule.groups:
        yield from words(f"{group.title}: days from {group.since}" if group.title else "")
        yield from table(
            ("", "Visit", "When", "How"),
            (
                (
                    str(numbers[one.name]),
                    one.title,
                    "; ".join(filter(None, (one.when, one.fallback))),
                    _how(one),
                )
                for one in group.visits
            ),
        )
    for first in range(0, len(schedule.runs), _COLUMNS):
        several = schedule.runs[first : first + _COLUMNS]
        head = ("", *(_called(run, numbers) for run in several))
        marks = [
            (title, *(schedule.mark(run[0], activity) for run in several))
            for activity, title in schedule.rows.items()
        ]
        yield from table(head, [row for row in marks if any(row[1:])], narrow=True)
    for letter, text in schedule.footnotes.items():
        yield Line(letter, text)


def _called(run: Sequence[VisitRow], numbers: Mapping[str, int]) -> str:
    first, last = numbers[run[0].name], numbers[run[-1].name]
    return str(first) if first == last else f"{first}–{last}"


def _how(visit: VisitRow) -> str:
    said = [f"by {spaced(visit.by)}"] if visit.by else []
    said += [visit.contact] if visit.contact != "in person" else []
    return ", ".join([*said, *([visit.lasts] if visit.lasts else [])])
