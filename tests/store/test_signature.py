"""Keys of persons: whose signature counts, and that nobody can make somebody else's."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from nacl import pwhash
from tests.store.living import ALL, enter_persons, enter_study, signer

from entact.course.signed.signature import HOLDS, SigningKey, holds, keyring, public_key, sign, statement_of
from entact.store import StoreError, acts, passphrase, signature
from entact.store.signature import Signer, enter_key, holders, open_key_file, require, revoke_key

pytestmark = pytest.mark.usefixtures("in_study")

PASSPHRASE = "seven green bottles"


@pytest.fixture
def in_study(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_study()
    monkeypatch.setattr(passphrase, "OPSLIMIT", pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(passphrase, "MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)


def test_a_key_file_opens_with_its_passphrase_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ada.key"
    made = signature.write_key_file(path, "ada", PASSPHRASE)
    assert open_key_file(path, PASSPHRASE) == made
    assert path.stat().st_mode & 0o077 == 0
    assert made.seed.hex() not in path.read_text()
    assert made.seed.hex() not in repr(made)
    with pytest.raises(StoreError, match="the passphrase does not open"):
        open_key_file(path, PASSPHRASE + "s")
    with pytest.raises(StoreError, match="exists already"):
        signature.write_key_file(path, "ada", PASSPHRASE)


@pytest.mark.parametrize("content", ["", "{}", "[]", '"x"', "[" * 100_000])
def test_a_file_that_holds_no_key_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ada.key"
    with pytest.raises(StoreError, match="there is no signing key in"):
        open_key_file(path, PASSPHRASE)
    path.write_text(content)
    with pytest.raises(StoreError, match="is no file with a signing key"):
        open_key_file(path, PASSPHRASE)


def test_a_key_file_cannot_make_the_machine_work_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "ada.key"
    signature.write_key_file(path, "ada", PASSPHRASE)
    text = path.read_text()
    path.write_text(text.replace(f'"memlimit": {pwhash.argon2id.MEMLIMIT_MIN}', '"memlimit": 99999999999'))
    with pytest.raises(StoreError, match="asks for more work"):
        open_key_file(path, PASSPHRASE)


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="has 6 characters: at least 12"):
        signature.write_key_file(tmp_path / "ada.key", "ada", "secret")


def test_the_first_key_is_taken_at_its_word_and_vouches_for_the_next() -> None:
    ada, ben = signer("ada"), signer("ben")
    enter_key(ada, "data_manager", ALL)
    with pytest.raises(StoreError, match="nobody who holds a key vouches for ben"):
        enter_key(ben, "monitor", ["erase"])
    with pytest.raises(StoreError, match="nobody who holds a key vouches for ben"):
        enter_key(ben, "monitor", ["erase"], voucher=ben)
    enter_key(ben, "monitor", ["erase"], voucher=ada)
    assert {name: one.powers for name, one in holders().items()} == {
        "ada": ("cut", "erase", "unlock"),
        "ben": ("erase",),
    }
    assert len(acts.entries()) == 2  # what was refused was not entered


def test_no_two_persons_share_a_key_and_nobody_has_two() -> None:
    [ada] = enter_persons("ada")
    with pytest.raises(StoreError, match="the key was ada's"):
        enter_key(Signer("ben", ada.seed), "monitor", ALL, voucher=ada)
    with pytest.raises(StoreError, match="ada holds a key already"):
        enter_key(Signer("ada", b"2" * 32), "monitor", ALL, voucher=ada)


def test_a_key_that_nobody_showed_to_hold_is_not_entered() -> None:
    [ada] = enter_persons("ada")
    place = acts.here()
    payload = SigningKey("ben", "monitor", public_key(b"b" * 32), ["erase"])
    statement = statement_of("signing_key", place.ledger, place.environment, payload)
    vouched = [ada.sign(statement, "vouches"), ada.sign(statement, HOLDS)]
    acts.enter(
        place,
        "signing_key",
        msgspec.structs.replace(payload, signatures=vouched),
        by="ben",
        role="monitor",
        prove=signer("ben").prove,
    )
    ring = keyring(acts.entries())
    assert list(ring.holders) == ["ada"]
    assert "nobody has shown to hold this key" in ring.problems[0][1]


def test_a_revoked_key_signs_nothing_more_and_never_comes_back() -> None:
    ada, ben, eva = enter_persons("ada", "ben", "eva")
    with pytest.raises(StoreError, match="mallory has no signing key"):
        revoke_key("ben", signer("mallory"))
    with pytest.raises(StoreError, match="signed by the person or by another"):
        revoke_key("ben", Signer("eva", b"m" * 32))
    revoke_key("ben", ada)
    revoke_key("eva", eva)
    assert list(holders()) == ["ada"]
    with pytest.raises(StoreError, match="does not know this key as ben's"):
        require(ben, "erase")
    with pytest.raises(StoreError, match="the key was ben's"):
        enter_key(ben, "monitor", ALL, voucher=ada)
    enter_key(Signer("ben", b"n" * 32), "monitor", ["cut"], voucher=ada)
    with pytest.raises(StoreError, match="ben may not erase: the key is for cut"):
        require(Signer("ben", b"n" * 32), "erase")


@pytest.mark.parametrize("field", ["person", "key", "meaning", "at", "value"])
def test_a_signature_covers_who_what_and_when(field: str) -> None:
    made = sign("5" * 64, person="ada", meaning="cuts_data", at="2026-03-02T10:00:00+00:00", seed=b"a" * 32)
    assert holds(made, "5" * 64)
    assert not holds(made, "6" * 64)
    other = public_key(b"b" * 32) if field == "key" else "00" if field == "value" else "other"
    assert not holds(msgspec.structs.replace(made, **{field: other}), "5" * 64)


def test_a_voucher_grants_nothing_that_she_lacks() -> None:
    """The attack: somebody who may only cut vouched for two helpers with erase and unlock."""
    ada, ben, _ = enter_persons("ada", "ben", "eva")
    cutter = signer("dan")
    enter_key(cutter, "monitor", ["cut"], voucher=ada)
    for helper in ("fay", "gus"):
        with pytest.raises(StoreError, match="dan grants what is not theirs to grant: the key lacks erase"):
            enter_key(signer(helper), "monitor", ["erase", "unlock"], voucher=cutter)
        with pytest.raises(StoreError, match="two persons vouch who hold that power"):
            enter_key(signer(helper), "monitor", ["erase"], cutter, ada)
    enter_key(signer("hal"), "monitor", ["cut"], voucher=cutter)
    enter_key(signer("ida"), "monitor", ["erase"], ada, ben)
    assert holders()["ida"].powers == ("erase",)


def test_for_what_erases_two_vouch_who_are_not_of_each_others_making() -> None:
    ada, ben, eva = enter_persons("ada", "ben", "eva")
    fay, gus = signer("fay"), signer("gus")
    with pytest.raises(StoreError, match="for erase, unlock two persons vouch"):
        enter_key(fay, "monitor", ["erase", "unlock"], voucher=ada)
    with pytest.raises(StoreError, match="two persons vouch"):
        enter_key(fay, "monitor", ["erase"], ada, ada)
    enter_key(fay, "monitor", ["erase"], ada, ben)
    with pytest.raises(StoreError, match="of whom neither vouched for the other"):
        enter_key(gus, "monitor", ["erase"], ada, fay)
    enter_key(gus, "monitor", ["erase"], eva, fay)
    with pytest.raises(StoreError, match="of whom neither vouched for the other"):
        enter_key(signer("hal"), "monitor", ["erase"], ben, gus)


def test_nobody_takes_what_they_lack_by_a_revocation() -> None:
    """The attack: somebody who may only cut revokes all who could erase or unlock."""
    ada, ben, eva = enter_persons("ada", "ben", "eva")
    enter_key(signer("dan"), "monitor", ["cut"], voucher=ada)
    for one in ("ada", "ben", "eva"):
        with pytest.raises(
            StoreError, match="dan takes what is not theirs to take: the key lacks erase, unlock"
        ):
            revoke_key(one, signer("dan"))
    assert list(holders()) == ["ada", "ben", "eva", "dan"]
    revoke_key("dan", ben)  # who has all that it was for
    revoke_key("eva", eva)  # and everybody the own one


@pytest.mark.parametrize("alike", ["Ada", "a.da", "ADA", "a-d-a", "ad_a"])
def test_a_name_that_is_hardly_told_from_another_is_refused(alike: str) -> None:
    [ada] = enter_persons("ada")
    with pytest.raises(StoreError, match=f"{alike} is hardly told from ada"):
        enter_key(Signer(alike, b"2" * 32), "monitor", ["cut"], voucher=ada)
    with pytest.raises(StoreError, match="cannot be the name of a person who signs"):
        enter_key(Signer("аda", b"2" * 32), "monitor", ["cut"], voucher=ada)  # with a Cyrillic letter
    revoke_key("ada", ada)
    assert holders() == {}


def test_who_vouched_for_whom_and_who_founded_the_keyring_is_known() -> None:
    ada, ben, _ = enter_persons("ada", "ben", "eva")
    enter_key(signer("fay"), "monitor", ["erase"], ada, ben)
    shown = {name: (one.is_founder, one.vouchers) for name, one in holders().items()}
    assert shown == {
        "ada": (True, ()),
        "ben": (True, ("ada",)),
        "eva": (True, ("ada",)),
        "fay": (False, ("ada", "ben")),
    }


def test_a_keyring_is_founded_once() -> None:
    [ada] = enter_persons("ada")
    revoke_key("ada", ada)
    with pytest.raises(StoreError, match="a keyring is founded once"):
        enter_key(signer("mallory"), "monitor", ["erase"])
