"""What would bend a result without anybody seeing it: who is told, who rates, and how a plan leans.

What contradicts itself is refused; what can be meant, and hardly is, is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Final

from entact.protocol.contrast import CONTRAST
from entact.protocol.problem import Fault, Path
from entact.protocol.study import Analysis, Hidden, StudyFile, Visit
from entact.protocol.tree import Apply, Literal, Name, Node, parse

_LOWER: Final = {"<": True, "<=": True, ">": False, ">=": False}


def check_blinding(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """Roles that would be told what is hidden from them, or fill what they do not see."""
    hidden = {said.role: said for said in file.blinding}
    for place, role in enumerate(file.unblinding.tells if file.unblinding is not None else ()):
        said = hidden.get(role)
        if said is not None and "allocation" in said.hidden and not _until_unblinding(said):
            message = (
                f"the {role} would be told the arm, and `blinding:` hides it from them until {said.until}; "
                "take them out, or write `until: unblinding` there"
            )
            yield Fault(("unblinding", "tells", place), message)
    for name, form in file.forms.items():
        fillers = {form.by} if form.by else {one.by for one in visits.values() if name in one.activities}
        for role in sorted(one for one in fillers if one is not None):
            if role in hidden and form.data_class in hidden[role].hidden:
                message = (
                    f"the {role} fills this form, and `blinding:` hides the class {form.data_class!r} from "
                    "them; give the form another `data_class:`, or take the class out there"
                )
                yield Fault(
                    ("forms", name, "by") if form.by else ("forms", name), message, at_key=not form.by
                )


def _until_unblinding(said: Hidden) -> bool:
    return re.search(r"unblind", said.until, re.IGNORECASE) is not None


def advise_bias(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """A warning for each part of a design or plan that hardly is meant so."""
    yield from _rater(file, visits)
    yield from _alike(file)
    yield from _missing(file)
    yield from _turned(file)
    yield from _early(file, visits)


def _rater(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """Whoever rates the primary outcome of a blinded study, and may see the arm, told the arm or not."""
    endpoint = file.endpoints.get(file.analysis.primary.endpoint)
    visit = visits.get(endpoint.at) if endpoint is not None else None
    if endpoint is None or visit is None or not any("allocation" in said.hidden for said in file.blinding):
        return
    named = {name.split(".")[-2] for name in re.findall(r"[a-z]\w*(?:\.[a-z]\w*)+", endpoint.rule)}
    raters = {file.all_forms[form].by or visit.by for form in named & file.all_forms.keys()}
    for place, said in enumerate(file.blinding):
        told = file.randomisation is not None and said.role in file.randomisation.tells  # by their visits
        if said.role in raters and "allocation" not in said.hidden and not told:
            message = (
                f"the {said.role} rates the primary outcome, {file.analysis.primary.endpoint}, and sees the "
                "allocation; add it to `hidden:`"
            )
            yield Fault(("blinding", place, "hidden"), message)


def _alike(file: StudyFile) -> Iterator[Fault]:
    """Arms that are given one identical dose in every session, and that no factor tells apart."""
    if file.randomisation is None or not file.regimens:
        return
    for name, regimen in file.regimens.items():
        for arm, own in regimen.arms.items():
            level = regimen.supplement.give if regimen.supplement is not None else None
            if (own.initial, own.supplement) == (regimen.initial, level) and own.product in (
                None,
                regimen.product,
            ):
                message = f"is the dose that {name} has in every arm; write another, or take it out"
                yield Fault(("regimens", name, "arms", arm), message)
    given = {arm: _given(file, arm) for arm in file.arms}
    for one, other in combinations(file.arms, 2):
        first, second = file.arms[one], file.arms[other]
        if given[one] is None or given[one] != given[other] or first.factors != second.factors:
            continue
        if file.told_apart.get(one, ()) != file.told_apart.get(other, ()):
            continue  # they have other visits, or one has no drug
        message = (
            f"is given what {one} is, in every session: nothing in the file tells these arms apart; give one "
            "its own dose under `regimens.*.arms`, or say what else differs as `factors:`"
        )
        yield Fault(("arms", other), message)


def _given(file: StudyFile, arm: str) -> tuple[object, ...] | None:
    """What an arm is given at each level: matching placebo where it has no dose of its own and is one."""
    found: list[object] = []
    for name, regimen in file.regimens.items():
        own = regimen.arms.get(arm)
        if own is None and file.arms[arm].role == "placebo":
            found.append((name, "placebo"))
            continue
        initial = regimen.initial if own is None else own.initial
        level = regimen.supplement.give if regimen.supplement is not None else None
        supplement = level if own is None else own.supplement
        product = regimen.product if own is None else own.product or regimen.product
        found.append((name, product, str(initial), str(supplement)))
    return tuple(found)


def _missing(file: StudyFile) -> Iterator[Fault]:
    """Analyses of what was not seen that lean towards the treatment."""
    for name, analysis in file.analysis.analyses.items():
        path: Path = ("analysis", "primary") if name == "primary" else ("analysis", "secondary", name)
        yield from _jumps(file, analysis, path)
        treated = _treated(file, analysis)
        if treated is None:
            continue
        if analysis.reference == treated:
            message = (
                f"those of the other arms who were not seen would be taken to do as well as {treated}; the "
                f"reference is the control, {_other(analysis, treated)}"
            )
            yield Fault((*path, "reference"), message)
        yield from _deltas(file, analysis, treated, path)


def _turned(file: StudyFile) -> Iterator[Fault]:
    """Contrasts of the control less the treated arm, and tests on the side on which that arm does worse."""
    for name, analysis in file.analysis.analyses.items():
        path: Path = ("analysis", "primary") if name == "primary" else ("analysis", "secondary", name)
        said = CONTRAST.fullmatch(analysis.contrast or "")
        treated = _treated(file, analysis)
        if said is None or treated is None:
            continue
        if said[1] != treated:
            message = (
                f"takes {treated}, whose effect it is, from {said[1]}: it has the other sign; write "
                f"'{said[2]} - {said[1]}' there"
            )
            yield Fault((*path, "contrast"), message)
            continue
        lower = lower_is_better(file, analysis.endpoint)
        worse = {True: "greater", False: "less"}.get(lower) if lower is not None else None
        if analysis.side is not None and analysis.side == worse:
            better = "lower" if lower else "higher"
            message = (
                f"tests whether {treated} does worse: of {analysis.endpoint} {better} is better; write "
                f"{'less' if lower else 'greater'}"
            )
            yield Fault((*path, "side"), message)


def _early(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """Times that begin before anybody is randomised: until then nobody can have the event."""
    order = list(visits)
    drawn = [name for name in order if "randomisation" in visits[name].activities][:1]
    before = order[: order.index(drawn[0])] if drawn else []
    for name, endpoint in file.endpoints.items():
        if endpoint.after in before:
            message = (
                f"counts from {endpoint.after}, before anybody is randomised: until then nobody who takes "
                f"part can have had the event; leave it out, or name {drawn[0]} or a later visit"
            )
            yield Fault(("endpoints", name, "after"), message)


def _jumps(file: StudyFile, analysis: Analysis, path: Path) -> Iterator[Fault]:
    """An assumption about values after an event, of an estimand that makes none of them missing."""
    if analysis.method not in ("imputed", "tipping_point") or analysis.event_visit is not None:
        return
    if analysis.assuming in (None, "missing_at_random"):
        return
    said = file.analysis.estimands.get(analysis.estimand)
    strategies = set(said.strategies.values()) if said is not None else set()
    if "hypothetical" in strategies or (not file.analysis.estimands and analysis.estimand == "de_jure"):
        return
    message = (
        f"is of values after an event, and the estimand {analysis.estimand!r} makes none of them missing: it "
        "would concern nobody; name one with a hypothetical strategy, or write missing_at_random"
    )
    yield Fault((*path, "assuming"), message)


def _treated(file: StudyFile, analysis: Analysis) -> str | None:
    """The arm of a contrast whose effect it is: the experimental one, of two such the first."""
    said = CONTRAST.fullmatch(analysis.contrast or "")
    if said is None or said[3] is not None or said[1] not in file.arms or said[2] not in file.arms:
        return None
    experimental = [arm for arm in (said[1], said[2]) if file.arms[arm].role == "experimental"]
    return experimental[0] if experimental else said[1]


def _other(analysis: Analysis, treated: str) -> str:
    said = CONTRAST.fullmatch(analysis.contrast or "")
    assert said is not None
    return said[2] if said[1] == treated else said[1]


def _deltas(file: StudyFile, analysis: Analysis, treated: str, path: Path) -> Iterator[Fault]:
    """Deltas that make what is imputed better in the treated arm, or worse in its control."""
    lower = lower_is_better(file, analysis.endpoint)
    if lower is None:
        return
    said: dict[Path, tuple[str, tuple[float, ...]]] = {}
    said |= {(*path, "delta", arm): (arm, (value,)) for arm, value in (analysis.delta or {}).items()}
    if analysis.deltas is not None:
        said[(*path, "deltas")] = (analysis.arm or treated, tuple(analysis.deltas))
    for place, (arm, values) in said.items():
        worse = 1 if lower else -1
        against = worse if arm == treated else -worse
        if any(value * against < 0 for value in values) and not any(value * against > 0 for value in values):
            sign = "above" if against > 0 else "below"
            better = "lower" if lower else "higher"
            message = (
                f"favours {treated}: of {analysis.endpoint} {better} is better, and what would speak against "
                f"the effect are values {sign} 0 for {arm}; turn the signs"
            )
            yield Fault(place, message)


def lower_is_better(file: StudyFile, endpoint: str) -> bool | None:
    """Which way an endpoint gets better, by what the file says of it; None where it says nothing, or both.

    By `better:` or limits of an analysis of it, by endpoints that are a yes or no about the same score
    (response, remission), and by criteria of eligibility that ask for so much of it at least.
    """
    said: set[bool] = set()
    measured = file.endpoints.get(endpoint)
    if measured is None:
        return None
    for analysis in file.analysis.analyses.values():
        if analysis.endpoint != endpoint:
            continue
        if analysis.better in ("lower", "higher"):
            said.add(analysis.better == "lower")
        for limits in (analysis.event, analysis.responder):
            if isinstance(limits, dict) and len(limits) == 1:
                said.add("at_most" in limits)
    own = None if measured.is_time else _leads(parse(measured.rule))
    if own is not None:
        score, rises = own
        for name, other in file.endpoints.items():
            if name != endpoint and not other.is_time:
                said |= {lower is rises for lower in _compared(parse(other.rule), score)}
        criteria = [one.rule for one in file.eligibility.values() if one.kind == "inclusion" and one.rule]
        if not said:  # who is to be treated has much of what is bad
            said |= {lower is not rises for rule in criteria for lower in _compared(parse(rule), score)}
    return next(iter(said)) if len(said) == 1 else None


def _compared(node: Node, score: str) -> Iterator[bool]:
    """Of each comparison of a score, or its change, with a number, whether it asks for little of it."""
    if not isinstance(node, Apply):
        return
    if node.operator in _LOWER and len(node.parts) == 2:
        left, right = node.parts
        lower = _LOWER[node.operator]
        if _is_number(left):
            left, right, lower = right, left, not lower
        found = _leads(left)
        if _is_number(right) and found is not None and found[0] == score:
            yield lower is found[1]
        return
    for part in node.parts if node.operator in ("&&", "||") else ():
        yield from _compared(part, score)


def _is_number(node: Node) -> bool:
    if isinstance(node, Apply) and node.operator == "minus":
        return _is_number(node.parts[0])
    return (
        isinstance(node, Literal) and isinstance(node.value, int | float) and not isinstance(node.value, bool)
    )


def _leads(node: Node) -> tuple[str, bool] | None:
    """The score that a value is of, or the change of, and whether the value rises with it."""
    match node:
        case Name(text=text):
            return ".".join(text.split(".")[-2:]), True
        case Apply(operator="-", parts=(Name(text=first), Name(text=second))):
            earlier = first.count(".") == 2 and second.count(".") == 1  # less what it was before
            return ".".join(first.split(".")[-2:]), not earlier
        case _:
            return None
