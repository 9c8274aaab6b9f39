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
    table: Annotated[
        Path | None, typer.Argument(help="A table: .csv, .tsv, .parquet or .xpt.", dir_okay=False)
    ] = None,
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
    shells: Annotated[
        bool, typer.Option("--shell", help="Only the places of the results, and of how many each will be.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run every analysis of a plan file on a table, and say who entered each."""
    from entact.cli.analyse import (
        AnalyseError,
        as_data,
        check_picture,
        print_found,
        run,
        shells_of,
        write_ard,
        write_picture,
    )

    if shells:
        found_shells = shells_of(plan, table)
        if as_json:
            print_json(found_shells.to_dicts())
        else:
            for row in found_shells.iter_rows(named=True):
                n = "" if row["n"] is None else f", {row['n']} participants"
                about = f"{row['analysis']} ({row['estimand']}, {row['set']}{n})"
                typer.echo(f"{about}: {row['method']}\n  {row['row']}: {row['result']}")
        return
    if table is None:
        raise AnalyseError("a table is needed; without one only `--shell` says anything")
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
