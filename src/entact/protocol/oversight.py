"""Whether those who watch over a study can: holds, quotas, stopping rules, safety reports, checklists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

from entact.protocol.country import UNION, wrong_country
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.study import Hold, StudyFile, Visit
from entact.protocol.supply_check import check_supply

_OF_INTEREST = "study.events_of_interest"

# What a version looks like, and an example of one.
_VERSIONS = {
    "controlled_terminology": (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "2024-09-27"),
    "sdtm": (re.compile(r"[0-9]+\.[0-9]+"), "3.4"),
    "adam": (re.compile(r"[0-9]+\.[0-9]+"), "1.3"),
    "meddra": (re.compile(r"[0-9]{1,2}\.[01]"), "27.1"),
    "whodrug": (re.compile(r"(?:Global )?[BC]3 [A-Z][a-z]+ [0-9]{4}"), "Global B3 March 2025"),
}


def check_oversight(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """What is wrong with holds, quotas, safety reports, checklists, washout and standards."""
    yield from _holds_and_quotas(file)
    yield from _reports(file)
    yield from _periodic(file)
    yield from check_supply(file, visits)
    yield from _checklists(file, visits)
    yield from _special_interest(file)
    yield from _washout(file)
    yield from _second_ratings(file)
    yield from _fidelity(file, visits)
    for name, (shape, example) in _VERSIONS.items():
        version = getattr(file.standards, name, None)
        if version is not None and not shape.fullmatch(version):
            yield Fault(("standards", name), f"{version!r} is no version; write it as in {example!r}")


def _second_ratings(file: StudyFile) -> Iterator[Fault]:
    """Forms that raters fill in, and values of theirs."""
    for name, said in file.second_ratings.items():
        path: Path = ("second_ratings", name)
        form = file.forms.get(name)
        if form is None:
            yield Fault(path, unknown("form", name, file.forms))
            continue
        if form.by is None or form.by == "participant":
            yield Fault(path, f"no role of the staff rates by {name!r}; say in the form `by:` whom it is")
        for key, value in (("value", said.value), ("category", said.category)):
            if value is not None and value.partition(".")[0] != name:
                yield Fault((*path, key), f"{value!r} is not of this form; write '{name}.' and an item of it")


def _fidelity(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """Content checklists of sessions, each by somebody who rates no outcome apart from the sites."""
    apart = {row.role for row in file.blinding if "schedule" in row.hidden}
    for kind, said in file.fidelity.items():
        path: Path = ("fidelity", kind)
        form = file.forms.get(said.form)
        if all(visit.kind != kind for visit in visits.values()):
            yield Fault(path, f"no visit of the schedule is of kind {kind}; take it out")
        if form is None:
            yield Fault((*path, "form"), unknown("form", said.form, file.forms))
        elif form.by is None or form.by == "participant":
            message = (
                f"nobody is named who rates by {said.form!r}; say in the form `by:` which role of the staff"
            )
            yield Fault((*path, "form"), message)
        elif form.by in apart:
            message = (
                f"{form.by} knows no schedule, and rates outcomes; name another role in the form's `by:`"
            )
            yield Fault((*path, "form"), message)


def _holds_and_quotas(file: StudyFile) -> Iterator[Fault]:
    for name, hold in file.holds.items():
        path: Path = ("holds", name)
        if not hold.stops:
            message = "stops nothing; write 'enrolment', 'randomisation' or 'dosing'"
            yield Fault((*path, "stops"), message)
        if "randomisation" in hold.stops and file.randomisation is None:
            message = "this study does not randomise; write 'enrolment' or 'dosing'"
            yield Fault((*path, "stops", hold.stops.index("randomisation")), message)
        if hold.lifted_by not in file.roles:
            yield Fault((*path, "lifted_by"), unknown("role", hold.lifted_by, file.roles))
        yield from _interest(file, name, hold)
    for name, quota in file.quotas.items():
        path = ("quotas", name)
        if quota.population is not None and quota.population not in file.populations:
            message = unknown("population", quota.population, file.populations)
            yield Fault((*path, "population"), message)
        whole = [
            other
            for other, said in file.quotas.items()
            if other != name
            and said.most < quota.most
            and quota.per == said.per == "study"
            and said.when is None
            and said.population in (None, quota.population)
        ]
        if whole:
            message = f"{quota.most} can never be reached: {whole[0]!r} ends at {file.quotas[whole[0]].most}"
            yield Fault((*path, "most"), message)


def _interest(file: StudyFile, name: str, hold: Hold) -> Iterator[Fault]:
    """Whether what a hold counts of special interest is something that the study has."""
    events = file.adverse_events
    named = [term.special_interest for term in events.terms.values()]
    known = {*events.special_interest, *(one for one in named if one is not None)}
    counts = _OF_INTEREST in hold.when
    if hold.interest is not None and hold.interest not in known:
        yield Fault(("holds", name, "interest"), unknown("kind of special interest", hold.interest, known))
    elif hold.interest is not None and not counts:
        message = f"nothing in the rule counts it; write `when: {_OF_INTEREST} >= 1`, or take it out"
        yield Fault(("holds", name, "interest"), message)
    elif counts and not known:
        message = "no event of the study is of special interest; write `special_interest:` at a term"
        yield Fault(("holds", name, "when"), message, hold.when.find(_OF_INTEREST))


def _reports(file: StudyFile) -> Iterator[Fault]:
    countries = {site.country for site in file.sites.values()}
    for name, report in file.reports.items():
        path: Path = ("reports", name)
        if report.within.total_seconds() <= 0:
            yield Fault((*path, "within"), "is no time; write how long it may take, as in '15 d'")
        where = report.jurisdiction
        wrong = wrong_country(where) if where is not None and where != UNION else None
        if wrong is not None:
            yield Fault((*path, "jurisdiction"), wrong)
        elif report.local and report.jurisdiction is None:
            yield Fault((*path, "local"), "it is not said where; write `jurisdiction:` as well")
        elif countries and not any(map(report.concerns, countries)):
            message = f"no site is in {report.jurisdiction}, so this report is never due; take it out"
            yield Fault((*path, "jurisdiction"), message)


def _periodic(file: StudyFile) -> Iterator[Fault]:
    for name, report in file.periodic_reports.items():
        path: Path = ("periodic_reports", name)
        if report.every < timedelta(days=1):
            message = "reports on the whole study are due by days; write at least a day, as in '26 wk'"
            yield Fault((*path, "every"), message)
        where = report.jurisdiction
        wrong = wrong_country(where) if where is not None and where != UNION else None
        if wrong is not None:
            yield Fault((*path, "jurisdiction"), wrong)


def _checklists(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    done = {activity for visit in visits.values() for activity in visit.activities}
    for name, checklist in file.adverse_events.checklists.items():
        path: Path = ("adverse_events", "checklists", name)
        if name in file.forms:
            message = f"a form is called {name!r} too; give the checklist another name"
            yield Fault(path, message)
        elif name not in done:
            message = "no visit asks for these events; add it to the `do:` of one, or take it out"
            yield Fault(path, message)
        if not checklist.terms:
            yield Fault((*path, "terms"), "asks for nothing; write at least one term")
        for place, term in enumerate(checklist.terms):
            if term not in file.adverse_events.terms:
                message = unknown("event term", term, file.adverse_events.terms)
                yield Fault((*path, "terms", place), message)
            elif term in checklist.terms[:place]:
                yield Fault((*path, "terms", place), f"{term!r} stands twice; write it once")
        if checklist.by is not None and checklist.by not in {*file.roles, "participant"}:
            yield Fault((*path, "by"), unknown("role", checklist.by, file.roles))


def _special_interest(file: StudyFile) -> Iterator[Fault]:
    kinds = file.adverse_events.special_interest
    if not kinds:
        return
    named = set()
    for name, term in file.adverse_events.terms.items():
        named.add(term.special_interest)
        if term.special_interest is not None and term.special_interest not in kinds:
            path: Path = ("adverse_events", "terms", name, "special_interest")
            yield Fault(path, unknown("kind of special interest", term.special_interest, kinds))
    for kind, interest in kinds.items():
        path = ("adverse_events", "special_interest", kind)
        if kind not in named:
            yield Fault(path, "no term is of this kind; give one, or take it out")
        if interest.within is not None and not interest.tell:
            message = "it is not said who hears of it; write `tell:` as well"
            yield Fault((*path, "within"), message)
        for place, role in enumerate(interest.tell):
            if role not in file.roles:
                yield Fault((*path, "tell", place), unknown("role", role, file.roles))


def _washout(file: StudyFile) -> Iterator[Fault]:
    if file.washout is not None and "randomisation" in file.washout.before and file.randomisation is None:
        place = file.washout.before.index("randomisation")
        message = "this study does not randomise; write 'enrolment' or 'initial_dose'"
        yield Fault(("washout", "before", place), message)
