"""Alerts: rules that call people as soon as an entry makes them hold, or leaves them unknown.

A person who is called three times in ten minutes for one thing stops listening. So what keeps an alert
holding is one episode, which calls once, and again when it becomes worse or an answer is too old
(`entact.course.kinds.calls`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from entact.course.state.alerts import AlertEpisode, Holding
from entact.course.state.values import SessionFacts, Values, ask
from entact.protocol.rule import Rule, Unknown

if TYPE_CHECKING:
    from entact.course.state.form import Answers
    from entact.course.state.state import State
    from entact.protocol.compiled import CompiledAlert
    from entact.protocol.release import Release

_URGENCY = ("now", "today", "week")


class _Named(NamedTuple):
    """An alert, and the items of one form that what its rules name is made of."""

    name: str
    alert: CompiledAlert
    items: frozenset[str]


def raise_alerts(course: State, answers: Answers) -> None:
    """Evaluates the alerts that have a name which these answers say something about.

    Alerts follow the release in force at the site, whatever the participant consented to: a safety limit
    waits for nobody. Of a number that cannot be true nothing is known, but where the rule holds for it as it
    was entered the alert fires: a reading far too high may be a slip, or the worst of all.
    """
    release = course.site_release(answers.at)
    named = _alerts_by_form(release).get(answers.form)
    if named is None:
        return
    seen = _Seen(course, answers)
    for name, alert, items in named:
        if answers.status == "done" and items.isdisjoint(answers.items):
            continue
        held = seen.says(alert.rule)
        if isinstance(held, Unknown):
            _cannot_evaluate(course, release, name, answers, held)
            continue
        _evaluated(course, name, answers)
        going = _going(course, name, answers.encounter)
        if going is not None:
            going.look_again(answers.at)
        if held:
            worse = [place for place, rule in enumerate(alert.worse) if rule is not None and seen.holds(rule)]
            holding = Holding(answers.entry, answers.at, tuple(worse))
            if going is None:
                course.alerts.append(AlertEpisode((name,), answers.encounter, answers.form, [holding]))
            else:
                _hold_again(going, holding)
        elif going is not None and (alert.rearm is None or seen.holds(alert.rearm)):
            going.end(answers.entry, answers.at)


class _Seen:
    """What rules of alerts see at the time of some answers."""

    def __init__(self, course: State, answers: Answers) -> None:
        self.facts: SessionFacts = course.facts(answers.encounter, answers.at)
        self.values = course.values(answers.encounter, answers.at)
        self.as_entered = Values(course, answers.encounter, answers.at, None, False, beyond=True)

    def says(self, rule: Rule) -> bool | Unknown:
        """True, false or unknown; true also of a number that cannot be true, as it was entered."""
        held = ask(rule, self.values, self.facts)
        if isinstance(held, Unknown):
            return True if ask(rule, self.as_entered, self.facts) is True else held
        return held is True

    def holds(self, rule: Rule) -> bool:
        """Whether a rule is known to hold."""
        return self.says(rule) is True


def _hold_again(going: AlertEpisode, holding: Holding) -> None:
    """Adds what an alert held by again. What is of the same instant, as a monitor's reading and the entry of
    who took it, is one reading: it confirms nothing."""
    last = going.held[-1]
    if last.at != holding.at:
        going.held.append(holding)
        return
    worse = tuple(sorted({*last.worse, *holding.worse}))
    going.held[-1] = msgspec.structs.replace(last, worse=worse)


def _going(course: State, name: str, encounter: str | None) -> AlertEpisode | None:
    """The episode of an alert that holds and has not ended."""
    for episode in reversed(course.alerts):
        if episode.encounter == encounter and not episode.cannot_evaluate and episode.alert == name:
            return episode if episode.ended is None else None
    return None


def _cannot_evaluate(course: State, release: Release, name: str, answers: Answers, held: Unknown) -> None:
    """Begins the episode of what a form leaves without an answer, or adds an alert to it."""
    about = _about(release.alerts[name].rule)
    holding = Holding(answers.entry, answers.at)
    missing = frozenset(held.missing)
    for episode in reversed(course.alerts):
        if not episode.cannot_evaluate or episode.ended is not None or episode.encounter != answers.encounter:
            continue
        known = release.alerts.get(episode.alert)
        if episode.form == answers.form and known is not None and _about(known.rule) == about:
            episode.look_again(answers.at)
            if episode.held[-1].entry != answers.entry:
                episode.held.append(holding)
            episode.alerts = _by_urgency(release, {*episode.alerts, name})
            episode.missing = tuple(sorted({*episode.missing, *missing}))
            episode.waiting |= {name}
            return
    course.alerts.append(
        AlertEpisode(
            (name,),
            answers.encounter,
            answers.form,
            [holding],
            True,
            tuple(sorted(missing)),
            waiting=frozenset({name}),
        )
    )


def _evaluated(course: State, name: str, answers: Answers) -> None:
    """Ends the episode of what could not be evaluated, once all of it could."""
    for episode in course.alerts:
        if name in episode.waiting and episode.ended is None and episode.encounter == answers.encounter:
            episode.waiting -= {name}
            if not episode.waiting:
                episode.end(answers.entry, answers.at)


@lru_cache(maxsize=1024)
def _about(rule: Rule) -> frozenset[str]:
    """The forms and functions that a rule asks: alerts of one cause have the same."""
    return frozenset(name.rpartition(".")[0] for name in rule.names) | {call.function for call in rule.calls}


def _by_urgency(release: Release, names: set[str]) -> tuple[str, ...]:
    ordered = [name for name in release.alerts if name in names]
    ordered.sort(key=lambda name: _URGENCY.index(release.alerts[name].alert.urgency))
    return (*ordered, *sorted(names - set(ordered)))


@lru_cache(maxsize=64)
def _alerts_by_form(release: Release) -> dict[str, list[_Named]]:
    """A release's alerts by each form that they have a name of, with the items that say something of it.

    Nobody enters a score or a calculated value: what it is made of does.
    """
    result: dict[str, list[_Named]] = {}
    for name, alert in release.alerts.items():
        items: dict[str, set[str]] = {}
        rules = [alert.rule, alert.rearm, *alert.worse]
        for dotted in {dotted for rule in rules if rule is not None for dotted in rule.names}:
            form, item = dotted.split(".")[-2:]
            items.setdefault(form, set()).update(release.forms[form].made_of(item))
        for form, named in items.items():
            result.setdefault(form, []).append(_Named(name, alert, frozenset(named)))
    return result
