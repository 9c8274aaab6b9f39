"""What is counted while a study is rehearsed: gates that were asked, visits that were held, alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from entact.course import Allowed, Course, Refused
from entact.course.schedule import position
from entact.course.state.progress import zone_of
from entact.protocol import CompiledForm
from entact.protocol.compiled import CompiledAlert
from entact.protocol.quantity import parse_quantity


class Tally(msgspec.Struct):
    """Counts over virtual participants; sums of tallies are tallies.

    Attributes:
        asked, refused: by (act, visit), how often a gate was asked, and refused. reasons: refusals by (act,
            visit, code of a reason). words: code of a reason -> an example of its message.
        asked_of, opened: by (act, visit), participants of whom a gate was asked, and for whom it opened.
        against: candidates against whom each criterion stood. able: candidates whom nothing kept out.
        turned_away: of these, for want of a place, by why.
        forms: participants for whom each form was filled in. held: times each visit took place. dosed: times
            with a dose. passed_over: times it was recorded as missed.
        inside, outside: times it took place within the window or not. missed: windows that passed without the
            visit, of those who had entered.
        stayed: by (population, track, empty for the main one), who entered and stopped nothing.
        looked_at: by (alert, arm), participants whom an alert could be about; the arm is empty before one.
        raised: of these, for whom it was raised. unknown: of these, for whom it was only ever raised because
            it could not be evaluated.
        values, beyond: numbers entered by form and item, and those outside the item's range.
        entries, ledgers: how many there are.
    """

    asked: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str]] = msgspec.field(default_factory=Counter)
    words: dict[str, str] = msgspec.field(default_factory=dict)
    asked_of: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    opened: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    against: Counter[str] = msgspec.field(default_factory=Counter)
    able: int = 0
    turned_away: Counter[str] = msgspec.field(default_factory=Counter)
    forms: Counter[str] = msgspec.field(default_factory=Counter)
    held: Counter[str] = msgspec.field(default_factory=Counter)
    dosed: Counter[str] = msgspec.field(default_factory=Counter)
    passed_over: Counter[str] = msgspec.field(default_factory=Counter)
    inside: Counter[str] = msgspec.field(default_factory=Counter)
    outside: Counter[str] = msgspec.field(default_factory=Counter)
    missed: Counter[str] = msgspec.field(default_factory=Counter)
    stayed: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    looked_at: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    raised: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    unknown: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    values: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    beyond: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    entries: int = 0
    ledgers: int = 0

    def add(self, other: Tally) -> None:
        """Adds the counts of another tally to this one."""
        for name in self.__struct_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            elif isinstance(mine, int):
                setattr(self, name, mine + theirs)
        self.words = other.words | self.words

    def count_answer(self, act: str, visit: str, answer: Allowed | Refused) -> None:
        """Counts what a gate said."""
        self.asked[act, visit] += 1
        if isinstance(answer, Refused):
            self.refused[act, visit] += 1
            for reason in answer.reasons:
                self.reasons[act, visit, reason.code] += 1
                self.words.setdefault(reason.code, reason.message)

    def count_values(self, form: CompiledForm, answers: Mapping[str, Any]) -> None:
        """Counts the numbers among the answers to a form, and those outside the ranges of their items."""
        counts, bounds = self.values, _bounds_of(form)
        for name, answer in answers.items():
            if name not in bounds or (answer.__class__ is not int and answer.__class__ is not str):
                continue
            key, low, high = bounds[name]
            counts[key] += 1
            if not low <= (answer if answer.__class__ is int else parse_quantity(answer).value) <= high:
                self.beyond[key] += 1

    def look_through(self, course: Course, at: datetime, arm: str = "") -> None:
        """Counts what is in one participant's finished record, once and with nobody else's counted before.

        `arm`: in which they took part; empty for who did not enter.
        """
        self.ledgers += 1
        self.entries += course.size
        self.asked_of.update(self.asked.keys())
        self.opened.update(key for key in self.asked if self.refused[key] < self.asked[key])
        done = {form for form, _ in course.forms}
        self.forms.update(done)
        self.held.update(one.visit for one in course.encounters.values() if one.status == "ended")
        self.passed_over.update(one.visit for one in course.encounters.values() if one.status == "missed")
        self.dosed.update(
            {dose.session for dose in course.doses if dose.is_taken and dose.part == "initial"} - {None}
        )
        if arm:
            self._look_at_windows(course, at)
        if arm and not course.discontinued and course.died is None:
            self.stayed.update((course.population or "", track) for track in ("", *course.tracks))
        for name, alert in course.release.alerts.items():
            raised = [one for one in course.alerts if name in one.alerts]
            self.looked_at[name, arm] += not done.isdisjoint(forms_of(alert))
            self.raised[name, arm] += bool(raised)
            self.unknown[name, arm] += bool(raised) and all(one.cannot_evaluate for one in raised)

    def _look_at_windows(self, course: Course, at: datetime) -> None:
        windows, zone = {one.visit: one for one in course.due(at)}, zone_of(course, at)
        for one in course.encounters.values():
            if one.status == "ended" and one.started is not None and one.visit in windows:
                where = position(windows[one.visit], one.started, zone)
                (self.inside if where == "within" else self.outside)[one.visit] += where is not None
        self.missed.update(name for name, window in windows.items() if window.status == "missed")


@lru_cache(maxsize=1024)
def _bounds_of(form: CompiledForm) -> dict[str, tuple[tuple[str, str], Decimal | int, Decimal | int]]:
    """Of each item that has a range its key among the counts, and the two ends."""
    return {
        name: ((form.name, name), _whole(item.bounds[0]), _whole(item.bounds[1]))
        for name, item in form.items.items()
        if item.bounds is not None
    }


def _whole(end: Decimal) -> Decimal | int:
    return int(end) if end == end.to_integral_value() else end  # compared in a tenth of the time


def forms_of(alert: CompiledAlert) -> frozenset[str]:
    """The forms whose answers an alert is computed from."""
    return frozenset(name.split(".")[-2] for name in alert.rule.names)
