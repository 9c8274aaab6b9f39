"""A register of erasures is a file, and anybody can write one: it counts as far as the keyring signed it.

Each attack is made as somebody would who can write the register and has no key of this study; the record is
then opened, looked at and its keys restored, as people do who know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl import pwhash
from tests.owner import run_as_owner
from tests.store.living import ANNA, BERT, NOW, consent, enter_persons, enter_study, fact, keep, signer

from entact import store
from entact.course import Entry, fold, read
from entact.course.entry import GENESIS, as_sent, canonical, digest
from entact.course.entry.sealing import is_sealed
from entact.course.signed.erasure import (
    ASKS,
    CONFIRMS,
    ErasureConfirmed,
    ErasureNoted,
    ErasureRequested,
)
from entact.course.signed.signature import statement_of
from entact.protocol import Study
from entact.store import StoreError, acts, models, passphrase
from entact.store import erasure as erasure_module
from entact.store.door import fact as record_fact
from entact.store.erasure import (
    ASIDE_FOR,
    confirm_erasure,
    destroy_key,
    erased,
    judge,
    notices,
    register,
    replay,
    request_erasure,
    return_key,
    set_aside,
)
from entact.store.erasure_register import Act, add_to_register
from entact.store.escrow import restore_keys, write_keys
from entact.store.identity import identity, keep_identity
from entact.store.participant_keys import key_of, keychain
from entact.store.signature import Signer, enter_key, revoke_key

WORDS = "seven green bottles"


@pytest.fixture
def study(database: str) -> Study:
    study = enter_study()
    consent(study)
    consent(study, BERT)
    keep_identity(ANNA, "denver", {"name": "Anna"}, by="c-1", role="coordinator")
    return study


@pytest.fixture
def persons(study: Study) -> list[Signer]:
    return enter_persons("ada", "ben", "eva")


def act_of(participant: str, asks: Signer, confirms: Signer, *, hours: float = 2) -> Act:
    """An erasure as it stands in a register, signed with whatever keys there are."""
    place = acts.here()
    expires = (datetime.now().astimezone() + timedelta(hours=hours)).isoformat(timespec="seconds")
    request = ErasureRequested(participant, "participant_request", expires)
    statement = statement_of("erasure_requested", place.ledger, place.environment, request)
    asked = msgspec.structs.replace(request, signatures=[asks.sign(statement, ASKS)])

    def entry(kind: str, payload: msgspec.Struct, by: str, **more: Any) -> Entry:
        return acts.entry_of(place, kind, msgspec.to_builtins(payload), by=by, role="data_manager", **more)

    first = entry("erasure_requested", asked, asks.person)
    confirmed = ErasureConfirmed(participant, first.id, [confirms.sign(statement, CONFIRMS)])
    noted = ErasureNoted(first.id, request.cause, asks.person, confirms.person)
    second = entry("erasure", confirmed, confirms.person)
    third = entry("erasure", noted, confirms.person, ledger=participant)
    return Act(participant, [first, second, third])


def write(*given: Act, path: Path | None = None) -> Path:
    """A register whose lines follow each other, as anybody can chain them."""
    path = path or register()
    path.parent.mkdir(parents=True, exist_ok=True)
    previous, lines = GENESIS, []
    for seq, act in enumerate(given, start=1):
        lines.append(canonical({"seq": seq, "previous": previous, "act": msgspec.to_builtins(act)}))
        previous = digest(lines[-1])
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def everything(study: Study) -> Any:
    """What must not change: keys, who is known, and every line."""
    return (
        dict(keychain().all()),
        dict(keychain().aside()),
        identity(ANNA, "denver"),
        {name: list(lines) for name, lines in store.chains()},
    )


def test_two_keys_that_somebody_made_destroy_nothing(study: Study, database: str) -> None:
    """The attack: a register whose two signatures agree with themselves destroyed every participant's key."""
    before = everything(study)
    mallory, moll = signer("mallory"), signer("moll")
    write(act_of(ANNA, mallory, moll), act_of(BERT, moll, mallory))
    store.setup(database=database)
    assert replay() == []
    assert everything(study) == before
    assert erased() == {}
    assert [one.participant for one in judge(register()).doubted] == [ANNA, BERT]
    assert all("not believed, and erases nothing" in notice for notice in notices())


