"""Commands that open rows of the sealed list: to one person, for one report, at the end to all. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from entact.cli.commands.options import (
    PLAIN,
    REHEARSAL,
    AsJson,
    By,
    Database,
    KeyFile,
    Participant,
    Words,
    print_result,
)

ListFile = Annotated[Path, typer.Option("--list", help="The sealed list.")]
OpeningsFile = Annotated[Path, typer.Option("--openings", help="What opens its rows, for this person.")]
MaybeOpenings = Annotated[
    Path | None, typer.Option("--openings", help="What opens its rows, for this person who holds it.")
]
Meet = Annotated[
    Path | None, typer.Option(help="A folder into which custodians lay their shares; this waits there.")
]
Minutes = Annotated[float, typer.Option("--minutes", min=0, help="How long it waits for custodians.")]

opening = typer.Typer(**PLAIN)


@opening.command("open")
def open_row(
    participant: Participant,
    by: By,
    list_file: ListFile,
    openings: MaybeOpenings = None,
    meet: Meet = None,
    minutes: Minutes = 30,
    purpose: Annotated[
        Literal["preparation", "second_check", "replacement"], typer.Option(help="What for.")
    ] = "preparation",
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Open the row of one participant: entered in the record, then shown."""
    from entact.cli.allocation_opener import Way
    from entact.cli.allocation_rows import open_row, print_row
    from entact.cli.custody import open_signer

    signer = open_signer(database, by, key, passphrase_file)
    found = open_row(participant, list_file, Way(openings, meet, minutes), purpose, signer)
    print_result(found, print_row, as_json=as_json)


@opening.command("stand-by")
def stand_by(
    by: By,
    list_file: ListFile,
    openings: OpeningsFile,
    at_most: Annotated[int, typer.Option(min=1, help="Rows that are opened in a day.")] = 3,
    once: Annotated[bool, typer.Option("--once", help="Answer what waits now, and end.")] = False,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
) -> None:
    """Stand by for emergencies: open the row that an emergency unblinding asks for, to that person alone."""
    from entact.cli.allocation_standby import stand_by
    from entact.cli.custody import open_signer
    from entact.store.database import as_allocator

    with as_allocator():  # before anything is connected: a role of its own
        signer = open_signer(database, by, key, passphrase_file)
        stand_by(list_file, openings, signer, at_most, once=once)


@opening.command("tell")
def tell(
    by: By,
    list_file: ListFile,
    participant: Annotated[
        str, typer.Argument(help="Number or id of one participant; without it, everybody who waits.")
    ] = "",
    openings: MaybeOpenings = None,
    meet: Meet = None,
    minutes: Minutes = 30,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Tell what the study file plans to be told of somebody: the arm after the blinded part, or whose visits
    are theirs. Entered for those whom it is planned for; the screen never says an arm."""
    from entact.cli.allocation_opener import Way
    from entact.cli.allocation_tell import print_told, tell_waiting
    from entact.cli.custody import open_signer

    signer = open_signer(database, by, key, passphrase_file)
    found = tell_waiting(participant, list_file, Way(openings, meet, minutes), signer)
    print_result(found, print_told, as_json=as_json)
    if any(one["refused"] for one in found["told"]):
        raise typer.Exit(1)


@opening.command("safety")
def unblind_for_report(
    participant: Annotated[str, typer.Argument(help="Number or id of the participant.")],
    event: Annotated[str, typer.Argument(help="Id of the entry of the adverse event.")],
    reader: Annotated[str, typer.Option("--for", help="The person of the safety desk.")],
    out: Annotated[Path, typer.Option(help="A new file, which that person's key alone reads.")],
    by: By,
    list_file: ListFile,
    openings: MaybeOpenings = None,
    meet: Meet = None,
    minutes: Minutes = 30,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Seal one arm to the safety desk alone, for the expedited report that an event makes due."""
    from entact.cli.allocation_opener import Way
    from entact.cli.allocation_safety import print_sealed, unblind_for_report
    from entact.cli.custody import open_signer

    signer, way = open_signer(database, by, key, passphrase_file), Way(openings, meet, minutes)
    found = unblind_for_report(participant, event, list_file, way, reader, out, signer)
    print_result(found, print_sealed, as_json=as_json)


@opening.command("read")
def read_for_report(
    file: Annotated[Path, typer.Argument(help="What was sealed to you.")],
    by: By,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Read the arm that was sealed to you at the safety desk."""
    from entact.cli.allocation_safety import print_read, read_for_report
    from entact.cli.custody import open_signer

    found = read_for_report(file, open_signer(database, by, key, passphrase_file))
    print_result(found, print_read, as_json=as_json)


@opening.command("measure")
def measure(
    reader: Annotated[str, typer.Option("--for", help="The person of the committee who looks at it.")],
    out: Annotated[Path, typer.Option(help="A new file for the page (HTML).")],
    by: By,
    list_file: ListFile,
    openings: MaybeOpenings = None,
    meet: Meet = None,
    minutes: Minutes = 30,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Measure how blind the running study is, by arm, for the unblinded committee: a page and no arm else."""
    from entact.cli.allocation_measure import measure_blinding, print_measured
    from entact.cli.allocation_opener import Way
    from entact.cli.custody import open_signer

    signer = open_signer(database, by, key, passphrase_file)
    print_result(
        measure_blinding(list_file, Way(openings, meet, minutes), reader, out, signer),
        print_measured,
        as_json=as_json,
    )


@opening.command("report")
def report(
    reader: Annotated[str, typer.Option("--for", help="The person of the committee who looks at it.")],
    out: Annotated[Path, typer.Option(help="A new file for the report (HTML).")],
    by: By,
    list_file: ListFile,
    openings: MaybeOpenings = None,
    meet: Meet = None,
    minutes: Minutes = 30,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Write the closed report of the running study, by arm, for the unblinded committee: and no arm else."""
    from entact.cli.allocation_measure import print_reported, report_closed
    from entact.cli.allocation_opener import Way
    from entact.cli.custody import open_signer

    signer = open_signer(database, by, key, passphrase_file)
    print_result(
        report_closed(list_file, Way(openings, meet, minutes), reader, out, signer),
        print_reported,
        as_json=as_json,
    )


@opening.command("reveal")
def reveal(
    out: Annotated[Path, typer.Option(help="A new file for the opened list.")],
    by: By,
    list_file: ListFile,
    openings: MaybeOpenings = None,
    meet: Meet = None,
    minutes: Minutes = 30,
    proof: Annotated[
        Path | None, typer.Option(help="A new page (HTML) that proves the list in anybody's browser.")
    ] = None,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Open every row once the study is locked, and make the list again from its sealed seed."""
    from entact.cli.allocation_opener import Way
    from entact.cli.allocation_reveal import print_revealed, reveal
    from entact.cli.custody import open_signer

    found = reveal(
        list_file, Way(openings, meet, minutes), out, open_signer(database, by, key, passphrase_file), proof
    )
    print_result(found, print_revealed, as_json=as_json)
