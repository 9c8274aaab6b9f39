"""What this process knows of each ledger up to a head, so that an entry that follows folds at once."""

from __future__ import annotations

import logging
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Cursor

from entact.course import Course, Entry, Kept, read
from entact.course.disclosure import Disclosure
from entact.course.entry import GENESIS, instant
from entact.course.instants import Horizon
from entact.protocol import Study
from entact.store.derived import PARTICIPANT, Rows, rows_of
from entact.store.index import storable

LEDGERS = 400  # kept in memory; a long course takes a megabyte

_log = logging.getLogger(__name__)


def raw_cursor() -> Cursor[Any]:
    """A cursor on Django's connection that sends values apart from statements: these are planned once."""
    here = connections[DEFAULT_DB_ALIAS]  # which `connection` would look up for every word
    here.close_if_health_check_failed()  # as Django's own cursors do: it may be what a request asks first
    here.ensure_connection()
    return Cursor(here.connection)


class ReadUpTo(NamedTuple):
    """A participant's course up to a head, as it was read for a page.

    Attributes:
        number, seq, hash: of the ledger's row at that head.
        course, disclosure: of its lines, whole; they stay as they are.
    """

    number: int
    seq: int
    hash: str
    course: Course
    disclosure: Disclosure


class Known:
    """One ledger up to a head: ids of its entries and, of a participant, the course and the derived rows.

    Args:
        whole: whether the ids of all entries are read; else whoever adds one entry asks for it alone.

    Attributes:
        lock: held while it is used. number, seq, hash: of the ledger's row; None before the first look.
        received: when the last entry arrived; none that follows arrives before it. None where there is none.
        ids: of entries, as the index has them. releases, study: of which the course was folded; the first is
            empty as long as nobody has asked whether the study is the one in force.
        rows: None where the course cannot be folded, or there is no study yet.
        contended: whether other processes write to this ledger too.
        listed: whether the rows in the database are those of this head; looked at where the ledger is held.
    """

    def __init__(self, ledger: str, *, whole: bool = True) -> None:
        self.ledger, self.whole = ledger, whole
        self.lock = Lock()
        self.contended = False
        self.forget()

    def forget(self) -> None:
        """Knows nothing any more."""
        self.number: int | None = None
        self.seq = 0
        self.hash = GENESIS
        self.received: datetime | None = None
        self.ids: set[str] = set()
        self.releases = ""
        self.study: Study | None = None
        self.disclosure = Disclosure(())
        self.course: Course | None = None
        self.horizon = Horizon()
        self.rows: Rows | None = None
        self.listed = False

    def begin(self, read: ReadUpTo) -> None:
        """Knows what was read of it, in place of nothing."""
        self.number, self.seq, self.hash = read.number, read.seq, read.hash
        self.ids = set(map(storable, read.disclosure.entries))
        self.releases, self.study = "", read.course.study
        self.course, self.disclosure = read.course.with_more(()), read.disclosure.copied()

    @property
    def derives(self) -> bool:
        """Whether rows for lists follow from this ledger."""
        return self.study is not None and self.ledger.startswith(PARTICIPANT)

    def catch_up(
        self, cursor: Cursor[Any], number: int, seq: int, digest: str, releases: str, study: Study | None
    ) -> None:
        """Reads what was appended since, up to a head; all of it where something else was known."""
        if (
            self.course is not None
            and not self.releases
            and self.study == study
            and self._continues(cursor, number)
        ):
            self.releases = releases
        if (self.number, self.releases) != (number, releases) or self.seq > seq:
            self.forget()
        if (self.seq, self.hash) == (seq, digest):
            self._use(number, releases, study)
            if self.rows is None:
                self.rows = self._rows()
            return
        if self.seq and not self._continues(cursor, number):
            self.forget()
        self._use(number, releases, study)
        if not self.whole and not self.derives:
            self.seq, self.hash = seq, digest
            self._continues(cursor, number)  # and when its last entry arrived
            return
        text = "text" if self.derives else "NULL"
        cursor.execute(
            f"SELECT entry_id, {text}, received_at FROM store_line"
            " WHERE ledger_id = %s AND seq > %s ORDER BY seq",
            [number, self.seq],
        )
        found = cursor.fetchall()
        self.ids.update(entry_id for entry_id, _, _ in found)
        if found:
            self.received = found[-1][2]
        if len(found) != seq - self.seq:
            self._give_up("an entry is missing")
        if self.course is not None:
            self._add(map(read, (text for _, text, _ in found)))
        self.seq, self.hash = seq, digest
        self.rows = self._rows()

    def may_hold(self, entry: str) -> bool:
        """Whether an entry of this id may be in it: where not all ids were read the database has to say."""
        return not self.whole or storable(entry) in self.ids

    def add(self, entry: Kept, seq: int, digest: str) -> None:
        """Goes on to the next head, whose entry it is."""
        self.seq, self.hash = seq, digest
        self.received = instant(entry.received_at)
        self.ids.add(storable(entry.id))
        self._add([entry])

    def derive(self) -> Rows | None:
        """The rows at the head; kept until the next."""
        self.rows = self._rows()
        return self.rows

    def _use(self, number: int, releases: str, study: Study | None) -> None:
        if self.number is None:
            self.number, self.releases, self.study = number, releases, study
            if self.derives:
                assert study is not None
                self.course = Course(study)
                self.disclosure = Disclosure(study.releases)
                self.rows = self._rows()

    def _continues(self, cursor: Cursor[Any], number: int) -> bool:
        cursor.execute(
            "SELECT hash, received_at FROM store_line WHERE ledger_id = %s AND seq = %s", [number, self.seq]
        )
        digest, self.received = cursor.fetchone() or (None, None)
        return digest == self.hash

    def _add(self, entries: Iterable[Entry]) -> None:
        if self.course is None:
            return
        try:
            for entry in entries:
                self.disclosure.add(entry)
                self.course.add(entry)
        except Exception as error:  # noqa: BLE001 - see below
            self._give_up(error)

    def _rows(self) -> Rows | None:
        if self.course is None:
            return None
        try:
            return rows_of(self.course, self.ledger, self.disclosure, self.horizon, self.rows)
        except Exception as error:  # noqa: BLE001 - see below
            self._give_up(error)
            return None

    def _give_up(self, problem: object) -> None:
        # A fact is kept whatever becomes of lists: their rows stay behind the head, and `stale` names them.
        if self.course is not None:
            _log.error("lists are not kept up for %s: %s", self.ledger, problem, exc_info=sys.exc_info()[1])
        self.course = None


class _Memory:
    """The ledgers that were appended to last."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._lock = Lock()

    def of(self, ledger: str) -> Known:
        with self._lock:
            known = self._known.get(ledger)
            if known is None:
                known = self._known[ledger] = Known(ledger)
            self._known.move_to_end(ledger)
            while len(self._known) > LEDGERS:
                self._known.popitem(last=False)
            return known


_memory = _Memory()


def begin_with(ledger: str, read: Callable[[str], ReadUpTo | None]) -> None:
    """Who writes begins with what this process has read of a ledger, where it knows nothing of it yet.

    Whether the ledger still is what was read is looked at where it is held, as of all that is known.
    """
    known = _memory.of(ledger)
    if known.seq or not known.lock.acquire(blocking=False):  # somebody is about to know it
        return
    try:
        found = read(ledger)
        if not known.seq and found is not None:
            known.begin(found)
    finally:
        known.lock.release()


def remembered(ledger: str) -> Known:
    """What this process knows of a ledger; shared by its threads, so that its lock has to be held."""
    return _memory.of(ledger)
