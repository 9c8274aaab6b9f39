"""Commands that open a study for people, and serve its pages. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from entact.cli.commands.options import REHEARSAL, AsJson, Database, Study, print_json

Host = Annotated[str, typer.Option(help="Loopback address to serve on.")]
Port = Annotated[
    int | None,
    typer.Option(min=1, max=65535, help="Port to serve on; else 8000, or any where that is taken."),
]

commands = typer.Typer()


@commands.command("open", short_help="Open a study for people to run.")
def open_(
    study: Study,
    environment: Annotated[
        Literal["production", "training"], typer.Option(help="What its people are: real, or in training.")
    ],
    database: Annotated[
        str | None, typer.Option(help="Name of the database; else entact_production or entact_training.")
    ] = None,
    owner: Annotated[str, typer.Option(help="What the first owner signs in as.")] = "owner",
    name: Annotated[str, typer.Option(help="The first owner's own name.")] = "Owner of the study",
    validation: Annotated[
        Path | None,
        typer.Option(help="The signed validation pack of this release; it is said where it is missing."),
    ] = None,
    rehearsed: Annotated[
        bool,
        typer.Option("--rehearsed", help="Fill the training copy with virtual people, up to now."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the database of a study, and print a link by which its first owner signs in, once and for an hour.

    A release in which a gate, an alert or a dose is still an assumption is refused for production.
    """
    from entact.cli.opening import open_study, print_link

    result = open_study(
        study, environment, database or f"entact_{environment}", owner, name, validation, rehearsed=rehearsed
    )
    print_json(result) if as_json else print_link(result)


@commands.command(short_help="Enter the amendments of a running study.")
def amend(study: Study, database: Database = "entact_production", as_json: AsJson = False) -> None:
    """Enter those releases of a study file that the record of a running study lacks, oldest first.

    The file has to begin with the releases that the record holds. Each counts at a site once that is said on
    the page Releases.
    """
    from entact.cli.opening import enter_amendments, print_amendments

    result = enter_amendments(study, database)
    print_json(result) if as_json else print_amendments(result)


@commands.command(short_help="Make a link for somebody to set a password.")
def invite(
    person: Annotated[str, typer.Argument(help="What they sign in as.")],
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Print a link by which somebody who has an account sets a password, once and for an hour."""
    from entact.cli.opening import invite, print_link

    result = invite(person, database)
    print_json(result) if as_json else print_link(result)


@commands.command()
def serve(
    database: Database = REHEARSAL,
    host: Host = "127.0.0.1",
    port: Port = None,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Start the worker too; else `entact work` does.")
    ] = True,
    processes: Annotated[
        int, typer.Option(min=1, max=16, help="How many processes serve the pages together.")
    ] = 1,
) -> None:
    """Serve the pages of a study."""
    from entact.cli.server import choose_port, serve_pages

    serve_pages(database, host, choose_port(host, port), worker=worker, processes=processes)


@commands.command(hidden=True)
def serve_part(
    socket: Annotated[int, typer.Option(help="Number of the open socket.")],
    database: Database = REHEARSAL,
    life: Annotated[int | None, typer.Option(help="Number of the file that shows it lives.")] = None,
) -> None:
    """One of several processes that serve pages together: `entact serve --processes` starts them."""
    from entact.cli.server import serve_part

    serve_part(database, socket, life)


@commands.command("work", short_help="Verify, copy, remind and anchor by itself.")
def work_(
    database: Database = REHEARSAL,
    life: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Do what is done without anybody asking, until interrupted: `entact serve` starts this by itself."""
    from entact.cli.worker import work

    work(database, life)


@commands.command(short_help="Try whether mail leaves and arrives.")
def mail(
    address: Annotated[str, typer.Argument(help="Whom to send it to.")], database: Database = REHEARSAL
) -> None:
    """Send one mail that names nobody, to try whether mail leaves and arrives."""
    from entact.cli.worker import try_mail

    try_mail(address, database)
    typer.echo(f"sent to {address}: look whether it arrived")


@commands.command(short_help="Copy a site's record for its investigator.")
def site_copy(
    site: Annotated[str, typer.Argument(help="The site, by its id in the study file.")],
    to: Annotated[Path, typer.Option(help="The site's own place: a copy gets a folder there.")],
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Copy what a site's investigator may see, readable without entact: casebooks, tables, digests."""
    from entact.cli.worker import copy_site_to

    done = copy_site_to(database, site, to)
    if as_json:
        print_json(done)
    else:
        typer.echo(f"{done['folder']}: {done['participants']} participants")
        if done["unreadable"]:
            typer.echo(f"cannot be read: {', '.join(done['unreadable'])}")
    if done["unreadable"]:
        raise typer.Exit(1)
