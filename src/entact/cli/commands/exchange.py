"""Commands that give data out in formats of other systems, take them in, and lead back. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entact.cli.commands.options import (
    PLAIN,
    REHEARSAL,
    AsJson,
    Database,
    KeyFile,
    Words,
    print_json,
    print_result,
)

Exported = Annotated[str, typer.Argument(help="The study of the record by its name, or an archive's folder.")]
Blinded = Annotated[bool, typer.Option("--blinded", help="Nothing in it may depend on the arm.")]
Opened = Annotated[
    Path | None, typer.Option("--allocation", help="The opened allocation; a rehearsal's is found.")
]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; else one for each core.")]
OfCut = Annotated[str | None, typer.Option("--cut", help="A cut by its name; else all that there is.")]

Named = Annotated[str, typer.Argument(help="A study by its name, or the path of its file.")]
Into = Annotated[Path | None, typer.Option(help="A study file, or its folder; else forms are told.")]
IntoFolder = Annotated[
    Path | None, typer.Option(help="The folder in which the study's own is made; else it is a dry run.")
]
AsKept = Annotated[
    bool, typer.Option("--as-kept", help="The study file counts where the document says something else.")
]
Filled = Annotated[str | None, typer.Option("--at", help="The visit that fills forms which are new.")]
Write = Annotated[bool, typer.Option("--write", help="Write the study file; else it is a dry run.")]

_REGISTRIES = {"registries", "clinicaltrials", "ctis"}

commands = typer.Typer()
redcap = typer.Typer(help="Forms from REDCap, and for it.", **PLAIN)
odm = typer.Typer(help="Forms from ODM files; `entact export` writes them.", **PLAIN)
usdm = typer.Typer(help="Studies as USDM 4.0, and from it.", **PLAIN)
m11 = typer.Typer(help="Study files from protocol documents (ICH M11).", **PLAIN)


@commands.command(short_help="Write a study's datasets for a regulator.")
def export(
    study: Exported,
    out: Annotated[Path, typer.Option(help="A new folder for the files.", file_okay=False)],
    standards: Annotated[
        str,
        typer.Option(
            "--as",
            help="sdtm, adam, odm (1.3.2), odm2, fhir, and define for Define-XML; joined by commas. "
            "Or, by themselves: m11, the protocol document; registries (clinicaltrials, ctis).",
        ),
    ] = "sdtm,define",
    formats: Annotated[
        str, typer.Option("--format", help="xpt, json (Dataset-JSON), parquet, csv; joined by commas.")
    ] = "xpt",
    blinded: Blinded = False,
    allocation: Opened = None,
    cut: OfCut = None,
    workers: Workers = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Write a study's datasets from the record, or its documents, with hashes, release and code."""
    from entact.cli.export import export_study, print_exported
    from entact.cli.source import Asked

    if _names(standards) == ("m11",):
        from entact.cli.m11 import export_m11, print_written

        print_result(export_m11(study, out), print_written, as_json=as_json)
        return
    asked = Asked(_names(standards), _names(formats), blinded, allocation, cut)
    if asked.standards and {*asked.standards} <= _REGISTRIES:
        from entact.cli.registries import export_registries, print_posted

        print_result(export_registries(study, database, asked, out), print_posted, as_json=as_json)
        return
    found = export_study(study, database, asked, out, workers)
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
    from entact.cli.source import Asked
    from entact.cli.trace import print_trace, trace_row

    found = trace_row(study, database, row, Asked(("sdtm",), ("xpt",), blinded, allocation, cut))
    print_result(found, print_trace, as_json=as_json)


