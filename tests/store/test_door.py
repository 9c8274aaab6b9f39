"""Facts as they come: sealed at the door, each change with who, when, what and why."""

from __future__ import annotations

import re
import sys
import threading
from base64 import b64encode
from hashlib import blake2b
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from msgspec.structs import replace
from nacl import bindings
from tests.owner import owner_connection
from tests.store.living import ANNA, BERT, NOW, consent, enter_persons, enter_study, fact, keep

from entact import store
from entact.course import Course, Entry, Receipt, findings, fold, instant, read
from entact.course.entry import Authenticated, Kept, canonical
from entact.course.entry.sealing import is_sealed
from entact.course.personal import unsealed
from entact.protocol import Study
from entact.store import StoreError, server
from entact.store.door import Failed, facts, facts_about, note
from entact.store.door import fact as record_fact
from entact.store.erasure import confirm_erasure, erased, request_erasure
from entact.store.inbox import INBOX, receive
from entact.store.participant_keys import key_of, keychain
from entact.store.signature import Signer


@pytest.fixture
def study(database: str) -> Study:
    study = enter_study()
    consent(study)
    return study


def form(total: int | None, remarks: str) -> dict[str, object]:
    items = {"remarks": remarks} if total is None else {"total": total, "diagnosis": True, "remarks": remarks}
    return {"form": "symptoms", "items": items}


def test_the_first_fact_opens_the_ledger_with_a_key_and_a_birth(study: Study) -> None:
    assert len(key_of(ANNA) or b"") == 32
    opened = [read(line.text) for line in store.lines("study:mini") if '"ledger_opened"' in line.text]
    assert [one.data for one in opened] == [{"ledger": ANNA}]
    assert store.verify().breaks == ()


def test_a_fact_is_kept_once_and_what_is_personal_is_ciphertext(study: Study) -> None:
    entry = fact(study, 10, "form", form(48, "spoke of Anna"), encounter="baseline#1", role="rater")
    outcomes = [record_fact(entry, received_at=NOW).outcome for _ in range(3)]
    assert outcomes == ["kept", "again", "again"]
    kept = [read(line.text) for line in store.lines(ANNA)][-1]
    assert kept.data["items"]["total"] == 48
    assert is_sealed(kept.data["items"]["remarks"])


@pytest.mark.requirement("R01")
def test_r01_a_correction_leaves_who_when_old_new_and_why(study: Study) -> None:
    first = keep(study, fact(study, 10, "form", form(48, "x"), encounter="baseline#1", role="rater"))
    fix = {"items": {"total": 41}}
    keep(study, fact(study, 11, "form", fix, replaces=first, reason="source_document", role="rater"))
    keep(study, fact(study, 12, "void", {}, replaces=first, reason="wrong_participant", role="rater"))
    trail = [read(line.text) for line in store.lines(ANNA)][-3:]
    assert [one.data.get("items", {}).get("total") for one in trail] == [48, 41, None]
    assert [(one.by, one.role, one.reason) for one in trail] == [
        ("t-1", "rater", None),
        ("t-1", "rater", "source_document"),
        ("t-1", "rater", "wrong_participant"),
    ]
    assert {one.received_at for one in trail} == {NOW}
    assert fold(study, trail).forms == {}


@pytest.mark.requirement("R05")
@pytest.mark.parametrize("source", ["typed", "device", "imported", "transcribed"])
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_r05_a_change_without_a_reason_is_refused_whatever_it_comes_from(
    study: Study, source: str, reason: str | None
) -> None:
    first = keep(study, fact(study, 10, "form", form(48, "x"), encounter="baseline#1", role="rater"))
    before = list(store.lines(ANNA))
    for kind, data in (("form", {"items": {"total": 41}}), ("void", {})):
        change = fact(study, 11, kind, data, replaces=first, reason=reason, source=source, role="rater")
        with pytest.raises(StoreError, match=f"changes {first} and says no reason: give one"):
            record_fact(change, received_at=NOW)
    aimless = fact(study, 11, "void", {}, reason=reason, source=source, role="rater")
    with pytest.raises(StoreError, match="changes another and says no reason"):
        record_fact(aimless, received_at=NOW)
    assert list(store.lines(ANNA)) == before
    given = fact(study, 11, "void", {}, replaces=first, reason="wrong_visit", source=source, role="rater")
    assert record_fact(given, received_at=NOW).outcome == "kept"


