"""The command line: one thin command each, imported late."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from entact import __version__
from entact.cli.commands import (
    allocation,
    analyse,
    backup,
    cut,
    exchange,
    keys,
    participants,
    pharmacology,
    record,
    rehearsal,
    server,
    study,
    validation,
)
from entact.cli.commands.options import PLAIN
from entact.cli.fault import INTERRUPTED, in_words, was_interrupted

app = typer.Typer(
    help="Runs studies of MDMA-assisted therapy, from the protocol through every session to the result. "
    "Research software.",
    pretty_exceptions_enable=False,
    **PLAIN,
)
for module in (rehearsal, server, study, analyse, record, exchange, backup, pharmacology):
    app.add_typer(module.commands)
GROUPS = {
    "allocation": allocation.allocation,
    "backup": backup.backup,
    "sign-key": keys.sign_key,
    "erase": participants.erase,
    "keys": keys.keys,
    "identity": participants.identity,
    "cut": cut.cut,
    "unlock": cut.unlock,
    "conflict": participants.conflict,
    "device": keys.device,
    "redcap": exchange.redcap,
    "odm": exchange.odm,
    "usdm": exchange.usdm,
    "m11": exchange.m11,
    "validation-pack": validation.validation_pack,
}
for name, group in GROUPS.items():
    app.add_typer(group, name=name)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"entact {__version__}")
        raise typer.Exit


@app.callback()
def entact(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Runs the command line; what a person can put right is said on stderr, with exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without a character shows a question mark
    try:
        app(prog_name="entact")
    except Exception as error:  # anything unexpected is raised again
        if was_interrupted(error):
            sys.exit(INTERRUPTED)
        words = in_words(error)
        if words is None:
            raise
        typer.echo(f"entact: {words}", err=True)
        sys.exit(2)
