"""Append to the ledgers in the database, and read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import psycopg
from django.db import IntegrityError, InternalError, OperationalError, connection, transaction
from psycopg import errors

from entact.course.entry import (
    CLAIMED,
    GENESIS,
    Authenticated,
    Entry,
    Kept,
    Line,
    arrived,
    digest,
    instant,
    line_of,
    read,
    refuse_uncanonical,
    same,
)
from entact.course.entry.ledger import Break, Receipt, follow
from entact.course.entry.name import LONGEST, is_ledger_name
from entact.protocol import Study
from entact.store import models
from entact.store.derived import PARTICIPANT, Rows
from entact.store.error import StoreError
from entact.store.index import Index, LedgerHead, index, storable
from entact.store.known import Known, raw_cursor, remembered
from entact.store.renewal import refresh
from entact.store.site_rows import SITE, write_site_rows
from entact.store.studies import changes_study, note_releases, require_enterable, study_of_record
from entact.store.tables import CHANGING, CODE, changes, write_rows
from entact.store.together import write_together
from entact.store.writing import LINE_COLUMNS, Listed, Write, write_held

__all__ = [
    "CHUNK",
    "Index",
    "LedgerHead",
    "append",
    "append_many",
    "chains",
    "index",
    "ledgers",
    "lines",
]

CHUNK = 5000  # lines in memory at once
REHEARSAL = "rehearsal"


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
    with refusals():
        # The caller may roll back, and holds locks: nothing is remembered.
        if connection.in_atomic_block or not connection.get_autocommit():
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


def append_many(lines: Iterable[tuple[str, Line]]) -> int:
    """Keeps lines that were chained elsewhere: all or none, in one transaction.

    Lines stream through memory in chunks, so any number can be kept. Every ledger must continue from its
    head; lines that were there before, with the same hash, are passed over, so that the same import may be
    made again. What was once kept is kept again, under whatever name: verification says that it is none.

    Args:
        lines: (ledger, line), those of one ledger in their order; ledgers may be mixed.
    Returns:
        How many were kept, those that were there before not counted.
    Raises:
        StoreError: when a chain does not continue from the head, or a line is another than the one that is
            there, with the ledger and the line; when an entry is of another environment than the database.
    """
    count, released = 0, False
    source = iter(lines)
    open_ledgers: dict[str, Known] = {}
    there: dict[str, int] = {}
    with refusals(), transaction.atomic():
        stamp, study = study_of_record()
        while chunk := list(islice(source, CHUNK)):
            entries = _copy(chunk, stamp, study, open_ledgers, there)
            released = released or any(changes_study(entry) for entry in entries)
            count += len(entries)
        if released:
            note_releases()
    if released:
        transaction.on_commit(refresh)
    return count


def ledgers(prefix: str = "") -> list[LedgerHead]:
    """The heads of the ledgers whose name begins with `prefix` (`participant:`), in order of opening."""
    found = models.Ledger.objects.filter(name__startswith=prefix, seq__gt=0).order_by("id")
    return [LedgerHead(*row) for row in found.values_list("name", "seq", "hash")]


def lines(ledger: str, *, after: int = 0) -> Iterator[Line]:
    """The lines of a ledger in order of arrival, streamed; none when there is no such ledger.

    Args:
        after: number of the last line that is already known.
    """
    found = models.Line.objects.filter(ledger__name=ledger, seq__gt=after).order_by("seq")
    for row in found.values_list("seq", "hash", "text").iterator(CHUNK):
        yield Line(*row)


def chains(prefix: str = "") -> Iterator[tuple[str, list[Line]]]:
    """Every ledger whose name begins with `prefix`, with its lines: one query, one ledger in memory."""
    found = models.Line.objects.filter(ledger__name__startswith=prefix).order_by("ledger_id", "seq")
    rows = found.values_list("ledger__name", "seq", "hash", "text").iterator(CHUNK)
    for name, group in groupby(rows, key=itemgetter(0)):
        yield name, [Line(seq, digest, text) for _, seq, digest, text in group]


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


def is_encodable(text: str) -> bool:
    """Whether text is Unicode: half a pair of surrogates is not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


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
    if changes_study(entry) or entry.ledger.startswith(SITE):  # what else follows is written with the line
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
    stored = _stored(entry) if storable(entry.id) in known.ids else []
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
    return Receipt("conflict" if stored else "kept", line, kept)


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
        listed=None if after is None else Listed.of(after.standing, changes(before, after)),
    )