@pytest.mark.requirement("R05")
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_r05_a_change_without_a_reason_that_the_record_holds_all_the_same_is_found_and_never_lost(
    study: Study, reason: str | None, database: str, tmp_path: Path
) -> None:
    """Doors refuse it, where somebody can still be asked; the record and its archive refuse no fact."""
    first = keep(study, fact(study, 10, "form", form(48, "x"), encounter="baseline#1", role="rater"))
    change = fact(study, 11, "form", {"items": {"total": 41}}, replaces=first, reason=reason, role="rater")
    assert store.append(change, received_at=NOW).outcome == "kept"

    def found() -> list[str]:
        course = fold(study, [read(line.text) for line in store.lines(ANNA)])
        return [one.entry for one in findings(course, instant(NOW)) if one.rule == "reason_missing"]

    assert found() == [change.id]
    before = list(store.lines(ANNA))
    store.write_archive(tmp_path / "archive", made_at=instant(NOW))
    with server.maintenance_connection(apart_from=database) as maintenance:
        connection.close()
        maintenance.execute(f"DROP DATABASE IF EXISTS {database}_restored WITH (FORCE)")
    store.restore(tmp_path / "archive", f"{database}_restored")
    assert list(store.lines(ANNA)) == before
    assert found() == [change.id]


def test_a_key_that_is_not_here_is_never_made_anew(study: Study) -> None:
    keychain().remove([ANNA])
    with pytest.raises(StoreError, match="ENTACT_KEYS says where keys lie"):
        keep(study, fact(study, 10, "form", form(48, "x")))
    assert key_of(ANNA) is None
    with pytest.raises(StoreError, match="site:denver is no participant"):
        keep(study, fact(study, 11, "staff", {}, ledger="site:denver"))


def erase(participant: str, signers: list[Signer] | None = None) -> None:
    ada, ben = signers or enter_persons("ada", "ben")
    request_erasure(participant, "participant_request", ada)
    confirm_erasure(participant, ben)


@pytest.mark.requirement("R21")
def test_after_an_erasure_other_content_under_a_known_id_is_kept_all_the_same(study: Study) -> None:
    call = fact(study, 40, "safety_call", {"reached": True, "minutes": 7, "note": "he said"})
    record_fact(call, received_at=NOW)
    erase(ANNA)
    assert record_fact(call, received_at=NOW).outcome == "again"
    other = replace(call, data={"reached": False, "minutes": 7, "note": "he said"})
    assert record_fact(other, received_at=NOW).outcome == "conflict"
    assert record_fact(other, received_at=NOW).outcome == "again"
    calls = [read(line.text) for line in store.lines(ANNA) if '"safety_call"' in line.text]
    assert [one.data["reached"] for one in calls] == [True, False]


def test_who_is_erased_gets_no_new_key_where_a_backup_knows_nothing_of_them_yet(
    study: Study, database: str
) -> None:
    signers = enter_persons("ada", "ben")  # whom the backup knows too, or it would believe nothing of theirs
    with server.maintenance_connection(apart_from=database) as maintenance:
        connection.close()
        maintenance.execute(f"DROP DATABASE IF EXISTS {database}_early WITH (FORCE)")
        maintenance.execute(f"CREATE DATABASE {database}_early TEMPLATE {database}")
    consent(study, BERT)
    erase(BERT, signers)
    store.setup(database=f"{database}_early")
    assert list(store.lines(BERT)) == []
    said = {"reached": True, "minutes": 7, "note": "he said"}
    late = fact(study, 40, "safety_call", said, ledger=BERT)  # of a tablet that was offline
    outcomes = [record_fact(late, received_at=NOW).outcome for _ in range(2)]
    assert outcomes == ["kept", "again"]
    assert key_of(BERT) is None
    assert BERT in erased()
    kept = [read(line.text) for line in store.lines(BERT)][-1]
    assert (kept.data["minutes"], is_sealed(kept.data["note"])) == (7, True)
    store.setup(database=f"{database}_early")  # the ledger is there now: what erased it is entered again
    assert [read(line.text).kind for line in store.lines(BERT)] == ["safety_call", "erasure"]
    assert store.verify().breaks == ()


