"""Tables of other people (CSV, Parquet, XPT) as frames: read right or refused with the place."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import polars as pl

MISSING = frozenset({"", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", ".", "#N/A"})
"""Texts that say that there is no value."""

CODES = frozenset({-9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0, 99999.0, 88.0, 888.0, 8888.0})
"""Numbers by which other programs are told that there is no value."""

SEPARATORS = (",", ";", "\t", "|")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_COMMA = re.compile(r"[-+]?\d+,\d+")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+")
_POINTED = re.compile(r"[-+]?\d{1,3}(?:\.\d{3})+")
_PADDED = re.compile(r"[-+]?0\d+")
_NOUGHT = 16.0**-65
"""What pandas reads where a transport file holds 0, whose exponent is nought too."""
_TRUTH = {"true": True, "false": False, "TRUE": True, "FALSE": False, "True": True, "False": False}


class TableError(ValueError):
    """A table that cannot be read right: names the file, the line and the column, and what would be right."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table read.

    Attributes:
        notes: what was taken for what.
        mixed: column -> where it stops being numbers, for text that mostly is; who means numbers refuses it.
    """

    frame: pl.DataFrame
    notes: tuple[str, ...] = ()
    mixed: dict[str, str] = field(default_factory=dict)


def read_table(path: Path, names: Collection[str] = ()) -> Table:
    """The table of a file, by the end of its name.

    Args:
        names: columns whose numbers are names, so that 1.1 and 1.10 are two.
    Raises:
        TableError: when it is none of these, or cannot be read right.
        OSError: when there is no such file.
    """
    kind = path.suffix.lower()
    if kind in (".csv", ".tsv", ".txt"):
        return _text(path, names)
    if kind == ".parquet":
        try:
            return Table(pl.read_parquet(path))
        except pl.exceptions.PolarsError as problem:
            raise TableError(f"{path}: this is no Parquet file: {problem}") from problem
    if kind == ".xpt":
        return _transport(path)
    raise TableError(
        f"{path}: {kind or 'a file without an ending'} is not known; give .csv, .tsv, .parquet or .xpt"
    )


def _text(path: Path, names: Collection[str]) -> Table:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise TableError(
            f"{path}:{line}: the byte 0x{raw[error.start]:02X} is not UTF-8; save the file as UTF-8 text"
        ) from None
    if not text.strip():
        raise TableError(f"{path}: the file is empty")
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise TableError(
            f"{path}:{line}: there is a byte 0x00, which is no text; save the file as UTF-8 text"
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first = 1
    if told := re.fullmatch(r"sep=(.)", text.split("\n", 1)[0]):  # as Excel writes it
        separator, first = told.group(1), 2
        text = text.split("\n", 1)[1]
        if not text.strip():
            raise TableError(f"{path}: the file is empty")
    else:
        separator = _separator(path, _head(text.lstrip("\n")))
    rows = list(csv.reader(StringIO(text), delimiter=separator))
    lines = _lines(rows, first)
    while not rows[0]:  # a table may begin some lines down
        rows, lines = rows[1:], lines[1:]
    _refuse_open_quote(path, rows, lines, text)
    head = [" ".join(name.split("\n")).strip() for name in rows[0]]
    nameless = bool(head) and not head[0] and len(head) > 1
    if nameless:  # names of rows, as R writes them
        head[0] = "row"
    for place, name in enumerate(head):
        if not name:
            raise TableError(f"{path}:{lines[0]}: column {place + 1} has no name")
        if name in head[:place]:
            raise TableError(
                f"{path}:{lines[0]}: the column {name!r} stands twice; give each a name of its own"
            )
    body = [(line, row) for line, row in zip(lines[1:], rows[1:], strict=True) if row]
    blank = sum(len(row) == len(head) and not any(cell.strip() for cell in row) for _, row in body)
    body = [(line, row) for line, row in body if len(row) != len(head) or any(cell.strip() for cell in row)]
    for line, row in body:
        if len(row) != len(head):
            raise TableError(
                f"{path}:{line}: {len(row)} cells, and the head has {len(head)}; put text with a "
                f"{_called(separator)} in quotes"
            )
    notes: list[str] = []
    mixed: dict[str, str] = {}
    columns: dict[str, pl.Series] = {}
    if nameless:
        notes.append("the first column has no name, and is called row")
    if blank:
        notes.append(f"{blank} {'line' if blank == 1 else 'lines'} without any value left out")
    for name, raw_name in zip(head, rows[0], strict=True):
        if "\n" in raw_name.strip():
            notes.append(f"{name!r}: the line break in the column's name is read as a blank")
    if separator != ",":
        notes.append(f"cells are separated by a {_called(separator)}")
    for place, name in enumerate(head):
        cells = [row[place].strip() for _, row in body]
        if name in names and any(not cell.lstrip("+-").isdigit() for cell in cells if cell not in MISSING):
            _note_missing(name, cells, notes)
            columns[name] = _words(name, cells)
        else:
            columns[name] = _column(path, name, cells, [line for line, _ in body], separator, notes, mixed)
    return Table(pl.DataFrame(columns), tuple(notes), mixed)


def _refuse_open_quote(path: Path, rows: list[list[str]], lines: list[int], text: str) -> None:
    """A quote that is never closed takes all that follows into one cell, and people are lost with it."""
    last = next((cell for cell in reversed(rows[-1]) if cell), "") if rows else ""
    if "\n" not in last or text.rstrip("\n").endswith('"'):
        return
    raise TableError(
        f"{path}:{lines[-1]}: a quote is opened and never closed, so that {last.count(chr(10))} lines would "
        "be one cell; close it, or write it twice"
    )


def _lines(rows: list[list[str]], first: int) -> list[int]:
    """The line on which each row begins: a cell in quotes may hold several."""
    lines, at = [], first
    for row in rows:
        lines.append(at)
        at += 1 + sum(cell.count("\n") for cell in row)
    return lines


def _head(text: str) -> str:
    """The first line; where a name in quotes goes over several lines, all of them."""
    lines = text.split("\n")
    for many in range(1, len(lines) + 1):
        if sum(line.count('"') for line in lines[:many]) % 2 == 0:
            return " ".join(lines[:many])
    return lines[0]


def _separator(path: Path, head: str) -> str:
    found = [one for one in SEPARATORS if one in head]
    if len(found) > 1:
        counted = {one: len(next(csv.reader([head], delimiter=one))) for one in found}
        most = max(counted.values())
        found = [one for one, n in counted.items() if n == most]
        if len(found) > 1:
            both = " or ".join(_called(one) for one in found)
            raise TableError(f"{path}:1: cells may be separated by a {both}; put the names in quotes")
    return found[0] if found else ","


def _called(separator: str) -> str:
    return {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}[separator]


def _column(
    path: Path,
    name: str,
    cells: list[str],
    lines: list[int],
    separator: str,
    notes: list[str],
    mixed: dict[str, str],
) -> pl.Series:
    """One column with its type: whole numbers, decimals, true and false, or text; what is missing is null."""
    known = [cell for cell in cells if cell not in MISSING]
    _note_missing(name, cells, notes)
    if not known:
        return pl.Series(name, [None] * len(cells), dtype=pl.Null)
    if all(cell in _TRUTH for cell in known):
        return pl.Series(name, [_TRUTH.get(cell) for cell in cells], dtype=pl.Boolean)
    numbers = [cell for cell in known if _NUMBER.fullmatch(cell)]
    if any(_PADDED.fullmatch(cell) for cell in known):
        return _words(name, cells)  # 007 is a name: as a number it would be another's
    if known and len(numbers) == len(known):
        whole = all(cell.lstrip("+-").isdigit() for cell in known)
        pointed = [cell for cell in known if "." in cell]
        if separator == ";" and pointed and all(_POINTED.fullmatch(cell) for cell in pointed):
            raise TableError(
                f"{path}:{lines[cells.index(pointed[0])]}, column {name}: {pointed[0]!r} may be a decimal or "
                "a thousand, in a file with semicolons; write it without the point, or with other decimals"
            )
        if whole and any(abs(int(cell)) >= 2**63 for cell in known):
            return _words(name, cells)
        values = [None if cell in MISSING else (int(cell) if whole else float(cell)) for cell in cells]
        _note_code(name, [one for one in values if one is not None], notes)
        return pl.Series(name, values, dtype=pl.Int64 if whole else pl.Float64)
    commas = [cell for cell in known if _COMMA.fullmatch(cell)]
    if commas and len(commas) + len(numbers) == len(known):
        place = lines[cells.index(commas[0])]
        if all(_THOUSANDS.fullmatch(cell) for cell in commas):
            raise TableError(
                f"{path}:{place}, column {name}: {commas[0]!r} may be a decimal or a thousand; write it "
                "without the comma"
            )
        if any("." in cell for cell in numbers):
            raise TableError(
                f"{path}:{place}, column {name}: {commas[0]!r} has a decimal comma, other cells a decimal "
                "point; write all alike"
            )
        notes.append(f"{name}: decimal commas read as decimals")
        values = [None if cell in MISSING else float(cell.replace(",", ".")) for cell in cells]
        _note_code(name, [one for one in values if one is not None], notes)
        return pl.Series(name, values, dtype=pl.Float64)
    like_numbers = {*numbers, *commas}
    many = sum(cell in like_numbers for cell in known)
    if many * 2 > len(known):
        strange = next(place for place, cell in enumerate(cells) if cell in set(known) - like_numbers)
        mixed[name] = (
            f"{path}:{lines[strange]}, column {name}: {cells[strange]!r} is no number, and {many} of "
            f"{len(known)} cells are; correct it, or leave it empty where the value is missing"
        )
    return _words(name, cells)


def _note_code(name: str, values: Sequence[float], notes: list[str]) -> None:
    """A note of a number that often means that there is none, and lies further out than all others reach."""
    for code in sorted(CODES & {*values}):
        others = [one for one in values if one != code]
        if len({*others}) < 3 or min(others) <= code <= max(others):
            continue
        away = min(abs(code - min(others)), abs(code - max(others)))
        if away > max(others) - min(others):
            many = len(values) - len(others)
            notes.append(
                f"{name}: {code:g} in {many} of {len(values)} cells, far from all others, is taken as a "
                "number; leave the cell empty where it means that there is no value"
            )


def _note_missing(name: str, cells: list[str], notes: list[str]) -> None:
    words = sorted({cell for cell in cells if cell in MISSING and cell})
    if words:
        missing = sum(cell in MISSING and cell != "" for cell in cells)
        notes.append(f"{name}: {', '.join(words)} in {missing} of {len(cells)} cells, taken as missing")


def _words(name: str, cells: list[str]) -> pl.Series:
    return pl.Series(name, [None if cell in MISSING else cell for cell in cells], dtype=pl.String)


def _transport(path: Path) -> Table:
    """A SAS transport file, version 5."""
    import pandas

    if not path.is_file():
        raise FileNotFoundError(2, "No such file", str(path))
    try:
        read = pandas.read_sas(path, format="xport", encoding="utf-8")
    except (ValueError, UnicodeDecodeError) as problem:
        raise TableError(f"{path}: this is no SAS transport file of version 5: {problem}") from problem
    columns = {}
    for name in read.columns:
        values = read[name].tolist()
        if any(isinstance(one, str) for one in values):
            columns[str(name)] = _words(str(name), ["" if one != one else str(one) for one in values])
        else:
            numbers = [0.0 if abs(one) == _NOUGHT else float(one) for one in values]
            columns[str(name)] = pl.Series(numbers, dtype=pl.Float64).fill_nan(None)
    return Table(pl.DataFrame(columns))
