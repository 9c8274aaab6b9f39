"""The protocol document of ICH M11: as PDF and for other systems, and back as a study file."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import typer

from entact.cli.document import import_document
from entact.datasets import synopsis
from entact.exchange.m11 import UNSAID, Protocol, m11_of, protocol_of, read_m11, study_in, write_m11
from entact.exchange.m11.text import Block
from entact.protocol import load_study
from entact.report.m11 import draw_m11
from entact.store import StoreError

PDF, DOCUMENT = "protocol.pdf", "protocol.json"


def export_m11(study: str, out: Path) -> dict[str, Any]:
    """Writes the newest release of a study as a protocol document, to read and for other systems.

    Args:
        study: by its name, or the path of its file. out: a folder that is not there, or is empty.
    Raises:
        StoreError: when something is in the folder. StudyError: when there is no such study.
    """
    if out.exists() and any(out.iterdir()):
        raise StoreError(f"{out} is not empty: an export goes into a folder of its own")
    release = load_study(study).newest
    protocol = protocol_of(release)
    files = {
        PDF: draw_m11(as_values(protocol), synopsis(release).schedule),
        DOCUMENT: write_m11(m11_of(release)),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, raw in files.items():
        (out / name).write_bytes(raw)
    return {
        "study": release.file.study,
        "release": release.id,
        "headings": len(protocol.parts),
        "unsaid": list(protocol.unsaid),
        "untold_on_title_page": [what for what, said in protocol.title_page.items() if said is None],
        "files": {str(out / name): hashlib.sha256(raw).hexdigest() for name, raw in files.items()},
    }


def import_m11(document: Path, into: Path | None, *, as_kept: bool) -> dict[str, Any]:
    """What a protocol document keeps as a study; see `import_document`."""
    return import_document(document, lambda raw: study_in(read_m11(raw)), into, as_kept=as_kept)


def print_written(found: dict[str, Any]) -> None:
    """What was written, in words, and of what the study file says nothing."""
    typer.echo(found["release"])
    for name, digest in found["files"].items():
        typer.echo(f"{name}: SHA-256 {digest[:16]}")
    typer.echo(
        f"{len(found['unsaid'])} of {found['headings']} headings are not stated in the study file: "
        f"{', '.join(found['unsaid'])}"
    )
    typer.echo(f"nor are, on the title page: {', '.join(found['untold_on_title_page'])}")


def as_values(protocol: Protocol) -> dict[str, Any]:
    """A protocol document as plain values, each block with its kind."""

    def blocks(of: tuple[Block, ...]) -> list[dict[str, Any]]:
        return [{"kind": type(one).__name__.lower(), **dataclasses.asdict(one)} for one in of]

    return {
        "study": protocol.study,
        "title": protocol.title,
        "version": protocol.version,
        "digest": protocol.digest,
        "unsaid": UNSAID,
        "title_page": [[what, said or ""] for what, said in protocol.title_page.items()],
        "amendment": blocks(protocol.amendment),
        "parts": [
            {"number": one.number, "title": one.title, "level": one.level, "blocks": blocks(one.blocks)}
            | {"unsaid": one.number in protocol.unsaid}
            for one in protocol.parts
        ],
    }
