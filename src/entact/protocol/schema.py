"""The JSON Schema of a study file, so that editors complete, explain and check one while it is written.

It knows shapes, names and closed lists; whether every name leads somewhere `check` alone can tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from entact.protocol.check import CLASSES
from entact.protocol.gate_check import GATES
from entact.protocol.instrument import shipped_instruments
from entact.protocol.instrument_file import InstrumentFile
from entact.protocol.methods import key_words, method_words
from entact.protocol.plan import ESTIMANDS, SETS
from entact.protocol.source import read_source
from entact.protocol.study import Analysis, StudyFile
from entact.protocol.timetable import ACTIVITIES, EVENTS

Schema = dict[str, Any]

_PART = r"[0-9]+(\.[0-9]+)?\s*(wk|d|h|min|s)"
_DURATION = rf"[+-]?{_PART}(\s*{_PART})*"
_NUMBER = r"[+-]?[0-9]+(\.[0-9]+)?"
_WINDOW = rf"({_NUMBER}|{_DURATION})\s*\.\.\s*({_DURATION}|0)"
_QUANTITY = rf"{_NUMBER}( \S+)?"
_END = rf"({_QUANTITY}|[0-9]{{2,4}}[0-9T:+-]*)"  # of a range: a quantity, a date or a time
_RANGE = rf"^\s*{_END}\s*\.\.\s*{_END}\s*$"

# Values written as text, which pydantic would describe by what they become.
_TEXTS: dict[str, Schema] = {
    "Span": {
        "description": "A window, both ends counting; `next morning` is 06:00 to 12:00 of the next day.",
        "pattern": rf"^\s*(next morning|{_WINDOW})\s*$",
        "examples": ["2 .. 14 d", "1 h 30 min .. 2 h", "next morning"],
    },
    "Units": {
        "description": "Whole units of one strength.",
        "pattern": r"^\s*[1-9][0-9]{0,2} x \s*[0-9.]+ \S+\s*$",
        "examples": ["2 x 40 mg"],
    },
}
_DURATIONS: Schema = {
    "anyOf": [{"type": "string", "pattern": rf"^\s*({_DURATION}|0)\s*$"}, {"const": 0}],
    "examples": ["90 min", "1 h 30 min", "7 d", "18 wk"],
}
_PATTERNS = {
    "Supplement.offer": rf"^\s*{_WINDOW}\s+after initial\s*$",
    "Visit.or": rf"^\s*\S+ \+ {_DURATION}\s*$",
    "TimedReadings.at": rf"^(before initial|initial|end|(initial|supplement) \+ {_DURATION})$",
    "Product.strengths": rf"^\s*{_NUMBER} +\S+\s*$",
    "Item.range": _RANGE,
    "Item.expected": _RANGE,
    "Track.opens_on": (
        r"^(assigned|unblinded|consent)\.[a-z][a-z0-9_]*"
        r"( or (assigned|unblinded|consent)\.[a-z][a-z0-9_]*)*$"
    ),
}
_ELSEWHERE = "order"  # written when the file is resolved, never by a person


def study_schema() -> Schema:
    """The JSON Schema (2020-12) of a study file, with what each field means.

    Source: https://json-schema.org/draft/2020-12.
    """
    schema = StudyFile.model_json_schema(by_alias=True)
    instrument = InstrumentFile.model_json_schema(by_alias=True)
    blocks: dict[str, Schema] = {**schema.pop("$defs"), **instrument.pop("$defs")}
    blocks["InstrumentFile"] = instrument
    blocks["StudyFile"] = schema
    blocks["StudyFile"]["properties"].pop(_ELSEWHERE)
    blocks["StudyFile"]["properties"]["instruments"] = {
        "patternProperties": {"^[a-z][a-z0-9_]*$": {"$ref": "#/$defs/InstrumentFile"}}
    }
    done = {name: _block(name, block) for name, block in blocks.items()}
    whole = done.pop("StudyFile")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "entact study file",
        **whole,
        "$defs": {**done, "Duration": _DURATIONS},
    }


def described(schema: Schema, words: Mapping[str, Mapping[str, str]]) -> Schema:
    """The schema that pydantic makes of a model, without nulls and titles, with what each field means.

    Args:
        words: by block and field; under `any` what means the same in several blocks.
    """
    blocks: dict[str, Schema] = {**schema.pop("$defs", {}), schema["title"]: schema}
    whole = schema["title"]
    done = {}
    for name, block in blocks.items():
        said = {key: value for key, value in _plain(block).items() if key != "title"}
        for field, one in said.get("properties", {}).items():
            meaning = words.get(name, {}).get(field) or words.get("any", {}).get(field)
            one |= {"description": meaning} if meaning else {}
        if "description" in block:
            said["description"] = _one_line(block["description"])
        done[name] = said
    return {**done.pop(whole), "$defs": done}


def undescribed() -> list[str]:
    """Fields of a study file of which the schema does not say what they mean, as `Visit.within`."""
    known: dict[str, Schema] = {}
    for schema in (
        StudyFile.model_json_schema(by_alias=True),
        InstrumentFile.model_json_schema(by_alias=True),
    ):
        known |= {**schema["$defs"], schema["title"]: schema}
    return [
        f"{name}.{field}"
        for name, block in known.items()
        for field in block.get("properties", ())
        if name not in _TEXTS and field != _ELSEWHERE and _meaning(name, field) is None
    ]


def _block(name: str, block: Schema) -> Schema:
    if name in _TEXTS:
        return {"type": "string", **_TEXTS[name]}
    properties = {field: _field(name, field, said) for field, said in block.get("properties", {}).items()}
    plain = {key: value for key, value in block.items() if key not in ("title", "properties", "description")}
    model = {"description": _one_line(block["description"])} if "description" in block else {}
    return {**model, **plain, "properties": properties}


def _field(block: str, field: str, said: Schema) -> Schema:
    """The schema of one field: no null, its meaning, the words that it may hold."""
    found: Schema = _plain(said)
    name = f"{block}.{field}"
    if name in _PATTERNS:
        _text_of(found)["pattern"] = _PATTERNS[name]
    if name in (names := _names()):
        _suggest(_text_of(found), names[name])
    if name == "StudyFile.gates":
        found["propertyNames"] = {"enum": list(GATES)}
    meaning = _meaning(block, field)
    if meaning is not None:
        found["description"] = meaning
    return found


def _plain(said: Any) -> Any:
    """A schema without nulls and generated titles; maps take no other names; durations are texts."""
    if isinstance(said, list):
        return [_plain(one) for one in said]
    if not isinstance(said, Mapping):
        return said
    if said.get("format") == "duration":
        return {"$ref": "#/$defs/Duration"}
    found = {key: _plain(value) for key, value in said.items() if key != "title"}
    if "anyOf" in found:
        found["anyOf"] = [one for one in found["anyOf"] if one != {"type": "null"}]
        if len(found["anyOf"]) == 1:
            found |= found.pop("anyOf")[0]
    if "patternProperties" in found:
        found |= {"type": "object", "additionalProperties": False}
    if found.get("default", ...) is None or found.get("default") in ({}, [], "PT0S"):
        del found["default"]
    return found


def _text_of(schema: Schema) -> Schema:
    """The part of a field that holds one text: the field itself, or each member of its list."""
    inner = schema.get("items", schema)
    assert isinstance(inner, dict)
    return inner


def _suggest(text: Schema, names: Iterable[str]) -> None:
    """Offers names without refusing others, which the study defines itself."""
    other = dict(text)
    text.clear()
    text["anyOf"] = [{"enum": sorted(names)}, other]


@cache
def _names() -> dict[str, Iterable[str]]:
    """Fields in which names of entact's own may stand beside those of the study."""
    return {
        "Visit.do": ACTIVITIES,
        "TimedReadings.do": ACTIVITIES,
        "Visit.after": EVENTS,
        "Randomisation.at": EVENTS,
        "Hidden.hidden": CLASSES,
        "Form.instrument": shipped_instruments(),
        "Analysis.method": method_words(),
        **{f"Analysis.{key}": key_words(key) for key in Analysis.model_fields if key_words(key)},
        "Analysis.set": SETS,
        "Analysis.estimand": ESTIMANDS,
    }


@cache
def _words() -> dict[str, dict[str, str]]:
    path = files("entact.protocol").joinpath("schema_words.yaml")
    words: dict[str, dict[str, str]] = read_source(path.read_bytes(), path.name).data
    return words


def _meaning(block: str, field: str) -> str | None:
    words = _words()
    return words.get(block, {}).get(field) or words["any"].get(field)


def _one_line(text: str) -> str:
    return " ".join(text.split())
