"""How answers are taken: a server of pages beside those who take them slowly, not at all, or no more."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.conduct.people import signed_in
from tests.conduct.record import SEES_ALL, keep, telling_story
from tests.conduct.test_serve import raw
from waitress import create_server

from entact.conduct.access import people
from entact.conduct.access.models import Account
from entact.conduct.serve import address_of, show_life
from entact.conduct.taking import (
    LEAST,
    MORE,
    MOST_KEPT,
    TAKES,
    THREADS,
    Channel,
    channel_of,
    end_what_is_not_held,
    let_go,
    mind,
)
from entact.protocol import Study

WORDS = b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
WHOLE = 40_000_000  # bytes of the file


class Served:
    """A server of a file of 40 MB beside a page, in this process; `held`: whether it may be had."""

    def __init__(self, **more: int) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.server = create_server(self._answer, sockets=[self.listening], threads=THREADS, **more)
        self.address, self.held = address_of(self.listening), True
        let_go(self.server)
        self._serves = threading.Thread(target=self.server.run, daemon=True)
        self._serves.start()
        self._readers = ExitStack()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        channel = channel_of(environ)
        assert channel is not None
        channel.holds = lambda: self.held
        start_response("200 OK", [("Content-Type", "text/plain")])
        length = {"/file": 400, "/short": 50}.get(environ["PATH_INFO"], 0)
        return iter([b"x" * 100_000] * length) if length else [b"a page"]

    def asleep(self, path: bytes, many: int = 1) -> list[socket.socket]:
        """Some who ask for a file, and take nothing of it; once nothing more of it goes."""
        found = [self.reader(path) for _ in range(many)]
        least = self.server.adj.outbuf_high_watermark if path == b"/file" else 0
        self.until(
            lambda: len(self.channels) == many and all(c.total_outbufs_len > least for c in self.channels)
        )
        return found

    def reader(self, path: bytes) -> socket.socket:
        """Somebody who asks for a file."""
        found = self._readers.enter_context(socket.socket())
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)  # the system takes little for them
        found.connect(self.listening.getsockname())
        found.sendall(b"GET " + path + WORDS)
        return found

    @property
    def waiting(self) -> int:
        """How many wait with a thread, or on disk."""
        return sum(one.has_thread or one.is_kept for one in self.channels)

    @property
    def channels(self) -> list[Channel]:
        return list(self.server.active_channels.values())

    def mind(self, now: float) -> None:
        """Looks how answers are taken; once that is done."""
        done = threading.Event()
        self.server.trigger.pull_trigger(lambda: (mind(self.server, now), done.set()))
        assert done.wait(60)

    def until(self, holds: Callable[[], bool]) -> None:
        last = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < last
            time.sleep(0.01)

    def close(self) -> None:
        self._readers.close()
        self.server.trigger.pull_trigger(self.server.close)
        self._serves.join(60)
        self.listening.close()


@pytest.fixture
def served() -> Iterator[Served]:
    found = Served()
    yield found
    found.close()


def take(reader: socket.socket, length: int = WHOLE * 2) -> int:
    """Takes so much, or all that comes; how much that is."""
    reader.settimeout(60)
    taken = 0
    while taken < length:
        try:
            part = reader.recv(min(1 << 16, length - taken))
        except ConnectionResetError:
            break
        if not part:
            break
        taken += len(part)
    return taken


def test_who_takes_nothing_or_a_byte_now_and_then_keeps_no_thread_for_ever(served: Served) -> None:
    sleeps, drips, reads = served.asleep(b"/file", 3)
    served.mind(0)
    take(drips, 50_000)
    served.mind(TAKES - 1)
    assert len(served.channels) == 3
    take(reads, 8 * LEAST)  # a good part of which the system holds for it
    served.until(lambda: sum(one.taken > 6 * LEAST for one in served.channels) == 1)
    served.mind(TAKES + 1)
    assert len(served.channels) == 1
    assert take(reads) + 8 * LEAST > WHOLE  # who takes it has it whole
    assert take(sleeps) < WHOLE > take(drips)


def test_those_who_take_slowly_keep_nobody_from_a_page(served: Served) -> None:
    served.asleep(b"/file", THREADS)
    assert len(served.server.task_dispatcher.threads) == THREADS
    served.until(lambda: served.waiting == THREADS)
    assert b"a page" in raw(served.address, b"GET /" + WORDS)[1]  # by the one that was left for it
    served.mind(0)
    assert len(served.server.task_dispatcher.threads) == 2 * THREADS - 1  # in place of those that wait
    served.mind(TAKES + 1)
    served.until(lambda: not served.channels)
    served.mind(TAKES + 2)
    served.until(lambda: len(served.server.task_dispatcher.threads) == THREADS)


def test_there_are_not_as_many_threads_as_somebody_likes(served: Served) -> None:
    served.asleep(b"/file", THREADS)
    for _ in range(4):
        served.mind(0)
    assert len(served.server.task_dispatcher.threads) <= THREADS + MORE


def test_however_many_take_nothing_one_thread_writes_pages_and_what_is_kept_for_them_has_an_end() -> None:
    served = Served(outbuf_high_watermark=100_000)
    try:
        last = THREADS - 1 + MOST_KEPT
        for number in range(1, last + 1):
            served.reader(b"/short")
            served.until(lambda many=number: served.waiting == many)  # type: ignore[misc]
        for _ in range(2):
            reader = served.reader(b"/short")
            reader.recv(1)  # it begins
            served.until(lambda: len(served.channels) == last)
            assert take(reader) < 5_000_000  # and ends, as no more is kept
        assert b"a page" in raw(served.address, b"GET /" + WORDS)[1]  # and nobody minded them
        assert sum(one.is_kept for one in served.channels) == MOST_KEPT
        assert sum(one.has_thread for one in served.channels) == THREADS - 1
        kept = next(one for one in served.channels if one.is_kept)
        served.until(lambda: not kept.requests)  # all is written
        served.mind(0)
        served.mind(TAKES + 1)
        served.until(lambda: not served.channels)
    finally:
        served.close()


def test_what_is_kept_on_disk_is_had_whole() -> None:
    served = Served(outbuf_high_watermark=100_000)
    try:
        readers = [served.reader(b"/short") for _ in range(THREADS + 1)]
        served.until(lambda: sum(one.is_kept for one in served.channels) == 2)
        for reader in readers:
            reader.settimeout(60)
            with reader.makefile("rb") as answer:
                assert answer.read().partition(b"\r\n\r\n")[2].count(b"x") == 5_000_000
    finally:
        served.close()


@pytest.mark.parametrize("path", [b"/file", b"/short"])
def test_what_waits_for_a_slow_reader_goes_with_the_right_to_it(served: Served, path: bytes) -> None:
    (reader,) = served.asleep(path)  # of the short one all was written, and waits
    end_what_is_not_held(served.server)
    assert served.channels
    served.held = False
    end_what_is_not_held(served.server)
    served.until(lambda: not served.channels)
    assert take(reader) < (WHOLE if path == b"/file" else 5_000_000)


def test_a_connection_by_which_somebody_else_asks_next_is_theirs(served: Served) -> None:
    with socket.create_connection(served.listening.getsockname()) as proxy:
        for _ in range(2):
            proxy.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            found = b""
            while b"a page" not in found:  # which may come after its head
                found += (more := proxy.recv(10_000))
                assert more
            served.held = False
            end_what_is_not_held(served.server)  # nothing of it waits
        (channel,) = served.channels
        assert channel.received(b"GET /")
        assert channel.holds is None


@pytest.mark.requirement("R07")
def test_each_answer_to_who_signed_in_is_held_to_their_right(study: Study, database: str) -> None:
    keep(study, telling_story(study))
    browser = signed_in(SEES_ALL)
    server = create_server(lambda environ, start: [], sockets=[socket.create_server(("127.0.0.1", 0))])
    ours, theirs = socket.socketpair()
    channel = Channel(server, ours, "", server.adj, map={})
    asked = {"waitress.client_disconnected": channel.check_client_disconnected}
    assert browser.get("/", **asked).status_code == 200
    assert channel.holds is not None
    assert channel.holds()
    people.close_account(Account.objects.get(), by=people.By())
    assert not channel.holds()
    server.close()
    ours.close()
    theirs.close()


def test_a_server_shows_that_it_lives_while_a_thread_takes_up_work_and_after_a_clock_was_put_back(
    served: Served,
) -> None:
    shown: list[float] = []
    show_life(served.server, lambda: shown.append(0))
    served.server.adj.cleanup_interval = 0
    served.server.next_channel_cleanup = time.time() + 3600  # as a clock leaves it that is put back
    served.until(lambda: len(shown) > 2)
    go_on = threading.Event()

    class Stuck:
        def service(self) -> None:
            go_on.wait(60)

    for _ in range(THREADS + MORE):
        served.server.task_dispatcher.add_task(Stuck())
    served.until(lambda: served.server.task_dispatcher.queue)
    quiet = len(shown)
    time.sleep(0.5)
    assert len(shown) <= quiet + 1  # no thread takes anything up
    go_on.set()
    served.until(lambda: len(shown) > quiet + 1)
