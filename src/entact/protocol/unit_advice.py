"""Units that are none of what an item measures, differ between what is compared, or belong to other limits.

Only warnings: what an item measures is known by its name alone. Nothing is ever converted, so that two units
in one comparison, or a limit that was thought of in another, are wrong numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from entact.protocol.compiled import CompiledRules
from entact.protocol.problem import Fault, Path
from entact.protocol.release import Release
from entact.protocol.rule import Rule
from entact.protocol.study import Item
from entact.protocol.tree import Apply, Call, Literal, Many, Name, Node, parse


@dataclass(frozen=True, slots=True)
class Measurement:
    """What is measured, how items of it are called, and its units with the most that people have in each."""

    title: str
    named: str
    most: Mapping[str, float]


# General knowledge: wide, so that only another unit is beyond it.
MEASUREMENTS: Final = (
    Measurement("a temperature", r"\btemp(erature)?\b", {"Cel": 50, "[degF]": 122, "K": 323}),
    Measurement(
        "a blood pressure",
        r"systolic|diastolic|\b[sd]bp\b|blood pressure|arterial pressure",
        {"mm[Hg]": 400, "kPa": 54},
    ),
    Measurement("a heart rate", r"heart rate|\bpulse( rate)?$|^hr$", {"/min": 400}),
    Measurement("a rate of breathing", r"respiratory rate|^respirations?$", {"/min": 120}),
    Measurement("a saturation", r"oxygen saturation|^spo2$|^o2 saturation$", {"%": 100}),
    Measurement("a weight", r"^(body )?weight$", {"kg": 500, "[lb_av]": 1100, "g": 500_000}),
    Measurement("a height", r"^(body )?height$", {"cm": 280, "m": 2.8, "[in_i]": 110, "[ft_i]": 9.2}),
    Measurement("a body-mass index", r"^(bmi|body mass index)$", {"kg/m2": 150}),
    Measurement("an interval of the ECG", r"^(qt|qrs|pr interval|rr interval)", {"ms": 2500, "s": 2.5}),
    Measurement(
        "an enzyme",
        r"^(alt|ast|alat|asat|gpt|got|ggt|alkaline phosphatase)$",
        {"U/L": 20_000, "[iu]/L": 20_000, "ukat/L": 340, "nkat/L": 340_000},
    ),
    Measurement("an electrolyte", r"^(sodium|potassium|chloride)$", {"mmol/L": 250, "meq/L": 250}),
    Measurement("bilirubin", r"^bilirubin$", {"umol/L": 1500, "mg/dL": 88}),
    Measurement("creatinine", r"^creatinine$", {"umol/L": 3000, "mg/dL": 34}),
    Measurement("glucose", r"^glucose$", {"mmol/L": 120, "mg/dL": 2200}),
)  # fmt: skip
_COMPARED: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})
_TOGETHER: Final = _COMPARED | {"+", "-"}


def advise_units(release: Release) -> Iterator[Fault]:
    """A warning for each unit that hardly is the one that was meant, and each comparison across units."""
    found = dict(_items(release))
    units = {f"{path[1]}.{path[3]}": item.unit for path, item in found.items() if len(path) == 4}
    seen: dict[str, tuple[str, str]] = {}
    for path, item in found.items():
        yield from _item(path, item, seen)
    for path, rule in rules_of(release.rules, release):
        yield from _rule(parse(rule.text), units, path)


def _items(release: Release) -> Iterator[tuple[Path, Item]]:
    """Every number of the study's own forms that has a unit, those within rows too."""
    for name, form in release.file.forms.items():
        for item, said in form.items.items():
            for path, one in (
                (("forms", name, "items", item), said),
                *((("forms", name, "items", item, "items", inner), of) for inner, of in said.items.items()),
            ):
                if one.type in ("integer", "decimal") and one.unit:
                    yield path, one


def measurement_of(name: str) -> Measurement | None:
    """What an item measures, by its name."""
    said = name.replace("_", " ")
    return next((one for one in MEASUREMENTS if re.search(one.named, said, re.IGNORECASE)), None)


def plain(unit: str) -> str:
    """A unit without remarks in braces, as tables have it: `{beats}/min` and `1/min` are `/min`."""
    bare = re.sub(r"\{[^}]*\}", "", unit)
    bare = bare.removeprefix("1") if bare.startswith("1/") else bare
    return re.sub(r"\[i?I?U\]", "[iu]", bare).replace("/l", "/L")