@commands.command("import", short_help="Take records of another system into the record.")
def import_records(
    file: Annotated[
        Path, typer.Argument(help="Records of REDCap (CSV), or an ODM file of version 1.3.", dir_okay=False)
    ],
    mapping: Annotated[Path, typer.Option("--map", help="The YAML file that says where they go.")],
    write: Annotated[bool, typer.Option("--write", help="Take them in; else it is a dry run.")] = False,
    by: Annotated[str | None, typer.Option("--by", help="The person who takes them in, with a key.")] = None,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Tell what would become of each row, and take in what is new; nothing that is there is changed."""
    from entact.cli.records import print_taken, take_in

    found = take_in(file, mapping, database, by if write else None, key, passphrase_file, write=write)
    print_result(found, print_taken, as_json=as_json)
    if found["conflicts"]:
        raise typer.Exit(1)


@redcap.command("import", short_help="Take the forms of a data dictionary into a study file.")
def import_dictionary(
    dictionary: Annotated[
        Path, typer.Argument(help="A data dictionary (CSV), or a project's XML.", dir_okay=False)
    ],
    into: Into = None,
    at: Filled = None,
    write: Write = False,
    encoding: Annotated[str | None, typer.Option(help="Of the file, where it is not UTF-8: cp1252.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell the forms of a REDCap data dictionary and what they leave out; add those that a study lacks."""
    from entact.cli.redcap import import_dictionary as take
    from entact.cli.redcap import print_imported

    print_result(
        take(dictionary, into, at=at, encoding=encoding, write=write), print_imported, as_json=as_json
    )


@redcap.command("export", short_help="Write a study's forms as a data dictionary.")
def export_dictionary(
    study: Named,
    out: Annotated[Path, typer.Option(help="A new CSV file.", dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Write the forms of a study as a data dictionary that REDCap imports, and tell what it cannot say."""
    from entact.cli.redcap import export_dictionary as give
    from entact.cli.redcap import print_dictated

    print_result(give(study, out), print_dictated, as_json=as_json)


@odm.command("import", short_help="Take the forms of an ODM file into a study file.")
def import_odm_file(
    file: Annotated[Path, typer.Argument(help="An ODM file of version 1.3 (XML).", dir_okay=False)],
    into: Into = None,
    at: Filled = None,
    write: Write = False,
    as_json: AsJson = False,
) -> None:
    """Tell the forms of an ODM file and what they leave out; add those that a study lacks."""
    from entact.cli.odm import import_odm
    from entact.cli.redcap import print_imported

    print_result(import_odm(file, into, at=at, write=write), print_imported, as_json=as_json)


@usdm.command("export", short_help="Write a study as a document of USDM.")
def write_usdm_document(
    study: Named,
    out: Annotated[Path, typer.Option(help="A new JSON file.", dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Write a study as USDM 4.0; its extensions keep the study file whole, so that it comes back the same."""
    from entact.cli.usdm import export_usdm, print_exported

    print_result(export_usdm(study, out), print_exported, as_json=as_json)


@usdm.command("import", short_help="Make a study file of a document of USDM.")
def read_usdm_document(
    document: Annotated[Path, typer.Argument(help="A document of USDM 4.0 (JSON).", dir_okay=False)],
    into: IntoFolder = None,
    as_kept: AsKept = False,
    as_json: AsJson = False,
) -> None:
    """Check a document, tell what it leaves in words, and make a study file that passes the check."""
    from entact.cli.document import print_imported
    from entact.cli.usdm import import_usdm

    print_result(import_usdm(document, into, as_kept=as_kept), print_imported, as_json=as_json)


@m11.command("import", short_help="Make a study file of a protocol document of M11.")
def read_m11_document(
    document: Annotated[
        Path, typer.Argument(help="The exchange form of a protocol document (JSON).", dir_okay=False)
    ],
    into: IntoFolder = None,
    as_kept: AsKept = False,
    as_json: AsJson = False,
) -> None:
    """Check a protocol document, and take back the study file that it keeps, as the same release."""
    from entact.cli.document import print_imported
    from entact.cli.m11 import import_m11

    print_result(import_m11(document, into, as_kept=as_kept), print_imported, as_json=as_json)


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip().lower() for one in text.split(",") if one.strip()))
