"""Standing by for emergencies: the one row that an emergency unblinding asks for is opened at any hour.

Whoever has to know makes a key in her own browser. The web asks with the public half; a process of the list's
holder, which alone can open rows, answers with what only that browser reads. The web passes it on, and
cannot. No row is opened that no entry asks for, and none twice for one entry.

Source: X25519 (RFC 7748), HKDF with SHA-256 (RFC 5869), AES-256-GCM (NIST SP 800-38D).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection

from entact.course import Kept, fold, fold_setting, read
from entact.course.allocation.allocation import ListRow
from entact.course.state.numbers import row_number, unit_of
from entact.course.state.sealed_list import CodeBreaks
from entact.protocol import Study
from entact.store import acts, models
from entact.store.error import StoreError
from entact.store.lists.unblindings import unblindings
from entact.store.reading import lines
from entact.store.studies import study_of_record

UNBLINDING: Final = "unblinding"  # the kind of entry that asks
FRESH: Final = timedelta(minutes=15)  # an entry of before then asks for nothing any more
A_DAY: Final = timedelta(days=1)
KEY_BYTES: Final = 32
_PLAIN_BYTES: Final = 256  # of every answer, so that its length tells nothing
_LOCK: Final = "entact stands by"


def ask(entry: str, ledger: str, key: bytes, at: datetime) -> None:
    """Asks for the row of a participant; an entry asks once.

    Args:
        entry: the emergency unblinding, kept in the same transaction. key: X25519 public key of a browser.
    Raises:
        ValueError: when the key is none.
    """
    if len(key) != KEY_BYTES or not any(key):
        raise ValueError("a public key has 32 bytes")
    models.AskedRow.objects.create(entry=entry, ledger=ledger, key=key, asked_at=at)


def answer_to(entry: str) -> models.AskedRow | None:
    """What was asked for by an entry, and what came of it; None where it asked for nothing."""
    return models.AskedRow.objects.filter(entry=entry).first()


def code_breaks() -> CodeBreaks | None:
    """The printed code-breaks of the list, where there are any: the last resort, when nobody stands by."""
    _, study = study_of_record()
    if study is None:
        return None
    return fold_setting(
        study, acts.entries(("commitment", "list_opened", "code_breaks_checked")), ()
    ).study.code_breaks


def is_anybody_there() -> bool:
    """Whether a process stands by now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND (classid::bigint << 32 | objid::bigint) = hashtextextended(%s, 0))",
            [_LOCK],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def stand_by() -> bool:
    """Says that this process answers from here on, as long as it lives; False where another does already."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [_LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])


def answer_waiting(
    study: Study, open_number: Callable[[str], ListRow], now: datetime, at_most: int
) -> list[models.AskedRow]:
    """Answers what waits, the oldest first: with the row, or with why it stays closed.

    Args:
        open_number: gives the row of a number of the list. at_most: participants whose rows are opened in a
            day, reckoned from entries, which the web cannot remove: whoever could press buttons for others
            would be slowed, and be seen.
    Returns:
        What was answered now.
    """
    done = []
    for asked in models.AskedRow.objects.filter(answered_at=None).order_by("asked_at", "entry"):
        try:  # what cannot be answered holds up nobody behind it
            number = _number_for(asked, study, now)
            if number is None:
                asked.refused = "No fresh entry in the record asks for this row: ask again."
            elif asked.ledger not in _first_of_the_day(now, at_most):
                asked.refused = f"Rows of {at_most} were opened within a day: a person has to open this one."
            else:
                row = open_number(number)
                told = json.dumps({"number": row.number, "arm": row.arm}).encode()
                asked.answer = seal_for(bytes(asked.key), asked.entry, told)
        except (StoreError, ValueError, msgspec.MsgspecError):
            asked.refused = (
                "This row cannot be opened by machine: open the code-break, or telephone its holder."
            )
        asked.answered_at = now
        asked.save(update_fields=["answer", "refused", "answered_at"])
        done.append(asked)
    return done


def _first_of_the_day(now: datetime, at_most: int) -> list[str]:
    """The participants of whom it was asked first within a day, at most so many."""
    asked = [one.ledger for one in reversed(unblindings(now - A_DAY))]
    return list(dict.fromkeys(asked))[:at_most]


def seal_for(key: bytes, entry: str, plain: bytes) -> bytes:
    """What only the holder of a key reads: a public key made for this, a nonce, and the ciphertext.

    Raises:
        ValueError: when the text is too long to be of one length with all others.
    """
    if len(plain) > _PLAIN_BYTES:
        raise ValueError(f"an answer has at most {_PLAIN_BYTES} bytes")
    own, nonce = X25519PrivateKey.generate(), os.urandom(12)
    shared = own.exchange(X25519PublicKey.from_public_bytes(key))
    secret = HKDF(SHA256(), 32, salt=None, info=f"entact unblinding {entry}".encode()).derive(shared)
    sealed = AESGCM(secret).encrypt(nonce, plain.ljust(_PLAIN_BYTES), entry.encode())
    return own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) + nonce + sealed


def _number_for(asked: models.AskedRow, study: Study, now: datetime) -> str | None:
    """The participant's number, where a fresh entry asks, of somebody who showed who they are."""
    kept = [read(line.text) for line in lines(asked.ledger)]
    entry = next((one for one in kept if one.id == asked.entry), None)
    if not isinstance(entry, Kept) or entry.kind != UNBLINDING or entry.replaces is not None:
        return None
    proved = entry.authenticated is not None and entry.authenticated.second is not None
    if not proved or abs(now - datetime.fromisoformat(entry.received_at).astimezone(UTC)) > FRESH:
        return None
    course = fold(study, kept)
    stands = any(one.entry == asked.entry for one in course.unblindings)
    own = course.randomisation
    if not stands or own is None:
        return None
    return own.number if unit_of(course) is None else row_number(own.number)