def test_keys_of_persons_of_that_name_are_not_theirs(study: Study, persons: list[Signer]) -> None:
    before = everything(study)
    write(act_of(ANNA, Signer("ada", b"m" * 32), Signer("ben", b"n" * 32)))
    assert replay() == []
    assert everything(study) == before
    assert "knows as ada's" in judge(register()).doubted[0].problem


def test_a_death_in_the_line_is_not_entered(study: Study, persons: list[Signer]) -> None:
    """The attack: an extra entry in the line of an erasure was entered as a death."""
    good = act_of(ANNA, *persons[:2])
    death = fact(study, 50, "death", {"date": "2026-05"})
    note = good.entries[2]
    died = msgspec.structs.replace(note, kind="death", data={"date": "2026-05"})
    elsewhere = msgspec.structs.replace(note, ledger=BERT)
    before = everything(study)
    for entries in (
        [*good.entries, death],
        [*good.entries[:2], death],
        [*good.entries[:2], died],
        [*good.entries[:2], elsewhere],
        [death, *good.entries],
        [*good.entries[:2], note, note],
        good.entries[:1],
        [],
        [good.entries[1], good.entries[0], note],
    ):
        write(Act(ANNA, entries))
        assert replay() == []
        assert everything(study) == before
        assert len(judge(register()).doubted) == 1


CHANGES: dict[str, Callable[[list[Entry]], list[Entry]]] = {
    "another participant": lambda e: [e[0], e[1], msgspec.structs.replace(e[2], ledger=BERT)],
    "another cause": lambda e: [_data(e[0], cause="other"), e[1], e[2]],
    "later expiry": lambda e: [_data(e[0], expires="2199-01-01T00:00:00+00:00"), e[1], e[2]],
    "no signature": lambda e: [_data(e[0], signatures=[]), e[1], e[2]],
    "one person twice": lambda e: [e[0], _data(e[1], signatures=e[0].data["signatures"]), e[2]],
    "correction": lambda e: [e[0], e[1], msgspec.structs.replace(e[2], replaces="x", reason="safety")],
    "reason": lambda e: [e[0], e[1], msgspec.structs.replace(e[2], reason="He spoke of Anna.")],
    "encounter": lambda e: [e[0], e[1], msgspec.structs.replace(e[2], encounter="session_1#1")],
    "basis": lambda e: [e[0], msgspec.structs.replace(e[1], basis={"act": "dose"}), e[2]],
    "device": lambda e: [msgspec.structs.replace(e[0], device="tablet-3"), e[1], e[2]],
    "somebody else noted it": lambda e: [e[0], e[1], msgspec.structs.replace(e[2], by="t-1")],
    "other words noted": lambda e: [e[0], e[1], _data(e[2], asked_by="eva")],
    "another study": lambda e: [msgspec.structs.replace(one, ledger="study:other") for one in e[:2]],
    "another environment": lambda e: [msgspec.structs.replace(one, environment="production") for one in e],
    "an item more": lambda e: [e[0], e[1], _data(e[2], died="2026-05")],
}


def _data(entry: Entry, **changed: Any) -> Entry:
    return msgspec.structs.replace(entry, data={**entry.data, **changed})


@pytest.mark.parametrize("change", CHANGES)
def test_a_genuine_line_that_was_changed_erases_nothing(
    study: Study, persons: list[Signer], change: str
) -> None:
    before = everything(study)
    write(Act(ANNA, CHANGES[change](act_of(ANNA, *persons[:2]).entries)))
    assert replay() == []
    assert everything(study) == before
    assert len(judge(register()).doubted) == 1


def test_a_line_about_one_participant_erases_no_other(study: Study, persons: list[Signer]) -> None:
    before = everything(study)
    write(Act(BERT, act_of(ANNA, *persons[:2]).entries[:2]))
    assert replay() == []
    assert everything(study) == before


