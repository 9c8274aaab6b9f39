"""Data cuts: datasets follow from the cut; what comes later stays outside; two persons unlock."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import connection
from tests.course.cases import two_sessions
from tests.store.living import (
    ANNA,
    BEGIN,
    BERT,
    NOW,
    consent,
    enter_persons,
    enter_study,
    fact,
    keep,
    signer,
)

from entact import store
from entact.course import fold, read
from entact.course.signed.cut import Manifest, cuts
from entact.datasets import build
from entact.protocol import Study
from entact.store import StoreError, acts, server
from entact.store import cut as cut_module
from entact.store.after_lock import closed_by
from entact.store.cut import (
    confirm_unlock,
    cut_lines,
    known_cuts,
    make_cut,
    named_cut,
    open_manifest,
    request_unlock,
    study_of,
    write_manifest,
)
from entact.store.erasure import confirm_erasure, request_erasure
from entact.store.signature import Signer, enter_key, revoke_key

Owner = Callable[..., None]


@pytest.fixture
def study(database: str) -> Study:
    study = enter_study()
    consent(study)
    consent(study, BERT)
    rate(study, 10, 48)
    rate(study, 11, 41, ledger=BERT)
    return study


@pytest.fixture
def persons(study: Study) -> list[Signer]:
    return enter_persons("ada", "ben", "eva")


def rate(study: Study, number: int, total: int, **more: Any) -> str:
    data = {"form": "symptoms", "items": {"total": total, "diagnosis": True, "remarks": "tired"}}
    return keep(study, fact(study, number, "form", data, encounter="baseline#1", role="rater", **more))


def frames(manifest: Manifest) -> dict[str, str]:
    """The datasets of a cut, each as text."""
    study = study_of(manifest)
    courses = (
        fold(study, [read(line.text) for line in lines]) for _, lines in cut_lines(manifest, "participant:")
    )
    return {name: frame.write_json() for name, frame in build(study, courses).frames().items()}


def test_a_cut_is_signed_entered_and_read_to_its_heads(study: Study, persons: list[Signer]) -> None:
    before = {head.ledger: (head.seq, head.hash) for head in store.ledgers()}
    manifest = make_cut("interim-1", persons[0])
    assert {name: (head.seq, head.hash) for name, head in manifest.heads.items()} == before
    assert (manifest.purpose, [one.person for one in manifest.signatures]) == ("interim", ["ada"])
    assert named_cut("interim-1") == manifest
    assert known_cuts().locked is None
    assert study_of(manifest).newest.id == study.newest.id
    read_lines = dict(cut_lines(manifest))
    assert {name: len(lines) for name, lines in read_lines.items()} == {
        name: seq for name, (seq, _) in before.items()
    }
    assert store.verify().breaks == ()
    assert "48" in frames(manifest)["questionnaires"]


def test_nothing_that_comes_later_changes_a_byte_of_the_datasets(
    study: Study, persons: list[Signer], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = make_cut("lock", persons[0], lock=True)
    seen = frames(manifest)
    source = fact(study, 10, "form", {}).id
    # Backdated, corrected, withdrawn, from a new participant, sent twice with other content, and erased.
    keep(
        study,
        fact(study, 3, "form", {"form": "suicidality", "items": {"ideation": 5}}, encounter="screening#1"),
    )
    correction = {"items": {"total": 12}}
    keep(
        study,
        fact(study, 60, "form", correction, replaces=source, reason="transcription_error", role="rater"),
    )
    keep(
        study,
        fact(
            study, 61, "void", {}, replaces=fact(study, 11, "form", {}).id, reason="wrong_visit", ledger=BERT
        ),
    )
    consent(study, "participant:" + "0c" * 16)
    rate(study, 10, 33)
    request_erasure(ANNA, "participant_request", persons[0])
    confirm_erasure(ANNA, persons[1])
    assert frames(manifest) == seen
    assert frames(open_manifest(write_manifest(manifest))) == seen
    monkeypatch.setattr(cut_module, "BATCH", 1)
    assert frames(manifest) == seen
    later = make_cut("later", persons[0])
    changed = {name for name, text in frames(later).items() if text != seen[name]}
    assert {"subjects", "questionnaires", "findings"} <= changed


def test_a_release_that_was_entered_later_is_not_the_cuts(study: Study, persons: list[Signer]) -> None:
    manifest = make_cut("before", persons[0])
    seen = frames(manifest)
    later = two_sessions(release="2.0")
    data = {"id": later.id, "text": later.text.decode()}
    entry = fact(study, 70, "release", data, ledger="study:mini", role="sponsor")
    store.append(entry, received_at=NOW)
    assert [one.id for one in study_of(manifest).releases] == [study.newest.id]
    assert frames(manifest) == seen
    after = make_cut("after", persons[0])
    assert (after.release, manifest.release) == (later.id, study.newest.id)
    assert [one.id for one in study_of(after).releases] == [study.newest.id, later.id]


def test_a_cut_read_from_a_restored_archive_gives_the_same_datasets(
    study: Study, persons: list[Signer], database: str, tmp_path: Path
) -> None:
    manifest = make_cut("lock", persons[0], lock=True)
    seen = frames(manifest)
    store.write_archive(tmp_path / "archive", made_at=BEGIN)
    connection.close()
    name = f"{database}_restored"
    with server.maintenance_connection(apart_from=database) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    store.restore(tmp_path / "archive", name)
    assert known_cuts().locked == manifest
    assert frames(open_manifest(write_manifest(manifest))) == seen


def test_only_two_persons_unlock_and_the_reason_stays(study: Study, persons: list[Signer]) -> None:
    ada, ben, _ = persons
    with pytest.raises(StoreError, match="the study is not locked"):
        request_unlock("unlock-1", "an event was coded wrongly", ada)
    locked = make_cut("lock", ada, lock=True)
    with pytest.raises(StoreError, match="is locked by 'lock'"):
        make_cut("lock-2", ada, lock=True)
    rate(study, 12, 30)
    with pytest.raises(StoreError, match="an unlock has a reason"):
        request_unlock("unlock-1", "  ", ada)
    asked = request_unlock("unlock-1", "an event was coded wrongly", ada)
    assert known_cuts().locked == locked  # asking changes nothing
    with pytest.raises(StoreError, match="there is no cut 'unlock-1'"):
        named_cut("unlock-1")
    with pytest.raises(StoreError, match="ada asked for the unlock 'unlock-1': another person"):
        confirm_unlock("unlock-1", ada)
    with pytest.raises(StoreError, match="nobody has asked for an unlock 'unlock-2'"):
        confirm_unlock("unlock-2", ben)
    unlocked = confirm_unlock("unlock-1", ben)
    assert unlocked.heads == asked.heads != locked.heads
    assert (unlocked.previous, unlocked.reason) == (locked.digest, "an event was coded wrongly")
    assert [one.person for one in unlocked.signatures] == ["ada", "ben"]
    assert known_cuts().locked == unlocked
    assert open_manifest(write_manifest(unlocked)) == unlocked
    assert frames(unlocked)["questionnaires"] != frames(locked)["questionnaires"]
    with pytest.raises(StoreError, match="was unlocked by 'unlock-1'; two persons lock it again"):
        make_cut("lock-2", ada, lock=True)
    entered = [entry.kind for entry in acts.entries() if entry.kind != "signing_key"]
    assert entered == ["cut", "unlock_requested", "unlock"]


def test_what_was_unlocked_is_locked_again_by_two_and_pages_write_until_they_did(
    study: Study, persons: list[Signer]
) -> None:
    ada, ben, _ = persons
    make_cut("lock", ada, lock=True)
    request_unlock("open", "an event was coded wrongly", ada)
    confirm_unlock("open", ben)
    assert closed_by() is None
    rate(study, 12, 30)
    request_unlock("again", "corrected", ben, lock=True)
    assert closed_by() is None
    with pytest.raises(StoreError, match="ben asked for the lock 'again': another person"):
        confirm_unlock("again", ben)
    again = confirm_unlock("again", ada)
    assert closed_by() == "again"
    assert [one.meaning for one in again.signatures] == ["asks_for_lock", "confirms_lock"]
    assert (again.purpose, again.previous) == ("lock", known_cuts().manifests["open"].digest)
    assert open_manifest(write_manifest(again)) == again == known_cuts().locked
    rate(study, 12, 31)
    request_unlock("late", "a late result counts, pages stay closed", ada, lock=True)
    assert confirm_unlock("late", ben).heads != again.heads
    assert closed_by() == "late"


def test_of_two_unlocks_asked_for_the_second_starts_from_what_stands(
    study: Study, persons: list[Signer]
) -> None:
    ada, ben, eva = persons
    make_cut("lock", ada, lock=True)
    request_unlock("one", "first reason", ada)
    request_unlock("two", "second reason", ada)
    confirm_unlock("one", ben)
    with pytest.raises(StoreError, match="another manifest took the place"):
        confirm_unlock("two", eva)
    assert [entry.kind for entry in acts.entries()].count("unlock") == 1
    assert list(known_cuts().manifests) == ["lock", "one"]


def test_an_unlock_that_nobody_confirmed_in_time_is_void(
    study: Study, persons: list[Signer], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cut("lock", persons[0], lock=True)
    request_unlock("unlock", "a reason", persons[0], within=timedelta(minutes=1))
    late = cut_module.datetime.now(cut_module.UTC) + timedelta(hours=1)

    class Later(cut_module.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return late

    monkeypatch.setattr(cut_module, "datetime", Later)
    with pytest.raises(StoreError, match="expired at"):
        confirm_unlock("unlock", persons[1])


def test_who_may_not_cut_does_not(study: Study, persons: list[Signer]) -> None:
    enter_key(signer("dan"), "monitor", ["erase"], persons[1], persons[2])
    with pytest.raises(StoreError, match="dan may not cut"):
        make_cut("mine", signer("dan"))
    with pytest.raises(StoreError, match="does not know this key as mallory's"):
        make_cut("mine", signer("mallory"))
    make_cut("lock", persons[0], lock=True)
    with pytest.raises(StoreError, match="dan may not unlock"):
        request_unlock("mine", "a reason", signer("dan"))
    assert list(known_cuts().manifests) == ["lock"]


@pytest.mark.parametrize("name", ["", "Lock", "a b", "../x", "é", "a" * 65])
def test_a_name_that_is_none_or_taken_is_refused(study: Study, persons: list[Signer], name: str) -> None:
    with pytest.raises(StoreError, match="cannot be the name of a cut"):
        make_cut(name, persons[0])
    make_cut("taken", persons[0])
    with pytest.raises(StoreError, match="there is a cut 'taken' already"):
        make_cut("taken", persons[0])


def changed(manifest: Manifest, **fields: Any) -> bytes:
    return write_manifest(msgspec.structs.replace(manifest, **fields))


def test_a_forged_truncated_or_altered_manifest_is_refused_with_the_reason(
    study: Study, persons: list[Signer]
) -> None:
    earlier = make_cut("earlier", persons[0])
    rate(study, 12, 30)
    manifest = make_cut("lock", persons[0], lock=True)
    whole = write_manifest(manifest)
    assert open_manifest(whole) == manifest
    heads = manifest.heads
    fewer = {name: head for name, head in heads.items() if name != BERT}
    mallory = Signer("ada", b"m" * 32)
    forged = msgspec.structs.replace(manifest, name="mine", heads=fewer, signatures=[])
    cases = {
        "truncated": whole[:-40],
        "of nothing": b"",
        "a word": b"lock",
        "adds a field": json.dumps({**json.loads(whole), "arm": "mdma"}).encode(),
        "never entered": changed(forged, signatures=[mallory.sign(forged.digest, "cuts_data")]),
        "other head": changed(manifest, heads={**heads, ANNA: earlier.heads[ANNA]}),
        "no head": changed(manifest, heads=fewer),
        "one more": changed(manifest, heads={**heads, "participant:z": heads[ANNA]}),
        "other time": changed(manifest, at="2026-01-01T00:00:00+00:00"),
        "signed anew": changed(manifest, signatures=[mallory.sign(manifest.digest, "cuts_data")]),
        "unsigned": changed(manifest, signatures=[]),
        "of another study": changed(manifest, ledger="study:other"),
        "of another environment": changed(manifest, environment="production"),
    }
    said = {}
    for name, text in cases.items():
        with pytest.raises(StoreError) as refused:
            open_manifest(text)
        said[name] = str(refused.value)
    assert "no whole manifest: Input data was truncated" in said["truncated"]
    assert "no whole manifest: Input data was truncated" in said["of nothing"]
    assert "no whole manifest" in said["a word"]
    assert "unknown field `arm`" in said["adds a field"]
    assert "holds no cut 'mine'" in said["never entered"]
    assert f"something else of {ANNA}" in said["other head"]
    assert f"something else of {BERT}" in said["no head"]
    assert "it adds participant:z" in said["one more"]
    assert "its at was altered" in said["other time"]
    assert "its signatures are others" in said["signed anew"]
    assert "its signatures are others" in said["unsigned"]
    assert "is of study:other" in said["of another study"]
    assert "rehearsal, production; this record" in said["of another environment"] or (
        "production; this record is of study:mini, rehearsal" in said["of another environment"]
    )


def forge(manifest: Manifest, kind: str = "cut") -> str:
    """Enters a manifest as one does who has the application's credentials and no key; what is found of it."""
    data = msgspec.to_builtins(manifest)
    store.append(
        acts.entry_of(acts.here(), kind, data, by="ada", role="data_manager"), received_at=acts.now()
    )
    return cuts(acts.entries()).problems[-1][1]


