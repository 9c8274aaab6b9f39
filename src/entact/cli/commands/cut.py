"""Commands that cut the data, and unlock a study that is locked for one. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entact.cli.commands.options import (
    PLAIN,
    REHEARSAL,
    AsJson,
    By,
    Database,
    KeyFile,
    Words,
    print_json,
    print_result,
)

Hours = Annotated[float, typer.Option("--within", help="Hours in which a second person can confirm.")]
CutName = Annotated[str, typer.Argument(help="Name of a cut.")]
ManifestFile = Annotated[
    Path | None, typer.Option("--manifest", help="The manifest as a file, to be checked.")
]

cut = typer.Typer(help="Cut the data: a signed manifest, and datasets.", **PLAIN)
unlock = typer.Typer(help="Unlock a study, or lock it again: two persons.", **PLAIN)


@cut.command("make")
def make_cut(
    name: CutName,
    by: By,
    lock: Annotated[bool, typer.Option("--lock", help="Lock: only an unlock takes its place.")] = False,
    reason: Annotated[
        str, typer.Option(help="Why it is locked with something still open; it names no participant.")
    ] = "",
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Cut the data here and now: sign the heads of all ledgers."""
    from entact.cli.custody import open_signer
    from entact.cli.cut import cut_data

    cut_data(name, lock, reason, open_signer(database, by, key, passphrase_file))


@cut.command("list")
def list_cuts(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """List the cuts, and what is wrong with entries that claim to be one."""
    from entact.cli.cut import list_manifests, print_cuts

    found = list_manifests(database)
    print_result(found, print_cuts, as_json=as_json)


@cut.command("show")
def show_cut(name: CutName, database: Database = REHEARSAL) -> None:
    """Print the manifest of a cut, as it was signed."""
    from entact.cli.cut import manifest_text

    typer.echo(manifest_text(database, name), nl=False)


@cut.command("check")
def check_cut(
    manifest: Annotated[Path, typer.Argument(help="A manifest as a file.")], database: Database = REHEARSAL
) -> None:
    """Say whether a manifest is the one that was signed, and whether the record still holds it."""
    from entact.cli.cut import check_manifest

    check_manifest(database, manifest)


@cut.command("datasets")
def cut_datasets(
    name: CutName,
    out: Annotated[Path, typer.Option(help="A new folder for the datasets.", file_okay=False)],
    manifest: ManifestFile = None,
    allocation: Annotated[Path | None, typer.Option(help="The allocation, to unblind the datasets.")] = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Write the datasets of a cut as JSON Lines: the same bytes each time, whatever arrived since."""
    from entact.cli.cut import print_written, write_datasets

    written = write_datasets(database, name, manifest, allocation, out)
    if as_json:
        print_json(written)
    else:
        print_written(written, out)


@unlock.command("request")
def request_unlock(
    name: Annotated[str, typer.Argument(help="Name of the manifest that is to take its place.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why; it names no participant.")],
    within: Hours = 72,
    lock: Annotated[
        bool, typer.Option("--lock", help="Lock again: pages write no forms once it is confirmed.")
    ] = False,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Ask for a new manifest in the place of the locked one; another person confirms it."""
    from entact.cli.custody import open_signer
    from entact.cli.cut import ask_to_unlock

    ask_to_unlock(name, reason, within, lock, open_signer(database, by, key, passphrase_file))


@unlock.command("confirm")
def confirm_unlock(
    name: CutName, by: By, key: KeyFile = None, passphrase_file: Words = None, database: Database = REHEARSAL
) -> None:
    """Confirm the manifest that another person asked for."""
    from entact.cli.custody import open_signer
    from entact.cli.cut import confirm_to_unlock

    confirm_to_unlock(name, open_signer(database, by, key, passphrase_file, alone=True))
