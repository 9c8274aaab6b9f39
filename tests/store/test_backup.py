"""R26, as a drill: the machine is lost while people write, and the record comes back from its backup."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.owner import end_at_once

from entact.course.entry import canonical
from entact.store import StoreError, backup, postgres, recovery
from entact.store.received import SEGMENT_BYTES, place_of, read_received, segments

ENTACT = str(Path(sys.executable).with_name("entact"))
LOST = timedelta(seconds=1)  # what a lost machine may cost; docs/backup.md promises no better than a minute

WRITER = """
import sys
from datetime import UTC, datetime
from entact import store
from entact.course.entry import parse
store.setup("rehearsal", "mini", database="drill")
for sent in sys.stdin:
    receipt = store.append(parse(sent), received_at=datetime.now(UTC).isoformat())
    print(receipt.line.hash, datetime.now(UTC).isoformat(), flush=True)
"""
READER = """
from entact import store
store.setup(database="drill")
print(*(line.hash for line in store.lines("participant:a")))
"""


@dataclass
class Machine:
    """A data folder with its processes: a person who writes, and a backup that follows."""

    data: Path
    acknowledged: list[tuple[str, datetime]] = field(default_factory=list)

    def start(self, program: str, *words: str) -> subprocess.Popen[str]:
        """A command of entact, or a Python program after `-c`."""
        first = [sys.executable, "-c"] if program == "-c" else [ENTACT, program]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        environment = os.environ | {"ENTACT_DATA": str(self.data)}
        return subprocess.Popen([*first, *words], env=environment, **pipes)

    def run(self, program: str, *words: str) -> str:
        process = self.start(program, *words)
        said = process.communicate()[0]
        assert process.returncode == 0, said
        return said

    def write(self, writer: subprocess.Popen[str], entries: list[Any]) -> None:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for entry in entries:
            writer.stdin.write(canonical(entry).decode() + "\n")
            writer.stdin.flush()
            digest, at = writer.stdout.readline().split()
            if entry.ledger == "participant:a":
                self.acknowledged.append((digest, datetime.fromisoformat(at)))

    def lose(self, *processes: subprocess.Popen[str]) -> None:
        """All at once, without a word to anybody."""
        postmaster = int((self.data / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
        for number in (*(process.pid for process in processes), postmaster):
            os.kill(number, signal.SIGKILL)
        for process in processes:
            process.communicate()

    def hashes(self) -> list[str]:
        return self.run("-c", READER).split()

    def verified(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.run("verify", "--database", "drill", "--json"))
        return said


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that PostgreSQL's account can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="drill-", dir=os.environ["ENTACT_DATA"]))
    folder.chmod(0o711)
    yield folder
    for data in folder.glob("*/postgres"):
        end_at_once(data)
    shutil.rmtree(folder)


def machine(place: Path, name: str) -> Machine:
    data = place / name
    data.mkdir()
    data.chmod(0o711)
    return Machine(data)


@pytest.fixture
def lost(place: Path, make_entry: Any) -> tuple[Machine, Path, datetime]:
    """A machine that was lost while people wrote, its backups, and a moment halfway."""
    one, folder = machine(place, "lost"), place / "backups"
    writer = one.start("-c", WRITER)
    births = [make_entry("study:mini", 1, kind="ledger_opened", data={"ledger": "participant:a"})]
    one.write(writer, [*births, make_entry(number=1)])
    follower = one.start("backup", str(folder))
    assert follower.stdout is not None
    assert follower.stdout.readline().startswith("copied to ")
    one.write(writer, [make_entry(number=number) for number in range(2, 40)])
    moment = datetime.now(UTC)
    time.sleep(0.2)
    for number in range(40, 80):
        one.write(writer, [make_entry(number=number)])
        time.sleep(0.05)
    one.lose(writer, follower)
    return one, folder, moment


@pytest.mark.slow
@pytest.mark.requirement("R26")
@pytest.mark.requirement("R03")
def test_a_lost_machine_comes_back_as_it_was_at_a_moment_and_to_the_last_second(
    lost: tuple[Machine, Path, datetime], place: Path, make_entry: Any
) -> None:
    before, folder, moment = lost
    then, last = machine(place, "then"), machine(place, "last")

    then.run("recover", str(folder), "--into", str(then.data), "--until", moment.isoformat())
    assert then.hashes() == [digest for digest, at in before.acknowledged if at < moment]
    assert then.verified()["breaks"] == []

    last.run("recover", str(folder), "--into", str(last.data))
    kept = last.hashes()
    assert kept[: len(before.acknowledged)] == [digest for digest, _ in before.acknowledged][: len(kept)]
    missing = before.acknowledged[len(kept) :]
    assert not missing or before.acknowledged[-1][1] - missing[0][1] < LOST
    assert last.verified()["breaks"] == []

    writer = last.start("-c", WRITER)  # it is a record to go on with
    last.write(writer, [make_entry(number=200)])
    writer.communicate()
    assert last.hashes() == [*kept, last.acknowledged[0][0]]


@pytest.mark.slow
@pytest.mark.requirement("R26")
def test_what_cannot_be_recovered_is_said_and_leaves_nothing_behind(
    lost: tuple[Machine, Path, datetime], place: Path
) -> None:
    _, folder, moment = lost
    (made,) = backup.backups(folder)
    with pytest.raises(StoreError, match=r"reaches .* they begin at"):
        recovery.recover(folder, place / "early", until=made.since - timedelta(seconds=1))
    with pytest.raises(StoreError, match=r"ends before .*: leave the time out"):
        recovery.recover(folder, place / "late", until=moment + timedelta(days=1))
    assert not (place / "late" / "postgres" / "data").exists()
    damaged = next(
        path
        for path in (made.folder / "base" / "base").rglob("*")
        if path.is_file() and path.stat().st_size > 8000
    )
    raw = bytearray(damaged.read_bytes())
    raw[4000] ^= 1
    damaged.write_bytes(raw)
    with pytest.raises(StoreError, match=f"{damaged.name} is damaged: take an older backup"):
        recovery.recover(folder, place / "damaged")
    assert not (place / "damaged" / "postgres").exists()


SENT = 240  # entries, over four segments of the log


@pytest.fixture(scope="module")
def whole() -> Iterator[tuple[Path, list[str]]]:
    """Backups of a machine that was lost, and the hashes of what it had acknowledged."""
    from tests.store.conftest import entry

    place = Path(tempfile.mkdtemp(prefix="whole-", dir=os.environ["ENTACT_DATA"]))
    place.chmod(0o711)
    one = machine(place, "lost")
    writer = one.start("-c", WRITER)
    births = [entry("study:mini", 1, kind="ledger_opened", data={"ledger": "participant:a"})]
    one.write(writer, [*births, entry(number=1)])
    follower = one.start("backup", str(place / "backups"))
    assert follower.stdout is not None
    assert follower.stdout.readline().startswith("copied to ")
    for number in range(2, SENT):
        one.write(writer, [entry(number=number)])
        if number % (SENT // 3) == 0:
            with psycopg.connect(str(postgres.start(one.data / "postgres").url), autocommit=True) as owner:
                owner.execute("SELECT pg_switch_wal()")
    noted(place / "backups", SENT)
    one.lose(writer, follower)
    yield place / "backups", [digest for digest, _ in one.acknowledged]
    shutil.rmtree(place)


def noted(folder: Path, entries: int) -> None:
    """Waits until that many entries are said to be received."""
    patience = time.monotonic() + 120
    (made,) = backup.backups(folder)
    while True:
        received = read_received(made.folder)
        if received is not None and received.entries.get("drill", 0) >= entries:
            return
        assert time.monotonic() < patience
        time.sleep(0.1)


@pytest.fixture
def copy(whole: tuple[Path, list[str]], place: Path) -> backup.Backup:
    """A copy of that backup, to be damaged; its files are the same until they are written anew."""
    shutil.copytree(whole[0], place / "copy", copy_function=os.link)
    (made,) = backup.backups(place / "copy")
    return made


def flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    write_anew(path, bytes(raw))


def cut(path: Path, length: int) -> None:
    write_anew(path, path.read_bytes()[:length])


def write_anew(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def log_of(made: backup.Backup) -> list[Path]:
    return list(segments(made.folder / "wal").values())


@pytest.mark.slow
@pytest.mark.requirement("R26")
def test_r26_a_whole_backup_is_called_whole(copy: backup.Backup) -> None:
    checked = backup.check(copy)
    assert checked.wrong == ()
    assert checked.received is not None
    assert checked.received.entries == {"drill": SENT}
    sums = ["sha256sum", "--check", "--status", "../wal.sha256"]
    assert subprocess.run(sums, cwd=copy.folder / "wal", check=False).returncode == 0


def places_of_records(segment: Path, folder: Path) -> list[int]:
    """Where the records of a segment begin, as PostgreSQL's own reader says."""
    named = folder / segment.name[:24]
    os.link(segment, named)
    command = [str(postgres.program("pg_waldump")), str(named)]
    read = subprocess.run(command, capture_output=True, text=True, check=False)
    named.unlink()
    return [place_of(lsn) for lsn in re.findall(r"lsn: (\S+),", read.stdout)]


