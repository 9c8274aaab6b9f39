"""Recovery of the embedded database from a backup of it, to any moment."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from entact.store import postgres
from entact.store.backup import BASE, backups, range_of_log, require_whole
from entact.store.error import StoreError
from entact.store.received import (
    LOG,
    count_entries,
    faults,
    is_unfinished,
    place_of,
    read_received,
    written_to,
)

_REACHED = "SELECT pg_last_wal_replay_lsn()::text, pg_last_xact_replay_timestamp()"
_SETTINGS = ("restore_command", "recovery_target_time", "recovery_target_action", "hot_standby")


class Missing(NamedTuple):
    """What a recovery did not bring back of what was received.

    Attributes:
        bytes: of the log, at least. noted_at: when it was last noted how far it goes; empty where nobody did.
        entries: by database, how many there were then and how many came back.
    """

    bytes: int
    noted_at: str
    entries: dict[str, tuple[int, int]]


class Recovered(NamedTuple):
    """A server made of a backup.

    Attributes:
        last_change: when the last one was made that it holds. missing: None where all is there that was asked
            for. faults: what is wrong with the backup, even where nothing is missing.
    """

    server: postgres.Server
    last_change: datetime | None
    missing: Missing | None
    faults: tuple[str, ...]


def recover(folder: Path, into: Path, *, until: datetime | None = None) -> Recovered:
    """Makes a server of a backup as it was at a moment, in a folder of its own; starts it.

    Where the log is damaged, everything before the damage is recovered, and what is missing is told.

    Args:
        folder: of all backups. into: a data folder (ENTACT_DATA) that holds no database yet.
        until: the moment, aware; without one, everything that was received.
    Raises:
        StoreError: when no backup reaches that moment, or a copy is damaged; nothing is left in `into` then.
    """
    found = [one for one in backups(folder) if until is None or one.since <= until]
    if not found:
        known = ", ".join(one.since.isoformat() for one in backups(folder)) or "none"
        raise StoreError(f"no backup in {folder} reaches {until or 'any moment'}; they begin at: {known}")
    backup = found[-1]
    require_whole(backup.folder / BASE)
    wrong = tuple(one.said for one in faults(backup.folder, place_of(range_of_log(backup.folder / BASE)[0])))
    home = postgres.fill(into / "postgres", {"data": backup.folder / BASE, LOG: backup.folder / LOG})
    try:
        _prepare_recovery(home, until)
        with suppress(StoreError):
            postgres.start(home)  # returns while the log is still being read
        started = postgres.start(home)  # waits for the end of that
    except StoreError as error:
        shutil.rmtree(home / "data", ignore_errors=True)
        if "before configured recovery target" in (home / "server.log").read_text(errors="replace"):
            why = f" ({wrong[0]})" if wrong else ""
            raise StoreError(
                f"the log in {backup.folder} ends before {until}{why}: leave the time out"
            ) from error
        raise
    finally:
        shutil.rmtree(home / LOG, ignore_errors=True)
    with psycopg.connect(started.url, autocommit=True) as connection:
        row = connection.execute(_REACHED).fetchone()
        reached, last_change = row or ("0/0", None)
        for name in _SETTINGS:
            connection.execute(f"ALTER SYSTEM RESET {name}".encode())
        missing = None if until else _missing(connection, backup.folder, place_of(reached))
    return Recovered(started, last_change, missing, wrong)


def _missing(owner: psycopg.Connection[Any], folder: Path, reached: int) -> Missing | None:
    """Compares what came back with what was noted while it was received, and with what lies there."""
    received = read_received(folder)
    if received is None:
        return Missing(0, "", {})
    _, counts = count_entries(owner)
    short = {
        name: (there, counts.get(name, 0))
        for name, there in received.entries.items()
        if counts.get(name, 0) < there
    }
    written = max(received.place, written_to(folder / LOG))
    if not short and (written <= reached or is_unfinished(folder / LOG, reached, written)):
        return None
    return Missing(max(written - reached, 0), received.at, short)


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
