"""Whether an analysis says what its method takes, and nothing else: keys, words, columns, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from entact.protocol.methods import MethodWord, method_words
from entact.protocol.plan_data import GUESSERS
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.study import Analysis, StudyFile

EFFECTS: Final = frozenset({"arm", "visit", "baseline", "site"})  # of a model, besides items of lasting forms
EVERY: Final = frozenset(
    {"endpoint", "estimand", "set", "method", "contrast", "event", "alpha", "level", "null", "side"}
)
"""Keys of an analysis whatever its method."""

_IN_MODELS = frozenset({"integer", "decimal", "choice", "boolean"})
_CALLED = {"df": "method for degrees of freedom"}


def check_keys(file: StudyFile, analysis: Analysis, word: MethodWord, path: Path) -> Iterator[Fault]:
    """Keys that the method lacks or does not take, and values that are none of theirs."""
    if word.tables is not None:
        yield Fault((*path, "method"), word.tables)
        return
    for key, value in analysis.said.items():
        if key in EVERY:
            continue
        if key not in word.takes:
            yield Fault((*path, key), _stray(analysis.method, key, word), at_key=True)
            continue
        takes = word.takes[key]
        if key == "ended":
            yield Fault((*path, key), "the endpoint says what ends its time; take it out", at_key=True)
        elif key == "competing":
            yield from _competing(file, analysis, (*path, key))
        elif isinstance(takes, tuple):
            several = key == "covariance" and isinstance(value, list)
            for place, one in enumerate(value if several else [value]):
                if one not in takes:
                    where = (*path, key, place) if several else (*path, key)
                    yield Fault(where, unknown(_CALLED.get(key, key.replace("_", " ")), one, takes))
        elif key == "guess":
            yield from _guess(file, value, (*path, key))
        elif key in ("time", "equal_at"):
            message = "the rows of a study file are of visits after the first dose; take it out"
            yield Fault((*path, key), message, at_key=True)
        elif takes == "measure":
            yield from _measure(file, analysis, value, (*path, key))
        elif takes == "events":
            yield from _named(_events(file), value, "intercurrent event", (*path, key))
        elif takes == "event":
            yield from _event(analysis, path, key)
        elif key in ("by", "without", "random"):
            yield from _groups(file, value, (*path, key))
        elif takes in ("column", "columns"):
            yield from _columns(file, value, (*path, key))
        elif takes == "arm" and value not in file.arms:
            yield Fault((*path, key), unknown("arm", value, file.arms))
        elif takes == "whole" and value < 0:
            yield Fault((*path, key), f"{value} is no whole number of 0 or more")
    for key in word.needs:
        if getattr(analysis, key) is None and key not in ("fixed", "ended"):  # asked for, or known, elsewhere
            yield Fault(path, f"{analysis.method} needs {key!r}")
    for key in ("delta", "doses"):
        for arm in (getattr(analysis, key) or {}) if key in word.takes else {}:
            if arm not in file.arms:
                yield Fault((*path, key, arm), unknown("arm", arm, file.arms), at_key=True)
    if "doses" in word.takes and analysis.doses is not None:
        for arm in file.arms:
            if arm not in analysis.doses:
                yield Fault((*path, "doses"), f"has no dose for {arm!r}; write one for every arm")
    yield from _drawn(analysis, path)
    for key in ("event", "responder"):
        yield from _event(analysis, path, key)


def check_effects(file: StudyFile, fixed: str, path: Path) -> Iterator[Fault]:
    """Effects that no model of this study knows."""
    items = _items(file)
    for said in re.finditer(r"[A-Za-z_][A-Za-z0-9_.]*", fixed):
        if said[0] not in EFFECTS | items.keys():
            yield Fault(path, unknown("effect", said[0], EFFECTS | items.keys()), said.start())
        elif items.get(said[0], "integer") not in _IN_MODELS:
            message = f"{said[0]!r} is a {items[said[0]]}; models know numbers, choices, and yes or no"
            yield Fault(path, message, said.start())


def _stray(method: str, key: str, word: MethodWord) -> str:
    if not word.compares and key in ("fixed", "covariance", "df", "pool_sites_below"):
        return f"{method!r} compares nothing; take it out"
    owners = [name for name, one in method_words().items() if key in one.takes]
    named = f"'method: {owners[0]}'" if len(owners) == 1 else ", ".join(owners)
    return f"belongs to {named}; take it out"


def _drawn(analysis: Analysis, path: Path) -> Iterator[Fault]:
    """What is drawn without its seed, or from a procedure that is half said."""
    if analysis.inference not in (None, "jackknife") and analysis.seed is None:
        yield Fault((*path, "inference"), f"{analysis.inference} draws at random; write a 'seed'")
    if analysis.procedure == "blocks" and not analysis.sizes:
        yield Fault((*path, "procedure"), "blocks have sizes; write them, as in 'sizes: [2, 4]'")
    if analysis.procedure == "minimisation" and not analysis.within:
        yield Fault((*path, "procedure"), "minimisation balances within columns; write 'within'")
    if analysis.strata and analysis.interval not in (None, "miettinen_nurminen"):
        message = "is not known with strata; write miettinen_nurminen, or take it out"
        yield Fault((*path, "interval"), message)


def _items(file: StudyFile) -> dict[str, str]:
    lasting = (form for form in file.forms.values() if form.lasting)
    return {name: item.type for form in lasting for name, item in form.items.items()}


def _guess(file: StudyFile, value: Any, path: Path) -> Iterator[Fault]:
    """Whose guess it is: of one who guesses at visits, or an item that stays true of a person."""
    if value not in GUESSERS:
        items = {name: kind for name, kind in _items(file).items() if kind == "choice"}
        if value not in items:
            yield Fault(path, unknown("one who guesses", str(value), (*GUESSERS, *items)))
    elif not any("guess" in visit.activities for visit in file.schedule):
        yield Fault(path, "nobody is asked for a guess; add 'guess' to the `do:` of a visit")


def _columns(file: StudyFile, value: Any, path: Path) -> Iterator[Fault]:
    items = _items(file)
    known = (EFFECTS - {"arm"}) | items.keys()
    several = value if isinstance(value, list) else [value]
    for place, name in enumerate(several):
        here = (*path, place) if isinstance(value, list) else path
        if name not in known:
            yield Fault(here, unknown("column", name, known))
        elif items.get(name, "integer") not in _IN_MODELS:
            message = f"{name!r} is a {items[name]}; an analysis knows numbers, choices, and yes or no"
            yield Fault(here, message)


def _measure(file: StudyFile, analysis: Analysis, value: Any, path: Path) -> Iterator[Fault]:
    """What is measured beside the value at the same visit: another endpoint of the study."""
    known = [name for name, one in file.endpoints.items() if not one.is_time and name != analysis.endpoint]
    if value not in known:
        yield Fault(path, unknown("endpoint measured beside it", str(value), known))


def _competing(file: StudyFile, analysis: Analysis, path: Path) -> Iterator[Fault]:
    """The event that can come first: another time of the study, counted from the same day."""
    times = {name: one for name, one in file.endpoints.items() if one.is_time and name != analysis.endpoint}
    other = times.get(str(analysis.competing))
    if other is None:
        yield Fault(path, unknown("time until another event", str(analysis.competing), times))
    elif other.after != file.endpoints[analysis.endpoint].after:
        starts = [one.after or "randomisation" for one in (other, file.endpoints[analysis.endpoint])]
        yield Fault(
            path, f"{analysis.competing!r} counts from {starts[0]}, and the endpoint from {starts[1]}"
        )


def _events(file: StudyFile) -> tuple[str, ...]:
    """The intercurrent events of a plan; of one that describes none, that treatment was stopped."""
    return tuple(file.analysis.intercurrent) if file.analysis.estimands else ("stopped",)


def _named(known: Iterable[str], value: Any, what: str, path: Path) -> Iterator[Fault]:
    for place, name in enumerate(value if isinstance(value, list) else [value]):
        if name not in known:
            yield Fault((*path, place) if isinstance(value, list) else path, unknown(what, str(name), known))


def _groups(file: StudyFile, value: Any, path: Path) -> Iterator[Fault]:
    """Columns that put people into groups: site and unit, and choices and yes or no of lasting forms."""
    unit = ["unit"] if file.randomisation is not None and file.randomisation.unit is not None else []
    items = {name: kind for name, kind in _items(file).items() if kind in ("choice", "boolean")}
    yield from _named(["site", *unit, *items], value, "column of groups", path)


def _event(analysis: Analysis, path: Path, key: str) -> Iterator[Fault]:
    """Limits of what counts that are none."""
    said = getattr(analysis, key)
    if not isinstance(said, dict):
        return
    if not said:
        yield Fault((*path, key), "says nothing; write it as in {at_most: -10}")
    for name, limit in said.items():
        if name not in ("at_least", "at_most"):
            message = unknown(f"key of {key}", str(name), ("at_least", "at_most"))
            yield Fault((*path, key, name), message, at_key=True)
        elif isinstance(limit, bool) or not isinstance(limit, int | float):
            yield Fault((*path, key, name), f"{limit!r} is not a number")
