"""Columns of an archive say what its entries say, and nothing else goes for them."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.store.test_archive import AT, folder, ledgers, rewritten, run_reader

from entact import store
from entact.course.entry import canonical, read
from entact.course.entry.ledger import Ledger

__all__ = ["folder", "ledgers"]  # fixtures


def test_columns_hold_what_the_lines_hold(ledgers: dict[str, Ledger], folder: Path) -> None:
    frame = pl.read_parquet(folder / "columns" / "*.parquet")
    lines = [line for ledger in ledgers.values() for line in ledger.lines]
    for line, row in zip(lines, frame.iter_rows(named=True), strict=True):
        kept = read(line.text)
        assert row["data"] == canonical(kept.data).decode()
        assert row["received_at"] == datetime.fromisoformat(kept.received_at)
        assert row["occurred_as_written"] == kept.occurred_at
        assert (row["ledger"], row["seq"], row["hash"]) == (kept.ledger, kept.seq, line.hash)
        for name in (
            "id",
            "kind",
            "format",
            "by",
            "role",
            "reason",
            "replaces",
            "encounter",
            "clock_offset_ms",
        ):
            assert row[name] == getattr(kept, name)
    assert frame["occurred_at"].null_count() == 1  # what is claimed is no time


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("column", ["data", "by", "repeat", "occurred_at"])
def test_columns_that_say_something_else_than_the_entries_are_named(folder: Path, column: str) -> None:
    """Changed together with their digest in the manifest, which the lines of the record do not cover."""
    name = "columns/entries-00001.parquet"
    frame = pl.read_parquet(folder / name)
    chosen = (pl.col("ledger") == "participant:b") & (pl.col("seq") == 3)
    other = pl.col(column).shift(2) if column != "repeat" else pl.lit(7)
    other = pl.lit("x") if column == "by" else pl.lit("{}") if column == "data" else other
    frame.with_columns(pl.when(chosen).then(other).otherwise(column).alias(column)).write_parquet(
        folder / name
    )
    digest = sha256((folder / name).read_bytes()).hexdigest()
    rewritten(folder, lambda manifest: manifest["files"].update({name: digest}))
    assert run_reader(folder).returncode == 0
    said = r"entries-00001\.parquet says something else than entries\.jsonl of entry 3 of participant:b"
    with pytest.raises(store.StoreError, match=said):
        store.verify_archive(store.read_archive(folder))
    (folder / name).unlink()
    rewritten(folder, lambda manifest: manifest["files"].pop(name))
    with pytest.raises(store.StoreError, match="columns lacks entry 1 of study:mini and what follows"):
        store.verify_archive(store.read_archive(folder))


def test_a_number_that_no_column_holds_stands_in_the_record_alone(
    database: str, make_entry: Any, study: Any, stream: Any, tmp_path: Path
) -> None:
    store.append_many(stream(study([])))
    great = {"repeat": 10**30, "clock_offset_ms": -(2**63)}
    store.append(make_entry("study:mini", 7, **great), received_at=AT.isoformat())
    folder = store.write_archive(tmp_path / "archive", made_at=AT).folder
    assert store.verify_archive(store.read_archive(folder)) == 2
    assert '"repeat":1000000000000000000000000000000' in run_reader(folder, "study:mini").stdout
    last = pl.read_parquet(folder / "columns" / "*.parquet").row(-1, named=True)
    assert (last["repeat"], last["clock_offset_ms"]) == (None, None)
