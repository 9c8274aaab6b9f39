"""`entact trace`: a value of a dataset back to its entries, and to who signed them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
import typer

from entact.cli.source import Asked, arms_of, open_source
from entact.course.entry import Line, read
from entact.course.fold import Broken, fold_lines
from entact.datasets.adam import DATASETS, SEQUENCE, Analyser
from entact.datasets.sdtm import Table, Tabulator
from entact.datasets.sdtm.block import ENTRIES
from entact.datasets.sdtm.row import text_of
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
    found = row.get(_number_of(dataset))
    return "" if found is None else text_of(found)


def trace_lines(tables: Mapping[str, Table]) -> Iterator[str]:
    """A line for each row of a participant: its key, and the entries that it came from; many at once."""
    for dataset, table in tables.items():
        names = [one.name for one in table.variables]
        if dataset.startswith("SUPP") or "USUBJID" not in names:
            continue
        number = [one for one in names if one == _number_of(dataset)]
        for part in table.sources(["USUBJID", *number]):
            yield _lines(dataset, number, part.filter(pl.col("USUBJID").is_not_null()))


def _lines(dataset: str, number: list[str], part: pl.DataFrame) -> str:
    subject, entries = _escaped(part["USUBJID"]), _escaped(part[ENTRIES])
    key: list[pl.Expr | pl.Series] = [pl.lit(f'{{"row": "{dataset}:'), subject]
    for name in number:
        said = pl.concat_str(pl.lit(":"), pl.col(name).cast(pl.String).str.strip_suffix(".0"))
        key.append(said.fill_null(""))
    listed = pl.concat_str(pl.lit('"'), entries.str.replace_all("\n", '", "', literal=True), pl.lit('"'))
    behind = pl.when(entries == "").then(pl.lit("")).otherwise(listed)
    line = pl.concat_str(*key, pl.lit('", "entries": ['), behind, pl.lit("]}\n"))
    found: str | None = part.select(line.str.join("")).item()
    return found or ""


def _escaped(texts: pl.Series) -> pl.Series:
    """Lines as they stand between the quotes of JSON."""
    if not texts.str.contains(r'[^\n -~]|["\\]').any():
        return texts
    return pl.Series(
        texts.name,
        ["\n".join(json.dumps(one)[1:-1] for one in text.split("\n")) for text in texts.to_list()],
        dtype=pl.String,
    )


def _number_of(dataset: str) -> str:
    return _NUMBERS.get(dataset, f"{dataset}SEQ")


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
