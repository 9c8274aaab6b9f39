"""Entries as bytes: canonical text by another hand, times with an offset, identifiers in order of time."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import RFC_4122, UUID

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from entact.course.entry import (
    DEEPEST,
    GENESIS,
    Entry,
    as_sent,
    canonical,
    instant,
    keep,
    parse,
    read,
    same,
    text_of,
    uuid7,
)

ENTRY = Entry(
    id="0190b2f0-0000-7000-8000-000000000001",
    ledger="participant:" + "0" * 32,
    kind="vital_signs",
    release="mini@sha256:0",
    environment="rehearsal",
    occurred_at="2026-03-02T10:30:00-07:00",
    recorded_at="2026-03-02T10:30:41-07:00",
    by="therapist-1",
    role="therapist",
    data={"systolic": "148 mm[Hg]", "note": "µ 😀 \u2028 \u007f \t"},
)

keys = st.text(st.characters(max_codepoint=127))
whole = st.integers(-(2**53) + 1, 2**53 - 1)
plain = st.recursive(
    st.none() | st.booleans() | whole | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


OLDEST, NEWEST = datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2199-12-31")


@given(value=plain)
def test_canonical_text_is_that_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [1.0, {"a": [1, {"b": 0.1}]}, float("nan")])
def test_binary_numbers_have_no_canonical_text(value: Any) -> None:
    with pytest.raises(TypeError, match="decimal text with their unit"):
        canonical(value)


@pytest.mark.parametrize("value", [2**53, [-(2**53)], {"é": 1}, {"a": "\ud800"}])
def test_what_two_machines_might_write_differently_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words differ, the kind is what matters
        canonical(value)


@pytest.mark.parametrize("value", [{"a": 1, "é": 2}, [{"a": {"b": 1, "é": 2}}]])
def test_of_several_keys_the_one_that_cannot_be_written_is_named(value: Any) -> None:
    with pytest.raises(ValueError, match=r"the key '\\xe9' is not ASCII"):
        canonical(value)


@pytest.mark.parametrize("field", ["data", "basis"])
def test_no_line_is_made_of_what_has_no_canonical_text(field: str) -> None:
    told = {"received_at": "2026-03-02T17:31:00+00:00", "seq": 1, "previous": GENESIS}
    for value, error in ((1.5, TypeError), (2**53, ValueError), ("\ud800", ValueError)):
        with pytest.raises(error):
            keep(msgspec.structs.replace(ENTRY, **{field: {"x": value}}), **told)
        assert keep(msgspec.structs.replace(ENTRY, **{field: {"x": 2**53 - 1}}), **told).seq == 1


def test_a_line_is_the_entry_and_what_the_server_added() -> None:
    line = keep(ENTRY, received_at="2026-03-02T17:31:00+00:00", seq=1, previous=GENESIS)
    assert line.hash == hashlib.sha256(line.text.encode()).hexdigest()
    stored = json.loads(line.text)
    assert rfc8785.dumps(stored) == line.text.encode()
    assert {
        "seq": 1,
        "previous": GENESIS,
        "received_at": "2026-03-02T17:31:00+00:00",
    }.items() <= stored.items()
    kept = read(line.text)
    assert as_sent(kept) == ENTRY
    assert same(kept, ENTRY)
    assert not same(kept, msgspec.structs.replace(ENTRY, data={**ENTRY.data, "note": "1"}))


def test_an_entry_as_sent_is_read_strictly() -> None:
    assert parse(msgspec.json.encode(ENTRY)) == ENTRY
    with pytest.raises(msgspec.ValidationError, match="environment"):
        parse(msgspec.json.encode(msgspec.structs.replace(ENTRY, environment="party")))
    with pytest.raises(msgspec.ValidationError, match="`seq`"):
        parse(b'{"seq": 7}')


def test_a_time_has_an_offset() -> None:
    assert instant("2026-03-02T10:30:00-07:00") == datetime(2026, 3, 2, 17, 30, tzinfo=UTC)
    assert instant("2026-03-02T10:30:00-07:00").utcoffset() == timedelta(hours=-7)
    with pytest.raises(ValueError, match="has no offset"):
        instant("2026-03-02T10:30:00")


@given(
    first=st.datetimes(timezones=st.just(UTC)).filter(lambda at: 1970 < at.year < 9000),
    later=st.integers(1, 10**9),
    bits=st.tuples(st.integers(0, 2**74 - 1), st.integers(0, 2**74 - 1)),
)
def test_identifiers_are_in_order_of_time(first: datetime, later: int, bits: tuple[int, int]) -> None:
    at = first.replace(microsecond=0)
    one, other = uuid7(at, bits[0]), uuid7(at + timedelta(milliseconds=later), bits[1])
    assert one < other
    known = uuid.UUID(one)
    assert (known.version, known.variant, str(known)) == (7, uuid.RFC_4122, one)
    assert known.int >> 80 == int(at.timestamp()) * 1000


@pytest.mark.parametrize("depth", [DEEPEST + 1, 900, 10_000])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_too_deeply_is_no_entry_and_says_so(depth: int, brackets: tuple[str, str]) -> None:
    opening, closing = brackets
    deep = f"{opening * (depth - 1)}[]{closing * (depth - 1)}"
    sent = canonical(ENTRY).decode().replace('"148 mm[Hg]"', deep)
    with pytest.raises(msgspec.DecodeError, match=f"nested deeper than {DEEPEST} levels"):
        parse(sent)
    line = keep(ENTRY, received_at="2026-03-02T17:31:00+00:00", seq=1, previous=GENESIS)
    with pytest.raises(msgspec.DecodeError):
        read(line.text.replace('"repeat":1', f'"repeat":1,"zzz":{deep}'))


def test_whatever_parses_is_not_too_deep_to_be_kept() -> None:
    deep: Any = "x"
    for _ in range(DEEPEST - 1):
        deep = [deep]
    entry = parse(canonical(msgspec.structs.replace(ENTRY, data={"systolic": deep})))
    line = keep(entry, received_at="2026-03-02T17:31:00+00:00", seq=1, previous=GENESIS)
    assert same(read(line.text), entry)
    with pytest.raises(ValueError, match="nested deeper"):
        canonical([deep, [[deep]]])


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+14:00", "1899-12-31T23:59:59Z", "9999-12-31T23:59:59Z"]
)
def test_a_year_that_cannot_be_meant_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="between the years 1900 and 2199"):
        instant(text)


@given(
    at=st.datetimes(min_value=OLDEST, max_value=NEWEST),
    minutes=st.integers(-14 * 60, 14 * 60),
)
def test_the_text_of_a_time_is_that_of_isoformat_and_is_read_as_the_same(at: datetime, minutes: int) -> None:
    aware = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert text_of(aware) == aware.isoformat()
    assert instant(text_of(aware)) == aware
    with pytest.raises(ValueError, match="has no offset"):
        text_of(at)


@given(at=st.datetimes(min_value=OLDEST.replace(year=1990)), bits=st.integers(0, (1 << 74) - 1))
def test_an_identifier_is_a_uuid_of_version_7_and_holds_time_and_bits(at: datetime, bits: int) -> None:
    made = UUID(uuid7(at.replace(tzinfo=UTC), bits))
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == (at - datetime(1970, 1, 1)) // timedelta(milliseconds=1)  # noqa: DTZ001
    assert (made.int >> 64 & 0xFFF) << 62 | made.int & (1 << 62) - 1 == bits
