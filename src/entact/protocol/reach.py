"""Whether a rule can matter: comparisons that always come out alike, gates that nothing opens.

Only what is possible counts: answers within the range of their item, codes of their codelist. A rule that
leads nowhere for all of these is a slip of the pen, such as 210 for 21.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from entact.protocol.breadth import nearly_always
from entact.protocol.compiled import CompiledRequirement, CompiledRules
from entact.protocol.extent import (
    Codes,
    Extent,
    Extents,
    Numbers,
    Texts,
    Truth,
    call_name,
    compared,
    extent_of,
    extents_in,
    part_extents,
)
from entact.protocol.instrument import Instrument
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.rule import Rule
from entact.protocol.study import StudyFile
from entact.protocol.tree import Apply, Call, Literal, Many, Name, Node, parse

_NOT: Final = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_TURNED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_WHAT: Final = {
    "event.term": "event term",
    "event.special_interest": "kind of special interest",
    "person.population": "population",
}


@dataclass(frozen=True, slots=True)
class _Purpose:
    """A rule with its place and what is to be said where it can never hold, or never fail to."""

    path: Path
    rule: Rule
    never: str | None
    always: str | None = None


def check_reach(file: StudyFile, rules: CompiledRules, known: Extents) -> Iterator[Fault]:
    """Every rule that leads nowhere, with what it compares wrongly where that can be told.

    Args:
        known: what each name can be (`extents_of`).
    """
    lame: set[Path] = set()
    for one in _purposes(file, rules):
        local = extents_in(one.rule.names, known)
        tree = parse(one.rule.text)
        found = list(comparisons(tree, local, one.path))
        yield from found
        can_hold = narrowed(tree, True, local) is not None
        if found or not can_hold:
            lame.add(one.path)
        if found:
            continue
        if one.never is not None and not can_hold:
            yield Fault(one.path, one.never)
        elif one.always is not None and narrowed(tree, False, local) is None:
            yield Fault(one.path, one.always)
    yield from _contradictions(rules, known, lame)
    yield from _rearmed_too_soon(rules, known, lame)


def check_scores(name: str, instrument: Instrument) -> Iterator[Fault]:
    """Comparisons in the rules of an instrument's scores that always come out alike."""
    known: dict[str, Extent] = part_extents(instrument)
    for score, said in instrument.file.scores.items():
        if said.rule is not None:
            path: Path = ("instruments", name, "scores", score, "rule")
            yield from comparisons(parse(said.rule), known, path)


def _purposes(file: StudyFile, rules: CompiledRules) -> Iterator[_Purpose]:
    for name, gate in rules.gates.items():
        if gate.applies_when is not None:
            path: Path = ("gates", name, "applies_when")
            yield _Purpose(path, gate.applies_when, "can never hold, so this gate is never asked")
        for place, requirement in enumerate(gate.requirements):
            message = "nothing can open this gate: no possible values meet it"
            # of what is measured it may be asked on purpose that there is a value at all
            always = None if requirement.rule.names else "holds whatever happens, so it keeps nobody out"
            yield _Purpose(("gates", name, "require", place, "require"), requirement.rule, message, always)
    for name, alert in rules.alerts.items():
        never = "can never hold, so nobody is ever called"
        always = "holds of all possible values, so it calls for everybody; say from which value on"
        yield _Purpose(("alerts", name, "when"), alert.rule, never, always)
        if alert.rearm is not None:
            yield _Purpose(("alerts", name, "rearm"), alert.rearm, "can never hold, so an episode never ends")
        for place, worse in enumerate(alert.worse):
            if worse is not None:
                path = ("alerts", name, "escalate", place, "when")
                yield _Purpose(path, worse, "can never hold, so nobody is called for it")
    for name, criterion in rules.criteria.items():
        if criterion.rule is not None:
            path = ("eligibility", name, "rule")
            if criterion.criterion.kind == "inclusion":
                yield _Purpose(path, criterion.rule, "nobody can meet this criterion")
            else:
                yield _Purpose(path, criterion.rule, None, "applies to everybody, so nobody is let in")
    for name, endpoint in rules.endpoints.items():
        alike = "comes out the same for everybody, whatever is measured"
        if endpoint.rule.returns == "bool" and endpoint.rule.names:
            yield _Purpose(("endpoints", name, "value"), endpoint.rule, alike, alike)
        else:
            yield _Purpose(("endpoints", name, "value"), endpoint.rule, None)
    always = "holds of all possible values, so it stops everybody"
    for name, stopping in rules.stopping.items():
        yield _Purpose(
            ("stopping", name, "when"), stopping.rule, "can never hold, so nobody is stopped", always
        )
    for name, quota in rules.quotas.items():
        yield _Purpose(("quotas", name, "when"), quota.rule, "can never hold, so nobody counts")
    for name, hold in rules.holds.items():
        always = "holds from the beginning, before anybody takes part; say from which number on"
        yield _Purpose(("holds", name, "when"), hold.rule, "can never hold, so nothing stops", always)
    for name, report in rules.reports.items():
        if name in file.reports:
            yield _Purpose(("reports", name, "when"), report.rule, "can never hold: it is never due")
    for name, chosen in rules.sets.items():
        yield _Purpose(("analysis", "sets", name, "rule"), chosen.rule, "nobody can belong to this set")


