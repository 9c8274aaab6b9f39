"""Kits that are packed for rows of the sealed list, as the study's ledger has them: whose, and no arm."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Final

from entact.course import Entry, fold_setting, read
from entact.course.entry.sealing import KEY_BYTES
from entact.course.resupply import Known
from entact.course.state.numbers import KIT, normal
from entact.course.state.sealed_list import PackedKit
from entact.course.state.setting import StudyState
from entact.protocol import Study
from entact.store import acts, models
from entact.store.custody import keep_keys
from entact.store.error import StoreError
from entact.store.list_use import used_numbers
from entact.store.participant_keys import key_of
from entact.store.planned_kits import name_of_key, with_kits_opened
from entact.store.studies import study_of_record
from entact.store.versions import with_versions

_OF_LIST: Final = ("commitment", "kits_planned")
_folded: dict[object, StudyState] = {}  # the last, by what it was folded from

_DIGITS: Final = 6  # of a kit: a million numbers, of which a study has some thousands


def packed_kits() -> dict[str, PackedKit]:
    """By kit, in its normal form, the row that each is packed for; empty where none are planned."""
    stamp, study = study_of_record()
    return {} if study is None else _planned(study, stamp).packed


def kits_known(site: str) -> Known:
    """What the record knows of lists and planned kits, for whoever orders for a site; nothing of an arm."""
    stamp, study = study_of_record()
    if study is None:
        return Known({}, {}, (), (), ())
    found = _planned(study, stamp)
    held = models.Number.objects.filter(of=KIT).values_list("number", flat=True)
    stocked = models.StockedKit.objects.exclude(ledger__name=f"site:{site}")
    elsewhere = {*map(normal, stocked.values_list("number", flat=True)), *_ordered_elsewhere(study, site)}
    return Known(
        found.commitment.numbers if found.commitment is not None else {},
        found.packed,
        {normal(one.number) for one in used_numbers()},
        set(held),
        elsewhere,
    )


def _ordered_elsewhere(study: Study, site: str) -> set[str]:
    """Kits in the orders of other sites, sent or not: whoever moves here does not have them ordered twice."""
    lines = models.Line.objects.filter(kind="kit_order").exclude(ledger__name=f"site:{site}")
    ledgers = sorted(set(lines.values_list("ledger__name", flat=True)))
    found: dict[str, list[Entry]] = {name: [] for name in ledgers}
    for one in with_versions(ledgers, ("kit_order", "void")) if ledgers else ():
        found[one.ledger].append(read(one.text))
    orders = (
        order
        for entries in found.values()
        for order in fold_setting(study, (), entries).site.supply.orders.values()
    )
    return {kit for order in orders for kit in order.kits}


def _planned(study: Study, stamp: str) -> StudyState:
    """The study's ledger as far as it is about list and planned kits; folded when something was added."""
    lines = models.Line.objects.filter(ledger__name=f"study:{study.name}", kind__in=_OF_LIST)
    asked = (stamp, key_of(name_of_key()), *lines.order_by("seq").values_list("hash", flat=True))
    if (known := _folded.get(asked)) is None:
        known = fold_setting(study, with_kits_opened(acts.entries(_OF_LIST)), ()).study
        _folded.clear()
        _folded[asked] = known
    return known


def kits_anywhere() -> set[str]:
    """Every kit that is planned, or that a site or a participant has heard of, by its normal number."""
    own = models.Number.objects.filter(of=KIT).values_list("number", flat=True)
    stocked = models.StockedKit.objects.values_list("number", flat=True)
    return {*packed_kits(), *own, *map(normal, stocked)}


def key_for_kits() -> bytes:
    """The key under which the ledger says which kit is for which row; the first that are planned make it.

    Raises:
        StoreError: when the keychain is not this record's, or lacks keys.
    """
    name = name_of_key()
    keep_keys({name: secrets.token_bytes(KEY_BYTES)})  # one that is there already is left as it is
    key = key_of(name)
    assert key is not None  # it was kept
    return key


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
