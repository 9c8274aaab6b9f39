"""What the study file says of every session, as one role may see it: forms, gates, alerts, doses, terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext

from entact.conduct.session.asking import form_of, rule_of
from entact.conduct.sight import EVENTS, Sight
from entact.conduct.words import role_words, told
from entact.course.gates.core import ACTS
from entact.protocol import Release
from entact.protocol.compiled import CompiledGate
from entact.protocol.core_alerts import CORE_ALERTS
from entact.protocol.pad import GATES_OF_THE_DAY
from entact.protocol.study import SessionPlan
from entact.protocol.words import Labels, name_words

GATED: Final = GATES_OF_THE_DAY


def of_file(
    release: Release, sight: Sight, enters: Callable[[str], bool], site: str | None = None
) -> dict[str, Any]:
    """What the study file says of every session, as a role may see it: forms, gates, alerts, doses, terms.

    Args:
        enters: whether whoever asks fills in a form. site: whose telephones are said.
    """
    return {
        "forms": {
            name: form_of(form, enters(name)) for name, form in release.forms.items() if sight.sees_form(name)
        },
        "gates": {name: _gate(name, release.gates.get(ACTS[name].gate)) for name in seen_gates(sight)},
        "alerts": {
            name: _alert(release, name) for name in (*CORE_ALERTS, *release.alerts) if sight.sees_alert(name)
        },
        "regimens": {name: _regimen(release, name) for name in release.file.regimens},
        "names": dict(_names(release, sight)),
        "terms": _terms(release) if sight.sees(EVENTS) else [],
        "plan": plan_of(release.file.session or SessionPlan(), site),
        "roles": {name: role_words(name) for name in release.file.roles},
    }


def plan_of(plan: SessionPlan, site: str | None) -> dict[str, Any]:
    """What people have at hand at a session of a site, in the study file's words and the page's language."""
    return {
        "telephones": [
            {"code": code, "title": told(one.title), "number": one.at(site)}
            for code, one in plan.telephones.items()
        ],
        "rescue": [
            {"code": code, "title": told(one.title), "give": told(one.give), "when": told(one.when)}
            for code, one in plan.rescue.items()
        ],
        "emergencies": [
            {
                "code": code,
                "title": told(one.title),
                "signs": told(one.signs),
                "steps": [told(step) for step in one.steps],
            }
            for code, one in plan.emergencies.items()
        ],
        "arrival": [{"code": code, "title": told(title)} for code, title in plan.arrival.items()],
        "night_checks": seconds(plan.night_checks),
    }


def seen_gates(sight: Sight) -> list[str]:
    return [name for name in GATED if sight.sees_gate(ACTS[name].gate)]


def _gate(name: str, gate: CompiledGate | None) -> dict[str, Any]:
    if gate is None:
        return {"applies_when": None, "requirements": []}
    return {
        "applies_when": rule_of(gate.applies_when),
        "requirements": [
            {
                "code": f"{ACTS[name].gate}.{number}",
                "rule": rule_of(one.rule),
                "else": told(one.otherwise),
                "within": seconds(one.within),
                "ever": one.ever,
                "override": one.override,
                "staff": one.is_about_staff,
            }
            for number, one in enumerate(gate.requirements, start=1)
        ],
    }


def _alert(release: Release, name: str) -> dict[str, Any]:
    """An alert; one of the engine's own has no rule, and is raised by the doses themselves."""
    alert, compiled = release.alert_named(name), release.alerts.get(name)
    assert alert is not None
    worse = [None] * len(alert.escalate) if compiled is None else compiled.worse
    return {
        "title": told(alert.title) if compiled is not None else gettext(alert.title),
        "urgency": alert.urgency,
        "tell": alert.tell,
        "confirm": seconds(alert.confirm),
        "again": seconds(alert.again),
        "rule": None if compiled is None else rule_of(compiled.rule),
        "rearm": None if compiled is None else rule_of(compiled.rearm),
        "escalate": [
            {"after": seconds(step.after), "tell": step.tell, "rule": rule_of(rule)}
            for step, rule in zip(alert.escalate, worse, strict=True)
        ],
    }


def _names(release: Release, sight: Sight) -> Iterator[tuple[str, str]]:
    """What the rules that are sent name, as people call it."""
    labels = Labels(release.forms)
    gates = filter(None, (release.gates.get(ACTS[name].gate) for name in seen_gates(sight)))
    rules = [rule for gate in gates for rule in (gate.applies_when, *(one.rule for one in gate.requirements))]
    rules += [alert.rule for name, alert in release.alerts.items() if sight.sees_alert(name)]
    for rule in filter(None, rules):
        for name in (*rule.names, *map(str, rule.calls)):
            yield name, name_words(name, labels)


def _regimen(release: Release, name: str) -> dict[str, Any]:
    """Units of a level, the same in every arm."""
    regimen = release.file.regimens[name]
    supplement = regimen.supplement
    return {
        "initial": regimen.initial.count,
        "supplement": None
        if supplement is None
        else {
            "units": supplement.give.count,
            "earliest": seconds(supplement.window.earliest),
            "latest": seconds(supplement.window.latest),
        },
    }


def _terms(release: Release) -> list[dict[str, str]]:
    terms = release.file.adverse_events.terms
    return [
        {"code": code, "title": told(term.title), "valence": term.valence} for code, term in terms.items()
    ]


def seconds(span: timedelta | None) -> float | None:
    """A length of time as the console has it."""
    return None if span is None else span.total_seconds()
