"""What a value in a rule can be at all: the ends of a number, the codes of a choice, true or false.

Made of the ranges and codelists of items and of what the operations of scores can give; where that is not
known a value can be anything, so that nothing is called impossible that is not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from entact.protocol.form import CompiledForm
from entact.protocol.instrument import Instrument
from entact.protocol.study import Item, StudyFile, Visit
from entact.protocol.tree import Apply, Call, Literal, Many, Name, Node, parse


@dataclass(frozen=True, slots=True)
class Numbers:
    """Every number from `low` to `high`, both possible; durations in seconds. `whole`: no others between."""

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False

    @property
    def is_one(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Texts:
    """One of these codes; None: any text at all."""

    codes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """True, false, or either."""

    can: frozenset[bool] = frozenset({True, False})


@dataclass(frozen=True, slots=True)
class Codes:
    """A list of codes out of these; None: of any."""

    codes: frozenset[str] | None = None


Extent = Numbers | Texts | Truth | Codes
Extents = Mapping[str, Extent]

NOTHING: Final[frozenset[Extent]] = frozenset({Texts(frozenset()), Codes(frozenset())})
"""What is of no code at all, as of somebody who is not asked."""

ANYTHING: Final[Numbers] = Numbers()
_COUNT: Final = Numbers(0, math.inf, whole=True)
_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_DURATION: Final = re.compile(r"([0-9]*\.?[0-9]+)(h|ms|us|ns|m|s)")
_ARITHMETIC: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: 0.0 if 0.0 in (a, b) else a * b,  # infinity times nothing is nothing here
    "/": lambda a, b: a / b,
}


def extents_of(
    file: StudyFile, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit]
) -> dict[str, Extent]:
    """What each name and each call without argument that rules of a study may use can be.

    A name that says from which visit it is goes by the rest of it: see `extents_in`.
    """
    known: dict[str, Extent] = {}
    for name, form in forms.items():
        known |= {f"{name}.{part}": extent for part, extent in extents_of_form(form).items()}
    doses = sum(visit.kind == "dosing" for visit in visits.values())
    events = file.adverse_events
    interests = {term.special_interest or "" for term in events.terms.values()}
    known |= {
        "doses()": Numbers(0, doses, whole=True),
        "person.doses": Numbers(0, doses, whole=True),
        "person.planned_doses": _COUNT,
        "person.population": Texts(frozenset(file.populations)),
        "person.serious_events": _COUNT,
        "person.related_serious_events": _COUNT,
        "event.term": Texts(frozenset(events.terms)),
        "event.special_interest": Texts(frozenset({"", *interests, *events.special_interest})),
    }
    counts = ("enrolled", "deaths", "serious_events", "related_serious_events", "unexpected_events")
    return known | {f"study.{count}": _COUNT for count in counts}


def extents_of_form(form: CompiledForm) -> dict[str, Extent]:
    """What each score and item of a form can be."""
    known: dict[str, Extent] = {}
    if form.instrument is not None:
        parts = part_extents(form.instrument)
        known |= {score: parts[score] for score in form.instrument.scores}
    return known | {item: item_extent(said) for item, said in form.items.items()}


def extents_in(names: Iterable[str], known: Extents) -> dict[str, Extent]:
    """What each name that one rule uses can be, those of a visit as well."""
    extents = {name: known.get(name) or known.get(name.partition(".")[2]) for name in names}
    found = {name: extent for name, extent in extents.items() if extent is not None}
    return {**found, "doses()": known.get("doses()", _COUNT)}


def item_extent(item: Item) -> Extent:
    """What an answer to an item can be."""
    if item.type == "boolean":
        return Truth()
    if item.type in ("choice", "choices"):
        codes = frozenset(item.of or ())
        return Texts(codes) if item.type == "choice" else Codes(codes)
    if item.type == "rows":
        low, high = item.bounds or (0, math.inf)
        return Numbers(float(low), float(high), whole=True)
    if item.type not in ("integer", "decimal"):
        return Texts()
    whole = item.type == "integer"
    if item.bounds is None:
        return Numbers(whole=whole)
    return Numbers(float(item.bounds[0]), float(item.bounds[1]), whole)


def part_extents(instrument: Instrument) -> dict[str, Extent]:
    """What each item of an instrument, by its points, and each of its scores can be."""
    parts: dict[str, Extent] = {}
    for name, item in instrument.items.items():
        extent, points = item_extent(item), instrument.points.get(name)
        if points and isinstance(extent, Numbers):
            extent = Numbers(min(points.values()), max(points.values()), whole=True)
        parts[name] = extent
    for name, score in instrument.file.scores.items():
        kind = instrument.scores[name]
        if kind is bool:
            parts[name] = Truth()
        elif score.rule is not None:
            parts[name] = extent_of(parse(score.rule), parts)
        else:
            over = [parts[part] for part in instrument.parts.get(name, ())]
            parts[name] = _made_of(score.operation, over, whole=kind is int)
    return parts


def _made_of(operation: str, over: list[Extent], *, whole: bool) -> Extent:
    if operation in ("count", "highest"):
        return Numbers(0, len(over), whole=True)
    numbers = [one for one in over if isinstance(one, Numbers)]
    if not numbers or len(numbers) < len(over):
        return Numbers(whole=whole)
    lows, highs = [one.low for one in numbers], [one.high for one in numbers]
    if operation == "sum":
        return Numbers(sum(lows), sum(highs), whole)
    if operation == "max":
        return Numbers(max(lows), max(highs), whole)
    if operation == "mean":
        return Numbers(min(lows), max(highs), whole)
    return Numbers(whole=whole)


def extent_of(node: Node, known: Extents) -> Extent:
    """What a part of a rule can be, each name in it taken for itself."""
    match node:
        case Literal(value=bool(value)):
            return Truth(frozenset({value}))
        case Literal(value=str(value)):
            return Texts(frozenset({value}))
        case Literal(value=int(value) | float(value)):
            return Numbers(value, value, isinstance(value, int))
        case Name(text=text):
            return known.get(text) or _unknown(text)
        case Many(members=members):
            return _list(extent_of(member, known) for member in members)
        case Call():
            return _called(node, known)
        case Apply(operator="?:", parts=(condition, first, other)):
            can = _truth(extent_of(condition, known))
            extents = [
                extent_of(part, known) for part, holds in ((first, True), (other, False)) if holds in can
            ]
            return _either(extents)
        case Apply(operator="minus", parts=(one,)):
            inner = _numbers(extent_of(one, known))
            return Numbers(-inner.high, -inner.low, inner.whole)
        case Apply(operator=operator, parts=(left, right)) if operator in (*_ARITHMETIC, "%"):
            return _reckoned(operator, _numbers(extent_of(left, known)), _numbers(extent_of(right, known)))
        case Apply(operator="!", parts=(one,)):
            return Truth(frozenset(not value for value in _truth(extent_of(one, known))))
        case Apply(operator="&&", parts=parts):
            cans = [_truth(extent_of(part, known)) for part in parts]
            return Truth(
                frozenset(
                    {
                        value
                        for value in (True, False)
                        if (all if value else any)(value in can for can in cans)
                    }
                )
            )
        case Apply(operator="||", parts=parts):
            cans = [_truth(extent_of(part, known)) for part in parts]
            return Truth(
                frozenset(
                    {
                        value
                        for value in (True, False)
                        if (any if value else all)(value in can for can in cans)
                    }
                )
            )
        case Apply(operator=operator, parts=(left, right)):
            return compared(operator, extent_of(left, known), extent_of(right, known))
        case _:
            return ANYTHING


def compared(operator: str, left: Extent, right: Extent) -> Truth:
    """How a comparison can come out; not at all where one side can be nothing."""
    if NOTHING & {left, right}:
        return Truth(frozenset())
    if operator == "in":
        one, many = left, right
        if isinstance(one, Texts) and isinstance(many, Codes) and one.codes and many.codes is not None:
            return Truth() if one.codes & many.codes else Truth(frozenset({False}))
        return Truth()
    if isinstance(left, Numbers) and isinstance(right, Numbers):
        return _ordered(operator, left, right)
    if isinstance(left, Texts) and isinstance(right, Texts):
        first, second = left.codes, right.codes
        if first is None or second is None:
            return Truth()
        same = {bool(value) for value in (first & second and {True}) or ()}
        if len(first | second) > 1:
            same.add(False)
        return Truth(frozenset(value == (operator == "==") for value in same))
    if isinstance(left, Truth) and isinstance(right, Truth):
        pairs = {a == b for a in left.can for b in right.can}
        return Truth(frozenset(value == (operator == "==") for value in pairs))
    return Truth()


def _ordered(operator: str, left: Numbers, right: Numbers) -> Truth:
    if operator in (">", ">="):
        return _ordered({">": "<", ">=": "<="}[operator], right, left)
    can: set[bool] = set()
    if operator == "<":
        can |= {True} if left.low < right.high else set()
        can |= {False} if left.high >= right.low else set()
    elif operator == "<=":
        can |= {True} if left.low <= right.high else set()
        can |= {False} if left.high > right.low else set()
    else:
        meet = left.low <= right.high and right.low <= left.high
        can |= {operator == "=="} if meet else set()
        can |= set() if left.is_one and right.is_one and meet else {operator == "!="}
    return Truth(frozenset(can))


def call_name(call: Call) -> str:
    """What a call goes by: `elapsed('initial')`."""
    said = (repr(one.value) for one in call.args if isinstance(one, Literal))
    return f"{call.function}({', '.join(said)})"


def _called(call: Call, known: Extents) -> Extent:
    narrowed = known.get(call_name(call))
    if narrowed is not None:
        return narrowed
    match call.function:
        case "given":
            return Truth()
        case "present":
            return _COUNT
        case "doses":
            return _COUNT
        case "elapsed":
            return Numbers(0)
        case "duration":
            return _duration(call)
        case "size":
            many = extent_of(call.args[0], known)
            most = len(many.codes) if isinstance(many, Codes) and many.codes is not None else math.inf
            return Numbers(0, most, whole=True)
        case "double" | "int":
            inner = _numbers(extent_of(call.args[0], known))
            return Numbers(inner.low, inner.high, call.function == "int")
        case _:
            return ANYTHING


def _duration(call: Call) -> Numbers:
    (argument,) = call.args
    if not isinstance(argument, Literal):
        return ANYTHING
    text = str(argument.value)
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))
    return Numbers(-seconds, -seconds) if text.startswith("-") else Numbers(seconds, seconds)


def _reckoned(operator: str, left: Numbers, right: Numbers) -> Numbers:
    whole = left.whole and right.whole
    if operator == "%" or (operator == "/" and (right.low <= 0 <= right.high or whole)):
        return Numbers(whole=whole)
    ends = [_ARITHMETIC[operator](a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    if any(map(math.isnan, ends)):
        return Numbers(whole=whole)
    return Numbers(min(ends), max(ends), whole)


def _either(extents: list[Extent]) -> Extent:
    """One extent that holds what each of several can be."""
    if not extents:
        return ANYTHING
    first = extents[0]
    if all(isinstance(one, Numbers) for one in extents):
        numbers = [_numbers(one) for one in extents]
        return Numbers(
            min(one.low for one in numbers),
            max(one.high for one in numbers),
            all(one.whole for one in numbers),
        )
    if all(isinstance(one, Texts) for one in extents):
        return Texts(_union([one.codes for one in extents if isinstance(one, Texts)]))
    if all(isinstance(one, Truth) for one in extents):
        return Truth(frozenset().union(*(_truth(one) for one in extents)))
    if all(isinstance(one, Codes) for one in extents):
        return Codes(_union([one.codes for one in extents if isinstance(one, Codes)]))
    return first


def _list(members: Iterable[Extent]) -> Extent:
    return Codes(_union([one.codes if isinstance(one, Texts) else None for one in members]))


def _union(codes: list[frozenset[str] | None]) -> frozenset[str] | None:
    return None if None in codes else frozenset().union(*(one for one in codes if one is not None))


def _numbers(extent: Extent) -> Numbers:
    return extent if isinstance(extent, Numbers) else ANYTHING


def _truth(extent: Extent) -> frozenset[bool]:
    return extent.can if isinstance(extent, Truth) else Truth().can


def _unknown(name: str) -> Extent:
    """A name of which nothing is known here: a fact that is yes or no, or any number."""
    return Truth() if name.startswith(("person.", "event.")) else ANYTHING
