"""One participant while rows are made: dates as SDTM writes them, visits, epochs, entries behind a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from entact.course.entry.dates import read_date
from entact.course.entry.effective import Effective
from entact.course.state.dose import DoseState
from entact.course.state.encounter import UNSCHEDULED, EncounterState, visit_of
from entact.course.state.form import Answers
from entact.datasets.person import Person
from entact.datasets.sdtm.row import Qualifier, Row, Value

SCREENING, TREATMENT, FOLLOW_UP = "SCREENING", "TREATMENT", "FOLLOW-UP"
FIRST_UNSCHEDULED = 900  # VISITNUM of the first unscheduled visit; no schedule has so many


class Moment(NamedTuple):
    """An instant as rows say it: --DTC, --DY and EPOCH."""

    written: str | None
    day: int | None
    epoch: str | None


@dataclass
class Subject:
    """One participant.

    Args:
        person: with the course. arm: as allocated; None in a blinded export, or of who was not randomised.
        blinded: whether nothing may depend on the arm.
    """

    person: Person
    arm: str | None
    blinded: bool

    def row(
        self,
        domain: str,
        values: dict[str, Value],
        entries: Iterable[str],
        at: datetime | None = None,
        qualifiers: tuple[Qualifier, ...] = (),
    ) -> Row:
        """A row of this participant, with all entries that stand behind it."""
        return Row(domain, self.keys(domain) | values, self.behind(entries), at, qualifiers)

    def keys(self, domain: str) -> dict[str, Value]:
        """What every row of a domain begins with."""
        return {
            "STUDYID": self.person.book.study.upper(),
            "DOMAIN": domain,
            "USUBJID": self.person.usubjid,
        }

    def behind(self, entries: Iterable[str]) -> tuple[str, ...]:
        """Entries with the corrections that were merged into them, each once."""
        found: dict[str, None] = {}
        for entry in entries:
            if entry:
                found[entry] = None
                standing = self._effective.get(entry)
                if standing is not None and standing.corrections:
                    found.update(dict.fromkeys(standing.corrections))
        return tuple(found)

    def encounter_of(self, entry: str) -> str | None:
        """The encounter that an entry belongs to."""
        standing = self._effective.get(entry)
        return None if standing is None else standing.entry.encounter

    @cached_property
    def _effective(self) -> dict[str, Effective]:
        return {one.id: one for one in self.person.course.effective}

    def said_of(self, entry: str) -> str | None:
        """The reason that an entry gives, where it is a code: free text is sealed, and in no row."""
        standing = self._effective.get(entry)
        reason = standing.entry.reason if standing is not None else None
        return None if reason is None or reason.startswith("sealed:") else reason

    def local(self, at: datetime | None) -> str | None:
        """An instant as --DTC: ISO 8601, the clock of the site, to the second."""
        if at is None:
            return None
        found = self._local.get(at)  # many rows are of one instant
        if found is None:
            here = at.astimezone(self.person.zone(at))
            found = self._local[at] = here.replace(tzinfo=None).isoformat(timespec="seconds")
        return found

    @cached_property
    def _local(self) -> dict[datetime, str]:
        return {}

    def written(self, text: str | None) -> str | None:
        """A clinical date as --DTC, as partial as it was written; None of what is no date."""
        found = read_date(text)
        if found is None or text is None:
            return None
        return self.local(found.at) if found.at is not None else text

    def moment(self, at: datetime) -> Moment:
        """How rows that were observed at an instant say it."""
        found = self._moments.get(at)
        if found is None:
            found = self._moments[at] = Moment(self.local(at), self.day(at), self.epoch(at))
        return found

    @cached_property
    def _moments(self) -> dict[datetime, Moment]:
        return {}

    def day(self, at: datetime | None) -> int | None:
        """--DY of an instant: the day of the first dose is 1."""
        return self.person.study_day(self.person.day(at))

    def day_written(self, text: str | None) -> int | None:
        """--DY of a clinical date; None where not even the day is known."""
        found = read_date(text)
        if found is None:
            return None
        if found.at is not None:
            return self.day(found.at)
        return self.person.study_day(found.latest) if found.exact else None

    def span(self, prefix: str, began: str | None, ended: str | None, *, ongoing: bool) -> dict[str, Value]:
        """When something began and ended as it was written, and until when it is known to go on."""
        last = self.local(self.last_seen)
        return {
            f"{prefix}STDTC": self.written(began),
            f"{prefix}ENDTC": self.written(ended),
            f"{prefix}STDY": self.day_written(began),
            f"{prefix}ENDY": self.day_written(ended),
            f"{prefix}ENRTPT": "ONGOING" if ongoing and last else None,
            f"{prefix}ENTPT": last if ongoing else None,
        }

    def visit(self, encounter: str | None) -> Mapping[str, Value]:
        """VISITNUM and VISIT of an encounter; a repetition has a number between, an unscheduled one from 900.

        Nothing for what was entered outside of an encounter, or of a visit that the schedule does not have.
        """
        key = encounter or ""
        if key not in self._visits:
            self._visits[key] = self._visit(encounter)
        return self._visits[key]

    @cached_property
    def _visits(self) -> dict[str, Mapping[str, Value]]:
        return {}

    def _visit(self, encounter: str | None) -> dict[str, Value]:
        name, again = visit_of(encounter), _repeat(encounter)
        if name == UNSCHEDULED:
            return {"VISITNUM": FIRST_UNSCHEDULED + again, "VISIT": f"UNSCHEDULED {again}"}
        planned = self.person.book.visits.get(name)
        if planned is None:
            return {}
        title = name.replace("_", " ").upper()
        if again > 1:
            return {"VISITNUM": planned.number + (again - 1) / 100, "VISIT": f"{title} ({again})"}
        return {"VISITNUM": planned.number, "VISIT": title}

    @cached_property
    def treated_until(self) -> datetime | None:
        """When the last session with a dose was over, or its dose, where its end was not entered."""
        course = self.person.course
        last = max(self.person.first_doses.items(), key=lambda one: one[1], default=None)
        if last is None:
            return None
        session = course.encounters.get(last[0])
        ended = session.ended if session is not None else None
        given = max(dose.at for dose in course.doses if dose.encounter == last[0] and dose.is_taken)
        return ended if ended is not None and ended > given else given

    @cached_property
    def last_seen(self) -> datetime | None:
        """The end of participation: the last encounter, answer, dose, discontinuation or disposition."""
        course = self.person.course
        seen = [at for one in course.encounters.values() for at in (one.started, one.ended) if at is not None]
        seen += [one.at for one in course.discontinued.values()]
        filled = (one for forms in course.answers.values() for one in forms)  # a visit may not be over yet
        seen += [one.at for one in filled if one.status == "done" and self.person.may_use(one.at)]
        seen += [one.at for one in course.doses if self.person.may_use(one.at)]  # also one that was withheld
        if course.first_consent is not None:
            seen.append(course.first_consent.since)
        if course.eligibility is not None:
            seen.append(course.eligibility.at)
        died = self.person.died_at
        return died if died is not None else max(seen, default=None)

    @cached_property
    def began(self) -> datetime | None:
        """When participation began: with the first consent."""
        first = self.person.course.first_consent
        return first.since if first is not None else None

    def epoch(self, at: datetime | None) -> str | None:
        """The epoch of an instant; None before consent or of what is not known."""
        if at is None or self.began is None or at < self.began:
            return None
        first, until = self.person.begun_at, self.treated_until
        if first is None or at < first:
            return SCREENING
        if until is None or at <= until:
            return TREATMENT
        return None if self.person.is_cut else FOLLOW_UP  # a later dose may be withheld

    def epoch_written(self, text: str | None) -> str | None:
        """The epoch of a clinical date; None where it may lie in several, or before consent."""
        found = read_date(text)
        if found is None:
            return None
        if found.at is not None:
            return self.epoch(found.at)
        starts = [at for at in (self.began, self.person.begun_at, self.treated_until) if at is not None]
        days = [day for at in starts if (day := self.person.day(at)) is not None]
        before = sum(day < found.earliest for day in days)
        if before == 0 or before != sum(day <= found.latest for day in days):
            return None
        if self.person.is_cut and before == len(starts) and self._is_open_on(found.latest):
            return None
        return (SCREENING, TREATMENT, FOLLOW_UP)[before - 1]

    def _is_open_on(self, day: date) -> bool:
        """Whether a day that is in the last known epoch may be in one that is withheld."""
        known = self.person.day(self.person.course.effective[-1].at)
        return self.treated_until is not None or known is None or day >= known

    def held(self) -> list[EncounterState]:
        """Encounters in order of their visits, as far as the schedule has them."""
        return self._by_visit(self.person.course.encounters.values())

    def visited(self) -> list[EncounterState]:
        """The same, and those of which there are rows though nobody began them, as in what was imported."""
        return self._by_visit([*self.person.course.encounters.values(), *self._entered()])

    def _by_visit(self, encounters: Iterable[EncounterState]) -> list[EncounterState]:
        found = [one for one in encounters if self.visit(one.id)]
        return sorted(found, key=lambda one: (self.visit(one.id)["VISITNUM"], one.id))

    def _entered(self) -> Iterator[EncounterState]:
        """Encounters in which something was entered and that were neither begun nor ended."""
        course = self.person.course
        filled = (one for forms in course.answers.values() for one in forms)
        first: dict[str, tuple[datetime, str]] = {}
        entered: Iterable[Answers | DoseState] = chain(filled, course.doses)
        for one in entered:
            name = one.encounter
            if name is not None and name not in course.encounters and self.person.may_use(one.at):
                first[name] = min(first.get(name, (one.at, one.entry)), (one.at, one.entry))
        for name, (at, entry) in first.items():
            yield EncounterState(name, visit_of(name), "started", at, contact="", entry=entry)


def is_again(encounter: str) -> bool:
    """Whether a visit was held once more than the schedule plans."""
    return _repeat(encounter) > 1


def _repeat(encounter: str | None) -> int:
    number = (encounter or "").partition("#")[2]
    return max(int(number), 1) if number.isascii() and number.isdigit() else 1
