"""Keys kept apart under a passphrase: they come back, and who was erased does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from nacl import pwhash
from tests.owner import run_as_owner
from tests.store.living import ANNA, BERT, consent, enter_persons, enter_study, signer

from entact.store import StoreError, passphrase
from entact.store.console_keys import FOLDER, console_keys, kept_console_keys, renew_console_key
from entact.store.erasure import confirm_erasure, register, request_erasure
from entact.store.escrow import restore_keys, write_keys
from entact.store.participant_keys import key_of, keychain

WORDS = "seven green bottles"
KEEPER = signer("ada")


@pytest.fixture
def file(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The keys of two participants, written before one of them is erased."""
    monkeypatch.setattr(passphrase, "OPSLIMIT", pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(passphrase, "MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)
    study = enter_study()
    enter_persons("ada", "ben")
    consent(study)
    consent(study, BERT)
    path = tmp_path / "keys.json"
    assert write_keys(path, WORDS, KEEPER) == (2, 0)
    return path


def erase_anna() -> None:
    request_erasure(ANNA, "participant_request", signer("ada"))
    confirm_erasure(ANNA, signer("ben"))


def test_keys_come_back_from_their_file(file: Path) -> None:
    keys = dict(keychain().all())
    text = file.read_text()
    assert not any(key.hex() in text or name in text for name, key in keys.items())
    assert file.stat().st_mode & 0o077 == 0
    keychain().remove(keys)
    assert restore_keys(file, WORDS, None, KEEPER)[:2] == (2, 0)
    assert keychain().all() == keys
    assert restore_keys(file, WORDS, None, KEEPER)[:2] == (0, 0)
    with pytest.raises(StoreError, match="is never overwritten"):
        write_keys(file, WORDS, KEEPER)


def test_who_was_erased_since_does_not_come_back(file: Path) -> None:
    erase_anna()
    keychain().remove([BERT])
    assert restore_keys(file, WORDS, None, KEEPER)[:2] == (1, 1)
    assert key_of(ANNA) is None
    assert key_of(BERT) is not None


def test_a_copy_of_the_register_tells_a_machine_that_lost_its_own(file: Path, tmp_path: Path) -> None:
    erase_anna()
    copy = tmp_path / "register.jsonl"
    copy.write_bytes(register().read_bytes())
    register().unlink()
    # The record too is one that knows nothing of the erasure yet.
    keychain().remove([BERT])
    run_as_owner("DELETE FROM store_line WHERE kind IN ('erasure', 'erasure_requested')")
    assert restore_keys(file, WORDS, copy, KEEPER)[:2] == (1, 1)
    assert key_of(ANNA) is None
    with pytest.raises(StoreError, match="there is no register of erasures in"):
        restore_keys(file, WORDS, tmp_path / "none", KEEPER)


def test_every_field_of_a_file_of_keys_is_looked_at_before_a_key_comes_back(file: Path) -> None:
    keychain().remove([ANNA, BERT])
    content = json.loads(file.read_text())
    for field, value in content.items():
        others = [None, 7, [], f"{value}0", f"0{value}"[:-1], str(value).replace("2", "1"), int(1e30)]
        for other in (one for one in others if one != value):
            file.write_text(json.dumps(content | {field: other}))
            with pytest.raises(StoreError, match=r"keys\.json|another installation"):
                restore_keys(file, WORDS, None, KEEPER)
        file.write_text(json.dumps({name: one for name, one in content.items() if name != field}))
        with pytest.raises(StoreError, match=r"keys\.json"):
            restore_keys(file, WORDS, None, KEEPER)
    file.write_text(json.dumps(content | {"more": 1}))
    with pytest.raises(StoreError, match=r"keys\.json is no file of keys"):
        restore_keys(file, WORDS, None, KEEPER)
    assert keychain().all() == {}
    file.write_text(json.dumps(content))
    assert restore_keys(file, WORDS, None, KEEPER).keys == 2


def test_a_file_that_is_not_right_is_refused_and_nothing_comes_back(file: Path, tmp_path: Path) -> None:
    keychain().remove([ANNA, BERT])
    with pytest.raises(StoreError, match="the passphrase does not open"):
        restore_keys(file, WORDS + "!", None, KEEPER)
    content = json.loads(file.read_text())
    for name, change in {
        "passphrase does not open": {"sealed": content["sealed"][:-2] + "00"},
        "is not what entact writes": {"sealed": "x"},
        "another installation": {"mark": "0" * 8},
        "is no file of keys": {"entact": "keys 9"},
    }.items():
        other = tmp_path / "other.json"
        other.write_text(json.dumps({**content, **change}))
        with pytest.raises(StoreError, match=name):
            restore_keys(other, WORDS, None, KEEPER)
    file.write_text(file.read_text()[:80])
    with pytest.raises(StoreError, match="is no file of keys"):
        restore_keys(file, WORDS, None, KEEPER)
    assert keychain().all() == {}


def test_keys_of_consoles_are_in_the_file_and_come_back(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept_console_keys() == {}  # nobody opened a console before that file was written
    renew_console_key()
    older, path = console_keys(), tmp_path / "later.json"
    write_keys(path, WORDS, KEEPER)
    assert older[0].hex() not in path.read_text()
    folder = keychain().folder / FOLDER
    for one in folder.iterdir():
        assert one.stat().st_mode & 0o077 == 0
        one.unlink()
    assert console_keys() != older  # another one is made, and cannot open what was sealed before
    restore_keys(path, WORDS, None, KEEPER)
    assert set(older) < set(console_keys())
    (folder / "20260101T000000.0-aa.key").write_text("not a key")
    with pytest.raises(StoreError, match="holds no key of consoles"):
        console_keys()
