"""A database that was never set up for a study is told as that, whatever it is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.owner import run_as_owner

from entact import store
from entact.store import StoreError, acts, archive, erasure, escrow, participant_keys, planned_kits, studies

ASKED: dict[str, Callable[[Path], object]] = {
    "where acts are entered": lambda _: acts.here(),
    "acts": lambda _: acts.entries(),
    "an archive": lambda folder: archive._Archive(folder, datetime.now(UTC), lambda _: None),
    "where it lies": lambda _: store.describe(),
    "the register of erasures": lambda _: erasure.register(),
    "the mark of a file of keys": lambda _: escrow._mark(),
    "the keychain": lambda _: participant_keys.bound_keychain(),
    "the key of planned kits": lambda _: planned_kits.name_of_key(),
    "the releases in force": lambda _: studies.releases_in_force(),
    "the record as it is now": lambda _: studies.record_now(),
    "whether it is whole": lambda _: store.verify(),
}


@pytest.mark.usefixtures("database")
def test_whatever_is_asked_of_a_database_without_a_study_says_so(tmp_path: Path) -> None:
    run_as_owner("DELETE FROM store_installation")
    run_as_owner("DELETE FROM store_derivation")
    for ask in ASKED.values():
        with pytest.raises(StoreError, match=r"holds no study yet|was never set up for a study"):
            ask(tmp_path)
