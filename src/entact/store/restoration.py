"""A study from its archive: an equal record on an empty machine."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from entact import store
from entact.store.archive_folder import Archive, Head, lines, read_archive, verify_archive
from entact.store.error import StoreError


class Restored(NamedTuple):
    """What was restored: how many ledgers and entries it has, and how many of these were new."""

    ledgers: int
    entries: int
    new: int


def restore(folder: Path, database: str) -> Restored:
    """Makes a database that is equal to the one that was archived, and uses it from here on.

    The archive is read through before anything is written; the entries arrive in one transaction. Done again,
    nothing is added. The installation keeps its mark, so that its keys, kept apart, open what was not erased.

    Args:
        folder: the archive. database: a name that is not in use, or an empty database of the same study, or
            one that was restored from this archive before.
    Raises:
        StoreError: when the archive is damaged, or the database holds anything else; then nothing is changed.
    Source: 21 CFR 11.10(c); ICH E6(R3) 4.2.5.
    """
    archive = read_archive(folder)
    verify_archive(archive)
    store.setup(archive.environment, archive.study, database=database, mark=archive.installation)
    held = {ledger: (ledger, seq, head) for ledger, seq, head in store.ledgers()}
    new = 0
    if held != {head[0]: head for head in archive.heads}:
        _require_empty(held, archive, database)
        new = _fill(archive)
    broken = store.verify().broken
    if broken is not None:
        raise StoreError(
            f"what was restored does not verify: entry {broken.seq} of {broken.ledger} {broken.problem}"
        )
    return Restored(len(archive.heads), archive.entries, new)


def _fill(archive: Archive) -> int:
    """All entries in one transaction, their ledgers in the order in which they were opened."""
    from django.db import transaction

    from entact.store import models  # tables can be loaded once the database is set up

    with transaction.atomic():
        opened = [models.Ledger(name=name) for name, _, _ in archive.heads]
        models.Ledger.objects.bulk_create(opened, batch_size=1000)
        return store.append_many(lines(archive))


def _require_empty(held: dict[str, Head], archive: Archive, database: str) -> None:
    for head in archive.heads:
        other = held.get(head[0], head)
        if other != head:
            raise StoreError(
                f"the database {database} has {head[0]} with {other[1]} entries, not what the archive holds "
                f"of it ({head[1]} entries): restore into a new database"
            )
    if held:
        raise StoreError(
            f"the database {database} holds entries of its own ({next(iter(held))}, …): restore into another"
        )
