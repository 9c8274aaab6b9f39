"""The dosing day as virtual staff hold it: initial dose, supplement and discharge, each behind its gate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from entact.cohort.attendance import Attendance
from entact.cohort.dispensing import hand_out, take_back
from entact.cohort.events import Events
from entact.cohort.fidelity import begin_recording, end_recording, rate_if_drawn
from entact.cohort.interview import expect_serious_events, take_vital_signs
from entact.cohort.paperwork import ask_missing
from entact.cohort.setting_ledgers import Kits
from entact.cohort.visit import at_times, do_activity
from entact.course import Allowed, Reason, Refused
from entact.course.gates.override import SECOND_PERSON, override_of
from entact.course.state.form import VITALS
from entact.protocol.compiled import CompiledRequirement
from entact.protocol.quantity import parse_duration
from entact.protocol.study import Visit

TRIES = {"initial_dose": 3, "supplement": 3, "discharge": 16}  # how often staff ask a gate that refuses
WAIT = {"initial_dose": 20, "supplement": 4, "discharge": 20}  # minutes from one try to the next
ASIDE = "clinical_judgement"  # why staff set a requirement aside
AGAIN = 15  # minutes after a reading that raised an alert, for as long as readings do
LENGTH = timedelta(hours=8)  # where the study file does not say how long a session lasts


class DosingDay:
    """One session of one participant.

    Args:
        staff: at the participant's side. events: the participant's. visit: the session as planned.
        kits: of this participant, as the allocator named them; staff never learn what is in them.
    """

    def __init__(self, staff: Attendance, events: Events, visit: Visit, kits: Kits) -> None:
        self.staff = staff
        self.events = events
        self.visit = visit
        self.kits = kits
        self.release = staff.release
        done = visit.do
        cut = done.index("dose") if "dose" in done else len(done)
        asked = self._forms_of("supplement")
        self.before = done[:cut]
        self.for_supplement = [name for name in done[cut + 1 :] if name in asked]
        self.at_end = [name for name in done[cut + 1 :] if name not in asked]

    def hold(self) -> bool:
        """Holds the session from arrival to discharge; says whether the initial dose was given."""
        staff = self.staff
        staff.begin(self.visit.visit, self.visit.contact)
        begin_recording(staff, self.visit)
        encounter = staff.encounter
        for person in staff.team.therapists:
            self._walk(person, "in", "therapist")
        for person in self._others():
            self._walk(person, "in", "participant")
        for activity in self.before:
            do_activity(staff, self.events, activity, self.visit)
        staff.session.level = self._decide_level()
        given = self._give("initial_dose", "initial")
        discharge = None
        if given:
            self.events.follow_session(staff.session.number, staff.now, is_open=staff.session.is_open)
            expect_serious_events(staff, self.events)
            staff.session.initial_at = staff.now
            discharge = self._accompany()
        for person in self._others():
            self._walk(person, "out", "participant")
        for person in reversed(staff.team.therapists):
            self._walk(person, "out", "therapist")
        end_recording(staff)
        if given:
            if discharge is None or not staff.discharge(discharge):
                staff.end(disposition="against_advice")
            rate_if_drawn(staff, self.visit, encounter)
        else:  # a session without a dose is no anchor: what follows is counted from the one that is held
            staff.end("missed", "rescheduled")
        staff.session.close()
        return given

    def _decide_level(self) -> str:
        """The regimen planned; where there is a choice, the first unless it was declined."""
        staff, planned = self.staff, self.visit.levels
        level = planned[0] if len(planned) == 1 or staff.chance("escalation_accepted") else planned[-1]
        staff.pass_time(2)
        staff.write("dose_level", {"level": level}, "investigator")
        return level

    def _give(self, act: str, part: str) -> bool:
        """Assigns a kit, asks the gate, mends what can be mended, and gives the dose on the gate's yes."""
        staff, level = self.staff, self.staff.session.level
        staff.pass_time(1)
        if not self.kits.get((level, part)):
            staff.write("deviation", {"category": "no_kit", "importance": "major"}, "pharmacist")
            return False
        kit = self.kits[level, part].pop(0)
        assigned = {"kit": kit, "part": part, "level": level, "visit": self.visit.visit}
        staff.write("kit_assigned", assigned, "pharmacist")
        hand_out(staff, assigned, self._units(part))
        for activity, timepoint in at_times(self.visit, f"before {part}"):
            do_activity(staff, self.events, activity, self.visit, timepoint)
        answer = self._ask(act, kit=kit, level=level)
        units = self._units(part)
        data: dict[str, Any] = {"part": part, "kit": kit, "level": level, "dispensed": units}
        staff.pass_time(1)
        done: Any = answer
        if isinstance(answer, Allowed):
            done = staff.act("dose", data | {"taken": units}, "therapist", answer)
        if isinstance(done, Refused):
            data |= {"taken": 0, "returned": units, "outcome": "withheld"}
            staff.write("dose", data, "therapist")
            take_back(staff, kit, part, units)
        return not isinstance(done, Refused)

    def _ask(self, act: str, **detail: Any) -> Allowed | Refused:
        """Asks a gate, again after what can be mended, and with an override where the study allows it."""
        staff = self.staff
        by = staff.person(staff.known_role("therapist"))
        answer = staff.scribe.ask(act, by, staff.now, encounter=staff.encounter, **detail)
        for repeat in range(2, TRIES[act] + 1):
            if isinstance(answer, Allowed) or not self._can_mend(act, answer):
                break
            self._mend(act, answer, repeat)
            answer = staff.scribe.ask(act, by, staff.now, encounter=staff.encounter, **detail)
        if isinstance(answer, Refused) and all(reason.override for reason in answer.reasons):
            for reason in answer.reasons:
                self._set_aside(reason, by)
            answer = staff.scribe.ask(act, by, staff.now, encounter=staff.encounter, **detail)
        return answer

    def _set_aside(self, reason: Reason, asker: str) -> None:
        """Those whom the study names each say that they set a reason aside; the asker is no second person."""
        staff, data = self.staff, override_of(self.staff.scribe.course, reason)
        second = next(person for person in reversed(staff.team.therapists) if person != asker)
        for role in (reason.override or "").split(" + "):
            is_second = role == SECOND_PERSON
            known = staff.known_role("therapist" if is_second else role)
            staff.pass_time(1)
            by = second if is_second else staff.person(known)
            staff.write("override", data, known, by=by, reason=ASIDE)

    def _can_mend(self, act: str, answer: Refused) -> bool:
        """Whether another reading, a missing answer or, before discharge, time can mend every reason."""
        for reason in answer.reasons:
            names = self._names_of(act, reason)
            forms = set(_forms(names))
            passes = act == "discharge" and forms <= {VITALS, *self.at_end} and "." in reason.code
            if not (reason.missing or passes or (forms == {VITALS})):
                return False
        return True

    def _mend(self, act: str, answer: Refused, repeat: int) -> None:
        """Asks what was not asked; else waits, unless a reading is missing, and looks again."""
        staff = self.staff
        if ask_missing(staff, answer, self.visit):
            return
        if not any(reason.missing for reason in answer.reasons):
            staff.pass_time(WAIT[act])
        for form in _forms(name for reason in answer.reasons for name in self._names_of(act, reason)):
            if form == VITALS:
                take_vital_signs(staff, None, repeat)
            elif form in self.visit.do:
                do_activity(staff, self.events, form, self.visit)

    def _accompany(self) -> Allowed | None:
        """From the initial dose to the end: readings, supplement in its window; the yes to the discharge."""
        staff = self.staff
        initial = staff.now
        ends = initial + (self.visit.lasts or LENGTH)
        planned = self._planned("initial", initial)
        supplement = self.release.file.regimens[staff.session.level].supplement
        if supplement is not None:
            offered = initial + (supplement.window.earliest + supplement.window.latest) / 2
            self._observe(planned, offered)
            staff.wait_until(offered)
            self._offer_supplement()
            if staff.session.supplement_at is not None:
                planned += self._planned("supplement", staff.session.supplement_at)
        self._observe(planned, ends)
        staff.wait_until(ends + timedelta(minutes=2))
        for activity, timepoint in at_times(self.visit, "end"):
            do_activity(staff, self.events, activity, self.visit, timepoint)
        for activity in self.at_end:
            do_activity(staff, self.events, activity, self.visit)
        return self._discharge()

    def _offer_supplement(self) -> None:
        staff = self.staff
        for activity in self.for_supplement:
            do_activity(staff, self.events, activity, self.visit)
        if staff.chance("supplement_taken") and self._give("supplement", "supplement"):
            staff.session.supplement_at = staff.now

    def _discharge(self) -> Allowed | None:
        """Asks until the gate opens; whoever leaves though it stays closed does so against advice."""
        answer = self._ask("discharge")
        if isinstance(answer, Allowed):
            return answer
        data = {"category": "discharge", "importance": "major", "account": answer.reasons[0].message}
        self.staff.write("deviation", data, "investigator")
        return None

    def _planned(self, dose: str, given: datetime) -> list[tuple[datetime, str, str]]:
        """What is planned for times since a dose was given, as (when, time, activity)."""
        timed = at_times(self.visit, dose)
        return [(given + _after(text), text, activity) for activity, text in timed]

    def _observe(self, planned: list[tuple[datetime, str, str]], until: datetime) -> None:
        """Does what is planned until a time; a reading that raises an alert is repeated until none does."""
        staff = self.staff
        planned.sort(key=lambda one: one[:2])
        while planned and planned[0][0] <= until:
            at, timepoint, activity = planned.pop(0)
            staff.wait_until(at)
            if activity != "vital_signs":
                do_activity(staff, self.events, activity, self.visit, timepoint)
                continue
            if staff.chance("vital_signs_missed"):
                continue
            wait, repeat = 0.0, 0
            while staff.now <= until and (repeat == 0 or wait):
                repeat += 1
                take_vital_signs(staff, timepoint, repeat)
                wait = self._look_again()
                staff.pass_time(wait)

    def _look_again(self) -> float:
        """Minutes to the next reading, where the last one kept an alert going; 0 where it did not."""
        course = self.staff.scribe.course
        going = [one for one in course.alerts if one.held[-1].entry == course.vitals[-1].entry]
        confirm = [self.release.alerts[one.alert].alert.confirm for one in going if len(one.held) == 1]
        soonest = min((time for time in confirm if time is not None), default=None)
        if soonest is not None:
            return min(AGAIN, soonest.total_seconds() / 120)  # half of the time that there is
        return AGAIN if going else 0

    def _units(self, part: str) -> int:
        regimen = self.release.file.regimens[self.staff.session.level]
        if part == "initial":
            return regimen.initial.count
        assert regimen.supplement is not None
        return regimen.supplement.give.count

    def _others(self) -> list[str]:
        """Who is entered as the others of a group: nobody, because each participant is rehearsed alone."""
        fewest = self.visit.together[0] if self.visit.together is not None else 1
        return [f"other-{number}" for number in range(1, fewest)]

    def _walk(self, person: str, state: str, role: str) -> None:
        self.staff.pass_time(1)
        by = person if role == "therapist" else self.staff.team.therapists[0]
        self.staff.write("presence", {"person": person, "role": role, "state": state}, "therapist", by=by)

    def _names_of(self, act: str, reason: Reason) -> Iterable[str]:
        """The names in the requirement of the study file behind a reason; none for the hard core's."""
        requirement = self._requirement(act, reason)
        return requirement.rule.names if requirement is not None else ()

    def _requirement(self, act: str, reason: Reason) -> CompiledRequirement | None:
        _, _, number = reason.code.partition(".")
        return self.release.gates[act].requirements[int(number) - 1] if number.isdigit() else None

    def _forms_of(self, gate: str) -> set[str]:
        compiled = self.release.gates.get(gate)
        requirements = compiled.requirements if compiled is not None else ()
        return {form for requirement in requirements for form in _forms(requirement.rule.names)}


def _forms(names: Iterable[str]) -> list[str]:
    """The forms in dotted names, in order of the alphabet: `vitals` of `vitals.systolic`."""
    return sorted({name.split(".")[-2] for name in names if "." in name})


def _after(timepoint: str) -> timedelta:
    """The time since a dose in `initial + 90 min`; none in `initial`."""
    return parse_duration(timepoint.partition("+")[2].strip() or "0")
