"""Commands that run a study with virtual people. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entact.cli.commands.options import REHEARSAL, AsJson, Database, Seed, Study, print_json
from entact.cli.commands.server import Host, Port

Participants = Annotated[
    int | None, typer.Option(min=1, max=10_000, help="How many to randomise; else as many as planned.")
]
Scenario = Annotated[
    str | None, typer.Option(help="A shipped scenario by name, or a file that overrides parameters.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Folder for the allocation and the report; else `rehearsal` beside the data.", file_okay=False
    ),
]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; else one for each core.")]
DEMONSTRATION = "entact_demo"  # the database of the study in progress
commands = typer.Typer()


@commands.command(short_help="Rehearse a study and serve its pages.")
def demo(
    study: Study,
    participants: Participants = None,
    seed: Seed = 7,
    out: Out = None,
    host: Host = "127.0.0.1",
    port: Port = None,
    serve: Annotated[bool, typer.Option(help="Serve the study in the browser at the end.")] = True,
) -> None:
    """Rehearse a study, print its outcome table, and serve it as it stands in the middle of it: today."""
    from datetime import UTC, datetime

    from entact.cli.progress import make_progress
    from entact.cli.rehearsal import ALLOCATION, print_result, run_rehearsal, write_allocation
    from entact.cli.server import choose_port, serve_pages

    if serve:
        choose_port(host, port)  # says now, not after the rehearsal, when it cannot be had
    folder = out or _folder(REHEARSAL)
    result = run_rehearsal(study, participants, seed, None, folder, None, REHEARSAL)
    print_result(result, full=False)
    if result.verification.breaks:
        raise typer.Exit(1)
    if serve:
        trial = make_progress(study, None, seed, DEMONSTRATION, datetime.now(UTC))
        write_allocation(trial, _folder(DEMONSTRATION) / ALLOCATION)
        serve_pages(DEMONSTRATION, host, choose_port(host, port), demonstrates=True)


@commands.command(short_help="Run a whole study with virtual people.")
def rehearse(
    study: Study,
    participants: Participants = None,
    seed: Seed = 1,
    scenario: Scenario = None,
    out: Out = None,
    workers: Workers = None,
    database: Database = REHEARSAL,
    full: Annotated[bool, typer.Option("--full", help="Print every row of the outcome table.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a whole study with virtual participants and staff, store and verify it, print its outcome table.

    An earlier rehearsal in the same database is thrown away; production and training data never are.
    """
    from entact.cli.rehearsal import print_result, run_rehearsal

    folder = out or _folder(database)
    result = run_rehearsal(study, participants, seed, scenario, folder, workers, database)
    if as_json:
        print_json(result.to_dict())
    else:
        print_result(result, full=full)
    if result.verification.breaks:
        raise typer.Exit(1)


@commands.command()
def stop() -> None:
    """Stop the embedded database."""
    from entact.cli.record import stop_database

    stop_database()


def _folder(database: str) -> Path:
    """Where files of a rehearsal go when nobody says: beside the data, under the name of its database."""
    from entact.store.server import data_folder

    return data_folder() / database.removeprefix("entact_")
