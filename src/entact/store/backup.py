"""Backup of the embedded database, and whether it is whole (how it is brought back: `recovery`).

A backup is a copy of the whole cluster and, from then on, its write-ahead log as it is written. Whoever loses
the machine loses what the log's receiver had not yet been sent: well under a second where it runs. A backup
holds ciphertext and no keys, which lie apart.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import quote

import psycopg

from entact.store import postgres, server
from entact.store.error import StoreError
from entact.store.private import sync_outside, write_over
from entact.store.received import (
    LOG,
    RECEIVED,
    Notebook,
    Received,
    behind_record,
    faults,
    is_unfinished,
    place_of,
    read_received,
    segments,
    start_of,
    written_to,
)

BASE, NOTE, MANIFEST = "base", "backup.json", "backup_manifest"

_FLUSHED = "SELECT flush_lsn::text FROM pg_stat_replication WHERE application_name = %s"
_LAST_READ = re.compile(r"error in WAL record at ([0-9A-F]+/[0-9A-F]+)")  # that it is behind, pg_waldump.c
# Where the log ends with a segment, or within one that was not made full: one in the middle is missed before.
_NO_MORE = re.compile(r"could not find file|could not read from file .*: read \d+ of")
_PR_SET_PDEATHSIG = 1  # from linux/prctl.h
_EVERY = 0.2  # seconds between two looks at what was received
_QUIET = 50  # looks in which nothing happened, after which that is noted
_REPLICATION = "local replication all peer map=entact\n"


class Backup(NamedTuple):
    """One copy of the cluster, with the log that follows it: any moment from `since` on can be recovered."""

    folder: Path
    since: datetime


def copy_cluster(folder: Path, *, at: datetime) -> Backup:
    """Copies the cluster while it works; `log_command` then follows its log.

    Args:
        folder: of all backups; this one gets a folder of its own, named after the time. at: now.
    Raises:
        StoreError: when DATABASE_URL is set (such a server has its own backup), or the copy fails.
    """
    if server.external_url() is not None:
        raise StoreError("DATABASE_URL is set: that server is backed up with its own tools (docs/backup.md)")
    url = postgres.start(server.embedded_folder()).url
    _allow_replication(url)
    place = folder / f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    try:
        place.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise StoreError(f"{place} is there already: a backup was begun in the same second") from None
    fresh = place / f"{BASE}.partial"
    _run(
        "pg_basebackup",
        "-d",
        url,
        "-D",
        str(fresh),
        "-X",
        "stream",
        "-c",
        "fast",
        "--manifest-checksums=SHA256",
        clean=place,
    )
    (place / LOG).mkdir(mode=0o700)
    # The receiver goes on after the last segment that it finds, so that none is missing between copy and log.
    for segment in sorted((fresh / "pg_wal").iterdir()):
        if segment.is_file() and len(segment.name) == 24:
            shutil.copy2(segment, place / LOG)
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
    since: datetime = row[0] if row else at
    write_over(place / NOTE, _note(since.astimezone(UTC).isoformat()).encode())
    Notebook(place).note_place(range_of_log(fresh)[1])
    fresh.rename(place / BASE)
    sync_outside(place)
    sync_outside(place.parent)
    return Backup(place, since)


def follow(backup: Backup) -> int:
    """Receives the log from here on, and notes beside it what was received, until the server goes away.

    Returns:
        The exit code of the program that receives it; 0 where it was told to end.
    """
    url = postgres.start(server.embedded_folder()).url
    name = f"entact backup {os.getpid()}"
    receive = [str(postgres.program("pg_receivewal")), "-d", f"{url}&application_name={quote(name)}"]
    receive += ["-D", str(backup.folder / LOG), "--synchronous", "--no-loop", "--status-interval=1"]
    with subprocess.Popen(receive, start_new_session=True, preexec_fn=end_with_parent) as receiver:
        try:
            _note_until(receiver, url, name, Notebook(backup.folder))
        finally:
            receiver.terminate()
    return receiver.returncode


def end_with_parent() -> None:
    """On Linux a child that begins with this ends also where its parent is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _note_until(receiver: subprocess.Popen[bytes], url: str, name: str, notebook: Notebook) -> None:
    """Notes at once what the receiver says that it has, until it ends."""
    said, quiet = "", 0
    with psycopg.connect(url, autocommit=True) as owner:
        while receiver.poll() is None:
            try:
                row = owner.execute(_FLUSHED, [name]).fetchone()
                lsn = row[0] if row and row[0] else ""
                quiet = 0 if lsn != said else quiet + 1
                if lsn and quiet % _QUIET == 0:
                    notebook.note(owner, lsn)
                    said = lsn
            except psycopg.OperationalError:  # the server goes away; the receiver finds out for itself
                receiver.wait()
                return
            with suppress(subprocess.TimeoutExpired):
                receiver.wait(timeout=_EVERY)


def backups(folder: Path) -> list[Backup]:
    """Every whole backup in a folder, the oldest first.

    Raises:
        StoreError: when the note of one cannot be read, or there is a pipe or a device in it: it has no end.
    """
    found = []
    for note in sorted(folder.glob(f"*/{NOTE}")):
        if (note.parent / BASE).is_dir():
            for path in filter(_is_endless, note.parent.rglob("*")):
                raise StoreError(f"{path} is neither a file nor a folder: the backup is damaged")
            found.append(Backup(note.parent, _since(note)))
    return found


def _is_endless(path: Path) -> bool:
    """Whether it is a pipe, a device or a socket; what the receiver renamed meanwhile is none."""
    with suppress(FileNotFoundError):
        kind = path.lstat().st_mode
        return not (stat.S_ISREG(kind) or stat.S_ISDIR(kind) or stat.S_ISLNK(kind))
    return False


