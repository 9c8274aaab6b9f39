"""SAS transport files, version 5 (XPT), which regulators take, within limits stricter than theirs.

Names of 8, labels of 40 and texts of 200 bytes, all of it ASCII, and numbers that the format can hold.
What does not fit is refused with dataset, variable and row; nothing is cut or replaced in silence.

Source: SAS, The Record Layout of a Data Set in SAS Transport (XPORT) Format, TS-140; FDA Study Data Technical
Conformance Guide, sections on SAS transport files and on lengths.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from entact.datasets.sdtm.part import Coded, Part
from entact.exchange.described import Column, Described

LONGEST_NAME, LONGEST_LABEL, LONGEST_TEXT = 8, 40, 200
_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,7}")
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]*")
_BLANK, _TILDE = 0x20, 0x7E  # the ends of what is printable
_LARGEST, _SMALLEST = 7.237e75, 5.398e-79  # of IBM floating point
_MISSING: Final = np.uint64(0x2E << 56)
_TOGETHER: Final = 1_024  # rows
_SAMPLE: Final = 256  # rows
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
    hashed = hashlib.sha256()
    try:
        with path.open("wb") as out:
            for piece in _pieces(dataset, path.parent, at):
                out.write(piece)
                hashed.update(piece)
    except TransportError:
        path.unlink()
        raise
    return hashed.hexdigest()


def _pieces(dataset: Described, folder: Path, at: datetime) -> Iterator[bytes | memoryview]:
    """What the file consists of, one piece after another."""
    yield _stamped(_header(dataset, folder), at)
    names, written = [one.name for one in dataset.columns], 0
    for part in dataset.source.pieces(names):
        columns = _columns(part, dataset.columns)
        if columns is None:
            rows = part.rows(names, {one.name: one.variable for one in dataset.columns})
            raise _refusal(dataset, rows, written)
        yield from (rows.data for rows in _joined(columns, part.height))
        written += part.height
    yield b" " * (-sum(_widths(dataset.columns).values()) * written % _CARD)


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

    @property
    def width(self) -> int:
        """Bytes of a value."""
        return int(self.written.shape[1])

    def rows(self, first: int, last: int) -> NDArray[np.uint8]:
        """Those of some rows."""
        if self.which is not None:
            return self.written.take(self.which[first:last], axis=0)
        return self.written[first:last] if len(self.written) > 1 else self.written


def _columns(part: Part, columns: Sequence[Column]) -> list[_Column] | None:
    """The columns as the file has them: ReadStat asks for each value by itself.

    What rows have in common is written once, and of neighbours that the same rows share one column is made.

    Args:
        columns: those of the file, in its order.
    Returns:
        None where something does not fit.
    """
    wide = _widths(columns)
    found: dict[str, _Column | None] = {one.name: _nothing(one) for one in columns}
    found |= _written_columns(part.own.select([name for name in wide if name in part.own]), wide, again=True)
    shared: dict[str, Coded] = {}
    for several in part.coded:
        said = several.said.select([name for name in wide if name in several.said])
        found |= _written_columns(said, wide, again=False)
        shared |= dict.fromkeys(said.columns, several)
    made: list[_Column] = []
    for _, group in groupby(wide, lambda name: id(shared.get(name))):
        names = [*group]
        alike = [column for name in names if (column := found[name]) is not None]
        if len(alike) < len(names):
            return None
        sharing = shared.get(names[0])
        if sharing is None:
            made += alike
            continue
        height = sharing.said.height
        written = [np.broadcast_to(one.written, (height, one.width)) for one in alike]
        made.append(_Column(np.concatenate(written, axis=1), sharing.of if height > 1 else None))
    return made


def _widths(columns: Iterable[Column]) -> dict[str, int]:
    """Of each column its bytes."""
    return {one.name: 8 if one.variable.numeric else one.length for one in columns}


def _nothing(column: Column) -> _Column:
    """A column in which nothing is said."""
    if column.variable.numeric:
        return _Column(_bytes_of(np.array([np.nan])))
    return _Column(_blank(column.length))


def _written_columns(
    frame: pl.DataFrame, wide: Mapping[str, int], *, again: bool
) -> dict[str, _Column | None]:
    """Columns of a frame, None where one does not fit.

    Args:
        again: whether rows may say the same as others.
    """
    found = _texts(frame, wide, again=again)
    for series in frame:
        if series.dtype == pl.Float64:
            numbers = _numbers(series.to_numpy(), series.null_count())
            found[series.name] = None if numbers is None else _Column(numbers)
    return found


def _joined(columns: Sequence[_Column], height: int) -> Iterator[NDArray[np.uint8]]:
    """Rows of columns, so many at a time that they stay near the processor."""
    ends = [*accumulate(one.width for one in columns)]
    for first in range(0, height, _TOGETHER):
        last = min(first + _TOGETHER, height)
        rows = np.empty((last - first, ends[-1]), np.uint8)
        for column, end in zip(columns, ends, strict=True):
            rows[:, end - column.width : end] = column.rows(first, last)
        yield rows


def _texts(part: pl.DataFrame, wide: Mapping[str, int], *, again: bool) -> dict[str, _Column | None]:
    """Columns of texts, None where one does not fit. Where rows say the same again, it is written once.

    Args:
        wide: column -> its bytes. again: whether rows may say the same as others.
    """
    every = [name for name, kind in part.schema.items() if kind == pl.String]
    nulls = {name: part[name].null_count() for name in every}
    found: dict[str, _Column | None] = {
        name: _Column(_blank(wide[name])) for name in every if nulls[name] == part.height
    }
    names = [name for name in every if name not in found]
    asked = [one for one in names if _is_repeated(part[one])] if again else []
    different = part.select(pl.col(asked).drop_nulls().unique().implode()).row(0, named=True) if asked else {}
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


def _is_repeated(texts: pl.Series) -> bool:
    """Whether texts seem to be few that are said again, by the first of them; either way writes the same."""
    first = texts.head(_SAMPLE)
    return first.n_unique() <= len(first) / 2


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
    return _bytes_of(values) if fitting + missing == len(values) else None


def _bytes_of(numbers: NDArray[np.float64]) -> NDArray[np.uint8]:
    return _ibm(numbers).reshape(-1, 1).view(np.uint8)


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
