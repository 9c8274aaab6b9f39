"""What becomes of rows, and the same rows as file and record say them: so that the two can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Literal

import msgspec

from entact.course import Course, Entry
from entact.course.entry import Environment, canonical
from entact.course.entry.effective import VOID
from entact.course.kinds import NESTED
from entact.course.kinds.imported import IMPORTED
from entact.course.personal import unsealed
from entact.exchange.records.mapping import RecordMapping

Outcome = Literal["new", "there", "typed", "conflict", "held"]


@dataclass(frozen=True)
class Taking:
    """By whom, from what and when records are taken in.

    Attributes:
        file: SHA-256 of the file. key: the participant's. zone: of their site. locked: name of the lock of
            the study that is in force.
    """

    mapping: RecordMapping
    file: str
    key: bytes
    zone: tzinfo
    by: str
    role: str
    now: datetime
    environment: Environment
    locked: str | None = None


@dataclass(frozen=True)
class Told:
    """What becomes of one version of a row: `typed` is what people entered here with the same answers."""

    place: str
    form: str
    encounter: str
    outcome: Outcome
    why: str = ""
    items: tuple[str, ...] = ()


@dataclass
class Planned:
    """Of one participant.

    Attributes:
        entries: to be kept, in this order. problems: why nothing may be kept, with place. rows: what the
            source says of all that is in the record then, each as canonical text.
    """

    entries: list[Entry] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)


def digest_of(rows: Iterable[str]) -> str:
    """SHA-256 of rows, whatever their order."""
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()


def told_by_record(course: Course, system: str, key: bytes, asked: Iterable[str]) -> list[str]:
    """The rows that the record holds of a source, made of its entries alone.

    Args:
        system: what the mapping calls the source. asked: rows of which it is asked, as in `Planned.rows`.
    """
    wanted = {_identity(one) for one in asked}
    entries = {one.id: one for one in course.entries}
    found = []
    for one in course.noted.get(IMPORTED.name, []):
        said, entry = one.said, entries.get(one.about or "")
        if entry is None or said.system != system:
            continue
        record = unsealed(said.record, key, one.entry, "record")
        event = unsealed(said.event, key, one.entry, "event")
        named = (record, event, said.event_repeat, said.form, said.repeat, said.version)
        row = row_text(named, entry.encounter, entry.kind == VOID, items_of(entry, key))
        if _identity(row) in wanted:
            found.append(row)
    return found


def row_text(named: tuple[Any, ...], encounter: str | None, removed: bool, items: Mapping[str, Any]) -> str:
    """One version of a row as canonical text, which is the same of a file and of the record.

    Args:
        named: record, event, its repetition, form, its repetition, and number of the version.
    """
    return canonical([list(named), encounter, removed, dict(items)]).decode()


def _identity(row: str) -> str:
    return str(msgspec.json.decode(row)[0])


def items_of(entry: Entry, key: bytes) -> dict[str, Any]:
    """The items of an entry in plain, as it was sent."""
    nested = NESTED.get(entry.kind)
    said = entry.data if nested is None else entry.data.get(nested, {})
    return {name: unsealed(value, key, entry.id, name) for name, value in said.items()}
