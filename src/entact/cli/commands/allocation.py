"""Commands about the sealed list: made, handed over, proved, kits packed for its rows. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entact.cli.commands.allocation_keys import keys
from entact.cli.commands.allocation_openings import ListFile, MaybeOpenings, Meet, Minutes, opening
from entact.cli.commands.options import (
    PLAIN,
    REHEARSAL,
    AsJson,
    By,
    Database,
    KeyFile,
    Words,
    print_result,
)

Sites = Annotated[
    list[str] | None,
    typer.Option("--site", help="A site that has rows; repeat it. Without any: all of the study."),
]
ToCome = Annotated[
    list[str] | None,
    typer.Option("--site-to-come", help="A site that only a later release has; repeat it."),
]
Table = Annotated[
    Path | None, typer.Option("--from", help="A statistician's list: CSV of number, stratum, arm.")
]
Rows = Annotated[int, typer.Option(min=0, max=100_000, help="Rows of each stratum; of minimisation, people.")]
Blocks = Annotated[str, typer.Option(help="Sizes of blocks, as in 4,6; tell no site. Of minimisation none.")]
Right = Annotated[float, typer.Option(help="Share of arms before that are guessed rightly.")]

allocation = typer.Typer(help="The sealed randomisation list.", **PLAIN)
allocation.add_typer(keys, name="keys")
allocation.add_typer(opening)


@allocation.command("check")
def check_list(
    rows: Rows = 0,
    blocks: Blocks = "",
    site: Sites = None,
    to_come: ToCome = None,
    table: Table = None,
    guessed_right: Right = 0.9,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Say how balanced such a list is, and how well its next arm could be foretold, without making one."""
    from entact.cli.allocation import sites_of_list
    from entact.cli.allocation_check import diagnose, look_through, print_diagnosis, print_looked_through

    if (table is None) == (rows == 0):
        raise typer.BadParameter("say either --rows and --blocks, or --from FILE")
    sites = sites_of_list(database, site or [], to_come or [])
    if table is not None:
        print_result(look_through(database, sites, table), print_looked_through, as_json=as_json)
    else:
        found = diagnose(database, sites, rows, _sizes(blocks), guessed_right)
        print_result(found, print_diagnosis, as_json=as_json)