def _stored(entry: Entry) -> list[Line]:
    found = models.Line.objects.filter(ledger__name=entry.ledger, entry_id=storable(entry.id)).order_by("seq")
    return [Line(*row) for row in found.values_list("seq", "hash", "text")]


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
            "INSERT INTO store_ledger (name, seq, hash) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING",
            [name, GENESIS],
        )
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


def _lock(names: Iterable[str]) -> dict[str, models.Ledger]:
    # In one order for every writer, so that two with the same ledgers do not wait for each other.
    ordered = sorted(set(names))
    locked = models.Ledger.objects.select_for_update().filter(name__in=ordered).order_by("name")
    found = {ledger.name: ledger for ledger in locked}
    if len(found) < len(ordered):
        new = [models.Ledger(name=name) for name in ordered if name not in found]
        models.Ledger.objects.bulk_create(new, ignore_conflicts=True)  # another writer may be first
        found = {ledger.name: ledger for ledger in locked.all()}
    return found


def _copy(
    chunk: list[tuple[str, Line]],
    stamp: str,
    study: Study | None,
    open_ledgers: dict[str, Known],
    there: dict[str, int],
) -> list[Kept]:
    """Copies lines, moves heads, and writes what lists show; returns the entries that are new.

    Args:
        open_ledgers: those of the last chunk, which may go on in this one; made those of this one.
        there: how long each ledger was before the import.
    """
    for name, _ in chunk:
        if "\0" in name or not is_encodable(name):
            raise StoreError(f"{name!a} cannot be kept: it holds what no text of a database can")
    heads = _lock(name for name, _ in chunk)
    cursor = raw_cursor()
    for name, head in heads.items():
        there.setdefault(name, head.seq)
    _require_same(cursor, [(name, line) for name, line in chunk if line.seq <= there[name]], heads)
    chunk = [(name, line) for name, line in chunk if line.seq > there[name]]
    heads = {name: heads[name] for name, _ in chunk}
    known: dict[str, Known] = {}
    fresh = all(head.seq == 0 for head in heads.values())
    for name, head in heads.items():
        if study is not None and name.startswith(PARTICIPANT):
            known[name] = open_ledgers.get(name) or Known(name)
            known[name].catch_up(cursor, head.id, head.seq, head.hash, stamp, study)
    entries, rows = [], []
    for name, line in chunk:
        head = heads[name]
        kept = follow(name, line, seq=head.seq + 1, previous=head.hash)
        if isinstance(kept, Break):
            raise StoreError(f"entry {kept.seq} of {kept.ledger} {kept.problem}")
        require_enterable(kept)
        rows.append((head.id, line.seq, line.hash, line.text, *index(kept)))
        head.seq, head.hash = line.seq, line.hash
        entries.append(kept)
        if name in known:
            known[name].add(kept, line.seq, line.hash)
    moved = [(head.seq, head.hash, head.id) for head in heads.values()]
    cursor.executemany("UPDATE store_ledger SET seq = %s, hash = %s WHERE id = %s", moved)
    with cursor.copy(f"COPY store_line ({LINE_COLUMNS}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    write_site_rows(cursor, sorted(name for name in heads if name.startswith(SITE)), study)
    derived = [(heads[name].id, one.seq, made) for name, one in known.items() if (made := one.derive())]
    write_rows(cursor, stamp, derived, afresh=fresh)
    open_ledgers.clear()
    open_ledgers.update(known)
    return entries


def _require_same(
    cursor: psycopg.Cursor[Any], old: list[tuple[str, Line]], heads: dict[str, models.Ledger]
) -> None:
    """Refuses lines that are another than those that are there."""
    if not old:
        return
    numbers = [heads[name].id for name, _ in old]
    cursor.execute(
        "SELECT ledger_id, seq, hash FROM store_line"
        " JOIN unnest(%s::bigint[], %s::bigint[]) AS asked (number, place)"
        " ON ledger_id = number AND seq = place",
        [numbers, [line.seq for _, line in old]],
    )
    kept = {(number, seq): value for number, seq, value in cursor.fetchall()}
    for (name, line), number in zip(old, numbers, strict=True):
        text = line.text.encode(errors="surrogatepass")
        if kept.get((number, line.seq)) != line.hash or digest(text) != line.hash:
            raise StoreError(
                f"entry {line.seq} of {name} is another than the one that is there: nothing was overwritten"
            )
