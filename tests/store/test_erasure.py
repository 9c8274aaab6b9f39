"""Erasure by two persons: what was personal is nowhere afterwards, and no backup brings it back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import psycopg
import pytest
from django.db import DatabaseError, connection
from tests.conduct.people import signed_in
from tests.owner import owner_connection
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
from entact.course.entry.sealing import is_sealed
from entact.course.personal import unsealed
from entact.course.signed.erasure import erasures
from entact.datasets import build
from entact.protocol import Study
from entact.store import StoreError, acts, models, server
from entact.store import erasure as erasure_module
from entact.store import home as home_module
from entact.store.door import fact as record_fact
from entact.store.erasure import (
    LONGEST,
    confirm_erasure,
    erased,
    judge,
    register,
    replay,
    request_erasure,
    set_aside,
)
from entact.store.identity import identity, keep_identity
from entact.store.participant_keys import key_of, keychain
from entact.store.signature import Signer, enter_key, revoke_key

# Words that occur nowhere else: what is found of them was planted here.
CANARY = "Qx7canary"


@pytest.fixture
def study(database: str) -> Study:
    study = enter_study()
    consent(study)
    consent(study, BERT)
    return study


@pytest.fixture
def persons(study: Study) -> list[Signer]:
    return enter_persons("ada", "ben", "eva")


def plant(study: Study, ledger: str = ANNA) -> list[str]:
    """Enters a participant with a word of its own in everything that is personal; returns the words."""
    words: list[str] = []

    def word(place: str) -> str:
        words.append(f"{CANARY}-{place}-{ledger[-2:]}")
        return words[-1]

    def put(number: int, kind: str, data: dict[str, Any], **more: Any) -> str:
        return keep(study, fact(study, number, kind, data, ledger=ledger, **more))

    form = {"total": 48, "diagnosis": True, "remarks": word("remarks")}
    rated = put(10, "form", {"form": "symptoms", "items": form}, encounter="baseline#1", role="rater")
    wrong = {"items": {"total": 47, "nickname": word("unknown item")}}
    put(11, "form", wrong, replaces=rated, reason=word("free reason"), role="rater", encounter="baseline#1")
    put(12, "medication", {"name": "sertraline", "indication": word("indication")})
    event = put(13, "adverse_event", {"term": "nausea", "verbatim": word("verbatim"), "severity": "mild"})
    put(14, "adverse_event", {"verbatim": word("later verbatim")}, about=event)
    put(15, "guess", {"guesser": "therapist", "arm": "mdma", "why": word("why")}, encounter="session_1#1")
    put(16, "safety_call", {"reached": True, "note": word("note")}, encounter="session_1#1")
    put(17, "deviation", {"category": "visit", "importance": "minor", "account": word("account")})
    put(18, "vital_signs", {"systolic": word("in place of a number")}, encounter="session_1#1")
    put(19, "diary", {"text": word("unknown kind"), "list": [word("in a list")]})
    put(20, "form", {"form": "symptoms", "items": {"total": 1.5, "remarks": word("no canonical text")}})
    put(21, "alert_answered", {"alert": "hypertension", "action": "call", "note": word("answer")})
    put(22, "death", {"date": "2026-05", "cause": word("cause")})
    details = {"name": word("name"), "contact": word("contact"), "birth_date": word("birth date")}
    keep_identity(ledger, "denver", details, by="c-1", role="coordinator")
    return words


def opened(participant: str) -> list[str]:
    """Everything that can be read of a participant by who has the record and the keys."""
    key = key_of(participant)
    if key is None:
        return []
    found = []

    def walk(value: Any, entry: str, item: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, entry, name)
        elif is_sealed(value):
            found.append(json.dumps(unsealed(value, key, entry, item)))

    for line in store.lines(participant):
        kept = read(line.text)
        walk({**kept.data, "reason": kept.reason}, kept.id, "")
    return [*found, json.dumps(identity(participant, "denver"))]


def erase(participant: str, persons: list[Signer]) -> bytes:
    """Erases a participant; returns the key as it was."""
    key = key_of(participant)
    assert key is not None
    request_erasure(participant, "participant_request", persons[0])
    confirm_erasure(participant, persons[1])
    return key


def binary(name: str) -> str:
    return str(home_module.binaries() / "bin" / name)


def dump(database: str) -> bytes:
    address = server.parameters(as_owner=True)
    command = [binary("pg_dump"), "-h", address["host"], "-U", address["user"], database]
    return subprocess.run(command, check=True, capture_output=True).stdout


def files_with(folder: Path, needles: list[bytes]) -> list[str]:
    """Files under a folder, the server's logs too, with any of the byte strings in them."""
    found = []
    for path in (Path(place) / name for place, _, names in os.walk(folder) for name in names):
        try:
            content = path.read_bytes() if path.is_file() else b""
        except FileNotFoundError:  # another database's file that went while we looked
            continue
        if any(needle in content for needle in needles):
            found.append(str(path))
    return found


