"""Lines that were chained elsewhere are copied into the database: an import, a rehearsal, an archive."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import psycopg
from django.db import transaction

from entact.course.entry import Kept, Line, digest
from entact.course.entry.ledger import Break, follow
from entact.protocol import Study
from entact.store import models
from entact.store.appending import refusals
from entact.store.derived import PARTICIPANT
from entact.store.error import StoreError
from entact.store.index import index
from entact.store.known import Known, raw_cursor
from entact.store.reading import CHUNK
from entact.store.renewal import refresh
from entact.store.site_rows import SITE, write_site_rows
from entact.store.studies import changes_study, note_releases, require_enterable, study_of_record
from entact.store.tables import write_rows
from entact.store.writing import LINE_COLUMNS


def append_many(lines: Iterable[tuple[str, Line]], *, lists: bool = True) -> int:
    """Keeps lines that were chained elsewhere: all or none, in one transaction.

    Lines stream through memory in chunks, so any number can be kept. Every ledger must continue from its
    head; lines that were there before, with the same hash, are passed over, so that the same import may be
    made again. What was once kept is kept again, under whatever name: verification says that it is none.

    Args:
        lines: (ledger, line), those of one ledger in their order; ledgers may be mixed. lists: whether rows
            for lists are made at once; without them `keep_lists` has to follow.
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
        stamp, study = study_of_record() if lists else ("", None)
        while chunk := list(islice(source, CHUNK)):
            entries = _copy(chunk, stamp, study, open_ledgers, there)
            released = released or any(changes_study(entry) for entry in entries)
            count += len(entries)
        if released:
            note_releases()
    if released and lists:
        transaction.on_commit(refresh)
    return count


def _is_encodable(text: str) -> bool:
    """Whether text is Unicode: half a pair of surrogates is not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


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
        if "\0" in name or not _is_encodable(name):
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
