"""Reads a study's `cohort.yaml` and the scenarios that override it; errors name file, line and field."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from entact.cohort.answers import Answer
from entact.cohort.fit import unanswered
from entact.cohort.neutral import Neutral
from entact.cohort.parameters import Parameters
from entact.cohort.part import ParametersError, nearest
from entact.protocol import Release

_KEYS = ["scenario", "title", "source", "assumption", "override"]


# What follows from the study file alone and assumes nothing about people.
OF_THE_STUDY = {"study", "arms", "reference", "timepoints", "sessions", "sessions_before", "sites"}
OF_THE_STUDY |= {"characteristics"}

__all__ = ["ParametersError", "load_parameters"]


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
    given = _read(path) if path is not None else {}
    neutral = Neutral(release, given) if release is not None else None
    absent = [name for name in neutral.parts if name not in given] if neutral is not None else []
    tree = {**given} | {name: neutral.part(name) for name in absent if neutral is not None}
    parameters = _validate(tree, given, path or Path("cohort.yaml"))
    if neutral is not None:
        parameters = _completed(parameters, neutral, absent)
    if scenario is None:
        return parameters
    change = _read(scenario)
    for key in change:
        if key not in _KEYS:
            raise ParametersError(
                f"{_place(change, (key,), scenario)}: unknown key{nearest(str(key), _KEYS)}"
            )
    if not change.get("scenario") or not isinstance(change.get("override"), Mapping):
        raise ParametersError(
            f"{scenario.name}: needs `scenario:` (its name) and `override:` (what it changes)"
        )
    if not (change.get("source") or change.get("assumption")):
        raise ParametersError(f"{scenario.name}: needs `source:` or `assumption:` (why this scenario)")
    merged = _merge(parameters.model_dump(), change["override"], ("override",), change, scenario)
    merged["scenario"] = str(change["scenario"])
    return _validate(merged, change["override"], scenario)


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


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return _parsed(path.read_text(encoding="utf-8"), path.name)
    except OSError as problem:
        raise ParametersError(f"{path.name}: cannot be read ({problem.strerror})") from problem
    except UnicodeDecodeError as problem:
        raise ParametersError(f"{path.name}: is not UTF-8 text") from problem


@lru_cache(maxsize=16)  # a sweep reads the same few files thousands of times
def _parsed(text: str, name: str) -> Mapping[str, Any]:
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise ParametersError(f"{name}:{line}: not YAML: {problem.problem}") from problem
    if not isinstance(tree, dict):
        raise ParametersError(f"{name}:1: must be a mapping of parameters")
    return tree


def _validate(tree: Mapping[str, Any], placed: Mapping[str, Any], path: Path) -> Parameters:
    try:
        return Parameters.model_validate(tree)
    except ValidationError as problem:
        # A misspelt key is also a missing one; its own error says more.
        first = min(problem.errors(), key=lambda error: error["type"] != "extra_forbidden")
        hint = _nearest_field(tree, first["loc"]) if first["type"] == "extra_forbidden" else ""
        message = first["msg"].removeprefix("Value error, ")
        raise ParametersError(f"{_place(placed, first['loc'], path)}: {message}{hint}") from problem


def _nearest_field(tree: Mapping[str, Any], loc: tuple[int | str, ...]) -> str:
    model: Any = Parameters
    for step in loc[:-1]:
        if isinstance(model, type) and issubclass(model, BaseModel):
            model = model.model_fields[str(step)].annotation
        else:
            model = getattr(model, "__args__", (model,))[-1]
    known = list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []
    return nearest(str(loc[-1]), known) if known else ""


def _place(placed: Any, loc: tuple[int | str, ...], path: Path) -> str:
    """File, line (of the deepest key that is in the file) and dotted field."""
    line = 1
    for step in loc:
        try:
            marks = placed.lc.key if hasattr(placed, "keys") else placed.lc.item
            line, placed = marks(step)[0] + 1, placed[step]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return f"{path.name}:{line}: {'.'.join(str(step) for step in loc)}"


def _merge(
    base: Mapping[str, Any],
    change: Mapping[str, Any],
    loc: tuple[str, ...],
    root: Mapping[str, Any],
    path: Path,
) -> dict[str, Any]:
    merged = dict(base)
    for key, value in change.items():
        here = (*loc, key)
        if key not in base:
            raise ParametersError(
                f"{_place(root, here, path)}: unknown key{nearest(str(key), [str(k) for k in base])}"
            )
        if isinstance(base[key], Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(base[key], value, here, root, path)
        elif isinstance(base[key], Mapping):
            raise ParametersError(
                f"{_place(root, here, path)}: must be a mapping, like the one that it overrides"
            )
        else:
            merged[key] = value
    return merged