def test_a_key_without_the_power_or_revoked_since_erases_nothing(study: Study, persons: list[Signer]) -> None:
    ada, ben, eva = persons
    cutter = signer("dan")
    enter_key(cutter, "monitor", ["cut"], voucher=ada)
    revoke_key("eva", eva)
    before = everything(study)
    write(act_of(ANNA, ada, cutter), act_of(ANNA, eva, ben), act_of(BERT, ada, eva))
    assert replay() == []
    assert everything(study) == before
    assert [one.problem for one in judge(register()).doubted] == [
        "dan may not sign this: the key lacks the power 'erase'",
        "eva has no signing key in the study's ledger",
        "eva has no signing key in the study's ledger",
    ]


def test_a_request_that_had_expired_when_it_was_confirmed_erases_nothing(
    study: Study, persons: list[Signer]
) -> None:
    before = everything(study)
    write(act_of(ANNA, *persons[:2], hours=-1))
    assert replay() == []
    assert everything(study) == before
    assert "had expired" in judge(register()).doubted[0].problem


def test_a_false_line_does_not_keep_a_true_one_from_counting(study: Study, persons: list[Signer]) -> None:
    write(act_of(ANNA, signer("mallory"), signer("moll")))
    request_erasure(ANNA, "participant_request", persons[0])
    confirm_erasure(ANNA, persons[1])
    judged = judge(register())
    assert (list(judged.believed), [one.line for one in judged.doubted]) == ([ANNA], [1])


def test_what_is_personal_in_a_first_entry_is_not_lost_on_a_files_word(study: Study) -> None:
    """A false line about somebody who is not there yet would have had no key made for them."""
    carl = "participant:" + "0c" * 16
    write(act_of(carl, signer("mallory"), signer("moll")))
    consent(study, carl)
    keep(study, fact(study, 40, "safety_call", {"reached": True, "note": "he said"}, ledger=carl))
    assert key_of(carl) is not None


