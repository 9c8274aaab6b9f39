"""`entact archive`, `entact restore`: a study in open formats, and back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from entact import store
from entact.cli.database import open_record
from entact.cli.work import show_steps


def archive_record(database: str, folder: Path) -> dict[str, Any]:
    """Archives the record of a database, for `--json`."""
    open_record(database)
    done, entries = 0, store.describe().entries
    with show_steps({"archive": "archive"}, {}) as step, step("archive") as show:

        def advance(more: int) -> None:
            nonlocal done
            done += more
            show("entries", done, entries)

        made = store.write_archive(folder, made_at=datetime.now(UTC), progress=advance)
    return {
        "folder": str(made.folder),
        "ledgers": made.ledgers,
        "entries": made.entries,
        "manifest_sha256": made.digest,
    }


def restore_record(folder: Path, database: str) -> dict[str, Any]:
    """Restores an archive into a database, for `--json`."""
    with show_steps({"restore": "restoring"}, {}) as step, step("restore"):
        restored = store.restore(folder, database)
    notices = list(restored.notices)
    return {"database": database, **restored._asdict(), "erased": len(restored.erased), "notices": notices}


def check_archive(folder: Path) -> dict[str, Any]:
    """Reads all of an archive, for `--json`; what is wrong first is a break."""
    archive = store.read_archive(folder)
    breaks: list[str] = []
    with show_steps({"verify": "verification"}, {}) as step, step("verify"):
        try:
            store.verify_archive(archive)
        except store.StoreError as damage:
            breaks.append(str(damage))
    return {
        "folder": str(folder),
        "study": archive.study,
        "environment": archive.environment,
        "ledgers": len(archive.heads),
        "entries": archive.entries,
        "breaks": breaks,
        "notices": [] if breaks else store.archive_notices(archive),
    }


def check_offline(folder: Path, against: Sequence[Path]) -> int:
    """Lets the file that stands in every archive check one, in a Python that sees nothing of entact.

    It is entact's own copy that runs, not the archive's: who rewrote an archive could have rewritten that.

    Returns:
        Its exit code; what it says is printed.
    """
    program = files("entact.store").joinpath("archive_verifier.py")
    with as_file(program) as path:
        command = [sys.executable, "-I", "-S", str(path), str(folder), *map(str, against)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    console = Console(highlight=False)
    for line in done.stdout.splitlines():
        console.print(Text(line), soft_wrap=True)
    if done.returncode:
        console.print(Text(f"broken {done.stderr.strip()}", "bold red"), soft_wrap=True)
    return 1 if done.returncode else 0


def print_archived(result: dict[str, Any]) -> None:
    console = Console(highlight=False)
    console.print(f"archived {_counted(result)} in", Text(result["folder"]), soft_wrap=True)
    console.print(
        f"SHA-256 of its manifest.json, to be kept elsewhere: {result['manifest_sha256']}", soft_wrap=True
    )


def print_restored(result: dict[str, Any]) -> None:
    console = Console(highlight=False)
    new = result["new"]
    told = "verified" if new else "nothing was new, verified"
    console.print(f"{_counted(result)} in the database {result['database']}, {told}", soft_wrap=True)
    for one in result["notices"]:
        console.print(Text(f"look at {one}", "bold yellow"), soft_wrap=True)
    if result["erased"]:
        console.print(f"erased again, because it was after the archive was made: {result['erased']}")


def print_checked(result: dict[str, Any]) -> None:
    console = Console(highlight=False)
    for one in result["breaks"]:
        console.print(Text(f"damaged: {one}", "bold red"), soft_wrap=True)
    for one in result["notices"]:
        console.print(Text(f"look at: {one}", "bold yellow"), soft_wrap=True)
    if not result["breaks"]:
        console.print(f"{_counted(result)} are as they were archived", soft_wrap=True)


def _counted(result: dict[str, Any]) -> str:
    return f"{result['entries']} entries in {result['ledgers']} ledgers"