@pytest.mark.requirement("R04")
def test_r04_no_role_and_no_setting_switches_the_audit_off(study: Study) -> None:
    """Of a role with every right on the tables but ownership."""
    before = list(store.lines(ANNA))
    attempts = [
        "SET session_replication_role = replica",
        "ALTER TABLE store_line DISABLE TRIGGER ALL",
        "ALTER TABLE store_line DISABLE TRIGGER append_only",
        "DROP TRIGGER append_only ON store_line",
        "CREATE OR REPLACE FUNCTION store_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RETURN NEW; END'",
        "UPDATE store_line SET text = replace(text, 'S-0a', 'S-0b')",
        "DELETE FROM store_line",
        "TRUNCATE store_line",
        "UPDATE store_ledger SET seq = 1",
        "DROP TABLE store_line",
    ]
    with owner_connection(autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS audited")
        owner.execute("CREATE ROLE audited")
        owner.execute("GRANT USAGE ON SCHEMA public TO audited")
        owner.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO audited")
        try:
            owner.execute("SET SESSION AUTHORIZATION audited")
            for attempt in attempts:
                with pytest.raises(psycopg.Error):
                    owner.execute(attempt.encode())
            owner.execute("SELECT count(*) FROM store_line")  # the role does reach the table
        finally:
            owner.execute("RESET SESSION AUTHORIZATION")
            owner.execute("DROP OWNED BY audited")
            owner.execute("DROP ROLE audited")
    assert list(store.lines(ANNA)) == before


def received(text: bytes, **told: Any) -> Receipt:
    return receive(text, by="t-1", role="therapist", received_at=NOW, **told)


class TestReceiving:
    def test_what_is_a_fact_is_kept_as_one(self, study: Study) -> None:
        entry = fact(study, 10, "form", form(48, "x"), encounter="baseline#1", role="rater")
        receipt = received(canonical(entry))
        assert (receipt.outcome, read(receipt.line.text).kind) == ("kept", "form")

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"not an entry",
            b"\xff\xfe\x00",
            b'{"ledger": "\xff"}',
            b'{"data": {"\xff": 1}}',
            b'{"ledger": 7}',
            b'{"a":' * 5000,
            b'{"kind": "dose"}\x00',
            b'{"note": "\\ud800"}',
            b'{"id": "x", "ledger": "participant:nobody/../x", "kind": "form"}',
        ],
    )
    def test_what_cannot_be_read_is_kept_as_received_once_and_found(self, study: Study, text: bytes) -> None:
        outcomes = [received(text, about=ANNA, device="tablet-3").outcome for _ in range(2)]
        assert outcomes == ["kept", "again"]
        line = list(store.lines(ANNA))[-1]
        kept = read(line.text)
        assert (kept.kind, kept.by, kept.device) == ("unparsed", "t-1", "tablet-3")
        assert is_sealed(kept.data["received"])
        opened = unsealed(kept.data["received"], key_of(ANNA) or b"", kept.id, "received")
        assert (bytes.fromhex(opened["hex"]) if "hex" in opened else opened["text"].encode()) == text
        course = fold(study, [read(one.text) for one in store.lines(ANNA)])
        assert "unparsed" in {one.rule for one in findings(course, instant(NOW))}

    def test_what_says_of_nobody_lies_in_a_ledger_of_its_own(self, study: Study) -> None:
        received(b"who is this about?")
        assert [read(line.text).kind for line in store.lines(INBOX)] == ["unparsed"]
        assert store.verify().breaks == ()

    def test_a_correction_without_a_reason_is_kept_as_received(self, study: Study) -> None:
        first = keep(study, fact(study, 10, "form", form(48, "x"), encounter="baseline#1", role="rater"))
        change = fact(study, 11, "form", {"items": {"total": 41}}, replaces=first, role="rater")
        receipt = received(canonical(change))
        assert read(receipt.line.text).kind == "unparsed"


