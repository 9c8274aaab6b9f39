"""A visit as virtual staff hold it: one activity after the other, each recorded as it happens."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import numpy as np

from entact.cohort.answers import answer_form, mistype
from entact.cohort.events import Events
from entact.cohort.parameters import Parameters
from entact.cohort.person import Candidate, Participant, questionnaire_items, severity_items
from entact.cohort.scribe import Scribe
from entact.cohort.session import vital_signs_at
from entact.cohort.team import Team, known_role
from entact.course import Entry
from entact.protocol import CompiledForm
from entact.protocol.study import Visit

_MINUTE = timedelta(minutes=1)


class Attendance:
    """Virtual staff at one participant's side.

    Attributes:
        now: study time at the site. session: number of the last session held, from 0; none is −1.
        assessments: how many ratings were done, so that each has another rater.
    """

    def __init__(
        self,
        parameters: Parameters,
        candidate: Candidate,
        participant: Participant | None,
        team: Team,
        scribe: Scribe,
        random: np.random.Generator,
        now: datetime,
    ) -> None:
        self.parameters = parameters
        self.candidate = candidate
        self.participant = participant
        self.team = team
        self.scribe = scribe
        self.release = scribe.release
        self.random = random
        self.now = now
        self.session = -1
        self.assessments = 0
        self.readings = 0
        self.encounter: str | None = None
        self.events = Events(parameters, participant, self.release)
        self.level = ""
        self.initial_at: datetime | None = None
        self.supplement_at: datetime | None = None
        self._chores: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._chore_number = count()
        self._activities: dict[str, Callable[[Visit], None]] = {
            "vital_signs": lambda visit: self.take_vital_signs(None),
            "guess": lambda visit: self.guess(visit, None),
            "medication": self._medication,
            "adverse_events": lambda visit: self.ask_for_events(),
            "safety_call": self._safety_call,
        }

    def chance(self, name: str, group: str = "conduct") -> bool:
        """Whether something happens that the parameters give a probability for; at a bad site, that much oftener."""
        probability = getattr(self.parameters, group).chance[name]
        site = self.parameters.sites.by_id[self.candidate.site]
        factor = {
            "missed_visit": site.missed_visit,
            "late_visit": site.late_visit,
            "entry_error": site.entry_error,
            "entry_error_corrected": site.correction,
        }.get(name, 1.0)
        return bool(self.random.random() < probability * factor)

    def write(self, kind: str, data: dict[str, Any], role: str, **fields: Any) -> Entry:
        """Records a fact at the present time, within the visit that is being held."""
        role = known_role(self.release, role)
        fields.setdefault("by", self.team.person(role))
        fields.setdefault("encounter", self.encounter)
        entry = self.scribe.write(kind, data, at=self.now, role=role, **fields)
        self.now = max(self.now, self.scribe.last)
        return entry

    def pass_time(self, minutes: float) -> None:
        """Lets study time go by."""
        self.now += timedelta(seconds=round(minutes * 60))

    def begin(self, visit: str, at: datetime, contact: str, reason: str | None = None) -> None:
        """Begins an encounter; what was left to be done until then is done first."""
        self.do_chores(at)
        self.now = max(at, self.now)
        number = 1 + sum(one.visit == visit for one in self.scribe.course.encounters.values())
        self.encounter = f"{visit}#{number}"
        role = "rater" if self._is_rated(visit) else "coordinator"
        self.write("encounter", {"status": "started", "contact": contact}, role, reason=reason)
        if visit in self.release.visits:
            self.scribe.tally.visits[visit] += 1

    def end(self) -> None:
        """Ends the encounter."""
        assert self.encounter is not None
        role = "rater" if self._is_rated(self.encounter.partition("#")[0]) else "coordinator"
        self.write("encounter", {"status": "ended"}, role)
        self.encounter = None

    def miss(self, visit: str, at: datetime) -> None:
        """Records that a visit did not take place."""
        self.do_chores(at)
        self.now = max(at, self.now)
        self.encounter = f"{visit}#1"
        self.write("encounter", {"status": "missed"}, "coordinator", reason="not_reached")
        self.encounter = None

    def attend(self, visit: Visit, at: datetime) -> None:
        """Holds a visit that is no dosing session, from its first activity to its last."""
        self.begin(visit.visit, at, visit.contact)
        for activity in visit.do:
            self.do(activity, visit)
        self.end()

    def do(self, activity: str, visit: Visit) -> None:
        """One activity: the engine's own, or a form."""
        own = self._activities.get(activity)
        if own is not None:
            self.pass_time(2)
            own(visit)
        else:
            self.fill(activity, visit)

    def fill(self, name: str, visit: Visit) -> None:
        """Fills in a form, with the mistakes that people make."""
        form = self.release.forms[name]
        role = known_role(self.release, form.form.by or visit.by or "coordinator")
        by = self._author(role)
        self.pass_time(4 + len(form.items) * 0.4)
        items = self.answers_to(form, visit)
        self.scribe.tally.forms[name] += 1
        if visit.kind in ("dosing", "screening") or form.instrument is not None or not items:
            late = None
        elif self.chance("form_not_done"):
            self.write("form", {"form": name, "items": {}, "status": "not_done"}, role, by=by)
            return
        elif self.chance("late_entry"):
            late = timedelta(days=1 + int(self.random.integers(5)), hours=2)
        else:
            late = None
        if late is not None:
            self._write_later(form, items, role, by, late)
            return
        wrong = self._mistake(form, items)
        entry = self.write("form", {"form": name, "items": {**items, **wrong}}, role, by=by)
        if wrong and self.chance("entry_error_corrected"):
            right = {item: items[item] for item in wrong}
            self._correct_later(entry, right)

    def answers_to(self, form: CompiledForm, visit: Visit) -> dict[str, Any]:
        """What the virtual person answers: from the outcome model where it has the instrument, else from `answers`."""
        person = self.candidate
        instrument = form.instrument.name if form.instrument is not None else None
        timepoints = self.parameters.timepoints
        if visit.visit in timepoints:
            place = timepoints.index(visit.visit)
            source = person.baseline if self.participant is None else self.participant.outcomes
            row = person.row if self.participant is None else self.participant.row
            if instrument == self.parameters.severity.instrument:
                return severity_items(self.parameters, form, source, row, place)
            for name, questionnaire in self.parameters.questionnaires.items():
                if instrument == questionnaire.instrument and visit.visit in questionnaire.timepoints:
                    return questionnaire_items(name, form, source, row, place)
        told = dict(self.parameters.answers.get(form.name, {}))
        if person.refusal is not None:
            told.update(person.refusal.answers.get(form.name, {}))
        return answer_form(form, told, person.characteristics, self.random)

    def take_vital_signs(self, timepoint: str | None, repeat: int = 1) -> dict[str, float]:
        """One set of vital signs, as the model has them at this time; returned as numbers."""
        if timepoint is not None and timepoint.startswith("initial") and self.chance("vital_signs_missed"):
            return {}
        draws, row = self.candidate.vitals, self.candidate.row
        if self.participant is not None:
            draws, row = self.participant.vitals, self.participant.row
        minutes, after = -1.0, None
        if self.initial_at is not None:
            minutes = (self.now - self.initial_at) / _MINUTE
            if self.supplement_at is not None:
                after = (self.supplement_at - self.initial_at) / _MINUTE
        values = vital_signs_at(
            self.parameters,
            draws,
            row,
            session=max(self.session, 0),
            level=self.level or next(iter(self.parameters.vital_signs.levels)),
            minutes=minutes,
            reading=self.readings % self.parameters.vital_signs.readings,
            supplement_minutes=after,
        )
        self.readings += 1
        signs = self.parameters.vital_signs.signs
        data = {
            name: f"{value:.{signs[name].decimals}f} {signs[name].unit}" for name, value in values.items()
        }
        role = "therapist" if self.session >= 0 and self.initial_at is not None else "coordinator"
        self.scribe.tally.forms["vitals"] += 1
        self.write("vital_signs", data, role, timepoint=timepoint, repeat=repeat, source="device")
        return values

    def guess(self, visit: Visit, timepoint: str | None) -> None:
        """Asks those who are there which arm they believe it is."""
        if self.participant is None:
            return
        rules, drawn = self.parameters.guesses, self.participant.guesses
        occasions = list(rules.occasions)
        last = f"{self.parameters.sessions[max(self.session, 0)]}"
        occasion = occasions.index(visit.visit if visit.visit in occasions else last)
        for number, role in enumerate(rules.roles):
            who = role.rstrip("_0123456789")
            if (who == "rater") != (visit.by == "rater") or (who == "therapist" and visit.kind != "dosing"):
                continue
            self.pass_time(1)
            guessed = int(drawn.guess[self.participant.row, number, occasion])
            confidence = int(drawn.confidence[self.participant.row, number, occasion])
            data = {
                "guesser": who,
                "arm": self.parameters.arms[guessed] if guessed >= 0 else "do_not_know",
                "confidence": round(100 * confidence / rules.confidence_levels),
            }
            turn = int(role[-1]) - 1 if role[-1].isdigit() else 0
            by = self.team.therapists[turn] if who == "therapist" else self._author(who)
            self.write("guess", data, who, by=by, timepoint=timepoint)

    def ask_for_events(self) -> None:
        """Records events that began or ended since the last contact."""
        for begun in self.events.begun_until(self.now):
            self.pass_time(1)
            entry = self.write("adverse_event", begun.data(self.release), "investigator")
            begun.entry = entry.id
        for ended in self.events.ended_until(self.now):
            self.pass_time(1)
            data = {"resolved": ended.ends.isoformat(), "outcome": "resolved"}
            self.write("adverse_event", data, "investigator", about=ended.entry)

    def later(self, at: datetime, chore: Callable[[datetime], None]) -> None:
        """Leaves something to be done at a time."""
        heapq.heappush(self._chores, (at, next(self._chore_number), chore))

    def do_chores(self, until: datetime) -> None:
        """Does what was left to be done until a time."""
        while self._chores and self._chores[0][0] <= until:
            at, _, chore = heapq.heappop(self._chores)
            self.now = max(self.now, at)
            chore(self.now)

    def finish_chores(self) -> None:
        """Does now whatever was left for later, because somebody looked through the record."""
        while self._chores:
            heapq.heappop(self._chores)[2](self.now)

    def _author(self, role: str) -> str:
        if role == "rater":
            return self.team.raters[self.assessments % len(self.team.raters)]
        return self.team.person(role)

    def _is_rated(self, visit: str) -> bool:
        planned = self.release.visits.get(visit)
        return planned is not None and planned.by == "rater"

    def _safety_call(self, visit: Visit) -> None:
        if self.chance("missed_safety_call"):
            self.write("safety_call", {"reached": False}, "therapist")
            return
        data = {"reached": True, "minutes": int(self.random.integers(15, 31)), "suicidality": False}
        self.pass_time(data["minutes"])
        heard = self.events.any_begun(self.now)
        self.write("safety_call", {**data, "events_heard": heard}, "therapist")

    def _medication(self, visit: Visit) -> None:
        washout = self.release.file.washout
        for medicine in self.scribe.course.medication.values():
            if medicine.stopped is None and medicine.psychiatric:
                stopped = (self.now - timedelta(days=1)).date().isoformat()
                self.write("medication", {"stopped": stopped}, "coordinator", about=medicine.entry)
        if washout is None or not visit.opens or not self.chance("tapers"):
            return
        names = list(washout.classes)
        name = names[int(self.random.integers(len(names)))]
        year = self.now.year - 1 - int(self.random.integers(9))
        data = {"name": name, "medicine_class": name, "started": str(year), "psychiatric": True}
        self.write("medication", data, "coordinator")

    def _mistake(self, form: CompiledForm, items: dict[str, Any]) -> dict[str, Any]:
        """One item typed wrongly, or none."""
        if not self.chance("entry_error"):
            return {}
        typed = [
            name
            for name, item in form.items.items()
            if item.type in ("integer", "decimal") and isinstance(items.get(name), int | str)
        ]
        if not typed:
            return {}
        name = typed[int(self.random.integers(len(typed)))]
        wrong = mistype(form.items[name], items[name], self.random)
        return {} if wrong == items[name] else {name: wrong}

    def _correct_later(self, entry: Entry, right: dict[str, Any]) -> None:
        def correct(at: datetime) -> None:
            self.scribe.write(
                "form",
                {"items": right},
                at=at,
                by=entry.by,
                role=entry.role,
                encounter=entry.encounter,
                replaces=entry.id,
                reason="transcription_error",
            )

        self.later(self.now + timedelta(days=1 + int(self.random.integers(20)), hours=1), correct)

    def _write_later(
        self, form: CompiledForm, items: dict[str, Any], role: str, by: str, late: timedelta
    ) -> None:
        happened, encounter = self.now, self.encounter

        def write(at: datetime) -> None:
            self.scribe.write(
                "form",
                {"form": form.name, "items": items},
                at=happened,
                by=by,
                role=role,
                encounter=encounter,
                late=at - happened,
            )

        self.later(self.now + late, write)
