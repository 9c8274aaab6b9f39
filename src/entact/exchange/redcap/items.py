"""One field of a REDCap dictionary as an item of a study file."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from entact.exchange.redcap.dictionary import Field
from entact.exchange.redcap.logic import Known, Untold, number_of, rule_of

MARK: Final = "entact: "  # in an annotation: what an item of entact has and REDCap does not say
OF_FORM: Final = ("by", "each", "data_class", "lasting", "measures", "sampled")  # what a form says of itself
_OF_ITEM: Final = ("type", "unit", "labels", "range", "expected", "sdtm")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
_PIPED: Final = re.compile(r"\[[a-z][a-z0-9_:\-]*\]|\{[a-z][a-z0-9_]*(:[a-z]+)?\}")
_LOOKS: Final = ("", "autocomplete")  # how a list is opened
_PERSONAL: Final = ("email", "phone", "zipcode", "postalcode", "ssn", "mrn", "vmrn", "nhs")
_DATES: Final = {
    "date_": ("date", ("%Y-%m-%d", "%Y-%m-%d")),
    "datetime_seconds_": ("datetime", ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z")),
    "datetime_": ("datetime", ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M%z")),
    "time": ("time", ("%H:%M", "%H:%M")),
}
_ORDERS: Final = {"dmy": "%d-%m-%Y", "mdy": "%m-%d-%Y"}


@dataclass
class Told:
    """An item, and what of the field it does not say.

    Attributes:
        item: as plain data; None of a field that asks nothing, or has no place in a form.
        kind: its type, for rules that name it. notes: what was left out or is otherwise than in REDCap.
        form: what entact wrote of the whole form: who fills it, who may see it.
    """

    item: dict[str, Any] | None = None
    kind: str = ""
    codes: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    form: dict[str, Any] = field(default_factory=dict)


def plain(text: str) -> str:
    """A label without its markup: tags taken out, white space and line breaks one blank each."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def item_of(said: Field, variables: Mapping[str, Known]) -> Told:
    """The item that a field is.

    Args:
        variables: those of the fields above, which its condition and its calculation may name.
    Raises:
        ValueError: when its choices or limits are malformed.
    """
    told = Told()
    own = _own(said, told)
    if isinstance(own.get("form"), dict):
        told.form = {name: one for name, one in own["form"].items() if name in OF_FORM}
    if said.type in ("descriptive", "sql"):
        why = "a text that asks nothing" if said.type == "descriptive" else "its choices come from a database"
        told.notes.append(f"left out: {why}")
        return told
    if "@CALCTEXT" in said.annotation.upper() or "@CALCDATE" in said.annotation.upper():
        told.notes.append("left out: it is calculated by its annotation, and nobody may enter it")
        return told
    item = _typed(said, told, own)
    item |= {name: own[name] for name in _OF_ITEM if name in own}
    title, help_text = plain(said.label), plain(said.note)
    if title:
        item["title"] = title
    if help_text and help_text != f"in {own.get('unit')}":
        item["help"] = help_text
    _limited(said, item, told, own)
    if said.branching:
        _conditioned(said, item, told, variables)
    if not _marked(said.required, "required"):
        item["required"] = False
    if _marked(said.identifier, "an identifier") or said.validation.lower().startswith(_PERSONAL):
        item["personal"] = True
    elif own.get("personal") is False:
        item["personal"] = False
    told.notes += _not_said(said)
    told.item, told.kind, told.codes = item, item["type"], tuple(item.get("of", ()))
    return told


def _marked(text: str, what: str) -> bool:
    """Whether a field is marked with y.

    Raises:
        ValueError: for another mark: whether a field says who somebody is, is not guessed.
    """
    if text.lower() not in ("", "y", "yes", "n", "no"):
        raise ValueError(f"whether it is {what} is {text!r}; write y, or nothing")
    return text.lower() in ("y", "yes")


def _not_said(said: Field) -> Iterator[str]:
    """What changes what may be answered, or what is read, and has no place in an item."""
    if said.type not in ("radio", "dropdown", "checkbox", "calc", "slider") and said.choices:
        yield f"not carried over: choices {said.choices[:60]!r} of a field that has none"
    if said.type not in ("text", "slider", "calc") and said.validation.lower() not in _LOOKS:
        yield f"not carried over: validation {said.validation!r}"
    if _marked(said.ranking, "ranked in its matrix"):
        yield f"not carried over: each answer may be given once in its matrix {said.matrix!r}"
    texts = "\n".join((said.label, said.note, said.section, said.choices if said.type != "calc" else ""))
    if _TAG.search(texts):
        yield "markup of its texts was taken out"
    if found := _PIPED.search(texts):
        yield f"not carried over: {found[0]!r} in its texts, where REDCap shows another field"


def _own(said: Field, told: Told) -> dict[str, Any]:
    """What entact wrote into the annotation when it exported the item."""
    if said.annotation.startswith(MARK):
        try:
            found = json.loads(said.annotation.removeprefix(MARK))
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
    if said.annotation:
        told.notes.append(f"not carried over: annotation {said.annotation[:60]!r}")
    return {}


