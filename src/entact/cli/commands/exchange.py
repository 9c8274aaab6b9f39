"""Commands that give data out in formats of other systems, and lead back from them. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entact.cli.commands.options import REHEARSAL, AsJson, Database, print_json, print_result

Exported = Annotated[str, typer.Argument(help="The study of the record by its name, or an archive's folder.")]
Blinded = Annotated[bool, typer.Option("--blinded", help="Nothing in it may depend on the arm.")]
Opened = Annotated[
    Path | None, typer.Option("--allocation", help="The opened allocation; a rehearsal's is found.")
]
OfCut = Annotated[str | None, typer.Option("--cut", help="A cut by its name; else all that there is.")]

commands = typer.Typer()


@commands.command(short_help="Write a study's datasets for a regulator.")
def export(
    study: Exported,
    out: Annotated[Path, typer.Option(help="A new folder for the files.", file_okay=False)],
    standards: Annotated[
        str, typer.Option("--as", help="sdtm, adam, and define for Define-XML; joined by commas.")
    ] = "sdtm,define",
    formats: Annotated[
        str, typer.Option("--format", help="xpt, json (Dataset-JSON), parquet, csv; joined by commas.")
    ] = "xpt",
    blinded: Blinded = False,
    allocation: Opened = None,
    cut: OfCut = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Write a study's datasets from the record, with a manifest of hashes, cut, release and code."""
    from entact.cli.export import Asked, export_study, print_exported

    asked = Asked(_names(standards), _names(formats), blinded, allocation, cut)
    found = export_study(study, database, asked, out)
    if as_json:
        print_json(found)
    else:
        print_exported(found, out)


@commands.command(short_help="Show which entries a value of a dataset came from.")
def trace(
    study: Exported,
    row: Annotated[str, typer.Argument(help="VS:<USUBJID>:<VSSEQ>, and :<variable> for one value.")],
    blinded: Blinded = False,
    allocation: Opened = None,
    cut: OfCut = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Show a row of a dataset, the entries it came from, and who signed them."""
    from entact.cli.export import Asked, print_trace
    from entact.cli.export import trace as trace_row

    found = trace_row(study, database, row, Asked(("sdtm",), ("xpt",), blinded, allocation, cut))
    print_result(found, print_trace, as_json=as_json)


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip().lower() for one in text.split(",") if one.strip()))