def _rearmed_too_soon(rules: CompiledRules, known: Extents, lame: Iterable[Path]) -> Iterator[Fault]:
    """Limits below which an alert is armed again although it may still hold there."""
    passed = set(lame)
    for name, alert in rules.alerts.items():
        path: Path = ("alerts", name, "rearm")
        if alert.rearm is None or path in passed or ("alerts", name, "when") in passed:
            continue
        local = extents_in(alert.rule.names | alert.rearm.names, known)
        over = narrowed(parse(alert.rearm.text), True, local)
        if over is None or narrowed(parse(alert.rule.text), True, over) is None:
            continue
        if nearly_always(alert.rule.text, local):
            message = "holds of nearly everything, also where `rearm` does; write from which value on"
            yield Fault(("alerts", name, "when"), message)
            continue
        message = "may hold while the alert does; write limits for all that `when` names, below its own"
        yield Fault(path, message)


def _contradictions(rules: CompiledRules, known: Extents, lame: Iterable[Path]) -> Iterator[Fault]:
    """Requirements of a gate that look at the same values and exclude each other."""
    passed = set(lame)
    for name, gate in rules.gates.items():
        local: dict[tuple[object, ...], Extents | None] = {}
        for place, requirement in enumerate(gate.requirements):
            path: Path = ("gates", name, "require", place, "require")
            if path in passed:
                continue
            age = requirement.within, requirement.ever  # values of another age are other values
            before = local.get(age) or {}
            started = {**extents_in(requirement.rule.names, known), **before}
            after = narrowed(parse(requirement.rule.text), True, started)
            if after is None:
                message = "contradicts the requirements above: no possible values meet all of them"
                yield Fault(path, message)
                break
            local[age] = after


def advise_doses(rules: CompiledRules, known: Extents) -> Iterator[Fault]:
    """A warning for each gate of a dose that opens with numbers at which an alert calls people."""
    for name in ("initial_dose", "supplement"):
        gate = rules.gates.get(name)
        limits = {} if gate is None else _limits(gate.requirements, known)
        for alert, compiled in rules.alerts.items():
            looked_at = compiled.rule.names
            if not looked_at or not looked_at <= limits.keys():
                continue
            if narrowed(parse(compiled.rule.text), True, {one: limits[one] for one in looked_at}) is not None:
                message = (
                    f"opens with values of {', '.join(sorted(looked_at))} at which the alert {alert!r} calls "
                    "people; let it open below that limit only"
                )
                yield Fault(("gates", name), message)


