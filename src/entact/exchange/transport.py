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
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from entact.exchange.described import Column, Described

LONGEST_NAME, LONGEST_LABEL, LONGEST_TEXT = 8, 40, 200
_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,7}")
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]*")
_WHOLE: Final = r"^[\x20-\x7e]*[\x21-\x7e]$"  # the same without a blank at the end
_LARGEST, _SMALLEST = 7.237e75, 5.398e-79  # of IBM floating point
_CARD: Final = 80  # bytes of a record of the file, whatever it holds
_OBSERVATIONS: Final = b"HEADER RECORD*******OBS     HEADER RECORD!!!!!!!"
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
    widest = _widest(dataset)
    record = sum(8 if text is None else len(text) for text in widest.row(0))
    written = 0
    with path.open("wb") as out, TemporaryDirectory(dir=path.parent) as folder:
        for part in dataset.parts():
            piece = Path(folder) / "piece"
            pyreadstat.write_xport(
                pl.concat([widest, part]),  # a first row that gives each text its width in the whole dataset
                str(piece),
                table_name=dataset.name,
                file_label=dataset.label[:LONGEST_LABEL],
                column_labels=[one.variable.label for one in dataset.columns],
                file_format_version=5,
                variable_format={one.name: one.format for one in dataset.columns if one.format is not None},
            )
            raw = piece.read_bytes()
            begin = raw.index(_OBSERVATIONS) + _CARD
            if not written:
                out.write(_stamped(raw[:begin], at))
            out.write(raw[begin + record : begin + record * (1 + part.height)])
            written += part.height
        out.write(b" " * (-record * written % _CARD))


def _widest(dataset: Described) -> pl.DataFrame:
    """One row with a text of the longest length in each column of texts, and no number."""
    texts = [one.name for one in dataset.columns if not one.variable.numeric]
    asked = [pl.col(name).str.len_bytes().max().fill_null(1) for name in texts]
    longest = dataset.lazy.select(asked).collect(engine="streaming").row(0, named=True) if texts else {}
    return pl.DataFrame(
        {
            one.name: pl.Series([None], dtype=pl.Float64)
            if one.variable.numeric
            else pl.Series(["x" * max(longest[one.name], 1)], dtype=pl.String)
            for one in dataset.columns
        }
    )


def _stamped(header: bytes, at: datetime) -> bytes:
    stamp = at.strftime("%d%b%y:%H:%M:%S").upper().encode("ascii")
    raw = bytearray(header)
    for place, length in _STAMPS:
        raw[place : place + length] = stamp
    return bytes(raw)


def check_transport(dataset: Described) -> None:
    """Refuses what a transport file cannot hold.

    Raises:
        TransportError: for the first thing that does not fit.
    """
    where = f"dataset {dataset.name}"
    if not _NAME.fullmatch(dataset.name):
        raise TransportError(f"{where}: a name is at most {LONGEST_NAME} capital letters and digits")
    fitting = _fitting(dataset.lazy)
    for column in dataset.columns:
        _check_column(where, column, dataset, fits=fitting[column.name])


def _fitting(lazy: pl.LazyFrame) -> dict[str, bool]:
    """Of each column whether every value fits: asked of the dataset as a whole, which is faster."""
    schema = lazy.collect_schema()
    if not schema:
        return {}
    asked = []
    for name, kind in schema.items():
        one = pl.col(name)
        if kind == pl.String:
            fits = one.str.len_bytes().is_between(1, LONGEST_TEXT) & one.str.contains(_WHOLE)
        else:
            fits = one.is_finite() & ((one == 0) | one.abs().is_between(_SMALLEST, _LARGEST))
        asked.append(fits.all())  # nothing said about what is missing
    found: dict[str, bool] = lazy.select(asked).collect(engine="streaming").row(0, named=True)
    return found


def _check_column(where: str, column: Column, dataset: Described, *, fits: bool) -> None:
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
    values = (value for part in dataset.parts() for value in part[column.name].to_list())
    for row, value in enumerate(values, start=1):
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
