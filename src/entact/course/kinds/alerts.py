"""Alerts: rules that call people as soon as an entry makes them hold, or leaves them unknown."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from entact.course.state.alerts import AlertRaised
from entact.course.state.values import Values, ask
from entact.protocol.rule import Unknown

if TYPE_CHECKING:
    from entact.course.state.form import Answers
    from entact.course.state.state import State
    from entact.protocol.release import Release
    from entact.protocol.rules import CompiledAlert


def raise_alerts(course: State, answers: Answers) -> None:
    """Evaluates the alerts that have a name which these answers say something about.

    Alerts follow the release in force at the site, whatever the participant consented to: a safety limit
    waits for nobody. Of a number that cannot be true nothing is known, but where the rule holds for it as it
    was entered the alert fires: a reading far too high may be a slip, or the worst of all.
    """
    for name, alert, items in _alerts_by_form(course.site_release(answers.at)).get(answers.form, ()):
        if answers.status == "done" and items.isdisjoint(answers.items):
            continue
        values = course.values(answers.encounter, answers.at)
        facts = course.facts(answers.encounter, answers.at)
        held = ask(alert.rule, values, facts)
        if isinstance(held, Unknown):
            as_entered = Values(course, answers.encounter, answers.at, None, False, beyond=True)
            if ask(alert.rule, as_entered, facts) is True:
                course.alerts.append(AlertRaised(name, answers.entry))
                continue
            course.alerts.append(AlertRaised(name, answers.entry, True, tuple(sorted(held.missing))))
        elif held:
            course.alerts.append(AlertRaised(name, answers.entry))


@lru_cache(maxsize=64)
def _alerts_by_form(release: Release) -> dict[str, list[tuple[str, CompiledAlert, frozenset[str]]]]:
    """A release's alerts by each form that they have a name of, with the items and scores named."""
    result: dict[str, list[tuple[str, CompiledAlert, frozenset[str]]]] = {}
    for name, alert in release.alerts.items():
        items: dict[str, set[str]] = {}
        for dotted in alert.rule.names:
            form, item = dotted.split(".")[-2:]
            items.setdefault(form, set()).add(item)
        for form, named in items.items():
            result.setdefault(form, []).append((name, alert, frozenset(named)))
    return result


def open_alerts(course: State) -> list[AlertRaised]:
    """Alerts that were raised and that nobody has answered, in order of time."""
    return [raised for raised in course.alerts if (raised.alert, raised.entry) not in course.answered]
