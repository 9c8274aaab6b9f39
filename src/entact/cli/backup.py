"""`entact backup`, `entact recover`: the embedded database copied while it works, and back at any moment."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from entact.protocol.quantity import parse_duration
from entact.store import StoreError, backup, recovery


def back_up(folder: Path, *, once: bool) -> int:
    """Copies the cluster, then receives its log until that is ended; returns the exit code."""
    made = backup.copy_cluster(folder, at=datetime.now(UTC))
    console = Console(highlight=False)
    console.print("copied to", Text(str(made.folder)), soft_wrap=True)
    if once:
        return 0
    console.print("receiving the log until this is ended (Ctrl-C)")
    console.file.flush()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return backup.follow(made)


def recover_database(folder: Path, into: Path, until: str | None) -> int:
    """Starts a server with the data of a backup as they were at a moment; returns the exit code."""
    recovered = recovery.recover(folder, into, until=None if until is None else _moment(until))
    console = Console(highlight=False, soft_wrap=True)
    missing = recovered.missing
    what = "A PART" if missing else until or "all that was received"
    last = (
        f"; its last change is of {recovered.last_change:%Y-%m-%d %H:%M:%S%z}"
        if recovered.last_change
        else ""
    )
    console.print(f"recovered {what} in", Text(f"{recovered.server.folder}{last}"))
    for said in recovered.faults:
        console.print(Text(f"damaged: {said}", "bold red"))
    if missing:
        for said in _told(missing):
            console.print(Text(f"missing: {said}", "bold red"))
        console.print("an older backup, or another copy of this one, may have more: keep this folder apart")
    console.print(f"now: ENTACT_DATA={into} entact verify")
    return 1 if missing else 0


def _told(missing: recovery.Missing) -> Iterator[str]:
    for name, (there, back) in missing.entries.items():
        yield f"{there - back} of {there} entries that the database {name} had at {missing.noted_at}"
    if not missing.noted_at:
        yield "how much is not known: nobody noted how far the log was received"
    elif missing.bytes:
        yield f"the last {missing.bytes} bytes of the log, which went on until {missing.noted_at} or later"


def check_backups(folder: Path, within: str | None, at: datetime) -> dict[str, Any]:
    """Reads every backup of a folder through, for `--json`.

    Args:
        within: how old the last that was received by the newest of them may be.
    """
    found = backup.backups(folder)
    if not found:
        raise StoreError(f"there is no backup in {folder}: `entact backup {folder}` makes one")
    longest = None if within is None else _duration(within)
    told = []
    for one in found:
        checked = backup.check(one)
        wrong = list(checked.wrong)
        received = checked.received
        if one is found[-1] and longest is not None and received is not None:
            age = at - datetime.fromisoformat(received.at)
            if age > longest:
                wrong.append(f"nothing was received since {received.at}, for longer than {within}")
        told.append(
            {
                "folder": str(one.folder),
                "since": one.since.isoformat(),
                "received": None if received is None else received.at,
                "entries": {} if received is None else received.entries,
                "wrong": wrong,
            }
        )
    return {"backups": told}


def print_backups(told: dict[str, Any]) -> None:
    """Each backup in words: what it holds, and what is wrong with it."""
    console = Console(highlight=False, soft_wrap=True)
    for one in told["backups"]:
        counted = ", ".join(f"{count} entries of {name}" for name, count in one["entries"].items())
        reach = f"{one['since']} to {one['received'] or 'nobody knows when'}"
        said = "bold red" if one["wrong"] else "green"
        console.print(Text(f"{one['folder']}: {reach}{', ' if counted else ''}{counted}", said))
        for wrong in one["wrong"]:
            console.print(Text(f"  {wrong}", "bold red"))
    if not any(one["wrong"] for one in told["backups"]):
        console.print("every file of the copies and every record of the logs is as it was received")


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise StoreError(f"--within: {error}") from error


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise StoreError(f"{text!r} is no time; write it as 2026-11-23T14:05:00+01:00") from None
    if moment.tzinfo is None:
        raise StoreError(f"{text!r} has no offset: add +00:00 for UTC, or that of the clock it was read from")
    return moment
