"""Intercurrent events and estimands as a plan's file says them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from entact.analysis.estimand import STRATEGIES, Estimand, Intercurrent
from entact.analysis.estimand.estimand import ATTRIBUTES

Path = tuple[str | int, ...]
Faults = list[tuple[Path, str]]


def read_estimands(
    said: Mapping[str, Any], faults: Faults
) -> tuple[dict[str, Intercurrent], dict[str, Estimand]]:
    """The events and estimands of a plan; what is wrong with them goes to `faults`, with its place."""
    events = {}
    for name, own in mapping(said.get("intercurrent", {}), ("intercurrent",), faults).items():
        path: Path = ("intercurrent", name)
        block = mapping(own, path, faults)
        for key in block:
            if key not in ("title", "visit", "day"):
                faults.append(((*path, key), unknown("key of an event", key, ("title", "visit", "day"))))
        if ("visit" in block) == ("day" in block):
            faults.append((path, "has one column: `visit`, the first visit after it, or `day`, when it was"))
        text = {key: str(block[key]) for key in ("visit", "day") if key in block}
        events[name] = Intercurrent(_text(block.get("title", name)), text.get("visit"), text.get("day"))
    estimands = {}
    for name, own in mapping(said.get("estimands", {}), ("estimands",), faults).items():
        estimands[name] = _estimand(name, own, events, faults)
    return events, estimands


def _estimand(name: str, said: Any, events: Mapping[str, Intercurrent], faults: Faults) -> Estimand:
    path: Path = ("estimands", name)
    block = mapping(said, path, faults)
    known = ("title", "strategies", "composite", *ATTRIBUTES)
    for key in block:
        if key not in known:
            faults.append(((*path, key), unknown("key of an estimand", key, known)))
    strategies = mapping(block.get("strategies", {}), (*path, "strategies"), faults)
    composite = mapping(block.get("composite", {}), (*path, "composite"), faults)
    for event, strategy in strategies.items():
        if event not in events:
            faults.append(((*path, "strategies", event), unknown("intercurrent event", event, events)))
        if strategy not in STRATEGIES:
            faults.append(((*path, "strategies", event), unknown("strategy", str(strategy), STRATEGIES)))
        if strategy == "composite" and event not in composite:
            message = f"{event} is part of the outcome, and `composite` does not say what value stands for it"
            faults.append((path, message))
    for event in events:
        if event not in strategies:
            faults.append((path, f"has no strategy for {event!r}; write one of: {', '.join(STRATEGIES)}"))
    for event, value in composite.items():
        if strategies.get(event) != "composite":
            faults.append(((*path, "composite", event), f"{event} has no composite strategy here"))
        elif not (is_number(value) or isinstance(value, bool)):
            faults.append(
                ((*path, "composite", event), f"{value!r} is no number, and neither true nor false")
            )
    attributes = {key: _text(block[key]) for key in ATTRIBUTES if key in block}
    return Estimand(_text(block.get("title", name)), dict(strategies), dict(composite), attributes)


def _text(said: Any) -> str:
    """Words; of several languages English, in which results are told, else the first."""
    if isinstance(said, Mapping):
        return str(said.get("en") or next(iter(said.values()), ""))
    return str(said)


def is_number(value: Any) -> bool:
    """Whether a value is a number, and not true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def mapping(said: Any, path: Path, faults: Faults) -> Mapping[str, Any]:
    """A block of keys and values; an empty one where it is none, which is a fault."""
    if isinstance(said, Mapping):
        return said
    faults.append((path, f"{said!r} is no block of keys and values"))
    return {}


def unknown(what: str, name: str, known: Any) -> str:
    """The message for a word that is none: with the nearest one, or with those there are."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"there is no {what} {name!r}; did you mean {near[0]!r}?"
    return f"there is no {what} {name!r}; write one of: {', '.join(names)}"