def shapes(key: bytes) -> list[bytes]:
    return [key, key.hex().encode(), key.hex().upper().encode()]


def pages() -> str:
    """All that the pages show of everybody, to every role."""
    texts = []
    for role in ("investigator", "therapist", "rater", "medical_monitor"):
        client = signed_in(role)
        front = client.get("/").content.decode()
        texts.append(front)
        for ledger in (ANNA, BERT):
            for key in (f"S-{ledger[-2:]}", ledger.partition(":")[2]):
                texts.append(client.get(f"/participants/{key}/").content.decode())
    return "".join(texts)


def rows(study: Study) -> str:
    courses = [fold(study, [read(line.text) for line in lines]) for _, lines in store.chains("participant:")]
    frames = build(study, courses).frames()
    with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=1000):
        return "".join(f"{name} {frame.write_json()}" for name, frame in frames.items())


def test_what_two_persons_erased_is_nowhere(
    study: Study, persons: list[Signer], database: str, tmp_path: Path
) -> None:
    words, others = plant(study), plant(study, BERT)
    seen = "".join(opened(ANNA))
    assert [word for word in words if word not in seen] == []  # before: it can be read
    row = models.Identity.objects.get(participant=ANNA)
    with pytest.raises(DatabaseError):  # a mistake, which the server logs with all that was sent
        models.Identity.objects.create(participant=ANNA, site=row.site, sealed=row.sealed)
    key = erase(ANNA, persons)
    assert key_of(ANNA) is None
    assert opened(ANNA) == []
    assert models.Identity.objects.filter(participant=ANNA).count() == 0
    assert models.Identity.objects.filter(participant=BERT).count() == 1
    assert store.verify().breaks == ()
    needles = [word.encode() for word in words]
    data = Path(os.environ["ENTACT_DATA"])
    with owner_connection(autocommit=True) as owner:
        owner.execute("CHECKPOINT")
    cluster = server.embedded_folder().resolve()
    assert files_with(cluster, [ANNA.encode()]) != []  # the search finds what is there, and in the log
    assert row.sealed in (cluster / "server.log").read_text()
    assert files_with(cluster, [*needles, *shapes(key)]) == []
    assert files_with(data / "keys", [*needles, *shapes(key)]) == []
    assert files_with(data / "erased", [*needles, *shapes(key)]) == []
    dumped = dump(database)
    assert ANNA.encode() in dumped
    assert not any(needle in dumped for needle in [*needles, *shapes(key)])
    shown = pages()
    assert "S-0a" in shown
    assert "Nausea" in shown
    assert "Erasure" in shown
    assert CANARY not in shown
    assert CANARY not in rows(study)
    store.write_archive(tmp_path / "archive", made_at=BEGIN)
    assert files_with(tmp_path, [ANNA.encode()]) != []
    assert files_with(tmp_path, [*needles, *shapes(key), row.sealed.encode()]) == []
    assert all(word in "".join(opened(BERT)) for word in others)  # nobody else lost anything


def test_it_leaves_an_entry_in_the_participants_ledger_and_lines_in_the_studys(
    study: Study, persons: list[Signer]
) -> None:
    erase(ANNA, persons)
    last = [read(line.text) for line in store.lines(ANNA)][-1]
    course = fold(study, [read(line.text) for line in store.lines(ANNA)])
    assert (last.kind, last.by, last.data["asked_by"], last.data["confirmed_by"]) == (
        "erasure",
        "ben",
        "ada",
        "ben",
    )
    assert course.erased is not None
    assert course.erased.cause == "participant_request"
    done = erasures(acts.entries()).done
    assert [(name, one.asked.by, one.confirmed_by) for name, one in done.items()] == [(ANNA, "ada", "ben")]


