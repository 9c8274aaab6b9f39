"""`entact check-wording`: whether a file of wording fits its instrument."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from entact.protocol import load_study
from entact.protocol.wording import Wording, load_wording


def check_wording(path: Path, study: str | None) -> dict[str, Any]:
    """What a wording file is of, when it fits.

    Args:
        study: whose instrument it must fit; None for the one that comes with entact.

    Raises:
        StudyError: with every problem, its line and what would be right.
    """
    return _as_data(load_wording(path, None if study is None else load_study(study).newest))


def enter_checked_wording(path: Path, database: str, site: str, by: str) -> dict[str, Any]:
    """Checks a wording file against the study of a record, and lets a site work with it.

    Raises:
        StudyError: when it does not fit. StoreError: when the record cannot take it.
    """
    from entact.cli.database import open_record

    open_record(database)
    from entact.store.error import StoreError
    from entact.store.studies import study_of_record
    from entact.store.wording import enter_wording

    _, study = study_of_record()
    if study is None:
        raise StoreError("this database holds no release of a study yet")
    wording = load_wording(path, study.newest)
    receipt = enter_wording(wording, site, by=by)
    return _as_data(wording) | {"site": site, "ledger": f"site:{site}", "seq": receipt.line.seq}


def print_wording(result: dict[str, Any]) -> None:
    """The result in words."""
    console = Console(highlight=False, markup=False)
    console.print(f"{result['instrument']} in {result['language']}, {result['version']}", style="bold")
    console.print(f"licence of {result['holder']}: {result['licence']}")
    console.print(f"{result['items']} items and their answers have words, none is left over")
    console.print(f"sha256:{result['digest']}", soft_wrap=True)
    if "site" in result:
        console.print(f"site {result['site']} works with these words: entry {result['seq']} of its ledger")


def _as_data(wording: Wording) -> dict[str, Any]:
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
