"""The command line: one thin command each, imported late."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="Runs studies of MDMA-assisted therapy, from the protocol through every session to the result. Research software.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Study = Annotated[
    str, typer.Argument(help="A shipped study (mapp1), or the path of a study file or its folder.")
]
Participants = Annotated[
    int | None, typer.Option(min=1, help="How many to randomise; else as many as planned.")
]
Seed = Annotated[int, typer.Option(min=0, help="Everything follows from it.")]
Scenario = Annotated[
    str | None, typer.Option(help="A shipped scenario by name, or a file that overrides parameters.")
]
Out = Annotated[Path, typer.Option(help="Folder for the allocation and the report.", file_okay=False)]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; else one for each core.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Database = Annotated[str, typer.Option(help="Name of the database.")]
Host = Annotated[str, typer.Option(help="Address to serve on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to serve on.")]
Role = Annotated[
    str, typer.Option(help="The role for which pages are shown; the study file says what it does not see.")
]

REHEARSAL = "entact_rehearsal"


@app.command()
def demo(
    study: Study,
    participants: Participants = None,
    seed: Seed = 7,
    out: Out = Path("var/rehearsal"),
    host: Host = "127.0.0.1",
    port: Port = 8000,
    serve: Annotated[bool, typer.Option(help="Serve the study in the browser at the end.")] = True,
) -> None:
    """Rehearse a study, print its outcome table, and serve its pages in the browser."""
    from entact.cli.rehearsal import print_result, run_rehearsal
    from entact.cli.server import serve_pages

    print_result(run_rehearsal(study, participants, seed, None, out, None, REHEARSAL), full=False)
    if serve:
        serve_pages(REHEARSAL, host, port, "monitor")


@app.command()
def rehearse(
    study: Study,
    participants: Participants = None,
    seed: Seed = 1,
    scenario: Scenario = None,
    out: Out = Path("var/rehearsal"),
    workers: Workers = None,
    database: Database = REHEARSAL,
    full: Annotated[bool, typer.Option("--full", help="Print every row of the outcome table.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a whole study with virtual participants and staff, store and verify it, and print its outcome table."""
    from entact.cli.rehearsal import print_result, run_rehearsal

    result = run_rehearsal(study, participants, seed, scenario, out, workers, database)
    if as_json:
        _print_json(result.to_dict())
    else:
        print_result(result, full=full)


@app.command()
def check(study: Study, as_json: AsJson = False) -> None:
    """Read a study file and say what is wrong with it, or what it assumes."""
    from entact.cli.study import check_study, print_check

    result = check_study(study)
    if as_json:
        _print_json(result)
    else:
        print_check(result)


@app.command()
def verify(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """Check every chain of the record; name the first bad entry."""
    from entact.cli.record import print_verification, verify_record

    result = verify_record(database)
    if as_json:
        _print_json(result)
    else:
        print_verification(result)
    if result["breaks"]:
        raise typer.Exit(1)


@app.command()
def where(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """Say where the data lie and how much there is."""
    from entact.cli.record import describe_record, print_place

    result = describe_record(database)
    if as_json:
        _print_json(result)
    else:
        print_place(result)


@app.command()
def serve(
    database: Database = REHEARSAL, host: Host = "127.0.0.1", port: Port = 8000, role: Role = "monitor"
) -> None:
    """Serve read-only pages of a study, blinded for one role."""
    from entact.cli.server import serve_pages

    serve_pages(database, host, port, role)


@app.command()
def stop() -> None:
    """Stop the embedded database."""
    from entact.cli.record import stop_database

    stop_database()


def main() -> None:
    """Runs the command line; what a person can put right is said on stderr, with exit code 2."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # told apart below: anything unexpected is raised again
        if not isinstance(error, _expected()):
            raise
        typer.echo(f"entact: {error}", err=True)
        sys.exit(2)


def _expected() -> tuple[type[Exception], ...]:
    from entact.cohort import ParametersError
    from entact.protocol import StudyError
    from entact.store import StoreError

    return StudyError, ParametersError, StoreError


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
