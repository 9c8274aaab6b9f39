"""The audit trail of one ledger: what each entry changed from what to what, and what was signed by then.

Source: 21 CFR 11.10(e); ICH E6(R3) 4.2.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from entact.course.entry import Kept
from entact.course.entry.effective import VOID, changes_of
from entact.course.kinds import KINDS, NESTED
from entact.course.kinds.attestation import SIGNATURE
from entact.course.kinds.verification import VERIFICATION

# Kinds that name entries: of these some may be hidden from who may know that it was said.
NAMING: Final = frozenset({SIGNATURE.name, VERIFICATION.name})
WITHDRAWN = "withdrawn"  # in the place of an item, of an entry that takes back another


class Change(NamedTuple):
    """One item: what it said before, None where nothing, and what it says now."""

    item: str
    old: Any
    new: Any


class Step(NamedTuple):
    """One line of a ledger.

    Attributes:
        entry: as it was kept. source: the id of the entry that it corrects or withdraws, however often that
            was corrected before; its own where it does neither. changes: by item.
        after_signature: it changes what somebody had signed before it arrived.
    """

    entry: Kept
    source: str
    changes: tuple[Change, ...]
    after_signature: bool


def trail(entries: Iterable[Kept]) -> list[Step]:
    """Every line of a ledger with what it changed.

    Args:
        entries: of one ledger, in order of arrival; sealed values as they were kept.
    """
    return list(_trail(entries))


def _trail(entries: Iterable[Kept]) -> Iterator[Step]:
    sources: dict[str, str] = {}
    standing: dict[str, dict[str, Any]] = {}
    signed: set[str] = set()
    for entry in entries:
        source = entry.id
        if entry.replaces is not None:
            source = sources.get(entry.replaces, entry.replaces)
        sources.setdefault(entry.id, source)
        known = standing.setdefault(source, {})
        changes = tuple(_changes(entry, source, known))
        changed = entry.replaces is not None and source in signed
        yield Step(entry, source, changes, changed)
        known.update({one.item: one.new for one in changes if one.item != WITHDRAWN})
        if entry.kind == SIGNATURE.name and entry.replaces is None:
            signed |= set(entries_signed(entry.data))


def _changes(entry: Kept, source: str, known: Mapping[str, Any]) -> Iterator[Change]:
    if entry.kind == VOID:
        yield Change(WITHDRAWN, source, None)
        return
    inner = NESTED.get(entry.kind) if entry.kind in KINDS else None
    for (name, item), value in changes_of(entry, inner):
        key = item or name
        if entry.replaces is None or known.get(key) != value:
            yield Change(key, known.get(key) if entry.replaces is not None else None, value)


def entries_signed(data: Mapping[str, Any]) -> list[str]:
    """The ids of the entries that a signature, or a verification, names."""
    named = data.get("entries")
    return [one for one in named if isinstance(one, str)] if isinstance(named, list) else []
