"""Commands for custodians of the sealed list: `entact allocation keys`. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from entact.cli.commands.options import PLAIN, REHEARSAL, AsJson, By, Database, KeyFile, Words, print_result

ListFile = Annotated[Path, typer.Option("--list", help="The sealed list; custody.json lies beside it.")]
SharesFile = Annotated[Path, typer.Option("--shares", help="The shares of this custodian.")]

keys = typer.Typer(help="The custodians of the sealed list, of whom several open a row together.", **PLAIN)


@keys.command("show")
def show(list_file: ListFile, database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """Say who the custodians are, and how many of them open a row together."""
    from entact.cli.allocation_keys import custodians, print_custodians

    print_result(custodians(database, list_file), print_custodians, as_json=as_json)


@keys.command("check")
def check(
    by: By,
    list_file: ListFile,
    shares: SharesFile,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Look through a custodian's shares: all there, none damaged, each the one that was made."""
    from entact.cli.allocation_keys import check_shares
    from entact.cli.custody import open_signer, say

    count = check_shares(list_file, shares, open_signer(database, by, key, passphrase_file))
    say(f"{by} has a share of each of {count} rows, and every one is the one that was made")


@keys.command("print")
def print_sheets(
    out: Annotated[Path, typer.Option(help="A new PDF.")],
    by: By,
    list_file: ListFile,
    shares: SharesFile,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Write a custodian's shares to be printed, a strip for each row, for when file or key is lost."""
    from entact.cli.allocation_keys import write_sheets
    from entact.cli.custody import open_signer, say

    count = write_sheets(list_file, shares, out, open_signer(database, by, key, passphrase_file))
    say(f"{count} shares in {out}: print it, lock the sheets away, and delete the file")


@keys.command("give")
def give(
    meet: Annotated[Path, typer.Argument(help="The folder where a process waits for shares.")],
    purpose: Annotated[
        Literal[
            "preparation",
            "second_check",
            "replacement",
            "planned_unblinding",
            "assignment",
            "expedited_report",
            "code_breaks",
            "packing",
            "blinding",
            "closed_report",
            "after_lock",
            "renewal",
        ],
        typer.Option("--for", help="What you were told that it is for."),
    ],
    by: By,
    list_file: ListFile,
    shares: SharesFile,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Give a custodian's shares of the rows that a waiting process asks for, once the record says why."""
    from entact.cli.allocation_keys import give_shares, print_given
    from entact.cli.custody import open_signer

    signer = open_signer(database, by, key, passphrase_file)
    print_given(give_shares(meet, list_file, shares, purpose, signer))


@keys.command("renew")
def renew(
    out: Annotated[Path, typer.Option(help="A new folder for the files.", file_okay=False)],
    meet: Annotated[Path, typer.Option(help="The folder into which custodians lay their shares.")],
    custodian: Annotated[list[str], typer.Option(help="Who has a share from now on; repeat it.")],
    threshold: Annotated[int, typer.Option(help="How many of them open a row together.")],
    by: By,
    list_file: ListFile,
    minutes: Annotated[float, typer.Option(min=0, help="How long it waits for custodians.")] = 30,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Share the list out anew: somebody comes or goes, or shares were lost."""
    from entact.cli.allocation_keys import print_renewed, share_out_anew
    from entact.cli.custody import open_signer

    signer = open_signer(database, by, key, passphrase_file)
    found = share_out_anew(list_file, meet, minutes, custodian, threshold, out, signer)
    print_result(found, print_renewed, as_json=as_json)
