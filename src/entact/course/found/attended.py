"""What is wrong with visits: of others, never begun, missed though held, out of windows, incomplete."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from entact.course.found.night import AFTERWARDS
from entact.course.found.watch import Found, as_finding
from entact.course.kinds import KINDS
from entact.course.kinds.blinding import GUESS, guesses_missing
from entact.course.schedule import Due, due, position
from entact.course.state.encounter import visit_of
from entact.course.state.outcome import analysis_windows
from entact.course.state.progress import progress_of, zone_of
from entact.course.state.state import Finding
from entact.course.state.values import PARTICIPANT, SessionFacts
from entact.protocol.quantity import parse_duration

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.entry.effective import Effective
    from entact.course.state.encounter import EncounterState
    from entact.protocol.study import Visit

IN_ENCOUNTER = frozenset(name for name, kind in KINDS.items() if kind.in_encounter)
# Activities of the engine's own: when one is done (of those without, an entry is only made when there is
# one), and the form that it fills.
_DONE = {kind.activity: kind.done for kind in KINDS.values() if kind.done is not None}
_FILLS = {kind.activity: kind.form({}) for kind in KINDS.values() if kind.form is not None}


def found_of_others(course: Course) -> Iterator[Found]:
    """Visits of another population, or of a track that has not opened for this person."""
    if course.population is None:
        return
    visits, own = course.release.visits, course.release.visits_of(course.population, course.tracks)
    for encounter in course.encounters.values():
        if encounter.visit in visits and encounter.visit not in own:
            message = f"{encounter.visit} is no visit of this person"
            yield ("visit_of_other", encounter.entry or encounter.closed, "", message)


def found_outside_visits(course: Course, effective: Effective) -> Iterator[Found]:
    """What takes place in a visit and is of none, or lies before it began or after it was over."""
    entry = effective.entry
    if entry.kind == "dose" and entry.encounter is None:
        message = "a dose is given in a session, and this one is of none"
        yield "encounter_unnamed", entry.id, "encounter", message
    if entry.encounter is None or entry.kind not in IN_ENCOUNTER:
        return
    encounter = course.encounters.get(entry.encounter)
    if encounter is None or encounter.started is None:
        yield "encounter_not_started", entry.id, "", f"{entry.encounter} was never begun"
    elif effective.at < encounter.started:
        yield "encounter_not_started", entry.id, "", f"before {entry.encounter} began"
    elif entry.kind == "session_note" and effective.data.get("what") in AFTERWARDS:
        return  # the night is the session's, and begins when that is over
    elif entry.kind == "asked_none":
        return  # said of the visit, and mostly when somebody looks through it afterwards
    elif encounter.status == "ended" and encounter.ended is not None and effective.at > encounter.ended:
        yield "encounter_over", entry.id, "", f"after {entry.encounter} was over"


def found_in_missed(course: Course, entries: list[Effective]) -> Iterator[Found]:
    """A visit said to be missed, in which something took place all the same.

    Args:
        entries: those of one encounter, in order of time.
    """
    missed = next((one for one in entries if says_missed(one)), None)
    held = (one for one in entries if one.entry.kind in IN_ENCOUNTER and _says_it_was_held(course, one))
    if missed is not None and (one := next(held, None)) is not None:
        message = f"{one.entry.encounter} is said to be missed, and {one.id} is an entry of it"
        yield "missed_though_held", missed.id, "status", message


def says_missed(one: Effective) -> bool:
    """Whether an entry says that a visit was missed."""
    return one.entry.kind == "encounter" and one.data.get("status") == "missed"


def _says_it_was_held(course: Course, effective: Effective) -> bool:
    """Whether an entry of a visit says that something took place, and not that it did not.

    A dosing session is held when a dose is taken: what is asked before one that comes to nothing is no more.
    """
    data, visit = effective.data, course.release.visits.get(visit_of(effective.entry.encounter))
    if visit is not None and visit.kind == "dosing" and effective.entry.kind != "dose":
        return False
    return data.get("status") != "not_done" and data.get("reached") is not False and data.get("taken") != 0


def found_apart(course: Course) -> Iterator[Found]:
    """Doses in a session that several hold in one room, with fewer or more there than planned."""
    for dose in course.doses:
        visit = course.release.visits.get(visit_of(dose.encounter))
        if visit is None or visit.together is None or dose.part != "initial" or not dose.given:
            continue
        low, high = visit.together
        there = SessionFacts(course, dose.encounter, dose.at).present(PARTICIPANT)
        if not low <= there <= high:
            many = f"{low}" if low == high else f"{low} to {high}"
            message = f"{visit.visit} is held by {many} participants in one room, and {there} were there"
            yield "held_apart", dose.entry, "presence", message


def found_left_out(course: Course, encounter: EncounterState, entries: list[Effective]) -> Iterator[Found]:
    """Activities and timed readings of the schedule that an ended encounter has no entry of.

    Args:
        entries: those of the encounter.
    """
    visit = course.release.visits.get(encounter.visit)
    if visit is None or encounter.status != "ended":
        return
    earlier = encounter.attempt != course.attempt
    over = course.attempts[encounter.attempt].over if earlier else course.screening_over
    if over is not None and encounter.ended is not None and encounter.ended >= over:
        return  # what was still planned was of no use once screening was over
    given: dict[str, datetime] = {}
    for dose in course.doses:
        if dose.encounter == encounter.id and dose.is_taken:
            given[dose.part] = dose.at
    undosed = visit.kind == "dosing" and "initial" not in given  # then the session was broken off
    for activity in ("dose",) if undosed else _expected(visit, encounter):
        if earlier and activity not in course.release.forms:
            continue  # it is known of the latest attempt alone
        if activity == GUESS.activity:
            for whose in guesses_missing(course, encounter, visit):
                message = f"a guess of the {whose} is planned for {encounter.visit} and was not entered"
                yield ("guess_missing", encounter.closed, whose, message)
            continue
        if not _was_done(course, encounter.id, activity):
            message = f"{activity} is planned for {encounter.visit} and was not entered"
            yield ("activity_missing", encounter.closed, activity, message)
    for readings in () if undosed else visit.timed:
        form = _FILLS.get(readings.do, readings.do)
        said = {
            one.entry.timepoint
            for one in entries
            if one.entry.kind == readings.do or one.data.get("form") == form
        }
        for timepoint in readings.at:
            if timepoint not in said and _was_reached(encounter, timepoint, given):
                item = f"{readings.do} {timepoint}"
                message = (
                    f"{readings.do} at {timepoint!r} is planned for {encounter.visit} and was not entered"
                )
                yield ("reading_missing", encounter.closed, item, message)


def found_without_answer(course: Course) -> Iterator[Found]:
    """Of forms that each of a role answers for themselves: who has not, of those of whom it is known.

    Known are who filled in a form at that visit and who was there when the drug was given. Where it is asked
    at the visit of the draw an answer after the draw is none: what somebody expects is asked before.
    """
    for name in sorted(course.release.of_each):
        form, answers = course.release.forms[name].form, course.answers.get(name, ())
        in_room = {one.person for there in course.presence.values() for one in there if one.role == form.by}
        for encounter in course.encounters.values():
            said = [one for one in answers if one.encounter == encounter.id]
            visit = course.release.visits.get(encounter.visit)
            if not said or visit is None or encounter.status != "ended" or name not in visit.do:
                continue  # where nobody answered it, it is missed as any form is
            drawn = course.randomisation.at if course.randomisation is not None else None
            before = drawn if "randomisation" in visit.activities else None
            in_time = {one.by for one in said if before is None or one.at <= before}
            there = {
                one.by
                for filled in course.answers.values()
                for one in filled
                if one.encounter == encounter.id and one.role == form.by
            }
            for person in sorted((in_room | there) - in_time):
                when = f"was not entered before a treatment was drawn at {encounter.visit}"
                when = when if before is not None else f"is planned for {encounter.visit} and was not entered"
                message = f"{name} of {person}, {form.by}, {when}"
                yield "answer_missing", encounter.closed, f"{name} {person}", message


def _expected(visit: Visit, encounter: EncounterState) -> list[str]:
    """What a visit plans; of one that was broken off only what comes before its dose, and that."""
    if not encounter.is_broken_off:
        return visit.do
    return visit.do[: visit.do.index("dose") + 1] if "dose" in visit.do else []


def _was_done(course: Course, encounter: str, activity: str) -> bool:
    if activity in course.release.forms:
        return (activity, encounter) in course.forms
    done = _DONE.get(activity)
    return done is None or done(course, encounter)


def _was_reached(encounter: EncounterState, timepoint: str, given: dict[str, datetime]) -> bool:
    """Whether a session went on to a timepoint such as `before initial`, `initial + 90 min` or `end`."""
    anchor, _, delay = timepoint.removeprefix("before ").partition(" + ")
    if anchor not in ("initial", "supplement"):
        return not encounter.is_broken_off
    if anchor not in given:
        return False
    ended = encounter.ended
    return not delay or ended is None or given[anchor] + parse_duration(delay) <= ended


def found_in_earlier_attempts(course: Course) -> Iterator[Found]:
    """Encounters of earlier attempts at screening out of the windows that they had then."""
    for attempt, following in enumerate(course.attempts[1:]):
        at = following.since
        zone = zone_of(course, at)
        visits = course.release.visits_of(course.population, course.tracks)
        dues = due(visits, progress_of(course, zone, attempt), at)
        for found in found_in_windows(course, dues, at, attempt):
            yield found.rule, found.entry, found.item, found.message


def found_in_windows(
    course: Course, dues: list[Due], at: datetime, attempt: int | None = None
) -> Iterator[Finding]:
    """Encounters out of their windows, as these are at a time; of the latest attempt at screening."""
    by_visit = {one.visit: one for one in dues}
    zone = zone_of(course, at)
    attempt = course.attempt if attempt is None else attempt
    encounters = [one for one in course.encounters.values() if one.attempt == attempt]
    for encounter in encounters:
        window = by_visit.get(encounter.visit)
        if window is None or encounter.started is None:
            continue
        where = position(window, encounter.started, zone)
        if where in ("early", "late"):
            days = f"{window.opens or window.earliest} to {window.closes or window.latest}"
            message = f"{encounter.visit} was {where}: its window is {days}"
            yield as_finding("out_of_window", encounter.entry, "", message)
        if where == "late" and attempt == course.attempt:
            yield _missed(window, holds=False)
    for encounter in encounters if attempt == course.attempt else ():
        if encounter.status == "missed":
            continue
        for name, inside in analysis_windows(course, encounter, zone).items():
            if not inside:
                message = f"{encounter.visit} lies outside the window {name}, and does not count for it"
                yield as_finding(
                    "outside_analysis_window", encounter.entry or encounter.closed, name, message
                )


def found_missed(dues: list[Due]) -> Iterator[Finding]:
    """Visits whose windows have passed."""
    return (_missed(one) for one in dues if one.status == "missed")


def _missed(window: Due, holds: bool = True) -> Finding:
    message = f"{window.visit} did not take place by {window.closes or window.latest}"
    return as_finding("visit_missed", "", window.visit, message, holds)


def found_not_ended(course: Course) -> Iterator[tuple[datetime, Finding]]:
    """Encounters that nobody ended, each with when it began: a finding once `OPEN_FOR` has passed."""
    for encounter in course.encounters.values():
        if encounter.status == "started" and encounter.started is not None:
            message = f"{encounter.id} began at {encounter.started} and has not ended"
            yield encounter.started, as_finding("encounter_not_ended", encounter.entry, "", message)