@pytest.mark.requirement("R27")
def test_erasure_takes_no_entry_away_and_no_participant(study: Study, persons: list[Signer]) -> None:
    plant(study)
    stopped = {"of": "data_use", "decided_by": "participant", "cause": "participant_request"}
    keep(study, fact(study, 30, "discontinuation", stopped))
    before = list(store.lines(ANNA))
    subjects = rows(study).count("S-0a")
    erase(ANNA, persons)
    assert list(store.lines(ANNA))[: len(before)] == before
    assert subjects > 0
    assert rows(study).count("S-0a") == subjects
    for statement in ("DELETE FROM store_line", "DELETE FROM store_ledger", "TRUNCATE store_line"):
        with pytest.raises(psycopg.Error, match="append-only"), owner_connection() as owner:
            owner.execute(statement.encode())


def test_one_person_alone_erases_nothing(study: Study, persons: list[Signer]) -> None:
    ada, ben, eva = persons
    with pytest.raises(StoreError, match=f"nobody has asked to erase {ANNA}"):
        confirm_erasure(ANNA, ben)
    request_erasure(ANNA, "participant_request", ada)
    with pytest.raises(StoreError, match=f"nobody has asked to erase {BERT}"):
        confirm_erasure(BERT, ben)
    with pytest.raises(StoreError, match=r"ada asked to erase .*: another person confirms it"):
        confirm_erasure(ANNA, ada)
    assert key_of(ANNA) is not None
    assert erased() == {}
    confirm_erasure(ANNA, eva)
    with pytest.raises(StoreError, match="is erased already"):
        request_erasure(ANNA, "participant_request", ada)
    with pytest.raises(StoreError, match="is erased already"):
        confirm_erasure(ANNA, ben)


def test_who_may_not_erase_does_not(study: Study, persons: list[Signer]) -> None:
    ada, ben, _ = persons
    dan = signer("dan")
    enter_key(dan, "monitor", ["cut"], voucher=ada)
    with pytest.raises(StoreError, match="dan may not erase: the key is for cut"):
        request_erasure(ANNA, "participant_request", dan)
    with pytest.raises(StoreError, match="does not know this key as mallory's"):
        request_erasure(ANNA, "participant_request", signer("mallory"))
    with pytest.raises(StoreError, match="does not know this key as ada's"):
        request_erasure(ANNA, "participant_request", Signer("ada", b"m" * 32))
    request_erasure(ANNA, "participant_request", ada)
    revoke_key("ben", ben)
    with pytest.raises(StoreError, match="does not know this key as ben's"):
        confirm_erasure(ANNA, ben)
    assert key_of(ANNA) is not None


