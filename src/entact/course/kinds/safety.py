"""Adverse events, favourable ones too, safety calls, answers to alerts, and death."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.kinds.kind import BY_ALERT, Kind
from entact.course.kinds.reporting import start_clocks
from entact.course.kinds.stopping import check_stopping
from entact.course.state.alerts import AlertAnswer
from entact.course.state.safety import AdverseEventState, CallState, DeathState, Judgement

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class AdverseEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `adverse_event`: begins or, with `about`, continues one event. Valence is a field, never a filter.

    `term` is a code of the study's event list or `other`; `verbatim` is sealed text.
    """

    term: str | None = None
    verbatim: str | None = None
    onset: str | None = None  # RFC 3339, or a partial date
    resolved: str | None = None
    severity: Literal["mild", "moderate", "severe"] | None = None
    serious: bool | None = None
    seriousness: list[str] | None = None
    related: Literal["not", "unlikely", "possible", "probable", "definite"] | None = None
    expected: bool | None = None
    outcome: Literal["ongoing", "resolved", "resolved_with_sequelae", "fatal", "unknown"] | None = None
    valence: Literal["unfavourable", "favourable", "neutral"] | None = None
    solicited: bool | None = None
    action: str | None = None


class SafetyCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `safety_call`: a contact after a session: reached or not, how long, whether anything was heard."""

    reached: bool
    minutes: int | None = None
    suicidality: bool | None = None
    events_heard: bool | None = None
    note: str | None = None  # sealed


class AlertAnswered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `alert_answered`: somebody responds to an alert; `about` is the entry that raised it."""

    alert: str
    action: str  # a code
    note: str | None = None  # sealed


class Death(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `death`: the date, perhaps partial, and the cause as sealed text."""

    date: str
    cause: str | None = None


def reduce_adverse_event(course: State, effective: Effective, payload: AdverseEvent) -> None:
    """Begins one event, or merges what changed about it."""
    terms = course.release.file.adverse_events.terms
    if payload.term is not None and payload.term != "other" and payload.term not in terms:
        course.found("unknown_term", effective.id, "term", f"the study's event list has no {payload.term!r}")
    state = course.continue_thing(course.adverse_events, AdverseEventState, effective, payload)
    state.judgements.append(Judgement(effective.at, payload.severity, payload.serious, payload.outcome))
    if effective.entry.about is None:
        state.encounter = effective.entry.encounter
    start_clocks(course, state, effective.at)
    check_stopping(course, "person", effective.entry.encounter, effective.at, effective.id)


def reduce_safety_call(course: State, effective: Effective, payload: SafetyCall) -> None:
    """Keeps every call, in order of time."""
    said = (payload.minutes, payload.suicidality, payload.events_heard)
    if payload.minutes is not None and payload.minutes < 0:
        course.found("item", effective.id, "minutes", f"a call of {payload.minutes} minutes cannot be")
    elif not payload.reached and any(said):
        message = "nobody was reached, though something was heard or the call lasted some time"
        course.found("call_contradicts", effective.id, "reached", message)
    course.calls.append(
        CallState(
            effective.id,
            effective.entry.encounter,
            effective.at,
            payload.reached,
            payload.minutes,
            payload.suicidality,
            payload.events_heard,
            payload.note,
            effective.origins.get("note", effective.id),
        )
    )


def reduce_alert_answered(course: State, effective: Effective, payload: AlertAnswered) -> None:
    """Answers the alert that held by the entry in `about`, and all of its episode up to then."""
    if effective.entry.about is None:
        course.found(
            "about_missing", effective.id, "about", "an answer has to name the entry that raised the alert"
        )
        return
    answers = course.answered.setdefault((payload.alert, effective.entry.about), [])
    answers.append(AlertAnswer(effective.id, effective.at))


def reduce_death(course: State, effective: Effective, payload: Death) -> None:
    """The first report stays; a second one is a finding."""
    if course.died is not None:
        course.found(
            "died_twice", effective.id, "date", f"the death was already entered in {course.died.entry}"
        )
        return
    course.died = DeathState(
        effective.id, effective.at, payload.date, payload.cause, effective.origins.get("cause", effective.id)
    )


ADVERSE_EVENT = Kind(
    name="adverse_event",
    title="Adverse event",
    ways=("page add", "console"),
    payload=AdverseEvent,
    reduce=reduce_adverse_event,
    tells=frozenset({"adverse_events"}),
    sealed=frozenset({"verbatim"}),
    dated=("onset", "resolved"),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    activity="adverse_events",  # of which an entry is only made when there is one
    writes=frozenset({"adverse_events", "clocks", "stops"}),
)
# A call, like a deviation or a discontinuation, says something of what happened in a session, and of events.
SAFETY_CALL = Kind(
    name="safety_call",
    title="Safety call",
    ways=("page add",),
    payload=SafetyCall,
    reduce=reduce_safety_call,
    tells=frozenset({"adverse_events", "safety"}),
    sealed=frozenset({"note"}),
    needs_consent=False,
    in_encounter=True,
    with_participant=True,
    ended_by=frozenset({"follow_up", "data_use"}),
    activity="safety_call",
    done=lambda course, encounter: any(one.encounter == encounter for one in course.calls),
    writes=frozenset({"calls"}),
)
ALERT_ANSWERED = Kind(
    name="alert_answered",
    title="Alert answered",
    ways=("page add", "console"),
    payload=AlertAnswered,
    reduce=reduce_alert_answered,
    tells=frozenset({BY_ALERT}),
    sealed=frozenset({"note"}),
    small=True,
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    writes=frozenset({"answered"}),
)
DEATH = Kind(
    name="death",
    title="Death",
    ways=("page add",),
    payload=Death,
    reduce=reduce_death,
    tells=frozenset({"adverse_events"}),
    sealed=frozenset({"cause"}),
    dated=("date",),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
)
