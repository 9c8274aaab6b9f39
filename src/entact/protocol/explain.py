"""What a typed model found wrong with the data of a file, said so that its author can put it right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from entact.protocol.instrument_file import shipped_instruments
from entact.protocol.problem import Fault, Path, nearest, unknown
from entact.protocol.study import StudyFile

Written = Callable[[Path], str | None]
"""The text of a value as it stands in the file, such as `1.10`."""


def validate(
    data: Mapping[str, Any], written: Written = lambda path: None
) -> tuple[StudyFile | None, list[Fault]]:
    """The study file in plain data, or all that is wrong with it. Nothing is coerced: `"3"` is no number."""
    languages = data.get("languages")
    context = {"language": languages[0]} if isinstance(languages, list) and languages else None
    try:
        return StudyFile.model_validate(data, strict=True, context=context), []
    except ValidationError as error:
        return None, faults_of(error, data, StudyFile, (), written)


def faults_of(
    error: ValidationError,
    data: Any,
    model: type[BaseModel],
    at: Path,
    written: Written = lambda path: None,
) -> list[Fault]:
    """The faults that a validation found, one a place.

    Args:
        data: what was validated against `model`. at: where it stands in the whole file.
    """
    faults: dict[Path, Fault] = {}
    meant: set[Path] = set()  # keys that an unknown one was probably meant to be
    for found in sorted(error.errors(include_url=False), key=lambda found: found["type"] == "missing"):
        path, at_key = _path(data, found["loc"])
        if found["type"] == "missing":
            path = found["loc"]
            if path in meant:
                continue
        elif found["type"] == "extra_forbidden":
            near = nearest(str(path[-1]), _keys_of(_model_at(model, path[:-1])))
            meant |= {(*path[:-1], near)} if near else set()
        message = _message(found, path, model, written((*at, *path)))
        at_key = at_key or found["type"] in ("missing", "extra_forbidden")
        # A union reports once for each of its members.
        faults.setdefault((*at, *path), Fault((*at, *path), message, at_key=at_key))
    return list(faults.values())


def _path(data: Any, loc: tuple[int | str, ...]) -> tuple[Path, bool]:
    """The part of a location that exists in the data, and whether the key itself is meant."""
    path: list[str | int] = []
    for step in loc:
        in_list = isinstance(data, list) and isinstance(step, int) and step < len(data)
        if in_list or (isinstance(data, Mapping) and step in data):
            data = data[step]
        else:
            return tuple(path), step == "[key]"
        path.append(step)
    return tuple(path), False


def _message(found: ErrorDetails, path: Path, model: type[BaseModel], written: str | None) -> str:
    kind, given, context = found["type"], found["input"], found.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return unknown("key", str(path[-1]), _keys_of(_model_at(model, path[:-1])))
        case "missing":
            return f"is missing; write '{found['loc'][-1]}: …'"
        case "value_error":
            return str(context.get("error", found["msg"]))
        case "literal_error":
            return _not_one_of(given, str(context["expected"]))
        case "string_pattern_mismatch":
            name = as_name(str(given))
            if path and path[-1] == "instrument" and (shipped := _shipped_like(name)):
                return f"{given!r} is no name; did you mean {shipped!r}?"
            return f"{given!r} is no name; write {name!r} (a small letter, then small letters, digits and _)"
        case "string_type":
            return _not_text(given, written)
        case "int_type" | "int_from_float":
            return f"{_shown(given)} is not a whole number; write one without quotes"
        case "float_type":
            return f"{_shown(given)} is not a number; write one without quotes"
        case "bool_type":
            return f"{_shown(given)} is neither true nor false; write one of them without quotes"
        case "greater_than":
            return f"{given} is too small; write a number above {context['gt']:g}"
        case "less_than":
            return f"{given} is too large; write a number below {context['lt']:g}"
        case "list_type":
            return f"{_shown(given)} is not a list; write it in brackets, as in [first, second]"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{_shown(given)} is not a block; write keys with values, as in {{key: value}}"
        case _:
            return f"{_shown(given)}: {found['msg'][:1].lower()}{found['msg'][1:]}"


def _shipped_like(name: str) -> str | None:
    """The instrument that comes with entact and is called almost so."""
    plain = {shipped.replace("_", ""): shipped for shipped in shipped_instruments()}
    near = nearest(name.replace("_", ""), plain)
    return plain[near] if near else None


def _not_text(given: Any, written: str | None) -> str:
    if isinstance(given, dict | list):
        return f"{_shown(given)} is not text; write one text"
    written = written or (str(given).lower() if isinstance(given, bool) else str(given))
    return f'{written} is read as {_read_as(given)}, and text is needed; put it in quotes: "{written}"'


def _not_one_of(given: Any, expected: str) -> str:
    known = re.findall(r"'([^']*)'", expected)
    if known and isinstance(given, str):
        return unknown("value", given, known)
    return f"{_shown(given)} is not possible; write {expected}"


def _read_as(given: Any) -> str:
    return "true or false" if isinstance(given, bool) else "a number"


def _shown(given: Any) -> str:
    if isinstance(given, Mapping):
        return "a block"
    if isinstance(given, list):
        return "a list"
    text = repr(given) if not isinstance(given, bool) else str(given).lower()
    return text if len(text) <= 60 else f"{text[:57]}…"


def as_name(text: str) -> str:
    """A name that a block may have, as near to the text as can be."""
    name = re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_")
    return name if name and name[0].isalpha() else f"x_{name}".rstrip("_")


def _keys_of(model: type[BaseModel] | None) -> list[str]:
    return [] if model is None else [field.alias or name for name, field in model.model_fields.items()]


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model that reads the block at a path."""
    kind: Any = model
    for step in path:
        kind = _inner(kind)
        origin = get_origin(kind)
        if origin is dict:
            kind = get_args(kind)[1]
        elif origin is list:
            kind = get_args(kind)[0]
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            known = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
            kind = known.get(str(step))
    kind = _inner(kind)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _inner(kind: Any) -> Any:
    """A type without what surrounds it: `Annotated[X, …]`, `X | None`."""
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind = get_args(kind)[0]
        elif origin is Union or type(kind).__name__ == "UnionType":
            kind = next(member for member in get_args(kind) if member is not type(None))
        else:
            return kind
