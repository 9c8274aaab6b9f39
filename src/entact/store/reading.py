"""The ledgers in the database are read: their heads, and their lines in order of arrival."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby
from operator import itemgetter

import msgspec

from entact.course.entry import Entry, Kept, Line, read
from entact.store import models
from entact.store.index import LedgerHead, storable

CHUNK = 5000  # lines in memory at once


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


def chains_by_name(prefix: str = "") -> Iterator[tuple[str, list[Line]]]:
    """The same in order of their names: when they were opened is nobody's concern. One ledger in memory."""
    for name in sorted(one.ledger for one in ledgers(prefix)):
        yield name, list(lines(name))


def readable(kinds: Collection[str]) -> Iterator[tuple[str, Kept]]:
    """Entries of some kinds with their ledgers, by time of receipt, streamed.

    One that cannot be read holds up none behind it: `entact verify` says what is wrong with it.
    """
    found = models.Line.objects.filter(kind__in=kinds).order_by("received_at", "ledger__name", "seq")
    for ledger, text in found.values_list("ledger__name", "text").iterator(CHUNK):
        try:
            kept = read(text)
        except (msgspec.MsgspecError, ValueError):
            continue
        yield ledger, kept


def lines_with(entry: Entry) -> list[Line]:
    """The lines of an entry's ledger that hold its id, in order of arrival."""
    found = models.Line.objects.filter(ledger__name=entry.ledger, entry_id=storable(entry.id)).order_by("seq")
    return [Line(*row) for row in found.values_list("seq", "hash", "text")]
