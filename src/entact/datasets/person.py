"""One participant while rows are made: the course, and what many rows are counted from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cached_property
from itertools import pairwise

from entact.course.course import Course
from entact.course.schedule import civil_date
from entact.course.state.form import Answers
from entact.course.state.outcome import counts_until, intercurrent_events
from entact.course.state.person import begun
from entact.course.state.progress import died_by, zone_of
from entact.course.state.rating import baseline_at, rating_at
from entact.datasets.codebook import Codebook

STOPS = ("treatment", "procedures", "follow_up", "data_use")


@dataclass
class Person:
    """One participant.

    Attributes:
        book: of the study. course: folded.
        is_cut: whether what follows is withheld, so that nothing may be said of the whole course.
    """

    book: Codebook
    course: Course
    is_cut: bool = False

    @cached_property
    def usubjid(self) -> str:
        """Study and opaque ledger id: neither re-screening nor a move to another site changes it."""
        ledger = self.course.effective[0].entry.ledger if self.course.effective else ""
        return f"{self.book.study}-{ledger.partition(':')[2]}"

    @cached_property
    def first_doses(self) -> dict[str, datetime]:
        """Dosing encounter -> when the initial dose was taken, in order of time."""
        found: dict[str, datetime] = {}
        for dose in self.course.doses:
            if dose.part == "initial" and dose.is_taken and dose.encounter is not None:
                found.setdefault(dose.encounter, dose.at)
        return found

    @cached_property
    def treated_from(self) -> datetime | None:
        """When the first dose of all was taken."""
        return min(self.first_doses.values(), default=None)

    @cached_property
    def begun_at(self) -> datetime | None:
        """When treatment began: the first dose, or the assignment to an arm without a drug."""
        return begun(self.course)

    @property
    def may_be_rated_again(self) -> bool:
        """Whether the last rating before treatment may be one that is withheld."""
        return self.is_cut and self.begun_at is None

    @cached_property
    def stops(self) -> dict[str, datetime]:
        """What has stopped, and when; death stops all of it."""
        stops = {of: state.at for of, state in self.course.discontinued.items()}
        if self.died_at is not None:
            stops = {of: min(stops.get(of, self.died_at), self.died_at) for of in STOPS}
        return stops

    @property
    def has_finished(self) -> bool:
        """Whether they were followed to the study's end; who gave up treatment before may have been."""
        course = self.course
        return course.status == "completed" or (course.status == "discontinued" and course.is_at_end)

    @cached_property
    def died_at(self) -> datetime | None:
        """Until when they lived; None of who did not die. It is not when that was entered."""
        died = self.course.died
        return None if died is None else died_by(self.course, died, zone_of(self.course, died.at))

    def may_use(self, at: datetime) -> bool:
        """Whether what was observed then may be used: the use of data had not been withdrawn.

        A death withdraws nothing: what ended in it is entered afterwards.
        """
        if not self._withdrew:
            return True
        stops = self.course.discontinued
        for attempt, following in pairwise(self.course.attempts):
            if at < following.since:
                stops = attempt.discontinued
                break
        withdrawn = stops.get("data_use")
        return withdrawn is None or at <= withdrawn.at

    @cached_property
    def _withdrew(self) -> bool:
        """Whether the use of data was ever withdrawn."""
        course = self.course
        return any(
            "data_use" in stops
            for stops in (course.discontinued, *(one.discontinued for one in course.attempts))
        )

    def on_treatment(self, at: datetime) -> bool:
        """Whether treatment had not been discontinued by then."""
        return self._treated_until is None or at <= self._treated_until

    @cached_property
    def _treated_until(self) -> datetime | None:
        stops = self.stops
        return min((stops[of] for of in ("treatment", "procedures", "data_use") if of in stops), default=None)

    def counts(self, estimand: str, at: datetime) -> bool:
        """Whether an estimand counts what was observed then; see `course.outcome.counts_until`.

        Where the plan describes no estimands, `de_jure` counts what was observed on treatment and any other
        all of it.
        """
        if estimand not in self.course.release.file.analysis.estimands:
            return estimand != "de_jure" or self.on_treatment(at)
        if estimand not in self._counted:
            zone = zone_of(self.course, at)
            self._counted[estimand] = counts_until(self.course, estimand, zone)
        until, on = self._counted[estimand], self.day(at)
        return self.may_use(at) and (until is None or (on is not None and on <= until))

    @cached_property
    def intercurrent(self) -> list[tuple[str, date]]:
        """Each intercurrent event of the plan with its first day; without any, the end of treatment."""
        file = self.course.release.file
        found: dict[str, date] = {}
        if file.analysis.estimands:
            if self.course.doses:
                for one in intercurrent_events(self.course, zone_of(self.course, self.course.doses[0].at)):
                    found.setdefault(one.name, one.on)
            return list(found.items())
        ends = [self.stops[of] for of in ("treatment", "procedures", "data_use") if of in self.stops]
        if ends:
            on = self.day(min(ends))
            assert on is not None
            found["stopped"] = on
        return list(found.items())

    @cached_property
    def _counted(self) -> dict[str, date | None]:
        return {}

    def day(self, at: datetime | None) -> date | None:
        """The civil date at the site."""
        if at is None:
            return None
        found = self._days.get(at)  # many rows are of one instant
        if found is None:
            found = self._days[at] = civil_date(at, self.zone(at))
        return found

    @cached_property
    def _days(self) -> dict[datetime, date]:
        return {}

    def zone(self, at: datetime) -> tzinfo:
        """The zone of the site; only where the study file does not name it does that of `at` count."""
        found = self._zones.get(at.tzinfo)
        if found is None:
            found = self._zones[at.tzinfo] = zone_of(self.course, at)
        return found

    @cached_property
    def _zones(self) -> dict[tzinfo | None, tzinfo]:
        return {}

    def study_day(self, on: date | None) -> int | None:
        """Day counted from the first dose, which is day 1; the day before it is -1.

        Of who is of an arm without a drug, from the assignment.

        Source: CDISC SDTM Implementation Guide 3.4, section 4.4.4.
        """
        first = self._first_day
        if on is None or first is None:
            return None
        days = (on - first).days
        return days + 1 if days >= 0 else days

    @cached_property
    def _first_day(self) -> date | None:
        return self.day(self.begun_at)

    def minutes_since_dose(self, encounter: str | None, at: datetime) -> float | None:
        """Minutes since the initial dose of the same encounter; negative before it."""
        taken = self.first_doses.get(encounter or "")
        return None if taken is None else (at - taken).total_seconds() / 60

    def last_dose_before(self, at: datetime) -> tuple[str, float] | None:
        """The dosing visit that something follows, and the minutes since its initial dose."""
        before = [(taken, encounter) for encounter, taken in self.first_doses.items() if taken <= at]
        if not before:
            return None
        taken, encounter = max(before)
        return encounter.partition("#")[0], (at - taken).total_seconds() / 60

    @property
    def population(self) -> str:
        """The population that they were screened for; the study's first one while that is not known."""
        screening = self.course.screening
        return screening.population if screening is not None else next(iter(self.book.populations))

    @property
    def entered(self) -> bool:
        """Whether they were taken into the study: randomised, or enrolled where nobody is."""
        course = self.course
        return (course.randomisation if self.book.randomised else course.enrolment) is not None

    @cached_property
    def is_rated_after_dose(self) -> bool:
        """At least one known value of the primary endpoint's parameters after treatment began."""
        first = self.begun_at
        return first is not None and any(
            answers.at > first and answers.values.get(item) is not None
            for form, item in self._primary
            for answers in self.answers(form)
        )

    @cached_property
    def is_rated_at_end(self) -> bool:
        """All of the primary endpoint's parameters known at its visit."""
        at = self.book.endpoints[self.book.primary].at
        found = ((self.at_visit(form, at, item), item) for form, item in self._primary)
        return all(one is not None and one.values.get(item) is not None for one, item in found)

    @property
    def _primary(self) -> list[tuple[str, str]]:
        names = self.book.endpoints[self.book.primary].names
        return [(name.partition(".")[0], name.partition(".")[2]) for name in names]

    def answers(self, form: str) -> Iterator[Answers]:
        """What was answered to a form and may be used, in order of time."""
        return (one for one in self.course.answers.get(form, ()) if self.may_use(one.at))

    def at_visit(self, form: str, visit: str, item: str) -> Answers | None:
        """The answers that an item's value at a visit is from; see `course.state.rating`."""
        return rating_at(self.course, self.answers(form), visit, item)

    def at_baseline(self, form: str, visit: str, item: str) -> Answers | None:
        """The same for a visit from which changes are counted: nothing that was rated after the dose."""
        if self.may_be_rated_again:
            return None
        return baseline_at(self.course, self.answers(form), visit, item)

    def last_known(self, form: str, item: str) -> Answers | None:
        """The last answers to a form in which an item is known."""
        known = (one for one in self.answers(form) if one.values.get(item) is not None)
        return next(reversed([*known]), None)