@pytest.mark.slow
@pytest.mark.requirement("R26")
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_r26_a_log_that_ends_at_any_byte_is_whole_as_far_as_it_goes(
    copy: backup.Backup, data: st.DataObject
) -> None:
    """The receiver may be killed anywhere: within a record, a page's header, at the end of a segment."""
    path = log_of(copy)[-1]
    content = path.read_bytes()
    begin, _ = backup.range_of_log(copy.folder / backup.BASE)
    between = [place % SEGMENT_BYTES for place in places_of_records(path, copy.folder)]
    end = data.draw(st.integers(0, len(content.rstrip(b"\0"))) | st.sampled_from(between))
    try:
        write_anew(path, content[:end] + bytes(len(content) - end))
        assert backup.unreadable(copy.folder, begin) == []
    finally:
        write_anew(path, content)


DAMAGE: dict[str, Callable[[backup.Backup], object]] = {
    "a bit of the first segment": lambda made: flip(log_of(made)[0], 300),
    "a bit of a segment in the middle": lambda made: flip(log_of(made)[1], 5000),
    "a bit among the zeros": lambda made: flip(log_of(made)[1], 16 * 1024 * 1024 - 3),
    "a bit of the last segment": lambda made: flip(log_of(made)[-1], 9000),
    "the last bit that was received": lambda made: flip(log_of(made)[-1], last_byte(log_of(made)[-1])),
    "the first segment gone": lambda made: log_of(made)[0].unlink(),
    "one in the middle gone": lambda made: log_of(made)[2].unlink(),
    "the last one gone": lambda made: log_of(made)[-1].unlink(),
    "the last two gone": lambda made: [path.unlink() for path in log_of(made)[-2:]],
    "all gone": lambda made: [path.unlink() for path in log_of(made)],
    "one cut off": lambda made: cut(log_of(made)[1], 70_000),
    "the last one cut off": lambda made: cut(log_of(made)[-1], 70_000),
    "an empty one": lambda made: cut(log_of(made)[1], 0),
    "two swapped": lambda made: swap(*log_of(made)[1:3]),
    "a digest": lambda made: flip(made.folder / "wal.sha256", 3),
    "the name beside a digest": lambda made: flip(made.folder / "wal.sha256", 70),
    "the digests gone": lambda made: (made.folder / "wal.sha256").unlink(),
    "the note of what was received": lambda made: flip(made.folder / "received.json", 120),
    "that note gone": lambda made: (made.folder / "received.json").unlink(),
    "the note of its beginning": lambda made: flip(made.folder / "backup.json", 13),
    "the digest of that note": lambda made: flip(made.folder / "backup.json", -9),
    "a pipe in the place of a segment": lambda made: pipe(log_of(made)[1]),
    "a pipe in the place of a file": lambda made: pipe(made.folder / "base" / "PG_VERSION"),
    "a strange name in the place of a segment": lambda made: log_of(made)[1].rename(
        made.folder / "wal" / ("Z" * 24)
    ),
    "a file of the copy": lambda made: flip(made.folder / "base" / "PG_VERSION", 0),
    "a file of the copy gone": lambda made: (made.folder / "base" / "global" / "pg_control").unlink(),
    "a strange file": lambda made: (made.folder / "base" / "base" / "1" / "999999").touch(),
    "the manifest": lambda made: flip(made.folder / "base" / "backup_manifest", 900),
    "the end of the manifest": lambda made: flip(made.folder / "base" / "backup_manifest", -60),
}