def _typed(said: Field, told: Told, own: Mapping[str, Any]) -> dict[str, Any]:
    match said.type:
        case "text":
            return _text(said, told)
        case "notes":
            return {"type": "text"}
        case "yesno" | "truefalse":
            return {"type": "boolean"}
        case "radio" | "dropdown" | "checkbox":
            coded = said.coded
            if said.blanks:
                told.notes.append("left out: a choice in which nothing stands")
            renamed = codes if isinstance(codes := own.get("codes"), dict) else {}
            labels = {str(renamed.get(code, code)): plain(label) or code for code, label in coded}
            if len(labels) < len(coded):
                raise ValueError("its annotation gives two choices one code; give each its own")
            says = any(code != label for code, label in labels.items())  # then each code has one
            kind = "choices" if said.type == "checkbox" else "choice"
            return {"type": kind, "of": list(labels)} | ({"labels": labels} if says else {})
        case "slider":
            ends = [plain(one) for one in said.choices.split("|")] if said.choices else []
            if not (said.least and said.most):
                told.notes.append("from 0 to 100: its ends are not said, and these are REDCap's own")
            low, high = (_whole(one) for one in (said.least or "0", said.most or "100"))
            middle = (low + high) // 2
            places = {1: (low,), 2: (low, high), 3: (low, middle, high)}.get(len(ends), ())
            labels = (
                {str(place): end for place, end in zip(places, ends, strict=True) if end} if places else {}
            )
            return {"type": "integer", "range": f"{low} .. {high}"} | ({"labels": labels} if labels else {})
        case "file":
            return {"type": "file"}
    told.kind = "decimal"  # a calculation
    return {"type": "decimal"}


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?\d+", text):
        raise ValueError(f"the end {text!r} of the slider is no whole number; write it as in 100")
    return int(text)


def _text(said: Field, told: Told) -> dict[str, Any]:
    validation = said.validation.lower()
    if validation in ("integer", "int"):
        return {"type": "integer"}
    if validation.startswith(("number", "float")):
        return {"type": "decimal"}
    for beginning, (kind, _) in _DATES.items():
        if validation.startswith(beginning):
            return {"type": kind}
    if validation and not validation.startswith(_PERSONAL):
        told.notes.append(f"not carried over: validation {said.validation!r}; any text can be entered")
    return {"type": "text"}


def _limited(said: Field, item: dict[str, Any], told: Told, own: Mapping[str, Any]) -> None:
    """The limits, which in REDCap only warn: what is usual, not what can be true."""
    if said.type == "slider" or not (said.least or said.most):
        return
    if not (said.least and said.most):
        told.notes.append(
            f"not carried over: the one limit {said.least or said.most!r}; a range has two ends"
        )
        return
    kind = item["type"]
    if kind not in ("integer", "decimal", "date", "datetime", "time"):
        told.notes.append("not carried over: limits of what is no number and no date")
        return
    try:
        low, high = (_end(said, kind, one) for one in (said.least, said.most))
    except Untold as problem:
        told.notes.append(f"not carried over: limits {said.least!r} to {said.most!r}: {problem}")
        return
    item["range" if own.get("hard") else "expected"] = f"{low} .. {high}"


def _end(said: Field, kind: str, text: str) -> str:
    if kind in ("integer", "decimal"):
        return _decimal(said.validation, text)
    if text.lower() in ("today", "now") or "[" in text:
        raise Untold("an end that moves")
    for beginning, (_, (form, written)) in _DATES.items():
        if said.validation.lower().startswith(beginning):
            own = _ORDERS.get(said.validation.lower().rpartition("_")[2], "%Y-%m-%d")
            if "." in text:  # a spreadsheet wrote it, where days come first
                own = _ORDERS["dmy"]
            for one in (form, form.replace("%Y-%m-%d", own)):
                try:
                    found = datetime.strptime(re.sub(r"[/.]", "-", text), one)  # noqa: DTZ007 - a wall clock
                except ValueError:
                    continue
                if "%z" in written:
                    raise Untold("a limit of REDCap has no zone")
                return found.strftime(written)
    example = {"date": "2026-03-01", "datetime": "2026-03-01 09:30", "time": "09:30"}[kind]
    raise ValueError(f"the limit {text!r} is no {kind}; write it as in {example}")


def _decimal(validation: str, text: str) -> str:
    """A number with a point: `1,5` of a field with decimal commas, or where nothing else can be meant."""
    if re.fullmatch(r"-?\d+,\d+", text):
        if "comma" in validation or len(text.partition(",")[2]) != 3:
            return text.replace(",", ".")
        raise ValueError(f"{text!r} may have a decimal comma or one of thousands; write it with a point")
    if not re.fullmatch(r"-?(\d+(\.\d*)?|\.\d+)", text):
        raise ValueError(f"the limit {text!r} is no number; write it as in 12.5")
    return f"{float(text):g}" if text.startswith((".", "-.")) or text.endswith(".") else text


def _conditioned(said: Field, item: dict[str, Any], told: Told, variables: Mapping[str, Known]) -> None:
    try:
        item["when"] = rule_of(said.branching, variables)
    except Untold as problem:
        told.notes.append(
            f"not carried over: its condition {said.branching!r}: {problem}; it is asked of everybody"
        )


def calculated(said: Field, told: Told, variables: Mapping[str, Known]) -> None:
    """Gives the item of a calculation its rule; without one it is left out, for nobody may enter it."""
    assert told.item is not None
    try:
        told.item["calculated"] = number_of(said.choices, variables)
    except Untold as problem:
        told.notes.append(f"left out: its calculation {said.choices!r}: {problem}")
        told.item = None
