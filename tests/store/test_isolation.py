"""A hostile name, a deep entry, a participant that cannot be read: refused or shown, and all else stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conduct.people import signed_in
from tests.course.entry.test_name import HOSTILE
from tests.owner import run_as_owner
from tests.store.living import ANNA, BERT, NOW, consent, enter_persons, enter_study, fact, keep

from entact import store
from entact.cli.cut import write_datasets
from entact.course import Course, Line, read
from entact.course.entry import canonical
from entact.course.entry.name import is_ledger_name
from entact.course.fold import Broken, fold_lines
from entact.datasets import Accumulator
from entact.protocol import Study
from entact.store import StoreError, lists
from entact.store.cut import make_cut
from entact.store.door import act
from entact.store.door import fact as record_fact
from entact.store.inbox import INBOX, receive


@pytest.fixture
def study(database: str) -> Study:
    study = enter_study()
    consent(study)
    consent(study, BERT)
    return study


DOORS: dict[str, Any] = {
    "fact": lambda entry: record_fact(entry, received_at=NOW),
    "act": lambda entry: act(entry, received_at=entry.occurred_at),
    "append": lambda entry: store.append(entry, received_at=NOW),
}


def test_a_name_that_is_none_goes_through_no_door(study: Study) -> None:
    there = [head.ledger for head in store.ledgers()]
    for name in HOSTILE:
        entry = fact(study, 3, "note", {}, ledger=ANNA)
        entry = msgspec.structs.replace(entry, ledger=name)
        for door in DOORS.values():
            with pytest.raises(StoreError):
                door(entry)
        if name.isascii() or "\ud800" not in name:
            chained = (name, Line(1, "0" * 64, "{}"))
            with pytest.raises(StoreError):
                store.append_many([chained])
    assert [head.ledger for head in store.ledgers()] == there


def test_what_was_sent_under_such_a_name_is_kept_as_received(study: Study) -> None:
    for number, name in enumerate(HOSTILE):
        entry = msgspec.structs.replace(fact(study, 3, "note", {}), ledger="x", id=f"n{number}")
        text = canonical(msgspec.to_builtins(entry)).replace(
            b'"ledger":"x"', b'"ledger":' + json.dumps(name).encode()
        )
        receipt = receive(text, by="t-1", role="therapist", received_at=NOW)
        assert receipt.outcome == "kept"
        assert read(receipt.line.text).kind == "unparsed"
    assert {head.ledger for head in store.ledgers()} == {"study:mini", ANNA, BERT, INBOX}
    assert store.verify().breaks == ()


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(name=st.text(max_size=120) | st.text(max_size=30).map("participant:{}".format))
def test_whatever_it_is_called_it_is_refused_in_words_or_kept(study: Study, name: str) -> None:
    entry = msgspec.structs.replace(fact(study, 3, "note", {}), ledger=name)
    if is_ledger_name(name) and name.startswith("participant:"):
        assert record_fact(entry, received_at=NOW).line.seq >= 1
    else:
        with pytest.raises(StoreError):
            record_fact(entry, received_at=NOW)


def nest(study: Study, count: int) -> None:
    """Corrections, each of the one before, straight into the record."""
    last = keep(study, fact(study, 10, "form", FORM, encounter="baseline#1", role="rater"))
    for number in range(count):
        one = fact(
            study, 11, "form", {"items": {"total": number % 80}}, replaces=last, reason="typing_error",
            role="rater",
        )  # fmt: skip
        one = msgspec.structs.replace(one, id=f"{one.id[:-8]}{number:08x}")
        record_fact(one, received_at=NOW)
        last = one.id


FORM = {"form": "symptoms", "items": {"total": 48, "diagnosis": True}}


def test_corrections_nested_a_thousand_deep_take_no_list_down(study: Study) -> None:
    nest(study, 60)  # each append looks at all before it; the fold of thousands is tested where it is made
    assert store.stale() == []
    assert lists.behind() == []
    assert len(lists.participants()) == 2


def spoil(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes one of two participants unreadable: by a hand upon the database, or by a defect of entact's."""
    number = "(SELECT id FROM store_ledger WHERE name = %s)"
    if how == "text":
        run_as_owner(
            f"UPDATE store_line SET text = 'not an entry' WHERE seq = 1 AND ledger_id = {number}", BERT
        )
    elif how == "name":
        run_as_owner("UPDATE store_ledger SET name = 'participant:a/b' WHERE name = %s", BERT)
    elif how == "gone":
        run_as_owner(f"DELETE FROM store_line WHERE ledger_id = {number}", BERT)
    else:
        add = Course.add

        def fail(course: Course, entry: Any) -> None:
            if entry.ledger == BERT:
                raise RecursionError("a defect of the fold")
            add(course, entry)

        monkeypatch.setattr(Course, "add", fail)


