"""Backup of the embedded database, and recovery to any moment of it.

A backup is a copy of the whole cluster and, from then on, its write-ahead log as it is written. Whoever loses
the machine loses what the log's receiver had not yet been sent: well under a second where it runs. A backup
holds ciphertext and no keys, which lie apart.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

import psycopg

from entact.store import postgres, server
from entact.store.error import StoreError

BASE, LOG, NOTE = "base", "wal", "backup.json"

_REPLICATION = "local replication all peer map=entact\n"
_RECOVERY = ("restore_command", "recovery_target_time", "recovery_target_action", "hot_standby")


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
    (place / NOTE).write_text(json.dumps({"since": since.astimezone(UTC).isoformat()}) + "\n")
    fresh.rename(place / BASE)
    return Backup(place, since)


def log_command(backup: Backup) -> list[str]:
    """The command that receives the log from here on, until it is ended or the server goes away."""
    url = postgres.start(server.embedded_folder()).url
    receive = [str(postgres.program("pg_receivewal")), "-d", url, "-D", str(backup.folder / LOG)]
    return [*receive, "--synchronous", "--no-loop", "--status-interval=1"]


def backups(folder: Path) -> list[Backup]:
    """Every whole backup in a folder, the oldest first."""
    found = []
    for note in sorted(folder.glob(f"*/{NOTE}")):
        if (note.parent / BASE).is_dir():
            since = datetime.fromisoformat(json.loads(note.read_text())["since"])
            found.append(Backup(note.parent, since))
    return found


def recover(folder: Path, into: Path, *, until: datetime | None = None) -> postgres.Server:
    """Makes a server of a backup as it was at a moment, in a folder of its own; starts it.

    Args:
        folder: of all backups. into: a data folder (ENTACT_DATA) that holds no database yet.
        until: the moment, aware; without one, everything that was received.
    Raises:
        StoreError: when no backup reaches that moment, or one is damaged; nothing is left in `into` then.
    """
    found = [one for one in backups(folder) if until is None or one.since <= until]
    if not found:
        known = ", ".join(one.since.isoformat() for one in backups(folder)) or "none"
        raise StoreError(f"no backup in {folder} reaches {until or 'any moment'}; they begin at: {known}")
    backup = found[-1]
    _require_whole(backup.folder / BASE)
    home = postgres.fill(into / "postgres", {"data": backup.folder / BASE, LOG: backup.folder / LOG})
    try:
        _prepare_recovery(home, until)
        with suppress(StoreError):
            postgres.start(home)  # returns while the log is still being read
        started = postgres.start(home)  # waits for the end of that
    except StoreError as error:
        shutil.rmtree(home / "data", ignore_errors=True)
        if "before configured recovery target" in (home / "server.log").read_text(errors="replace"):
            raise StoreError(f"the log in {backup.folder} ends before {until}: leave the time out") from error
        raise
    finally:
        shutil.rmtree(home / LOG, ignore_errors=True)
    with psycopg.connect(started.url, autocommit=True) as connection:
        for name in _RECOVERY:
            connection.execute(f"ALTER SYSTEM RESET {name}".encode())
    return started


def _require_whole(base: Path) -> None:
    """Refuses a copy with a file that is not as PostgreSQL's own manifest of it says."""
    try:
        manifest = json.loads((base / "backup_manifest").read_bytes())
        for one in manifest["Files"]:
            with (base / one["Path"]).open("rb") as file:
                if file_digest(file, "sha256").hexdigest() != one["Checksum"]:
                    raise StoreError(f"{base / one['Path']} is damaged: take an older backup")
    except FileNotFoundError as error:
        raise StoreError(f"{error.filename} is missing: take an older backup") from None
    except (ValueError, LookupError, TypeError) as error:
        raise StoreError(f"{base / 'backup_manifest'} cannot be read: take an older backup") from error


def _prepare_recovery(home: Path, until: datetime | None) -> None:
    """Tells the server to read the log to its end, or to a moment, and to be a server of its own then."""
    for unfinished in (home / LOG).glob("*.partial"):
        unfinished.rename(unfinished.with_suffix(""))
    settings = {"restore_command": f'cp "../{LOG}/%f" "%p"', "hot_standby": "off"}
    if until is not None:
        settings |= {"recovery_target_time": until.isoformat(" "), "recovery_target_action": "promote"}
    with (home / "data" / "postgresql.auto.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    signal = home / "data" / "recovery.signal"
    signal.touch()
    owner = (home / "data").stat()
    os.chown(signal, owner.st_uid, owner.st_gid)


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
