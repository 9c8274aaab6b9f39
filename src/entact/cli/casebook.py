"""`entact casebook`: what was entered of participants, as a PDF for each."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import typer

from entact.cli.database import open_record

_FORBIDDEN = str.maketrans(dict.fromkeys('/\\:*?"<>|', "_"))


def write_casebooks(
    database: str, numbers: list[str], role: str, out: Path, *, closed: bool
) -> list[dict[str, Any]]:
    """Writes the casebook of each participant, or of everybody; texts are opened where the key is here.

    Args:
        numbers: subject or screening numbers; none for everybody. out: a PDF for one number, else a folder.
        closed: leave sealed texts sealed.
    Raises:
        StoreError, ConductError: when the record cannot be read, or a role or number is not known.
        OSError: when a file cannot be written.
    """
    open_record(database)
    from entact.conduct.casebook import casebook, subjects
    from entact.conduct.error import ConductError
    from entact.conduct.reader import reader_as
    from entact.conduct.record.opened import Opener
    from entact.report.casebook import draw_casebook
    from entact.store.participant_keys import key_of, require_keychain

    if not closed:
        require_keychain()
    reader = reader_as(role)
    one_file = out.suffix.lower() == ".pdf"
    if one_file and len(numbers) != 1:
        raise ConductError(f"{out} is one file, and a casebook is of one participant: name a folder, or one")
    from entact.cli.audit import note_export, operator

    given_out = (
        f"Given out at the command line by {operator()}, who chose the role {role}: the name is the "
        "operating system's, and nobody proved it or that this person holds the role."
    )
    found = []
    for standing in subjects(reader, numbers):
        book = casebook(reader, standing, Opener(None if closed else key_of(standing.ledger)), given_out)
        path = out if one_file else out / f"{standing.number.translate(_FORBIDDEN)}.pdf"
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn = draw_casebook(book.values())
        path.write_bytes(drawn)
        what = f"casebook of {standing.number} as {role}{', sealed' if closed else ''}"
        note_export(what, hashlib.sha256(drawn).hexdigest())
        found.append(
            {
                "participant": standing.number,
                "file": str(path),
                "entries": len(book.trail),
                "signatures": len(book.signatures),
                "broken": sum(bool(one.broken) for one in book.signatures),
            }
        )
    return found


def print_casebooks(found: list[dict[str, Any]]) -> None:
    """Says on stdout what was written, and which signatures are broken."""
    for one in found:
        typer.echo(
            f"{one['participant']:<10} {one['entries']:>5} entries  {_signatures(one):<28} {one['file']}"
        )
    if not found:
        typer.echo("nobody is in this record")


def _signatures(one: dict[str, Any]) -> str:
    signed = one["signatures"]
    if not signed:
        return "not signed"
    broken = f", {one['broken']} broken" if one["broken"] else ""
    return f"{signed} {'signature' if signed == 1 else 'signatures'}{broken}"
