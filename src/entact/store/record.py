"""Append to the ledgers in the database, and read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction
from psycopg.errors import IntegrityConstraintViolation

from entact.course.entry import Entry, Kept, Line, digest, instant, keep, read, same
from entact.course.ledger import Break, Receipt, follow
from entact.store import models
from entact.store.error import StoreError

CHUNK = 5000  # lines in memory at once
LONGEST_NAME = 200  # characters of the name of a ledger
_LONGEST_INDEXED = 200  # PostgreSQL's indexes hold no text of more than 2,704 bytes

_COLUMNS = "ledger_id, seq, hash, text, entry_id, kind, occurred_at, received_at"


class Head(NamedTuple):
    """The last line of a ledger: its number and hash."""

    ledger: str
    seq: int
    hash: str


class Index(NamedTuple):
    """What stands beside the text of a line so that lists can find it; nothing that the text does not say."""

    entry_id: str
    kind: str
    occurred_at: datetime | None
    received_at: datetime


def append(entry: Entry, *, received_at: str) -> Receipt:
    """Keeps an entry, in one transaction with the head of its ledger; returns when it is on the disk.

    Sent again, it is kept once; the same id with other content is kept as a conflict. Writers to one ledger
    wait for each other on its head, so that there is neither a gap nor a retry.

    Args:
        entry: as it was sent. received_at: the server's clock, RFC 3339 with offset.
    Raises:
        ValueError: when `received_at` is no time.
        StoreError: when the entry is of another environment than the database.
    """
    with _refusals(), transaction.atomic():
        head = _lock([entry.ledger])[entry.ledger]
        stored = models.Line.objects.filter(ledger=head, entry_id=_storable(entry.id)).order_by("seq")
        known = [Line(*row) for row in stored.values_list("seq", "hash", "text")]
        for line in known:
            if same(read(line.text), entry):
                return Receipt("again", line)
        line = keep(entry, received_at=received_at, seq=head.seq + 1, previous=head.hash)
        beside = index(read(line.text))._asdict()
        models.Line.objects.create(ledger=head, seq=line.seq, hash=line.hash, text=line.text, **beside)
        models.Ledger.objects.filter(id=head.id).update(seq=line.seq, hash=line.hash)
        return Receipt("conflict" if known else "kept", line)


def append_many(lines: Iterable[tuple[str, Line]]) -> int:
    """Keeps lines that were chained elsewhere: all or none, in one transaction.

    Lines stream through memory in chunks, so any number can be kept. Every ledger must continue from its
    head.

    Args:
        lines: (ledger, line), those of one ledger in their order; ledgers may be mixed.
    Returns:
        How many were kept.
    Raises:
        StoreError: when a chain does not continue from the head, with the ledger and the line; when an entry
            is of another environment than the database.
    """
    count = 0
    source = iter(lines)
    with _refusals(), transaction.atomic():
        while chunk := list(islice(source, CHUNK)):
            _copy(chunk)
            count += len(chunk)
    return count


def ledgers(prefix: str = "") -> list[Head]:
    """The heads of the ledgers whose name begins with `prefix` (`participant:`), in order of opening."""
    found = models.Ledger.objects.filter(name__startswith=prefix, seq__gt=0).order_by("id")
    return [Head(*row) for row in found.values_list("name", "seq", "hash")]


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


def index(kept: Kept) -> Index:
    """What stands beside an entry's text.

    Raises:
        ValueError: when the time of arrival, which is the server's own, is no time.
    """
    occurred = None
    with suppress(ValueError):
        occurred = instant(kept.occurred_at)
    return Index(_storable(kept.id), _storable(kept.kind), occurred, instant(kept.received_at))


@contextmanager
def _refusals() -> Iterator[None]:
    """What the database's own rules refuse, in their words."""
    try:
        with connection.wrap_database_errors:
            yield
    except IntegrityError as error:
        if isinstance(error.__cause__, IntegrityConstraintViolation):
            raise StoreError(error.__cause__.diag.message_primary) from error
        raise


def _lock(names: Iterable[str]) -> dict[str, models.Ledger]:
    # In one order for every writer, so that two with the same ledgers do not wait for each other.
    ordered = sorted(set(names))
    for name in ordered:
        if "\0" in name or not name or len(name) > LONGEST_NAME:
            shown = name if len(name) <= LONGEST_NAME else f"{name[:40]}…"
            raise StoreError(f"{shown!r} cannot be the name of a ledger: 1 to {LONGEST_NAME} characters")
    locked = models.Ledger.objects.select_for_update().filter(name__in=ordered).order_by("name")
    found = {ledger.name: ledger for ledger in locked}
    if len(found) < len(ordered):
        new = [models.Ledger(name=name) for name in ordered if name not in found]
        models.Ledger.objects.bulk_create(new, ignore_conflicts=True)  # another writer may be first
        found = {ledger.name: ledger for ledger in locked.all()}
    return found


def _copy(chunk: list[tuple[str, Line]]) -> None:
    heads = _lock(name for name, _ in chunk)
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY store_line ({_COLUMNS}) FROM STDIN") as copy:
            for name, line in chunk:
                head = heads[name]
                kept = follow(name, line, seq=head.seq + 1, previous=head.hash)
                if isinstance(kept, Break):
                    raise StoreError(f"entry {kept.seq} of {kept.ledger} {kept.problem}")
                copy.write_row((head.id, line.seq, line.hash, line.text, *index(kept)))
                head.seq, head.hash = line.seq, line.hash
        cursor.executemany(
            "UPDATE store_ledger SET seq = %s, hash = %s WHERE id = %s",
            [(head.seq, head.hash, head.id) for head in heads.values()],
        )


def _storable(text: str) -> str:
    """Text as an index can hold it: without zero characters, and with a digest for the rest of a long one."""
    if len(text) > _LONGEST_INDEXED:
        text = f"{text[:_LONGEST_INDEXED]}…{digest(text.encode())}"
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
