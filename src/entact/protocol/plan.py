"""Whether a study can answer its question: endpoints, analysis sets, windows, estimands, and the analyses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final

from entact.protocol.compiled import CompiledRules
from entact.protocol.contrast import CONTRAST, factor_of, levels_of
from entact.protocol.fitting import check_model
from entact.protocol.form import CompiledForm
from entact.protocol.method_check import check_effects, check_keys
from entact.protocol.methods import method_words
from entact.protocol.multiplicity_check import check_multiplicity
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.rules import forms_at
from entact.protocol.study import Analysis, Endpoint, Intercurrent, Interim, SpendingRule, StudyFile, Visit
from entact.protocol.study.analysis import BOUNDARIES, SPENDING

SETS: Final = ("itt", "mitt", "per_protocol", "randomised", "safety")
"""Analysis sets that need no rule, because everybody means the same by them."""

ESTIMANDS: Final = ("de_facto", "de_jure")
"""Estimands that need no `estimands:` block: all that was observed, and what was observed on treatment."""


_TREATMENT = frozenset({"dosing", "integration"})


def check_plan(
    file: StudyFile, rules: CompiledRules, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit]
) -> Iterator[Fault]:
    """What keeps the plan from answering: names that lead nowhere, and outcomes that nobody would have."""
    yield from _endpoints(file, rules, forms, visits)
    yield from _sets(file)
    yield from _windows(file, visits)
    yield from _estimands(file)
    plan = file.analysis
    if plan.interim is not None:
        yield from _interim(plan.interim)
    yield from check_multiplicity(plan)
    planned: list[tuple[Path, Analysis]] = [(("analysis", "primary"), plan.primary)]
    planned += [(("analysis", "secondary", name), analysis) for name, analysis in plan.secondary.items()]
    if "primary" in plan.secondary:
        message = "is the name of the primary analysis; choose another"
        yield Fault(("analysis", "secondary", "primary"), message)
    for path, analysis in planned:
        found = list(_analysis(file, analysis, visits, path))
        yield from found
        endpoint = rules.endpoints.get(analysis.endpoint)
        if not found and endpoint is not None and endpoint.endpoint.at in visits:
            yield from check_model(file, analysis, rules.endpoints, forms, visits, path)


def _interim(interim: Interim) -> Iterator[Fault]:
    """What keeps looks from having bounds."""
    path: Path = ("analysis", "interim")
    looks, spends = interim.looks, interim.spends
    if any(later <= before for before, later in pairwise(looks)):
        message = f"the looks have to rise, and {_numbers(looks)} do not; write them in order"
        yield Fault((*path, "information"), message)
    if spends is None and interim.spending is None:
        message = "says not what is spent; write 'alpha: 0.0001' for each look, or 'spending: obrien_fleming'"
        yield Fault(path, message)
    if spends is not None and interim.spending is not None:
        yield Fault((*path, "alpha"), "is said by 'spending' too; take one of them out", at_key=True)
    if spends is not None and len(spends) != len(looks):
        message = f"{_numbers(spends)} for looks at {_numbers(looks)}; write one for each"
        yield Fault((*path, "alpha"), message)
    if interim.spending is not None:
        yield from _spending(interim.spending, SPENDING + BOUNDARIES, (*path, "spending"))
    if isinstance(interim.futility, tuple):
        if len(interim.futility) != len(looks):
            message = f"{_numbers(interim.futility)} for looks at {_numbers(looks)}; write one for each"
            yield Fault((*path, "futility"), message)
    elif interim.futility is not None:
        yield from _spending(interim.futility, SPENDING, (*path, "futility"))
    elif interim.binding:
        yield Fault((*path, "binding"), "there is no futility to bind; add 'futility', or take it out")


_PARAMETERS: Final = {  # least and most of each, and an example
    "hwang_shih_decani": (-700.0, 700.0, "-4"),
    "kim_demets": (0.01, 100.0, "3"),
    "wang_tsiatis": (-1.0, 1.0, "0.25"),
    "haybittle_peto": (0.1, 10.0, "3"),
}


def _spending(rule: SpendingRule, known: tuple[str, ...], path: Path) -> Iterator[Fault]:
    if rule.name not in known:
        yield Fault(path, unknown("way to spend", rule.name, known))
        return
    if rule.name not in _PARAMETERS:
        if rule.parameter is not None:
            yield Fault(path, f"{rule.name} has no parameter; write '{rule.name}' alone")
        return
    least, most, example = _PARAMETERS[rule.name]
    if rule.parameter is None:
        if rule.name != "haybittle_peto":
            yield Fault(path, f"{rule.name} has a parameter; write '{{{rule.name}: {example}}}'")
    elif not least <= rule.parameter <= most:
        message = f"{rule.parameter:g} is outside {least:g} to {most:g}; write '{{{rule.name}: {example}}}'"
        yield Fault(path, message)


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def position(text: str, name: str) -> int:
    """Where in a rule the first item of a form stands."""
    found = re.search(rf"(?<![\w.]){re.escape(name)}\.", text)
    return found.start() if found else 0


def _endpoints(
    file: StudyFile, rules: CompiledRules, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit]
) -> Iterator[Fault]:
    for name, endpoint in file.endpoints.items():
        if endpoint.at not in visits:
            yield Fault(("endpoints", name, "at"), unknown("visit", endpoint.at, visits))
            continue
        lost = _lost_with_treatment(visits[endpoint.at], visits)
        if lost is not None:
            message = (
                f"{endpoint.at} is counted from {lost} and has no fallback: whoever stops treatment would "
                "not be assessed; give it an `or:`, as in 'baseline + 18 wk'"
            )
            yield Fault(("endpoints", name, "at"), message)
        compiled = rules.endpoints.get(name)
        if compiled is None:
            continue
        if not compiled.rule.names:
            message = "nothing measures this endpoint: it names no item of a form"
            yield Fault(("endpoints", name, endpoint.field), message)
        late = _too_late(endpoint, sorted(compiled.rule.names), visits)
        if late is not None:
            message = f"{late} comes no earlier than {endpoint.at}; compare with a visit before it"
            yield Fault(("endpoints", name, endpoint.field), message, position(endpoint.rule, late))
        measured = forms_at(visits[endpoint.at], forms)
        for form in sorted({known.split(".")[0] for known in compiled.rule.names if known.count(".") == 1}):
            if form not in measured and not forms[form].lasting:
                message = (
                    f"{form!r} is not filled at {endpoint.at}; add it to its `do:`, or choose another visit"
                )
                yield Fault(("endpoints", name, endpoint.field), message, position(endpoint.rule, form))
        if endpoint.after is not None:
            yield from _counted_from(name, endpoint, endpoint.after, visits)


def _counted_from(name: str, endpoint: Endpoint, start: str, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """A time that is counted from no visit, from a later one, or that is none."""
    path: Path = ("endpoints", name, "after")
    order = list(visits)
    if not endpoint.is_time:
        yield Fault(path, "belongs to the time until an 'event'; take it out", at_key=True)
    elif start not in visits:
        yield Fault(path, unknown("visit", start, visits))
    elif order.index(start) >= order.index(endpoint.at):
        yield Fault(path, f"comes no earlier than {endpoint.at}; count from a visit before it")


def _too_late(endpoint: Endpoint, names: Iterable[str], visits: Mapping[str, Visit]) -> str | None:
    """The visit of an earlier value that comes no earlier than the endpoint's own; None where all do."""
    order = list(visits)
    named = (name.partition(".")[0] for name in names if name.count(".") == 2)
    return next((name for name in named if order.index(name) >= order.index(endpoint.at)), None)


