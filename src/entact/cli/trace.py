"""`entact trace`: a value of a dataset back to its entries, and to who signed them."""

from __future__ import annotations

from typing import Any

import polars as pl
import typer

from entact.cli.source import Asked, arms_of, open_source
from entact.course.entry import Line, read
from entact.course.fold import Broken, fold_lines
from entact.datasets.adam import DATASETS, SEQUENCE, Analyser
from entact.datasets.sdtm import Tabulator
from entact.store import StoreError

_NUMBERS = {"SV": "VISITNUM", **{name: SEQUENCE.get(name, "ASEQ") for name in DATASETS}}
_ALONE = ("DM", "ADSL")  # of which a participant has one row


def trace_row(name: str, database: str, key: str, asked: Asked) -> dict[str, Any]:
    """A row of the datasets, or one value of it, with the entries it came from and who signed them.

    Args:
        key: `VS:<USUBJID>:<SEQ>`, and `:<variable>` for one value; of SV it is VISITNUM, of DM no number.
    Raises:
        StoreError: when there is no such row.
    """
    dataset, subject, number, variable = _key(key)
    source = open_source(name, database, asked.cut)
    arms = arms_of(source, database, asked)
    person = subject.rpartition("-")[2]
    for ledger, lines in source.participants:
        if ledger.partition(":")[2] != person:
            continue
        course = fold_lines(source.study, ledger, lines)
        if isinstance(course, Broken):
            raise StoreError(f"{ledger}: {course.problem}")
        analyser = Analyser(source.study)
        tabulator = Tabulator(source.study, arms, analyser)
        tabulator.add(course)
        table = {**tabulator.tables, **analyser.tables}.get(dataset)
        made = zip(table.rows, table.entries, strict=True) if table is not None else ()
        found = [
            one for one in made if one[0].get("USUBJID") == subject and row_number(dataset, one[0]) == number
        ]
        if not found:
            raise StoreError(f"{dataset} has no row {number or '1'} of {subject}")
        row, entries = found[0]
        if variable and variable not in row:
            raise StoreError(f"the row {key} has no value of {variable}; it has {', '.join(row)}")
        values = {variable: row[variable]} if variable else {k: v for k, v in row.items() if v is not None}
        signed = [one for one in course.signatures if set(one.versions) & set(entries)]
        return {
            "row": key,
            "values": values,
            "entries": [_entry(line) for line in lines if read(line.text).id in entries],
            "signatures": [
                {"entry": one.entry, "by": one.by, "name": one.name, "meaning": one.meaning}
                | {"at": one.at.isoformat(), "signs": sorted(set(one.versions) & set(entries))}
                for one in signed
            ],
        }
    raise StoreError(f"the record has no participant {subject}")


def print_trace(found: dict[str, Any]) -> None:
    """A row with what stands behind it, in words."""
    typer.echo(found["row"])
    for name, value in found["values"].items():
        typer.echo(f"  {name} = {value}")
    for one in found["entries"]:
        what = f"corrects {one['replaces']}" if one["replaces"] else one["kind"]
        typer.echo(f"entry {one['id']} · no. {one['seq']} of {one['ledger']}")
        typer.echo(
            f"  {what}, {one['occurred_at']}, by {one['by']} as {one['role']} ({one['authenticated']})"
        )
        typer.echo(f"  SHA-256 {one['hash']}")
    for one in found["signatures"]:
        typer.echo(
            f"signed {one['at']} by {one['name'] or one['by']}: {one['meaning']} (entry {one['entry']})"
        )
    if not found["signatures"]:
        typer.echo("not signed")


def row_number(dataset: str, row: dict[str, Any]) -> str:
    """The number of a row among those of its participant; empty where there is one."""
    return _as_number(row.get(_NUMBERS.get(dataset, f"{dataset}SEQ")))


def numbers_in(dataset: str, rows: pl.DataFrame) -> list[str]:
    """The same of each row of a part of a dataset."""
    name = _NUMBERS.get(dataset, f"{dataset}SEQ")
    return [""] * rows.height if name not in rows.columns else list(map(_as_number, rows[name].to_list()))


def _as_number(found: float | None) -> str:
    return "" if found is None else f"{found:.0f}"


def _key(key: str) -> tuple[str, str, str, str]:
    parts = key.split(":")
    dataset = parts[0].upper()
    places = 2 if dataset in _ALONE else 3
    if not places <= len(parts) <= places + 1 or not all(parts):
        wanted = f"{dataset}:<USUBJID>" if dataset in _ALONE else f"{dataset or 'VS'}:<USUBJID>:<number>"
        raise StoreError(f"{key!r} names no row; write {wanted}, and :<variable> for one value")
    number = "" if dataset in _ALONE else parts[2]
    return dataset, parts[1], number, parts[places].upper() if len(parts) > places else ""


def _entry(line: Line) -> dict[str, Any]:
    entry = read(line.text)
    how = entry.authenticated.how if entry.authenticated is not None else "not kept"
    return {
        "id": entry.id,
        "ledger": entry.ledger,
        "seq": line.seq,
        "hash": line.hash,
        "kind": entry.kind,
        "replaces": entry.replaces,
        "occurred_at": entry.occurred_at,
        "received_at": entry.received_at,
        "by": entry.by,
        "role": entry.role,
        "authenticated": how,
    }
