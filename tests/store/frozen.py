"""Ledgers that were frozen when their format was released: what they say is read anew and compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from entact.course import Course, Line, findings, fold, fold_setting, instant, read
from entact.course.entry import digest
from entact.course.entry.sealing import is_sealed
from entact.course.personal import unsealed
from entact.course.state.state import STATE
from entact.protocol import Study

GOLDEN = Path(__file__).parents[1] / "golden" / "ledgers"
ENTRIES, KEYS, RELEASES, SUMMARY = "entries.jsonl", "keys.json", "releases", "summary.json"

_NOT_SUMMARISED = ("release", "effective", "former", "findings", "forms")  # derived from what is
_NOT_COMPARED = {"key"}  # places in the order of time, by which what came after was told once


class Frozen(NamedTuple):
    """One folder: the study of its releases, the lines of each ledger, and the keys of its participants."""

    study: Study
    ledgers: dict[str, list[Line]]
    keys: dict[str, bytes]


def folders() -> list[Path]:
    """Every folder of frozen ledgers, those of the oldest format first."""
    return sorted(path.parent for path in GOLDEN.glob(f"format-*/*/{ENTRIES}"))


def read_frozen(folder: Path) -> Frozen:
    """What was frozen: exact bytes, whose hashes are taken anew."""
    ledgers: dict[str, list[Line]] = {}
    for raw in (folder / ENTRIES).read_bytes().removesuffix(b"\n").split(b"\n"):
        kept = read(raw)
        ledgers.setdefault(kept.ledger, []).append(Line(kept.seq, digest(raw), raw.decode()))
    texts = [path.read_bytes() for path in sorted((folder / RELEASES).iterdir())]
    keys = json.loads((folder / KEYS).read_text())
    return Frozen(Study.from_texts(texts), ledgers, {name: bytes.fromhex(key) for name, key in keys.items()})


def summarise(frozen: Frozen) -> dict[str, Any]:
    """All that the ledgers say: heads, courses, findings, personal items in plain, study and sites."""
    entries = {name: [read(line.text) for line in lines] for name, lines in frozen.ledgers.items()}
    result: dict[str, Any] = {"heads": {name: lines[-1].hash for name, lines in frozen.ledgers.items()}}
    own = next((kept for name, kept in entries.items() if name.startswith("study:")), [])
    for name, kept in entries.items():
        if name.startswith("participant:"):
            course = fold(frozen.study, kept)
            last = max(instant(one.received_at) for one in kept)
            result[name] = _summarise_course(course, last, frozen.keys[name])
        elif name.startswith("site:"):
            result[name] = _plain(fold_setting(frozen.study, own, kept).site)
        else:
            setting = fold_setting(frozen.study, kept, [])
            result[name] = {"study": _plain(setting.study), "problems": _plain(setting.problems)}
    return result


def _summarise_course(course: Course, at: datetime, key: bytes) -> dict[str, Any]:
    state = {name: _plain(getattr(course, name)) for name in STATE if name not in _NOT_SUMMARISED}
    state["frozen"] = _plain(course.frozen)  # kept as a list now
    standing = [
        {
            "id": one.id,
            "kind": one.entry.kind,
            "at": one.at.isoformat(),
            "data": one.data,
            "from": one.origins,
        }
        for one in course.effective
    ]
    found = {finding.id: finding.holds for finding in findings(course, at)}
    opened = {one.id: plain for one in course.effective if (plain := _opened(one, key))}
    return {
        "status": course.status,
        "state": state,
        "standing": _plain(standing),
        "findings": found,
        "opened": opened,
    }


def _opened(one: Any, key: bytes) -> dict[str, Any]:
    values = dict(one.data)
    for value in one.data.values():
        if isinstance(value, dict):
            values |= value
    return {
        item: unsealed(value, key, one.origins.get(item, one.id), item)
        for item, value in values.items()
        if is_sealed(value)
    }


def _plain(value: Any) -> Any:
    """As JSON has it; keys of any kind as text."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, Mapping):
        return {_key(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted(_plain(inner) for inner in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _key(name: Any) -> str:
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def missing(frozen: Any, now: Any, place: str = "") -> list[str]:
    """Where what was said then is not what is said now; what is said in addition is none of its business."""
    if isinstance(frozen, dict) and isinstance(now, dict):
        lost = [f"{place}/{name} is gone" for name in frozen.keys() - now.keys() - _NOT_COMPARED]
        both = [missing(frozen[name], now[name], f"{place}/{name}") for name in frozen if name in now]
        return [*lost, *(one for found in both for one in found)]
    if isinstance(frozen, list) and isinstance(now, list) and len(frozen) == len(now):
        pairs = enumerate(zip(frozen, now, strict=True))
        return [one for number, (then, here) in pairs for one in missing(then, here, f"{place}/{number}")]
    return [] if frozen == now else [f"{place} was {frozen!r} and is {now!r}"]
