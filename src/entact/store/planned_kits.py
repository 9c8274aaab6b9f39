"""The key under which the study's ledger says which kit is for which row: with the keys of participants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from entact.course.entry import Entry
from entact.course.planned_kits import holds_sealed, kits_opened
from entact.store import models
from entact.store.error import StoreError
from entact.store.participant_keys import WHAT_TO_DO, key_of

AnEntry = TypeVar("AnEntry", bound=Entry)


def with_kits_opened(entries: Iterable[AnEntry]) -> list[AnEntry]:
    """Entries of the study's ledger, those of planned kits with the rows that they are for.

    Raises:
        StoreError: when rows are sealed and their key is not here.
    """
    found = list(entries)
    if not any(map(holds_sealed, found)):
        return found
    key = key_of(name_of_key())
    if key is None:
        raise StoreError(
            f"the key that says which kit is for which row is not here, so nobody is given one: {WHAT_TO_DO}"
        )
    return [kits_opened(one, key) for one in found]


def name_of_key() -> str:
    """What the key is called in the keychain, where all others have a participant's name."""
    installation = models.Installation.objects.first()
    if installation is None:
        raise StoreError("this database holds no study yet")
    return f"kits:{installation.study}"