def _lost_with_treatment(visit: Visit, visits: Mapping[str, Visit]) -> str | None:
    """What a visit waits for in vain once treatment has stopped; None when it takes place all the same."""
    seen = set()
    while visit.alternative is None and visit.visit not in seen:
        seen.add(visit.visit)
        before = visits.get(visit.after or "")
        if visit.after == "initial" or (before is not None and before.kind in _TREATMENT):
            return visit.after
        if before is None:
            return None
        visit = before
    return None


def _sets(file: StudyFile) -> Iterator[Fault]:
    for name, said in file.analysis.sets.items():
        if said.rule is None and name not in SETS:
            message = (
                f"who belongs to {name!r} is not said as a rule; write '{name}: {{text: …, rule: …}}' "
                f"(without one: {', '.join(SETS)})"
            )
            yield Fault(("analysis", "sets", name), message, at_key=True)


def _windows(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    windows = file.analysis.windows
    for name, window in windows.items():
        path: Path = ("analysis", "windows", name)
        if window.visit not in visits:
            yield Fault((*path, "visit"), unknown("visit", window.visit, visits))
            continue
        if window.after not in visits:
            yield Fault((*path, "after"), unknown("visit", window.after, visits))
        planned = visits[window.visit]
        if (
            planned.after == window.after
            and planned.within is not None
            and (
                planned.within.latest < window.within.earliest
                or planned.within.earliest > window.within.latest
            )
        ):
            message = f"contradicts the window of {window.visit}: no day lies in both; change one of them"
            yield Fault((*path, "within"), message)
        for other, said in windows.items():
            if other == name:
                break
            if (
                said.after == window.after
                and said.within.earliest <= window.within.latest
                and said.within.latest >= window.within.earliest
                and set(visits[said.visit].do if said.visit in visits else ()) & set(planned.do)
            ):
                message = f"overlaps with that of {other}: an assessment would count twice; change one"
                yield Fault((*path, "within"), message)


def _estimands(file: StudyFile) -> Iterator[Fault]:
    plan = file.analysis
    classes = file.washout.classes if file.washout is not None else {}
    for name, event in plan.intercurrent.items():
        path: Path = ("analysis", "intercurrent", name)
        if event.classes and event.on != "medicine_begun":
            yield Fault((*path, "classes"), "belongs to 'on: medicine_begun'; take it out")
        for place, known in enumerate(event.classes):
            if known not in classes:
                yield Fault((*path, "classes", place), unknown("class of medicines", known, classes))
        before = list(plan.intercurrent)[: list(plan.intercurrent).index(name)]
        if alike := [one for one in before if _is_same(plan.intercurrent[one], event)]:
            message = f"is what {alike[0]!r} is, and would be dealt with in two ways; take one of them out"
            yield Fault((*path, "on"), message)
        if event.on == "unblinded" and file.randomisation is None:
            yield Fault((*path, "on"), "nobody is blinded in this study; choose another event")
        if plan.estimands and not any(name in one.strategies for one in plan.estimands.values()):
            yield Fault(path, "no estimand has a strategy for it; add one, or take it out")
    for name, estimand in plan.estimands.items():
        path = ("analysis", "estimands", name, "strategies")
        for event_name in estimand.strategies:
            if event_name not in plan.intercurrent:
                message = unknown("intercurrent event", event_name, plan.intercurrent)
                yield Fault((*path, event_name), message, at_key=True)
        for event_name in plan.intercurrent:
            used = any(event_name in one.strategies for one in plan.estimands.values())
            if used and event_name not in estimand.strategies:
                message = f"has no strategy for {event_name!r}; write one, as in 'treatment_policy'"
                yield Fault(path, message)


def _is_same(one: Intercurrent, other: Intercurrent) -> bool:
    """Whether what is one of these events can be the other too."""
    apart = one.classes and other.classes and not set(one.classes) & set(other.classes)
    return one.on == other.on and not apart


def _analysis(
    file: StudyFile, analysis: Analysis, visits: Mapping[str, Visit], path: Path
) -> Iterator[Fault]:
    plan = file.analysis
    if analysis.endpoint not in file.endpoints:
        yield Fault((*path, "endpoint"), unknown("endpoint", analysis.endpoint, file.endpoints))
    if plan.sets and analysis.set not in plan.sets:
        message = unknown("analysis set", analysis.set, plan.sets)
        if analysis.set in SETS:
            message = f"{analysis.set!r} is not described; add it to `sets:`, in words who belongs to it"
        yield Fault((*path, "set"), message)
    elif not plan.sets and analysis.set not in SETS:
        yield Fault((*path, "set"), unknown("analysis set", analysis.set, SETS))
    estimands = plan.estimands or ESTIMANDS
    if analysis.estimand not in estimands:
        yield Fault((*path, "estimand"), unknown("estimand", analysis.estimand, estimands))
    if analysis.method not in method_words():
        known = [
            name for name, word in method_words().items() if word.tables is None and word.outcome != "guess"
        ]
        yield Fault((*path, "method"), unknown("method", analysis.method, known))
    else:
        yield from check_keys(file, analysis, method_words()[analysis.method], path)
    if analysis.fixed is not None:
        yield from check_effects(file, analysis.fixed, (*path, "fixed"))
    if analysis.contrast is not None:
        yield from _contrast(file, analysis, visits, (*path, "contrast"))


def _contrast(
    file: StudyFile, analysis: Analysis, visits: Mapping[str, Visit], path: Path
) -> Iterator[Fault]:
    contrast = analysis.contrast or ""
    said = CONTRAST.fullmatch(contrast)
    if said is None:
        yield Fault(path, f"{contrast!r} is no contrast; write it as in 'mdma - placebo at outcome'")
        return
    if said[1] == said[2]:
        yield Fault(path, f"compares {said[1]} with itself; name two arms", said.start(2))
    if said[3] is None and said[1] in file.arms and said[2] in file.arms:
        pass
    elif said[3] is None and not ({said[1], said[2]} & {*levels_of(file.arms)}):
        for group in (1, 2):
            if said[group] not in file.arms:
                known = [*file.arms, *levels_of(file.arms)]
                yield Fault(path, unknown("arm", said[group], known), said.start(group))
    else:
        yield from _levels(file, analysis, said, path)
    if said[5] not in visits:
        yield Fault(path, unknown("visit", said[5], visits), said.start(5))


def _levels(file: StudyFile, analysis: Analysis, said: re.Match[str], path: Path) -> Iterator[Fault]:
    """A contrast of levels that is none: of no factor or of several, or by a method of two arms."""
    known = levels_of(file.arms)
    factors: list[str] = []
    for one, two in ((1, 2), (3, 4)):
        if said[one] is None:
            continue
        if said[one] == said[two] and one > 1:
            yield Fault(path, f"compares {said[one]} with itself; name two levels", said.start(two))
        own = [factor_of(said[group], file.arms) for group in (one, two)]
        for group, factor in zip((one, two), own, strict=True):
            if said[group] not in known:
                yield Fault(path, unknown("level of a factor", said[group], known), said.start(group))
            elif factor is None:
                message = f"{said[group]!r} is a level of several factors; give each its own names"
                yield Fault(path, message, said.start(group))
        if None not in own and own[0] != own[1]:
            message = f"{said[one]!r} is of {own[0]}, {said[two]!r} of {own[1]}; compare levels of one factor"
            yield Fault(path, message, said.start(two))
        factors += [own[0] or ""]
    if len(factors) == 2 and factors[0] and factors[0] == factors[1]:
        message = f"levels of {factors[0]} are compared by levels of itself; name those of another factor"
        yield Fault(path, message, said.start(3))
    word = method_words().get(analysis.method)
    if word is not None and word.compares and not word.combines:
        able = [name for name, one in method_words().items() if one.combines]
        message = f"{analysis.method} compares two arms, and these are several; write {' or '.join(able)}"
        yield Fault(path, message)
