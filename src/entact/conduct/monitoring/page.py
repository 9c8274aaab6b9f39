"""Reports of monitoring visits as pages show them, and what was typed of a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final

from django.utils.translation import gettext

from entact.conduct.delegation import state_of, today_at
from entact.conduct.deviations.selectors import category_words
from entact.conduct.language.codelists import called_code
from entact.conduct.monitoring.visit import (
    BEGINNING,
    COUNTED,
    Departure,
    Draft,
    departures_of,
    may_settle,
)
from entact.conduct.permissions import Person
from entact.conduct.reader import Reader
from entact.conduct.words import day, moment, value
from entact.course.entry import instant
from entact.course.kinds.monitoring import Action
from entact.course.state.monitoring import MonitoringVisit

ROWS: Final = 8  # for actions, on the page of a new report


@dataclass(frozen=True)
class Shown:
    """One action: its number, whose, by when, what was said of it; whether whoever asks may say more."""

    number: int
    text: str
    owner: str
    due: str
    is_done: bool
    is_over: bool
    said: str
    may_settle: bool


@dataclass(frozen=True)
class Report:
    """One report. is_whole: all of it is for whoever asks; else only what they owe is here."""

    entry: str
    by: str
    at: str
    period: str
    is_whole: bool
    text: str
    counts: tuple[tuple[str, int], ...]
    deviations: tuple[tuple[str, str], ...]
    actions: tuple[Shown, ...]

    @property
    def open(self) -> int:
        """How many actions are not done."""
        return sum(not one.is_done for one in self.actions)


@dataclass(frozen=True)
class DraftShown:
    """What a new report will count."""

    period: str
    counts: tuple[tuple[str, int], ...]
    deviations: tuple[tuple[str, str], ...]


def draft_shown(draft: Draft, zone: tzinfo) -> DraftShown:
    """What a new report will count, in words."""
    since = gettext("the beginning") if draft.since == BEGINNING else moment(draft.since, zone)
    return DraftShown(
        gettext("from {since} to now").format(since=since),
        _counts(draft.counts),
        tuple(_departure(one) for one in draft.deviations),
    )


def reports_shown(reader: Reader, person: Person, site: str, names: Mapping[str, str]) -> list[Report]:
    """The reports of a site, the last first; of one that may tell of what is hidden, what whoever asks owes.

    Args:
        names: of people, by identity.
    """
    found = (_shown(reader, person, site, one, names) for one in reversed(state_of(site).monitored))
    return [one for one in found if one.is_whole or one.actions]


def count_withheld(reader: Reader, site: str) -> int:
    """How many reports of a site are not shown to a role, since they may tell of what is hidden from it."""
    return sum(not reader.sight.sees(*one.tells) for one in state_of(site).monitored)


def actions_sent(sent: Mapping[str, str]) -> list[Action]:
    """The actions of a form; a row in which nothing was typed is none."""
    rows = [
        Action(*(sent.get(f"{name}{number}", "").strip() for name in ("action", "owner", "due")))
        for number in range(1, ROWS + 1)
    ]
    return [one for one in rows if one.text or one.due]


def _shown(
    reader: Reader, person: Person, site: str, visit: MonitoringVisit, names: Mapping[str, str]
) -> Report:
    whole = reader.sight.sees(*visit.tells)
    zone, today = reader.zone_of(site), today_at(site)
    since = instant(visit.since)
    begun = gettext("the beginning") if since == BEGINNING else moment(since, zone)
    actions = []
    for number, one in enumerate(visit.actions, start=1):
        if not whole and one.owner != person.identity:
            continue
        due = date.fromisoformat(one.due)
        said = ""
        if one.at is not None:
            who = names.get(one.by, one.by)
            said = (
                f"{gettext('done') if one.is_done else gettext('open again')}, {who}, {moment(one.at, zone)}"
            )
            said += f": {one.said}" if one.said else ""
        actions.append(
            Shown(
                number,
                one.text,
                names.get(one.owner, one.owner),
                day(due),
                one.is_done,
                not one.is_done and due < today,
                said,
                may_settle(person, one.owner, site),
            )
        )
    return Report(
        visit.entry,
        names.get(visit.by, visit.by),
        moment(visit.at, zone),
        gettext("from {begun} to {when}").format(begun=begun, when=moment(instant(visit.until), zone)),
        whole,
        visit.text if whole else "",
        _counts(visit.counts) if whole else (),
        tuple(_departure(one) for one in departures_of(reader, site, visit)) if whole else (),
        tuple(actions),
    )


def _counts(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((str(said), counts.get(name, 0)) for name, said in COUNTED.items())


def _departure(one: Departure) -> tuple[str, str]:
    importance = called_code("deviation", "importance", one.importance) or value(one.importance)
    return one.number, f"{category_words(one.category)}, {importance}"
