"""The command that analyses a trial without a study. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entact.cli.commands.options import AsJson, print_json

commands = typer.Typer()


@commands.command(short_help="Run an analysis plan on a table of any trial.")
def analyse(
    plan: Annotated[Path, typer.Argument(help="A plan file.", dir_okay=False)],
    table: Annotated[Path, typer.Argument(help="A table: .csv, .tsv, .parquet or .xpt.", dir_okay=False)],
    committed: Annotated[
        Path | None,
        typer.Option(help="The plan as it was before unblinding: what differs is said.", dir_okay=False),
    ] = None,
    dry: Annotated[
        int | None, typer.Option("--dry", min=0, help="Make up arms from this seed: a dry run.")
    ] = None,
    ard: Annotated[
        Path | None, typer.Option(help="Write analysis results data: .csv or .parquet.", dir_okay=False)
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Draw the results: .svg, .png or .html.", dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run every analysis of a plan file on a table, and say who entered each."""
    from entact.cli.analyse import as_data, check_picture, print_found, run, write_ard, write_picture

    if picture is not None:
        check_picture(picture)
    found, notes = run(plan, table, committed, dry)
    if ard is not None:
        write_ard(found, ard)
    if picture is not None:
        write_picture(found, picture, table.name)
    if as_json:
        print_json(as_data(found, notes))
    else:
        print_found(found, notes)
    if any(one.result is None for one in found.values()):
        raise typer.Exit(1)
