"""Whom an alert calls, and when: once for an episode, again when it becomes worse or an answer is too old."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.kinds.checks import CLOCK_TOLERANCE
from entact.protocol.core_alerts import CORE_ALERTS
from entact.protocol.problem import unknown
from entact.protocol.study import Alert

if TYPE_CHECKING:
    from entact.course.state.alerts import AlertEpisode
    from entact.course.state.state import State

Why = Literal["raised", "worse", "again"]


class Call(msgspec.Struct, frozen=True):
    """People were called: by which entry, when and why, and by which entry the first of them answered."""

    entry: str
    at: datetime
    why: Why
    answer: str | None = None
    answered_at: datetime | None = None


def open_alerts(course: State) -> list[AlertEpisode]:
    """Episodes of alerts whose last call nobody has answered, in order of time."""
    return [episode for episode in course.alerts if open_call(course, episode).answer is None]


def calls_of(course: State, episode: AlertEpisode) -> list[Call]:
    """The calls of an episode, in order of time; there is always a first one.

    While a call is open another one is only for what is worse. Once it is answered, the episode calls again
    when it goes on longer after that than the study file says (`again`), or becomes worse. An answer closes
    all calls up to then, but for what had become worse after the entry that it is about: nobody can say that
    it was seen.
    """
    answers = [
        (max(answer.at, holding.at), answer.entry, holding.at)
        for holding in episode.held
        for alert in episode.alerts
        for answer in course.answered.get((alert, holding.entry), ())
    ]
    answers.sort(reverse=True)
    lasts = min((said.again for said in _said(course, episode)), default=timedelta(0))
    calls: list[Call] = []
    reached: set[int] = set()
    looked: datetime | None = None
    for holding in episode.held:
        while answers and answers[-1][0] < holding.at:
            looked, calls = _answered(calls, *answers.pop())
        why: Why | None = None
        if not calls:
            why = "raised"
        elif not reached.issuperset(holding.worse):
            why = "worse"
        elif looked is not None and calls[-1].answer is not None and holding.at - looked >= lasts:
            why = "again"
        reached.update(holding.worse)
        if why is not None:
            calls.append(Call(holding.entry, holding.at, why))
    while answers:
        looked, calls = _answered(calls, *answers.pop())
    return calls


def _answered(calls: list[Call], at: datetime, entry: str, seen: datetime) -> tuple[datetime, list[Call]]:
    """When somebody answered, and the calls with those answered that this closes."""
    return at, [
        msgspec.structs.replace(call, answer=entry, answered_at=at)
        if call.answer is None and (call.at <= seen or call.why != "worse")
        else call
        for call in calls
    ]


def open_call(course: State, episode: AlertEpisode) -> Call:
    """The last call of an episode: of an open one what an answer has to be about."""
    return calls_of(course, episode)[-1]


def told(course: State, episode: AlertEpisode, at: datetime) -> tuple[str, ...]:
    """The roles that an episode has called by a time, in the order of the study file.

    Until a second reading confirms it, or the time for one is over, the first role is called alone.
    """
    calls = calls_of(course, episode)
    found: dict[str, None] = {}
    for said in _said(course, episode):
        worse = {place for holding in episode.held if holding.at <= at for place in holding.worse}
        to_all = bool(worse) or _is_due_to_all(episode, said, at)
        found |= dict.fromkeys(said.tell if to_all else said.tell[:1])
        for place, step in enumerate(said.escalate):
            if place in worse or (
                step.after is not None
                and any(_is_late(call, step.after, min(at, call.answered_at or at)) for call in calls)
            ):
                found |= dict.fromkeys(step.tell)
    return tuple(found)


def late_calls(course: State) -> Iterator[tuple[datetime, str, str, str, str]]:
    """What was not done in time about an alert: the last instant at which it still was, and the finding's
    rule, entry, item and message."""
    for episode in course.alerts:
        said = next(iter(_said(course, episode)), None)
        if said is None:
            continue
        soonest = min((step.after for step in said.escalate if step.after is not None), default=None)
        for call in calls_of(course, episode) if soonest is not None else ():
            assert soonest is not None
            if call.answered_at is None or call.answered_at - call.at > soonest:
                message = f"nobody answered {_words(episode)} within {_minutes(soonest)}"
                yield call.at + soonest, "alert_unanswered", call.entry, episode.alert, message
        if said.confirm is not None and not episode.cannot_evaluate:
            until = episode.began + said.confirm
            if episode.second is None or episode.second > until:
                message = f"no second reading within {_minutes(said.confirm)} confirmed {_words(episode)}"
                yield until, "alert_not_confirmed", episode.entry, episode.alert, message


def found_in_answers(course: State, has: Callable[[str], bool]) -> Iterator[tuple[str, str, str, str]]:
    """Answers to no alert that there is, or from before what they are about: rule, entry, item, message.

    Args:
        has: whether an entry was added, in force or not.
    """
    at_of = {one.id: one.at for one in course.effective}
    for (alert, about), answers in course.answered.items():
        for answer in answers:
            release = course.site_release(answer.at)
            if release.alert_named(alert) is None:
                yield "unknown_alert", answer.entry, "alert", unknown("alert", alert, release.alerts)
            if not has(about):
                yield "about_unknown", answer.entry, "about", f"answers {about}, which has not arrived"
            elif at_of.get(about, answer.at) - answer.at > CLOCK_TOLERANCE:
                yield "answered_before", answer.entry, "", f"answers {about}, and is of before it"


def _said(course: State, episode: AlertEpisode) -> list[Alert]:
    """What the study file in force at its beginning, or the engine, says of an episode's alerts."""
    release = course.site_release(episode.began)
    return [said for name in episode.alerts if (said := release.alert_named(name)) is not None]


def _is_due_to_all(episode: AlertEpisode, said: Alert, at: datetime) -> bool:
    if said.confirm is None or episode.cannot_evaluate:
        return True
    until = episode.began + said.confirm
    if len(episode.held) > 1 and episode.held[1].at <= at:
        return True
    return at > until and not (episode.ended_at is not None and episode.ended_at <= until)


def _is_late(call: Call, after: timedelta, at: datetime) -> bool:
    return at - call.at > after


def _minutes(time: timedelta) -> str:
    return f"{time.total_seconds() / 60:g} min"


def _words(episode: AlertEpisode) -> str:
    return CORE_ALERTS.get(episode.alert, episode.alert.replace("_", " "))
