"""`entact redcap`: the forms of a data dictionary into a study file, and those of a study as a dictionary."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import typer

from entact.cli.study import find_problems
from entact.exchange.redcap import (
    Imported,
    RedcapError,
    dictionary_of,
    forms_of,
    is_project,
    merge_forms,
    read_dictionary,
    read_project,
    write_dictionary,
    yaml_of,
)
from entact.protocol import Study, load_study
from entact.store import StoreError


def import_dictionary(
    dictionary: Path, into: Path | None, *, at: str | None, encoding: str | None, write: bool
) -> dict[str, Any]:
    """What the forms of a dictionary are, and what becomes of a study file with them.

    Args:
        into: the study file; without one the forms are only told. at: the visit that fills new forms.
        write: whether it is written.
    Raises:
        StoreError: when the dictionary is malformed, a form is there with other words, or the study file
            would not pass `entact check`; nothing is written then.
    """
    try:
        raw = dictionary.read_bytes()
    except OSError as error:
        raise StoreError(f"{dictionary}: {error.strerror}") from None
    try:
        read = read_project(raw) if is_project(raw) else read_dictionary(raw, encoding)
        imported = forms_of(read)
    except RedcapError as error:
        raise StoreError("\n".join(f"{dictionary}: {one}" for one in error.problems)) from None
    found = _told(dictionary, imported)
    if into is not None:
        merge_into(into, imported.forms, found, at=at, write=write, again=_given_back)
    return found


def _told(dictionary: Path, imported: Imported) -> dict[str, Any]:
    forms = imported.forms
    return {
        "dictionary": str(dictionary),
        "sha256": imported.dictionary.digest,
        "fields": len(imported.dictionary.fields),
        "forms": {name: len(body["items"]) for name, body in forms.items()},
        "items": {variable: ".".join(place) for variable, place in imported.items.items()},
        "notes": [str(note) for note in imported.notes],
        "forms_sha256": imported.digest,
        "yaml": f"forms:\n{yaml_of(forms)}",
        "written": None,
    }


def _given_back(study: Study) -> Mapping[str, Mapping[str, Any]]:
    return forms_of(read_dictionary(write_dictionary(dictionary_of(study.newest).fields))).forms


def merge_into(
    into: Path,
    forms: Mapping[str, Mapping[str, Any]],
    found: dict[str, Any],
    *,
    at: str | None,
    write: bool,
    again: Callable[[Study], Mapping[str, Mapping[str, Any]]],
) -> None:
    """Adds forms to a study file, and tells in `found` which were; see `import_dictionary`.

    Args:
        again: the forms of a study as they come back when it gave them out in the same form.
    """
    file = into / "study.yaml" if into.is_dir() else into
    study = load_study(str(file))
    text = file.read_bytes().decode("utf-8")
    try:
        merged = merge_forms(text, study.newest.file.all_forms, forms, at, again(study))
    except ValueError as error:
        raise StoreError(f"{file}: {error}") from None
    found |= {"study": str(file), "new": merged.new, "same": merged.same, "conflicts": merged.conflicts}
    with tempfile.TemporaryDirectory() as folder:
        tried = Path(folder) / file.name
        tried.write_bytes(merged.text.encode())
        problems = find_problems(str(tried)) if merged.new else []
    if problems:
        told = "\n".join(f"{one['field']}: {one['message']}" for one in problems)
        hint = "" if at is not None else "\nname the visit that fills them with --at"
        raise StoreError(
            f"{file} would not pass the check with these forms, and nothing was written:\n{told}{hint}"
        )
    if merged.conflicts and write:
        raise StoreError(
            f"{file} has {', '.join(merged.conflicts)} with other words, and nothing was written: rename the "
            "form in the dictionary, or take it out of one of the two"
        )
    if write and merged.new:
        beside = file.with_name(f"{file.name}.new")
        beside.write_bytes(merged.text.encode())
        beside.replace(file)
        found["written"] = hashlib.sha256(merged.text.encode()).hexdigest()


def print_imported(found: dict[str, Any]) -> None:
    """What the import found, in words."""
    items = sum(found["forms"].values())
    typer.echo(
        f"{found['dictionary']}: {found['fields']} fields, {items} items in {len(found['forms'])} forms · "
        f"SHA-256 {found['sha256'][:16]}"
    )
    for note in found["notes"]:
        typer.echo(note)
    if "study" not in found:
        typer.echo(found["yaml"], nl=False)
        return
    for what, said in (
        ("new", "is new"),
        ("same", "is there already"),
        ("conflicts", "is there with other words"),
    ):
        for name in found[what]:
            typer.echo(f"{name} {said}")
    if found["written"]:
        typer.echo(f"{found['study']}: {len(found['new'])} forms added · SHA-256 {found['written'][:16]}")
    elif found["new"]:
        typer.echo("nothing was written: --write does it")
    else:
        typer.echo("nothing to write")


def export_dictionary(study: str, out: Path) -> dict[str, Any]:
    """Writes the dictionary of a study's newest release, and tells what is not in it.

    Raises:
        StoreError: when the file is there already.
    """
    if out.exists():
        raise StoreError(f"{out} is there already; name a new file")
    dictated = dictionary_of(load_study(study).newest)
    raw = write_dictionary(dictated.fields)
    out.write_bytes(raw)
    return {
        "file": str(out),
        "fields": len(dictated.fields),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "variables": dict(dictated.variables),
        "left_out": dict(dictated.left_out),
    }


def print_dictated(found: dict[str, Any]) -> None:
    """What was written, in words."""
    typer.echo(f"{found['file']}: {found['fields']} fields · SHA-256 {found['sha256'][:16]}")
    for place, why in found["left_out"].items():
        typer.echo(f"{place}: {why}")
