"""What is not as it should be in a course: found in the fold, in the whole, by the clock; or since mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from entact.course.attested import broken
from entact.course.course import Course
from entact.course.dating import found_in_dates
from entact.course.heard import found_unentered
from entact.course.kinds import KINDS
from entact.course.kinds.calls import found_in_answers, late_calls
from entact.course.kinds.reporting import late_reports
from entact.course.rated import found_in_ratings
from entact.course.relied import found_belated, found_in_decisions
from entact.course.schedule import Due, due, position
from entact.course.state.encounter import visit_of
from entact.course.state.outcome import analysis_windows
from entact.course.state.progress import due_visits, progress_of, zone_of
from entact.course.state.state import Finding, Thing
from entact.protocol.quantity import parse_duration

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.encounter import EncounterState
    from entact.protocol.study import Visit

OPEN_FOR = timedelta(hours=24)  # an encounter that nobody ended for so long was forgotten

_IN_ENCOUNTER = frozenset(name for name, kind in KINDS.items() if kind.in_encounter)
# Activities of the engine's own: when one is done (of those without, an entry is only made when there is
# one), and the form that it fills.
_DONE = {kind.activity: kind.done for kind in KINDS.values() if kind.done is not None}
_FILLS = {kind.activity: kind.form({}) for kind in KINDS.values() if kind.form is not None}


def findings(course: Course, at: datetime) -> list[Finding]:
    """Everything found in a course as seen at a time, by id, those that no longer hold last.

    Args:
        course: the folded entries. at: aware time of the question; missed visits depend on it.
    Returns:
        Findings with an id that stays the same (rule, entry, item). One that a correction or withdrawal has
        mended is still there, with `holds` false.
    """
    holding = {found.id: found for found in found_at_any_time(course)}
    dues = due_visits(course, at)
    for found in (*found_in_windows(course, dues, at), *_clock(course, dues, at)):
        known = holding.get(found.id)
        if known is None or (
            found.holds and not known.holds
        ):  # begun late, and entered as missed too: missed
            holding[found.id] = found
    mended = [found for name, found in _former(course).items() if name not in holding]
    return [*sorted(holding.values(), key=_id), *sorted(mended, key=_id)]


def _id(found: Finding) -> str:
    return found.id


def _former(course: Course) -> dict[str, Finding]:
    """What was found before corrections, by id, as no longer holding."""
    if course.former is None:
        course.former = {}
        for earlier in course.without_corrections():
            at = earlier.effective[-1].at if earlier.effective else None
            windows = () if at is None else found_in_windows(earlier, due_visits(earlier, at), at)
            for found in (*found_at_any_time(earlier), *windows):
                course.former[found.id] = Finding(
                    found.id, found.rule, found.entry, found.item, found.message, False
                )
    return course.former


def found_at_any_time(course: Course) -> Iterator[Finding]:
    """What is found in a course whenever it is asked: all but windows and the clock."""
    yield from course.findings.values()
    for (rule, _), (_, entry, message) in course.doubts.items():
        yield _finding(rule, entry, "", message)
    yield from (_finding(*one) for one in broken(course))
    yield from (_finding(*one) for one in found_in_dates(course))
    yield from _of_others(course)
    yield from _stops(course)
    yield from (_finding(*one) for one in found_unentered(course))
    yield from (_finding(*one) for one in found_in_ratings(course))
    yield from (_finding(*one) for one in found_in_answers(course, course.has))
    yield from _not_asked(course)
    yield from _orders(course)
    yield from _outside_encounters(course)
    yield from _never_begun(course)
    yield from _missed_though_held(course)
    yield from _earlier_attempts(course)
    yield from _consents(course)
    yield from (_finding(*one) for one in found_in_decisions(course))
    yield from (_finding(*one) for one in found_belated(course))
    screening_over = course.screening_over
    entries: dict[str | None, list[Effective]] = {}
    for one in course.effective:
        entries.setdefault(one.entry.encounter, []).append(one)
    for encounter in course.encounters.values():
        visit = course.release.visits.get(encounter.visit)
        if visit is not None and encounter.status == "ended":
            earlier = encounter.attempt != course.attempt
            over = course.attempts[encounter.attempt].over if earlier else screening_over
            # What was still planned for a visit was of no use once screening was over.
            if over is None or encounter.ended is None or encounter.ended < over:
                yield from _left_out(course, encounter, visit, entries.get(encounter.id, []))


def _finding(rule: str, entry: str, item: str, message: str, holds: bool = True) -> Finding:
    return Finding(f"{rule}:{entry}:{item}" if item else f"{rule}:{entry}", rule, entry, item, message, holds)


def _of_others(course: Course) -> Iterator[Finding]:
    """Visits of another population, or of a track that has not opened for this person."""
    if course.population is None:
        return
    visits, own = course.release.visits, course.release.visits_of(course.population, course.tracks)
    for encounter in course.encounters.values():
        if encounter.visit in visits and encounter.visit not in own:
            message = f"{encounter.visit} is no visit of this person"
            yield _finding("visit_of_other", encounter.entry or encounter.closed, "", message)


def _stops(course: Course) -> Iterator[Finding]:
    """Stopping rules that came to hold, where what they say to stop was not stopped."""
    for stop in course.stops.values():
        if stop.of not in course.discontinued and "procedures" not in course.discontinued:
            message = f"the study says to stop {stop.of}: {stop.title}"
            yield _finding("stopping_rule", stop.entry, stop.rule, message)


def _orders(course: Course) -> Iterator[Finding]:
    """Verbal orders that whoever is said to have given them has not confirmed, and confirmations of none."""
    orders = {one.entry: one for one in course.overrides if one.is_verbal}
    for order in orders.values():
        if not any(one.confirms(order) for one in course.overrides):
            message = f"a verbal order of {order.ordered_by}, written down by {order.by}, is not confirmed"
            yield _finding("order_not_confirmed", order.entry, order.requirement, message)
    for one in course.overrides:
        if one.about is not None and not (one.about in orders and one.confirms(orders[one.about])):
            message = f"is no confirmation of {one.about}: that is no verbal order of {one.by}"
            yield _finding("about_unknown", one.entry, "about", message)


def _not_asked(course: Course) -> Iterator[Finding]:
    """Answers that contradict a condition on another form or on the session.

    Within an encounter forms are filled in any order, so this is judged by what was known at its end.
    """
    hanging = {name: form for name, form in course.release.forms.items() if form.looks_elsewhere}
    if not hanging:
        return
    ends: dict[str | None, datetime] = {}
    for filled in course.answers.values():
        for answers in filled:
            ends[answers.encounter] = max(answers.at, ends.get(answers.encounter, answers.at))
    for name, form in hanging.items():
        for answers in course.answers.get(name, ()):
            if answers.status != "done":
                continue
            at = ends[answers.encounter] if answers.encounter is not None else answers.at
            around = course.values(answers.encounter, at)
            facts = course.facts(answers.encounter, at)
            for problem in form.contradictions(answers.items, around, facts):
                yield _finding("item", answers.entry, problem.item, problem.message)


def _outside_encounters(course: Course) -> Iterator[Finding]:
    """What takes place in a visit and is of none, or lies before it began or after it was over."""
    for effective in course.effective:
        entry = effective.entry
        if entry.kind == "dose" and entry.encounter is None:
            message = "a dose is given in a session, and this one is of none"
            yield _finding("encounter_unnamed", entry.id, "encounter", message)
        if entry.encounter is None or entry.kind not in _IN_ENCOUNTER:
            continue
        encounter = course.encounters.get(entry.encounter)
        if encounter is None or encounter.started is None:
            yield _finding("encounter_not_started", entry.id, "", f"{entry.encounter} was never begun")
        elif effective.at < encounter.started:
            yield _finding("encounter_not_started", entry.id, "", f"before {entry.encounter} began")
        elif encounter.status == "ended" and encounter.ended is not None and effective.at > encounter.ended:
            yield _finding("encounter_over", entry.id, "", f"after {entry.encounter} was over")


def _never_begun(course: Course) -> Iterator[Finding]:
    things: list[Thing] = [*course.adverse_events.values(), *course.medication.values()]
    for thing in things:
        if thing.begun is None:
            for update in thing.updates:
                yield _finding(
                    "about_unknown", update, "about", f"continues {thing.entry}, which did not begin anything"
                )


def _missed_though_held(course: Course) -> Iterator[Finding]:
    """Visits said to be missed, in which something took place all the same."""
    missed: dict[str, str] = {}
    for one in course.effective:
        if one.entry.kind == "encounter" and one.data.get("status") == "missed" and one.entry.encounter:
            missed.setdefault(one.entry.encounter, one.id)
    for one in course.effective if missed else ():
        encounter = one.entry.encounter
        if encounter in missed and one.entry.kind in _IN_ENCOUNTER and _says_it_was_held(course, one):
            message = f"{encounter} is said to be missed, and {one.id} is an entry of it"
            yield _finding("missed_though_held", missed.pop(encounter), "status", message)


def _says_it_was_held(course: Course, effective: Effective) -> bool:
    """Whether an entry of a visit says that something took place, and not that it did not.

    A dosing session is held when a dose is taken: what is asked before one that comes to nothing is no more.
    """
    data, visit = effective.data, course.release.visits.get(visit_of(effective.entry.encounter))
    if visit is not None and visit.kind == "dosing" and effective.entry.kind != "dose":
        return False
    return data.get("status") != "not_done" and data.get("reached") is not False and data.get("taken") != 0


def _consents(course: Course) -> Iterator[Finding]:
    """Consents to a release that another had replaced at the site by then."""
    study = course.study
    if len(study.releases) == 1 or course.site is None:
        return
    for one in course.consents:
        in_force = study.in_force_at(course.site, one.since)
        try:
            is_replaced = one.given and study.number(one.release) < study.number(in_force.id)
        except KeyError:  # which is found
            continue
        if is_replaced:
            message = f"is to {one.release}, and the site works under {in_force.id} by then"
            yield _finding("consent_superseded", one.entry, "release", message)


def _earlier_attempts(course: Course) -> Iterator[Finding]:
    """Encounters of earlier attempts at screening out of the windows that they had then."""
    for attempt, following in enumerate(course.attempts[1:]):
        at = following.since
        zone = zone_of(course, at)
        visits = course.release.visits_of(course.population, course.tracks)
        dues = due(visits, progress_of(course, zone, attempt), at)
        yield from found_in_windows(course, dues, at, attempt)


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
            yield _finding("out_of_window", encounter.entry, "", message)
        if where == "late" and attempt == course.attempt:
            yield _missed(window, holds=False)
    for encounter in encounters if attempt == course.attempt else ():
        if encounter.status == "missed":
            continue
        for name, inside in analysis_windows(course, encounter, zone).items():
            if not inside:
                message = f"{encounter.visit} lies outside the window {name}, and does not count for it"
                yield _finding("outside_analysis_window", encounter.entry or encounter.closed, name, message)


def _clock(course: Course, dues: list[Due], at: datetime) -> Iterator[Finding]:
    yield from found_missed(dues)
    for begun, found in found_not_ended(course):
        if at - begun > OPEN_FOR:
            yield found
    for since, found in (*found_unreported(course), *found_unanswered(course)):
        if at > since:
            yield found


def found_missed(dues: list[Due]) -> Iterator[Finding]:
    """Visits whose windows have passed."""
    return (_missed(one) for one in dues if one.status == "missed")


def found_not_ended(course: Course) -> Iterator[tuple[datetime, Finding]]:
    """Encounters that nobody ended, each with when it began: a finding once `OPEN_FOR` has passed."""
    for encounter in course.encounters.values():
        if encounter.status == "started" and encounter.started is not None:
            message = f"{encounter.id} began at {encounter.started} and has not ended"
            yield encounter.started, _finding("encounter_not_ended", encounter.entry, "", message)


def found_unanswered(course: Course) -> Iterator[tuple[datetime, Finding]]:
    """Alerts not answered or not confirmed in time, each with the last instant at which it still was."""
    for since, rule, entry, item, message in late_calls(course):
        yield since, _finding(rule, entry, item, message)


def found_unreported(course: Course) -> Iterator[tuple[datetime, Finding]]:
    """Safety reports not sent in time, each with the last instant at which it still could have been."""
    for last, rule, entry, item, message in late_reports(course):
        yield last, _finding(rule, entry, item, message)


def _missed(window: Due, holds: bool = True) -> Finding:
    message = f"{window.visit} did not take place by {window.closes or window.latest}"
    return _finding("visit_missed", "", window.visit, message, holds)


def _left_out(
    course: Course, encounter: EncounterState, visit: Visit, entries: list[Effective]
) -> Iterator[Finding]:
    """Activities and timed readings of the schedule that an ended encounter has no entry of.

    Args:
        entries: those of the encounter.
    """
    earlier = encounter.attempt != course.attempt
    given: dict[str, datetime] = {}
    for dose in course.doses:
        if dose.encounter == encounter.id and dose.is_taken:
            given[dose.part] = dose.at
    undosed = visit.kind == "dosing" and "initial" not in given  # then the session was broken off
    for activity in ("dose",) if undosed else _expected(visit, encounter):
        if earlier and activity not in course.release.forms:
            continue  # it is known of the latest attempt alone
        if not _was_done(course, encounter.id, activity):
            message = f"{activity} is planned for {encounter.visit} and was not entered"
            yield _finding("activity_missing", encounter.closed, activity, message)
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
                yield _finding("reading_missing", encounter.closed, item, message)


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
