"""Acts of persons upon the record wait for each other: each is judged by all that was entered before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from nacl import pwhash
from psycopg.errors import LockNotAvailable
from tests.owner import owner_connection
from tests.store.living import ANNA, consent, enter_persons, enter_study, signer

from entact import store
from entact.store import StoreError, acts, passphrase
from entact.store.conflicts import decide_conflict
from entact.store.custody import give_up_keys
from entact.store.cut import confirm_unlock, make_cut, request_unlock
from entact.store.devices import enrol_device, show_key
from entact.store.erasure import confirm_erasure, destroy_key, request_erasure, return_key
from entact.store.escrow import restore_keys, write_keys
from entact.store.identity import keep_identity
from entact.store.signature import enter_key, revoke_key

ADA, BEN, CARL = map(signer, ("ada", "ben", "carl"))
WORDS = "seven green bottles"
MISTAKE = "entered_in_error"

ACTS: dict[str, Callable[[Path], object]] = {
    "a key": lambda folder: enter_key(CARL, "data_manager", ["cut"], voucher=ADA),
    "a key that ends": lambda folder: revoke_key("ben", ADA),
    "an erasure that is asked for": lambda folder: request_erasure(ANNA, "participant_request", ADA),
    "an erasure": lambda folder: confirm_erasure(ANNA, BEN),
    "a participant's key that is destroyed": lambda folder: destroy_key(ANNA, ADA),
    "a participant's key that is returned": lambda folder: return_key(ANNA, MISTAKE, ADA),
    "a device": lambda folder: enrol_device(
        show_key("tablet-1", b"d" * 32), by="ada", role="data_manager", authenticated=ADA
    ),
    "a cut": lambda folder: make_cut("first", ADA),
    "a lock": lambda folder: make_cut("last", ADA, lock=True),
    "an unlock that is asked for": lambda folder: request_unlock("again", "a value was wrong", ADA),
    "an unlock": lambda folder: confirm_unlock("again", BEN),
    "which version is followed": lambda folder: decide_conflict(ANNA, "none", "0", MISTAKE, ADA),
    "keys that are given up": lambda folder: give_up_keys(MISTAKE, ADA),
    "keys in a file": lambda folder: write_keys(folder / "more.json", WORDS, ADA),
    "keys from a file": lambda folder: restore_keys(folder / "keys.json", WORDS, None, ADA),
    "an identity": lambda folder: keep_identity(ANNA, "denver", {"name": "Anna"}, by="c", role="coordinator"),
}


@contextmanager
def another_act() -> Iterator[None]:
    """Somebody else decides something meanwhile; who waits for that here does not wait for long."""
    with owner_connection() as other, connection.cursor() as cursor:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('entact act', 0))")
        cursor.execute("SET lock_timeout = '40ms'")
        yield
        cursor.execute("RESET lock_timeout")


def test_an_act_waits_until_another_is_decided(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passphrase, "OPSLIMIT", pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(passphrase, "MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)
    study = enter_study()
    enter_persons("ada", "ben")
    consent(study)
    write_keys(tmp_path / "keys.json", WORDS, ADA)
    before = store.ledgers()
    waited: dict[str, object] = {}
    with another_act():
        for name, act in ACTS.items():
            try:
                act(tmp_path)
            except OperationalError as error:
                waited[name] = type(error.__cause__)
            except StoreError as error:
                pytest.fail(f"{name} was decided beside another act: {error}")
    assert waited == dict.fromkeys(ACTS, LockNotAvailable)
    assert store.ledgers() == before
    make_cut("first", ADA)  # nobody waits any more


def test_outside_a_transaction_nothing_would_be_held(database: str) -> None:
    with pytest.raises(StoreError, match="an act upon the record takes place in one transaction"):
        acts.one_at_a_time()
