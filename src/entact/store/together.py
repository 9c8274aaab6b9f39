"""Lines of different ledgers that wait at the same time are written in one transaction.

The thread whose turn it is writes for all that wait, and each is answered when that is on the disk. So the
more writers there are, the less each of them costs, and one alone waits for nobody.
"""

from __future__ import annotations

from threading import Lock

from django.db import connection

from entact.store.known import raw_cursor
from entact.store.writing import Write, write_current

LINES, CHARACTERS = 32, 1_000_000  # in one transaction, the first line not counted


class _Waiting:
    """A line that waits, with the place of its writer in the queue.

    Attributes:
        turn: let go when the line was dealt with, or when its writer is to write for all. leads: the latter.
        written: None as long as nobody has dealt with it.
    """

    def __init__(self, write: Write, database: str) -> None:
        self.write = write
        self.kind = database, write.listed is not None
        self.turn = Lock()
        self.turn.acquire()
        self.leads = False
        self.written: bool | None = None


class _Queue:
    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: list[_Waiting] = []
        self._led = False

    def write(self, one: _Waiting) -> bool:
        """Whether the line was written, by this thread or another, where its ledger is as the line says."""
        with self._guard:
            self._waiting.append(one)
            if not self._led:
                self._led = one.leads = True
                one.turn.release()
        try:
            one.turn.acquire()
            if one.written is None:
                self._write_all(self._take(one))
            return bool(one.written)
        finally:
            self._leave(one)

    def _take(self, first: _Waiting) -> list[_Waiting]:
        """Those that can be written with the first: its own kind, one line of each ledger."""
        group = {first.write.ledger: first}
        size = 0
        with self._guard:
            for one in self._waiting:
                size += len(one.write.text)
                if len(group) >= LINES or size > CHARACTERS:
                    break
                if one.kind == first.kind:
                    group.setdefault(one.write.ledger, one)
            taken = list(group.values())
            self._waiting = [one for one in self._waiting if one not in taken]
        return taken

    def _write_all(self, group: list[_Waiting]) -> None:
        written: frozenset[str] = frozenset()
        try:
            written = write_current(raw_cursor(), [one.write for one in group])
        except Exception:
            # Whose fault it was each finds out alone; so it does where the answer of the server was lost.
            if len(group) == 1 or connection.connection is None or connection.connection.closed:
                raise
        finally:
            for one in group:
                one.written = one.write.hash in written
                if one is not group[0]:  # whose turn it is already
                    one.turn.release()

    def _leave(self, one: _Waiting) -> None:
        """Hands the lead on; also where the thread was interrupted while it waited."""
        with self._guard:
            if one in self._waiting:
                self._waiting.remove(one)
            if not one.leads:
                return
            self._led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].turn.release()


_queue = _Queue()


def write_together(write: Write) -> bool:
    """Writes a line, with others that wait; returns whether it was written, when it is on the disk.

    False where its ledger or the rows for lists are not as its writer knows them, or where what was written
    with it failed: the caller looks at the ledger and tries alone.

    Raises:
        psycopg.Error: when it failed alone, or the server went away.
    """
    return _queue.write(_Waiting(write, str(connection.settings_dict["NAME"])))
