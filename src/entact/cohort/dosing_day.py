"""The dosing day as virtual staff hold it: readiness, initial dose, supplement, discharge, each behind its gate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from entact.cohort.attendance import Attendance
from entact.course import Allowed, Refused
from entact.protocol import Release
from entact.protocol.quantity import parse_duration
from entact.protocol.study import Visit

TRIES = 3  # how often staff ask a gate that refuses, each time after mending what can be mended
WAIT = 20  # minutes between two tries
AGAIN = 15  # minutes after a reading that raised an alert, for as long as readings do

_MINUTE = timedelta(minutes=1)


class DosingDay:
    """One session of one participant.

    Args:
        staff: at the participant's side. visit: the session as planned. kits: numbers of this participant's kits by
            level and part, as the allocator named them; staff never learn what is in them.
    """

    def __init__(self, staff: Attendance, visit: Visit, kits: dict[tuple[str, str], list[str]]) -> None:
        self.staff = staff
        self.visit = visit
        self.kits = kits
        self.release: Release = staff.release
        done = visit.do
        cut = done.index("dose") if "dose" in done else len(done)
        self.before, after = list(done[:cut]), list(done[cut + 1 :])
        asked = _forms_of_gate(self.release, "supplement")
        self.for_supplement = [name for name in after if name in asked]
        self.at_end = [name for name in after if name not in asked]

    def hold(self, at: datetime) -> bool:
        """Holds the session from arrival to discharge; says whether the initial dose was given."""
        staff = self.staff
        staff.session += 1
        staff.initial_at = staff.supplement_at = None
        staff.readings = 0
        staff.begin(self.visit.visit, at, self.visit.contact)
        for person in staff.team.therapists:
            self._walk(person, "in")
        for activity in self.before:
            staff.do(activity, self.visit)
        staff.level = self._decide_level()
        given = self._give("initial_dose", "initial")
        if given:
            staff.events.follow_session(staff.session, staff.now)
            staff.initial_at = staff.now
            self._accompany()
        for person in reversed(staff.team.therapists):
            self._walk(person, "out")
        staff.end()
        return given

    def _decide_level(self) -> str:
        """The regimen planned; where there is a choice, the first unless it was declined."""
        staff = self.staff
        planned = (self.visit.regimen or "").split(" or ")
        accepted = len(planned) == 1 or staff.chance("escalation_accepted", "dosing")
        level = planned[0] if accepted else planned[-1]
        staff.pass_time(2)
        staff.write("dose_level", {"level": level}, "investigator")
        return level

    def _give(self, act: str, part: str) -> bool:
        """Assigns a kit, asks the gate, mends what can be mended, and gives the dose once the gate says yes."""
        staff = self.staff
        staff.pass_time(1)
        if not self.kits[staff.level, part]:
            staff.write("deviation", {"category": "no_kit", "importance": "major"}, "pharmacist")
            return False
        kit = self.kits[staff.level, part].pop(0)
        assigned = {"kit": kit, "part": part, "level": staff.level, "visit": self.visit.visit}
        staff.write("kit_assigned", assigned, "pharmacist")
        if part == "initial":
            staff.take_vital_signs(self._timepoint("before"))
        answer = self._ask(act, kit)
        units = self._units(part)
        data: dict[str, Any] = {"part": part, "kit": kit, "level": staff.level, "dispensed": units}
        staff.pass_time(1)
        if isinstance(answer, Refused):
            data |= {"taken": 0, "returned": units, "outcome": "withheld"}
            staff.write("dose", data, "therapist")
            return False
        staff.write("dose", {**data, "taken": units}, "therapist", basis=answer.basis)
        return True

    def _ask(self, act: str, kit: str | None) -> Allowed | Refused:
        """Asks a gate again after new readings and forms that were missing, and overrides where the study lets them."""
        staff, detail = self.staff, {} if kit is None else {"kit": kit, "level": self.staff.level}
        by = staff.team.therapists[0]
        answer = staff.scribe.ask(act, by, staff.now, **detail)
        for repeat in range(2, TRIES + 1):
            if isinstance(answer, Allowed):
                return answer
            staff.pass_time(WAIT if act != "supplement" else 4)
            staff.take_vital_signs(None, repeat)
            answer = staff.scribe.ask(act, by, staff.now, **detail)
        if isinstance(answer, Refused):
            open_ones = self._overridable(act, answer)
            if open_ones:
                persons = [staff.team.investigator, staff.team.therapists[1]]
                override = dict.fromkeys(open_ones, persons)
                answer = staff.scribe.ask(act, by, staff.now, override=override, **detail)
        return answer

    def _overridable(self, act: str, answer: Refused) -> list[str]:
        """Codes of the reasons, when the study lets every one of them be overridden; else none."""
        gate = self.release.gates.get(act)
        allowed = {
            f"{act}.{number}"
            for number, requirement in enumerate(gate.requirements if gate else (), start=1)
            if requirement.override
        }
        codes = [reason.code for reason in answer.reasons]
        return codes if all(code in allowed for code in codes) else []

    def _accompany(self) -> None:
        """From the initial dose to discharge: readings, the supplement in its window, the end."""
        staff = self.staff
        initial = staff.now
        ends = initial + (self.visit.lasts or timedelta(hours=8))
        planned = self._readings(initial, ends)
        regimen = self.release.file.regimens[staff.level]
        if regimen.supplement is not None:
            window = regimen.supplement.window
            offered = initial + (window.earliest + window.latest) / 2
            self._observe(planned, offered)
            staff.now = max(staff.now, offered)
            self._offer_supplement()
        self._observe(planned, ends)
        staff.now = max(staff.now, ends + timedelta(minutes=2))
        for reading in self._at("end", "vital_signs"):
            staff.take_vital_signs(reading)
        for _ in self._at("end", "guess"):
            staff.guess(self.visit, "end")
        for activity in self.at_end:
            staff.do(activity, self.visit)
        self._discharge()

    def _offer_supplement(self) -> None:
        staff = self.staff
        if not any(self.kits.get((staff.level, "supplement"), ())):
            return
        for activity in self.for_supplement:
            staff.do(activity, self.visit)
        if not staff.chance("supplement_taken", "dosing"):
            return
        staff.take_vital_signs(self._timepoint("supplement"))
        if self._give("supplement", "supplement"):
            staff.supplement_at = staff.now

    def _discharge(self) -> None:
        """Asks until the gate opens; whoever still may not leave stays under observation, and it is written down."""
        staff = self.staff
        answer = self._ask("discharge", None)
        if isinstance(answer, Refused):
            data = {"category": "discharge", "importance": "minor", "account": answer.reasons[0].message}
            staff.write("deviation", data, "investigator")

    def _readings(self, initial: datetime, ends: datetime) -> list[tuple[datetime, str]]:
        """When vital signs are due between the initial dose and the end."""
        times = ((initial + _after(text), text) for text in self._at("initial +", "vital_signs"))
        return sorted(time for time in times if time[0] < ends)

    def _observe(self, planned: list[tuple[datetime, str]], until: datetime) -> None:
        staff = self.staff
        while planned and planned[0][0] <= until:
            at, timepoint = planned.pop(0)
            staff.now = max(staff.now, at)
            self._take_until_quiet(timepoint, until)

    def _take_until_quiet(self, timepoint: str, until: datetime) -> None:
        """One planned reading, and more after it for as long as they raise alerts."""
        staff, raised, repeat = self.staff, -1, 1
        while raised != len(staff.scribe.course.alerts):
            raised = len(staff.scribe.course.alerts)
            staff.take_vital_signs(timepoint, repeat)
            repeat += 1
            if raised != len(staff.scribe.course.alerts) and staff.now + AGAIN * _MINUTE < until:
                staff.pass_time(AGAIN)

    def _at(self, beginning: str, activity: str) -> list[str]:
        return [
            time
            for timed in self.visit.timed
            if timed.do == activity
            for time in timed.at
            if time.startswith(beginning)
        ]

    def _timepoint(self, beginning: str) -> str | None:
        return next(iter(self._at(beginning, "vital_signs")), None)

    def _units(self, part: str) -> int:
        regimen = self.release.file.regimens[self.staff.level]
        if part == "initial":
            return regimen.initial.count
        assert regimen.supplement is not None
        return regimen.supplement.give.count

    def _walk(self, person: str, state: str) -> None:
        self.staff.pass_time(1)
        data = {"person": person, "role": "therapist", "state": state}
        self.staff.write("presence", data, "therapist", by=person)


def _forms_of_gate(release: Release, gate: str) -> Sequence[str]:
    compiled = release.gates.get(gate)
    requirements = compiled.requirements if compiled is not None else ()
    return [name.partition(".")[0] for requirement in requirements for name in requirement.rule.names]


def _after(timepoint: str) -> timedelta:
    """The time since the initial dose in `initial + 90 min`."""
    return parse_duration(timepoint.partition("+")[2].strip())
