"""Commands for the night on which the machine is lost: back up before it, check that, recover. Thin."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from entact.cli.commands.options import (
    PLAIN,
    REHEARSAL,
    AsJson,
    Database,
    KeyFile,
    Words,
    print_json,
    print_result,
)

Backups = Annotated[Path, typer.Argument(help="Where backups lie: another disk, another machine.")]


class _FolderFirst(TyperGroup):
    """What is no command is the folder of a backup to make."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


commands = typer.Typer()
backup = typer.Typer(
    help="Copy the embedded database while it works, and follow it.",
    cls=_FolderFirst,
    **PLAIN,
)


@backup.command()
def make(
    folder: Backups,
    once: Annotated[bool, typer.Option("--once", help="Copy only; do not follow the log.")] = False,
) -> None:
    """Copy it, then receive its log until this is ended."""
    from entact.cli.backup import back_up

    raise typer.Exit(back_up(folder, once=once))


@backup.command()
def check(
    folder: Backups,
    within: Annotated[
        str | None, typer.Option(help="How old what was received last may be (10 min).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read backups through; exit code 1 where something is wrong."""
    from entact.cli.backup import check_backups, print_backups

    told = check_backups(folder, within, datetime.now(UTC))
    print_result(told, print_backups, as_json=as_json)
    if any(one["wrong"] for one in told["backups"]):
        raise typer.Exit(1)


@backup.command()
def prove(
    folder: Backups,
    report: Annotated[
        Path, typer.Option(help="Folder for the report, as text and as JSON.", file_okay=False)
    ],
    keys: Annotated[
        Path | None, typer.Option(help="The file of participants' keys; written now where it is not there.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who answers for the keys.")] = None,
    key: KeyFile = None,
    passphrase_file: Words = None,
    file_passphrase_file: Annotated[
        Path | None, typer.Option(help="File with the passphrase of the file of keys.")
    ] = None,
    register: Annotated[
        Path | None, typer.Option(help="The register of erasures as it is now; else that of this record.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="A folder to restore into and keep; else one that is removed.")
    ] = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Prove a restore: back up keys and record, restore, verify, compare; exit code 1 where it is not proven.

    Without --keys what is personal is not shown to come back, and the restore is not proven.
    """
    from entact.cli.proof import KeysAsked, print_proof, prove

    asked = None
    if keys is not None:
        if by is None or passphrase_file is None or file_passphrase_file is None:
            raise typer.BadParameter("--keys needs --by, --passphrase-file and --file-passphrase-file")
        asked = KeysAsked(keys, by, key, passphrase_file, file_passphrase_file, register)
    proof, written = prove(database, folder, report, into, asked)
    if as_json:
        print_json(proof.to_dict() | {"report": [str(path) for path in written]})
    else:
        print_proof(proof, written)
    if not proof.proven:
        raise typer.Exit(1)


@commands.command(short_help="Make a database of a backup, as it was at a moment.")
def recover(
    folder: Annotated[Path, typer.Argument(help="Where backups lie.")],
    into: Annotated[Path, typer.Option(help="A data folder (ENTACT_DATA) without a database yet.")],
    until: Annotated[str | None, typer.Option(help="The moment, with offset; else all there is.")] = None,
) -> None:
    """Make a database of a backup as it was at a moment, in a folder of its own, and start it."""
    from entact.cli.backup import recover_database

    raise typer.Exit(recover_database(folder, into, until))
