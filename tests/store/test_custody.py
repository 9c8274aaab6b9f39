"""One record, one keychain: another place for keys is refused before a key is made there."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from nacl import pwhash
from tests.owner import run_as_owner
from tests.store.living import ANNA, BERT, consent, enter_persons, enter_study, fact, keep, signer

from entact import store
from entact.protocol import Study
from entact.store import StoreError, models, passphrase
from entact.store.custody import give_up_keys, problem_of_keychain
from entact.store.erasure import confirm_erasure, request_erasure
from entact.store.escrow import restore_keys, write_keys
from entact.store.participant_keys import key_of, keychain, require_keychain

CARL = "participant:" + "0c" * 16
WORDS = "seven green bottles"
KEEPER = signer("ada")


@pytest.fixture
def study(database: str, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setattr(passphrase, "OPSLIMIT", pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(passphrase, "MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)
    study = enter_study()
    enter_persons("ada", "ben")
    consent(study)
    plant(study)
    return study


def plant(study: Study, ledger: str = ANNA) -> None:
    data = {"name": "sertraline", "indication": "her mother's death"}
    keep(study, fact(study, 3, "medication", data, ledger=ledger))


def refused_elsewhere(study: Study, folder: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """Nobody new can be entered while keys lie there, and no key is made there."""
    with monkeypatch.context() as patch:
        patch.setenv("ENTACT_KEYS", str(folder))
        with pytest.raises(StoreError, match=said):
            consent(study, BERT)
        with pytest.raises(StoreError, match=said):
            write_keys(folder.parent / "escrow.json", WORDS, KEEPER)
        assert not list(folder.rglob("keys.jsonl")) if folder.is_dir() else True
    assert not any(head.ledger == BERT for head in store.ledgers())


def test_an_empty_folder_of_keys_is_refused_with_where_they_were(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"there is no keychain in .*elsewhere.*begun in {keychain().folder} on .*ENTACT_KEYS says"
    refused_elsewhere(study, tmp_path / "elsewhere", monkeypatch, said)
    with monkeypatch.context() as patch:
        patch.setenv("ENTACT_KEYS", str(tmp_path / "elsewhere"))
        with pytest.raises(StoreError, match=said):
            require_keychain()  # `entact serve` asks
        problem = problem_of_keychain()
        assert problem is not None
        assert re.match(said, problem)
    require_keychain()
    (tmp_path / "empty").mkdir()
    refused_elsewhere(study, tmp_path / "empty", monkeypatch, "there is no keychain in .*empty")
    consent(study, BERT)  # and where they are it goes on
    assert key_of(BERT) is not None


def test_a_file_in_the_place_of_the_folder_is_refused_by_name(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys").write_text("")
    refused_elsewhere(
        study, tmp_path / "keys", monkeypatch, r"cannot be read \(Not a directory\): ENTACT_KEYS"
    )


def test_another_keychain_is_refused_by_whoever_asks(
    study: Study, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other" / keychain().folder.name
    shutil.copytree(keychain().folder, other)
    (other / "keychain.json").write_text(json.dumps({"keychain": "6e1d2f0a-0000-4000-8000-000000000001"}))
    monkeypatch.setenv("ENTACT_KEYS", str(tmp_path / "other"))
    for ask in (lambda: key_of(ANNA), lambda: consent(study, BERT), lambda: store.setup(database=database)):
        with pytest.raises(StoreError, match="holds another keychain than this record's, which was begun in"):
            ask()
    for content in ("{}", "[]", "7", '{"keychain": 7}', '{"keychain": "x"}', "[" * 100_000):
        (other / "keychain.json").write_text(content)
        with pytest.raises(StoreError, match="does not say which keychain it is"):
            key_of(ANNA)


def test_a_copy_that_lacks_keys_is_refused_with_whose(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "older" / keychain().folder.name
    shutil.copytree(keychain().folder, older)
    consent(study, BERT)
    plant(study, BERT)
    with monkeypatch.context() as patch:
        patch.setenv("ENTACT_KEYS", str(tmp_path / "older"))
        with pytest.raises(StoreError, match=f"lacks the keys of 1 participants of this record .{BERT}"):
            consent(study, CARL)
    assert key_of(BERT) is not None


def test_who_was_erased_is_not_missed(study: Study) -> None:
    request_erasure(ANNA, "participant_request", signer("ada"))
    confirm_erasure(ANNA, signer("ben"))
    consent(study, BERT)
    assert key_of(BERT) is not None


def test_keys_that_come_back_are_the_same_keychain(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = dict(keychain().all())
    write_keys(tmp_path / "escrow.json", WORDS, KEEPER)
    monkeypatch.setenv("ENTACT_KEYS", str(tmp_path / "fresh"))
    assert restore_keys(tmp_path / "escrow.json", WORDS, None, KEEPER).keys == 1
    assert keychain().all() == keys
    consent(study, BERT)
    assert models.BoundKeychain.objects.count() == 1


def test_a_record_of_an_earlier_version_is_bound_to_the_keys_that_it_has(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_as_owner("DELETE FROM store_keychain")
    keychain().path_identity.unlink()
    refused_elsewhere(study, tmp_path / "elsewhere", monkeypatch, f"lacks the keys of 1 .*{ANNA}")
    consent(study, BERT)
    assert models.BoundKeychain.objects.get().identity == keychain().identity


def test_a_keychain_that_only_lost_its_name_gets_it_back(study: Study) -> None:
    bound = models.BoundKeychain.objects.get().identity
    keychain().path_identity.unlink()
    consent(study, BERT)
    assert keychain().identity == bound


def test_a_keychain_that_was_given_up_is_another_one_when_it_is_found_again(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two keychains of one name, each with other keys, would be worse than none."""
    with monkeypatch.context() as patch:
        patch.setenv("ENTACT_KEYS", str(tmp_path / "fresh"))
        assert give_up_keys("entered_in_error", KEEPER) == [ANNA]
        consent(study, BERT)
        assert set(keychain().all()) == {ANNA, BERT}
    with pytest.raises(StoreError, match=r"holds another keychain than this record's.*fresh"):
        key_of(ANNA)


def test_the_key_of_planned_kits_is_missed_and_given_up_like_others(study: Study) -> None:
    """What was planned under it is of no row any more; what is planned then has a key again."""
    kits = [{"kit": "41", "number": "sealed:2:AAAA", "level": "full", "part": "initial"}]
    like = fact(study, 4, "kits_planned", {"root": "ab", "kits": kits}, ledger=f"study:{study.name}")
    store.append(like, received_at=like.recorded_at)
    assert f"kits:{study.name}" in str(problem_of_keychain())
    assert give_up_keys("entered_in_error", KEEPER) == [f"kits:{study.name}"]
    assert problem_of_keychain() is None
    assert key_of(f"kits:{study.name}") is not None


def test_of_two_keychains_that_begin_at_once_one_is_the_records(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter_study()
    store.keep_keys({ANNA: bytes(32)})
    with monkeypatch.context() as patch:
        patch.setenv("ENTACT_KEYS", str(tmp_path / "second"))
        with pytest.raises(StoreError, match="there is no keychain in"):
            store.keep_keys({BERT: bytes(32)})
    assert set(keychain().all()) == {ANNA}
