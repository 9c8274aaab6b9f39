"""USDM 4.0 as it is written: what classes there are, and what is wrong with a document.

Source: CDISC Unified Study Definitions Model 4.0, API specification; `model.json` has its classes, fields
and cardinality, and nothing of its terminology.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

from entact.exchange.json_text import parse_json

VERSION: Final = "4.0.0"
DEEPEST: Final = 60  # levels of objects and lists; the deepest official example has 22
_SCALARS: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "date": (str,),
}
_SHOWN: Final = 50

Json = dict[str, Any]


class UsdmError(ValueError):
    """A document that is no USDM: every problem with its place, as in `study.versions[1].titles[2].text`."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        super().__init__("\n".join([*problems[:_SHOWN], *more]))


def read_usdm(raw: bytes) -> Json:
    """A document as data, whole or not at all.

    Args:
        raw: JSON in UTF-8, with or without a mark of byte order.
    Raises:
        UsdmError: when it is no JSON, of another version, or breaks the model: unknown or missing fields,
            other types, an id twice, a reference that leads nowhere.
    """
    try:
        found = parse_json(raw)
    except ValueError as error:
        raise UsdmError([str(error)]) from None
    if isinstance(found, dict) and found.get("resourceType") == "Bundle":
        raise UsdmError(["resourceType: it is a bundle of FHIR; `entact m11 import` takes a protocol in"])
    if not isinstance(found, dict) or "study" not in found:
        raise UsdmError(["it has no `study`: no document of USDM begins so"])
    version = found.get("usdmVersion")
    if not isinstance(version, str) or version.split(".")[0] != "4":
        raise UsdmError([f"usdmVersion: {version!r} is not read; write it as USDM 4.0"])
    problems = [*_wrong(found, "Wrapper", "", 0)]
    if not problems:
        problems = [*_lost(found)]
    if problems:
        raise UsdmError(problems)
    return found


def write_usdm(document: Json) -> bytes:
    """A document as bytes: JSON in ASCII, indented by two, fields in the order in which they are."""
    return (json.dumps(document, indent=2) + "\n").encode()


def make(kind: str, id: str | None = None, **fields: Any) -> Json:
    """An object of a class with all its fields in the model's order; those that are not said are empty.

    Raises:
        KeyError: for a field that the class does not have.
    """
    known = _classes()[kind]
    strange = fields.keys() - known.keys()
    if strange:
        raise KeyError(f"{kind} has no {', '.join(sorted(strange))}")
    found: Json = {}
    for name, said in known.items():
        if name == "instanceType":
            found[name] = kind
        elif name == "id":
            found[name] = id
        elif name in fields:
            found[name] = fields[name]
        else:
            found[name] = [] if said.startswith("list") else None
    return found


def objects(document: Any, place: str = "") -> Iterator[tuple[str, Json]]:
    """Every object of a document with its place, from the top."""
    if isinstance(document, dict):
        yield place, document
        for name, value in document.items():
            yield from objects(value, f"{place}.{name}" if place else name)
    elif isinstance(document, list):
        for number, one in enumerate(document, start=1):
            yield from objects(one, f"{place}[{number}]")


def _wrong(value: Any, kind: str, place: str, depth: int) -> Iterator[str]:
    """What is wrong with an object of a class."""
    if depth > DEEPEST:
        yield f"{place}: it is nested too deeply to be a study"
        return
    if not isinstance(value, dict):
        yield f"{place}: {_shown(value)} is no {kind}"
        return
    known = _classes()[kind]
    for name in value:
        if name not in known:
            yield f"{_at(place, name)}: {kind} has no field {name!r}"
    for name, said in known.items():
        at = _at(place, name)
        if name not in value:
            if said.endswith("*"):
                yield f"{at}: it is missing, and {kind} needs it"
            continue
        yield from _wrong_field(value[name], said.removesuffix(" *"), kind, at, depth)


def _wrong_field(value: Any, said: str, kind: str, place: str, depth: int) -> Iterator[str]:
    if said == "class":
        if value != kind:
            yield f"{place}: it says {_shown(value)}, and stands where a {kind} does"
        return
    many = said.startswith("list of ")
    kinds = said.removeprefix("list of ").split(" or ")
    if value is None:
        if "null" not in kinds:
            yield f"{place}: null is no {' or '.join(kinds)}"
        return
    if many and not isinstance(value, list):
        yield f"{place}: {_shown(value)} is no list"
        return
    for number, one in enumerate(value if many else [value], start=1):
        at = f"{place}[{number}]" if many else place
        yield from _wrong_value(one, kinds, at, depth + 1)


def _wrong_value(value: Any, kinds: list[str], place: str, depth: int) -> Iterator[str]:
    classes = [one for one in kinds if one in _classes()]
    if classes:
        own = value.get("instanceType") if isinstance(value, dict) else None
        if len(classes) > 1 and own not in classes:
            yield f"{place}: {_shown(own)} is none of {', '.join(classes)}"
            return
        yield from _wrong(value, own if own in classes else classes[0], place, depth)
        return
    types = tuple(one for kind in kinds for one in _SCALARS.get(kind, ()))
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        yield f"{place}: {_shown(value)} is no {' or '.join(kind for kind in kinds if kind != 'null')}"
    elif "date" in kinds and not _is_date(str(value)):
        yield f"{place}: {value!r} is no date; write it as in 2026-03-02"


def _lost(document: Json) -> Iterator[str]:
    """Ids of two different objects, and references to what is not there.

    The same object at two places is no other one: CDISC's own tool writes a date of the protocol so that
    belongs to two of its versions.
    """
    places: dict[str, str] = {}
    first: dict[str, Json] = {}
    for place, one in objects(document):
        own = one.get("id")
        if isinstance(own, str):
            if first.setdefault(own, one) != one:
                yield f"{place}.id: {own!r} is the id of {places[own]} already, which says something else"
            places.setdefault(own, place)
    for place, one in objects(document):
        for name, value in one.items():
            if name in ("valueId", "condition", "conditionTargetId") or not name.endswith(("Id", "Ids")):
                continue
            for number, target in enumerate(value if isinstance(value, list) else [value], start=1):
                if target and target not in places:
                    at = f"{place}.{name}[{number}]" if isinstance(value, list) else f"{place}.{name}"
                    yield f"{at}: there is no {target!r}"


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@cache
def _classes() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = json.loads(
        files("entact.exchange.usdm").joinpath("model.json").read_bytes()
    )["classes"]
    return found
