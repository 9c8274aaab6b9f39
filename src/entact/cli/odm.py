"""`entact odm`: the forms of an ODM file into a study file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from entact.cli.redcap import merge_into
from entact.exchange.odm import OdmError, OdmRecord, read_odm
from entact.exchange.redcap import yaml_of
from entact.protocol import Study
from entact.store import StoreError


def import_odm(file: Path, into: Path | None, *, at: str | None, write: bool) -> dict[str, Any]:
    """What the forms of a file are, and what becomes of a study file with them.

    Args:
        into: the study file; without one the forms are only told. at: the visit that fills new forms.
        write: whether it is written.
    Raises:
        StoreError: when the file is malformed, a form is there with other words, or the study file would not
            pass `entact check`; nothing is written then.
    """
    try:
        read = read_odm(file.read_bytes())
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror}") from None
    except OdmError as error:
        raise StoreError("\n".join(f"{file}: {one}" for one in error.problems)) from None
    found: dict[str, Any] = {
        "dictionary": str(file),
        "sha256": read.sha256,
        "fields": len(read.items),
        "forms": {name: len(body["items"]) for name, body in read.forms.items()},
        "items": read.items,
        "notes": read.notes,
        "yaml": f"forms:\n{yaml_of(read.forms)}",
        "written": None,
    }
    if into is not None:
        merge_into(into, read.forms, found, at=at, write=write, again=_given_back)
    return found


def _given_back(study: Study) -> Mapping[str, Mapping[str, Any]]:
    alone = OdmRecord(study).finish(version="", at="2000-01-01T00:00:00+00:00", simulated=True)
    return read_odm(alone).forms
