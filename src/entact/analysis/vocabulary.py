"""What a plan may say, word by word, and the objects that it means. What is not here is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from entact.analysis.estimand import Estimand, Intercurrent
from entact.analysis.estimand_words import Path, is_number, mapping, read_estimands, unknown
from entact.analysis.family_words import read_family
from entact.analysis.planned import ROLES, Cell, Event, Plan, Planned, Question, Where
from entact.analysis.result import SIDES
from entact.analysis.words import METHODS, Word, names_of


class PlanError(ValueError):
    """A plan that cannot be run: each fault by its place in the plan."""

    def __init__(self, faults: list[tuple[Path, str]]) -> None:
        self.faults = faults
        super().__init__("\n".join(f"{'.'.join(map(str, path))}: {message}" for path, message in faults))


_ALWAYS = (
    *("method", "value", "rows", "set", "estimand", "contrast", "at", "alpha", "level", "null", "side"),
    *("change", "endpoint", "event", "title", "combination"),
)
_WORDS: dict[str, tuple[str, ...]] = {"side": SIDES, "change": ("absolute", "percent")}
BOUNDS = ("at_least", "at_most", "rise", "fall")
_TOP = ("columns", "visits", "arms", "sets", "intercurrent", "estimands", "analyses", "multiplicity", "title")


def read_plan(said: Mapping[str, Any]) -> Plan:
    """A plan of plain data, as a file says it.

    Args:
        said: `analyses`, by name; `columns`, role -> column; `visits` and `arms` in their order; `sets`,
            name -> column -> value or values; `intercurrent` events and `estimands`, by name; `multiplicity`,
            which analyses are tested together.
    Raises:
        PlanError: for everything that is wrong with it, each with its place.
    """
    faults: list[tuple[Path, str]] = []
    for key in said:
        if key not in _TOP:
            faults.append(((key,), unknown("key", key, _TOP)))
    columns = mapping(said.get("columns", {}), ("columns",), faults)
    for role in columns:
        if role not in ROLES:
            faults.append((("columns", role), unknown("role of a column", role, ROLES)))
    visits = _names(said.get("visits", ()), ("visits",), faults)
    arms = _names(said.get("arms", ()), ("arms",), faults)
    sets = {
        name: _where(own, ("sets", name), faults)
        for name, own in mapping(said.get("sets", {}), ("sets",), faults).items()
    }
    events, estimands = read_estimands(said, faults)
    if estimands and not visits:
        faults.append((("estimands",), "an event comes between visits; say them in their order in `visits`"))
    analyses = mapping(said.get("analyses", {}), ("analyses",), faults)
    if not analyses:
        faults.append((("analyses",), "there is no analysis; name at least one"))
    planned = [
        one
        for name, own in analyses.items()
        for one in _analysis(
            name,
            own,
            sets,
            estimands,
            events,
            visits,
            arms,
            ("analyses", name),
            faults,
            partial(_relies, said, name),
        )
    ]
    family = None
    if len(planned) == len(analyses):  # else what is wrong with an analysis is said already
        family = read_family(said.get("multiplicity"), {one.id: one for one in planned}, faults)
    if faults:
        raise PlanError(faults)
    roles = {k: str(v) for k, v in columns.items()}
    return Plan(tuple(planned), roles, visits, sets, events, estimands, said, family)


def _analysis(
    name: str,
    said: Any,
    sets: Mapping[str, Where],
    estimands: Mapping[str, Estimand],
    events: Mapping[str, Intercurrent],
    visits: tuple[str, ...],
    arms: tuple[str, ...],
    path: Path,
    faults: list[tuple[Path, str]],
    relies: Callable[[str, str], Mapping[str, object]],
) -> Iterator[Planned]:
    own = mapping(said, path, faults)
    before = len(faults)
    method = own.get("method")
    if method is None:
        faults.append((path, f"has no method; write one of: {', '.join(METHODS)}"))
        return
    if method not in METHODS:
        faults.append(((*path, "method"), unknown("method", str(method), METHODS)))
        return
    word = METHODS[method]
    for key, value in own.items():
        if key not in (*_ALWAYS, *word.takes):
            faults.append(((*path, key), unknown(f"key of {method}", key, (*_ALWAYS, *word.takes))))
        elif key in word.takes or key in _WORDS:
            takes = _WORDS[key] if key in _WORDS else word.takes[key]
            if takes == "flag" and isinstance(value, Mapping) and len(value) == 1:
                [(column, event)] = value.items()
                _event(event, (*path, key, column), faults)
                continue
            if takes == "event":
                _event(value, (*path, key), faults)
                continue
            wrong = _misfit(key, value, takes)
            if wrong is None and takes in ("visits", "events"):
                known, what = (visits, "visit") if takes == "visits" else (events, "intercurrent event")
                wrong = next(
                    (unknown(what, one, known) for one in names_of(own, key) if one not in known), None
                )
            if wrong is not None:
                faults.append(((*path, key), wrong))
    for key in word.needs:
        if key not in own:
            faults.append((path, f"{method} needs {key!r}"))
    if names_of(own, "strata") and own.get("interval", "miettinen_nurminen") != "miettinen_nurminen":
        message = "is not known with strata; write miettinen_nurminen, or take it out"
        faults.append(((*path, "interval"), message))
    if sets and "set" in own and own["set"] not in sets:
        faults.append(((*path, "set"), unknown("analysis set", str(own["set"]), sets)))
    if estimands and str(own.get("estimand")) not in estimands:
        if "estimand" in own:
            faults.append(((*path, "estimand"), unknown("estimand", str(own["estimand"]), estimands)))
        else:
            faults.append((path, f"has no estimand; write one of: {', '.join(estimands)}"))
    alpha = _number(own, "alpha", 0.05, (0, 1), path, faults)
    level = _number(own, "level", word.level, (0, 1), path, faults)
    null = _number(own, "null", None, None, path, faults)
    pair, at = _contrast(own, visits, arms, path, faults)
    combination = _combination(own, word, path, faults)
    _later(own, at, visits, path, faults)
    if word.compares and "contrast" not in own:
        faults.append(
            (path, f"{method} compares two arms; write `contrast`, as in 'mdma - placebo at week 18'")
        )
    where = _where(own.get("rows", {}), (*path, "rows"), faults)
    event = None if "event" not in own else _event(own["event"], (*path, "event"), faults)
    if len(faults) > before:
        return
    assert alpha is not None
    assert level is not None
    try:
        made = word.make(own)
    except ValueError as problem:
        faults.append((path, str(problem)))
        return
    yield Planned(
        name,
        made,
        Question(pair, at, level, null, own.get("side", "two_sided"), combination),
        own.get("value", next(iter(names_of(own, "items")), None)),
        event,
        where,
        str(own.get("set", "all")),
        str(own.get("estimand", "observed")),
        alpha,
        own.get("change"),
        dict(own),
        relies(str(own.get("set", "all")), str(own.get("estimand", "observed"))),
    )


def _relies(said: Mapping[str, Any], name: str, own_set: str, estimand: str) -> dict[str, object]:
    """What a plan says outside an analysis that it hangs on."""
    family = said.get("multiplicity")
    in_family = isinstance(family, Mapping) and name in (family.get("of") or ())
    found: dict[str, object] = {key: said[key] for key in ("columns", "visits", "arms") if key in said}
    if in_family:
        found["multiplicity"] = family
    for key, one in (("sets", own_set), ("estimands", estimand)):
        block = said.get(key, {})
        if isinstance(block, Mapping) and one in block:
            found[key] = block[one]
            if key == "estimands":
                found["intercurrent"] = said.get("intercurrent", {})
    return found


def _contrast(
    said: Mapping[str, Any],
    visits: tuple[str, ...],
    arms: tuple[str, ...],
    path: Path,
    faults: list[tuple[Path, str]],
) -> tuple[tuple[str, str] | None, str | None]:
    text, at = said.get("contrast"), said.get("at")
    pair: tuple[str, str] | None = None
    if text is not None:
        text = str(text)
        head, found, visit = text.rpartition(" at ")
        if found and (not visits or visit in visits):
            text, at = head, at or visit
        splits = [tuple(part) for part in _splits(text)]
        known = [one for one in splits if not arms or (one[0] in arms and one[1] in arms)]
        if not known:
            of = f"; the arms are {', '.join(arms)}" if arms else ""
            message = f"{text!r} is no contrast; write it as in 'mdma - placebo at week 18'{of}"
            faults.append(((*path, "contrast"), message))
        elif len(known) > 1:
            message = f"{text!r} can be read in {len(known)} ways; say the names of the `arms` at the top"
            faults.append(((*path, "contrast"), message))
        elif known[0][0] == known[0][1]:
            faults.append(((*path, "contrast"), f"compares {known[0][0]} with itself; name two arms"))
        else:
            pair = known[0][0], known[0][1]
    if at is not None and visits and at not in visits:
        faults.append(((*path, "at" if "at" in said else "contrast"), unknown("visit", str(at), visits)))
    return pair, None if at is None else str(at)


def _later(
    said: Mapping[str, Any],
    at: str | None,
    visits: tuple[str, ...],
    path: Path,
    faults: list[tuple[Path, str]],
) -> None:
    """Visits of a follow-up that come no later than that of the contrast."""
    follow_up = names_of(said, "follow_up")
    if follow_up and not visits:
        faults.append(((*path, "follow_up"), "the visits have an order; say them in `visits`"))
    elif follow_up and at in visits:
        order = visits.index(at)
        early = [one for one in follow_up if one in visits and visits.index(one) <= order]
        if early:
            faults.append(
                ((*path, "follow_up"), f"{early[0]!r} comes no later than {at!r}, from which it counts")
            )


def _combination(
    said: Mapping[str, Any], word: Word, path: Path, faults: list[tuple[Path, str]]
) -> Mapping[str, float] | None:
    """Arm -> factor of its mean, as in `{a: 0.5, b: 0.5, c: -1}`."""
    own = said.get("combination")
    if own is None:
        return None
    place: Path = (*path, "combination")
    if not isinstance(own, Mapping) or not own or not all(map(is_number, own.values())):
        faults.append((place, f"{own!r} is no block of arms with numbers, as in {{a: 0.5, b: 0.5, c: -1}}"))
        return None
    if not word.combines:
        faults.append((place, f"{said['method']} compares two arms; take it out"))
    if abs(sum(own.values())) > 1e-9 or not any(own.values()):
        faults.append((place, f"the factors are {sum(own.values()):g} together; in a difference they are 0"))
    return {str(arm): float(factor) for arm, factor in own.items()}


def _splits(text: str) -> Iterator[list[str]]:
    parts = text.split(" - ")
    for place in range(1, len(parts)):
        yield [" - ".join(parts[:place]).strip(), " - ".join(parts[place:]).strip()]


def _misfit(key: str, value: Any, takes: str | tuple[str, ...]) -> str | None:
    """What is wrong with the value of a key; None for nothing."""
    if isinstance(takes, tuple):
        # Of covariances several may be named, to be tried in their order.
        named = value if key == "covariance" and isinstance(value, list | tuple) and value else [value]
        wrong = next((one for one in named if one not in takes), None)
        return None if wrong is None else unknown(key.replace("_", " "), str(wrong), takes)
    several = value if isinstance(value, list | tuple) else [value]
    match takes:
        case "number":
            return None if is_number(value) else f"{value!r} is not a number"
        case "whole":
            fine = is_number(value) and float(value).is_integer() and value >= 0
            return None if fine else f"{value!r} is no whole number of 0 or more"
        case "numbers":
            fine = isinstance(value, list | tuple) and bool(several) and all(map(is_number, several))
            return None if fine else f"{value!r} is no list of numbers; write it as in [2, 4]"
        case "limits":
            fine = isinstance(value, Mapping) and bool(value) and all(map(is_number, value.values()))
            return None if fine else f"{value!r} is no block of names with numbers, as in {{mdma: 5}}"
        case "groups":
            fine = isinstance(value, Mapping) and bool(value)
            fine = fine and all(one and _is_names(one) for one in value.values())
            return None if fine else f"{value!r} is no block of groups, as in {{abuse: [euphoria, craving]}}"
        case "bounds":
            return _unbounded(value)
        case "columns":
            fine = bool(several) and all(isinstance(one, str) for one in several)
            return None if fine else f"{value!r} is no name of a column, and no list of them"
        case "names" | "visits" | "events":  # a grade may be a number
            fine = bool(several) and all(isinstance(one, str) or is_number(one) for one in several)
            return None if fine else f"{value!r} is no name, and no list of them"
    if takes == "flag" and not isinstance(value, str):
        return f"{value!r} is no column; write one, or one with what in it is meant, as in {{status: died}}"
    return None if isinstance(value, str) else f"{value!r} is no text"


def _is_names(value: Any) -> bool:
    return all(
        isinstance(one, str) and one for one in (value if isinstance(value, list | tuple) else [value])
    )


def _unbounded(value: Any) -> str | None:
    """What is wrong with limits of parameters, as in `{systolic: {at_least: 180, rise: 60}}`."""
    right = "as in {systolic: {at_least: 180, rise: 60}}"
    if not isinstance(value, Mapping) or not value:
        return f"{value!r} is no block of parameters with limits, {right}"
    for parameter, own in value.items():
        if not isinstance(own, Mapping) or not own:
            return f"{parameter}: {own!r} is no block of limits, {right}"
        for key, bound in own.items():
            if key not in BOUNDS:
                return unknown(f"limit of {parameter}", str(key), BOUNDS)
            if not is_number(bound):
                return f"{key} of {parameter}: {bound!r} is not a number"
    return None


def _number(
    said: Mapping[str, Any],
    key: str,
    default: float | None,
    within: tuple[float, float] | None,
    path: Path,
    faults: list[tuple[Path, str]],
) -> float | None:
    value = said.get(key, default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        faults.append(((*path, key), f"{value!r} is not a number"))
        return default
    if within is not None and not within[0] < value < within[1]:
        faults.append(((*path, key), f"{value:g} does not lie between {within[0]:g} and {within[1]:g}"))
    return float(value)


def _event(said: Any, path: Path, faults: list[tuple[Path, str]]) -> Event | None:
    """What counts as an event, as in `{at_most: -10}`, `yes` or `[3, 4]`."""
    if isinstance(said, Mapping):
        for key, value in said.items():
            if key not in ("at_least", "at_most"):
                faults.append(((*path, key), unknown("key of event", key, ("at_least", "at_most"))))
            elif not is_number(value):
                faults.append(((*path, key), f"{value!r} is not a number"))
        if not said:
            faults.append((path, "says nothing; write it as in {at_most: -10}"))
        limits = {key: float(value) for key, value in said.items() if is_number(value)}
        return Event((), limits.get("at_least"), limits.get("at_most"))
    values = said if isinstance(said, list | tuple) else [said]
    if not values or not all(isinstance(one, str | int | float | bool) for one in values):
        faults.append((path, f"{said!r} is no event; write a value, a list of them, or {{at_most: -10}}"))
    return Event(tuple(values))


def _where(said: Any, path: Path, faults: list[tuple[Path, str]]) -> Where:
    where: dict[str, Cell | tuple[Cell, ...]] = {}
    for column, value in mapping(said, path, faults).items():
        values = value if isinstance(value, list | tuple) else [value]
        if not values or not all(isinstance(one, str | int | float | bool) for one in values):
            faults.append(
                ((*path, column), f"{value!r} is no value of a column; write one, or a list of them")
            )
        else:
            where[column] = tuple(values) if isinstance(value, list | tuple) else value
    return where


def _names(said: Any, path: Path, faults: list[tuple[Path, str]]) -> tuple[str, ...]:
    if not isinstance(said, list | tuple):
        faults.append((path, f"{said!r} is no list; write the names in their order, as in [week 4, week 8]"))
        return ()
    names = tuple(str(one) for one in said)
    for place, one in enumerate(names):
        if one in names[:place]:
            faults.append(((*path, place), f"{one!r} stands twice"))
    return names
