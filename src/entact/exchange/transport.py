"""SAS transport files, version 5 (XPT), which regulators take, within limits stricter than theirs.

Names of 8, labels of 40 and texts of 200 bytes, all of it ASCII, and numbers that the format can hold.
What does not fit is refused with dataset, variable and row; nothing is cut or replaced in silence.

Source: SAS, The Record Layout of a Data Set in SAS Transport (XPORT) Format, TS-140; FDA Study Data Technical
Conformance Guide, sections on SAS transport files and on lengths.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from entact.exchange.described import Described

LONGEST_NAME, LONGEST_LABEL, LONGEST_TEXT = 8, 40, 200
_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,7}")
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]*")
_BLANK, _TILDE = 0x20, 0x7E  # the ends of what is printable
_LARGEST, _SMALLEST = 7.237e75, 5.398e-79  # of IBM floating point
_MISSING: Final = np.uint64(0x2E << 56)
_TOGETHER: Final = 1_024  # rows
_CARD: Final = 80  # bytes of a record of the file, whatever it holds
_OBSERVATIONS: Final = b"HEADER RECORD*******OBS     HEADER RECORD!!!!!!!"
_STAMPS: Final = ((80 + 64, 16), (160, 16), (400 + 64, 16), (480, 16))  # where the file says when it was made


class TransportError(ValueError):
    """A dataset that does not fit: says dataset, variable, row, and what would be right."""


def write_transport(dataset: Described, path: Path, at: datetime) -> str:
    """Writes a dataset as a transport file: the same bytes each time.

    Args:
        at: what the file gives as the time of its making; the cut of the data, not the clock.
    Returns:
        SHA-256 of what was written, taken on the way: a large file is not read again for it.
    Raises:
        TransportError: when something does not fit.
    """
    _check_names(dataset)
    widths = [8 if one.variable.numeric else one.length for one in dataset.columns]
    hashed = hashlib.sha256()
    try:
        with path.open("wb") as out:
            for piece in _pieces(dataset, path.parent, at, widths):
                out.write(piece)
                hashed.update(piece)
    except TransportError:
        path.unlink()
        raise
    return hashed.hexdigest()


def _pieces(dataset: Described, folder: Path, at: datetime, widths: Sequence[int]) -> Iterator[bytes | memoryview]:
    """What the file consists of, one piece after another."""
    yield _stamped(_header(dataset, folder), at)
    written = 0
    for part in dataset.parts():
        records = _records(part, widths)
        if records is None:
            raise _refusal(dataset, part, written)
        yield from (rows.data for rows in records)
        written += part.height
    yield b" " * (-sum(widths) * written % _CARD)


def _header(dataset: Described, folder: Path) -> bytes:
    """All that comes before the rows, as ReadStat writes it of a row that gives each text its width."""
    import pyreadstat

    widest = pl.DataFrame(
        {
            one.name: pl.Series([None], dtype=pl.Float64) if one.variable.numeric else ["x" * one.length]
            for one in dataset.columns
        }
    )
    with TemporaryDirectory(dir=folder) as place:
        piece = Path(place) / "piece"
        pyreadstat.write_xport(
            widest,
            str(piece),
            table_name=dataset.name,
            file_label=dataset.label[:LONGEST_LABEL],
            column_labels=[one.variable.label for one in dataset.columns],
            file_format_version=5,
            variable_format={one.name: one.format for one in dataset.columns if one.format is not None},
        )
        raw = piece.read_bytes()
    return raw[: raw.index(_OBSERVATIONS) + _CARD]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column as the file has it: `written`, bytes of each of its different values or of each row.

    Attributes:
        which: of each row the value; None where `written` has one for each row, or one for all.
    """

    written: NDArray[np.uint8]
    which: NDArray[np.uint32] | None = None

    def rows(self, first: int, last: int) -> NDArray[np.uint8]:
        """Those of some rows."""
        if self.which is not None:
            return self.written.take(self.which[first:last], axis=0)
        return self.written[first:last] if len(self.written) > 1 else self.written


def _records(part: pl.DataFrame, widths: Sequence[int]) -> Iterator[NDArray[np.uint8]] | None:
    """The rows as the file has them, a whole column at a time: ReadStat asks for each value by itself.

    Args:
        widths: bytes of each column.
    Returns:
        Some rows after the other; None where something does not fit.
    """
    wide = dict(zip(part.columns, widths, strict=True))
    columns: list[_Column] = []
    texts = _texts(part, wide)
    for series in part:
        if series.name in texts:
            column = texts[series.name]
        else:
            numbers = _numbers(series.to_numpy(), series.null_count())
            column = None if numbers is None else _Column(numbers)
        if column is None:
            return None
        columns.append(column)
    return _joined(columns, widths, part.height)


def _joined(columns: Sequence[_Column], widths: Sequence[int], height: int) -> Iterator[NDArray[np.uint8]]:
    """Rows of columns, so many at a time that they stay near the processor."""
    ends = [*accumulate(widths)]
    for first in range(0, height, _TOGETHER):
        last = min(first + _TOGETHER, height)
        rows = np.empty((last - first, ends[-1]), np.uint8)
        for column, width, end in zip(columns, widths, ends, strict=True):
            rows[:, end - width : end] = column.rows(first, last)
        yield rows