def test_keys_restored_with_a_false_register_destroy_nothing_and_leave_those_out(
    study: Study, persons: list[Signer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passphrase, "OPSLIMIT", pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(passphrase, "MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)
    write_keys(tmp_path / "keys.json", WORDS, persons[0])
    before = everything(study)[:3]
    false = write(act_of(ANNA, signer("mallory"), signer("moll")), path=tmp_path / "register.jsonl")
    restored = restore_keys(tmp_path / "keys.json", WORDS, false, persons[0])
    assert (restored.keys, [one.participant for one in restored.doubted]) == (0, [ANNA])
    assert everything(study)[:3] == before
    assert erased() == {}
    keychain().remove([ANNA, BERT])
    assert restore_keys(tmp_path / "keys.json", WORDS, false, persons[0]).keys == 1
    assert (key_of(ANNA), key_of(BERT) is not None) == (None, True)


def before_the_erasure() -> None:
    """Sets the record back, as a backup does that knows nothing of the erasure yet."""
    run_as_owner("DELETE FROM store_line WHERE kind IN ('erasure', 'erasure_requested')")
    run_as_owner(
        "UPDATE store_ledger AS ledger SET (seq, hash) = (SELECT line.seq, line.hash FROM store_line AS line"
        " WHERE line.ledger_id = ledger.id ORDER BY line.seq DESC LIMIT 1)"
    )
    run_as_owner("DELETE FROM store_standing")


@pytest.fixture
def restored(study: Study, persons: list[Signer], database: str) -> bytes:
    """Anna was erased; then record, key and identity came back from a backup, and the record was opened."""
    key = key_of(ANNA)
    row = models.Identity.objects.get(participant=ANNA)
    assert key is not None
    request_erasure(ANNA, "participant_request", persons[0])
    confirm_erasure(ANNA, persons[1])
    before_the_erasure()
    keychain().add({ANNA: key})
    row.pk = None
    row.save(force_insert=True)
    store.setup(database=database)
    return key


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime.now().astimezone() + ASIDE_FOR + timedelta(minutes=1)

    class Later(erasure_module.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return at.astimezone(tz)

    monkeypatch.setattr(erasure_module, "datetime", Later)


def test_what_comes_back_is_set_aside_and_opens_nothing(study: Study, restored: bytes, database: str) -> None:
    assert key_of(ANNA) is None
    assert identity(ANNA, "denver") is None
    assert keychain().aside()[ANNA].key == restored  # nothing is destroyed because a file says so
    assert list(erased()) == [ANNA]
    assert any(f"the key of {ANNA} came back and is set aside" in notice for notice in notices())
    call = fact(study, 60, "safety_call", {"reached": True, "note": "late"})
    record_fact(call, received_at=NOW)
    assert is_sealed([read(line.text) for line in store.lines(ANNA)][-1].data["note"])
    since = set_aside()
    store.setup(database=database)
    assert set_aside() == since
    assert store.verify().breaks == ()


def test_a_person_destroys_it_after_the_time_and_not_before(
    restored: bytes, persons: list[Signer], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben, _ = persons
    with pytest.raises(StoreError, match="it can be destroyed from"):
        destroy_key(ANNA, ada)
    later(monkeypatch)
    with pytest.raises(StoreError, match="does not know this key as mallory's"):
        destroy_key(ANNA, signer("mallory"))
    assert set_aside() != {}
    destroy_key(ANNA, ben)
    assert set_aside() == {}
    files = [path.read_bytes() for path in keychain().folder.rglob("*") if path.is_file()]
    assert not any(restored.hex().encode() in content for content in files)
    assert models.Identity.objects.filter(participant=ANNA).count() == 0
    assert notices() == []
    assert list(erased()) == [ANNA]
    with pytest.raises(StoreError, match=r"no key of .* is set aside"):
        destroy_key(ANNA, ada)


def test_somebody_else_returns_a_key_of_which_two_stolen_keys_said_so(
    study: Study, restored: bytes, persons: list[Signer], database: str
) -> None:
    ada, ben, eva = persons
    for thief in (ada, ben):
        with pytest.raises(StoreError, match="somebody else decides to return the key"):
            return_key(ANNA, "entered_in_error", thief)
    with pytest.raises(StoreError, match="has a reason, one of"):
        return_key(ANNA, "because", eva)
    assert key_of(ANNA) is None
    return_key(ANNA, "entered_in_error", eva)
    assert key_of(ANNA) == restored
    assert identity(ANNA, "denver") == {"name": "Anna"}
    course = fold(study, [read(line.text) for line in store.lines(ANNA)])
    assert course.erased is None
    assert erased() == {}
    store.setup(database=database)  # the register still says so, and is not believed any more
    assert key_of(ANNA) == restored
    assert store.verify().breaks == ()


def test_killed_while_a_key_is_returned_the_next_opening_finishes_it(
    restored: bytes, persons: list[Signer], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("entact.store.keychain.Keychain.bring_back", die)
        with pytest.raises(Killed):
            return_key(ANNA, "entered_in_error", persons[2])
    store.setup(database=database)
    assert key_of(ANNA) == restored


def test_an_erasure_entered_again_long_afterwards_counts(
    study: Study, persons: list[Signer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is entered again arrives after the request expired; it was confirmed in time."""
    act = act_of(ANNA, *persons[:2])
    add_to_register(register(), act)
    late = (datetime.now().astimezone() + timedelta(days=200)).isoformat(timespec="seconds")
    monkeypatch.setattr(acts, "now", lambda: late)
    assert replay() == [ANNA]
    assert list(erased()) == [ANNA]
    register().unlink()
    assert list(erased()) == [ANNA]  # the record says so itself


def test_the_entries_of_a_line_are_entered_as_they_are(study: Study, persons: list[Signer]) -> None:
    act = act_of(ANNA, *persons[:2])
    add_to_register(register(), act)
    replay()
    own = {read(line.text).id: as_sent(read(line.text)) for line in store.lines("study:mini")}
    assert [own[one.id] for one in act.entries[:2]] == act.entries[:2]
    assert as_sent([read(line.text) for line in store.lines(ANNA)][-1]) == act.entries[2]
