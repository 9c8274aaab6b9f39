"""`entact trace`: a value of a dataset back to its entries, and to who signed them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl
import typer

from entact.cli.source import Asked, arms_of, open_source
from entact.course.entry import Line, read
from entact.course.fold import Broken, fold_lines
from entact.datasets.adam import DATASETS, SEQUENCE, Analyser
from entact.datasets.sdtm import Table, Tabulator
from entact.datasets.sdtm.block import ENTRIES
from entact.datasets.sdtm.part import Part
from entact.datasets.sdtm.row import text_of
from entact.store import StoreError

_NUMBERS = {"SV": "VISITNUM", **{name: SEQUENCE.get(name, "ASEQ") for name in DATASETS}}
_Pieces = Sequence[pl.Expr | pl.Series]
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
        for part in table.pieces(["USUBJID", *number, ENTRIES]):
            yield _lines(dataset, number, part)


def _lines(dataset: str, number: list[str], part: Part) -> str:
    """The lines of some rows; what these have in common is written once."""
    begins = _column(part, "USUBJID", lambda said: [pl.lit(f'{{"row": "{dataset}:'), _escaped(said)])
    ends = _column(part, ENTRIES, lambda said: [pl.lit('", "entries": ['), _listed(said), pl.lit("]}\n")])
    if begins is None or ends is None:  # rows of no participant
        return ""
    numbers = [
        pl.concat_str(pl.lit(":"), one).fill_null("")
        for name in number
        if (one := _column(part, name, _whole)) is not None
    ]
    line = pl.concat_str(begins, *numbers, ends)  # null where there is no participant
    found: str | None = pl.select(line.drop_nulls().str.join("")).item()
    return found or ""


def _column(part: Part, name: str, write: Callable[[pl.Series], _Pieces]) -> pl.Series | None:
    """A column of texts made of another, row by row; None where nothing is said.

    Args:
        write: what texts are put together from, once of all that rows have in common.
    """
    for said, of in ((part.own, None), *((one.said, one.of) for one in part.coded)):
        if name in said:
            made = pl.select(pl.concat_str(*write(said[name]))).to_series()
            return made if of is None else made[of]
    return None


def _listed(entries: pl.Series) -> pl.Expr:
    """Entries, one a line, as JSON has them in a list."""
    quoted = pl.concat_str(
        pl.lit('"'), _escaped(entries).str.replace_all("\n", '", "', literal=True), pl.lit('"')
    )
    return pl.when(entries == "").then(pl.lit("")).otherwise(quoted)


def _whole(numbers: pl.Series) -> list[pl.Series]:
    """Numbers as they are written, a whole one without a point."""
    if (numbers.drop_nulls() == numbers.drop_nulls().cast(pl.Int64)).all():
        numbers = numbers.cast(pl.Int64)
    return [numbers.cast(pl.String).str.strip_suffix(".0")]


def _escaped(texts: pl.Series) -> pl.Series:
    """Lines as they stand between the quotes of JSON."""
    if not texts.str.contains(r'[^\n -~]|["\\]').any():
        return texts
    return texts.map_elements(
        lambda text: "\n".join(json.dumps(one)[1:-1] for one in text.split("\n")), return_dtype=pl.String
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
    number = "" if dataset in _ALONE else re.sub(r"\.0+$", "", parts[2])  # as a CSV file has it
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
