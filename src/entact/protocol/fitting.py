"""Whether the analysis of a plan can be fitted to what the schedule measures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from entact.protocol.compiled import CompiledEndpoint
from entact.protocol.form import CompiledForm
from entact.protocol.methods import MethodWord, method_words
from entact.protocol.problem import Fault, Path
from entact.protocol.rule import Rule
from entact.protocol.rules import forms_at
from entact.protocol.study import Analysis, StudyFile, Visit


def measured_at(
    rule: Rule, at: str, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit]
) -> tuple[str, ...]:
    """The visits after the first dose at which all that an endpoint asks of one visit is asked.

    Ratings of another track than the endpoint's own count for another question, and are left out.

    Args:
        rule: the endpoint's value. at: the visit for which it is defined; it is always among them.
    """
    asked = {name.partition(".")[0] for name in rule.names if name.count(".") == 1}
    asked = {form for form in asked if not forms[form].lasting}
    track = visits[at].track
    found = tuple(
        name
        for name in after_first_dose(visits)
        if asked and asked <= {*forms_at(visits[name], forms)} and visits[name].track in (None, track)
    )
    return found if at in found else (*found, at)


def seen_at(
    endpoint: CompiledEndpoint, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit]
) -> tuple[str, ...]:
    """The visits for which an endpoint has a value: of the time until an event its last."""
    at = endpoint.endpoint.at
    return (at,) if endpoint.endpoint.is_time else measured_at(endpoint.rule, at, forms, visits)


def after_first_dose(visits: Mapping[str, Visit]) -> list[str]:
    """The visits that follow the first session with a dose in the file; all where there is none."""
    names = list(visits)
    dosing = [place for place, name in enumerate(names) if visits[name].kind == "dosing"]
    return names[dosing[0] + 1 :] if dosing else names


def check_model(
    file: StudyFile,
    analysis: Analysis,
    endpoints: Mapping[str, CompiledEndpoint],
    forms: Mapping[str, CompiledForm],
    visits: Mapping[str, Visit],
    path: Path,
) -> Iterator[Fault]:
    """What keeps an analysis, whose names all lead somewhere, from being fitted."""
    word, endpoint = method_words()[analysis.method], endpoints[analysis.endpoint]
    if word.compares and file.randomisation is None:
        message = f"nobody is randomised, so {analysis.method!r} has no arms to compare; write 'describe'"
        yield Fault((*path, "method"), message)
        return  # whatever else is wrong with the model goes with it
    found = list(_outcome(analysis, word, endpoint, path))
    yield from found
    if endpoint.endpoint.is_time:
        yield from _without_censoring(file, analysis, (*path, "estimand"))
    at = (analysis.contrast or "").rpartition(" at ")[2] or endpoint.endpoint.at
    yield from _beside(analysis, word, endpoints, at, forms, visits, path)
    if found and word.outcome != "yes_no":
        return
    if "fixed" in word.takes:
        yield from _model(file, analysis, word, endpoint, forms, visits, path)
    if word.compares and analysis.contrast is None:
        arms = list(file.arms)
        message = f"is missing; write 'contrast: {arms[0]} - {arms[-1]} at {endpoint.endpoint.at}'"
        yield Fault((*path, "contrast"), message, at_key=True)
    elif not word.compares and analysis.contrast is not None:
        yield Fault((*path, "contrast"), f"{analysis.method!r} compares nothing; take it out", at_key=True)
        return
    if (analysis.without == "site" or analysis.random == "site") and len(file.sites) == 1:
        key = "without" if analysis.without else "random"
        yield Fault((*path, key), "there is one site, so nothing differs between sites; take it out")
    yield from _measured(analysis, endpoint, forms, visits, path)


_ABSENT = {
    "guess": "takes a guess of the treatment, and an endpoint is none; the report measures blinding",
}


def _outcome(analysis: Analysis, word: MethodWord, endpoint: CompiledEndpoint, path: Path) -> Iterator[Fault]:
    """What keeps the endpoint from being what the method takes."""
    returns = endpoint.rule.returns
    is_number, is_yes_no = returns in ("int", "double"), returns == "bool"
    place: Path = (*path, "method")
    if endpoint.endpoint.is_time is not (word.outcome == "time"):
        message = (
            "takes the time until an event, and this endpoint is none; say its 'event' in place of a 'value'"
        )
        if endpoint.endpoint.is_time:
            message = "takes no time, and this endpoint is one; write 'log_rank', 'cox' or 'restricted_mean'"
        yield Fault(place, message)
        return
    if word.outcome == "time":
        if analysis.event is not None:
            yield Fault((*path, "event"), "is said by the endpoint; take it out", at_key=True)
        return
    if analysis.event is not None:
        limits = isinstance(analysis.event, dict)
        if is_yes_no or (limits and not is_number):
            message = "makes a yes or no of a number, and this endpoint is none; take it out"
            yield Fault((*path, "event"), message, at_key=True)
            return
        is_number, is_yes_no = False, True
    if word.outcome == "yes_no" and not is_yes_no:
        message = "counts a yes or no, and this endpoint is a number; write 'ancova', 'mmrm' or 'describe'"
        if is_number:
            message += ", or say what of it is one, as in 'event: {at_most: -10}'"
        yield Fault(place, message)
    elif word.outcome in _ABSENT:
        yield Fault(place, _ABSENT[word.outcome])
    elif word.outcome == "number" and not is_number:
        message = "compares means, and this endpoint is no number; write 'proportion' or 'describe'"
        yield Fault(place, message)


def _without_censoring(file: StudyFile, analysis: Analysis, path: Path) -> Iterator[Fault]:
    """An estimand that asks more of a time than to let it stand as it was seen."""
    plan = file.analysis
    if not plan.estimands and analysis.estimand == "de_jure":
        yield Fault(path, "a time stands whatever happened; write 'de_facto'")
    for event, strategy in getattr(plan.estimands.get(analysis.estimand), "strategies", {}).items():
        said = plan.intercurrent.get(event)
        seen_to_the_end = said is not None and said.on == "died" and strategy == "while_on_treatment"
        if strategy != "treatment_policy" and not seen_to_the_end:
            message = (
                f"a time stands whatever happened, and {analysis.estimand!r} has another strategy for "
                f"{event!r}; name an estimand with treatment_policy"
            )
            yield Fault(path, message)


def _measured(
    analysis: Analysis,
    endpoint: CompiledEndpoint,
    forms: Mapping[str, CompiledForm],
    visits: Mapping[str, Visit],
    path: Path,
) -> Iterator[Fault]:
    """A contrast at a visit at which the endpoint is not measured."""
    measured = seen_at(endpoint, forms, visits)
    compared = (analysis.contrast or "").rpartition(" at ")[2]
    if compared and compared not in measured:
        message = f"{analysis.endpoint!r} is not measured at {compared}; there are {', '.join(measured)}"
        yield Fault((*path, "contrast"), message, (analysis.contrast or "").rfind(compared))
    said = analysis.follow_up
    for place, visit in enumerate([said] if isinstance(said, str) else said or []):
        here: Path = (*path, "follow_up", place) if isinstance(said, list) else (*path, "follow_up")
        if visit not in measured:
            yield Fault(
                here, f"{analysis.endpoint!r} is not measured at {visit}; there are {', '.join(measured)}"
            )
        elif compared in measured and list(visits).index(visit) <= list(visits).index(compared):
            yield Fault(here, f"{visit} comes no later than {compared}, from which it counts")
    mean = [analysis.average] if isinstance(analysis.average, str) else analysis.average or []
    if mean and compared not in mean:
        yield Fault((*path, "average"), f"the contrast is at {compared}, which is none of them")
    for visit in mean:
        if visit not in measured:
            message = f"{analysis.endpoint!r} is not measured at {visit}; there are {', '.join(measured)}"
            yield Fault((*path, "average"), message)


def _beside(
    analysis: Analysis,
    word: MethodWord,
    endpoints: Mapping[str, CompiledEndpoint],
    at: str,
    forms: Mapping[str, CompiledForm],
    visits: Mapping[str, Visit],
    path: Path,
) -> Iterator[Fault]:
    """Another endpoint that an analysis takes beside its own, and that is not measured when that is."""
    for key in [key for key, takes in word.takes.items() if takes == "measure"]:
        other = endpoints.get(str(getattr(analysis, key)))
        if other is None or at not in visits:
            continue
        asked = {name.partition(".")[0] for name in other.rule.names if name.count(".") == 1}
        late = sorted(one for one in asked - {*forms_at(visits[at], forms)} if not forms[one].lasting)
        if late:
            name = getattr(analysis, key)
            message = f"{name!r} asks {late[0]!r}, which is not filled at {at}; add it to its `do:`"
            yield Fault((*path, key), message)


def _model(
    file: StudyFile,
    analysis: Analysis,
    word: MethodWord,
    endpoint: CompiledEndpoint,
    forms: Mapping[str, CompiledForm],
    visits: Mapping[str, Visit],
    path: Path,
) -> Iterator[Fault]:
    """Faults of a model's fixed effects."""
    name, at = analysis.endpoint, endpoint.endpoint.at
    measured = seen_at(endpoint, forms, visits)
    earlier = {one.partition(".")[0] for one in endpoint.rule.names if one.count(".") == 2}
    repeated = word.repeated
    if analysis.fixed is None:
        fixed = "arm * visit + baseline" if repeated else "arm + baseline"
        yield Fault((*path, "fixed"), f"is missing; write 'fixed: {fixed}'")
        return
    place: Path = (*path, "fixed")
    where = {word[0]: word.start() for word in re.finditer(r"[A-Za-z_]\w*", analysis.fixed)}
    if repeated and len(measured) < 2:
        message = (
            f"a model for repeated measures needs two visits, and {name!r} is measured at {at} alone after "
            "the first dose; add its form to the `do:` of another, or write 'method: ancova' with "
            f"'fixed: {_without_visit(analysis.fixed)}'"
        )
        yield Fault((*path, "method"), message)
    elif not repeated and "visit" in where:
        what = "an analysis of covariance" if analysis.method == "ancova" else f"{analysis.method!r}"
        message = f"{what} looks at one visit; write '{_without_visit(analysis.fixed)}'"
        yield Fault(place, message, where["visit"])
    if "arm" not in where:
        yield Fault(place, "the arms are not in the model, so nothing compares them; add 'arm'")
    if "baseline" in where and not earlier:
        message = (
            f"{name!r} compares with no earlier value, so there is no baseline; take it out, or write its "
            "value as in 'score.total - baseline.score.total'"
        )
        yield Fault(place, message, where["baseline"])
    if "site" in where and len(file.sites) == 1:
        yield Fault(place, "there is one site, so nothing differs between sites; take it out", where["site"])
    if analysis.pool_sites_below is not None and "site" not in where:
        yield Fault((*path, "pool_sites_below"), "'site' is not in the model; add it, or take this out")


def _without_visit(fixed: str) -> str:
    """A model's effects without those of the visit."""
    left = re.sub(r"\s*[*:]\s*visit\b|\bvisit\s*[*:]\s*", "", fixed)
    terms = [term.strip() for term in left.split("+")]
    return " + ".join(dict.fromkeys(term for term in terms if term and term != "visit"))
