"""What needs somebody today: open alerts, safety reports that run out, visits whose window closes.

All of it is read from the rows for lists, which leave out what a role may not see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo

from django.urls import reverse
from django.utils.translation import gettext

from entact.conduct.permissions import permissions_of
from entact.conduct.reader import Reader, Standing
from entact.conduct.sight import EVENTS
from entact.conduct.words import (
    day,
    lower_words,
    moment,
    role_words,
    title_of_form,
    title_of_visit,
    told,
    words,
)
from entact.course.instants import ALERT
from entact.store import lists

AHEAD = timedelta(days=2)
CALL = "safety_call"
MOST = 12  # tasks that are shown; of more it is said that there are


@dataclass(frozen=True)
class Task:
    """One thing that somebody has to do.

    Attributes:
        urgent: whether a person may be in danger, or a time is over.
        key: in the address of the page of the participant, whose number is `who`; both are empty of a task
            about nobody. address: where it is done, if not there. leads: where it is below the participant's
            page, its route and what stands in the address behind the key.
        what, when: in words; call: which roles. rank: 0 before all else; of one rank, what is `due` first.
    """

    urgent: bool
    key: str
    who: str
    site: str
    what: str
    when: str
    call: str = ""
    rank: int = 2
    due: datetime | None = None
    address: str = ""
    leads: tuple[str, ...] = ()

    def about(self, key: str) -> Task:
        """The same of the participant whose page has this key."""
        address = reverse(self.leads[0], args=[key, *self.leads[1:]]) if self.leads else self.address
        return replace(self, key=key, address=address)


@dataclass(frozen=True)
class Today:
    """What needs somebody, the most urgent first; `further`: whether there is more."""

    tasks: tuple[Task, ...]
    further: bool


def needs_today(reader: Reader) -> Today:
    """What participants need of somebody today, whoever that is."""
    found = tuple(of_participants(reader))
    return Today(found[:MOST], len(found) > MOST)


def of_participants(reader: Reader, most: int = MOST) -> Iterator[Task]:
    """What participants need of somebody, as the reader's role may see it: one more than `most`."""
    limit = most + 1
    found = list(dict.fromkeys(_found(reader, limit)))[:limit]  # several calls of one alert are one task
    known = {one.ledger: Standing.of(one) for one in lists.participants_of([name for name, _ in found])}
    yield from (task.about(known[name].key) for name, task in found if name in known)


def _found(reader: Reader, limit: int) -> Iterator[tuple[str, Task]]:
    """The ledger of each participant and what there is to do, the most urgent first."""
    sight, at = reader.sight, reader.at
    if not sight.sees_schedule:
        return
    hidden, sites = sight.hidden_names, reader.sites
    for alert in lists.open_findings(at, hidden=hidden, sites=sites, rule=ALERT, limit=limit):
        yield alert.ledger, _alert(reader, alert)
    if sight.sees(EVENTS):
        for clock in lists.running_clocks(until=at + AHEAD, sites=sites, limit=limit):
            yield clock.ledger, _report(reader, clock)
    if sight.sees_status:
        for visit in lists.missed(at, hidden=hidden, sites=sites, limit=limit):
            yield visit.ledger, _visit(reader, visit)
        for visit in lists.due(at, hidden=hidden, sites=sites, limit=limit):
            if visit.ends is not None and (visit.ends <= at + AHEAD or follows_session(reader, visit.visit)):
                yield visit.ledger, _visit(reader, visit)
    yield from _in_review(reader, limit)


