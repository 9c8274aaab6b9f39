"""What an entry says, with what is sealed opened for who may read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from entact.course import Course, Entry
from entact.course.entry.effective import Effective, changes_of
from entact.course.entry.sealing import is_sealed
from entact.course.kinds import NESTED
from entact.course.personal import REASONS, unsealed


@dataclass(frozen=True)
class Opener:
    """Opens what is sealed in one ledger, where the key is here and may be used; else leaves it as it is.

    Attributes:
        key: the participant's, or None.
    """

    key: bytes | None = None

    def value(self, value: Any, entry: str, item: str) -> Any:
        """A value as it was entered; as ciphertext where it cannot be opened.

        Args:
            entry: the id under which it was sealed.
        """
        if self.key is None:
            return value
        try:
            return unsealed(value, self.key, entry, item)
        except ValueError:
            return value

    def items(self, effective: Effective, items: Mapping[str, Any]) -> dict[str, Any]:
        """All items of an entry as it stands."""
        return {
            name: self.value(value, effective.origins.get(name, effective.id), name)
            for name, value in items.items()
        }

    def data(self, effective: Effective) -> dict[str, Any]:
        """The payload of an entry as it stands, with the items that are nested in it."""
        inner = NESTED.get(effective.entry.kind)
        found = self.items(effective, effective.data)
        nested = found.get(inner) if inner is not None else None
        return {**found, str(inner): self.items(effective, nested)} if isinstance(nested, Mapping) else found

    def reason(self, entry: Entry) -> str:
        """Why something was entered or corrected; a code, or text."""
        if entry.reason is None or entry.reason in REASONS:
            return entry.reason or ""
        return str(self.value(entry.reason, entry.id, "reason"))


def is_closed(value: Any) -> bool:
    """Whether a value, or a cell of its rows, is still ciphertext."""
    if isinstance(value, list | tuple):
        return any(map(is_closed, value))
    if isinstance(value, Mapping):
        return any(map(is_closed, value.values()))
    return is_sealed(value)


@dataclass(frozen=True)
class Changed:
    """One change of one item: who changed what into what, when and why; values as an entry holds them."""

    item: str
    old: Any
    new: Any
    entry: Entry
    reason: str


def changes_in(course: Course, effective: Effective, opener: Opener) -> dict[str, list[Changed]]:
    """Every change of an entry by item, in order of time; a change of the whole form under its own names."""
    inner = NESTED.get(effective.entry.kind)
    versions: dict[str, Entry] = {}
    for entry in course.entries:
        versions.setdefault(entry.id, entry)
    now: dict[str, Any] = {}
    for (name, item), value in changes_of(effective.entry, inner):
        now[item or name] = opener.value(value, effective.id, item or name)
    found: dict[str, list[Changed]] = {}
    for correction in effective.corrections:
        entry = versions[correction]
        for (name, item), value in changes_of(entry, inner):
            key = item or name
            new = opener.value(value, entry.id, key)
            if new != now.get(key):
                why = opener.reason(entry)
                found.setdefault(key, []).append(Changed(key, now.get(key), new, entry, why))
            now[key] = new
    return found
