"""Commands about the validation of a study: make its pack, sign it, enter it. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from entact.cli.commands.options import (
    PLAIN,
    REHEARSAL,
    AsJson,
    By,
    Database,
    KeyFile,
    Study,
    Words,
    print_json,
)

Folder = Annotated[Path, typer.Argument(help="The folder of a validation pack.", file_okay=False)]


class _StudyFirst(TyperGroup):
    """What is no command is a study to make a pack for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


validation_pack = typer.Typer(
    help="Show that a study can go live, signed per release.",
    cls=_StudyFirst,
    **PLAIN,
)


@validation_pack.command()
def make(
    study: Study,
    out: Annotated[Path, typer.Option(help="A new folder for the pack.", file_okay=False)],
    evidence: Annotated[
        Path, typer.Option(help="What `make evidence` wrote on this machine.", dir_okay=False)
    ] = Path("var/evidence/evidence.json"),
    as_json: AsJson = False,
) -> None:
    """Write the pack of a study's newest release: pack.pdf to read, checklist.csv to work off."""
    from entact.cli.validation import make_pack

    made = make_pack(study, evidence, out)
    if as_json:
        print_json(made)
    else:
        shown = ", ".join(f"{count} {result}" for result, count in made["requirements"].items())
        typer.echo(f"{made['folder']}: {made['release']}, requirements {shown}")
        typer.echo(
            f"work off the {made['checklist']} lines of checklist.csv on the training copy, then sign it"
        )


@validation_pack.command()
def check(folder: Folder, as_json: AsJson = False) -> None:
    """Say what of a pack is open, and who signed it; exit code 1 while it is not accepted."""
    from entact.cli.validation import as_data, print_pack, read_pack

    told = as_data(read_pack(folder))
    print_json(told) if as_json else print_pack(told)
    if not told["accepted"]:
        raise typer.Exit(1)


@validation_pack.command()
def sign(
    folder: Folder,
    by: By,
    key: KeyFile = None,
    passphrase_file: Words = None,
    database: Annotated[
        str, typer.Option(help="A database that knows the person's key: the training copy.")
    ] = "entact_training",
    as_json: AsJson = False,
) -> None:
    """Sign a pack in which everything was tried and nothing failed."""
    from entact.cli.custody import open_signer
    from entact.cli.validation import as_data, print_pack, sign_pack

    told = as_data(sign_pack(folder, open_signer(database, by, key, passphrase_file)))
    print_json(told) if as_json else print_pack(told)


@validation_pack.command()
def enter(folder: Folder, database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """Enter a signed pack in the record of a study that is open already: after an amendment or an upgrade."""
    from entact.cli.opening import enter_validation

    told = enter_validation(folder, database)
    if as_json:
        print_json(told)
    else:
        typer.echo(f"validated: {', '.join(told['signed_by'])}")
