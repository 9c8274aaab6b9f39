"""The entries of an archive as columns: a copy for convenience, held to say what the record says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from entact.course.entry import Kept, Line, canonical, read, refuse_uncanonical
from entact.store.error import StoreError
from entact.store.index import index

FOLDER = "columns"

_TIME = pl.Datetime("us", "UTC")
_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("ledger", "hash", "id", "kind", "release", "environment"), pl.String),
    **dict.fromkeys(("seq", "format", "repeat", "clock_offset_ms"), pl.Int64),
    **dict.fromkeys(("encounter", "timepoint", "about", "replaces", "by", "role"), pl.String),
    **dict.fromkeys(("device", "source", "reason", "data", "basis"), pl.String),
    **dict.fromkeys(("occurred_at", "received_at"), _TIME),  # null where the claimed time is none
    **dict.fromkeys(("occurred_as_written", "recorded_as_written"), pl.String),
}
_GREATEST = 2**63 - 1  # what a column holds; the record holds any number


def write_columns(folder: Path, part: int, rows: Sequence[tuple[Line, Kept]]) -> None:
    """Writes one part of the columns."""
    _frame(rows).write_parquet(folder / FOLDER / f"entries-{part:05}.parquet", compression="zstd")


def require_columns(folder: Path, lines: Iterator[tuple[str, Line]]) -> int:
    """Compares all columns of an archive with its entries; returns how many there are.

    Args:
        lines: (ledger, line) of every entry in order.
    Raises:
        StoreError: at the first entry of which the columns say something else, or nothing.
    """
    count = 0
    for path in sorted((folder / FOLDER).glob("*.parquet")):
        try:
            found = pl.read_parquet(path)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise StoreError(f"{path} cannot be read ({error}): the archive is damaged") from error
        rows = [(line, _kept(ledger, line)) for ledger, line in islice(lines, found.height)]
        expected = _frame(rows)
        if not found.equals(expected):
            raise StoreError(f"{path} says something else than entries.jsonl{_first(found, expected)}")
        count += len(rows)
    for ledger, line in lines:
        raise StoreError(f"{folder / FOLDER} lacks entry {line.seq} of {ledger} and what follows")
    return count


def ids_in_several_ledgers(folder: Path) -> list[str]:
    """Ids that stand in more than one ledger of an archive: an id belongs to one.

    Args:
        folder: of an archive whose columns were compared with its entries.
    """
    ids = pl.scan_parquet(folder / FOLDER / "*.parquet").group_by("id").agg(pl.col("ledger").unique())
    found = ids.filter(pl.col("ledger").list.len() > 1).sort("id").collect()
    return [f"the id {entry} stands in {', '.join(sorted(names))}" for entry, names in found.iter_rows()]


def _frame(rows: Sequence[tuple[Line, Kept]]) -> pl.DataFrame:
    return pl.DataFrame([_columns(*row) for row in rows], schema=_SCHEMA, orient="row")


def _columns(line: Line, kept: Kept) -> tuple[Any, ...]:
    """The values of one entry in the order of the schema."""
    beside = index(kept)
    told = {
        **msgspec.structs.asdict(kept),
        "hash": line.hash,
        "data": canonical(kept.data).decode(),
        "basis": None if kept.basis is None else canonical(kept.basis).decode(),
        "occurred_at": beside.occurred_at,
        "received_at": beside.received_at,
        "occurred_as_written": kept.occurred_at,
        "recorded_as_written": kept.recorded_at,
    }
    return tuple(_storable(told[name]) for name in _SCHEMA)


def _storable(value: Any) -> Any:
    return None if isinstance(value, int) and abs(value) > _GREATEST else value


def _kept(ledger: str, line: Line) -> Kept:
    try:
        kept = read(line.text)
        refuse_uncanonical(kept.data)
        refuse_uncanonical(kept.basis)
        index(kept)
        return kept
    except msgspec.MsgspecError as error:
        raise StoreError(f"entry {line.seq} of {ledger} is not an entry: {error}") from error
    except (TypeError, ValueError) as error:  # of which nothing was ever sent through a door
        raise StoreError(f"entry {line.seq} of {ledger} cannot have been kept: {error}") from error


def _first(found: pl.DataFrame, expected: pl.DataFrame) -> str:
    """The first row that differs, in words; nothing where the columns themselves are others."""
    if found.schema == expected.schema:
        for one, other in zip(found.iter_rows(), expected.iter_rows(named=True), strict=False):
            if one != tuple(other.values()):
                return f" of entry {other['seq']} of {other['ledger']}"
    return ""
