"""R26, as a drill: the machine is lost while people write, and the record comes back from its backup."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from entact.course.entry import canonical
from entact.store import StoreError, backup, postgres

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
    folder = Path(tempfile.mkdtemp(prefix="entact-drill-"))
    folder.chmod(0o711)
    yield folder
    for data in folder.glob("*/postgres"):
        postgres.stop(data)
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
        backup.recover(folder, place / "early", until=made.since - timedelta(seconds=1))
    with pytest.raises(StoreError, match=r"ends before .*: leave the time out"):
        backup.recover(folder, place / "late", until=moment + timedelta(days=1))
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
        backup.recover(folder, place / "damaged")
    assert not (place / "damaged" / "postgres").exists()


def test_another_server_has_its_own_backup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/entact")
    with pytest.raises(StoreError, match="backed up with its own tools"):
        backup.copy_cluster(tmp_path, at=datetime.now(UTC))
    assert list(tmp_path.iterdir()) == []