def test_a_manifest_that_was_entered_without_the_right_signature_does_not_count(
    study: Study, persons: list[Signer]
) -> None:
    ada, ben, _ = persons
    manifest = make_cut("cut", ada)

    def signed(by: Signer, meaning: str = "cuts_data", of: Manifest | None = None, **fields: Any) -> Manifest:
        made = msgspec.structs.replace(manifest, signatures=[], **fields)
        return msgspec.structs.replace(made, signatures=[by.sign((of or made).digest, meaning)])

    assert "not made with the key" in forge(signed(Signer("ada", b"m" * 32), name="one"))
    assert "does not cover this text" in forge(signed(ada, of=manifest, name="two"))
    assert "means 'asks_for_unlock'" in forge(signed(ada, "asks_for_unlock", name="three"))
    assert "one signature" in forge(msgspec.structs.replace(manifest, name="four", signatures=[]))
    assert "there is a cut 'cut' already" in forge(manifest)
    assert "is not entered as cut" in forge(signed(ada, name="five", purpose="unlock"))
    assert "is not entered as unlock_requested" in forge(signed(ada, name="six"), "unlock_requested")
    asks = {"purpose": "unlock", "reason": "a reason", "expires": "2099-01-01T00:00:00+00:00"}

    def unlocks(name: str, previous: str | None, **fields: Any) -> str:
        made = signed(ada, "asks_for_unlock", name=name, previous=previous, **{**asks, **fields})
        return forge(made, "unlock_requested")

    assert "does not follow the manifest that is locked" in unlocks("eight", manifest.digest)
    locked = make_cut("lock", ada, lock=True)
    assert "does not follow the manifest that is locked" in unlocks("nine", manifest.digest)
    assert "an unlock has a reason" in unlocks("ten", locked.digest, reason=None)
    assert "no offset" in unlocks("never", locked.digest, expires="2099-01-01T00:00:00")
    assert "Invalid isoformat" in unlocks("never", locked.digest, expires="never")
    assert "is locked by 'lock'" in forge(signed(ada, name="eleven", purpose="lock"))
    assert "means 'asks_for_unlock'" in unlocks("twelve", locked.digest, purpose="lock")
    assert "is not entered as unlock_requested" in unlocks("thirteen", locked.digest, purpose="interim")
    revoke_key("ben", ada)
    assert "ben has no signing key" in forge(signed(ben, name="seven"))
    assert list(known_cuts().manifests) == ["cut", "lock"]
    assert known_cuts().asked == {}


