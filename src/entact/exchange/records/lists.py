"""What is kept as a list throughout a study and comes from another system row by row: events and medicines.

Each row begins one event or one medicine, with the dates that it says itself. Doses, consents and whatever
else a gate decides are no list: people enter them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import msgspec

from entact.course.kinds import KINDS
from entact.course.kinds.medication import MEDICATION
from entact.course.kinds.safety import ADVERSE_EVENT
from entact.protocol.release import Release
from entact.protocol.study import Item, told_in

OTHER: Final = "other"  # an event that is not on the study's list, in the reporter's words
_CODED: Final = {
    ADVERSE_EVENT.name: {
        "severity": ("mild", "moderate", "severe"),
        "related": ("not", "unlikely", "possible", "probable", "definite"),
        "outcome": ("ongoing", "resolved", "resolved_with_sequelae", "fatal", "unknown"),
        "valence": ("unfavourable", "favourable", "neutral"),
    }
}
_GROUNDS: Final = (
    *("death", "life_threatening", "hospitalisation", "disability", "congenital_anomaly"),
    "medically_important",
)
_BOOLEANS: Final = ("serious", "expected", "solicited", "psychiatric")


@cache
def listed(release: Release) -> Mapping[str, Mapping[str, Item]]:
    """Every list, with what a row of it may say, as items."""
    file = release.file
    terms = {name: told_in(one.title, None) for name, one in file.adverse_events.terms.items()}
    choices: dict[str, Mapping[str, str]] = {"term": {**terms, OTHER: OTHER}}
    if file.washout is not None:
        choices["medicine_class"] = {name: name.replace("_", " ") for name in file.washout.classes}
    return {
        kind.name: {
            name: _item(kind.name, name, choices.get(name, {}), dated=name in kind.dated)
            for name in kind.payload.__struct_encode_fields__
            if name not in kind.of_page
        }
        for kind in (ADVERSE_EVENT, MEDICATION)
    }


def items_of_list_or_form(release: Release, name: str) -> Mapping[str, Item] | None:
    """What may be said of a form of the study, or of a list; None where there is neither."""
    form = release.forms.get(name)
    return form.items if form is not None else listed(release).get(name)


def is_list(release: Release, name: str) -> bool:
    """Whether rows of this name are those of a list; a form of the study that has its name goes before."""
    return name not in release.forms and name in listed(release)


def entry_of(name: str, items: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry says of a row of a list.

    Raises:
        ValueError: when it does not say what happened, or what was taken.
    """
    data = dict(items)
    if name == ADVERSE_EVENT.name:
        if "term" not in data and "verbatim" in data:
            data = {"term": OTHER, **data}
        if "term" not in data:
            raise ValueError(
                "it says no event; map a variable to adverse_event.term or adverse_event.verbatim"
            )
    elif "name" not in data:
        raise ValueError("it names no medicine; map a variable to medication.name")
    try:
        msgspec.convert(data, KINDS[name].payload)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    return data


def is_same(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two rows tell of one event or medicine: what it is called, and the day on which it began."""
    if name == ADVERSE_EVENT.name:
        called = ("term", "verbatim") if OTHER in (one.get("term"), other.get("term")) else ("term",)
        began = "onset"
    else:
        called, began = ("name",), "started"
    days = {str(said.get(began) or "")[:10] for said in (one, other)}
    return len(days) == 1 and all(_folded(one.get(key)) == _folded(other.get(key)) for key in called)


def _folded(said: Any) -> str:
    return " ".join(str(said or "").casefold().split())


def _item(kind: str, name: str, choices: Mapping[str, str], *, dated: bool) -> Item:
    coded = _CODED.get(kind, {}).get(name)
    if coded is not None:
        return Item(type="choice", of=list(coded))
    if choices:
        return Item(type="choice", of=list(choices), labels=dict(choices))
    if name == "seriousness":
        return Item(type="choices", of=list(_GROUNDS))
    if name in _BOOLEANS:
        return Item(type="boolean")
    return Item(type="partial_date" if dated else "text")
