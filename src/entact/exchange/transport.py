"""SAS transport files, version 5 (XPT), which regulators take: written by ReadStat, within stricter limits.

Names of 8, labels of 40 and texts of 200 bytes, all of it ASCII, and numbers that the format can hold.
What does not fit is refused with dataset, variable and row; nothing is cut or replaced in silence.

Source: SAS, The Record Layout of a Data Set in SAS Transport (XPORT) Format, TS-140; FDA Study Data Technical
Conformance Guide, sections on SAS transport files and on lengths.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from entact.exchange.described import Column, Described

LONGEST_NAME, LONGEST_LABEL, LONGEST_TEXT = 8, 40, 200
_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,7}")
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]*")
_WHOLE: Final = r"^[\x20-\x7e]*[\x21-\x7e]$"  # the same without a blank at the end
_LARGEST, _SMALLEST = 7.237e75, 5.398e-79  # of IBM floating point
_STAMPS: Final = ((80 + 64, 16), (160, 16), (400 + 64, 16), (480, 16))  # where the file says when it was made


class TransportError(ValueError):
    """A dataset that does not fit: says dataset, variable, row, and what would be right."""


def write_transport(dataset: Described, path: Path, at: datetime) -> None:
    """Writes a dataset as a transport file: the same bytes each time.

    Args:
        at: what the file gives as the time of its making; the cut of the data, not the clock.
    Raises:
        TransportError: when something does not fit.
    """
    import pyreadstat

    check_transport(dataset)
    pyreadstat.write_xport(
        dataset.frame,
        str(path),
        table_name=dataset.name,
        file_label=dataset.label[:LONGEST_LABEL],
        column_labels=[one.variable.label for one in dataset.columns],
        file_format_version=5,
        variable_format={one.name: one.format for one in dataset.columns if one.format is not None},
    )
    stamp = at.strftime("%d%b%y:%H:%M:%S").upper().encode("ascii")
    raw = bytearray(path.read_bytes())
    for place, length in _STAMPS:
        raw[place : place + length] = stamp
    path.write_bytes(raw)


def check_transport(dataset: Described) -> None:
    """Refuses what a transport file cannot hold.

    Raises:
        TransportError: for the first thing that does not fit.
    """
    where = f"dataset {dataset.name}"
    if not _NAME.fullmatch(dataset.name):
        raise TransportError(f"{where}: a name is at most {LONGEST_NAME} capital letters and digits")
    fitting = _fitting(dataset.frame)
    for column in dataset.columns:
        _check_column(where, column, dataset.frame[column.name], fits=fitting[column.name])


def _fitting(frame: pl.DataFrame) -> dict[str, bool]:
    """Of each column whether every value fits: asked of the dataset as a whole, which is faster."""
    if not frame.width:
        return {}
    asked = []
    for name, kind in frame.schema.items():
        one = pl.col(name)
        if kind == pl.String:
            fits = one.str.len_bytes().is_between(1, LONGEST_TEXT) & one.str.contains(_WHOLE)
        else:
            fits = one.is_finite() & ((one == 0) | one.abs().is_between(_SMALLEST, _LARGEST))
        asked.append(fits.all())  # nothing said about what is missing
    found: dict[str, bool] = frame.select(asked).row(0, named=True)
    return found


def _check_column(where: str, column: Column, values: pl.Series, *, fits: bool) -> None:
    where = f"{where}, variable {column.name}"
    label = column.variable.label
    if not _NAME.fullmatch(column.name):
        raise TransportError(f"{where}: a name is at most {LONGEST_NAME} capital letters and digits")
    if len(label) > LONGEST_LABEL or not _PRINTABLE.fullmatch(label):
        raise TransportError(
            f"{where}: the label {label!r} is not ASCII of at most {LONGEST_LABEL} characters"
        )
    if fits:
        return
    for row, value in enumerate(values.to_list(), start=1):
        if value is None:
            continue
        if isinstance(value, float):
            if not (value == 0 or _SMALLEST <= abs(value) <= _LARGEST):
                raise TransportError(f"{where}, row {row}: {value!r} is no number that the format can hold")
        elif not _PRINTABLE.fullmatch(value):
            strange = next(one for one in value if not _PRINTABLE.fullmatch(one))
            raise TransportError(
                f"{where}, row {row}: {strange!r} is not ASCII; write it otherwise, or export as Dataset-JSON"
            )
        elif len(value) > LONGEST_TEXT:
            raise TransportError(
                f"{where}, row {row}: a text of {len(value)} bytes, and {LONGEST_TEXT} fit; shorten it, or "
                "export as Dataset-JSON"
            )
        elif value != value.rstrip(" ") or value == "":
            raise TransportError(
                f"{where}, row {row}: {value!r} ends with a blank, which the format cannot tell"
            )
