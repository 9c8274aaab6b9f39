"""Dataset-JSON 1.1: a dataset as one JSON object, its columns described and its rows as arrays.

Source: CDISC Dataset-JSON 1.1, JSON schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from entact.exchange.described import Column, Described

VERSION: Final = "1.1.0"
_TYPES: Final = {"text": "string", "integer": "integer", "float": "float"}


def dataset_json(dataset: Described, *, study: str, version: str, at: str) -> Iterator[bytes]:
    """A dataset as a Dataset-JSON file, part by part: the same bytes each time.

    Args:
        study: its name. version: of entact. at: what the file gives as the time of its making (ISO 8601 with
            offset); the cut of the data, not the clock.
    """
    said: dict[str, Any] = {
        "datasetJSONCreationDateTime": at,
        "datasetJSONVersion": VERSION,
        "fileOID": f"{study}.{dataset.name}",
        "originator": "entact",
        "sourceSystem": {"name": "entact", "version": version},
        "studyOID": study_oid(study),
        "metaDataVersionOID": metadata_oid(study, analysis=dataset.is_analysis),
        "metaDataRef": "define.xml",
        "itemGroupOID": group_oid(dataset.name),
        "records": dataset.height,
        "name": dataset.name,
        "label": dataset.label,
        "columns": [_column(dataset, column) for column in dataset.columns],
    }
    yield _text(said)[:-1] + b',"rows":['
    comma = b""
    for part in dataset.typed_parts():
        if part.height:
            yield comma + _text(part.rows())[1:-1]
            comma = b","
    yield b"]}\n"


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _column(dataset: Described, column: Column) -> dict[str, Any]:
    said: dict[str, Any] = {
        "itemOID": item_oid(dataset.name, column.name),
        "name": column.name,
        "label": column.variable.label,
        "dataType": _TYPES[column.type],
    }
    if column.type == "text":
        said["length"] = column.length
    if column.format is not None:
        said["displayFormat"] = column.format
    if column.key is not None:
        said["keySequence"] = column.key
    return said


def study_oid(study: str) -> str:
    """The name of a study within the files of an export."""
    return f"STDY.{study}"


def metadata_oid(study: str, *, analysis: bool = False) -> str:
    """The name of its metadata."""
    return f"MDV.{study}.ADaMIG.1.3" if analysis else f"MDV.{study}.SDTMIG.3.4"


def group_oid(dataset: str) -> str:
    """The name of a dataset in the metadata."""
    return f"IG.{dataset}"


def item_oid(dataset: str, column: str) -> str:
    """The name of a column in the metadata."""
    return f"IT.{dataset}.{column}"
