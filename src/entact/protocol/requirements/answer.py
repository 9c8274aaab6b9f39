"""The answer of each kind of rule: whether a study file meets it, where, or what it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import singledispatch
from typing import Any

from entact.protocol.problem import Path
from entact.protocol.quantity import parse_duration
from entact.protocol.requirements.timeline import Timeline
from entact.protocol.requirements.words import All, Any_, Condition, Not, Rule, Some, Wanted


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a rule is met; None where the file does not decide it.

    Attributes:
        places: where in the file it is met. lacks: what is missing, or why it is not decided.
    """

    met: bool | None
    places: tuple[Path, ...] = ()
    lacks: tuple[str, ...] = ()


@singledispatch
def answer(rule: Rule, study: Timeline) -> Answer:
    """Whether a study meets a rule.

    Args:
        rule: of a list. study: with what its forms measure.
    """
    raise TypeError(f"{rule!r} is no rule")


def yes(places: Iterable[Path]) -> Answer:
    return Answer(True, tuple(dict.fromkeys(places)))


def no(*lacks: str) -> Answer:
    return Answer(False, (), lacks)


@answer.register
def _(rule: All, study: Timeline) -> Answer:
    found = [answer(one, study) for one in rule.all]
    wrong = [one for one in found if one.met is False] or [one for one in found if one.met is None]
    if wrong:
        return Answer(wrong[0].met, (), tuple(dict.fromkeys(said for one in wrong for said in one.lacks)))
    return yes(path for one in found for path in one.places)


@answer.register
def _(rule: Any_, study: Timeline) -> Answer:
    found = [answer(one, study) for one in rule.any]
    if right := [one for one in found if one.met]:
        return yes(path for one in right for path in one.places)
    met = None if any(one.met is None for one in found) else False
    return Answer(met, (), tuple(dict.fromkeys(said for one in found for said in one.lacks)))


@answer.register
def _(rule: Not, study: Timeline) -> Answer:
    found = answer(rule.none, study)
    if found.met is None:
        return found
    return no(*(f"{_said(path)} is there" for path in found.places)) if found.met else yes([])


@answer.register
def _(rule: Some, study: Timeline) -> Answer:
    places = [
        path
        for path, value in _matches(study.release.data, rule.some.split("."), ())
        if (rule.named is None or _fits(str(path[-1]), Condition(matches=rule.named)))
        and all(_holds(value, key, wanted) for key, wanted in rule.where.items())
        and _concerns(path, value, rule, study)
    ]
    if len(places) >= rule.at_least:
        return yes(places)
    many = f"at least {rule.at_least} of " if rule.at_least > 1 else ""
    wanted = ", ".join(f"{key}: {_wanted(value)}" for key, value in rule.where.items())
    named = f" named like {rule.named!r}" if rule.named else ""
    count = f" ({len(places)} found)" if places else ""
    return no(f"no {many}`{rule.some}`{named}{f' with {wanted}' if wanted else ''}{count}")


def _concerns(path: Path, value: Any, rule: Some, study: Timeline) -> bool:
    """Whether a place counts: of the schedule, a visit of everybody who is dosed; else as the rule says."""
    if len(path) >= 2 and path[0] == "schedule" and path[1] not in study.rows:
        return False
    if not rule.of_primary:
        return True
    return isinstance(value, Mapping) and value.get("endpoint") in study.primary_endpoints


def _matches(data: Any, steps: Sequence[str], path: Path) -> Iterator[tuple[Path, Any]]:
    """Every place of the data that a pattern of names leads to."""
    if not steps:
        yield path, data
        return
    step, rest = steps[0], steps[1:]
    if isinstance(data, Mapping):
        keys = data.keys() if step == "*" else [step] if step in data else []
        for key in keys:
            yield from _matches(data[key], rest, (*path, key))
    elif isinstance(data, list) and step == "*":
        for place, value in enumerate(data):
            yield from _matches(value, rest, (*path, place))


def _holds(value: Any, key: str, wanted: Wanted) -> bool:
    found = [inner for _, inner in _matches(value, key.split("."), ())]
    if isinstance(wanted, Condition) and wanted.given is False:
        return not found
    return any(_fits(inner, wanted) for inner in found)


def _fits(value: Any, wanted: Wanted) -> bool:
    if isinstance(wanted, list):
        return value in wanted
    if not isinstance(wanted, Condition):
        return type(value) is type(wanted) and value == wanted
    if wanted.matches is not None:
        words = " ".join(map(str, value)) if isinstance(value, list) else _text(value)
        if re.search(wanted.matches, words.replace("_", " "), re.IGNORECASE) is None:
            return False
    if wanted.includes is not None and not (isinstance(value, list) and wanted.includes in value):
        return False
    if wanted.at_most is not None and not _lasts(value, wanted.at_most):
        return False
    if wanted.at_least is not None:
        size = len(value) if isinstance(value, list | dict) else value
        if isinstance(size, bool) or not isinstance(size, int | float) or size < wanted.at_least:
            return False
    return True


def _lasts(value: Any, most: timedelta) -> bool:
    """Whether a value is a duration that is no longer than this."""
    try:
        return parse_duration(str(value)) <= most
    except ValueError:
        return False


def _text(value: Any) -> str:
    """A text, in whichever languages it is written."""
    return " ".join(map(str, value.values())) if isinstance(value, Mapping) else str(value)


def _wanted(wanted: Wanted) -> str:
    if isinstance(wanted, Condition):
        said = wanted.model_dump(exclude_none=True)
        return " and ".join(f"{key.replace('_', ' ')} {_shown(value)}" for key, value in said.items())
    return " or ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)


def _shown(value: Any) -> str:
    return f"{value / timedelta(hours=1):g} h" if isinstance(value, timedelta) else str(value)


def _said(path: Path) -> str:
    return ".".join(map(str, path))
