"""`entact backup`, `entact recover`: the embedded database copied while it works, and back at any moment."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from entact.store import StoreError, backup


def back_up(folder: Path, *, once: bool) -> None:
    """Copies the cluster; then becomes the program that receives its log, until that is ended."""
    made = backup.copy_cluster(folder, at=datetime.now(UTC))
    console = Console(highlight=False)
    console.print("copied to", Text(str(made.folder)), soft_wrap=True)
    if once:
        return
    command = backup.log_command(made)
    console.print("receiving the log until this is ended (Ctrl-C)")
    console.file.flush()
    os.execv(command[0], command)


def recover_database(folder: Path, into: Path, until: str | None) -> None:
    """Starts a server with the data of a backup as they were at a moment."""
    moment = None if until is None else _moment(until)
    started = backup.recover(folder, into, until=moment)
    console = Console(highlight=False)
    console.print(
        f"recovered {until or 'all that was received'} in", Text(str(started.folder)), soft_wrap=True
    )
    console.print(f"now: ENTACT_DATA={into} entact verify", soft_wrap=True)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise StoreError(f"{text!r} is no time; write it as 2026-11-23T14:05:00+01:00") from None
    if moment.tzinfo is None:
        raise StoreError(f"{text!r} has no offset: add +00:00 for UTC, or that of the clock it was read from")
    return moment