def _item(path: Path, item: Item, seen: dict[str, tuple[str, str]]) -> Iterator[Fault]:
    name, unit = str(path[-1]), plain(item.unit)
    measured = measurement_of(name)
    if unit == "%" and measured is None and item.bounds is not None and item.bounds[1] > 100:
        message = f"reaches to {item.bounds[1]:g} per cent; of a whole there are 100 at most: is that meant?"
        yield Fault((*path, "range"), message)
    if measured is None:
        return
    if unit not in measured.most:
        yield Fault((*path, "unit"), f"{item.unit} is no unit of {measured.title}; write {_any_of(measured)}")
        return
    first, place = seen.setdefault(measured.title, (item.unit, _said(path)))
    if plain(first) != unit:
        message = f"{item.unit}, and {place} is in {first}: nothing is converted; write one unit for both"
        yield Fault((*path, "unit"), message)
    for key, bounds in (("range", item.bounds), ("expected", item.usual)):
        if bounds is not None and (other := _thought_in(measured, unit, float(bounds[1]))):
            message = (
                f"nobody has {bounds[1]:g} {item.unit}: these are numbers in {other}; change one of them"
            )
            yield Fault((*path, key), message)


def _any_of(measured: Measurement) -> str:
    *others, last = (unit.replace("[iu]", "[iU]") for unit in measured.most)
    return f"{', '.join(others)} or {last}" if others else last


def _thought_in(measured: Measurement, unit: str, value: float) -> str | None:
    """The unit in which a value makes sense that makes none in its own."""
    if unit not in measured.most or value <= 2 * measured.most[unit]:
        return None
    return next((other for other, most in measured.most.items() if value <= 2 * most), None)


def _said(path: Path) -> str:
    return ".".join(str(part) for part in (path[1], *path[3::2]))


def _rule(node: Node, units: Mapping[str, str], path: Path) -> Iterator[Fault]:
    """Comparisons, sums and differences of what is in different units, and limits of another unit."""
    if isinstance(node, Apply) and node.operator in _TOGETHER and len(node.parts) == 2:
        left, right = node.parts
        names = [*_alike(left), *_alike(right)]
        for one in names[1:]:
            first, second = _unit(names[0].text, units), _unit(one.text, units)
            if first and second and plain(first) != plain(second):
                message = (
                    f"{names[0].text} is in {first}, {one.text} in {second}: nothing is converted; "
                    "give both one unit"
                )
                yield Fault(path, message, one.at)
                return
        if node.operator in _COMPARED:
            yield from _limit(left, right, units, path)
    for part in _parts(node):
        yield from _rule(part, units, path)


def _limit(left: Node, right: Node, units: Mapping[str, str], path: Path) -> Iterator[Fault]:
    if isinstance(left, Literal):
        left, right = right, left
    if not isinstance(left, Name) or not isinstance(right, Literal):
        return
    measured, value = measurement_of(left.text.rpartition(".")[2]), right.value
    unit = _unit(left.text, units)
    if measured is None or unit is None or isinstance(value, bool) or not isinstance(value, int | float):
        return
    if other := _thought_in(measured, plain(unit), float(value)):
        message = (
            f"nobody has {value:g} {unit} of {left.text}: this is a limit in {other}; write it in {unit}"
        )
        yield Fault(path, message, right.at)


def _unit(name: str, units: Mapping[str, str]) -> str | None:
    """The unit of what a rule names, of a visit as well."""
    return units.get(name) or units.get(name.partition(".")[2])


def _alike(node: Node) -> list[Name]:
    """Names that are added or compared as they are: not those that are multiplied first."""
    match node:
        case Name():
            return [node]
        case Apply(operator="+" | "-" | "minus", parts=parts):
            return [name for part in parts for name in _alike(part)]
        case _:
            return []


def _parts(node: Node) -> Iterable[Node]:
    match node:
        case Apply(parts=parts) | Many(members=parts) | Call(args=parts):
            return parts
        case _:
            return ()


def rules_of(rules: CompiledRules, release: Release) -> Iterator[tuple[Path, Rule]]:
    """Every rule of a study that compares values, with its place in the file."""
    for name, gate in rules.gates.items():
        for place, requirement in enumerate(gate.requirements):
            yield ("gates", name, "require", place, "require"), requirement.rule
    for name, alert in rules.alerts.items():
        yield ("alerts", name, "when"), alert.rule
        if alert.rearm is not None:
            yield ("alerts", name, "rearm"), alert.rearm
        for place, worse in enumerate(alert.worse):
            if worse is not None:
                yield ("alerts", name, "escalate", place, "when"), worse
    for name, criterion in rules.criteria.items():
        if criterion.rule is not None:
            yield ("eligibility", name, "rule"), criterion.rule
    for name, endpoint in rules.endpoints.items():
        yield ("endpoints", name, endpoint.endpoint.field), endpoint.rule
    for name, stopping in rules.stopping.items():
        yield ("stopping", name, "when"), stopping.rule
    for name, form in release.forms.items():
        for item, rule in form.rules.calculations.items():
            if form.items[item].calculated is not None:
                yield ("forms", name, "items", item, "calculated"), rule
