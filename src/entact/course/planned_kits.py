"""Which row of the list a planned kit is for: sealed in the record until the kit is somebody's.

Who could read it before, and takes a kit to a laboratory, would know the arm of the row that comes. So the
number stands in the study's ledger under a key that lies outside the database, as long whatever it says.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

import msgspec

from entact.course.entry import Entry
from entact.course.entry.sealing import is_sealed, seal, unseal
from entact.course.kinds.allocation import KITS_PLANNED, KitForNumber, KitsPlanned

AnEntry = TypeVar("AnEntry", bound=Entry)


def seal_kits(kits: Iterable[KitForNumber], key: bytes) -> list[KitForNumber]:
    """Kits in the order of their labels, each with its number sealed: neither place nor length tells a row.

    A number is sealed for its label, and for nothing that an arm could have changed, as a root is.

    Args:
        key: 32 bytes.
    """
    return [
        msgspec.structs.replace(one, number=seal(one.number, key, KITS_PLANNED.name, one.kit))
        for one in sorted(kits, key=lambda one: one.kit)
    ]


def kits_sealed(entry: AnEntry, key: bytes) -> AnEntry:
    """An entry of planned kits with its numbers sealed; any other entry as it is.

    Args:
        key: 32 bytes.
    """
    if entry.kind != KITS_PLANNED.name:
        return entry
    said = msgspec.convert(entry.data, KitsPlanned)
    sealed = msgspec.structs.replace(said, kits=seal_kits(said.kits, key))
    return msgspec.structs.replace(entry, data=msgspec.to_builtins(sealed))


def kits_opened(entry: AnEntry, key: bytes) -> AnEntry:
    """An entry of planned kits with the numbers that a key opens; any other entry as it is.

    A number that it does not open, or that was moved to another kit, stays sealed: nothing follows of it.

    Args:
        key: 32 bytes.
    """
    if not holds_sealed(entry):
        return entry
    kits = [_opened(one, key) for one in entry.data["kits"]]
    return msgspec.structs.replace(entry, data={**entry.data, "kits": kits})


def holds_sealed(entry: Entry) -> bool:
    """Whether an entry is of planned kits of which a number is sealed."""
    kits = entry.data.get("kits") if entry.kind == KITS_PLANNED.name else None
    return isinstance(kits, list) and any(
        isinstance(one, dict) and is_sealed(one.get("number")) for one in kits
    )


def _opened(kit: object, key: bytes) -> object:
    if not isinstance(kit, dict) or not is_sealed(kit.get("number")):
        return kit
    return {**kit, "number": _number(kit["number"], key, str(kit.get("kit")))}


@lru_cache(maxsize=1 << 15)  # each page of a stock asks for all of them
def _number(sealed: str, key: bytes, kit: str) -> str:
    try:
        return unseal(sealed, key, KITS_PLANNED.name, kit)
    except ValueError:
        return sealed
