"""`entact usdm`: a study file as a document of USDM, and a document as a study file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import typer

from entact import __version__
from entact.cli.document import import_document
from entact.exchange.usdm import read_usdm, study_of, usdm_of, write_usdm
from entact.protocol import load_study
from entact.store import StoreError


def export_usdm(study: str, out: Path) -> dict[str, Any]:
    """Writes the newest release of a study as a document.

    Raises:
        StoreError: when the file is there already.
    """
    if out.exists():
        raise StoreError(f"{out} is there already; name a new file")
    release = load_study(study).newest
    raw = write_usdm(usdm_of(release, version=__version__))
    out.write_bytes(raw)
    return {"file": str(out), "release": release.id, "sha256": hashlib.sha256(raw).hexdigest()}


def import_usdm(document: Path, into: Path | None, *, as_kept: bool) -> dict[str, Any]:
    """What a document of USDM says as a study; see `import_document`."""
    return import_document(document, lambda raw: study_of(read_usdm(raw)), into, as_kept=as_kept)


def print_exported(found: dict[str, Any]) -> None:
    """What was written, in words."""
    typer.echo(f"{found['file']}: {found['release']} · SHA-256 {found['sha256'][:16]}")