def test_of_several_facts_one_that_fails_holds_up_nothing(study: Study) -> None:
    good = [fact(study, number, "form", form(number, "x"), encounter="baseline#1") for number in (10, 11)]
    aimless = fact(study, 12, "void", {}, replaces=good[0].id)
    outcomes = facts([good[0], aimless, good[1]], received_at=NOW)
    assert isinstance(outcomes[1], Failed)
    assert "says no reason" in outcomes[1].problem
    assert [one.outcome for one in outcomes if isinstance(one, Receipt)] == ["kept", "kept"]


def test_first_entries_of_many_participants_at_once_open_each_ledger_once(study: Study) -> None:
    names = [f"participant:{number:032x}" for number in range(12)]
    gate = threading.Barrier(len(names))

    def begin(name: str) -> None:
        try:
            gate.wait()
            consent(study, name)
        finally:
            connection.close()

    threads = [threading.Thread(target=begin, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened = [read(line.text) for line in store.lines("study:mini") if '"ledger_opened"' in line.text]
    assert sorted(one.data["ledger"] for one in opened) == sorted([ANNA, *names])
    assert store.verify().breaks == ()
    assert store.stale() == []


def seal_as_before(text: str, key: bytes, entry: str, item: str) -> str:
    """As version 1 did: neither padded, nor told apart from a name with a line feed."""
    place = f"{entry}\n{item}".encode()
    nonce = blake2b(place + b"\n" + text.encode(), key=key, digest_size=24, person=b"entact nonce").digest()
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(text.encode(), place, nonce, key)
    return "sealed:1:" + b64encode(nonce + sealed).decode()


def test_what_an_earlier_version_kept_is_the_same_when_it_is_sent_again(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = fact(study, 10, "medication", {"name": "sertraline", "indication": "her mother's death"})
    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["entact.course.personal"], "seal", seal_as_before)
        record_fact(entry, received_at=NOW)
    before = list(store.lines(ANNA))
    assert '"sealed:1:' in before[-1].text
    assert record_fact(entry, received_at=NOW).outcome == "again"
    assert list(store.lines(ANNA)) == before
    other = replace(entry, data={**entry.data, "indication": "none"})
    assert record_fact(other, received_at=NOW).outcome == "conflict"


def by_session(entry: Entry) -> Authenticated:
    return Authenticated(how="session", who=entry.by)


def test_several_facts_are_composed_from_what_is_known_and_kept_together(study: Study) -> None:
    seen: list[tuple[str, bytes]] = []

    def compose(course: Course, key: bytes) -> list[Entry]:
        seen.append((course.site or "", key))
        rated = fact(study, 10, "form", form(48, "spoke of Anna"), encounter="baseline#1", role="rater")
        return [rated, fact(study, 11, "safety_call", {"reached": True, "note": "he said"})]

    receipts = facts_about(ANNA, compose, received_at=NOW, prove=by_session)
    assert seen == [("denver", key_of(ANNA))]
    assert [one.outcome for one in receipts] == ["kept", "kept"]
    kept = [read(line.text) for line in store.lines(ANNA)][-2:]
    assert [one.kind for one in kept] == ["form", "safety_call"]
    assert [one.line.hash for one in receipts] == [line.hash for line in store.lines(ANNA)][-2:]
    assert all(one.authenticated.who == "t-1" for one in kept if isinstance(one, Kept) and one.authenticated)
    assert is_sealed(kept[0].data["items"]["remarks"])
    assert is_sealed(kept[1].data["note"])
    assert store.stale() == []


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "about somebody else": ({"kind": "safety_call", "ledger": BERT}, f"is no fact about {ANNA}"),
    "of no kind that is known": ({"kind": "diary"}, "of kind 'diary' is no fact about"),
    "of a site": ({"kind": "kit"}, "of kind 'kit' is no fact about"),
    "that a gate decides": ({"kind": "enrolment", "data": {"subject": "1-001"}}, "is decided at a gate"),
    "that takes a number": ({"kind": "randomisation", "data": {"number": "R-1"}}, "is decided at a gate"),
    "that withdraws without a reason": ({"kind": "void"}, "says no reason: give one"),
    "that corrects without a reason": ({"kind": "safety_call", "replaces": "x"}, "changes x and says no"),
}


def test_of_several_facts_none_is_kept_where_one_is_none(study: Study) -> None:
    good = fact(study, 10, "form", form(48, "x"), encounter="baseline#1", role="rater")
    before = list(store.lines(ANNA)), store.ledgers()
    for said, message in REFUSED.values():
        more = {"data": {}} | said
        bad = fact(study, 11, more.pop("kind"), more.pop("data"), **more)
        with pytest.raises(StoreError, match=re.escape(message)):
            facts_about(ANNA, lambda course, key, bad=bad: [good, bad], received_at=NOW, prove=by_session)
        assert (list(store.lines(ANNA)), store.ledgers()) == before
    alone = facts_about(ANNA, lambda course, key: [good], received_at=NOW, prove=by_session)
    assert [one.outcome for one in alone] == ["kept"]


def test_nothing_is_composed_about_somebody_who_is_not_in_this_record(study: Study) -> None:
    with pytest.raises(StoreError, match=BERT):
        facts_about(BERT, lambda course, key: [], received_at=NOW, prove=by_session)
    assert not any(head.ledger == BERT for head in store.ledgers())


SITE: dict[str, Any] = {"ledger": "site:denver", "role": "coordinator"}


def test_at_a_site_what_was_entered_in_error_is_withdrawn_with_a_reason_and_nothing_else(
    study: Study,
) -> None:
    staff = fact(study, 20, "staff", {"person": "tina", "roles": ["therapist"]}, **SITE)
    ours = by_session(staff)
    assert note(staff, received_at=NOW, authenticated=ours).outcome == "kept"
    before = list(store.lines("site:denver"))
    for more, message in (
        ({"replaces": staff.id}, f"withdraws {staff.id} and says no reason"),
        ({"replaces": staff.id, "reason": " "}, f"withdraws {staff.id} and says no reason"),
        ({"reason": "entered_in_error"}, "there is no entry None in site:denver"),
        ({"reason": "entered_in_error", "replaces": "x"}, "there is no entry x in site:denver to withdraw"),
    ):
        void = fact(study, 21, "void", {}, **SITE, **more)
        with pytest.raises(StoreError, match=message):
            note(void, received_at=NOW, authenticated=ours)
    assert list(store.lines("site:denver")) == before
    void = fact(study, 21, "void", {}, **SITE, replaces=staff.id, reason="entered_in_error")
    assert note(void, received_at=NOW, authenticated=ours).outcome == "kept"
    again = fact(study, 22, "void", {}, **SITE, replaces=void.id, reason="entered_in_error")
    with pytest.raises(StoreError, match=f"there is no entry {void.id} in site:denver to withdraw"):
        note(again, received_at=NOW, authenticated=ours)


ELSEWHERE = [
    *(("study:mini", kind) for kind in ("staff", "void", "commitment")),
    *(("site:denver", "release"), ("system", "staff"), (ANNA, "staff"), (ANNA, "void")),
]


def test_what_people_note_belongs_into_its_ledger(study: Study) -> None:
    before = store.ledgers()
    for ledger, kind in ELSEWHERE:
        entry = fact(study, 20, kind, {}, ledger=ledger, reason="entered_in_error")
        with pytest.raises(StoreError, match=f"'{kind}' does not belong in the ledger {ledger}"):
            note(entry, received_at=NOW, authenticated=by_session(entry))
    assert store.ledgers() == before
