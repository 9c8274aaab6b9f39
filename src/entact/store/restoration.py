"""A study from its archive: an equal record on an empty machine."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from entact import store
from entact.store.archive_folder import Archive, lines, read_archive, verify_archive
from entact.store.error import StoreError


class Restored(NamedTuple):
    """What was restored: ledgers and entries of the archive, how many entries were new, and who was erased
    after the archive was made: that is done again. `notices` are what somebody should look at.
    """

    ledgers: int
    entries: int
    new: int
    erased: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def restore(folder: Path, database: str) -> Restored:
    """Makes a database that is equal to the one that was archived, and uses it from here on.

    The archive is read through before anything is written; the entries arrive in one transaction. Done again,
    nothing is added. The installation keeps its mark, so that its keys, kept apart, open what was not erased;
    what its register of erasures knows is erased again.

    Args:
        folder: the archive. database: a name that is not in use, an empty database of this installation, or
            one that holds all of the archive already.
    Raises:
        StoreError: when the archive is damaged, or the database holds anything else; then nothing is changed.
    Source: 21 CFR 11.10(c); ICH E6(R3) 4.2.5.
    """
    archive = read_archive(folder)
    verify_archive(archive)
    store.setup(archive.environment, archive.study, database=database, mark=archive.installation)
    new = 0 if _holds(archive, database) else _fill(archive)
    erased = _erase_again()
    verified = store.verify()
    broken = verified.broken
    if broken is not None:
        raise StoreError(
            f"what was restored does not verify: entry {broken.seq} of {broken.ledger} {broken.problem}"
        )
    return Restored(len(archive.heads), archive.entries, new, erased, verified.notices)


# What follows loads Django's tables, which can be done once a database is set up.


def _holds(archive: Archive, database: str) -> bool:
    """Whether the database holds all of the archive already; False when it is empty.

    Raises:
        StoreError: when it holds anything else.
    """
    from entact.store.models import Line

    held = {ledger: (ledger, seq, head) for ledger, seq, head in store.ledgers()}
    for head in archive.heads:
        name, length, last = head
        if held and held.get(name) != head:
            found = Line.objects.filter(ledger__name=name, seq=length).values_list("hash", flat=True).first()
            if found != last:
                raise StoreError(
                    f"the database {database} holds entries of its own, and not entry {length} of {name} as "
                    "it was archived: restore into a new database"
                )
    return bool(held)


def _fill(archive: Archive) -> int:
    """All entries in one transaction, their ledgers in the order in which they were opened."""
    from django.db import transaction

    from entact.store.attachments import restore_attachments
    from entact.store.models import Ledger

    with transaction.atomic():
        opened = [Ledger(name=name) for name, _, _ in archive.heads]
        Ledger.objects.bulk_create(opened, batch_size=1000)
        new = store.append_many(lines(archive))
        restore_attachments(archive.folder)
        return new


def _erase_again() -> tuple[str, ...]:
    from entact.store.erasure import replay

    return tuple(replay())
