"""R03: whatever is done behind the application's back, verification names the first bad entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from msgspec.structs import replace
from psycopg import errors

from entact import store
from entact.course.entry import GENESIS, Line, line_of, read
from entact.course.entry.ledger import Break, Ledger
from entact.store import verification

NAMES = ["site:01", "participant:a", "participant:b"]

Owner = Callable[..., None]

pytestmark = [pytest.mark.usefixtures("chains"), pytest.mark.requirement("R03")]


@pytest.fixture
def chains(database: str, make_chain: Any, study: Any, stream: Any) -> dict[str, Ledger]:
    """A study with a site and two participants of six entries each, stored."""
    others = [make_chain(name, 6) for name in NAMES]
    ledgers = [study(others), *others]
    store.append_many(stream(*ledgers))
    return {ledger.name: ledger for ledger in ledgers}


def of(ledger: str) -> str:
    return f"ledger_id = (SELECT id FROM store_ledger WHERE name = '{ledger}')"


def rewritten(chain: Ledger, number: int, **fields: Any) -> list[Line]:
    """The chain as a forger would leave it who changes one entry and chains the rest anew, hashes and all."""
    lines: list[Line] = []
    for line in chain.lines:
        changed = fields if line.seq == number else {}
        previous = lines[-1].hash if lines else GENESIS
        lines.append(line_of(replace(read(line.text), **changed, previous=previous)))
    return lines


def test_r03_an_untouched_record_verifies(chains: dict[str, Ledger]) -> None:
    told: list[int] = []
    found = store.verify(known=store.ledgers(), progress=told.append)
    assert found == store.Verification(ledgers=4, entries=22, breaks=())
    assert found.broken is None
    assert sum(told) == 22


# What was done to the six entries of participant:b, the first bad entry, and a part of what is said of it.
TAMPERINGS = {
    "text edited": ("{set} text = replace(text, '148', '128') {b} AND seq = 3", 3, "does not match its hash"),
    "text and hash edited": (
        "{set} text = replace(text, '148', '128') {b} AND seq = 3; {rehash} {b} AND seq = 3",
        4,
        "does not follow",
    ),
    "hash edited": ("{set} hash = repeat('0', 64) {b} AND seq = 2", 2, "does not match its hash"),
    "first deleted": ("{delete} {b} AND seq = 1", 1, "is missing"),
    "one in the middle deleted": ("{delete} {b} AND seq = 4", 4, "is missing"),
    "last deleted": ("{delete} {b} AND seq = 6", 6, "is missing: 6 entries were recorded, 5 are left"),
    "all deleted": ("{delete} {b}", 1, "is missing: 6 entries were recorded, 0 are left"),
    "one deleted, the next renumbered": (
        "{delete} {b} AND seq = 2; {set} seq = 2 {b} AND seq = 3",
        2,
        "says it is number 3",
    ),
    "two swapped": (
        "{set} seq = -2 {b} AND seq = 2; {set} seq = 2 {b} AND seq = 5; {set} seq = 5 {b} AND seq = -2",
        2,
        "says it is number 5",
    ),
    "one brought from another ledger": (
        "{delete} {b} AND seq = 6;"
        "{set} ledger_id = (SELECT id FROM store_ledger WHERE name = 'participant:b') {a} AND seq = 6",
        6,
        "is about participant:a, not about participant:b",
    ),
    "one no entry": ("{set} text = '[]' {b} AND seq = 5; {rehash} {b} AND seq = 5", 5, "is not an entry"),
    "one with a space in it": (
        "{set} text = replace(text, '\"kind\":', '\"kind\": ') {b} AND seq = 5; {rehash} {b} AND seq = 5",
        5,
        "is not the one text",
    ),
    "one of which two readers see different authors": (
        '{set} text = replace(text, \'"by":\', \'"by":"eve","by":\') {b} AND seq = 5;'
        " {rehash} {b} AND seq = 5",
        5,
        "is not the one text",
    ),
    "tail deleted and head set back": (
        "{delete} {b} AND seq > 4; {head_back} 4",
        5,
        "is missing: 6 entries were recorded, 4 are left",
    ),
    "head set back": ("{head_back} 5", 6, "without the head"),
    "head's hash edited": ("UPDATE store_ledger SET hash = repeat('0', 64)", 6, "rewritten"),
    "kind beside the text edited": ("{set} kind = 'note' {b} AND seq = 2", 2, "kind was changed"),
    "id beside the text edited": ("{set} entry_id = 'x' {b} AND seq = 2", 2, "entry_id was changed"),
    "time beside the text edited": (
        "{set} occurred_at = occurred_at + interval '1 microsecond' {b} AND seq = 2",
        2,
        "occurred_at was changed",
    ),
    "arrival beside the text edited": (
        "{set} received_at = 'infinity' {b} AND seq = 2",
        2,
        "received_at was changed",
    ),
}
SQL = {
    "a": f"WHERE {of('participant:a')}",
    "b": f"WHERE {of('participant:b')}",
    "set": "UPDATE store_line SET",
    "delete": "DELETE FROM store_line",
    "rehash": "UPDATE store_line SET hash = encode(sha256(text::bytea), 'hex')",
    "head_back": (
        "UPDATE store_ledger SET seq = line.seq, hash = line.hash FROM store_line AS line"
        " WHERE line.ledger_id = id AND name = 'participant:b' AND line.seq ="
    ),
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_r03_tampering_is_named_at_the_first_bad_entry(owner: Owner, how: str) -> None:
    statement, seq, problem = TAMPERINGS[how]
    owner(statement.format(**SQL))
    found = [broken for broken in store.verify().breaks if broken.ledger == "participant:b"]
    assert [broken.seq for broken in found] == [seq]
    assert problem in found[0].problem


def test_r03_the_first_of_several_is_named_in_the_order_of_opening(owner: Owner) -> None:
    for name, seq in (("participant:b", 1), ("participant:a", 6), ("site:01", 2)):
        owner(f"UPDATE store_line SET text = text || ' ' WHERE {of(name)} AND seq = {seq}")
    found = store.verify()
    # Ledgers that arrive together are opened in the order of their names.
    assert [(broken.ledger, broken.seq) for broken in found.breaks] == [
        ("participant:a", 6),
        ("participant:b", 1),
        ("site:01", 2),
    ]
    assert found.broken == found.breaks[0]


def test_r03_a_tail_rewritten_with_all_its_hashes_is_found_by_the_digest(
    chains: dict[str, Ledger], owner: Owner
) -> None:
    forged = rewritten(chains["participant:a"], 3, data={"systolic": "120 mm[Hg]"})
    for line in forged[2:]:
        statement = f"UPDATE store_line SET text = %s, hash = %s WHERE {of('participant:a')} AND seq = %s"
        owner(statement, line.text, line.hash, line.seq)
    owner("UPDATE store_ledger SET hash = %s WHERE name = 'participant:a'", forged[-1].hash)
    assert store.verify().breaks == (
        Break(
            "participant:a", 6, "is not the entry that the digest of heads recorded: the tail was rewritten"
        ),
    )


def test_r03_a_later_digest_does_not_take_back_an_earlier_one(
    chains: dict[str, Ledger], owner: Owner, make_entry: Any
) -> None:
    left = chains["participant:a"].lines[3]
    owner(f"DELETE FROM store_line WHERE {of('participant:a')} AND seq > 4")
    owner("UPDATE store_ledger SET seq = 4, hash = %s WHERE name = 'participant:a'", left.hash)
    heads = {"heads": {"participant:a": {"seq": 4, "hash": left.hash}}}
    store.append(
        make_entry("study:mini", 9, kind="heads", data=heads), received_at="2026-03-02T18:00:00+00:00"
    )
    assert store.verify().breaks == (
        Break("participant:a", 5, "is missing: 6 entries were recorded, 4 are left"),
    )


def test_r03_the_study_s_own_ledger_rewritten_is_found_by_a_head_kept_elsewhere(
    chains: dict[str, Ledger], owner: Owner
) -> None:
    known = store.ledgers("study:")
    forged = rewritten(chains["study:mini"], 4, data={"heads": {}})
    owner(
        f"UPDATE store_line SET text = %s, hash = %s WHERE {of('study:mini')} AND seq = 4",
        forged[3].text,
        forged[3].hash,
    )
    owner("UPDATE store_ledger SET hash = %s WHERE name = 'study:mini'", forged[3].hash)
    assert store.verify().broken is None
    found = store.verify(known=known).broken
    assert found is not None
    assert (found.ledger, found.seq) == ("study:mini", 4)


def test_r03_a_ledger_that_vanished_is_missed(owner: Owner) -> None:
    owner(f"DELETE FROM store_line WHERE {of('participant:a')}")
    owner("DELETE FROM store_ledger WHERE name = 'participant:a'")
    assert store.verify().breaks == (
        Break("participant:a", 1, "is missing: the ledger was opened and is gone"),
    )


def test_r03_the_study_s_own_ledger_is_missed(owner: Owner) -> None:
    owner(f"DELETE FROM store_line WHERE {of('study:mini')}")
    owner("DELETE FROM store_ledger WHERE name = 'study:mini'")
    assert store.verify().breaks == (Break("study:mini", 1, "is missing: the study's own ledger is gone"),)


def test_r03_lines_without_a_ledger_are_found(owner: Owner) -> None:
    owner("DELETE FROM store_ledger WHERE name = 'participant:a'")
    problems = [broken.problem for broken in store.verify().breaks]
    assert problems == [
        "stands in no ledger: the head was removed",
        "is missing: the ledger was opened and is gone",
    ]


def test_r03_a_ledger_without_a_birth_is_found(make_chain: Any, stream: Any) -> None:
    store.append_many(stream(make_chain("participant:c", 2)))
    found = store.verify().broken
    assert found == Break(
        "participant:c", 1, "appeared from nowhere: study:mini records no birth of this ledger"
    )


def test_r03_an_entry_of_another_environment_is_found(chains: dict[str, Ledger], owner: Owner) -> None:
    forged = rewritten(chains["participant:b"], 6, environment="training")[5]
    owner(
        f"UPDATE store_line SET text = %s, hash = %s WHERE {of('participant:b')} AND seq = 6",
        forged.text,
        forged.hash,
    )
    found = store.verify().broken
    assert found == Break("participant:b", 6, "is of environment training, this database is rehearsal")


@given(
    place=st.integers(0, 10**9),
    bit=st.integers(0, 6),
    seq=st.integers(1, 6),
    column=st.sampled_from(["text", "hash"]),
)
@profile(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_r03_any_flipped_bit_is_named(
    chains: dict[str, Ledger], owner: Owner, place: int, bit: int, seq: int, column: str
) -> None:
    line = chains["participant:b"].lines[seq - 1]
    before = getattr(line, column)
    raw = bytearray(before.encode())
    raw[place % len(raw)] ^= 1 << bit
    after = raw.decode().replace("\0", "\x01")  # the one character that PostgreSQL cannot hold
    statement = f"UPDATE store_line SET {column} = %s WHERE {of('participant:b')} AND seq = %s"
    owner(statement, after, seq)
    found = store.verify().breaks
    owner(statement, before, seq)
    assert [(broken.ledger, broken.seq) for broken in found] == [("participant:b", seq)]


def test_verification_looks_at_one_moment_while_others_write(make_entry: Any) -> None:
    store.append(make_entry("participant:a", 7), received_at="2026-03-02T10:31:00-07:00")
    assert store.verify() == store.Verification(ledgers=4, entries=23, breaks=())


def test_a_database_that_was_never_set_up_is_not_called_intact(owner: Owner) -> None:
    owner("DELETE FROM store_installation")
    with pytest.raises(store.StoreError, match="holds no study yet"):
        store.verify()


def test_what_is_no_damage_is_not_called_one(monkeypatch: pytest.MonkeyPatch) -> None:
    damaged, lost = OperationalError("a page"), OperationalError("the server went away")
    damaged.__cause__ = errors.DataCorrupted("a page")
    raised = [damaged, lost]

    def look(*args: object) -> object:
        raise raised.pop(0)

    monkeypatch.setattr(verification, "_look", look)
    with pytest.raises(OperationalError, match="the server went away"):
        verification.verify()
    raised[:] = [damaged, damaged]
    with pytest.raises(store.StoreError, match="a file of the database is damaged"):
        verification.verify()
