"""An entry is appended to its ledger, in one transaction with its head and what lists show of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

import psycopg
from django.db import (
    DEFAULT_DB_ALIAS,
    IntegrityError,
    InternalError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from psycopg import errors

from entact.course.entry import (
    CLAIMED,
    GENESIS,
    SYSTEM,
    Authenticated,
    Entry,
    Kept,
    Line,
    arrived,
    instant,
    line_of,
    read,
    refuse_uncanonical,
    same,
)
from entact.course.entry.ledger import Receipt
from entact.course.entry.name import LONGEST, is_ledger_name
from entact.course.notices import TELLING, notices_owed
from entact.store.derived import PARTICIPANT, Rows
from entact.store.error import StoreError
from entact.store.index import index, storable
from entact.store.known import Known, raw_cursor, remembered
from entact.store.notice import notice_of
from entact.store.reading import lines_with
from entact.store.renewal import refresh
from entact.store.setting import study_as_of_now
from entact.store.site_rows import SITE, write_site_rows
from entact.store.studies import changes_study, note_releases, require_enterable, study_of_record
from entact.store.tables import CHANGING, CODE
from entact.store.together import write_together
from entact.store.writing import Listed, Write, write_held

REHEARSAL = "rehearsal"
_log = logging.getLogger(__name__)


def append(entry: Entry, *, received_at: str, authenticated: Authenticated = CLAIMED) -> Receipt:
    """Keeps an entry, in one transaction with the head of its ledger and what lists show of it.

    Returns when it is on the disk. Sent again, it is kept once; the same id with other content is kept as a
    conflict. Writers to one ledger wait for each other on its head: there is neither a gap nor a retry.

    Args:
        entry: as it was sent. received_at: the server's clock, RFC 3339 with offset; where it was set back
            since the last entry of the ledger arrived, the entry arrives at that one's time.
        authenticated: who sent it, as the server knows; the same entry sent by another is the same again.
    Raises:
        ValueError: when `received_at` is no time.
        StoreError: when the entry is of another environment than the database, or the disk is full.
    """
    require_name(entry.ledger)
    instant(received_at)
    here = connections[DEFAULT_DB_ALIAS]
    with refusals():
        # The caller may roll back, and holds locks: nothing is remembered.
        if here.in_atomic_block or not here.get_autocommit():
            return _append_next(Known(entry.ledger), entry, received_at, authenticated)
        known = remembered(entry.ledger)
        with known.lock:
            try:
                receipt = _append_at_once(known, entry, received_at, authenticated)
                return receipt or _append_next(known, entry, received_at, authenticated)
            except BaseException:
                known.forget()
                leave_broken_connection()
                raise


@contextmanager
def refusals() -> Iterator[None]:
    """What the database's own rules refuse, and what a full disk does, in words."""
    try:
        with connection.wrap_database_errors:
            yield
    except IntegrityError as error:
        if isinstance(error.__cause__, errors.IntegrityConstraintViolation):
            raise StoreError(error.__cause__.diag.message_primary) from error
        raise
    except (OperationalError, InternalError) as error:
        cause = error.__cause__
        # A file that may not grow, by a quota or a limit, is told from a full disk by the hint alone.
        if isinstance(cause, errors.DiskFull) or "disk space" in str(cause):
            said = str(cause).partition("\n")[0]
            raise StoreError(f"the disk of the database is full: {said}; nothing of this was kept") from error
        raise


def require_name(ledger: str) -> None:
    """Refuses what cannot be the name of a ledger."""
    if not is_ledger_name(ledger):
        shown = ledger if len(ledger) <= LONGEST else f"{ledger[:40]}…"
        raise StoreError(
            f"{shown!a} cannot be the name of a ledger: participant, site or study, a colon, and at most "
            f"{LONGEST} letters, digits, _, - and . in all"
        )


def _append_at_once(
    known: Known, entry: Entry, received_at: str, authenticated: Authenticated
) -> Receipt | None:
    """With what others write now, where nobody else wrote here since; None where that has to be looked at."""
    if not known.seq or known.contended or storable(entry.id) in known.ids:
        return None
    follows = changes_study(entry) or entry.ledger.startswith(SITE) or entry.kind in TELLING
    if follows:  # in other ledgers and tables, which are written with the line
        return None
    before = known.rows
    if known.derives and before is None and known.course is not None:
        return None
    kept = _arrived(entry, received_at, known, authenticated)
    line = line_of(kept)
    if write_together(_next(known, kept, line, before)):
        return Receipt("kept", line, kept)
    known.forget()
    known.contended = True
    return None


def _append_next(known: Known, entry: Entry, received_at: str, authenticated: Authenticated) -> Receipt:
    """In a transaction that holds the head."""
    with transaction.atomic():
        hold_ledger(known)
        return append_held(known, entry, received_at, authenticated)


def hold_ledger(known: Known) -> None:
    """Holds a ledger as it is until the transaction ends, and makes known what was appended to it."""
    cursor = raw_cursor()
    number, seq, last, listed = _lock_one(cursor, known.ledger)
    stamp, study = study_of_record()
    known.contended = known.contended and (known.seq, known.hash) != (seq, last)
    known.catch_up(cursor, number, seq, last, stamp, study)
    known.listed = listed == (seq, CODE, stamp)


