"""`entact check-wording`: whether a file of wording fits its instrument."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from entact.protocol import load_study
from entact.protocol.wording import load_wording


def check_wording(path: Path, study: str | None) -> dict[str, Any]:
    """What a wording file is of, when it fits.

    Args:
        study: whose instrument it must fit; None for the one that comes with entact.

    Raises:
        StudyError: with every problem, its line and what would be right.
    """
    wording = load_wording(path, None if study is None else load_study(study).newest)
    said = wording.file
    return {
        "instrument": said.wording,
        "language": said.language,
        "version": said.version,
        "holder": said.holder,
        "licence": said.licence,
        "items": len(said.items),
        "digest": wording.digest,
    }


def print_wording(result: dict[str, Any]) -> None:
    """The result in words."""
    console = Console(highlight=False, markup=False)
    console.print(f"{result['instrument']} in {result['language']}, {result['version']}", style="bold")
    console.print(f"licence of {result['holder']}: {result['licence']}")
    console.print(f"{result['items']} items and their answers have words, none is left over")
    console.print(f"sha256:{result['digest']}", soft_wrap=True)
