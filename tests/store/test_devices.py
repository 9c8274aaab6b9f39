"""Offline devices: a key that a person enrolled and can revoke; what it sent is checked, and again later."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest
from tests.store.living import ANNA, NOW, consent, enter_persons, enter_study, fact, signer

from entact import store
from entact.course import Entry, fold, read
from entact.course.entry import CLAIMED, Authenticated, Kept, as_sent, canonical, instant
from entact.course.findings import findings
from entact.course.personal import opened, seal_entry
from entact.course.signed.device import DeviceProof, by_device, is_of_content, prove_sent
from entact.protocol import Study
from entact.store import StoreError
from entact.store.devices import enrol_device, known_devices, revoke_device, show_key
from entact.store.inbox import receive
from entact.store.participant_keys import key_of, keychain

SEED, OTHER = b"tablet-1".ljust(32, b"."), b"tablet-2".ljust(32, b".")
COORDINATOR = Authenticated(how="session", who="coordinator-1", session="5e55")


@pytest.fixture
def study(database: str) -> Study:
    study = enter_study()
    consent(study)
    return study


def enrol(device: str = "tablet-1", seed: bytes = SEED) -> None:
    enrol_device(show_key(device, seed), by="coordinator-1", role="coordinator", authenticated=COORDINATOR)


def written(study: Study, number: int = 10, **fields: object) -> Entry:
    data = {"name": "sertraline", "indication": "her mother's death"}
    entry = fact(study, number, "medication", data)
    return msgspec.structs.replace(entry, source="device", **{"device": "tablet-1", **fields})  # type: ignore[arg-type]


def send(entry: Entry, proof: DeviceProof | None, at: str | None = None) -> Kept:
    receipt = receive(
        canonical(entry),
        by="therapist-1",
        role="therapist",
        received_at=at or soon(),
        device="tablet-1",
        proof=proof,
    )
    return read(receipt.line.text)


def soon() -> str:
    return (datetime.now().astimezone() + timedelta(seconds=2)).isoformat()


def found(study: Study, rule: str) -> list[tuple[str, str]]:
    course = fold(study, [read(line.text) for line in store.lines(ANNA)])
    return [(one.entry, one.message) for one in findings(course, instant(soon())) if one.rule == rule]


@pytest.mark.requirement("R17")
def test_what_an_enrolled_device_sends_is_known_to_be_its_own(study: Study) -> None:
    enrol()
    entry = written(study)
    kept = send(entry, prove_sent(entry, "tablet-1", SEED, secrets.token_bytes(32)))
    by = kept.authenticated
    assert by is not None
    assert (by.how, by.who, by.problem) == ("device", "tablet-1", None)
    assert found(study, "proof_wrong") == []
    assert "mother" not in kept.data["indication"]
    key = key_of(ANNA)
    assert key is not None
    assert opened(as_sent(kept), key) == entry
    assert is_of_content(kept, opened(as_sent(kept), key), key)
    assert not is_of_content(kept, msgspec.structs.replace(entry, by="mallory"), key)
    assert store.verify().breaks == ()
    # Sent again with another salt it is the same again, and a server that knows no key keeps who was known.
    again = send(entry, prove_sent(entry, "tablet-1", SEED, secrets.token_bytes(32)))
    assert again == kept


def test_what_was_signed_says_nothing_once_the_key_is_gone(study: Study) -> None:
    """A bare digest of a short text can be guessed; behind a salt that is ciphertext it cannot."""
    enrol()
    entry = written(study)
    salt = secrets.token_bytes(32)
    kept = send(entry, prove_sent(entry, "tablet-1", SEED, salt))
    texts = [line.text for line in store.lines(ANNA)]
    assert not any(salt.hex() in text for text in texts)
    keychain().remove([ANNA])
    assert store.verify().breaks == ()  # the signature still holds over the digest
    assert kept.authenticated is not None
    assert not is_of_content(kept, entry, secrets.token_bytes(32))


def wrong_bit(proof: DeviceProof) -> DeviceProof:
    return msgspec.structs.replace(proof, value=("0" if proof.value[0] != "0" else "1") + proof.value[1:])


WRONG: dict[str, tuple[Callable[[Entry], DeviceProof], str]] = {
    "a key that nobody enrolled": (
        lambda entry: prove_sent(entry, "tablet-1", OTHER, bytes(32)),
        "the key it was signed with was never enrolled",
    ),
    "another entry": (
        lambda entry: prove_sent(msgspec.structs.replace(entry, by="eva"), "tablet-1", SEED, bytes(32)),
        "its signature does not cover what arrived",
    ),
    "another device's name": (
        lambda entry: msgspec.structs.replace(
            prove_sent(entry, "tablet-1", SEED, bytes(32)), device="tablet-2"
        ),
        "the key it was signed with is another device's",
    ),
    "a bit": (
        lambda entry: wrong_bit(prove_sent(entry, "tablet-1", SEED, bytes(32))),
        "its signature does not cover what arrived",
    ),
    "another salt": (
        lambda entry: msgspec.structs.replace(prove_sent(entry, "tablet-1", SEED, bytes(32)), salt="11" * 32),
        "its signature does not cover what arrived",
    ),
    "no salt": (
        lambda entry: msgspec.structs.replace(prove_sent(entry, "tablet-1", SEED, bytes(32)), salt=""),
        "its proof could not be read",
    ),
    "nothing readable": (
        lambda entry: DeviceProof("\ud800", "zz", "\0", "x" * 10_000),
        "its proof could not be read",
    ),
}


@pytest.mark.parametrize("how", WRONG)
def test_what_is_wrong_with_a_proof_is_found_and_the_fact_is_kept(study: Study, how: str) -> None:
    enrol()
    make, said = WRONG[how]
    entry = written(study)
    kept = send(entry, make(entry))
    assert kept.id == entry.id
    [(about, message)] = found(study, "proof_wrong")
    assert about == entry.id
    assert message.endswith(said)
    assert store.verify().breaks == ()


def test_a_revoked_key_is_found_from_then_on_and_what_it_sent_before_stays_good(study: Study) -> None:
    enrol()
    before, after = written(study, 10), written(study, 11)
    send(before, prove_sent(before, "tablet-1", SEED, bytes(32)))
    revoke_device("tablet-1", by="coordinator-1", role="coordinator", authenticated=COORDINATOR)
    later = (datetime.now().astimezone() + timedelta(seconds=5)).isoformat()
    send(after, prove_sent(after, "tablet-1", SEED, bytes(32)), at=later)
    assert [(one, said.rpartition(": ")[2]) for one, said in found(study, "proof_wrong")] == [
        (after.id, "the key it was signed with had been revoked")
    ]
    with pytest.raises(StoreError, match="the key was tablet-1's: no two devices share one"):
        enrol("tablet-2", SEED)
    enrol("tablet-1", OTHER)
    assert {one.device for one in known_devices().keys.values() if one.until is None} == {"tablet-1"}


def test_a_device_is_enrolled_by_a_person_who_was_known_and_shows_its_key(study: Study) -> None:
    shown = show_key("tablet-1", SEED)
    for nobody in (
        CLAIMED,
        Authenticated(how="device", who="tablet-1"),
        Authenticated(how="session", who="eva"),
    ):
        with pytest.raises(StoreError, match="nobody showed that coordinator-1 decided about the key"):
            enrol_device(shown, by="coordinator-1", role="coordinator", authenticated=nobody)
    stolen = msgspec.structs.replace(shown, device="tablet-9")
    with pytest.raises(StoreError, match="tablet-9 did not sign with it"):
        enrol_device(stolen, by="coordinator-1", role="coordinator", authenticated=COORDINATOR)
    with pytest.raises(StoreError, match="does not know this key as mallory's"):
        enrol_device(shown, by="mallory", role="coordinator", authenticated=signer("mallory"))
    with pytest.raises(StoreError, match="tablet-1 has no key"):
        revoke_device("tablet-1", by="coordinator-1", role="coordinator", authenticated=COORDINATOR)
    [ada] = enter_persons("ada")
    assert enrol_device(shown, by="ada", role="data_manager", authenticated=ada).device == "tablet-1"
    with pytest.raises(StoreError, match="tablet-1 has a key already"):
        enrol("tablet-1", OTHER)


@pytest.mark.requirement("R13")
def test_a_proof_that_somebody_wrote_into_the_record_does_not_verify(study: Study) -> None:
    """The chain of a forger holds; the proof that he made up does not."""
    enrol()
    enter_persons("ada")
    assert store.verify().breaks == ()
    entry = written(study)
    forged = Authenticated(
        how="device", who="tablet-1", key=signer("x").public, proof="0" * 128, digest="0" * 64
    )
    store.append(entry, received_at=soon(), authenticated=forged)
    [broken] = store.verify().breaks
    assert (broken.ledger, "whose key did not count then (unknown_key)" in broken.problem) == (ANNA, True)


def test_what_the_device_signed_is_held_against_what_the_entry_says(study: Study) -> None:
    """Somebody writes another value beside a proof that is good for the one that was sent."""
    enrol()
    entry = written(study)
    proof = prove_sent(entry, "tablet-1", SEED, bytes(32))
    key = key_of(ANNA)
    assert key is not None
    changed = msgspec.structs.replace(entry, data={"name": "sertraline", "indication": "none"})
    sealed = seal_entry(study, changed, key)
    store.append(sealed, received_at=soon(), authenticated=by_device(entry, proof, None, key))
    [broken] = store.verify().breaks
    assert broken.problem == "is not what the device tablet-1 signed"


@pytest.mark.parametrize("how", ["another entry", "another person"])
def test_a_persons_proof_under_another_entry_does_not_verify(study: Study, how: str) -> None:
    [ada] = enter_persons("ada")
    entry = fact(study, 12, "void", {}, replaces="0", reason="entered_in_error")
    entry = msgspec.structs.replace(entry, by="ada")
    other = msgspec.structs.replace(entry, reason="wrong_visit") if how == "another entry" else entry
    proof = (ada if how == "another entry" else signer("mallory")).prove(other)
    store.append(entry, received_at=NOW, authenticated=proof)
    [broken] = store.verify().breaks
    assert "says that ada's key signed it" in broken.problem
