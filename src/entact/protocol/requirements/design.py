"""Answers about how a study is built: who is blind and rates, doses, gates and alerts, what is analysed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from entact.protocol.extent import Numbers, call_name, extent_of
from entact.protocol.problem import Path
from entact.protocol.quantity import parse_quantity
from entact.protocol.requirements.answer import Answer, answer, no, yes
from entact.protocol.requirements.timeline import Timeline, in_days, names_in
from entact.protocol.requirements.words import (
    AlertOn,
    Analysed,
    Assessed,
    Blind,
    Comparator,
    Doses,
    EndpointAfter,
    Estimated,
    GateOn,
    InTheRoom,
    Observed,
    Rated,
    Responders,
    Tried,
)
from entact.protocol.study import Analysis, Hidden, Visit
from entact.protocol.tree import Apply, Call, Literal, Node, parse


@answer.register
def _(rule: Rated, study: Timeline) -> Answer:
    file = study.release.file
    if not study.primary_forms:
        return Answer(None, (), ("the primary endpoint names no form",))
    forms, wanted = file.all_forms, set(study.primary_forms)
    visits = [visit for visit in study.visits.values() if wanted & {*visit.activities}]
    raters = {forms[form].by or visit.by for visit in visits for form in wanted & {*visit.activities}}
    if rule.rated == "remote":
        return _remote(study, visits, raters)
    in_session = {forms[done].by for name in study.sessions for done in _filled(study, name) if done in forms}
    in_session |= {study.visits[name].by for name in study.sessions}
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


def _remote(study: Timeline, visits: Iterable[Visit], raters: set[str | None]) -> Answer:
    """Whether a rater rates the primary outcome at every visit without being there."""
    others = sorted(str(one) for one in raters if not study.role_is(one, "rater"))
    if others:
        return no(f"the primary outcome is rated by {', '.join(others)}, who is no rater")
    present = [visit.visit for visit in visits if visit.contact == "in_person"]
    if present:
        return no(f"the primary outcome is rated in person at {', '.join(present)}")
    return yes(study.path_of(visit.visit) for visit in visits)


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
    if before is not None and before.fallback is not None:
        anchor = study.release.visits.get(before.fallback[0])
        if before.fallback[0] == "initial" or (
            anchor is not None and anchor.kind in ("dosing", "integration")
        ):
            return no(f"the `or:` of {before.visit} is counted from {before.fallback[0]}, as treatment is")
    return yes([study.path_of(endpoint.at) if endpoint.at in study.visits else ("schedule",)])


@answer.register
def _(rule: EndpointAfter, study: Timeline) -> Answer:
    if not study.sessions:
        return Answer(None, (), ("the study has no dosing session",))
    last = study.days.get(study.sessions[-1])
    if last is None:
        return Answer(None, (), (f"the day of {study.sessions[-1]} is not known",))
    analysed = {one.endpoint for one in study.release.file.analysis.analyses.values()}
    after = {
        name: study.days[endpoint.at] - last
        for name, endpoint in study.release.file.endpoints.items()
        if endpoint.at in study.days and name in study.primary_endpoints and name in analysed
    }
    wanted = in_days(rule.endpoint_after)
    found = [name for name, days in after.items() if days >= wanted]
    if found:
        return yes(("endpoints", name) for name in found)
    latest = max(after.values(), default=0.0)
    return no(
        f"the latest endpoint of the primary outcome that is analysed is {latest:.0f} days after "
        f"{study.sessions[-1]}, and {wanted:.0f} are asked for"
    )


@answer.register
def _(rule: GateOn, study: Timeline) -> Answer:
    gate = study.release.file.gates.get(rule.gate)
    if gate is None:
        return no(f"there is no gate `{rule.gate}`")
    wanted = study.items_that(rule.on)
    places: list[Path] = [
        ("gates", rule.gate, "require", number)
        for number, requirement in enumerate(gate.require)
        if any(_names(name, wanted) for name in names_in(requirement.require))
    ]
    if places:
        return yes(places)
    return no(f"the gate `{rule.gate}` does not ask for {study.title(rule.on)}")


@answer.register
def _(rule: Observed, study: Timeline) -> Answer:
    wanted, longest, places = rule.observed.total_seconds(), 0.0, []
    for path, left, operator, right in _asked(study, "discharge"):
        if (
            not isinstance(left, Call)
            or call_name(left) != "elapsed('initial')"
            or operator not in (">", ">=")
        ):
            continue
        least = extent_of(right, {})
        if isinstance(least, Numbers) and least.is_one and least.low > 0:
            longest = max(longest, least.low)
            places += [path] if least.low >= wanted else []
    if places:
        return yes(places)
    said = f"{longest / 3600:g} hours at least" if longest else "no time at least"
    return no(f"the gate `discharge` asks for {said} after the initial dose")


@answer.register
def _(rule: InTheRoom, study: Timeline) -> Answer:
    seen: dict[str, tuple[int, Path]] = {}
    for path, left, operator, right in _asked(study, "initial_dose"):
        if not isinstance(left, Call) or left.function != "present" or not isinstance(right, Literal):
            continue
        role, number = left.args[0], right.value
        if not isinstance(role, Literal) or isinstance(number, bool) or not isinstance(number, int | float):
            continue
        least = int(number) + (operator == ">") if operator in (">", ">=", "==") else 0
        if role.value != "participant" and least > seen.get(str(role.value), (0, path))[0]:
            seen[str(role.value)] = least, path
    there = sum(least for least, _ in seen.values())
    if there >= rule.in_the_room:
        return yes(path for _, path in seen.values())
    return no(f"the gate `initial_dose` asks for {there} of the staff in the room")


def _asked(study: Timeline, gate: str) -> Iterator[tuple[Path, Node, str, Node]]:
    """Every comparison that has to hold for a gate to open: those with an alternative are none."""
    said = study.release.file.gates.get(gate)
    for number, requirement in enumerate(said.require if said is not None else ()):
        for node in _conjuncts(parse(requirement.require)):
            if isinstance(node, Apply) and len(node.parts) == 2:
                left, right = node.parts
                yield ("gates", gate, "require", number), left, node.operator, right


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, Apply) and node.operator == "&&":
        for part in node.parts:
            yield from _conjuncts(part)
    else:
        yield node


def _names(name: str, wanted: Iterable[str]) -> bool:
    """Whether a name of a rule is one of the items, or of a whole form (`form.`)."""
    return any(name == one or (one.endswith(".") and name.startswith(one)) for one in wanted)


@answer.register
def _(rule: AlertOn, study: Timeline) -> Answer:
    what = [rule.alert_on] if isinstance(rule.alert_on, str) else rule.alert_on
    wanted = [study.items_that(one) for one in what]
    file = study.release.file
    places: list[Path] = []
    for name, alert in file.alerts.items():
        read = names_in(alert.when)
        if not all(any(_names(one, items) for one in read) for items in wanted):
            continue
        told = {*alert.tell, *(role for step in alert.escalate for role in step.tell)}
        if rule.tells is None or any(study.role_is(role, rule.tells) for role in told):
            places.append(("alerts", name))
    if places:
        return yes(places)
    whom = f" that tells somebody {rule.tells}" if rule.tells else ""
    return no(f"no alert{whom} reads {' and '.join(map(study.title, what))}{' together' * (len(what) > 1)}")


@answer.register
def _(rule: Doses, study: Timeline) -> Answer:
    most, found = 0, []
    for name, given in _given(study).items():
        by_substance: dict[str | None, set[str]] = {}
        for substance, dose in given.values():
            by_substance.setdefault(substance, set()).add(dose)
        many = max(map(len, by_substance.values()), default=0)
        most = max(most, many)
        found += [("regimens", name)] if many >= rule.doses else []
    if found:
        return yes(found)
    return no(f"arms are compared at {most} active dose{'' if most == 1 else 's'} of a session")


@answer.register
def _(_rule: Comparator, study: Timeline) -> Answer:
    file = study.release.file
    controls = [arm for arm, said in file.arms.items() if said.role == "active_comparator"]
    if not controls:
        return no("no arm is an active comparator")
    blind = next((n for n, one in enumerate(file.blinding) if _is_blind(one, "participant")), None)
    if blind is None:
        return no("participants see the allocation, so that a control is told whatever it is given")
    for name, given in _given(study).items():
        others = {dose for arm, dose in given.items() if file.arms[arm].role == "experimental"}
        own = [arm for arm in controls if arm in given and given[arm] not in others]
        if own and others:
            return yes([("regimens", name), *(("arms", arm) for arm in own), ("blinding", blind)])
    return no(
        f"{', '.join(controls)} is given nothing of its own in a session; write it under `regimens.*.arms`"
    )


def _is_blind(hidden: Hidden, role: str) -> bool:
    return hidden.role == role and "allocation" in hidden.hidden


def _given(study: Timeline) -> dict[str, dict[str, tuple[str | None, str]]]:
    """Regimen of a session -> arm -> substance and active dose; of arms that are given any."""
    file = study.release.file
    used = {level for name in study.sessions for level in study.visits[name].levels}
    found: dict[str, dict[str, tuple[str | None, str]]] = {}
    for name in (one for one in file.regimens if one in used):  # in the order of the file
        regimen = file.regimens[name]
        for arm, said in file.arms.items():
            own = regimen.arms.get(arm)
            takes = own is not None or said.role in ("experimental", "active_comparator")
            if said.drug == "none" or not takes:
                continue
            units = regimen.initial if own is None else own.initial
            strength = parse_quantity(units.strength)
            product = (own.product if own is not None else None) or regimen.product
            if strength.value > 0:
                dose = f"{units.count * strength.value.normalize():f} {strength.unit}"
                found.setdefault(name, {})[arm] = _substance(study, product, units.strength), dose
    return found


def _substance(study: Timeline, product: str | None, strength: str) -> str | None:
    products = study.release.file.products
    if product is None:
        product = next((name for name, said in products.items() if strength in said.strengths), None)
    return products[product].substance if product in products else None


@answer.register
def _(_rule: Tried, study: Timeline) -> Answer:
    found: list[Path] = []
    for name, one in study.release.file.analysis.secondary.items():
        if one.endpoint not in study.primary_endpoints:
            continue
        otherwise = one.assuming not in (None, "missing_at_random") or bool(one.delta)
        if one.method in ("tipping_point", "retrieved_dropouts") or (one.method == "imputed" and otherwise):
            found.append(("analysis", "secondary", name))
    if found:
        return yes(found)
    return no(
        "no analysis of the primary outcome takes what was not seen to be otherwise than the primary one"
    )


@answer.register
def _(_rule: Responders, study: Timeline) -> Answer:
    compiled = study.release.endpoints
    found = [
        name
        for name in sorted(study.primary_endpoints)
        if compiled[name].rule.returns == "bool" and not compiled[name].endpoint.is_time
    ]
    if found:
        return yes(("endpoints", name) for name in found)
    return no("no endpoint is a yes or no about the primary outcome")


@answer.register
def _(rule: Estimated, study: Timeline) -> Answer:
    plan = study.release.file.analysis
    used = [name for name in plan.estimands if any(one.estimand == name for one in plan.analyses.values())]
    if len(used) >= rule.estimated:
        return yes(("analysis", "estimands", name) for name in used)
    return no(f"{len(used)} of the estimands that are described have an analysis")


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
