"""One entry of a ledger: who, in which role, when, what and why, as canonical bytes.

The bytes are RFC 8785 (JSON Canonicalization Scheme). Entries hold no binary floating-point number:
quantities are decimal strings with their unit, as entered, so that nothing is lost between screen and hash.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, Literal, cast

import msgspec

from entact.protocol.quantity import YEARS

Environment = Literal["production", "training", "rehearsal"]
Source = Literal["typed", "device", "imported", "transcribed"]
Way = Literal["session", "person_key", "device", "token", "system", "simulated", "claimed"]
Again = Literal["password", "one_time_code", "password_and_code", "passkey", "person_key", "simulated"]

GENESIS = "0" * 64  # `previous` of the first entry of every ledger

CORRECTED_TIME = "occurred_at"  # in the data of a correction: moves the time of the corrected entry


class SecondProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person showed once more to sign: how, and when by the server's clock. Source: 21 CFR 11.200."""

    how: Again
    at: str


class Authenticated(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Who was authenticated when an entry arrived, and how; added by the server, no claim of the sender.

    Attributes:
        how: a signed-in session; a person's key; an enrolled device's key; a measuring device's token; the
            server itself; the virtual staff of a rehearsal; or nothing but what the entry says of itself
            (`claimed`).
        who: the person, or the device. session: opaque name of the session, never what opens it.
        key, proof, salt: public key, its signature and what was hashed with the entry, in hexadecimal; the
            salt as ciphertext where the entry is about a participant. digest: what a device signed.
        second: what was shown once more, for a signature. problem: a code for what was wrong on arrival.

    Source: 21 CFR 11.10(d), (g); ICH E6(R3) 4.2.2.
    """

    how: Way
    who: str = ""
    session: str | None = None
    key: str | None = None
    proof: str | None = None
    salt: str | None = None
    digest: str | None = None
    second: SecondProof | None = None
    problem: str | None = None


CLAIMED = Authenticated(how="claimed")
SYSTEM = Authenticated(how="system", who="entact")
BY_PERSON = frozenset({"session", "person_key", "simulated"})  # ways in which a person is known
AFTER_ACCESS = "after_access"  # a problem: it was recorded after its author's access had ended
SENT_AFTER_ACCESS = "sent_after_access"  # one that leaves the author known: only its arrival came after
AFTER_GRANT = "after_grant"  # another: the console had not reached the server for longer than it may
LATE = frozenset({AFTER_ACCESS, SENT_AFTER_ACCESS, AFTER_GRANT})
_LEAVES_KNOWN = (None, SENT_AFTER_ACCESS, AFTER_GRANT)


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What one person or device says about one subject, as it was sent.

    Attributes:
        id: UUIDv7, made where the entry is made.
        ledger: subject of the ledger, `participant:<opaque>`, `site:<id>`, `study:<id>` or `system`.
        kind, format: kind of entry and its version: from 2 on, who was authenticated is kept beside it.
        release: study release that it was written under, `<study>@sha256:<digest>`.
        encounter, timepoint, repeat: visit (`session_1#1`), time within it (`initial + 60 min`), repetition.
        about: id of the entry that began the thing this one continues (an adverse event, a medication).
        replaces: id of the entry that this one corrects; `data` then holds only the changed items.
        occurred_at: when it happened, as claimed; RFC 3339 with the site's offset.
        recorded_at: the device's clock when it was written down; `clock_offset_ms` is its measured lead.
        by, role, device, source: who, as what, on which device, and how the value came in.
        basis: for an act, the gate's decision (see `course.gates`).
        data: the payload; personal items are sealed (see `course.entry.sealing`).
        reason: why; a code of the study or sealed text.

    Source: ICH E6(R3) 4.2.2; 21 CFR 11.10(e).
    """

    id: str
    ledger: str
    kind: str
    release: str
    environment: Environment
    occurred_at: str
    recorded_at: str
    by: str
    role: str
    format: int = 2
    encounter: str | None = None
    timepoint: str | None = None
    repeat: int = 1
    about: str | None = None
    replaces: str | None = None
    clock_offset_ms: int | None = None
    device: str | None = None
    source: Source = "typed"
    basis: dict[str, Any] | None = None
    data: dict[str, Any] = {}
    reason: str | None = None


class Kept(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """An entry as the server keeps it: with its time of arrival, its place in the chain, and whose it is.

    `authenticated` is None in lines of format 1 alone, which were written before it was kept.
    """

    received_at: str
    seq: int
    previous: str
    authenticated: Authenticated | None = None


class Line(msgspec.Struct, frozen=True, gc=False):
    """One stored line of a ledger: the canonical text, which alone is the record, and the SHA-256 of it."""

    seq: int
    hash: str
    text: str


DEEPEST = 64  # levels of lists and objects: no payload needs so many, and no reader may run out of stack

_LARGEST = 2**53 - 1
_TOO_DEEP = f"the text is nested deeper than {DEEPEST} levels, as no entry is"

_encoder = msgspec.json.Encoder(order="sorted")
_entry_decoder = msgspec.json.Decoder(Entry)
_kept_decoder = msgspec.json.Decoder(Kept)


def canonical(value: Any) -> bytes:
    """Canonical JSON (RFC 8785) of a value without floating-point numbers.

    Raises:
        TypeError, ValueError: for what has no canonical text (see `refuse_uncanonical`).
    """
    refuse_uncanonical(value)
    return _encoder.encode(value)


def digest(text: bytes) -> str:
    """SHA-256 of stored bytes, in hexadecimal."""
    return hashlib.sha256(text).hexdigest()


def keep(
    entry: Entry, *, received_at: str, seq: int, previous: str, authenticated: Authenticated = CLAIMED
) -> Line:
    """The line that the server stores for an entry that arrived as number `seq` after the line `previous`.

    Raises:
        TypeError, ValueError: for what has no canonical text (see `refuse_uncanonical`).
    """
    refuse_uncanonical(entry.data)
    refuse_uncanonical(entry.basis)
    return line_of(arrived(entry, received_at, seq, previous, authenticated))


def arrived(entry: Entry, received_at: str, seq: int, previous: str, authenticated: Authenticated) -> Kept:
    """An entry with what the server adds to it: `authenticated` is who sent it, as the server knows."""
    fields = msgspec.structs.asdict(entry)
    fields["received_at"] = received_at
    fields["seq"] = seq
    fields["previous"] = previous
    fields["authenticated"] = authenticated
    return Kept(**fields)


def line_of(kept: Kept) -> Line:
    """The line of an entry, whose data and basis were looked through (`refuse_uncanonical`) already."""
    text = _encoder.encode(kept)
    return Line(kept.seq, hashlib.sha256(text).hexdigest(), text.decode())


def read(text: str | bytes) -> Kept:
    """The entry in a stored text.

    Raises:
        msgspec.DecodeError: when the text is not an entry, with the field that is wrong.
    """
    try:
        return _kept_decoder.decode(text)
    except RecursionError as error:
        raise msgspec.DecodeError(_TOO_DEEP) from error
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error


def is_its_text(stored: bytes, kept: Kept) -> bool:
    """Whether stored bytes are the one text of the entry in them: no reader can see another one there."""
    if _encoder.encode(kept) == stored:
        return True
    return _encoder.encode(msgspec.json.decode(stored)) == stored  # an earlier format has fewer fields


def parse(text: str | bytes) -> Entry:
    """The entry in a text that a device or another system sent.

    Raises:
        msgspec.ValidationError, msgspec.DecodeError: when the text is not an entry, with the field.
    """
    try:
        entry = _entry_decoder.decode(text)
    except RecursionError as error:
        raise msgspec.DecodeError(_TOO_DEEP) from error
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error
    if _is_deeper((entry.data, entry.basis), DEEPEST + 1):
        raise msgspec.DecodeError(_TOO_DEEP)
    return entry


def as_sent(kept: Kept) -> Entry:
    """The part of a stored entry that its author sent, to tell the same entry sent again from a conflict."""
    return Entry(**{name: getattr(kept, name) for name in Entry.__struct_fields__})


def proved_by_person(entry: Entry) -> bool:
    """Whether the person whom an entry names was authenticated; what no server has kept yet is believed."""
    if not isinstance(entry, Kept):
        return True
    by = entry.authenticated
    return by is not None and by.how in BY_PERSON and by.who == entry.by and by.problem in _LEAVES_KNOWN


def is_after_access(entry: Entry) -> bool:
    """Whether an entry was recorded after its author's access had ended, as the server found on arrival."""
    by = entry.authenticated if isinstance(entry, Kept) else None
    return by is not None and by.problem == AFTER_ACCESS


def same(kept: Kept, entry: Entry) -> bool:
    """Whether a stored entry is, byte for byte, the one that was sent."""
    return canonical(as_sent(kept)) == canonical(entry)


def instant(text: str) -> datetime:
    """The aware time in an RFC 3339 text.

    Raises:
        ValueError: when it is no time, says no offset, or is of a year that cannot be meant: windows are
            reckoned from it, and the calendar ends.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(
            f"the time {text!r} has no offset; write it with one, as in 2026-03-02T10:30:00-07:00"
        )
    if at.year not in YEARS:
        raise ValueError(f"the time {text!r} is not between the years {YEARS[0]} and {YEARS[-1]}")
    return at


def text_of(at: datetime) -> str:
    """The RFC 3339 text of an aware time: that of `isoformat`, in a tenth of the time.

    Raises:
        ValueError: for a time without a zone.
    """
    text: str = msgspec.to_builtins(at)
    if text[-1] == "Z":
        return f"{text[:-1]}+00:00"
    if text[-6] not in "+-":
        raise ValueError(f"the time {text} has no offset")
    return text


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(at: datetime, random_bits: int) -> str:
    """A UUID version 7 for an instant; the caller supplies at least 74 random bits.

    Source: RFC 9562, section 5.7.
    """
    since = at - _EPOCH  # not by way of a float, which loses milliseconds
    seconds = since.days * 86_400 + since.seconds
    milliseconds = seconds * 1000 + since.microseconds // 1000 & 0xFFFF_FFFF_FFFF
    variant = 0x8000 | random_bits >> 48 & 0x3FFF
    return (
        f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}-7{random_bits >> 62 & 0xFFF:03x}"
        f"-{variant:04x}-{random_bits & 0xFFFF_FFFF_FFFF:012x}"
    )


def refuse_uncanonical(value: Any, depth: int = DEEPEST) -> None:
    """Refuses what has no single canonical text: binary floats, integers beyond 2^53, broken text, odd keys;
    and what is nested deeper than `depth` levels.

    Raises:
        TypeError: for a binary float. ValueError: for the others.
    """
    if depth == 0:
        raise ValueError(_TOO_DEEP)
    if value is None:
        return
    if isinstance(value, dict):
        # RFC 8785 orders keys by UTF-16, which differs from the order of their bytes.
        if not "".join(value).isascii():
            key = next(key for key in cast(dict[str, Any], value) if not key.isascii())
            raise ValueError(f"the key {key!a} is not ASCII")
        value = value.values()
    elif not isinstance(value, list | tuple):
        value = (value,)
    for inner in value:
        kind = inner.__class__  # almost every value is one of these three; a call for each would cost more
        if kind is str:
            if not inner.isascii():
                inner.encode()  # a lone surrogate is no text, and UnicodeEncodeError says so
        elif kind is int:
            if not -_LARGEST <= inner <= _LARGEST:
                raise ValueError(f"{inner} is beyond 2^53; write it as decimal text")
        elif isinstance(inner, float):
            raise TypeError(f"{inner!r} is a binary number; write quantities as decimal text with their unit")
        elif isinstance(inner, dict | list | tuple):
            refuse_uncanonical(inner, depth - 1)


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether lists and objects lie deeper within each other than so many levels."""
    if isinstance(value, dict):
        value = cast(dict[str, Any], value).values()
    elif not isinstance(value, list | tuple):
        return False
    return depth == 0 or any(_is_deeper(inner, depth - 1) for inner in value)


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a ledger goes: number and hash of its last line."""

    seq: int
    hash: str
