"""Commands about a record: verify, archive, anchor, rebuild. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from entact.cli.commands.options import REHEARSAL, AsJson, Database, print_result

NewFolder = Annotated[Path, typer.Argument(help="A folder that is not there yet.")]

commands = typer.Typer()


@commands.command(short_help="Let a site work with an instrument's wording.")
def enter_wording(
    file: Annotated[
        Path, typer.Argument(help="A wording file: the words of one instrument in one language.")
    ],
    site: Annotated[str, typer.Option(help="The site, by its id in the study file.")],
    by: Annotated[str, typer.Option(help="The investigator of the site who answers for the licence.")],
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Check a wording file, keep it beside the database, and its digest in the site's ledger."""
    from entact.cli.wording import enter_checked_wording, print_wording

    result = enter_checked_wording(file, database, site, by)
    print_result(result, print_wording, as_json=as_json)


@commands.command(short_help="Check every chain of the record.")
def verify(
    database: Database = REHEARSAL,
    archive: Annotated[
        Path | None, typer.Option(help="Check this archive instead, every entry and every file.")
    ] = None,
    offline: Annotated[
        Path | None,
        typer.Option(help="Check this archive by a second implementation, which needs no entact."),
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="A file or saved message with anchors; may be said several times."),
    ] = None,
    authority: Annotated[
        Path | None, typer.Option(help="Certificates (PEM) of the time-stamping authority to be believed.")
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare the rows for lists of everybody; open every identity.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check every chain of the record; name the first bad entry, with exit code 1."""
    if archive is not None:
        from entact.cli.archive import check_archive, print_checked

        checked = check_archive(archive)
        print_result(checked, print_checked, as_json=as_json)
        raise typer.Exit(1 if checked["breaks"] else 0)
    if offline is not None:
        from entact.cli.archive import check_offline

        raise typer.Exit(check_offline(offline, against or []))
    from entact.cli.record import print_verification, verify_record

    result = verify_record(database, against or [], authority, deep=deep)
    print_result(result, print_verification, as_json=as_json)
    if result["breaks"] or result["faults"]:
        raise typer.Exit(1)


@commands.command("archive", short_help="Write a study to open formats.")
def archive_study(folder: NewFolder, database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """Write a study to a new folder in open formats that can be read and verified without entact."""
    from entact.cli.archive import archive_record, print_archived

    result = archive_record(database, folder)
    print_result(result, print_archived, as_json=as_json)


@commands.command("casebook", short_help="Write what was entered of participants as PDF.")
def write_casebook(
    numbers: Annotated[
        list[str] | None, typer.Argument(help="Subject or screening numbers; else everybody.")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="A folder; for one participant also a file that ends in .pdf.")
    ] = Path("casebooks"),
    role: Annotated[
        str, typer.Option(help="As whom: what this role does not see is left out.")
    ] = "investigator",
    closed: Annotated[bool, typer.Option("--sealed", help="Leave personal texts sealed.")] = False,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Write the casebook of each participant: entries with their changes, signatures, audit trail."""
    from entact.cli.casebook import print_casebooks, write_casebooks

    found = write_casebooks(database, numbers or [], role, out, closed=closed)
    print_result(found, print_casebooks, as_json=as_json)


@commands.command(short_help="Write the audit trail, or a part of it, to a file.")
def audit(
    out: Annotated[Path | None, typer.Option(help="A file; else to the terminal.", dir_okay=False)] = None,
    form: Annotated[Literal["csv", "jsonl"], typer.Option("--format", help="Of the file.")] = "csv",
    who: Annotated[str, typer.Option(help="Only what this person wrote.")] = "",
    kind: Annotated[str, typer.Option(help="Only entries of this kind.")] = "",
    item: Annotated[str, typer.Option(help="Only what said or changed this item.")] = "",
    participant: Annotated[str, typer.Option(help="Only of this number.")] = "",
    since: Annotated[str, typer.Option("--from", help="Only what arrived from this day on (UTC).")] = "",
    until: Annotated[str, typer.Option("--to", help="Only what arrived until this day.")] = "",
    signed: Annotated[
        bool, typer.Option("--after-signature", help="Only what changed what had been signed.")
    ] = False,
    role: Annotated[str | None, typer.Option(help="As whom: else everything that is kept.")] = None,
    database: Database = REHEARSAL,
) -> None:
    """Write every entry with who, when, old, new and why; that it was written out is kept too."""
    from entact.cli.audit import write_audit

    asked = {"who": who, "kind": kind, "item": item, "participant": participant, "from": since, "to": until}
    count = write_audit(database, out, form, role, asked, signed=signed)
    if out is not None:
        typer.echo(f"{count} entries in {out}")


@commands.command(short_help="Make an equal study of an archive.")
def restore(
    folder: Annotated[Path, typer.Argument(help="The archive.")],
    database: Annotated[str, typer.Option(help="Name of the database to make.")],
    as_json: AsJson = False,
) -> None:
    """Make a database that is equal to the one that was archived, and verify it."""
    from entact.cli.archive import print_restored, restore_record

    result = restore_record(folder, database)
    print_result(result, print_restored, as_json=as_json)


@commands.command(short_help="Say outside the database what the record is.")
def anchor(
    database: Database = REHEARSAL,
    file: Annotated[Path | None, typer.Option(help="Append it to this file.", dir_okay=False)] = None,
    mail: Annotated[
        list[str] | None,
        typer.Option(help="Send it to this address, through ENTACT_SMTP; may be said again."),
    ] = None,
    timestamp: Annotated[
        str | None, typer.Option(help="Have it stamped (RFC 3161) by the authority at this address.")
    ] = None,
    every: Annotated[
        str | None, typer.Option(help="Go on, once in so long a time (1 h), until interrupted.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Note the heads of all ledgers in the study's ledger, and say outside the database what they are."""
    from entact.cli.anchor import keep_taking, print_anchor, take

    if every is not None:
        keep_taking(database, file, mail or [], timestamp, every)
    told = take(database, file, mail or [], timestamp)
    print_result(told, print_anchor, as_json=as_json)


@commands.command(short_help="Make the rows for lists anew.")
def rebuild(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """Make the rows that lists show anew, from the ledgers; safe at any time, also while others write."""
    from entact.cli.record import print_rebuilt, rebuild_lists

    result = rebuild_lists(database)
    print_result(result, print_rebuilt, as_json=as_json)


@commands.command()
def where(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """Say where the data lie and how much there is."""
    from entact.cli.record import describe_record, print_place

    result = describe_record(database)
    print_result(result, print_place, as_json=as_json)