def test_an_unlock_confirmed_too_late_or_by_one_person_does_not_count(
    study: Study, persons: list[Signer]
) -> None:
    ada, ben, _ = persons
    make_cut("lock", ada, lock=True)
    asked, requests = {}, {}
    for name, hours in (("late", 1), ("unlock", 2)):
        asked[name] = request_unlock(name, "a reason", ada, within=timedelta(hours=hours))
        [requests[name]] = known_cuts().asked.keys() - requests.values()

    def confirmed(name: str, by: Signer, after: timedelta) -> str:
        signature = msgspec.to_builtins(by.sign(asked[name].digest, "confirms_unlock"))
        data = {"name": name, "request": requests[name], "signatures": [signature]}
        entry = acts.entry_of(acts.here(), "unlock", data, by=by.person, role="monitor")
        at = datetime.fromisoformat(asked[name].expires or "") + after
        store.append(entry, received_at=at.isoformat())
        return [("", ""), *known_cuts().problems][-1][1]

    assert "had expired" in confirmed("late", ben, timedelta(microseconds=1))
    assert "another person confirms it" in confirmed("unlock", ada, timedelta(minutes=-30))
    assert list(known_cuts().manifests) == ["lock"]
    confirmed("unlock", ben, timedelta(0))
    assert list(known_cuts().manifests) == ["lock", "unlock"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "UPDATE store_line SET text = replace(text, 'participation', 'participatiom')",
            "does not match its hash",
        ),
        ("DELETE FROM store_line WHERE seq = 3", "entry 3 is missing"),
        ("DELETE FROM store_line WHERE seq = 2", "entry 2 is missing"),
    ],
)
def test_a_record_that_no_longer_holds_the_cut_is_named(
    study: Study, persons: list[Signer], owner: Owner, change: str, said: str
) -> None:
    manifest = make_cut("cut", persons[0])
    where = f"ledger_id = (SELECT id FROM store_ledger WHERE name = '{BERT}')"
    owner(f"{change} {'AND' if 'WHERE' in change else 'WHERE'} {where}")
    with pytest.raises(StoreError, match=f"no longer holds the cut 'cut': {BERT}, entry") as refused:
        list(cut_lines(manifest))
    assert said in str(refused.value)
    assert dict(cut_lines(manifest, ANNA)).keys() == {ANNA}