def _limits(requirements: Iterable[CompiledRequirement], known: Extents) -> dict[str, Extent]:
    """Within which numbers each thing has to lie for a gate to open; what it does not limit is left out.

    The very limit is left out too: where a gate opens below 180 an alert may call from 180 on.
    """
    names = set().union(*(one.rule.names for one in requirements))
    wide = {one: extent for one in names if isinstance(extent := known.get(one), Numbers)}
    limits: dict[str, Extent] = {}
    for requirement in requirements:
        started = {**extents_in(requirement.rule.names, known), **limits}
        limits |= narrowed(parse(requirement.rule.text), True, started) or {}
    found: dict[str, Extent] = {}
    for one, extent in limits.items():
        if isinstance(extent, Numbers) and one in wide and extent != wide[one]:
            low, high = (
                bound + sign * 1e-9 * max(1.0, abs(bound))
                for bound, sign in ((extent.low, 1), (extent.high, -1))
            )
            found[one] = Numbers(low, high, whole=extent.whole)
    return found


def comparisons(node: Node, known: Extents, path: Path) -> Iterator[Fault]:
    """Comparisons within a rule that always come out alike, each with what it compares wrongly."""
    if isinstance(node, Apply) and node.operator in _NOT:
        yield from _comparison(node, known, path)
    elif isinstance(node, Apply) and node.operator == "in":
        yield from _membership(node, known, path)
    for part in _parts(node):
        yield from comparisons(part, known, path)


def idle(node: Node, known: Extents, path: Path) -> Iterator[Fault]:
    """A condition that can never hold or always does, or what in it always comes out alike."""
    found = list(comparisons(node, known, path))
    yield from found
    if found:
        return
    if narrowed(node, True, known) is None:
        yield Fault(path, "can never hold; no possible answers do")
    elif narrowed(node, False, known) is None:
        yield Fault(path, "always holds, whatever is answered; take it out")


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case Apply(parts=parts) | Many(members=parts) | Call(args=parts):
            return parts
        case _:
            return ()


def _comparison(node: Apply, known: Extents, path: Path) -> Iterator[Fault]:
    left, right = node.parts
    if isinstance(left, Literal):
        left, right = right, left
    one, other = extent_of(left, known), extent_of(right, known)
    if isinstance(one, Texts) and isinstance(other, Texts) and one.codes is not None:
        if isinstance(right, Literal):
            yield from _code(right, left, one.codes, path)
        elif other.codes is not None and not one.codes & other.codes:
            message = f"{_said(left)} and {_said(right)} have no code in common, so they are never equal"
            yield Fault(path, message, _place(left))
    elif isinstance(one, Numbers) and isinstance(other, Numbers) and isinstance(right, Literal):
        # One beyond the range of a whole number says the same as its end: `> 17` for `>= 18`.
        spare = 1 if one.whole else 0
        if not one.low - spare <= other.low <= one.high + spare:
            yield Fault(path, _beyond(left, right, one), right.at)


def _membership(node: Apply, known: Extents, path: Path) -> Iterator[Fault]:
    left, right = node.parts
    one, many = extent_of(left, known), extent_of(right, known)
    if isinstance(right, Many) and isinstance(one, Texts) and one.codes is not None:
        for member in right.members:
            if isinstance(member, Literal):
                yield from _code(member, left, one.codes, path)
    if isinstance(left, Literal) and isinstance(many, Codes) and many.codes is not None:
        yield from _code(left, right, many.codes, path)


def _code(literal: Literal, of: Node, codes: frozenset[str], path: Path) -> Iterator[Fault]:
    code = str(literal.value)
    if code not in codes:
        name = of.text if isinstance(of, Name) else ""
        what = _WHAT.get(name, f"code of {name}" if name else "code of this")
        yield Fault(path, unknown(what, code, codes - {""}), literal.at)


def _beyond(left: Node, literal: Literal, extent: Numbers) -> str:
    ends = f"{_number(extent.low)} to {_number(extent.high)}"
    if math.isinf(extent.high):
        ends = f"at least {_number(extent.low)}"
    value = literal.value
    shown = _number(value) if isinstance(value, int | float) else repr(value)
    return f"{shown} is beyond what {_said(left)} can be, {ends}: this always comes out the same"


def _number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e15 else str(value)


def _said(node: Node) -> str:
    match node:
        case Name(text=text):
            return text
        case Call():
            return call_name(node)
        case _:
            return "this"