@allocation.command("make")
def make_list(
    out: Annotated[Path, typer.Option(help="A folder for the files.", file_okay=False)],
    by: By,
    rows: Rows = 0,
    blocks: Blocks = "",
    site: Sites = None,
    to_come: ToCome = None,
    table: Table = None,
    uneven: Annotated[
        bool, typer.Option("--uneven", help="A statistician's list that does not keep the ratio is meant so.")
    ] = False,
    holder: Annotated[
        list[str] | None, typer.Option(help="A person who holds the list; repeat it for a deputy.")
    ] = None,
    custodian: Annotated[
        list[str] | None, typer.Option(help="A person who has a share of each row; repeat it for each.")
    ] = None,
    threshold: Annotated[int, typer.Option(help="How many custodians open a row together.")] = 2,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Draw a list (or read one), seal it to its holders, and commit it to the study's ledger."""
    from entact.cli.allocation import make_list, print_made, sites_of_list
    from entact.cli.custody import open_signer

    sites = sites_of_list(database, site or [], to_come or [])
    signer = open_signer(database, by, key, passphrase_file)
    sizes, trusted, held = _sizes(blocks), custodian or [], holder or []
    found = make_list(database, sites, rows, sizes, table, held, out, signer, trusted, threshold, uneven)
    print_result(found, print_made, as_json=as_json)


@allocation.command("hand-over")
def hand_over(
    rehearsed: Annotated[Path, typer.Argument(help="allocation.json of the rehearsal.")],
    out: Annotated[Path, typer.Option(help="A folder for the files.", file_okay=False)],
    by: By,
    holder: Annotated[
        list[str] | None, typer.Option(help="A person who holds the list; repeat it for a deputy.")
    ] = None,
    custodian: Annotated[
        list[str] | None, typer.Option(help="A person who has a share of each row; repeat it for each.")
    ] = None,
    threshold: Annotated[int, typer.Option(help="How many custodians open a row together.")] = 2,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Seal the list of a rehearsal to holders and custodians, who try with it what they will do."""
    from entact.cli.allocation_rehearsed import hand_over, print_handed_over
    from entact.cli.custody import open_signer

    signer = open_signer(database, by, key, passphrase_file)
    found = hand_over(rehearsed, holder or [], custodian or [], threshold, out, signer)
    print_result(found, print_handed_over, as_json=as_json)


@allocation.command("verify")
def verify_list(list_file: ListFile, database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """Say whether a list is the one that was committed, and was used in its order, each row once."""
    from entact.cli.allocation import print_verified, verify_list

    found = verify_list(database, list_file)
    print_result(found, print_verified, as_json=as_json)
    if found["problems"]:
        raise typer.Exit(1)


@allocation.command("kits")
def plan_kits(
    by: By,
    list_file: ListFile,
    number: Annotated[
        list[str] | None, typer.Option(help="A row that is to have more kits; repeat it for each.")
    ] = None,
    lacking: Annotated[
        bool, typer.Option("--lacking", help="More for each row whose kits do not last, as sites are told.")
    ] = False,
    spare: Annotated[int, typer.Option(min=0, max=20, help="In reserve, of each level and part.")] = 1,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Plan kits with random numbers for the rows of the list; no row is opened."""
    from entact.cli.allocation_kits import lacking_rows, plan_kits, print_planned
    from entact.cli.custody import open_signer

    signer = open_signer(database, by, key, passphrase_file)
    rows = [*(number or []), *(lacking_rows() if lacking else ())]
    print_result(plan_kits(list_file, signer, rows, spare), print_planned, as_json=as_json)


@allocation.command("pack")
def pack_kits(
    out: Annotated[Path, typer.Option(help="A new table (CSV): what each kit holds.")],
    by: By,
    list_file: ListFile,
    openings: MaybeOpenings = None,
    meet: Meet = None,
    minutes: Minutes = 30,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Write what each planned kit holds, for whoever packs them: entered in the record, then opened."""
    from entact.cli.allocation_kits import write_packing
    from entact.cli.allocation_opener import Way
    from entact.cli.custody import open_signer, say

    signer = open_signer(database, by, key, passphrase_file)
    found = write_packing(list_file, Way(openings, meet, minutes), out, signer)
    say(f"{found['kits']} kits in {found['file']}: it tells every arm; delete it once all are packed")


@allocation.command("codebreaks")
def write_codebreaks(
    out: Annotated[Path, typer.Option(help="A new PDF.")],
    by: By,
    list_file: ListFile,
    openings: MaybeOpenings = None,
    meet: Meet = None,
    minutes: Minutes = 30,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Write code-breaks to be printed, folded and sealed: for an emergency when nothing else works."""
    from entact.cli.allocation_codebreaks import write_envelopes
    from entact.cli.allocation_opener import Way
    from entact.cli.custody import open_signer, say

    found = write_envelopes(
        list_file, Way(openings, meet, minutes), out, open_signer(database, by, key, passphrase_file)
    )
    say(f"{found['rows']} code-breaks in {found['file']}: print, seal, countersign, and delete the file")


@allocation.command("countersign")
def countersign(
    sheets: Annotated[int, typer.Option(min=1, help="How many sealed sheets you counted.")],
    place: Annotated[str, typer.Option(help="Where they lie, as somebody is told it at night.")],
    by: By,
    list_file: ListFile,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Say that all printed code-breaks are there, sealed, and where: by somebody who did not print them."""
    from entact.cli.allocation_codebreaks import countersign
    from entact.cli.custody import open_signer, say

    countersign(list_file, sheets, place, open_signer(database, by, key, passphrase_file))
    say(f"countersigned: {sheets} code-breaks lie in {place}")


def _sizes(blocks: str) -> list[int]:
    try:
        return [int(size) for size in blocks.split(",")] if blocks else []
    except ValueError as error:
        raise typer.BadParameter(f"--blocks {blocks!r} are no sizes: write 4,6") from error
