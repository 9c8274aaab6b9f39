"""Dataset-JSON 1.1."""

from __future__ import annotations

import json

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
