"""A study in progress: rehearsed so that today lies in the middle of it, and stopped there.

It is rehearsed twice: once to find a day on which somebody has a dosing session while others are screened,
wait, or are done; then with its first day moved so that this day is today.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from entact import store
from entact.cli.plan import Plan, plan_rehearsal
from entact.cohort import Trial, rehearse
from entact.cohort.setting_ledgers import received_at, zone_of_site
from entact.course import Course, Line, fold, instant, read, uuid7
from entact.course.entry import Authenticated, Entry, Environment
from entact.course.kinds import KINDS
from entact.protocol import Study

PEOPLE = 24  # how many take part, where nobody says
QUERIES = 3
_AFTER, _NEXT = timedelta(seconds=1), timedelta(milliseconds=1)
_RECENT = timedelta(days=14)  # so old the reading may be that another one follows


@dataclass(frozen=True)
class Moment:
    """A moment of a rehearsal: first day of that rehearsal, and the moment on the clock of a site."""

    start: date
    at: datetime

    def on(self, today: date) -> Moment:
        """The same hour of another day, with the rehearsal moved along."""
        moved = today - self.at.date()
        return Moment(self.start + moved, self.at.replace(year=today.year, month=today.month, day=today.day))


def fill(
    name: str, participants: int | None, seed: int, now: datetime, environment: Environment, *, exactly: bool
) -> Trial:
    """Rehearses a study up to today, into the empty database in use.

    Args:
        now: the moment; its day is today. exactly: nothing later than this moment is there; else the hour is
            one of today's at which an alert of a session is open, if there is one.
    Raises:
        StudyError, ParametersError: when it cannot be rehearsed.
    """
    plan = plan_rehearsal(name, None)
    whole = _rehearse(plan, participants, seed)
    found = busiest(plan.study, whole)
    today = found.on(now.astimezone(found.at.tzinfo).date())
    until = now if exactly else today.at
    trial = _rehearse(plan, participants, seed, today.start, until.astimezone(UTC), environment)
    store.append_many((ledger, line) for ledger, lines in trial.ledgers.items() for line in lines)
    store.keep_keys(trial.keys)
    for entry, at in _open_matters(plan.study, trial, until.astimezone(UTC), environment):
        store.fact(entry, received_at=at, authenticated=Authenticated(how="simulated", who=entry.by))
    return trial


def _rehearse(
    plan: Plan,
    participants: int | None,
    seed: int,
    start: date | None = None,
    until: datetime | None = None,
    environment: Environment = "rehearsal",
) -> Trial:
    people = participants or min(PEOPLE, _planned(plan.study))
    return rehearse(
        plan.study,
        people,
        seed,
        cohort=plan.cohort,
        start=start,
        until=until,
        environment=environment,
    )


def _planned(study: Study) -> int:
    return sum(one.planned for one in study.newest.file.populations.values())


def busiest(study: Study, trial: Trial) -> Moment:
    """A moment of a dosing session at which others are in screening, wait, or are done; of several one at
    which an alert of the session is open.
    """
    start = trial.parameters.rehearsal.start
    dosing = {name for name, visit in study.newest.visits.items() if visit.kind == "dosing"}
    stays: list[_Stay] = []
    sessions: list[_Session] = []
    for name, lines in trial.ledgers.items():
        if name.startswith("participant:"):
            course = fold(study, [read(line.text) for line in lines])
            stays.append(_stay(course, lines))
            sessions += _of_sessions(study, trial, course, lines, dosing)
    if not sessions:
        begun = sorted(one.begun for one in stays)
        return Moment(start, begun[len(begun) // 2])
    best = max(sessions, key=lambda one: _worth(stays, one))
    return Moment(start, best.at)


def _worth(stays: list[_Stay], one: _Session) -> tuple[int, bool, bool, int, datetime]:
    """How much there is to see at a session, the more the better: also where most people are looked at."""
    fewest, here = _variety(stays, one.at)
    sites = Counter(stay.site for stay in stays if stay.begun <= one.at)
    return fewest, sites[one.site] == max(sites.values()), one.raised, here, one.at


@dataclass(frozen=True)
class _Session:
    """A moment of a dosing session at a site; whether an alert was raised just before."""

    raised: bool
    at: datetime
    site: str


@dataclass(frozen=True)
class _Stay:
    """Where and when somebody came, entered (None who never did), and was done."""

    site: str
    begun: datetime
    entered: datetime | None
    done: datetime


def _stay(course: Course, lines: list[Line]) -> _Stay:
    entered = [one.at for one in course.effective if one.entry.kind in ("enrolment", "randomisation")]
    return _Stay(course.site or "", received_at(lines[0]), max(entered, default=None), received_at(lines[-1]))


def _variety(stays: list[_Stay], at: datetime) -> tuple[int, int]:
    """How many there are of the fewest (in screening, in treatment, done), at most three; and how many."""
    here = [one for one in stays if one.begun <= at]
    entered = [one for one in here if one.entered is not None and one.entered <= at]
    done = sum(one.done < at for one in entered)
    screened = sum(one.done > at for one in here if one.entered is None or one.entered > at)
    return min(screened, len(entered) - done, done, 3), len(here)


def _of_sessions(
    study: Study, trial: Trial, course: Course, lines: list[Line], dosing: set[str]
) -> Iterator[_Session]:
    """Moments of dosing sessions: just after an alert was raised, and just after the first dose."""
    site = course.site or ""
    zone = ZoneInfo(zone_of_site(study.newest, trial.parameters, site))
    arrived = {read(line.text).id: received_at(line) for line in lines}
    for episode in course.alerts:
        if (episode.encounter or "").partition("#")[0] in dosing:
            yield _Session(True, (arrived[episode.entry] + _AFTER).astimezone(zone), site)
    for one in course.effective:
        if one.entry.kind == "dose" and one.data.get("part") == "initial":
            yield _Session(False, (arrived[one.id] + timedelta(hours=2)).astimezone(zone), site)


def _open_matters(
    study: Study, trial: Trial, until: datetime, environment: Environment
) -> Iterator[tuple[Entry, str]]:
    """What somebody has yet to look at: an alert that nobody has answered, and queries about some forms.

    Virtual staff answers at once, and nobody asks it anything; who looks at the pages should see both.
    """
    from entact.conduct.permissions import permissions_of

    asking = sorted(permissions_of(study).roles_for("ask_query"))
    people = [
        [read(line.text) for line in lines]
        for name, lines in trial.ledgers.items()
        if name.startswith("participant:")
    ]
    people.sort(key=lambda entries: entries[-1].recorded_at, reverse=True)
    said = [_alerting(study, people, until)]
    for entries in people[: QUERIES if asking else 0]:
        forms = [one for one in entries if one.kind == "form" and one.replaces is None]
        items: Any = forms[-1].data.get("items") if forms else None
        if items:
            words = "Please compare this with the source."
            data = {"said": "raised", "entry": forms[-1].id, "item": next(iter(items)), "text": words}
            said.append(_said(forms[-1], "query", data, by=f"{asking[0]}-1", role=asking[0]))
    for number, entry in enumerate((one for one in said if one is not None), start=1):
        at = (until + number * _NEXT).isoformat()
        yield msgspec.structs.replace(entry, id=_id(until), occurred_at=at, recorded_at=at), at


def _said(about: Entry, kind: str, data: dict[str, Any], *, by: str, role: str) -> Entry:
    """An entry about the participant, release and visit of another."""
    return Entry(
        id="",
        ledger=about.ledger,
        kind=kind,
        release=about.release,
        environment=about.environment,
        encounter=None if kind == "query" else about.encounter,
        occurred_at="",
        recorded_at="",
        by=by,
        role=role,
        data=data,
    )


def _alerting(study: Study, people: Sequence[Sequence[Entry]], until: datetime) -> Entry | None:
    """A reading like the last one of somebody, but for one item, that raises an alert; None if none does."""
    for entries in people:
        for entry in reversed(entries):
            form = KINDS[entry.kind].form if entry.kind in KINDS else None
            name = form(entry.data) if form is not None and entry.replaces is None else None
            if name is None or until - instant(entry.occurred_at) > _RECENT:
                continue
            known = len(fold(study, entries).alerts)
            for data in _changed(study, name, entry):
                at = (until + _NEXT).isoformat()
                tried = _said(entry, entry.kind, data, by=entry.by, role=entry.role)
                tried = msgspec.structs.replace(tried, id=_id(until), occurred_at=at, recorded_at=at)
                raised = fold(study, [*entries, tried]).alerts[known:]
                if any(not one.cannot_evaluate for one in raised):
                    return tried
    return None


def _changed(study: Study, form: str, entry: Entry) -> Iterator[dict[str, Any]]:
    """The data of an entry with one item as far out as it can be, of those that alerts are computed from."""
    release = study.newest
    if form not in release.forms:
        return
    nested = KINDS[entry.kind].nested
    named = {name for alert in release.alerts.values() for name in alert.rule.names}
    for name, item in release.forms[form].items.items():
        if f"{form}.{name}" not in named:
            continue
        values: list[Any] = [True] if item.type == "boolean" else []
        if item.bounds is not None:
            unit = f" {item.unit}" if item.unit else ""
            ends = [item.bounds[1], item.bounds[0]]
            values = [int(end) if item.type == "integer" else f"{end}{unit}" for end in ends]
        for value in values:
            held = entry.data if nested is None else entry.data[nested]
            changed = {**held, name: value}
            yield changed if nested is None else {**entry.data, nested: changed}


def _id(at: datetime) -> str:
    return uuid7(at, secrets.randbits(80))


def make_progress(name: str, participants: int | None, seed: int, database: str, now: datetime) -> Trial:
    """Makes a database of a rehearsal that stands in the middle of the study, in place of an earlier one."""
    plan = plan_rehearsal(name, None)
    store.create_database(database, "rehearsal", plan.study.name, replace=True)
    return fill(name, participants, seed, now, "rehearsal", exactly=False)
