"""Kits that are packed for rows of the sealed list, as the study's ledger has them: whose, and no arm."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Final

from entact.course import fold_setting
from entact.course.resupply import Known
from entact.course.state.numbers import KIT, normal
from entact.course.state.sealed_list import PackedKit
from entact.store import acts, models
from entact.store.error import StoreError
from entact.store.list_use import used_numbers
from entact.store.studies import study_of_record

_DIGITS: Final = 6  # of a kit: a million numbers, of which a study has some thousands


def packed_kits() -> dict[str, PackedKit]:
    """By kit, in its normal form, the row that each is packed for; empty where none are planned."""
    _, study = study_of_record()
    if study is None:
        return {}
    return fold_setting(study, acts.entries(("commitment", "kits_planned")), ()).study.packed


def kits_known(site: str) -> Known:
    """What the record knows of lists and planned kits, for whoever orders for a site; nothing of an arm."""
    _, study = study_of_record()
    if study is None:
        return Known({}, {}, (), (), ())
    found = fold_setting(study, acts.entries(("commitment", "kits_planned")), ()).study
    held = models.Number.objects.filter(of=KIT).values_list("number", flat=True)
    elsewhere = models.StockedKit.objects.exclude(ledger__name=f"site:{site}")
    return Known(
        found.commitment.numbers if found.commitment is not None else {},
        found.packed,
        {normal(one.number) for one in used_numbers()},
        set(held),
        set(map(normal, elsewhere.values_list("number", flat=True))),
    )


def kits_anywhere() -> set[str]:
    """Every kit that is planned, or that a site or a participant has heard of, by its normal number."""
    own = models.Number.objects.filter(of=KIT).values_list("number", flat=True)
    stocked = models.StockedKit.objects.values_list("number", flat=True)
    return {*packed_kits(), *own, *map(normal, stocked)}


def new_labels(count: int, taken: Collection[str]) -> list[str]:
    """Numbers for new kits, drawn at random: none tells when, for what or for whom it was made.

    Args:
        taken: by other kits, in their normal form.
    Raises:
        StoreError: when so many are taken that a number would be no chance any more.
    """
    if count + len(taken) > 10**_DIGITS // 2:
        raise StoreError(f"{count} kits beside {len(taken)} are more than {_DIGITS} digits can tell apart")
    found: dict[str, None] = {}
    while len(found) < count:
        number = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
        if number not in taken:
            found[number] = None
    return list(found)
