"""Arguments and options that several commands have in common, and how a result is printed as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

T = TypeVar("T")

REHEARSAL = "entact_rehearsal"  # the database where nobody names one
PLAIN: dict[str, Any] = {  # help in colours takes longer to load than all the rest
    "no_args_is_help": True,
    "rich_markup_mode": None,
    "add_completion": False,
}

Study = Annotated[
    str, typer.Argument(help="A shipped study (mapp1), or the path of a study file or its folder.")
]
Seed = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Everything follows from it.")]
Language = Annotated[str | None, typer.Option(help="One of the study's languages; else its main one.")]
Database = Annotated[str, typer.Option(help="Name of the database.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Person = Annotated[str, typer.Argument(help="Name of a person, as in the study's ledger.")]
By = Annotated[str, typer.Option("--by", help="The person who signs.")]
KeyFile = Annotated[
    Path | None, typer.Option("--key", help="Its file; else that of the person in `signing`.")
]
Words = Annotated[
    Path | None, typer.Option("--passphrase-file", help="File with the passphrase; else it is asked for.")
]
Participant = Annotated[
    str, typer.Argument(help="A participant's number, or the ledger, participant:<id>, or its id.")
]


def print_json(value: Any) -> None:
    """Prints a result as JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def print_result(value: T, say: Callable[[T], object], *, as_json: bool) -> None:
    """Prints a result as JSON where that was asked for, else as `say` tells it to people."""
    if as_json:
        print_json(value)
    else:
        say(value)
