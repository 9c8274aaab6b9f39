"""A document of another form as a study file: tried first, written whole or not at all."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from entact.cli.study import find_problems
from entact.exchange.kept import FromDocument, study_file
from entact.protocol import load_study
from entact.store import StoreError

FILE = "study.yaml"


def import_document(
    document: Path, read: Callable[[bytes], FromDocument], into: Path | None, *, as_kept: bool
) -> dict[str, Any]:
    """What a document says as a study, and where it is to be written, its study file.

    Args:
        read: of its bytes; raises a ValueError that names each problem in a line of its own.
        into: the folder in which the study's own is made; without one nothing is written.
        as_kept: whether the study file that a document keeps counts where the document says something else.
    Raises:
        StoreError: when the document cannot be read, says something else than the study file that it keeps,
            or another study file is there; nothing is written then.
    """
    try:
        raw = document.read_bytes()
    except OSError as error:
        raise StoreError(f"{document}: {error.strerror}") from None
    try:
        made = read(raw)
    except ValueError as error:
        raise StoreError("\n".join(f"{document}: {one}" for one in str(error).splitlines())) from None
    text = study_file(made)
    release = _tried(document, made, text)
    found: dict[str, Any] = {
        "document": str(document),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "study": made.data["study"],
        "release": release,
        "kept": made.kept,
        "forms": len(made.data["forms"]),
        "visits": len(made.data["schedule"]),
        "prose": list(made.prose),
        "differences": list(made.differences),
        "written": None,
    }
    if into is None:
        return found
    if made.differences and not as_kept:
        raise StoreError(
            f"{document} says something else than the study file that it keeps, and nothing was written: "
            "change the study file, or take it as it was with --as-kept\n" + "\n".join(made.differences[:20])
        )
    folder = into / str(made.data["study"])
    path = folder / FILE
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return {**found, "written": str(path)}
    if folder.exists():
        raise StoreError(f"{folder} is there already, and nothing is overwritten; choose another --into")
    folder.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return {**found, "written": str(path)}


def _tried(document: Path, made: FromDocument, text: str) -> str:
    """The release that the study file is; it passes the check, and one that was kept is the same."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / str(made.data["study"])
        folder.mkdir()
        (folder / FILE).write_text(text, encoding="utf-8")
        problems = find_problems(str(folder))
        if problems:
            told = "\n".join(f"{one['field']}: {one['message']}" for one in problems)
            raise StoreError(f"{document} makes no study file that passes the check:\n{told}")
        release = load_study(str(folder)).newest
    if made.kept and release.digest != made.digest:
        raise StoreError(
            f"{document} keeps {made.digest[:16]}, and its study file is {release.digest[:16]}: it was made "
            "by another version of entact"
        )
    return release.id


def print_imported(found: dict[str, Any]) -> None:
    """What the document is as a study, in words."""
    typer.echo(
        f"{found['document']}: {found['visits']} visits, {found['forms']} forms · "
        f"SHA-256 {found['sha256'][:16]}"
    )
    typer.echo(found["release"])
    for one in found["differences"]:
        typer.echo(f"differs: {one}")
    for one in found["prose"]:
        typer.echo(one)
    typer.echo("nothing was written: --into FOLDER does it" if found["written"] is None else found["written"])
