"""Dataset-JSON 1.1."""

from __future__ import annotations

import json
import re

import polars as pl

from entact.exchange import Described, dataset_json

AT = "2026-05-04T12:30:00+00:00"
# The properties that the schema of Dataset-JSON 1.1 asks of a dataset and of a column, and its types.
NEEDED = {
    "datasetJSONCreationDateTime", "datasetJSONVersion", "itemGroupOID", "records", "name", "label",
    "columns",
}  # fmt: skip
OF_COLUMN = {"itemOID", "name", "label", "dataType"}
TYPES = {
    "string", "integer", "decimal", "float", "double", "boolean", "datetime", "date", "time", "URI",
}  # fmt: skip


def test_rows_are_as_long_as_columns_and_of_their_types(datasets: dict[str, Described]) -> None:
    kinds = {"string": str, "integer": int, "float": float}
    for name, dataset in datasets.items():
        said = json.loads(b"".join(dataset_json(dataset, study="MINI", version="0.1.0", at=AT)))
        assert said.keys() >= NEEDED
        assert said["datasetJSONVersion"].startswith("1.1.")
        assert (said["name"], said["records"]) == (name, len(said["rows"]))
        for column in said["columns"]:
            assert column.keys() >= OF_COLUMN
            assert column["dataType"] in TYPES
        for row in said["rows"]:
            assert len(row) == len(said["columns"])
            for column, value in zip(said["columns"], row, strict=True):
                assert value is None or type(value) is kinds[column["dataType"]], (name, column, value)
        assert [column["name"] for column in said["columns"]] == dataset.frame.columns


def test_it_is_utf_8_and_the_same_each_time(datasets: dict[str, Described]) -> None:
    first, second = (
        list(dataset_json(datasets["DM"], study="MINI", version="0.1.0", at=AT)) for _ in range(2)
    )
    assert first == second


def test_a_whole_number_is_written_as_one_in_every_format_that_tells_them(
    datasets: dict[str, Described],
) -> None:
    for name, dataset in datasets.items():
        whole = {one.name for one in dataset.columns if one.type == "integer"}
        for part in dataset.typed_parts():
            assert {column for column, kind in part.schema.items() if kind == pl.Int64} == whole, name
    written = next(datasets["VS"].typed_parts()).select("VSSEQ", "VSDY", "VSSTRESN").write_csv()
    assert not re.search(r"^\d+\.0,", written, re.MULTILINE)
    first = datasets["VS"].frame.row(0, named=True)
    assert written.splitlines()[1].startswith(f"{first['VSSEQ']:.0f},{first['VSDY']:.0f},")
