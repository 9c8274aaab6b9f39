"""Virtual staff at one participant's side: study time, visits that begin and end, what is left for later."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import numpy as np

from entact.cohort.draws import stream
from entact.cohort.fit import entry_activity
from entact.cohort.parameters import Parameters
from entact.cohort.person import Candidate, Participant
from entact.cohort.physiology import Body
from entact.cohort.scribe import Scribe
from entact.cohort.team import team_of
from entact.course import AlertEpisode, Allowed, Entry, Refused, open_alerts
from entact.course.kinds import KINDS
from entact.course.kinds.calls import open_call
from entact.course.state.encounter import UNSCHEDULED, visit_of
from entact.course.state.form import VITALS
from entact.protocol import CompiledForm, Release

# Kinds of entry that can raise an alert: those that hold the items of a form.
_ALARMING = frozenset(name for name, kind in KINDS.items() if kind.form is not None)


@dataclass(slots=True)
class Session:
    """The dosing session that is being held, or was last: its number, from 0 (none yet is -1), and its doses.

    `level` is empty while no session is being held; `is_open`: the participant knows what is given.
    """

    number: int = -1
    level: str = ""
    initial_at: datetime | None = None
    supplement_at: datetime | None = None
    readings: int = 0
    is_open: bool = False

    def close(self) -> None:
        """What is measured from now on is no longer of this session."""
        self.level, self.initial_at, self.supplement_at = "", None, None


class Attendance:
    """Virtual staff at one participant's side.

    Args:
        participant: None before entering. random: this participant's source of chance. now: study time.
        number: of the randomisation list; None where there is none for this person. stratum: where the study
            minimises.
    Attributes:
        entry: the activity that takes people into the study. session: the dosing session. encounter: the one
            that is being held. began: when that was. ratings: how many with a rater were begun. readings:
            vital signs taken outside sessions. bodies: as the pharmacology sees the participant, by arm and
            release. chances: by name, for this site.
    """

    def __init__(
        self,
        parameters: Parameters,
        candidate: Candidate,
        participant: Participant | None,
        scribe: Scribe,
        random: np.random.Generator,
        now: datetime,
        number: str | None = None,
        stratum: str | None = None,
    ) -> None:
        self.parameters = parameters
        self.candidate = candidate
        self.participant = participant
        self.team = team_of(candidate.site, candidate.index)
        self.scribe = scribe
        self.entry = entry_activity(scribe.study.newest, candidate.population)
        self.number = number
        self.row = {"number": number} | ({} if stratum is None else {"stratum": stratum})
        self.random = random
        self.now = now
        self.session = Session()
        self.readings = 0
        self.bodies: dict[tuple[str, str], Body] = {}
        self.encounter: str | None = None
        self.began: datetime | None = None
        self._own: dict[str, dict[str, float]] = {}
        self.ratings = sum(self.is_rated(one.visit) for one in scribe.course.encounters.values())
        self.chances = _chances(parameters, candidate.site)
        self._chores: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._chore_number = count()

    @property
    def release(self) -> Release:
        """What is in force for the participant now."""
        return self.scribe.only or self.scribe.release_at(self.now)

    @property
    def rater(self) -> str:
        """The person who rates in this encounter, or rated last."""
        return self.team.raters[max(self.ratings - 1, 0) % len(self.team.raters)]

    def chance(self, name: str) -> bool:
        """Whether something happens that the parameters give a probability for, for this site."""
        return bool(self.random.random() < self.chances[name])

    def is_rated(self, visit: str) -> bool:
        """Whether a rater holds a visit."""
        planned = self.release.visits.get(visit)
        return planned is not None and planned.by == "rater"

    def known_role(self, role: str) -> str:
        """The role if the study has it, else the investigator's, who does what nobody else is there to do."""
        return role if role in self.release.file.roles or role == "participant" else "investigator"

    def person(self, role: str) -> str:
        """The person in a role for this participant."""
        return self.rater if role == "rater" else self.team.person(role)

    def write(self, kind: str, data: dict[str, Any], role: str, **fields: Any) -> Entry:
        """Records a fact at the present time, within the visit that is being held, and answers alerts."""
        role = self.known_role(role)
        fields.setdefault("by", self.person(role))
        fields.setdefault("encounter", self.encounter)
        entry = self.scribe.write(kind, data, at=self.now, role=role, **fields)
        self.now = max(self.now, self.scribe.last)
        if kind in _ALARMING:
            self._count(kind, data)
            self._answer_alerts()
        return entry

    def act(
        self, kind: str, data: dict[str, Any], role: str, decided: Allowed | None = None
    ) -> Entry | Refused:
        """Does and records what stands behind a gate, on a yes given before; or says why not."""
        role = self.known_role(role)
        done = self.scribe.act(
            kind,
            data,
            at=self.now,
            by=self.person(role),
            role=role,
            encounter=self.encounter,
            decided=decided,
        )
        self.now = max(self.now, self.scribe.last)
        return done

    def own(self, form: CompiledForm) -> Mapping[str, float]:
        """How far this person is from others in each item of a form, whenever and by whomever it is asked."""
        if form.name not in self._own:
            seed = int(self.candidate.baseline.seed[self.candidate.row])
            names = [*form.items]
            drawn = stream(seed, self.candidate.index, f"own {form.name}").standard_normal(len(names))
            self._own[form.name] = dict(zip(names, drawn.tolist(), strict=True))
        return self._own[form.name]

    def chance_of(self, *of: str) -> np.random.Generator:
        """A source of chance of its own for something about this person, from which nothing else draws."""
        return stream(
            int(self.candidate.baseline.seed[self.candidate.row]), self.candidate.index, " ".join(of)
        )

    def pass_time(self, minutes: float) -> None:
        """Lets study time go by."""
        self.now += timedelta(seconds=round(minutes * 60))

    def wait_until(self, at: datetime) -> None:
        """Lets study time go by until a time, if it is still to come."""
        self.now = max(self.now, at)

    def begin(self, visit: str, contact: str, reason: str | None = None) -> None:
        """Begins an encounter now."""
        number = 1 + sum(one.visit == visit for one in self.scribe.course.encounters.values())
        self.encounter = f"{visit}#{number}"
        self.ratings += self.is_rated(visit)
        self.began = self.now
        self.write("encounter", {"status": "started", "contact": contact}, self._host(), reason=reason)

    def end(self, status: str = "ended", reason: str | None = None, disposition: str = "discharged") -> None:
        """Ends the encounter, or breaks it off as `missed`; `disposition`: how the participant left."""
        data = {"status": status}
        if disposition != "discharged":
            data["disposition"] = disposition
        self.write("encounter", data, self._host(), reason=reason)
        self.encounter = None

    def discharge(self, decided: Allowed) -> bool:
        """Ends a session with a dose on the gate's yes; says whether it still held."""
        done = self.act("encounter", {"status": "ended"}, "therapist", decided)
        if isinstance(done, Refused):
            return False
        self.encounter = None
        return True

    def miss(self, visit: str) -> None:
        """Records that a visit did not take place."""
        self.encounter = f"{visit}#1"
        self.end("missed", "not_reached")

    def hold_unplanned(self, reason: str, activity: Callable[[], None]) -> None:
        """Holds a contact that nobody had planned, on the telephone."""
        self.begin(UNSCHEDULED, "telephone", reason)
        activity()
        self.end()

    def later(self, at: datetime, chore: Callable[[datetime], None]) -> None:
        """Leaves something to be done at a time, between visits."""
        heapq.heappush(self._chores, (at, next(self._chore_number), chore))

    def do_chores(self, until: datetime) -> None:
        """Does what was left to be done until a time, and lets that time come."""
        while self._chores and self._chores[0][0] <= until:
            at, _, chore = heapq.heappop(self._chores)
            self.wait_until(at)
            chore(self.now)
        self.wait_until(until)

    def finish_chores(self) -> None:
        """Does now whatever was left for later, because somebody looked through the record."""
        while self._chores:
            heapq.heappop(self._chores)[2](self.now)
        self._answer_alerts()

    def _count(self, kind: str, data: Mapping[str, Any]) -> None:
        form = self.release.forms.get(VITALS if kind == "vital_signs" else data.get("form", ""))
        answers = data if kind == "vital_signs" else data.get("items", {})
        if form is not None:
            self.scribe.tally.count_values(form, answers)

    def _host(self) -> str:
        return "rater" if self.is_rated(visit_of(self.encounter)) else "coordinator"

    def _answer_alerts(self) -> None:
        course = self.scribe.course
        if not course.alerts:
            return
        for raised in open_alerts(course):
            self.pass_time(2)
            role = self._called(raised)
            action = "asked_again" if raised.cannot_evaluate else "assessed"
            about = open_call(course, raised).entry
            self.write("alert_answered", {"alert": raised.alert, "action": action}, role, about=about)

    def _called(self, raised: AlertEpisode) -> str:
        """The first of those whom the study calls that is with the participant; else the investigator."""
        said = self.release.alert_named(raised.alert)
        told = [] if said is None else said.tell
        return next((role for role in told if role in ("therapist", "coordinator")), "investigator")


def _chances(parameters: Parameters, site: str) -> dict[str, float]:
    """Named probabilities; at a bad site some are a multiple."""
    own = parameters.sites.by_id[site]
    chances = parameters.conduct.chance | parameters.dosing.chance
    chances["missed_visit"] *= own.missed_visit
    chances["late_visit"] *= own.late_visit
    chances["entry_error"] *= own.entry_error
    chances["entry_error_corrected"] *= own.correction
    return chances
