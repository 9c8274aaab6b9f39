"""Reads a study's `cohort.yaml` and the scenarios that override it; errors name file, line and field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from entact.cohort.answers import Answer
from entact.cohort.fit import misfits, unanswered
from entact.cohort.neutral import Neutral
from entact.cohort.parameters import Parameters
from entact.cohort.part import ParametersError
from entact.protocol import Problem, Release, StudyError
from entact.protocol.explain import faults_of
from entact.protocol.problem import Fault, unknown
from entact.protocol.problem import Path as Place
from entact.protocol.source import Source, field_of, read_source

COHORT = "cohort.yaml"
_OVERRIDE: Place = ("override",)  # what a scenario changes stands there
_KEYS = ["scenario", "title", "source", "assumption", "override"]


# What follows from the study file alone and assumes nothing about people.
OF_THE_STUDY = {"study", "arms", "reference", "timepoints", "sessions", "sessions_before", "sites"}
OF_THE_STUDY |= {"characteristics"}

__all__ = ["COHORT", "ParametersError", "load_parameters", "require_fit"]


def load_parameters(
    path: Path | None, scenario: Path | None = None, *, release: Release | None = None
) -> Parameters:
    """What the virtual participants of a study are made of.

    Args:
        path: a `cohort.yaml`; without one everything is derived from the release.
        scenario: a file with `scenario`, `title`, a `source` or `assumption`, and `override`: a partial tree
            of the same shape whose values replace those of `path` (a list is replaced whole).
        release: of the study, from which parts that the file does not give are derived: a neutral cohort.
            Without it the file has to be complete.
    Raises:
        ParametersError: naming file, line and field, with the nearest known name for one that is not known.
    """
    source = None if path is None else _read(path)
    given = {} if source is None else source.data
    neutral = Neutral(release, given) if release is not None else None
    absent = [name for name in neutral.parts if name not in given] if neutral is not None else []
    tree = {**given} | {name: neutral.part(name) for name in absent if neutral is not None}
    parameters = _validate(tree, source)
    if neutral is not None:
        parameters = _completed(parameters, neutral, absent)
    if scenario is None:
        return parameters
    change = _read(scenario)
    said = change.data
    faults = [Fault((key,), unknown("key", str(key), _KEYS), at_key=True) for key in said if key not in _KEYS]
    if not faults and not (said.get("scenario") and isinstance(said.get("override"), Mapping)):
        faults.append(Fault((), "needs `scenario:` (its name) and `override:` (what it changes)"))
    if not (said.get("source") or said.get("assumption")):
        faults.append(Fault((), "needs `source:` or `assumption:` (why this scenario)"))
    if faults:
        raise _error(change, faults)
    merged = _merge(parameters.model_dump(), said["override"], _OVERRIDE, faults)
    if faults:
        raise _error(change, faults)
    merged["scenario"] = str(said["scenario"])
    return _validate(merged, change, _OVERRIDE)


def require_fit(parameters: Parameters, release: Release, *paths: Path | None) -> None:
    """Says what keeps a study from being rehearsed with parameters, with file, line and column.

    Args:
        paths: of the scenario and the `cohort.yaml`, as far as there are any, the one that overrides first.
    Raises:
        ParametersError: naming each parameter and what the study has instead.
    """
    sources = [_read(path) for path in paths if path is not None]
    found = [_placed(fault, sources) for fault in misfits(parameters, release)]
    if found:
        raise ParametersError("\n".join(found))


def _placed(fault: Fault, sources: list[Source]) -> str:
    """A fault with the place where its parameter is said, else where it would be."""
    for source in sources:
        at = _OVERRIDE if "override" in source.data else ()
        if source is sources[-1] or _has(source.data, (*at, *fault.path)):
            return str(source.locate(replace(fault, path=(*at, *fault.path))))
    return str(Problem(COHORT, 0, 0, field_of({}, fault.path), fault.message))


def _has(data: Any, path: Place) -> bool:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _completed(parameters: Parameters, neutral: Neutral, absent: list[str]) -> Parameters:
    """The parameters with neutral answers to whatever is asked and nothing answers."""
    answers = {form: dict(items) for form, items in parameters.answers.items()}
    missing = list(unanswered(parameters, neutral.release))
    if missing:
        derived = neutral.part("answers")
        for form, item in missing:
            answers.setdefault(form, {})[item] = Answer.model_validate(derived[form][item])
    derived_from = [
        *(name for name in absent if name not in OF_THE_STUDY),
        *dict.fromkeys(f"answers.{form}" for form, _ in missing),
    ]
    return parameters.model_copy(update={"answers": answers, "neutral": derived_from})


def _read(path: Path) -> Source:
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise ParametersError(f"{path}: cannot be read ({problem.strerror})") from problem
    return _parsed(raw, str(path))


@lru_cache(maxsize=16)  # a sweep reads the same few files thousands of times
def _parsed(raw: bytes, name: str) -> Source:
    try:
        source = read_source(raw, name)
    except StudyError as problem:
        raise ParametersError(str(problem)) from problem
    if not isinstance(source.data, dict):
        raise ParametersError(f"{name}:1:1: must be a block of parameters, keys with values")
    return source


def _validate(tree: Mapping[str, Any], source: Source | None, at: Place = ()) -> Parameters:
    """The parameters in a tree, of which a source says some; their place in it is `at`."""
    try:
        return Parameters.model_validate(tree)
    except ValidationError as problem:
        faults = faults_of(problem, tree, Parameters, at)
        if source is None:
            raise ParametersError("\n".join(f"{COHORT}: {fault.message}" for fault in faults)) from problem
        raise _error(source, faults) from problem


def _error(source: Source, faults: Iterable[Fault]) -> ParametersError:
    return ParametersError(str(StudyError(map(source.locate, faults))))


def _merge(
    base: Mapping[str, Any], change: Mapping[str, Any], at: Place, faults: list[Fault]
) -> dict[str, Any]:
    merged = dict(base)
    for key, value in change.items():
        here = (*at, key)
        if key not in base:
            faults.append(Fault(here, unknown("key", str(key), map(str, base)), at_key=True))
        elif isinstance(base[key], Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(base[key], value, here, faults)
        elif isinstance(base[key], Mapping):
            faults.append(Fault(here, "must be a block, like the one that it overrides"))
        else:
            merged[key] = value
    return merged
