"""`entact serve` and `entact demo`."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import urlopen

import pytest
from tests.cli.conftest import Run

from entact.cli.server import USUAL, choose_port


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        yield other.getsockname()[1]


@contextmanager
def serving(*words: str) -> Iterator[subprocess.Popen[str]]:
    """`entact serve` in a process that does not outlive the test."""
    command = [sys.executable, "-c", "from entact.cli import main; main()", "serve", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_pages_are_served_until_interrupted(rehearsal: str) -> None:
    with serving("--database", rehearsal, "--port", str(free_port())) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("open  http://127.0.0.1:")
        assert "Ctrl-C ends it" in said
        with urlopen(said.split()[1], timeout=120) as page:
            assert "SIMULATED" in page.read().decode().upper()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode in (0, 130)
    assert "Traceback" not in err


def test_it_is_said_that_the_usual_port_is_taken(rehearsal: str) -> None:
    try:
        other = socket.create_server(("127.0.0.1", USUAL))
    except OSError:
        other = socket.socket()  # taken by somebody else already
    with closing(other), serving("--database", rehearsal) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"port {USUAL} is taken, so another is used\n"
        assert re.match(r"open  http://127\.0\.0\.1:(?!8000/)\d+/", process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)


@pytest.mark.parametrize("command", [("serve",), ("demo", "mapp1")])
def test_pages_stay_on_the_machine(run: Run, command: tuple[str, ...]) -> None:
    done = run(*command, "--host", "0.0.0.0")
    assert (done.code, done.out) == (2, "")
    assert "not on 0.0.0.0" in done.err


@pytest.mark.parametrize("command", [("serve",), ("demo", "mapp1")])
def test_a_port_in_use_is_named_before_anything_else_is_done(
    run: Run, taken: int, command: tuple[str, ...]
) -> None:
    done = run(*command, "--port", taken)
    assert (done.code, done.out) == (2, "")
    assert f"cannot serve on 127.0.0.1:{taken}" in done.err
    assert "choose another port" in done.err


def test_without_a_port_asked_for_the_usual_one_or_any_is_taken() -> None:
    assert choose_port("127.0.0.1", None) in (USUAL, 0)
    try:
        other = socket.create_server(("127.0.0.1", USUAL))
    except OSError:  # taken by somebody else already
        assert choose_port("127.0.0.1", None) == 0
    else:
        with closing(other):
            assert choose_port("127.0.0.1", None) == 0


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])


def test_two_processes_serve_together_and_one_that_is_killed_is_missed_by_nobody(rehearsal: str) -> None:
    port = str(free_port())
    with serving("--database", rehearsal, "--port", port, "--processes", "2", "--no-worker") as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[1]
        with urlopen(f"{address}health", timeout=120) as answer:
            assert answer.status == 200
        parts = children(process.pid)
        assert len(parts) == 2
        os.kill(parts[0], signal.SIGKILL)
        for _ in range(5):
            with urlopen(f"{address}health", timeout=120) as answer:
                assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert not [pid for pid in parts if Path(f"/proc/{pid}").exists()]


def test_those_who_stay_connected_are_shared_out(
    rehearsal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTACT_TIMES", str(tmp_path))
    port = free_port()
    words = ("--database", rehearsal, "--port", str(port), "--processes", "2", "--no-worker")

    def answered() -> list[int]:
        return sorted(len(one.read_text().splitlines()) for one in tmp_path.glob("*.csv"))

    def ask(stays: HTTPConnection) -> None:
        stays.request("GET", "/health")
        assert stays.getresponse().read() is not None

    with serving(*words) as process, ExitStack() as open_ones:
        assert process.stdout is not None
        process.stdout.readline()
        while len(answered()) < 2:  # each has begun
            with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as one:
                ask(one)
        before = answered()
        for _ in range(40):
            ask(open_ones.enter_context(closing(HTTPConnection("127.0.0.1", port, timeout=120))))
        assert sum(answered()) - sum(before) == 40
        assert min(answered()) - min(before) >= 15, (before, answered())


def children(pid: int) -> list[int]:
    """The processes that a process has started and that are there."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