HOW = ["text", "name", "gone", "defect"]


@pytest.mark.parametrize("how", HOW)
def test_one_who_cannot_be_read_leaves_the_others(
    study: Study, how: str, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    spoil(how, monkeypatch)
    # lists: the row of the other is made anew, and that of the one is said to be behind or is as it was
    store.rebuild()
    assert ANNA in {one.ledger for one in lists.participants()}
    assert set(lists.behind()) <= {BERT, "participant:a/b"}
    assert (lists.behind() != []) is (how != "name")
    # entries about the other are kept and listed
    keep(study, fact(study, 20, "form", FORM, encounter="baseline#1", role="rater"))
    assert ANNA not in lists.behind()
    # verification names the one and reads the others to their ends
    found = store.verify()
    bad = {one.ledger for one in found.breaks}
    assert bad == {"text": {BERT}, "name": {"participant:a/b", BERT}, "gone": {BERT}, "defect": set()}[how]
    assert found.ledgers == 3


@pytest.mark.parametrize("how", HOW)
def test_the_pages_show_the_others(study: Study, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from entact.conduct.reader import forget

    forget()
    client = signed_in("investigator")
    spoil(how, monkeypatch)
    store.rebuild()
    listed = client.get("/participants/")
    assert listed.status_code == 200
    assert "S-0a" in listed.content.decode()
    assert ("cannot be shown" in listed.content.decode()) is (how != "name")
    assert client.get("/").status_code == 200
    assert client.get("/participants/S-0a/").status_code == 200
    own = client.get(f"/participants/{BERT.removeprefix('participant:')}/")
    assert own.status_code in (200, 404, 503)
    if how in ("text", "defect"):
        assert "entact verify" in client.get("/participants/S-0b/").content.decode()


def test_the_datasets_name_the_one_and_hold_the_others(
    study: Study, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signers = enter_persons("dana", "eli")
    make_cut("first", signers[0])
    spoil("defect", monkeypatch)
    index = write_datasets(database, "first", None, None, tmp_path / "out")
    assert list(index["broken"]) == [BERT]
    findings = pl.read_ndjson(tmp_path / "out" / "SIMULATED-findings.jsonl")
    said = findings.filter(pl.col("RULE") == "broken")
    assert said["USUBJID"].to_list() == [f"mini-{'0b' * 16}"]
    assert "a defect of the fold" in said["MESSAGE"][0]
    subjects = pl.read_ndjson(tmp_path / "out" / "SIMULATED-subjects.jsonl")
    assert subjects.height == 1


def test_a_text_that_is_none_is_broken_and_nothing_is_raised(study: Study) -> None:
    lines = list(store.lines(ANNA))
    accumulator = Accumulator(study)
    for text in ("", "{", "[]", "null", '{"seq":1e999}', "[" * 100_000, "\ud800"):
        spoilt = [lines[0], Line(2, "0" * 64, text)]
        found = fold_lines(study, ANNA, spoilt)
        assert isinstance(found, Broken)
        assert "entry 2" in found.problem
        assert accumulator.add_lines(study, ANNA, spoilt) == found
    assert accumulator.add_lines(study, ANNA, lines) is None
    assert accumulator.finish().subjects.height == 1
    connection.close()