def _place(node: Node) -> int | None:
    return node.at if isinstance(node, Name | Literal) else None


def narrowed(node: Node, holds: bool, known: Extents) -> Extents | None:
    """What each name can still be when a rule comes out so; None when it can't."""
    match node:
        case Apply(operator="!", parts=(one,)):
            return narrowed(one, not holds, known)
        case Apply(operator="&&" | "||" as operator, parts=parts):
            if (operator == "&&") == holds:
                return _all(parts, holds, known)
            return _some([narrowed(part, holds, known) for part in parts])
        case Apply(operator="?:", parts=(condition, first, other)):
            met, unmet = narrowed(condition, True, known), narrowed(condition, False, known)
            ways = [(first, met), (other, unmet)]
            return _some([None if way is None else narrowed(part, holds, way) for part, way in ways])
        case Apply(operator=operator, parts=(left, right)) if operator in (*_NOT, "in"):
            return _compared(operator, left, right, holds, known)
        case Name(text=text) if isinstance(extent_of(node, known), Truth):
            can = extent_of(node, known)
            is_possible = isinstance(can, Truth) and holds in can.can
            return {**known, text: Truth(frozenset({holds}))} if is_possible else None
        case _:
            can = extent_of(node, known)
            return None if isinstance(can, Truth) and holds not in can.can else known


def _all(parts: tuple[Node, ...], holds: bool, known: Extents) -> Extents | None:
    # Twice, because what a later part says of a name may contradict an earlier one.
    for part in (*parts, *parts):
        after = narrowed(part, holds, known)
        if after is None:
            return None
        known = after
    return known


def _some(ways: list[Extents | None]) -> Extents | None:
    """What names can be when at least one of several ways is taken: nothing is known that differs."""
    possible = [way for way in ways if way is not None]
    if not possible:
        return None
    first = possible[0]
    return {
        name: extent for name, extent in first.items() if all(way.get(name) == extent for way in possible)
    }


def _compared(operator: str, left: Node, right: Node, holds: bool, known: Extents) -> Extents | None:
    one, other = extent_of(left, known), extent_of(right, known)
    if holds not in compared(operator, one, other).can:
        return None
    if operator == "in":
        return _among(left, one, other, holds, known)
    said = operator if holds else _NOT[operator]
    for node, own, extent, way in ((left, one, other, said), (right, other, one, _TURNED[said])):
        name = node.text if isinstance(node, Name) else call_name(node) if isinstance(node, Call) else None
        if name is None or (isinstance(node, Call) and node.function in ("double", "int", "size")):
            continue
        after = _within(own, way, extent)
        if after is None:
            return None
        known = {**known, name: after}
    return known


def _among(left: Node, one: Extent, many: Extent, holds: bool, known: Extents) -> Extents | None:
    if not isinstance(left, Name) or not isinstance(one, Texts) or not isinstance(many, Codes):
        return known
    if one.codes is None or many.codes is None:
        return known
    kept = one.codes & many.codes if holds else one.codes - many.codes
    return {**known, left.text: Texts(kept)} if kept else None


def _within(own: Extent, operator: str, other: Extent) -> Extent | None:
    """What the left of a comparison can still be when it holds."""
    if (
        isinstance(own, Texts)
        and isinstance(other, Texts)
        and own.codes is not None
        and other.codes is not None
    ):
        kept = own.codes
        if operator == "==":
            kept = own.codes & other.codes
        elif len(other.codes) == 1:
            kept = own.codes - other.codes
        return Texts(kept) if kept else None
    if not isinstance(own, Numbers) or not isinstance(other, Numbers):
        return own
    low, high = own.low, own.high
    if operator in ("<", "<=", "=="):
        high = min(high, other.high)
        if operator == "<" and own.whole and math.isfinite(other.high):
            high = min(high, math.ceil(other.high) - 1)
    if operator in (">", ">=", "=="):
        low = max(low, other.low)
        if operator == ">" and own.whole and math.isfinite(other.low):
            low = max(low, math.floor(other.low) + 1)
    return Numbers(low, high, own.whole) if low <= high else None