def test_a_request_that_nobody_confirmed_in_time_is_void(
    study: Study, persons: list[Signer], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben, _ = persons
    request_erasure(ANNA, "participant_request", ada, within=timedelta(seconds=1))
    late = erasure_module.datetime.now(erasure_module.UTC) + timedelta(hours=1)

    class Later(erasure_module.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return late

    monkeypatch.setattr(erasure_module, "datetime", Later)
    with pytest.raises(StoreError, match="expired at"):
        confirm_erasure(ANNA, ben)
    assert key_of(ANNA) is not None


@pytest.mark.parametrize(
    ("participant", "cause", "within", "said"),
    [
        ("participant:none", "participant_request", 1, "there is no participant:none in this record"),
        ("site:denver", "participant_request", 1, "is no participant"),
        (ANNA, "she asked for it", 1, "is no code"),
        (ANNA, "participant_request", 0, "stands for more than nothing"),
        (ANNA, "participant_request", 800, "at most 30 days"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    study: Study, persons: list[Signer], participant: str, cause: str, within: int, said: str
) -> None:
    with pytest.raises(StoreError, match=said):
        request_erasure(participant, cause, persons[0], within=timedelta(hours=within))
    assert erasures(acts.entries()).asked == {}


def test_a_request_stands_for_thirty_days_at_most(study: Study, persons: list[Signer]) -> None:
    with pytest.raises(StoreError, match="at most 30 days"):
        request_erasure(ANNA, "participant_request", persons[0], within=LONGEST + timedelta(seconds=1))
    asked = request_erasure(ANNA, "participant_request", persons[0], within=LONGEST)
    assert asked.request.participant == ANNA


def forge(kind: str, data: dict[str, Any]) -> None:
    """An entry in the study's ledger by somebody who has the application's credentials and no key."""
    store.append(acts.entry_of(acts.here(), kind, data, by="ben", role="monitor"), received_at=acts.now())


def test_a_forged_confirmation_does_not_count(study: Study, persons: list[Signer]) -> None:
    ada, ben, _ = persons
    asked = request_erasure(ANNA, "participant_request", ada)
    mallory = Signer("ben", b"m" * 32)
    signatures = {
        "his own key": mallory.sign(asked.statement, "confirms_erasure"),
        "of something else": ben.sign("0" * 64, "confirms_erasure"),
        "meant otherwise": ben.sign(asked.statement, "asks_for_erasure"),
        "the one who asked": ada.sign(asked.statement, "confirms_erasure"),
    }
    for signature in signatures.values():
        one = [msgspec.to_builtins(signature)]
        forge("erasure", {"participant": ANNA, "request": asked.entry.id, "signatures": one})
    forge("erasure", {"participant": ANNA, "request": asked.entry.id})
    right = [msgspec.to_builtins(ben.sign(asked.statement, "confirms_erasure"))]
    forge("erasure", {"participant": BERT, "request": asked.entry.id, "signatures": right})
    found = erasures(acts.entries())
    assert found.done == {}
    assert len(found.problems) == 6
    assert replay() == []
    assert key_of(ANNA) is not None


def test_a_key_that_lies_elsewhere_is_not_called_erased(
    study: Study, persons: list[Signer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    request_erasure(ANNA, "participant_request", persons[0])
    with monkeypatch.context() as patch:
        patch.setenv("ENTACT_KEYS", str(tmp_path / "elsewhere"))
        for act in (
            lambda: confirm_erasure(ANNA, persons[1]),
            lambda: request_erasure(BERT, "other", persons[0]),
        ):
            with pytest.raises(StoreError, match="ENTACT_KEYS says where keys lie"):
                act()
    assert erased() == {}
    confirm_erasure(ANNA, persons[1])
    assert key_of(ANNA) is None


def test_a_confirmation_that_arrives_too_late_does_not_count(study: Study, persons: list[Signer]) -> None:
    asked = request_erasure(ANNA, "participant_request", persons[0], within=timedelta(hours=2))
    signature = msgspec.to_builtins(persons[1].sign(asked.statement, "confirms_erasure"))
    data = {"participant": ANNA, "request": asked.entry.id, "signatures": [signature]}
    entry = acts.entry_of(acts.here(), "erasure", data, by="ben", role="monitor")
    expires = datetime.fromisoformat(asked.request.expires)
    store.append(entry, received_at=(expires + timedelta(seconds=1)).isoformat())
    found = erasures(acts.entries())
    assert found.done == {}
    assert "had expired" in found.problems[0][1]


class Killed(BaseException):
    pass


def test_killed_before_the_key_goes_the_next_opening_finishes_it(
    study: Study, persons: list[Signer], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Killed

    words = plant(study)
    request_erasure(ANNA, "participant_request", persons[0])
    with monkeypatch.context() as patch:
        patch.setattr("entact.store.keychain.Keychain.remove", die)
        with pytest.raises(Killed):
            confirm_erasure(ANNA, persons[1])
    assert key_of(ANNA) is not None
    store.setup(database=database)
    assert key_of(ANNA) is None
    assert list(set_aside()) == [ANNA]
    assert words
    assert store.verify().breaks == ()


def test_killed_between_register_and_record_the_next_opening_finishes_it(
    study: Study, persons: list[Signer], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = erasure_module.add_to_register

    def write_and_die(*arguments: Any) -> None:
        real(*arguments)
        raise Killed

    plant(study)
    request_erasure(ANNA, "participant_request", persons[0])
    with monkeypatch.context() as patch:
        patch.setattr(erasure_module, "add_to_register", write_and_die)
        with pytest.raises(Killed):
            confirm_erasure(ANNA, persons[1])
    assert [read(line.text).kind for line in store.lines(ANNA)].count("erasure") == 0
    store.setup(database=database)
    assert key_of(ANNA) is None
    assert identity(ANNA, "denver") is None
    assert [read(line.text).kind for line in store.lines(ANNA)].count("erasure") == 1
    assert list(erasures(acts.entries()).done) == [ANNA]
    assert store.verify().breaks == ()
    assert replay() == []


@pytest.fixture
def backup(database: str) -> Iterator[Any]:
    """Backs up the record and its keys; the second call brings them back in the place of what is there."""
    name = f"{database}_backup"
    saved = Path(os.environ["ENTACT_DATA"]) / name

    def take() -> None:
        connection.close()
        with server.maintenance_connection(apart_from=database) as maintenance:
            maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {database}")
        shutil.copytree(keychain().folder, saved)

    def bring_back(*, keys: bool) -> None:
        folder = keychain().folder
        connection.close()
        with server.maintenance_connection(apart_from=database) as maintenance:
            maintenance.execute(f"DROP DATABASE {database} WITH (FORCE)")
            maintenance.execute(f"CREATE DATABASE {database} TEMPLATE {name}")
        if keys:
            shutil.rmtree(folder)
            shutil.copytree(saved, folder)
        store.setup(database=database)

    yield take, bring_back
    shutil.rmtree(saved, ignore_errors=True)


@pytest.mark.parametrize("keys", [False, True])
def test_an_older_backup_of_the_record_and_of_the_keys_brings_nothing_back(
    study: Study, persons: list[Signer], backup: Any, keys: bool
) -> None:
    take, bring_back = backup
    words = plant(study)
    take()
    erase(ANNA, persons)
    bring_back(keys=keys)
    assert key_of(ANNA) is None
    assert key_of(BERT) is not None
    assert opened(ANNA) == []
    assert identity(ANNA, "denver") is None
    assert words
    course = fold(study, [read(line.text) for line in store.lines(ANNA)])
    assert course.erased is not None
    assert list(erasures(acts.entries()).done) == [ANNA]
    assert store.verify().breaks == ()


def test_an_older_archive_brings_nothing_back(
    study: Study, persons: list[Signer], database: str, tmp_path: Path
) -> None:
    plant(study)
    store.write_archive(tmp_path / "archive", made_at=BEGIN)
    erase(ANNA, persons)
    connection.close()
    name = f"{database}_restored"
    with server.maintenance_connection(apart_from=database) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    store.restore(tmp_path / "archive", name)
    store.setup(database=name)
    assert opened(ANNA) == []
    assert key_of(BERT) is not None
    assert list(erasures(acts.entries()).done) == [ANNA]
    assert store.verify().breaks == ()


def test_a_lost_register_is_written_again_from_the_record(study: Study, persons: list[Signer]) -> None:
    key = erase(ANNA, persons)
    register().unlink()
    keychain().add({ANNA: key})  # an older backup of the keys came back as well
    assert replay() == [ANNA]
    assert list(erased()) == [ANNA]
    assert key_of(ANNA) is None
    assert keychain().aside()[ANNA].key == key


def test_an_altered_register_is_refused_with_the_line(study: Study, persons: list[Signer]) -> None:
    erase(ANNA, persons)
    erase(BERT, [persons[1], persons[2]])
    path = register()
    first, second = path.read_text().splitlines()
    path.write_text(second + "\n")
    with pytest.raises(StoreError, match="line 1 does not follow"):
        replay()
    path.write_text(first.replace("participant_request", "parsicipant_request") + "\n" + second + "\n")
    with pytest.raises(StoreError, match="line 2 does not follow"):
        replay()
    path.write_text(first.replace("data_manager", "monitor") + "\n" + second + "\n")
    with pytest.raises(StoreError, match="line 2 does not follow"):
        replay()
    path.write_text(first + "\n" + second[:40])  # cut off by a crash: never acknowledged
    assert list(judge(path).believed) == [ANNA]
    assert set(erased()) == {ANNA, BERT}  # the record knows both


def test_a_late_fact_is_kept_without_what_is_personal(study: Study, persons: list[Signer]) -> None:
    erase(ANNA, persons)
    late = fact(study, 40, "safety_call", {"reached": True, "minutes": 7, "note": f"{CANARY} late"})
    assert record_fact(late, received_at=NOW).outcome == "kept"
    assert record_fact(late, received_at=NOW).outcome == "again"
    kept = [read(line.text) for line in store.lines(ANNA)][-1]
    assert kept.data["minutes"] == 7
    assert is_sealed(kept.data["note"])
    assert key_of(ANNA) is None
    assert store.verify().breaks == ()


def test_a_key_counts_at_its_place_in_the_ledger(study: Study, persons: list[Signer]) -> None:
    erase(ANNA, persons)
    revoke_key("ada", persons[0])
    found = acts.entries()
    assert list(erasures(found).done) == [ANNA]
    asked = next(one for one in found if one.kind == "erasure_requested")
    earlier = [one for one in found if one.kind != "signing_key" or one.data["person"] != "ben"]
    assert erasures(earlier).done == {}
    assert asked.by == "ada"
