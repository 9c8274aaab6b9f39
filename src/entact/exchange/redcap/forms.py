"""The forms of a REDCap dictionary, as a study file has them, and what of it they do not say."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from entact.exchange.redcap.dictionary import Dictionary, RedcapError
from entact.exchange.redcap.items import Told, calculated, item_of, plain
from entact.exchange.redcap.logic import Known
from entact.protocol.cel import RuleError
from entact.protocol.keyword import KEYWORDS, RESERVED
from entact.protocol.rule import Kind, Vocabulary
from entact.protocol.study import Form

_KINDS: Final[Mapping[str, Kind]] = {
    "boolean": "bool",
    "integer": "int",
    "decimal": "double",
    "choice": "string",
    "choices": "list[string]",
}
_ODD: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})  # words of YAML


@dataclass(frozen=True)
class Note:
    """What of a field is not in the forms, or is otherwise there: with its line in the dictionary."""

    line: int
    variable: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.variable}: {self.text}"


@dataclass
class Imported:
    """The forms of a dictionary.

    Attributes:
        forms: by name, as plain data of a study file. items: variable -> form and item.
        notes: everything that was left out or changed. identifier: the variable that named records.
    """

    dictionary: Dictionary
    forms: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    identifier: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the forms as text."""
        return hashlib.sha256(yaml_of(self.forms).encode()).hexdigest()


def forms_of(dictionary: Dictionary) -> Imported:
    """The forms of a dictionary: every field is an item, or is named in the notes.

    The first field names records, which in entact no item does.

    Raises:
        RedcapError: with every field that is malformed; nothing is read in part.
    """
    found = Imported(dictionary)
    problems: list[str] = []
    known: dict[str, Known] = {}
    kinds: dict[str, dict[str, Kind]] = {}
    section: dict[str, str] = {}
    for name in dictionary.unknown:
        found.notes.append(Note(1, name, "left out: no column of a data dictionary"))
    found.notes += [Note(*one) for one in dictionary.beside]
    for place, said in enumerate(dictionary.fields):
        form = _safe(said.form, RESERVED | KEYWORDS)
        body = found.forms.setdefault(form, {"items": {}})
        if said.section:
            section[form] = _section(body, plain(said.section))
        if place == 0 and said.type == "text" and not said.choices:
            found.identifier = said.name
            found.notes.append(Note(said.line, said.name, "left out: it names records"))
            continue
        item = _safe(said.name, KEYWORDS)
        here = {variable: _within(one, form) for variable, one in known.items()}
        try:
            told = item_of(said, here)
        except ValueError as problem:
            problems.append(f"line {said.line}: {said.name}: {problem}")
            continue
        if said.type == "calc" and told.item is not None:
            calculated(said, told, here)
        if item != said.name:
            told.notes.append(f"is called {item}: {said.name} is a word of the rules")
        _checked(told, kinds, form)
        for key, one in told.form.items():
            if body.setdefault(key, one) != one:
                problems.append(
                    f"line {said.line}: {said.name}: its annotation says {key}: {one} of the form, "
                    f"and another field {body[key]}; write the same at each"
                )
        found.notes += [Note(said.line, said.name, text) for text in told.notes]
        if told.item is None:
            continue
        if form in section:
            told.item["section"] = section[form]
        body["items"][item] = told.item
        found.items[said.name] = (form, item)
        known[said.name] = Known(f"{form}.{item}", told.kind, told.codes)
        if told.kind in _KINDS:
            kinds.setdefault(form, {})[item] = _KINDS[told.kind]
    found.forms = {name: body for name, body in found.forms.items() if body["items"]}
    for name, body in found.forms.items():
        used = {one.get("section") for one in body["items"].values()}
        sections = {key: one for key, one in body.get("sections", {}).items() if key in used}
        if sections:
            body["sections"] = sections
        else:  # there is none, or all that stood in it is left out
            body.pop("sections", None)
        problems += _validated(name, body, dictionary)
    if problems:
        raise RedcapError(problems)
    return found


def _within(known: Known, form: str) -> Known:
    """A variable as its own form names it."""
    return Known(known.name.removeprefix(f"{form}."), known.kind, known.codes)


def _safe(name: str, words: frozenset[str] | set[str]) -> str:
    return f"{name}_" if name in words else name


def _section(body: dict[str, Any], title: str) -> str:
    sections = body.setdefault("sections", {})
    bare = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:30]
    bare = bare if re.match(r"[a-z]", bare) else f"section_{bare}".strip("_")
    bare = _safe(bare, KEYWORDS)
    name = next(one for one in (bare, *(f"{bare}_{n}" for n in range(2, 10_000))) if one not in sections)
    sections[name] = {"title": title or name}
    return name


def _checked(told: Told, kinds: Mapping[str, Mapping[str, Kind]], form: str) -> None:
    """Takes out a rule that the study file would not take, and says so."""
    if told.item is None:
        return
    names = {
        f"{name}.{item}": kind
        for name, items in kinds.items()
        if name != form
        for item, kind in items.items()
    }
    names |= dict(kinds.get(form, {}))
    for key, returns in (("when", "bool"), ("calculated", "double")):
        if key in told.item:
            try:
                Vocabulary(names).compile(told.item[key], returns=returns)  # type: ignore[arg-type]
            except (RuleError, ValueError) as problem:
                told.notes.append(f"not carried over: {key} {told.item.pop(key)!r}: {problem}")
                if key == "calculated":
                    told.item = None
                    return


def _validated(name: str, body: Mapping[str, Any], dictionary: Dictionary) -> list[str]:
    try:
        Form.model_validate(body)
    except ValidationError as error:
        lines = {said.name: said.line for said in dictionary.fields}
        found = []
        for one in error.errors(include_url=False):
            item = str(one["loc"][1]) if len(one["loc"]) > 1 else ""
            line = lines.get(item, lines.get(item.removesuffix("_"), 1))
            found.append(f"line {line}: {item or name}: {one['msg'].removeprefix('Value error, ')}")
        return found
    return []


def yaml_of(forms: Mapping[str, Mapping[str, Any]]) -> str:
    """Forms as text of a study file, to stand below its `forms:`; an item is one line."""
    lines: list[str] = []
    for name, body in forms.items():
        lines.append(f"  {_key(name)}:")
        for key, value in sorted(body.items(), key=lambda one: one[0] == "items"):
            if key in ("items", "sections"):
                lines.append(f"    {key}:")
                lines += [f"      {_key(one)}: {_flow(said)}" for one, said in value.items()]
            else:
                lines.append(f"    {key}: {_flow(value)}")
    return "".join(f"{line}\n" for line in lines)


def _key(name: str) -> str:
    return json.dumps(name) if name in _ODD or not re.fullmatch(r"[a-z][a-z0-9_]*", name) else name


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(name)}: {_flow(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    said = json.dumps(value, ensure_ascii=False)
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in said)