def test_a_tail_written_anew_is_not_the_cut(study: Study, persons: list[Signer], owner: Owner) -> None:
    """All hashes right again, as an owner of the database can make them: the signed head is another."""
    manifest = make_cut("cut", persons[0])
    second = list(store.lines(BERT))[1]
    number = f"(SELECT id FROM store_ledger WHERE name = '{BERT}')"
    owner(f"DELETE FROM store_line WHERE seq = 3 AND ledger_id = {number}")
    owner(f"UPDATE store_ledger SET seq = 2, hash = '{second.hash}' WHERE id = {number}")
    rate(study, 99, 44, ledger=BERT)
    with pytest.raises(StoreError, match=f"{BERT}, entry 3 is not the entry that the digest of heads"):
        list(cut_lines(manifest))


@pytest.mark.requirement("R08")
def test_r08_every_act_is_in_the_trail(study: Study, persons: list[Signer]) -> None:
    """Submit, sign, freeze, randomise, dispense, unblind by participant; lock and unlock of the study."""
    from entact.course.findings import findings
    from entact.course.found.attested import version_of

    ada, ben, _ = persons
    submitted = rate(study, 20, 50)
    course = fold(study, [read(line.text) for line in store.lines(ANNA)])
    version = next(version_of(one) for one in course.effective if one.id == submitted)
    signed = {"meaning": "reviewed", "entries": [submitted], "versions": [version]}
    keep(study, fact(study, 21, "signature", signed, role="investigator"))
    keep(study, fact(study, 22, "freeze", {"of": "encounter"}, encounter="baseline#1", role="data_manager"))
    keep(study, fact(study, 23, "randomisation", {"number": "denver-001"}, role="investigator"))
    keep(study, fact(study, 24, "kit_assigned", {"kit": "K-100001", "part": "initial", "level": "low"}))
    keep(
        study, fact(study, 25, "unblinding", {"recipient": "i-1", "cause": "emergency"}, role="investigator")
    )
    make_cut("lock", ada, lock=True)
    request_unlock("unlock", "a reason", ada)
    confirm_unlock("unlock", ben)
    entries = [read(line.text) for line in store.lines(ANNA)]
    course = fold(study, entries)
    trail = [entry.kind for entry in entries] + [entry.kind for entry in acts.entries()]
    for act in (
        "form",
        "signature",
        "freeze",
        "randomisation",
        "kit_assigned",
        "unblinding",
        "cut",
        "unlock",
    ):
        assert act in trail
    assert [one.meaning for one in course.signatures] == ["reviewed"]
    assert [one.recipient for one in course.unblindings] == ["i-1"]
    assert course.randomisation is not None
    at = BEGIN + timedelta(days=1)
    assert {"signature_broken", "changed_after_freeze"}.isdisjoint(one.rule for one in findings(course, at))
    fix = {"items": {"total": 49}}
    keep(study, fact(study, 30, "form", fix, replaces=submitted, reason="transcription_error", role="rater"))
    course = fold(study, [read(line.text) for line in store.lines(ANNA)])
    found = {one.rule: one.message for one in findings(course, at)}
    assert "is not what was signed" in found["signature_broken"]
    assert "after baseline#1 was frozen" in found["changed_after_freeze"]
