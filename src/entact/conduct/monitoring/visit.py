"""A monitor's visit to a site: what was looked at since the last, its report, and actions that follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from entact.conduct.access.models import Account
from entact.conduct.access.people import person_of
from entact.conduct.delegation import enter_at_site, hold_site, state_of, today_at
from entact.conduct.deviations.selectors import sees_deviation
from entact.conduct.error import ConductError
from entact.conduct.permissions import Person
from entact.conduct.reader import Folded, Reader, Standing
from entact.conduct.record.door import Author
from entact.course.entry import instant
from entact.course.kinds.monitoring import Action, MonitoringAction, MonitoringReport
from entact.course.state.monitoring import MonitoringVisit
from entact.store import lists
from entact.store.lists.arrived import arrived, departed, looked_by

BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)  # since when the first report at a site counts
LONGEST: Final = 20_000  # characters of a report
LONGEST_ACTION: Final = 500
MOST: Final = 20  # actions of one report
COUNTED: Final[Mapping[str, str]] = {
    "participants": gettext_lazy("participants looked at"),
    "verified": gettext_lazy("entries verified"),
    "raised": gettext_lazy("queries raised"),
    "closed": gettext_lazy("queries closed"),
    "deviations": gettext_lazy("deviations"),
}


@dataclass(frozen=True)
class Departure:
    """A deviation of the time: whose, and of what category."""

    entry: str
    number: str
    category: str
    importance: str


@dataclass(frozen=True)
class Draft:
    """What a report will say was done in its time."""

    since: datetime
    until: datetime
    counts: Mapping[str, int]
    deviations: tuple[Departure, ...]


def draft_of(reader: Reader, person: Person, site: str) -> Draft:
    """What was looked at, asked, verified and reported at a site since its last report."""
    before = state_of(site).monitored
    since = max((instant(one.until) for one in before), default=BEGINNING)
    own = {"verification": "verified", "query": "raised"}
    counts = dict.fromkeys(COUNTED, 0)
    looked = looked_by(person.identity, since)
    counts["participants"] = sum(one.site == site for one in reader.standings(sorted(looked)))
    departures = [(one.ledger, one.entry.id) for one in departed(site, since, reader.at)]
    for one in arrived((*own, "deviation"), site, since, reader.at):
        said = one.entry.data.get("said")
        if one.entry.kind == "deviation" and one.entry.replaces is None:
            departures.append((one.ledger, one.entry.id))
        elif one.entry.kind == "verification" and one.entry.by == person.identity:
            counts["verified"] += len(one.entry.data.get("entries", ()))
        elif one.entry.kind == "query" and one.entry.by == person.identity and said in ("raised", "closed"):
            counts[said] += 1
    deviations = tuple(_departures(reader, departures))
    return Draft(since, reader.at, counts | {"deviations": len(deviations)}, deviations)


def departures_of(reader: Reader, site: str, visit: MonitoringVisit) -> list[Departure]:
    """The deviations that a report names, as they stand."""
    time = instant(visit.since), instant(visit.until)
    found = [*departed(site, *time), *arrived(("deviation",), site, *time)]
    return list(
        _departures(reader, [(one.ledger, one.entry.id) for one in found if one.entry.id in visit.deviations])
    )


def _departures(reader: Reader, named: list[tuple[str, str]]) -> Iterator[Departure]:
    named = list(dict.fromkeys(named))
    folded = reader.folded(sorted({ledger for ledger, _ in named}))
    known = {one.ledger: Standing.of(one) for one in lists.participants_of(list(folded))}
    for ledger, entry in named:
        one = folded.get(ledger)
        if not isinstance(one, Folded) or ledger not in known:
            continue
        seen = one.seen_by(reader.sight)
        for state in one.course.deviations:
            if state.entry == entry and sees_deviation(seen, state):
                yield Departure(entry, known[ledger].number, state.category, state.importance)


def owners_at(person: Person, site: str) -> list[tuple[str, str]]:
    """Who may be asked to do something: identity and name of whoever has a role at the site, and oneself."""
    found = {person.identity: person.name}
    held = Account.objects.filter(is_active=True, roles__site=site).distinct().prefetch_related("roles")
    found |= {one.name: one.title for one in held if site in person_of(one).roles}
    return sorted(found.items(), key=lambda one: one[1])


def send_report(
    reader: Reader, person: Person, site: str, expected: str, text: str, actions: list[Action], by: Author
) -> str:
    """Enters a report as it was shown, signed by who wrote it; its id.

    Args:
        expected: until when what was shown had been counted. by: with what was shown once more.
    Raises:
        ConductError: with what has to be put right; then nothing was entered.
    """
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise ConductError(
            gettext("Say what you saw, in at most {longest} characters.").format(longest=LONGEST)
        )
    known, today = dict(owners_at(person, site)), today_at(site)
    for number, one in enumerate(actions, start=1):
        if not one.text or len(one.text) > LONGEST_ACTION:
            raise ConductError(
                gettext(
                    "Action {number}: say what is to be done, in at most {longest_action} characters."
                ).format(number=number, longest_action=LONGEST_ACTION)
            )
        if one.owner not in known:
            raise ConductError(gettext("Action {number}: choose who is to do it.").format(number=number))
        due = _day(one.due)
        if due is None or due < today or due.year > today.year + 10:
            raise ConductError(
                gettext("Action {number}: say by which day, from today on, as {today}.").format(
                    number=number, today=today.isoformat()
                )
            )
    with transaction.atomic():
        hold_site(site)
        draft = draft_of(reader, person, site)
        if token_of(draft) != expected:
            raise ConductError(
                gettext(
                    "Something was entered at the site since you opened this page: look at it, then sign."
                )
            )
        report = MonitoringReport(
            draft.since.isoformat(),
            draft.until.isoformat(),
            text,
            sorted(reader.sight.classes_seen),
            dict(draft.counts),
            list(dict.fromkeys(one.entry for one in draft.deviations)),
            actions,
        )
        return enter_at_site(site, "monitoring_report", report, by=by)


def token_of(draft: Draft) -> str:
    """What tells whether a report would count what its writer was shown."""
    return " ".join(
        [
            draft.since.isoformat(),
            *(str(draft.counts[name]) for name in COUNTED),
            *(d.entry for d in draft.deviations),
        ]
    )


def settle_action(
    person: Person, site: str, report: str, number: int, status: str, text: str, by: Author
) -> None:
    """Says that an action was done, or that it is open again.

    Raises:
        ConductError: when it is not this person's to say, or nothing would change.
    """
    with transaction.atomic():
        hold_site(site)
        visit = next((one for one in state_of(site).monitored if one.entry == report), None)
        if visit is None or not 1 <= number <= len(visit.actions):
            raise ConductError(gettext("There is no such action."))
        action = visit.actions[number - 1]
        if not may_settle(person, action.owner, site):
            raise ConductError(
                gettext("It is for whoever owes it, or who monitors, to say what became of it.")
            )
        if status not in ("done", "open") or action.is_done == (status == "done"):
            raise ConductError(gettext("Somebody has said so already."))
        said = MonitoringAction(number, "done" if status == "done" else "open", text.strip()[:LONGEST_ACTION])
        enter_at_site(site, "monitoring_action", said, by=by, about=report)


def may_settle(person: Person, owner: str, site: str) -> bool:
    """Whether somebody may say what became of an action: whoever owes it, and who monitors."""
    return owner == person.identity or person.may("verify", site)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-04-30") else None
    except ValueError:
        return None