def _since(note: Path) -> datetime:
    """Since when a backup is, as is noted beside it.

    Raises:
        StoreError: when the note was damaged.
    """
    try:
        said = json.loads(note.read_bytes())["since"]
        since = datetime.fromisoformat(said)
        if note.read_text() != _note(said) or since.tzinfo is None:
            raise ValueError("it does not match its own digest")
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise StoreError(f"{note} is damaged: since when that backup is, is not known") from error
    return since


def _note(since: str) -> str:
    """Since when a backup is, with a digest of that."""
    return json.dumps({"since": since, "digest": sha256(since.encode()).hexdigest()}) + "\n"


def require_whole(base: Path) -> None:
    """Refuses a copy that is not as PostgreSQL's own manifest of it says.

    Raises:
        StoreError: with the first file that is missing, changed or strange.
    """
    files = dict(_manifest(base))
    for name, expected in files.items():
        try:
            if not stat.S_ISREG((base / name).lstat().st_mode):
                raise StoreError(f"{base / name} is no file: take an older backup")
            with (base / name).open("rb") as file:
                if file_digest(file, "sha256").hexdigest() != expected:
                    raise StoreError(f"{base / name} is damaged: take an older backup")
        except FileNotFoundError:
            raise StoreError(f"{base / name} is missing: take an older backup") from None
    there = (path.relative_to(base).as_posix() for path in base.rglob("*") if not path.is_dir())
    for name in there:
        if name not in files and name != MANIFEST and not name.startswith("pg_wal/"):
            raise StoreError(f"{base / name} does not belong to the copy: take an older backup")


def _manifest(base: Path) -> Iterator[tuple[str, str]]:
    """Each file of a copy with its digest, as the manifest says, which ends with a digest of itself."""
    raw, content = _read_manifest(base)
    try:
        if content["Manifest-Checksum"] != sha256(raw[: raw.rindex(b'"Manifest-Checksum"')]).hexdigest():
            raise ValueError("does not match its own digest")
        for one in content["Files"]:
            if ".." in PurePosixPath(one["Path"]).parts or PurePosixPath(one["Path"]).is_absolute():
                raise ValueError(f"{one['Path']} lies outside the copy")
            yield one["Path"], one["Checksum"]
    except (ValueError, LookupError, TypeError) as error:
        raise StoreError(f"{base / MANIFEST} is damaged ({error}): take an older backup") from error


def _read_manifest(base: Path) -> tuple[bytes, Any]:
    try:
        raw = (base / MANIFEST).read_bytes()
        return raw, json.loads(raw)
    except (OSError, ValueError) as error:
        raise StoreError(f"{base / MANIFEST} cannot be read ({error}): take an older backup") from error


def range_of_log(base: Path) -> tuple[str, str]:
    """Where the log has to begin for a copy, and up to where it makes the copy whole."""
    _, content = _read_manifest(base)
    try:
        (part,) = content["WAL-Ranges"]
        place_of(part["Start-LSN"]), place_of(part["End-LSN"])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise StoreError(f"{base / MANIFEST} is damaged ({error}): take an older backup") from error
    return part["Start-LSN"], part["End-LSN"]


class Checked(NamedTuple):
    """What is wrong with a backup, and how far it was received; None where nobody noted that."""

    backup: Backup
    received: Received | None
    wrong: tuple[str, ...]


def check(backup: Backup) -> Checked:
    """Reads a backup through, without restoring it: every file of the copy, every record of the log."""
    wrong, received = [], None
    try:
        received = read_received(backup.folder)
        if received is None:
            wrong.append(f"{backup.folder / RECEIVED} is missing: how far the log was received is not known")
    except StoreError as error:
        wrong.append(str(error))
    try:
        _since(backup.folder / NOTE)
        require_whole(backup.folder / BASE)
        begin, _ = range_of_log(backup.folder / BASE)
        broken = [one.said for one in faults(backup.folder, place_of(begin))]
        wrong += broken or unreadable(backup.folder, begin)
    except StoreError as error:
        wrong.append(str(error))
    return Checked(backup, received, tuple(wrong))


def unreadable(folder: Path, begin: str) -> list[str]:
    """What PostgreSQL's own reader says of the records of a log whose bytes are as they were received."""
    log = folder / LOG
    written = written_to(log)
    with tempfile.TemporaryDirectory(prefix="entact-log-") as links:
        for name, path in segments(log).items():
            if start_of(name) < written:  # the receiver makes one full of zeros before anything comes
                (Path(links) / name).symlink_to(path.resolve())
        timeline = str(int(next(iter(segments(log)))[:8], 16))
        try:
            _run("pg_waldump", "--quiet", "-p", links, "-t", timeline, "-s", begin)
        except StoreError as error:
            # It ends with an error always: behind the last record there is none.
            if last := _LAST_READ.search(str(error)):
                reached = behind_record(log, place_of(last[1]))
                whole = written <= reached or is_unfinished(log, reached, written)
            else:
                whole = _NO_MORE.search(str(error)) is not None
            if not whole:
                return [f"the log cannot be read to its end: {error}"]
    return []


def _allow_replication(url: str) -> None:
    """Lets the accounts that may use the server anyway copy it, too."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SHOW hba_file").fetchone()
        path = Path(row[0] if row else "")
        if _REPLICATION not in path.read_text():
            with path.open("a") as file:
                file.write(_REPLICATION)
            connection.execute("SELECT pg_reload_conf()")


def _run(name: str, *arguments: str, clean: Path | None = None) -> None:
    command: Sequence[str] = [str(postgres.program(name)), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        if clean is not None:
            shutil.rmtree(clean, ignore_errors=True)
        raise StoreError(f"{name} failed: {(done.stderr or done.stdout).strip()}")
