"""What was heard of and is not entered: a yes on a checklist or in a call, a transfer, a death."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from entact.course.entry.dates import read_date
from entact.course.schedule import civil_date
from entact.course.state.progress import zone_of

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.state.form import Answers
    from entact.course.state.safety import AdverseEventState

ENTERED_WITHIN = timedelta(hours=24)  # from what was heard to its entry; and how far back it asks


def found_unentered(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """What was heard of in visits and calls and is not entered: rule, entry, item and message."""
    yield from _of_ends(course)
    yield from _of_events(course)
    yield from _of_calls(course)


def found_in_checklists(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """Events answered with yes, of which there is no entry within a day: rule, entry, item and message.

    A checklist asks for what there is, and for what there was since it was asked last. So an event answers
    it that has not ended before the day on which the visit began, or that began since the last time.
    """
    for name in course.release.file.adverse_events.checklists:
        before: Answers | None = None
        for answers in course.answers.get(name, ()):
            for term, answer in answers.values.items():
                if answer is True and not any(
                    event.term == term and _answers(course, event, answers, before)
                    for event in course.adverse_events.values()
                ):
                    message = f"{term} was answered with yes, and no such event is entered"
                    yield "event_not_entered", answers.entry, term, message
            if answers.status == "done":
                before = answers


def _answers(course: Course, event: AdverseEventState, asked: Answers, before: Answers | None) -> bool:
    """Whether an event is one that a yes can be about."""
    if event.begun is None or event.begun > asked.at + ENTERED_WITHIN:
        return False
    zone = zone_of(course, asked.at)
    onset = read_date(event.onset)
    if onset is not None and (
        onset.at > asked.at if onset.at is not None else onset.earliest > civil_date(asked.at, zone)
    ):
        return False  # it began after it was asked for
    encounter = course.encounters.get(asked.encounter or "")
    visit_began = encounter.started if encounter is not None and encounter.started is not None else asked.at
    if not _ended_before(event, min(visit_began, asked.at) - ENTERED_WITHIN, zone):
        return True
    if before is None:
        return False
    if onset is None:
        return event.begun > before.at
    return onset.at > before.at if onset.at is not None else onset.earliest > civil_date(before.at, zone)


def _ended_before(event: AdverseEventState, at: datetime, zone: tzinfo) -> bool:
    """Whether an event was over at a time, whatever a partial date may mean."""
    resolved = read_date(event.resolved)
    if resolved is not None:
        return resolved.at < at if resolved.at is not None else resolved.latest < civil_date(at, zone)
    over = [said.at for said in event.judgements if said.outcome in OVER]
    return bool(over) and event.outcome in OVER and over[0] < at


def _of_calls(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """Calls in which an event or suicidality was heard of, without an event that it can have been."""
    for call in course.calls:
        if not (call.events_heard or call.suicidality):
            continue
        zone = zone_of(course, call.at)
        entered = any(
            any(abs(said.at - call.at) <= ENTERED_WITHIN for said in event.judgements)
            or (
                event.begun is not None
                and event.begun <= call.at
                and not _ended_before(event, call.at - ENTERED_WITHIN, zone)
            )
            for event in course.adverse_events.values()
        )
        for item, heard in (("events_heard", call.events_heard), ("suicidality", call.suicidality)):
            if heard and not entered:
                what = "suicidality" if item == "suicidality" else "an event"
                yield "event_not_entered", call.entry, item, f"{what} was heard of, and no event is entered"


def _of_events(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """A death without an event that ended in it, which starts the clocks of its reports, and the reverse."""
    fatal = [event for event in course.adverse_events.values() if event.is_fatal]
    for event in fatal if course.died is None else ():
        yield "death_not_entered", event.entry, "", "is said to have ended in death, and none is entered"
    if course.died is not None and not fatal:
        yield "event_not_entered", course.died.entry, "death", "no event is entered that ended in this death"


def _of_ends(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """Encounters that ended in a hospital or with a death, of which nothing else is entered within a day."""
    for encounter in course.encounters.values():
        began, ended = encounter.started, encounter.ended
        if encounter.disposition == "death" and course.died is None:
            message = f"{encounter.id} ended with a death, and none is entered"
            yield "death_not_entered", encounter.closed, "", message
        elif encounter.disposition == "transfer_to_hospital" and ended is not None:
            since, until = began or ended, ended + ENTERED_WITHIN
            events = course.adverse_events.values()
            if not any(since <= said.at <= until for event in events for said in event.judgements):
                message = f"{encounter.id} ended with a transfer to hospital, and no event is entered"
                yield "event_not_entered", encounter.closed, "transfer_to_hospital", message


OVER = frozenset({"resolved", "resolved_with_sequelae", "fatal"})  # outcomes of an event that is over
