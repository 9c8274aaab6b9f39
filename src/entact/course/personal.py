"""What is personal in an entry: sealed before it is kept, and opened for those who may read it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

import msgspec

from entact.course.entry import CORRECTED_TIME, Entry, refuse_uncanonical
from entact.course.entry.sealing import is_sealed, seal, unseal
from entact.course.kinds import KINDS, UNPARSED
from entact.course.kinds.kind import Kind
from entact.course.state.numbers import NUMBERED, is_number
from entact.protocol.answer import is_file
from entact.protocol.conversion import CONVERSIONS
from entact.protocol.quantity import parse_quantity

if TYPE_CHECKING:
    from entact.protocol.form import CompiledForm
    from entact.protocol.release import Release, Study
    from entact.protocol.study import Item

# Reasons that are codes and not free text; every other reason is sealed.
REASONS = frozenset(
    {
        "entered_in_error",
        "wrong_participant",
        "wrong_visit",
        "transcription_error",
        "source_document",
        "late_information",
        "unit_error",
        "rescheduled",
        "not_reached",
        "participant_request",
        "safety",
        "clinical_judgement",
    }
)

SEALED_WHOLE = "sealed"  # the one item of data of which entact does not know what is personal

_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+/#-]{0,63}")  # an identifier, a code, a time
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+/#@-]{0,159}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T[0-9:.+Z-]+)?)?)?")


def seal_entry(study: Study, entry: Entry, key: bytes) -> Entry:
    """The entry with its personal items, free text and reason as ciphertext: the same each time it is asked.

    What no release says is not personal (an unknown item, an unknown kind of entry) is sealed too. The result
    depends on the study and the entry alone, so that an entry sent again is the same again.
    """
    kind = KINDS.get(entry.kind)
    data: dict[str, Any]
    if not _is_canonical(entry):
        received = {"kind": entry.kind, "data": entry.data, "basis": entry.basis}
        data = {"received": _sealed(received, key, entry.id, "received")}
        entry = msgspec.structs.replace(entry, kind=UNPARSED, basis=None)
    elif kind is None:
        data = _seal_unknown(entry, key)
    elif kind.form is not None:
        data = _seal_by_form(kind, kind.form(entry.data), _release(study, entry), entry, key)
    else:
        data = _seal_kind(kind, entry, key)
    reason = entry.reason
    if reason is not None and reason not in REASONS:
        reason = _sealed(reason, key, entry.id, "reason")
    basis = entry.basis
    if basis is not None and not _is_of_gate(basis):
        basis = {"received": _sealed(basis, key, entry.id, "basis")}
    if data is entry.data and reason is entry.reason and basis is entry.basis:
        return entry
    return msgspec.structs.replace(entry, data=data, reason=reason, basis=basis)


def unsealed(value: Any, key: bytes, entry: str, item: str) -> Any:
    """A value, or rows of them, as entered; `entry` is the id under which it was sealed (see `origins`).

    Raises:
        ValueError: when it cannot be opened with this key.
    """
    if isinstance(value, list) and any(isinstance(row, dict) for row in value):
        return [
            {name: unsealed(cell, key, entry, cell_of(item, place, name)) for name, cell in row.items()}
            if isinstance(row, dict)
            else row
            for place, row in enumerate(value, start=1)
        ]
    if not is_sealed(value):
        return value
    text = unseal(value, key, entry, item)
    return json.loads(text[len(_JSON) :]) if text.startswith(_JSON) else text


def opened(entry: Entry, key: bytes) -> Entry:
    """An entry as it was sent, its personal items in plain: what `seal_entry` sealed.

    Raises:
        ValueError: when something cannot be opened with this key.
    """
    data: dict[str, Any] = {name: _opened(value, key, entry.id, name) for name, value in entry.data.items()}
    kind, basis, whole = entry.kind, entry.basis, entry.data.get(SEALED_WHOLE)
    if basis is not None and is_sealed(basis.get("received")):
        basis = unsealed(basis["received"], key, entry.id, "basis")
    if set(data) == {SEALED_WHOLE} and is_sealed(whole) and isinstance(data[SEALED_WHOLE], dict):
        data = data[SEALED_WHOLE]
    received = data.get("received")
    if kind == UNPARSED and isinstance(received, dict) and set(received) == {"kind", "data", "basis"}:
        kind, data, basis = received["kind"], received["data"], received["basis"]
    reason = None if entry.reason is None else unsealed(entry.reason, key, entry.id, "reason")
    return msgspec.structs.replace(entry, kind=kind, data=data, reason=reason, basis=basis)


def _opened(value: Any, key: bytes, entry: str, item: str) -> Any:
    """A value of the data, or the items in it, which are sealed by their own names."""
    if isinstance(value, dict):
        return {name: unsealed(inner, key, entry, name) for name, inner in value.items()}
    return unsealed(value, key, entry, item)


_JSON = "json:"  # begins what was not text before it was sealed


def _sealed(value: Any, key: bytes, entry: str, item: str) -> str:
    """Ciphertext of a value; what is already sealed for this place is left as it is."""
    if is_sealed(value):
        try:
            unseal(value, key, entry, item)
        except ValueError:
            pass
        else:
            return cast(str, value)
    if isinstance(value, str) and not value.startswith(_JSON) and _is_text(value):
        return seal(value, key, entry, item)
    return seal(_JSON + json.dumps(value, sort_keys=True), key, entry, item)


def _seal_unknown(entry: Entry, key: bytes) -> dict[str, Any]:
    """The data of a kind of which nothing is known, sealed as a whole."""
    name = "received" if entry.kind == UNPARSED else SEALED_WHOLE
    if not entry.data:
        return entry.data
    whole = entry.data[name] if set(entry.data) == {name} else entry.data
    return {name: _sealed(whole, key, entry.id, name)}


def _seal_kind(kind: Kind, entry: Entry, key: bytes) -> dict[str, Any]:
    fields = kind.payload.__struct_encode_fields__
    changed: dict[str, Any] = {}
    for name, value in entry.data.items():
        if value is None or isinstance(value, bool | int):
            continue
        known = name in fields or name == CORRECTED_TIME
        if (
            known
            and name == NUMBERED.get(kind.name, ("", ""))[1]
            and isinstance(value, str)
            and is_number(value)
        ):
            continue
        if name in kind.sealed or not known or not _is_plain(value, name in kind.free):
            changed[name] = _sealed(value, key, entry.id, name)
    return {**entry.data, **changed} if changed else entry.data


def _is_plain(value: Any, free: bool) -> bool:
    """Whether an item of a closed kind has the shape of what belongs there."""
    if isinstance(value, str):
        return free or _NAME.fullmatch(value) is not None
    if isinstance(value, list):
        return all(isinstance(one, str) and _CODE.fullmatch(one) for one in value)
    return isinstance(value, dict) and all(
        _CODE.fullmatch(name) and (one is None or isinstance(one, bool | int)) for name, one in value.items()
    )


def _is_of_gate(value: Any) -> bool:
    """Whether a basis has the shape of what gates write: names, times and numbers, and no prose."""
    if isinstance(value, str):
        return _RELEASE.fullmatch(value) is not None or is_sealed(value)
    if isinstance(value, dict):
        return all(_is_of_gate(name) and _is_of_gate(inner) for name, inner in value.items())
    return all(map(_is_of_gate, value)) if isinstance(value, list | tuple) else True


def _seal_by_form(
    kind: Kind, named: str | None, release: Release, entry: Entry, key: bytes
) -> dict[str, Any]:
    """Items that the form says are personal; a correction need not name it, and then any form may say so."""
    data, inner = entry.data, kind.nested
    form = release.forms.get(named) if named is not None else None
    forms = [form] if form is not None else []
    if inner is None:  # the items are the data themselves
        sealed = _seal_items(forms, data, entry, key)
        return {**data, **sealed} if sealed else data
    if form is None and "form" not in data:
        forms = list(release.forms.values())
    items = data.get(inner)
    changed = _seal_items(forms, items, entry, key) if isinstance(items, dict) else {}
    others: dict[str, Any] = {
        name: _sealed(value, key, entry.id, name)
        for name, value in data.items()
        if name != inner and not _is_code(value) and not _is_new_time(name, value)
    }
    if not isinstance(items, dict) and items is not None:
        others[inner] = _sealed(items, key, entry.id, inner)
    if changed:
        others[inner] = {**cast(dict[str, Any], items), **changed}
    return {**data, **others} if others else data


def _seal_items(forms: list[CompiledForm], items: dict[str, Any], entry: Entry, key: bytes) -> dict[str, Any]:
    if len(forms) == 1 and forms[0].holds_plainly(items):
        return {}
    sealed: dict[str, Any] = {}
    for name, value in items.items():
        if value is None or _is_new_time(name, value):
            continue
        rows = [form.rows[name] for form in forms if name in form.rows and name not in form.personal]
        if rows and _is_rows(value):
            cells = _seal_rows(rows, name, value, entry, key)
            if cells != value:
                sealed[name] = cells
        elif _is_personal(forms, name, value):
            sealed[name] = _sealed(value, key, entry.id, name)
    return sealed


def _is_rows(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(row, dict) for row in value)


def _seal_rows(
    forms: list[CompiledForm], item: str, rows: Any, entry: Entry, key: bytes
) -> list[dict[str, Any]]:
    """Rows with their personal cells sealed, each for its own place."""
    return [
        {
            name: _sealed(cell, key, entry.id, cell_of(item, place, name))
            if cell is not None and _is_personal(forms, name, cell)
            else cell
            for name, cell in row.items()
        }
        for place, row in enumerate(rows, start=1)
    ]


def cell_of(item: str, place: int, name: str) -> str:
    """What a cell of a row is called: `treatments[2].name`."""
    return f"{item}[{place}].{name}"


def _is_personal(forms: list[CompiledForm], name: str, value: Any) -> bool:
    """Whether an item is personal in a form, unknown to all, or text out of place."""
    if isinstance(value, dict):
        if set(value) == {"missing"} and _is_code(value["missing"]):
            return False
        names_file = any(name in form.items and form.items[name].type == "file" for form in forms)
        return not (names_file and is_file(value)) or any(name in form.personal for form in forms)
    if any(name in form.personal for form in forms):
        return True
    if isinstance(value, bool | int):
        return False
    known = [form.items[name] for form in forms if name in form.items]
    if not known:
        return True
    if isinstance(value, list):
        return not all(_is_code(one) for one in value)
    if not isinstance(value, str):
        return True
    return not any(_fits(item, value) for item in known)


def _fits(item: Item, value: str) -> bool:
    """Whether text is what an item holds, at least in its shape; a unit of something else may be a name."""
    if item.type == "text":  # marked as not personal by the study
        return True
    if item.type in ("choice", "choices"):
        return value in (item.of or ())
    if item.type in ("date", "partial_date", "datetime"):
        return _DATE.fullmatch(value) is not None
    if item.type == "time":
        return _TIME.fullmatch(value) is not None
    try:
        unit = parse_quantity(value).unit
    except ValueError:
        return False
    return unit in ("", item.unit) or (unit, item.unit) in CONVERSIONS


def _is_new_time(name: str, value: Any) -> bool:
    """Whether an item of a correction moves the time, and has the shape of one."""
    return name == CORRECTED_TIME and isinstance(value, str) and _NAME.fullmatch(value) is not None


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def _is_canonical(entry: Entry) -> bool:
    try:
        refuse_uncanonical(entry.data)
        if entry.basis is not None:
            refuse_uncanonical(entry.basis)
    except (TypeError, ValueError):
        return False
    return True


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _release(study: Study, entry: Entry) -> Release:
    try:
        return study.release(entry.release)
    except KeyError:
        return study.newest
