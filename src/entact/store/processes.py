"""Processes of this machine: which are PostgreSQL's, and whose."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def listed() -> dict[int, str]:
    """Command lines of the processes that run, by number; that of a dead one that nobody buried is empty."""
    if not (_PROC / "self" / "cmdline").exists():
        asked = ["ps", "-axww", "-o", "pid=,args="]
        rows = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
        return {int(number): command for number, _, command in (row.strip().partition(" ") for row in rows)}
    found: dict[int, str] = {}  # Linux, where small images have no ps
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                found[int(entry.name)] = (entry / "cmdline").read_text(errors="replace").replace("\0", " ")
    return found


def is_postgres(command: str) -> bool:
    """Whether a command line is that of a PostgreSQL server or of one of its children."""
    return command.startswith("postgres: ") or command.partition(" ")[0].endswith("postgres")


def works_in(number: int, folder: Path) -> bool | None:
    """Whether a process has the folder as its working directory; None where that cannot be known."""
    try:
        return (_PROC / str(number) / "cwd").samefile(folder)
    except OSError:
        return None


def quit_at_once(numbers: Iterable[int]) -> None:
    """Tells PostgreSQL processes to end without finishing anything; the next start recovers."""
    for number in numbers:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGQUIT)
