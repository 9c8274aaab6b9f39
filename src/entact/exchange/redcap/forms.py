"""The forms of a REDCap dictionary, as a study file has them, and what of it they do not say."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from entact.exchange.redcap.dictionary import COLUMNS, Dictionary, RedcapError
from entact.exchange.redcap.items import Told, calculated, item_of, plain
from entact.exchange.redcap.logic import Known
from entact.protocol.cel import RuleError
from entact.protocol.extent import Extent, extents_in, item_extent
from entact.protocol.keyword import KEYWORDS, RESERVED
from entact.protocol.reach import comparisons, idle
from entact.protocol.rule import Kind, Rule, Vocabulary
from entact.protocol.study import Form, Item
from entact.protocol.timetable import ACTIVITIES
from entact.protocol.tree import parse

_KINDS: Final[Mapping[str, Kind]] = {
    "boolean": "bool",
    "integer": "int",
    "decimal": "double",
    "choice": "string",
    "choices": "list[string]",
}
_T = TypeVar("_T")
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
    rules = _Rules()
    forms, items = _names(dictionary)
    section: dict[str, str] = {}
    for name in dictionary.unknown:
        found.notes.append(Note(1, name, "left out: no column of a data dictionary"))
    found.notes += [Note(*one) for one in dictionary.beside]
    found.notes += _layout(dictionary)
    for place, said in enumerate(dictionary.fields):
        form = forms[said.form]
        if form not in found.forms and form != said.form:
            text = f"its form is called {form}: {said.form} is a word of the rules, or an act of entact's own"
            found.notes.append(Note(said.line, said.name, text))
        body = found.forms.setdefault(form, {"items": {}})
        if said.section:
            section[form] = _section(body, plain(said.section))
        if place == 0 and said.type == "text" and not said.choices:
            found.identifier = said.name
            found.notes.append(Note(said.line, said.name, "left out: it names records"))
            continue
        item = items[said.name]
        asked = said.branching or said.type == "calc"
        here = {variable: _within(one, form) for variable, one in known.items()} if asked else {}
        try:
            told = item_of(said, here)
        except ValueError as problem:
            problems.append(f"line {said.line}: {said.name}: {problem}")
            continue
        if said.type == "calc" and told.item is not None:
            calculated(said, told, here)
        if item != said.name:
            what = "a form too" if said.name in forms else "a word of the rules"
            told.notes.append(f"is called {item}: {said.name} is {what}")
        rules.check(told, form)
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
        rules.add(told, form, item)
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


def _layout(dictionary: Dictionary) -> Iterator[Note]:
    """Columns that say how a page of REDCap looks, with the first field of each."""
    for key in ("alignment", "question", "matrix"):
        said = [one for one in dictionary.fields if getattr(one, key)]
        if said:
            title = COLUMNS[key][0]
            yield Note(said[0].line, title, f"left out of {len(said)} fields: how a page looks")


def _within(known: Known, form: str) -> Known:
    """A variable as its own form names it."""
    return Known(known.name.removeprefix(f"{form}."), known.kind, known.codes)


def _names(dictionary: Dictionary) -> tuple[dict[str, str], dict[str, str]]:
    """What each form and each variable is called: as in the dictionary, where a study file can call it so."""
    forms = {said.form for said in dictionary.fields}
    variables = {said.name for said in dictionary.fields}
    named = {form: _safe(form, RESERVED | KEYWORDS | ACTIVITIES, forms) for form in forms}
    words = KEYWORDS | set(named.values()) | forms
    return named, {name: _safe(name, words, variables) for name in variables}


def _safe(name: str, words: frozenset[str] | set[str], taken: set[str]) -> str:
    """The name, or one with a mark at its end where it is one of the words and nothing else is called so."""
    found = name
    while found in words or (found != name and found in taken):
        found += "_"
    return found


def _section(body: dict[str, Any], title: str) -> str:
    sections = body.setdefault("sections", {})
    bare = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:30]
    bare = bare if re.match(r"[a-z]", bare) else f"section_{bare}".strip("_")
    bare = _safe(bare, KEYWORDS, set())
    name = next(one for one in (bare, *(f"{bare}_{n}" for n in range(2, 10_000))) if one not in sections)
    sections[name] = {"title": title or name}
    return name


class _Rules:
    """What the rules of a dictionary may name so far, and what each of it can be."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str], Kind] = {}
        self._extents: dict[tuple[str, str], Extent] = {}

    def add(self, told: Told, form: str, item: str) -> None:
        """Adds an item, for the rules of those below it."""
        if told.item is None or told.kind not in _KINDS:
            return
        self._kinds[form, item] = _KINDS[told.kind]
        with suppress(ValidationError):  # said where the form is validated
            self._extents[form, item] = item_extent(Item.model_validate(told.item))

    def check(self, told: Told, form: str) -> None:
        """Takes out a rule that the study file would not take, and says so."""
        if told.item is None or not {"when", "calculated"} & told.item.keys():
            return
        for key, returns in (("when", "bool"), ("calculated", "double")):
            if key not in told.item:
                continue
            why = self._fault(told.item[key], form, returns)
            if why is None:
                continue
            said = "; it is asked of everybody" if key == "when" else ""
            told.notes.append(f"not carried over: {key} {told.item.pop(key)!r}: {why}{said}")
            if key == "calculated":
                told.item = None
                return

    def _fault(self, text: str, form: str, returns: str) -> str | None:
        said = set(re.findall(r"[a-z]\w*(?:\.\w+)?", text))  # of many names a rule says few
        try:
            vocabulary = Vocabulary(_as_named(self._kinds, form, said))
            rule: Rule = vocabulary.compile(text, returns=returns)  # type: ignore[arg-type]
        except (RuleError, ValueError) as problem:
            return str(problem)
        extents = extents_in(rule.names, _as_named(self._extents, form, said))
        faults = (idle if returns == "bool" else comparisons)(parse(text), extents, ())
        return next((fault.message.partition(";")[0] for fault in faults), None)


def _as_named(known: Mapping[tuple[str, str], _T], form: str, said: set[str]) -> dict[str, _T]:
    """Of what is known that which a rule of a form says: its own items alone, those of others with theirs."""
    named = (tuple(one.split(".")) if "." in one else (form, one) for one in said)
    return {
        item if own == form else f"{own}.{item}": known[own, item]
        for own, item in named
        if (own, item) in known
    }


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
