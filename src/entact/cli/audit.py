"""`entact audit`: the audit trail of the whole record, filtered, as a file; and who gave what out of it."""

from __future__ import annotations

import getpass
import hashlib
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from entact.cli.database import open_record

OPERATOR = "operator"  # who has the machine itself, whom no page has asked who they are


def write_audit(
    database: str, out: Path | None, form: str, role: str | None, asked: dict[str, str], *, signed: bool
) -> int:
    """Writes the trail, or what is looked for in it; returns with the number of entries.

    Args:
        out: a file; None for stdout. form: `csv` or `jsonl`. role: whose sight limits it; None for all of it.
        asked: `who`, `kind`, `item`, `participant`, `from`, `to`, empty where nothing is asked.
        signed: only what changed what had been signed.
    Raises:
        ConductError: when there is no such participant, role or day.
    """
    open_record(database)
    from entact.conduct.audit.page import as_csv, as_json
    from entact.conduct.audit.selectors import Row, TrailReader, Wanted
    from entact.conduct.error import ConductError
    from entact.conduct.reader import reader_as
    from entact.conduct.sight import OWNER

    reader = reader_as(role or OWNER)
    number, ledger = asked["participant"], ""
    if number:
        standing = reader.standing(number)
        if standing is None:
            raise ConductError(f"no participant of this record has the number {number}")
        ledger = standing.ledger
    until = _day(asked["to"])
    wanted = Wanted(
        who=asked["who"],
        kind=asked["kind"],
        item=asked["item"],
        ledger=ledger,
        since=_day(asked["from"]),
        until=None if until is None else until + timedelta(days=1),
        after_signature=signed,
    )
    trail_reader = TrailReader(reader.study, None if role is None else reader.sight)
    count = 0

    def counted() -> Iterator[Row]:
        nonlocal count
        for row in trail_reader.all(wanted):
            count += 1
            yield row

    digest = hashlib.sha256()
    with ExitStack() as stack:
        to = sys.stdout if out is None else stack.enter_context(out.open("w", encoding="utf-8", newline=""))
        for line in {"csv": as_csv, "jsonl": as_json}[form](counted(), trail_reader.sees_everything):
            to.write(line)
            digest.update(line.encode("utf-8", "replace"))
    said = "".join(f", {name} {text}" for name, text in asked.items() if text)
    said += ", changed after signature" if signed else ""
    note_export(f"audit trail, {form}{f' as {role}' if role else ''}{said}", digest.hexdigest())
    return count


def operator() -> str:
    """The operating system's name of who gave the command: a claim, which nobody has proved."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


def note_export(what: str, digest: str = "") -> None:
    """Keeps in the system's ledger that somebody gave a file out at the command line."""
    from entact.conduct.access.trail import enter
    from entact.course.kinds.access import Exported

    enter(Exported(operator(), what, digest), by=operator(), role=OPERATOR)


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        from entact.conduct.error import ConductError

        raise ConductError(f"{text!r} is no day: write it as 2026-04-30") from error
