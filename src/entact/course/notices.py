"""What the study's ledger has to say of one participant's events, so that what stops everybody is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from entact.course.entry.effective import VOID
from entact.course.kinds.study import EVENT_OF_INTEREST, SERIOUS_EVENT
from entact.course.state.person import RELATED
from entact.course.state.setting import EventOfInterest, SeriousEvent, StudyState
from entact.course.state.state import State

Notice = SeriousEvent | EventOfInterest

# Kinds of entries of a participant after which the study's ledger may have something to say.
TELLING = frozenset({"adverse_event", "death", "conflict_decided", VOID})


def notices_owed(ledger: str, course: State, study: StudyState) -> Iterator[tuple[str, Notice]]:
    """Every notice that the study's ledger lacks of a participant, as kind and payload.

    An event that is no longer serious, or of no special interest any more, is noticed as that. Who has died
    without an event that ended in it is counted by the entry of the death, its cause not judged.

    Args:
        ledger: the participant's. course: as it stands. study: the study's ledger, as it stands.
    """
    serious = {one.event: one for one in _serious(ledger, course)}
    for event, notice in serious.items():
        if study.serious.get((ledger, event)) != notice:
            yield SERIOUS_EVENT.name, notice
    for event in _told(ledger, study.serious) - serious.keys():
        yield SERIOUS_EVENT.name, SeriousEvent(ledger, event, serious=False)
    interests = {one.event: one for one in _of_interest(ledger, course)}
    for event, of_kind in interests.items():
        if study.of_interest.get((ledger, event)) != of_kind:
            yield EVENT_OF_INTEREST.name, of_kind
    for event in _told(ledger, study.of_interest) - interests.keys():
        if study.of_interest[ledger, event].interest is not None:
            yield EVENT_OF_INTEREST.name, EventOfInterest(ledger, event, None)


def _told(ledger: str, notices: Iterable[tuple[str, str]]) -> set[str]:
    return {event for of, event in notices if of == ledger}


def _serious(ledger: str, course: State) -> Iterator[SeriousEvent]:
    events = course.adverse_events.values()
    for event in events:
        if event.is_serious:
            related = None if event.related is None else event.related in RELATED
            yield SeriousEvent(ledger, event.entry, related, event.expected, event.is_fatal)
    if course.died is not None and not any(event.is_fatal for event in events):
        yield SeriousEvent(ledger, course.died.entry, fatal=True)


def _of_interest(ledger: str, course: State) -> Iterator[EventOfInterest]:
    terms = course.release.file.adverse_events.terms
    for event in course.adverse_events.values():
        term = terms.get(event.term or "")
        if term is not None and term.special_interest is not None:
            yield EventOfInterest(ledger, event.entry, term.special_interest)