def last_byte(path: Path) -> int:
    return len(path.read_bytes().rstrip(b"\0")) - 1


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def swap(one: Path, other: Path) -> None:
    third = one.with_name("third")
    one.rename(third)
    other.rename(one)
    third.rename(other)


@pytest.mark.slow
@pytest.mark.requirement("R26")
@pytest.mark.parametrize("how", DAMAGE)
def test_r26_a_damaged_backup_is_named_without_restoring_it(copy: backup.Backup, how: str) -> None:
    DAMAGE[how](copy)
    assert backup.check(copy).wrong != ()


@pytest.mark.slow
@pytest.mark.requirement("R26")
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_r26_any_bit_of_the_log_that_is_flipped_is_found(copy: backup.Backup, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(log_of(copy)))
    at = data.draw(st.integers(0, last_byte(path)))
    flip(path, at)
    assert backup.check(copy).wrong != (), (path.name, at)
    flip(path, at)


@pytest.mark.slow
@pytest.mark.requirement("R26")
@pytest.mark.parametrize(
    "how",
    [
        "a bit of a segment in the middle",
        "one in the middle gone",
        "that note gone",
    ],
)
def test_r26_a_partial_recovery_says_so_and_how_much_is_missing(
    copy: backup.Backup, whole: tuple[Path, list[str]], place: Path, how: str
) -> None:
    DAMAGE[how](copy)
    again = machine(place, "again")
    process = again.start("recover", str(copy.folder.parent), "--into", str(again.data))
    said = process.communicate()[0]
    assert process.returncode == 1
    assert said.startswith("recovered A PART in ")
    kept = again.hashes()
    assert kept == whole[1][: len(kept)]
    if how == "that note gone":
        assert "missing: how much is not known" in said
        return
    lost = len(whole[1]) - len(kept)
    assert 0 < lost < len(whole[1])
    assert f"missing: {lost} of {SENT} entries that the database drill had at " in said
    assert "bytes of the log, which went on until " in said
    assert again.verified()["breaks"] == []


