"""Which forms measure what, at which visits, and how many days before or after the sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from entact.protocol.expansion import names_in_row
from entact.protocol.measures import Measure, Measures
from entact.protocol.problem import Path
from entact.protocol.release import Release
from entact.protocol.requirements.words import Measured
from entact.protocol.study import Form, Visit
from entact.protocol.words.schedule import planned_days

VITALS = "vitals"


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that is done at a visit and measures what is asked.

    Attributes:
        activity: form or activity. path: where the file says so. times: within a session; none, once.
    """

    visit: str
    activity: str
    path: Path
    times: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """What a study measures of those who are dosed, in order: the main track of their population."""

    release: Release
    known: Measures

    @cached_property
    def visits(self) -> dict[str, Visit]:
        """The visits of the people who are dosed, in the order of the file; those of no other track.

        Where visits differ by arm, those of the first arm that is given a drug.
        """
        dosing = [visit for visit in self.release.visits.values() if visit.kind == "dosing"]
        population = dosing[0].populations[0] if dosing and dosing[0].populations else None
        given = [arm for arm, said in self.release.file.arms.items() if said.drug == "given"]
        tracks = [
            name
            for name, track in self.release.file.tracks.items()
            if given and ("assigned", given[0]) in track.openings
        ]
        return self.release.visits_of(population, tracks)

    @cached_property
    def sessions(self) -> list[str]:
        """Dosing sessions, in order."""
        return [name for name, visit in self.visits.items() if visit.kind == "dosing"]

    @cached_property
    def days(self) -> Mapping[str, float]:
        """Visit -> the day on which it is due, counted from the first session; none where it is not known."""
        days = planned_days(self.visits, is_track=False)
        start = days.get(self.sessions[0]) if self.sessions else None
        return {} if start is None else {name: in_days(day - start) for name, day in days.items()}

    @cached_property
    def _paths(self) -> dict[str, int]:
        """Visit -> the row of the schedule that it is of."""
        rows = enumerate(self.release.file.schedule)
        return {name: place for place, visit in rows for name in names_in_row(visit)}

    @cached_property
    def rows(self) -> frozenset[int]:
        """The rows of the schedule with visits of everybody who is dosed, by their place in the file."""
        return frozenset(self._paths[name] for name in self.visits)

    def path_of(self, visit: str) -> Path:
        """Where the file says that there is this visit."""
        return ("schedule", self._paths[visit])

    def role_is(self, role: str | None, kind: str) -> bool:
        """Whether a role of the study is one of those that lists speak of."""
        if role is None:
            return False
        return kind == role or bool(re.search(self.known.roles[kind], role, re.IGNORECASE))

    def forms_that(self, name: str) -> list[str]:
        """The forms that measure something, checklists among them."""
        if name == "primary":
            return self.primary_forms
        measure = self.known.measures[name]
        forms = self.release.file.all_forms
        return [form for form, said in forms.items() if self._measures(form, said, name, measure)]

    @cached_property
    def primary_forms(self) -> list[str]:
        """The forms whose items or scores the primary endpoint names."""
        file = self.release.file
        return sorted(self.forms_of(file.analysis.primary.endpoint))

    def forms_of(self, endpoint: str) -> set[str]:
        """The forms that an endpoint is made of."""
        file = self.release.file
        said = file.endpoints.get(endpoint)
        named = names_in(said.rule) if said is not None else ()
        return {form for name in named if (form := name.split(".")[-2]) in file.all_forms}

    @cached_property
    def primary_endpoints(self) -> frozenset[str]:
        """The endpoints that are made of what the primary one is made of."""
        wanted = set(self.primary_forms)
        return frozenset(name for name in self.release.file.endpoints if wanted & self.forms_of(name))

    def items_that(self, name: str) -> list[str]:
        """The items, as rules name them, that measure something: single ones, or all of its forms."""
        if name == "primary":
            return [f"{form}." for form in self.primary_forms]
        measure = self.known.measures[name]
        found: list[str] = []
        for form in self.forms_that(name):
            said = self.release.file.all_forms[form]
            matched = [item for item in said.items if measure.items and _found(measure.items, item)]
            found += [f"{form}.{item}" for item in matched] or [f"{form}."]
        return found

    def _measures(self, name: str, form: Form, wanted: str, measure: Measure) -> bool:
        if wanted in form.measures:
            return True
        if form.instrument is not None:
            return form.instrument in measure.instruments
        if name in self.release.file.adverse_events.checklists:
            terms = self.release.file.adverse_events.terms
            pleasant = any(term in terms and terms[term].valence == "favourable" for term in form.items)
            return pleasant and any(_found(measure.terms or "$^", term) for term in form.items)
        if measure.forms and (_found(measure.forms, name) or _found(measure.forms, form.title or "")):
            return True
        if measure.items is None:
            return False
        return any(
            _found(measure.items, item) or _found(measure.items, said.title or "")
            for item, said in form.items.items()
        )

    def title(self, name: str) -> str:
        """What something that is measured is called."""
        return "the primary outcome" if name == "primary" else self.known.measures[name].title

    def done(self, rule: Measured) -> list[Done]:
        """Everything in the schedule that measures it, by whoever is asked for, in the order of visits."""
        forms = set(self.forms_that(rule.measured))
        wanted = self.known.measures.get(rule.measured)
        own = set(wanted.activities) if wanted is not None else set()
        # Vital signs are a form that an activity fills.
        own |= {"vital_signs"} if VITALS in forms else set()
        found = []
        for name, visit in self.visits.items():
            for activity, path, times in _activities(visit, self.path_of(name)):
                if activity in forms:
                    form = self.release.file.all_forms[activity]
                    if self._is_by(form.by or visit.by, rule):
                        found.append(Done(name, activity, path, times))
                elif activity in own and self._is_by(visit.by, rule):
                    found.append(Done(name, activity, path, times))
        return found

    def _is_by(self, role: str | None, rule: Measured) -> bool:
        """Whether it is filled by whom a rule asks for, and by nobody whom it excludes."""
        if any(self.role_is(role, kind) for kind in rule.not_by):
            return False
        return rule.by is None or self.role_is(role, rule.by)

    def held(self, kind: str) -> list[Done]:
        """The visits of a kind, of everybody who is dosed."""
        return [
            Done(name, kind, self.path_of(name)) for name, visit in self.visits.items() if visit.kind == kind
        ]


def _activities(visit: Visit, path: Path) -> Iterator[tuple[str, Path, tuple[str, ...]]]:
    for place, activity in enumerate(visit.do):
        yield activity, (*path, "do", place), ()
    for place, readings in enumerate(visit.timed):
        yield readings.do, (*path, "timed", place), tuple(readings.at)


def names_in(rule: str) -> set[str]:
    """The dotted names of a rule, items of forms among them."""
    return set(re.findall(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+", re.sub(r"'[^']*'", "", rule)))


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text.replace("_", " "), re.IGNORECASE) is not None


def in_days(time: timedelta) -> float:
    """A duration in days."""
    return time / timedelta(days=1)
