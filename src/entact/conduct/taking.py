"""How answers are taken: slowly, not at all, or by somebody who may no longer have them.

What writes a file waits where too much of it is not taken. There are few who write: so many sleeping laptops,
and nobody had a page. So one of them is always left to write pages: for whoever comes when the others wait,
what is not taken is kept on disk, and beyond that nothing is.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Any, Final

from django.db import DatabaseError, connection
from django.utils import timezone
from django.utils.translation import gettext
from waitress.channel import HTTPChannel

THREADS: Final = 4  # that write pages, of each process
MORE: Final = (
    8  # in place of those that wait for somebody who takes a file slowly (each may hold a connection)
)
KEPT: Final = 100_000_000  # bytes of an answer that wait on disk, where no thread is left to wait with them
MOST_KEPT: Final = 20  # of such answers, of each process; whoever comes then has no file
TAKES: Final = 300  # seconds in which so little is taken of an answer that it is not waited for any more
LEAST: Final = 1_000_000  # bytes: less within that time is too little; a telephone's slowest net takes more
ASKS: Final = 0.5  # seconds after which it is asked again whether an answer may still be had
_log = logging.getLogger(__name__)
_turn = Lock()  # of those who ask whether they may wait


class Channel(HTTPChannel):
    """One connection, which knows how much of its answers was taken, and who may have what still waits.

    Attributes:
        taken: bytes, since it began. holds: whether whoever asked may still have the answer; None where that
            is not asked. waits: since when an answer has waited to be taken, and `taken` then.
        has_thread: one waits with it until more is taken. is_kept: what is not taken waits on disk.
    """

    taken = 0
    holds: Callable[[], bool] | None = None
    waits: tuple[float, int] | None = None
    has_thread = is_kept = False
    adj: Any  # how the server is adjusted; of its own where `is_kept`

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Sends what the connection takes, and counts it."""
        sent: int = super().send(data, do_close=do_close)
        self.taken += sent
        return sent

    def received(self, data: bytes) -> bool:
        """Takes in what is asked next: by somebody else, where a proxy shares the connection out."""
        self.holds = None
        return bool(super().received(data))

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Waits until more is taken, where that leaves a thread to others."""
        if self.total_outbufs_len > self.adj.outbuf_high_watermark and self._waits():
            try:
                super()._flush_outbufs_below_high_watermark()
            finally:
                self.has_thread = False

    def _waits(self) -> bool:
        """Whether the thread waits; else the answer goes on to be written to disk, or is given up."""
        with _turn:
            others = [one for one in list(self.server.active_channels.values()) if one is not self]
            if sum(one.has_thread for one in others) < min(
                MORE, len(self.server.task_dispatcher.threads) - 1
            ):
                self.has_thread = True
            elif not self.is_kept and sum(one.is_kept for one in others) < MOST_KEPT:
                self.is_kept, self.adj = True, copy.copy(self.adj)
                self.adj.outbuf_high_watermark = KEPT
            else:
                self.has_thread = True  # until it is closed, which is at once
                self.server.trigger.pull_trigger(self.handle_close)
        return self.has_thread

    def takes_too_little(self, now: float) -> bool:
        """Whether what waits was hardly taken for as long as it is waited for."""
        # Less than this waits for more to be sent with it, as long as the answer is being written.
        enough = self.server.adj.outbuf_high_watermark if self.requests else 0
        if self.total_outbufs_len <= enough:
            self.waits = None
            return False
        since, taken = self.waits = self.waits or (now, self.taken)
        if now - since < TAKES:
            return False
        self.waits = now, self.taken
        return self.taken - taken < LEAST


def channel_of(environ: dict[str, Any]) -> Channel | None:
    """The connection by which a request came; None where no server of these pages took it in."""
    found = getattr(environ.get("waitress.client_disconnected"), "__self__", None)
    return found if isinstance(found, Channel) else None


def let_go(server: Any) -> None:
    """Has a server close connections that take too little, and write on beside those that take slowly."""
    server.channel_class = Channel
    maintenance = server.maintenance

    def also_those_that_take_little(now: float) -> None:
        maintenance(now)
        mind(server, time.monotonic())

    server.maintenance = also_those_that_take_little
    readable = server.readable

    def also_after_a_clock_was_put_back() -> bool:
        if server.next_channel_cleanup > timezone.now().timestamp() + server.adj.cleanup_interval:
            server.next_channel_cleanup = 0  # else nothing is minded until that time has come again
        return bool(readable())

    server.readable = also_after_a_clock_was_put_back


def mind(server: Any, now: float) -> None:
    """Looks once at how answers are taken; where connections are minded.

    Args:
        now: by a clock that nobody sets.
    """
    channels = list(server.active_channels.values())
    for channel in channels:
        if channel.takes_too_little(now):
            channel.handle_close()
    waited_for = sum(channel.has_thread for channel in channels)
    server.task_dispatcher.set_thread_count(THREADS + min(waited_for, MORE))


def keep_asking(server: Any, stop: Event) -> Thread:
    """Closes connections of whom an answer still waits that they may no longer have, until told to stop."""

    def ask() -> None:
        while not stop.wait(ASKS):
            end_what_is_not_held(server)

    thread = Thread(target=ask, daemon=True)
    thread.start()
    return thread


def end_what_is_not_held(server: Any) -> None:
    """Closes each connection of which an answer waits that whoever asked may no longer have."""
    asked = False
    for channel in list(server.active_channels.values()):
        holds = channel.holds
        if holds is None or not channel.total_outbufs_len:
            continue
        asked = True
        try:
            if holds():
                continue
        except DatabaseError:
            _log.exception(
                gettext("it could not be asked whether an answer may still be had: it is asked again")
            )
            continue
        _close_soon(server, channel, holds)
    if asked:
        connection.close()


def _close_soon(server: Any, channel: Channel, holds: Callable[[], bool]) -> None:
    """Closes a connection where all of them are minded, unless somebody else has begun to ask by it."""

    def close() -> None:
        if channel.holds is holds and channel.total_outbufs_len:
            channel.handle_close()

    server.trigger.pull_trigger(close)