def _texts(part: pl.DataFrame, wide: Mapping[str, int]) -> dict[str, _Column | None]:
    """Columns of texts, None where one does not fit. Where rows say the same again, it is written once.

    Args:
        wide: column -> its bytes.
    """
    every = [name for name, kind in part.schema.items() if kind == pl.String]
    nulls = {name: part[name].null_count() for name in every}
    found: dict[str, _Column | None] = {
        name: _Column(_blank(wide[name])) for name in every if nulls[name] == part.height
    }
    names = [name for name in every if name not in found]
    different = part.select(pl.col(names).drop_nulls().unique().implode()).row(0, named=True) if names else {}
    few = {name: said for name, said in different.items() if len(said) <= part.height / 2}
    which = part.select(
        pl.col(name).cast(pl.Enum(said)).to_physical().cast(pl.UInt32).fill_null(len(said))
        for name, said in few.items()
    )
    for name, said in few.items():
        width = wide[name]
        padded, lengths = "".join(one.ljust(width) for one in said), np.array([*map(len, said)])
        written = _written(padded, lengths, 0, width)
        if written is not None:
            written = np.concatenate((written, _blank(width)))
        found[name] = None if written is None else _Column(written, which[name].to_numpy())
    many = [name for name in names if name not in few]
    padded_of = part.select(pl.col(name).fill_null("").str.pad_end(wide[name]).str.join("") for name in many)
    lengths_of = part.select(pl.col(name).str.len_bytes().fill_null(0) for name in many)
    for name in many:
        written = _written(padded_of[name][0], lengths_of[name].to_numpy(), nulls[name], wide[name])
        found[name] = None if written is None else _Column(written)
    return found


def _blank(width: int) -> NDArray[np.uint8]:
    return np.full((1, width), _BLANK, np.uint8)


def _written(padded: str, lengths: NDArray[Any], missing: int, width: int) -> NDArray[np.uint8] | None:
    """Texts of one width in ASCII; None where one is not, is too long, or ends with a blank.

    Args:
        padded: one after another. lengths: of each; none of one that is missing. missing: how many are.
    """
    try:
        raw = padded.encode("ascii")
    except UnicodeEncodeError:
        return None
    if len(raw) != width * len(lengths) or np.count_nonzero(lengths) != len(lengths) - missing:
        return None
    found = np.frombuffer(raw, dtype=np.uint8).reshape(-1, width)
    said = np.flatnonzero(lengths)
    last = found[said, lengths[said] - 1]
    fits = lengths.max() <= LONGEST_TEXT and not (last == _BLANK).any()
    return found if fits and found.min() >= _BLANK and found.max() <= _TILDE else None


def _numbers(values: NDArray[np.float64], missing: int) -> NDArray[np.uint8] | None:
    """Numbers as the file has them; None where the format cannot hold one. What is missing is NaN."""
    size = np.abs(values)
    fitting = np.count_nonzero((size == 0) | ((size >= _SMALLEST) & (size <= _LARGEST)))
    return _ibm(values).reshape(-1, 1).view(np.uint8) if fitting + missing == len(values) else None


def _ibm(numbers: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Numbers in IBM's floating point, base 16 and big-endian; what is missing as `.` of SAS.

    Its fraction of 56 bits holds the 53 of a double, whatever the shift to a power of 16: nothing is rounded.
    """
    fraction, exponent = np.frexp(np.nan_to_num(numbers))
    sixteens = -(-exponent // 4)  # rounded up, so that the fraction is in [1/16, 1)
    whole = np.ldexp(np.abs(fraction), 56 + exponent - 4 * sixteens).astype(np.uint64)
    biased = np.where(whole == 0, 0, sixteens + 64).astype(np.uint64)
    found = (fraction < 0).astype(np.uint64) << np.uint64(63) | biased << np.uint64(56) | whole
    return np.where(np.isnan(numbers), _MISSING, found).astype(">u8")


def _stamped(header: bytes, at: datetime) -> bytes:
    stamp = at.strftime("%d%b%y:%H:%M:%S").upper().encode("ascii")
    raw = bytearray(header)
    for place, length in _STAMPS:
        raw[place : place + length] = stamp
    return bytes(raw)


def _check_names(dataset: Described) -> None:
    where = f"dataset {dataset.name}"
    if not _NAME.fullmatch(dataset.name):
        raise TransportError(f"{where}: a name is at most {LONGEST_NAME} capital letters and digits")
    for column in dataset.columns:
        label = column.variable.label
        if not _NAME.fullmatch(column.name):
            raise TransportError(
                f"{where}, variable {column.name}: a name is at most {LONGEST_NAME} capital letters "
                "and digits"
            )
        if len(label) > LONGEST_LABEL or not _PRINTABLE.fullmatch(label):
            raise TransportError(
                f"{where}, variable {column.name}: the label {label!r} is not ASCII of at most "
                f"{LONGEST_LABEL} characters"
            )


def _refusal(dataset: Described, part: pl.DataFrame, before: int) -> TransportError:
    """What to say of the first value that a transport file cannot hold.

    Args:
        before: rows of the dataset that come before those of the part.
    """
    for series in part:
        for row, value in enumerate(series.to_list(), start=before + 1):
            said = None if value is None else _problem(value)
            if said is not None:
                return TransportError(f"dataset {dataset.name}, variable {series.name}, row {row}: {said}")
    return TransportError(f"dataset {dataset.name}: its texts are longer than its description says")


def _problem(value: str | float) -> str | None:
    if isinstance(value, float):
        holds = value == 0 or _SMALLEST <= abs(value) <= _LARGEST
        return None if holds else f"{value!r} is no number that the format can hold"
    if not _PRINTABLE.fullmatch(value):
        strange = next(one for one in value if not _PRINTABLE.fullmatch(one))
        return f"{strange!r} is not ASCII; write it otherwise, or export as Dataset-JSON"
    if len(value) > LONGEST_TEXT:
        return f"a text of {len(value)} bytes, and {LONGEST_TEXT} fit; shorten it, or export as Dataset-JSON"
    if value == "" or value.endswith(" "):
        return f"{value!r} ends with a blank, which the format cannot tell"
    return None