@pytest.mark.slow
def test_backups_are_checked_on_a_schedule(copy: backup.Backup, place: Path) -> None:
    one = machine(place, "one")
    folder = str(copy.folder.parent)
    assert "every file of the copies and every record of the logs" in one.run("backup", "check", folder)
    process = one.start("backup", "check", folder, "--within", "1 s", "--json")
    told = json.loads(process.communicate()[0])
    assert process.returncode == 1
    assert "nothing was received since" in told["backups"][0]["wrong"][0]
    assert told["backups"][0]["entries"] == {"drill": SENT}
    flip(log_of(copy)[1], 5000)
    process = one.start("backup", "check", folder)
    assert "of the log is not as it was received" in process.communicate()[0]
    assert process.returncode == 1


@pytest.mark.parametrize("name", [backup.NOTE, f"{backup.BASE}/PG_VERSION", "sums"])
def test_a_pipe_in_a_backup_is_named_before_it_is_read(tmp_path: Path, name: str) -> None:
    place = tmp_path / "20261129T000000Z"
    (place / backup.BASE).mkdir(parents=True)
    if name != backup.NOTE:
        (place / backup.NOTE).write_text("{}")
    os.mkfifo(place / name)
    with pytest.raises(StoreError, match="is neither a file nor a folder"):
        backup.backups(tmp_path)


def test_backups_are_told_from_the_oldest_on_and_one_without_its_copy_is_none(tmp_path: Path) -> None:
    begun = datetime(2026, 11, 28, 9, tzinfo=UTC)
    days = [begun + timedelta(days=number) for number in range(4)]
    for day in (days[2], days[0], days[3], days[1]):
        place = tmp_path / f"{day:%Y%m%dT%H%M%SZ}"
        (place / backup.BASE).mkdir(parents=True)
        (place / backup.NOTE).write_text(
            json.dumps({"since": day.isoformat(), "digest": sha256(day.isoformat().encode()).hexdigest()})
            + "\n"
        )
    (tmp_path / f"{days[3]:%Y%m%dT%H%M%SZ}" / backup.BASE).rename(tmp_path / "moved away")
    assert [one.since for one in backup.backups(tmp_path)] == days[:3]


RANGE = {"Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "0/2000120"}


def test_a_manifest_says_from_where_to_where_the_log_makes_a_copy_whole(tmp_path: Path) -> None:
    path = tmp_path / backup.MANIFEST
    path.write_text(json.dumps({"WAL-Ranges": [RANGE]}))
    assert backup.range_of_log(tmp_path) == ("0/2000028", "0/2000120")
    said: list[Any] = [{"WAL-Ranges": ranges} for ranges in ([], [RANGE, RANGE], [{}], [7], None)]
    said += [{"WAL-Ranges": [RANGE | {name: "nowhere"}]} for name in ("Start-LSN", "End-LSN")]
    for content in (*said, {}, [], 7):
        path.write_text(json.dumps(content))
        with pytest.raises(StoreError, match=f"{path} is damaged .*: take an older backup"):
            backup.range_of_log(tmp_path)
    for raw in (b"", b"{", b"\xff"):
        path.write_bytes(raw)
        with pytest.raises(StoreError, match=f"{path} cannot be read .*: take an older backup"):
            backup.range_of_log(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a child outlives a parent that was killed")
def test_what_follows_the_log_ends_with_whoever_started_it() -> None:
    begin = "import subprocess, sys; from entact.store.backup import end_with_parent as end; child = "
    begin += 'subprocess.Popen(["sleep", "60"], preexec_fn=end); print(child.pid, flush=True); child.wait()'
    with subprocess.Popen([sys.executable, "-c", begin], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = Path("/proc") / parent.stdout.readline().decode().strip()
        assert "sleep" in (child / "cmdline").read_text()
        parent.kill()
    until = time.monotonic() + 10
    while runs(child) and time.monotonic() < until:
        time.sleep(0.01)
    assert not runs(child)


def runs(process: Path) -> bool:
    """Whether a process has not ended; one of which nobody took the exit code has."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_another_server_has_its_own_backup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/entact")
    with pytest.raises(StoreError, match="backed up with its own tools"):
        backup.copy_cluster(tmp_path, at=datetime.now(UTC))
    assert list(tmp_path.iterdir()) == []
