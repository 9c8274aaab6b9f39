"""The forms of a study as a data dictionary that REDCap takes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from entact.exchange.redcap.dictionary import Field
from entact.exchange.redcap.items import MARK, OF_FORM
from entact.exchange.redcap.logic import Known, Untold, logic_of
from entact.protocol.form import CompiledForm
from entact.protocol.quantity import parse_quantity, parse_range
from entact.protocol.release import Release
from entact.protocol.study import Item

RECORD: Final = Field(0, "record_id", "record", "text", "Record ID")
_VALIDATION: Final = {
    "integer": "integer",
    "decimal": "number",
    "date": "date_ymd",
    "time": "time",
    "datetime": "datetime_ymd",
}
_NO_CODE: Final = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Dictated:
    """The fields of a study's dictionary.

    Attributes:
        variables: form.item -> variable. left_out: form.item -> why it, or its rule, is not in it.
    """

    fields: tuple[Field, ...]
    variables: Mapping[str, str]
    left_out: Mapping[str, str]


def dictionary_of(release: Release) -> Dictated:
    """The dictionary of a release: a field for each item that people enter; scores stay in entact.

    A variable is called as its item, and where several forms have one of that name, by form and item.
    """
    variables = _variables(release)
    fields: list[Field] = [RECORD]
    left_out: dict[str, str] = {}
    named: dict[str, str] = {}
    for name, form in release.forms.items():
        named[name] = _named(name, set(named.values()))
        known = _known(release, name, variables)
        section = ""
        if form.form.instrument is not None:
            left_out[name] = "a dictionary does not say instrument"
        for item, said in form.items.items():
            place = f"{name}.{item}"
            if place not in variables:
                left_out[place] = f"a list of {said.type} has no field in REDCap"
                continue
            if not said.is_entered:
                left_out[place] = "it is calculated, and REDCap would calculate it otherwise"
                continue
            header = ""
            if said.section is not None and said.section != section:
                header = str(form.form.sections[said.section].title) or said.section
            elif said.section is None and section:  # a header holds until the next one
                header = str(form.form.title or "") or name.replace("_", " ").capitalize()
            section = said.section or ""
            if (codes := redcap_codes(said)) != {code: code for code in codes}:
                left_out[f"{place} (codes)"] = (
                    "REDCap's have letters, digits, _, . and - alone: "
                    + ", ".join(f"{ours!r} is {theirs}" for theirs, ours in codes.items() if ours != theirs)
                )
            condition, why = _branching(form, item, known)
            if why:
                left_out[f"{place} (condition)"] = why
            fields.append(_field(named[name], variables[place], said, header, condition, form))
    return Dictated(tuple(fields), variables, left_out)


def _variables(release: Release) -> dict[str, str]:
    counts: dict[str, int] = {RECORD.name: 1}
    for form in release.forms.values():
        for item in form.items:
            counts[item] = counts.get(item, 0) + 1
    found: dict[str, str] = {}
    used = {RECORD.name}
    for name, form in release.forms.items():
        for item, said in form.items.items():
            if said.type == "rows":
                continue
            found[f"{name}.{item}"] = _named(item if counts[item] == 1 else f"{name}_{item}", used)
            used.add(found[f"{name}.{item}"])
    return found


def _named(name: str, used: set[str]) -> str:
    """A name that REDCap keeps: it takes out a `_` at the end, and one of two that follow each other."""
    base = theirs = re.sub(r"_+", "_", name).strip("_")
    number = 2
    while theirs in used:
        theirs, number = f"{base}_{number}", number + 1
    return theirs


def _known(release: Release, own: str, variables: Mapping[str, str]) -> dict[str, Known]:
    """What rules of a form may name: its own items alone, those of others with their form."""
    found = {}
    for name, form in release.forms.items():
        for item, said in form.items.items():
            place = f"{name}.{item}"
            if place in variables and said.is_entered and all(a == b for a, b in redcap_codes(said).items()):
                found[item if name == own else place] = Known(
                    variables[place], said.type, tuple(said.of or ())
                )
    return found


def _branching(form: CompiledForm, item: str, known: Mapping[str, Known]) -> tuple[str, str]:
    said = form.items[item]
    rules = [one for one in (_section_rule(form, said), said.when) if one is not None]
    try:
        told = [logic_of(rule, known) for rule in rules]
    except Untold as problem:
        return "", f"asked of everybody in REDCap: {problem}"
    except ValueError as problem:
        return "", f"asked of everybody in REDCap: {problem}"
    return " and ".join(f"({one})" if len(told) > 1 else one for one in told), ""


def _section_rule(form: CompiledForm, item: Item) -> str | None:
    return form.form.sections[item.section].when if item.section is not None else None


def _field(form: str, name: str, item: Item, header: str, condition: str, compiled: CompiledForm) -> Field:
    own: dict[str, Any] = {}
    whole = {key: getattr(compiled.form, key) for key in OF_FORM}
    whole = {key: one for key, one in whole.items() if one not in (None, False, "clinical", [])}
    if whole:  # at each field, so that one which somebody takes out takes nothing of the form along
        own["form"] = whole
    if item.sdtm is not None:
        own["sdtm"] = item.sdtm.model_dump(exclude_defaults=True)
    kind, validation, choices = "text", _VALIDATION.get(item.type, ""), ""
    least = most = ""
    if item.type == "boolean":
        kind = "yesno"
    elif item.type in ("choice", "choices"):
        kind = "checkbox" if item.type == "choices" else "radio"
        codes = redcap_codes(item)
        choices = " | ".join(f"{theirs}, {_label(item, ours)}" for theirs, ours in codes.items())
        own |= {"codes": codes} if any(theirs != ours for theirs, ours in codes.items()) else {}
    elif item.type == "file":
        kind = "file"
    elif item.type == "text":
        kind = "notes"
        if not item.is_personal:
            own["personal"] = False
    if item.type in ("partial_date", "datetime"):  # REDCap knows no such date, and no zone
        own |= {"type": item.type} if item.type == "partial_date" else {}
        own |= {key: one for key in ("range", "expected") if (one := getattr(item, key)) is not None}
    elif item.range is not None or item.expected is not None:
        least, most = (_bare(end, item) for end in parse_range(item.range or item.expected or ""))
        own |= {"hard": True} if item.range is not None else {}
        own |= {"expected": item.expected} if item.range is not None and item.expected is not None else {}
    if item.type in ("boolean", "integer") and item.labels:
        own["labels"] = {code: str(label) for code, label in item.labels.items()}
    if item.unit:
        own["unit"] = item.unit
    return Field(
        line=0,
        name=name,
        form=form,
        type=kind,
        label=str(item.title or "") or name.replace("_", " "),
        section=header,
        choices=choices,
        note=str(item.help or "") or (f"in {item.unit}" if item.unit else ""),
        validation=validation,
        least=least,
        most=most,
        identifier="y" if item.is_personal else "",
        branching=condition,
        required="y" if item.required else "",
        annotation=f"{MARK}{json.dumps(own, ensure_ascii=False)}" if own else "",
    )


def redcap_codes(item: Item) -> dict[str, str]:
    """The codes of an item as REDCap can have them -> as the study file has them."""
    found: dict[str, str] = {}
    for code in item.of or ():
        theirs = base = _NO_CODE.sub("_", code) or "_"
        number = 2
        while theirs in found or (theirs != code and theirs in (item.of or ())):
            theirs, number = f"{base}_{number}", number + 1
        found[theirs] = code
    return found


def _bare(end: str, item: Item) -> str:
    """An end of a range without its unit."""
    return f"{parse_quantity(end).value:f}" if item.type in ("integer", "decimal") else end


def _label(item: Item, code: str) -> str:
    return (str(item.labels.get(code, "")) or code.replace("_", " ")).replace("|", "/")
