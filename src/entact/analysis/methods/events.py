"""Methods for events: by term and arm, of special interest, on days of dosing, over time, at a glance.

The value is the term; who had no event has a row without one, so that everybody who could have had one is
there. What is known of a person, such as days watched, stands in each row alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from entact.analysis.frame import held
from entact.analysis.methods.shares import DIFFERENCES, share_known
from entact.analysis.planned import Question
from entact.analysis.result import Estimate, Estimates, Group
from entact.analysis.safety import (
    dose_day_rates,
    exposure_adjusted,
    incidence,
    special_interest,
    time_course,
    volcano,
)


@dataclass(frozen=True, slots=True)
class Incidence:
    """Events by term and arm.

    Attributes:
        exposure: column with the time that each was watched; then rates and their ratio. per: of how much
            time.
    """

    interval: str = "miettinen_nurminen"
    exposure: str | None = None
    per: float = 1.0

    takes_text = True
    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        pair, level = question.pair(), question.level
        events, people = _events(rows, people=[self.exposure] if self.exposure else [])
        if self.exposure is not None:
            return exposure_adjusted(events, people, pair, exposure=self.exposure, per=self.per, level=level)
        found = incidence(events, people, pair, method=DIFFERENCES[self.interval], level=level)
        return _some(found, people, pair)


@dataclass(frozen=True, slots=True)
class SpecialInterest:
    """Shares of two arms that had any event of each group of terms, and their difference."""

    groups: Mapping[str, tuple[str, ...]]
    interval: str = "miettinen_nurminen"

    takes_text = True
    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        events, people = _events(rows)
        method = DIFFERENCES[self.interval]
        return special_interest(
            events, people, question.pair(), self.groups, method=method, level=question.level
        )


@dataclass(frozen=True, slots=True)
class Volcano:
    """Every term by how much more often one arm had it, and Fisher's p: what to look at first."""

    takes_text = True
    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        pair = question.pair()
        events, people = _events(rows)
        sizes = [people.filter(pl.col("arm").cast(pl.String) == arm).height for arm in pair]
        found = tuple(
            Estimate(
                "risk difference",
                "Fisher's exact test, unadjusted: to find what to look at",
                apart,
                p=p,
                groups=(Group(" or ".join(pair), sum(sizes), events=had),),
                label=term,
            )
            for term, apart, p, had in volcano(events, people, pair).iter_rows()
        )
        return _some(Estimates(f"Terms, {pair[0]} - {pair[1]}", found), people, pair)


@dataclass(frozen=True, slots=True)
class DoseDayRates:
    """Rates of each term on days of dosing and between them, of each arm, and their ratio.

    Attributes:
        dose_day: column that says of an event whether it began on one. dose_days, days: columns of how many
            such days each person had, and of all days watched.
    """

    dose_day: str
    dose_days: str
    days: str

    takes_text = True
    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        events, people = _events(rows, events=[self.dose_day], people=[self.dose_days, self.days])
        if events[self.dose_day].dtype not in (pl.Boolean, pl.Null):
            raise ValueError(
                f"column {self.dose_day!r} holds {held(events[self.dose_day].dtype)}; it is true or false"
            )
        events = events.rename({self.dose_day: "dose_day"})
        people = people.rename({self.dose_days: "dose_days", self.days: "days"})
        return dose_day_rates(events, people, question.pair(), level=question.level)


@dataclass(frozen=True, slots=True)
class TimeCourse:
    """Share of each arm in which each term began within each stretch of time, of those still watched then.

    Attributes:
        day: column of the day on which an event began. days: column of how many days each was watched.
        ends: the last day of each stretch.
    """

    day: str
    days: str
    ends: tuple[float, ...]

    takes_text = True
    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        pair = question.pair()
        events, people = _events(rows, events=[self.day], people=[self.days])
        table = time_course(
            events.rename({self.day: "day"}), people.rename({self.days: "days"}), pair, self.ends
        )
        found = []
        for term, arm, after, until, began, watched in table.iter_rows():
            label = f"{term}, {arm}, {'from' if after == 0 else 'after'} day {after:g} to {until:g}"
            note = f"nobody in {arm} was watched after day {after:g}"
            found.append(share_known(began, watched, arm, level=question.level, label=label, else_note=note))
        return _some(Estimates("Time course", tuple(found)), people, pair)


def _events(
    rows: pl.DataFrame, *, events: Sequence[str] = (), people: Sequence[str] = ()
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events with their term, and everybody who could have had one.

    Args:
        events, people: columns that say something of an event, and of a person.
    """
    if rows.is_empty() or "arm" not in rows.columns:
        raise ValueError("nobody is there with an arm")
    columns = ["participant", "arm", *people]
    for name in (*columns, *events):
        if name not in rows.columns:
            raise ValueError(f"there is no column {name!r}; there are: {', '.join(rows.columns)}")
    everybody = rows.select(columns).unique(maintain_order=True)
    twice = everybody.filter(pl.col("participant").is_duplicated())
    if len(twice):
        what = " and ".join(columns[1:])
        raise ValueError(f"the rows of participant {twice['participant'][0]} differ in their {what}")
    text = pl.col("value").cast(pl.String).str.strip_chars()
    term = pl.when(text != "").then(text).alias("term")
    return rows.select("participant", term, *events).filter(pl.col("term").is_not_null()), everybody


def _some(found: Estimates, people: pl.DataFrame, pair: tuple[str, str]) -> Estimates:
    if not found:
        sizes = ", ".join(f"{people.filter(arm=arm).height} {arm}" for arm in pair)
        raise ValueError(f"nobody of {sizes} had an event")
    return found
