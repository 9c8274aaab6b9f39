"""What a typed model found wrong with the data of a file, said so that its author can put it right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from entact.protocol.instrument_file import shipped_instruments
from entact.protocol.meant import meant_number, meant_whole
from entact.protocol.problem import Fault, Misplaced, Path, nearest, unknown
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
        if isinstance(inner := found.get("ctx", {}).get("error"), Misplaced):
            for place, said in inner.faults:
                faults.setdefault((*at, *path, *place), Fault((*at, *path, *place), said, at_key=True))
            continue
        message = _message(found, path, model, written((*at, *path)), data)
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


def _message(found: ErrorDetails, path: Path, model: type[BaseModel], written: str | None, data: Any) -> str:
    kind, given, context = found["type"], found["input"], found.get("ctx", {})
    match kind:
        case "extra_forbidden":
            if (path[-1], path[0], len(path)) in _KEPT_ELSEWHERE:
                return _KEPT_ELSEWHERE[path[-1], path[0], len(path)]
            return unknown("key", str(path[-1]), _keys_of(_model_at(model, path[:-1])))
        case "missing":
            return f"is missing; write '{found['loc'][-1]}: …'"
        case "value_error":
            return str(context.get("error", found["msg"]))
        case "literal_error":
            return _not_one_of(given, str(context["expected"]))
        case "string_pattern_mismatch":
            return _no_name(str(given), path, data)
        case "string_type":
            return _not_text(given, written)
        case "int_type" | "int_from_float" | "int_parsing":
            return f"{_as_written(given, written)} is not a whole number; {_whole_hint(given, written)}"
        case "float_type" | "float_parsing":
            return f"{_as_written(given, written)} is not a number; {_number_hint(given)}"
        case "bool_type" | "bool_parsing":
            return f"{_shown(given)} is neither true nor false; write {_truth_of(given)} without quotes"
        case "greater_than":
            return f"{given} is too small; write a number above {context['gt']:g}"
        case "greater_than_equal":
            return f"{given} is too small; write {context['ge']:g} or more"
        case "less_than":
            return f"{given} is too large; write a number below {context['lt']:g}"
        case "less_than_equal":
            return f"{given} is too large; write {context['le']:g} or less"
        case "list_type":
            return f"{_shown(given)} is not a list; write it in brackets, as in [first, second]"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{_shown(given)} is not a block; write keys with values, as in {{key: value}}"
        case _:
            return f"{_shown(given)}: {found['msg'][:1].lower()}{found['msg'][1:]}"


_KEPT_ELSEWHERE: Final[dict[tuple[int | str, ...], str]] = {  # key, block, depth -> where it belongs
    (
        "scores",
        "forms",
        3,
    ): "belongs to an instrument: write one of your own under `instruments:`, with these items "
    "and scores, and name it here as `instrument:`",
    ("language", "sites", 3): "belongs to the whole study; write `languages: [en, de]` at the top",
}


def _as_written(given: Any, written: str | None) -> str:
    """A value as it stands in the file, where it was read as a number."""
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    return written if is_number and written is not None else _shown(given)


def _whole_hint(given: Any, written: str | None) -> str:
    if isinstance(given, str | float) and (meant := meant_whole(written or str(given))):
        return f"write {meant}"
    return _in_digits(given)


def _number_hint(given: Any) -> str:
    if isinstance(given, str) and (meant := meant_number(given)):
        comma = "there is no decimal comma here; " if "," in given else ""
        return f"{comma}write {meant}"
    return _in_digits(given)


def _truth_of(given: Any) -> str:
    """Which of the two a word means that is neither."""
    word = str(given).lower()
    return (
        "true"
        if word in ("yes", "y", "on", "true", "1")
        else ("false" if word in ("no", "n", "off", "false", "0") else "one of them")
    )


def _in_digits(given: Any) -> str:
    """How a number is written: what is one already stands in quotes."""
    quoted = isinstance(given, str) and re.fullmatch(r"\s*[-+]?[0-9.]+\s*", given)
    return "write one without quotes" if quoted else "write one in digits"


_NAMES_OF = {
    "endpoint": ("endpoint", "endpoints"),
    "at": ("visit", "schedule"),
    "visit": ("visit", "schedule"),
    "epoch": ("epoch", "epochs"),
    "track": ("track", "tracks"),
    "population": ("population", "populations"),
    "for": ("population", "populations"),
    "linked_to": ("population", "populations"),
    "ratio": ("arm", "arms"),
    "arms": ("arm", "arms"),
}
"""Fields, and blocks, that name something of the study: what, and the block in which it stands."""


def _no_name(given: str, path: Path, data: Any) -> str:
    """What to say of a text that is no name; where it names something of the study, what was meant."""
    if path[-1:] == ("instrument",) and path[:1] == ("forms",):
        return no_instrument(given, _names_in(data, "instruments"))
    name, field = as_name(given), path[-1] if path else ""
    if field == given and len(path) > 2:
        field = path[-2]  # a key that names something, as in `ratio: {mdma: 1}`
    defined_here = path[:1] == ("schedule",) and field == "visit"
    if field not in _NAMES_OF or defined_here:
        return f"{given!r} is no name; write {name!r} (a small letter, then small letters, digits and _)"
    what, block = _NAMES_OF[str(field)]
    known = _names_in(data, block)
    near = name if name in known else nearest(name, known)
    return f"{given!r} is no name; did you mean {near!r}?" if near else unknown(what, given, known)


def _names_in(data: Any, block: str) -> list[str]:
    said = data.get(block) if isinstance(data, Mapping) else None
    if isinstance(said, list):
        said = {one.get("visit"): None for one in said if isinstance(one, Mapping)}
    return [name for name in said if isinstance(name, str)] if isinstance(said, Mapping) else []


def no_instrument(given: str, own: Iterable[str]) -> str:
    """What to say of an instrument that is none: the ones that were meant, else all, and how one is added."""
    name = as_name(given)
    letters = name.replace("_", "")
    known = {one.replace("_", ""): one for one in [*shipped_instruments(), *own]}
    near = nearest(letters, known)
    meant = [one for short, one in known.items() if short.startswith(letters)]
    meant = meant or ([known[near]] if near else [])
    if meant:
        return f"there is no instrument {given!r}; did you mean {' or '.join(map(repr, meant))}?"
    return (
        f"there is no instrument {given!r}; there are {', '.join(known.values())}. Another stands under "
        f"`instruments:`, by a name such as {name!r}"
    )


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
            kind = known[str(step)] if str(step) in known else _of_any_name(kind)
    kind = _inner(kind)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _of_any_name(model: type[BaseModel]) -> Any:
    """The type of what stands in a block by names of its author's choice; None where none may."""
    extra = get_type_hints(model, include_extras=True).get("__pydantic_extra__")
    return get_args(extra)[1] if extra is not None and get_args(extra) else None


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