def append_held(
    known: Known, entry: Entry, received_at: str, authenticated: Authenticated = CLAIMED
) -> Receipt:
    """Appends to a ledger that the transaction holds."""
    cursor = raw_cursor()
    stored = lines_with(entry) if known.may_hold(entry.id) else []
    for line in stored:
        if same(read(line.text), entry):
            return Receipt("again", line)
    require_enterable(entry)
    kept = _arrived(entry, received_at, known, authenticated)
    line = line_of(kept)
    before = known.rows if known.listed else None
    if known.rows is not None and before is None:
        for table in CHANGING:
            cursor.execute(f"DELETE FROM {table} WHERE ledger_id = %s", [known.number])
    write_held(cursor, _next(known, kept, line, before))
    known.listed = known.rows is not None
    if changes_study(entry):
        note_releases()
        transaction.on_commit(refresh)
    if entry.ledger.startswith(SITE):
        write_site_rows(cursor, [entry.ledger], study_of_record()[1])
    if entry.kind in TELLING and known.course is not None:
        _tell_study(known, entry, received_at)
    return Receipt("conflict" if stored else "kept", line, kept)


def _tell_study(known: Known, entry: Entry, received_at: str) -> None:
    """Notes in the study's ledger what an entry changed of serious events, so that what stops is counted.

    In the same transaction: there is no moment at which an event is in the record and stops nobody. Where the
    study's ledger cannot be read it is kept all the same, and no gate says yes.
    """
    assert known.course is not None
    assert known.study is not None
    try:
        said = study_as_of_now(raw_cursor(), known.releases, known.study)
    except StoreError as error:
        _log.error("%s: what %s tells the study waits until it can be read", error, entry.id)
        return
    owed = list(notices_owed(known.ledger, known.course, said))
    if not owed:
        return
    study = Known(
        f"study:{known.study.name}", whole=False
    )  # after the participant's, as everybody takes them
    hold_ledger(study)
    for kind, payload in owed:
        notice = notice_of(entry, study, kind, payload, learned=received_at)
        append_held(study, notice, received_at, SYSTEM)


def _arrived(entry: Entry, received_at: str, known: Known, authenticated: Authenticated) -> Kept:
    """An entry that follows what is known; where the server's clock was set back, not before the last one.

    The clock of a rehearsal is simulated, and runs ahead of persons who look at it afterwards.
    """
    last = None if entry.environment == REHEARSAL else known.received
    if last is not None and instant(received_at) < last:
        received_at = last.isoformat()
    refuse_uncanonical(entry.data)
    refuse_uncanonical(entry.basis)
    return arrived(entry, received_at, known.seq + 1, known.hash, authenticated)


def _next(known: Known, kept: Kept, line: Line, before: Rows | None) -> Write:
    """What a line writes; the ledger is known up to it from here on."""
    assert known.number is not None  # it was looked at, or there would be no line to write
    previous = known.hash
    told = index(kept)
    known.add(kept, line.seq, line.hash)
    after = known.derive()
    return Write(
        ledger=known.number,
        seq=line.seq,
        hash=line.hash,
        previous=previous,
        text=line.text,
        entry_id=told.entry_id,
        kind=told.kind,
        occurred_at=None if told.occurred_at is None else told.occurred_at.astimezone(UTC),
        received_at=told.received_at.astimezone(UTC),
        releases=known.releases if known.ledger.startswith(PARTICIPANT) else None,
        listed=None if after is None else Listed.of(before, after),
    )


def _lock_one(cursor: psycopg.Cursor[Any], name: str) -> tuple[int, int, str, tuple[int, str, str] | None]:
    """Number, head and stamps of the rows for lists of one ledger, which is opened where it is not there."""
    statement = """
        SELECT ledger.id, ledger.seq, ledger.hash, standing.head, standing.code, standing.releases
        FROM store_ledger AS ledger LEFT JOIN store_standing AS standing ON standing.ledger_id = ledger.id
        WHERE ledger.name = %s FOR UPDATE OF ledger
    """
    cursor.execute(statement, [name], prepare=True)
    row = cursor.fetchone()
    if row is None:
        cursor.execute(
            "INSERT INTO store_ledger (name, seq, hash) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING"
            " RETURNING id, seq, hash, NULL, NULL, NULL",
            [name, GENESIS],
            prepare=True,
        )
        row = cursor.fetchone()  # which nobody else sees
    if row is None:  # somebody opened it at the same time
        cursor.execute(statement, [name], prepare=True)
        row = cursor.fetchone()
        assert row is not None
    number, seq, last, head, code, releases = row
    if seq and head != seq:  # the row for lists was read before the lock was waited for
        cursor.execute("SELECT head, code, releases FROM store_standing WHERE ledger_id = %s", [number])
        head, code, releases = cursor.fetchone() or (None, None, None)
    return number, seq, last, None if head is None else (head, code, releases)


def leave_broken_connection() -> None:
    """The next append connects anew where the server was restarted meanwhile."""
    if connection.connection is not None and connection.connection.closed:
        connection.close()