def _in_review(reader: Reader, limit: int) -> Iterator[tuple[str, Task]]:
    """Queries that wait for this role, and signatures that a change has broken."""
    role, table = reader.sight.role, permissions_of(reader.study).table
    hidden = reader.sight.hidden_names
    for act, status, said in (
        ("answer_query", "open", gettext("asked")),
        ("close_query", "answered", gettext("answered")),
    ):
        if role in table[act]:
            for one in lists.queries(hidden=hidden, status=status, sites=reader.sites, limit=limit):
                form = reader.study.newest.forms.get(one.form)
                about = (
                    title_of_form(form)
                    if form is not None
                    else lower_words(one.form or one.kind or gettext("entry"))
                )
                when = f"{said} {moment(one.since, reader.zone_of(one.site))}"
                yield (
                    one.ledger,
                    Task(
                        False,
                        "",
                        one.number,
                        one.site,
                        gettext("Query about {about}").format(about=about),
                        when,
                        leads=("query", one.query),
                    ),
                )
    if role in table["sign"]:
        broken = lists.open_findings(
            reader.at, hidden=hidden, sites=reader.sites, rule="signature_broken", limit=limit
        )
        for found in broken:
            what = gettext("What was signed has changed: sign that again")
            yield (
                found.ledger,
                Task(
                    False,
                    "",
                    found.number,
                    found.site,
                    what,
                    gettext("the signature does not hold"),
                    leads=("sign",),
                ),
            )


def _alert(reader: Reader, row: lists.Open) -> Task:
    known = reader.study.in_force_at(row.site, row.since).alert_named(row.item)
    title = told(known.title) if known is not None else words(row.item)
    call = ", ".join(map(role_words, known.tell)) if known is not None else ""
    what = (
        gettext("Not known whether it holds: {title}").format(title=title)
        if row.cannot_be_evaluated
        else title
    )
    when = (
        gettext("an answer that it asks for is missing")
        if row.cannot_be_evaluated
        else gettext("nobody has answered")
    )
    return Task(True, "", row.number, row.site, what, when, call, rank=0)


def _report(reader: Reader, clock: lists.RunningClock) -> Task:
    report = reader.study.in_force_at(clock.site, reader.at).rules.reports.get(clock.report)
    title = told(report.said.title) if report is not None else words(clock.report)
    when = moment(clock.due, reader.zone_of(clock.site))
    said = f"{gettext('was due') if clock.due <= reader.at else gettext('due')} {when}"
    return Task(
        True,
        "",
        clock.number,
        clock.site,
        gettext("{title}: not sent").format(title=title),
        said,
        rank=1,
        due=clock.due,
    )


def _visit(reader: Reader, row: lists.DueVisit) -> Task:
    title, zone = title_of_visit(row.visit, reader.visits), reader.zone_of(row.site)
    assert row.ends is not None
    over = row.ends <= reader.at
    rank = 2 if over else 3
    if _is_theirs(reader, row.visit):  # somebody was given a drug, and who looks after them looks here
        rank = 1 if row.ends <= reader.at + timedelta(days=1) else 2
    what = (
        gettext("{title} did not take place, and nobody has said why").format(title=title)
        if over
        else gettext("{title} has not taken place").format(title=title)
    )
    if not over and follows_session(reader, row.visit):
        planned = reader.visits[row.visit]
        told = gettext("call") if planned.contact == "telephone" else gettext("visit")
        what = gettext("{title}: the {told} after a session is due and has not taken place").format(
            title=title, told=told
        )
    when = gettext("its window {part} {day}").format(
        part=gettext("closed") if over else gettext("closes"), day=_end(row, zone)
    )
    return Task(rank < 2, "", row.number, row.site, what, when, rank=rank, due=row.ends)


def follows_session(reader: Reader, visit: str) -> bool:
    """Whether a visit is the morning after a dosing session, or a contact in the days that follow it."""
    planned = reader.visits.get(visit)
    before = reader.visits.get(planned.after or "") if planned is not None else None
    if planned is None or before is None or before.kind != "dosing":
        return False
    morning = planned.within is not None and planned.within.next_morning
    return morning or planned.kind == "contact" or CALL in planned.do


def _is_theirs(reader: Reader, visit: str) -> bool:
    """Whether a visit after a session is for the reader's role to make."""
    planned, role = reader.visits.get(visit), reader.sight.role
    if planned is None or not follows_session(reader, visit):
        return False
    return role == planned.by or (planned.by is None and role in permissions_of(reader.study).table["enter"])


def _end(row: lists.DueVisit, zone: tzinfo) -> str:
    """The last day of a window, or its last minute where it is counted in hours."""
    assert row.ends is not None
    local = row.ends.astimezone(zone)
    return day((local - _INSTANT).date()) if local.time() == time.min else moment(row.ends, zone)


_INSTANT = timedelta(microseconds=1)
