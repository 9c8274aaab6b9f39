"""Answers about how a study is built: who is blind and rates, doses, gates and alerts, what is analysed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from entact.protocol.problem import Path
from entact.protocol.requirements.answer import Answer, answer, no, yes
from entact.protocol.requirements.timeline import Timeline, in_days, names_in
from entact.protocol.requirements.words import (
    AlertOn,
    Analysed,
    Assessed,
    Blind,
    Doses,
    EndpointAfter,
    GateOn,
    Rated,
)
from entact.protocol.study import Analysis


@answer.register
def _(rule: Rated, study: Timeline) -> Answer:
    file = study.release.file
    if not study.primary_forms:
        return Answer(None, (), ("the primary endpoint names no form",))
    forms = file.all_forms
    visits = [visit for visit in study.visits.values() if set(study.primary_forms) & {*visit.activities}]
    raters = {forms[form].by or visit.by for visit in visits for form in study.primary_forms}
    in_session = {forms[done].by for name in study.sessions for done in _filled(study, name) if done in forms}
    lacks = []
    for rater in raters:
        if rater is None:
            lacks.append("nobody is named who rates the primary outcome")
        elif rater == "participant" or rater in in_session or study.role_is(rater, "therapist"):
            lacks.append(f"the primary outcome is rated by the {rater}")
    hidden = {one.role: set(one.hidden) for one in file.blinding}
    for rater in raters - {None}:
        seen = [one for one in rule.hidden if one not in hidden.get(str(rater), set())]
        if seen and not lacks:
            lacks.append(f"{rater} sees {', '.join(seen)}")
    if lacks:
        return no(*lacks)
    places = [("blinding", place) for place, one in enumerate(file.blinding) if one.role in raters]
    return yes([*places, *(("forms", form) for form in study.primary_forms)])


def _filled(study: Timeline, visit: str) -> tuple[str, ...]:
    return study.visits[visit].activities


@answer.register
def _(rule: Blind, study: Timeline) -> Answer:
    file = study.release.file
    lacks, places = [], []
    for kind in rule.blind:
        roles = [role for role in {**file.roles, "participant": ""} if study.role_is(role, kind)]
        found = [
            (("blinding", place), one.role)
            for place, one in enumerate(file.blinding)
            if one.role in roles and "allocation" in one.hidden
        ]
        places += [path for path, _ in found]
        seeing = set(roles) - {role for _, role in found}
        if not roles:
            lacks.append(f"no role is a {kind}")
        elif seeing:
            lacks.append(f"{', '.join(sorted(seeing))}: allocation is not hidden")
    return no(*lacks) if lacks else yes(places)


@answer.register
def _(_rule: Assessed, study: Timeline) -> Answer:
    file = study.release.file
    endpoint = file.endpoints[file.analysis.primary.endpoint]
    visit = study.release.visits[endpoint.at]
    before: Any = visit
    seen: set[str] = set()
    while before is not None and before.alternative is None and before.visit not in seen:
        seen.add(before.visit)
        if before.after == "initial" or (before.kind == "dosing"):
            return no(f"{endpoint.at} is counted from {before.after or before.visit} and has no `or:`")
        before = study.release.visits.get(before.after or "")
        if before is not None and before.kind in ("dosing", "integration"):
            return no(f"{endpoint.at} is counted from {before.visit} and has no `or:`")
    return yes([study.path_of(endpoint.at) if endpoint.at in study.visits else ("schedule",)])


@answer.register
def _(rule: EndpointAfter, study: Timeline) -> Answer:
    if not study.sessions:
        return Answer(None, (), ("the study has no dosing session",))
    last = study.days.get(study.sessions[-1])
    if last is None:
        return Answer(None, (), (f"the day of {study.sessions[-1]} is not known",))
    after = {
        name: study.days[endpoint.at] - last
        for name, endpoint in study.release.file.endpoints.items()
        if endpoint.at in study.days
    }
    wanted = in_days(rule.endpoint_after)
    found = [name for name, days in after.items() if days >= wanted]
    if found:
        return yes(("endpoints", name) for name in found)
    latest = max(after.values(), default=0.0)
    return no(
        f"the latest endpoint is {latest:.0f} days after {study.sessions[-1]}, and {wanted:.0f} are asked for"
    )


@answer.register
def _(rule: GateOn, study: Timeline) -> Answer:
    gate = study.release.file.gates.get(rule.gate)
    if gate is None:
        return no(f"there is no gate `{rule.gate}`")
    wanted = None if "(" in rule.on else study.items_that(rule.on)
    places: list[Path] = []
    for number, requirement in enumerate(gate.require):
        hit = (
            rule.on in requirement.require
            if wanted is None
            else any(_names(name, wanted) for name in names_in(requirement.require))
        )
        if hit:
            places.append(("gates", rule.gate, "require", number))
    if places:
        return yes(places)
    what = f"`{rule.on}`" if wanted is None else study.title(rule.on)
    return no(f"the gate `{rule.gate}` does not ask for {what}")


def _names(name: str, wanted: Iterable[str]) -> bool:
    """Whether a name of a rule is one of the items, or of a whole form (`form.`)."""
    return any(name == one or (one.endswith(".") and name.startswith(one)) for one in wanted)


@answer.register
def _(rule: AlertOn, study: Timeline) -> Answer:
    wanted = study.items_that(rule.alert_on)
    file = study.release.file
    places: list[Path] = []
    for name, alert in file.alerts.items():
        if not any(_names(one, wanted) for one in names_in(alert.when)):
            continue
        told = {*alert.tell, *(role for step in alert.escalate for role in step.tell)}
        if rule.tells is None or any(study.role_is(role, rule.tells) for role in told):
            places.append(("alerts", name))
    if places:
        return yes(places)
    whom = f" that tells somebody {rule.tells}" if rule.tells else ""
    return no(f"no alert{whom} reads {study.title(rule.alert_on)}")


@answer.register
def _(rule: Doses, study: Timeline) -> Answer:
    file = study.release.file
    best: dict[str, set[tuple[int, str]]] = {}
    for name, regimen in file.regimens.items():
        doses = {(one.initial.count, one.initial.strength) for one in regimen.arms.values()}
        whole = {arm for arm, said in file.arms.items() if arm not in regimen.arms and said.role != "placebo"}
        best[name] = doses | ({(regimen.initial.count, regimen.initial.strength)} if whole else set())
    active = {name: _active(said) for name, said in best.items()}
    found = [name for name, said in active.items() if len(said) >= rule.doses]
    if found:
        return yes(("regimens", name) for name in found)
    most = max((len(said) for said in active.values()), default=0)
    return no(f"arms are compared at {most} active dose{'' if most == 1 else 's'} of a session")


def _active(doses: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
    return {dose for dose in doses if not re.match(r"0(\.0*)?\s", dose[1])}


@answer.register
def _(rule: Analysed, study: Timeline) -> Answer:
    file = study.release.file
    places: list[Path] = []
    items = {name for name in study.items_that(rule.analysed) if not name.endswith(".")}
    bare = {name.partition(".")[2] for name in items}
    if file.randomisation is not None:
        places += [
            ("randomisation", "strata", place)
            for place, stratum in enumerate(file.randomisation.strata)
            if stratum in items
        ]
    plan = file.analysis
    named: dict[Path, Analysis] = {("analysis", "primary"): plan.primary}
    named |= {("analysis", "secondary", name): one for name, one in plan.secondary.items()}
    for path, one in named.items():
        if bare & {*re.findall(r"[a-z][a-z0-9_]*", one.fixed or "")}:
            places.append((*path, "fixed"))
    if places:
        return yes(places)
    return no(f"{study.title(rule.analysed)} is no stratum and in no model of the plan")
