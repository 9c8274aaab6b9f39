"""Commands about what a dose does: their options are many, and are read when somebody calls them."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand

commands = typer.Typer()

PHARMACOLOGY = {
    "dose": "Say what a dose does, minute by minute.",
    "compare": "Set regimens side by side, and say how likely limits are crossed.",
    "sensitivity": "Say what a result of the model hangs on.",
    "validate": "Show what was published beside what the model says.",
    "fit": "Estimate parameters of the model from concentrations.",
}


class _LateCommand(TyperCommand):
    """A command whose options are read when somebody calls it: `entact --help` does without them."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        from entact.cli.pharmacology import COMMANDS

        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        alone.command(info_name)(COMMANDS[str(info_name)])
        return typer.main.get_command(alone).make_context(info_name, args, parent=parent, **extra)


def _late() -> None:
    pass


for name, summary in PHARMACOLOGY.items():
    commands.command(name, short_help=summary, cls=_LateCommand)(_late)
