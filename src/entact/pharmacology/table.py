"""The rows of a file of concentrations as people have it: separators, encodings, comments, columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from entact.pharmacology.rows import DATES, NotData, Row

KNOWN: Final = (
    "ID", "TIME", "AMT", "FORM", "DV", "EVID", "MDV", "OUTPUT", "CMT", "WEIGHT", "WT", "SEX", "AGE", "CYP2D6",
    *DATES, "ADDL", "II", "SS", "RATE", "BLQ", "LLOQ", "OCC",
)  # fmt: skip
SAME: Final = {
    "WT": "WEIGHT",
    "CENS": "BLQ",
    "BQL": "BLQ",
    "LOQ": "LLOQ",
    "YTYPE": "CMT",
    "DVID": "CMT",
    "OCCASION": "OCC",
}
MISSING: Final = frozenset(["", ".", "NA", "N/A", "NAN"])
MARKS: Final = (",", ";", "\t")
_COMMENT: Final = re.compile(r"C(\W.*)?$", re.IGNORECASE | re.DOTALL)
_DECIMAL: Final = re.compile(r"(<?\s*[-+]?\d*),(\d+)")


@dataclass(frozen=True)
class Table:
    """The rows of a file, its columns (large letters, usual names), and how many rows are marked C."""

    rows: tuple[Row, ...]
    columns: tuple[str, ...]
    comments: int


def read_table(path: Path) -> Table:
    """The rows of a file separated by commas, semicolons, tabs or blanks.

    Beside anything but commas, numbers may have decimal commas. Lines that begin with # are passed over, but
    for one before any other that names columns; so are a line `sep=`, and the title of a table of NONMEM.

    Errors: `NotData` names file and line.
    """
    lines = _text(path).splitlines()
    first = next(_told(lines), None)
    if first is None:
        raise _no_rows(path.name)
    mark = max(MARKS, key=lines[first].count)
    if not lines[first].count(mark):
        mark = " "
    columns: tuple[str, ...] = ()
    rows: list[Row] = []
    comments = 0
    reader = csv.reader([" ".join(line.split()) if mark == " " else line for line in lines], delimiter=mark)
    told = set(_told(lines))
    for cells in reader:
        number = reader.line_num
        if number - 1 not in told or not any(cell.strip() for cell in cells):
            continue
        cells = [cell.strip() for cell in cells]
        if not columns:
            columns = _columns(path.name, number, [cells[0].lstrip("# "), *cells[1:]])
            continue
        if len(cells) > len(columns) and not any(cells[len(columns) :]):
            cells = cells[: len(columns)]
        if "C" not in columns and len(cells) != len(columns) and _COMMENT.match(cells[0]):
            comments += 1
            continue
        if len(cells) != len(columns):
            raise NotData(f"{path.name}, line {number}: {len(cells)} fields, the header has {len(columns)}")
        pairs = zip(columns, cells, strict=True)
        fields = {name: _point(cell, mark) for name, cell in pairs if cell.upper() not in MISSING}
        if fields.get("C", "").upper() == "C":
            comments += 1
            continue
        rows.append(Row(path.name, number, fields, columns))
    if comments and not rows:
        raise NotData(f"{path.name}, C: every row is marked C, which leaves it out")
    if not rows:
        raise _no_rows(path.name)
    return Table(tuple(rows), columns, comments)


def _no_rows(name: str) -> NotData:
    return NotData(f"{name}: no rows; the first line names the columns, like ID,TIME,EVID,AMT,FORM,DV")


def _text(path: Path) -> str:
    content = path.read_bytes()
    coded = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    try:
        return content.decode(coded).lstrip("\ufeff")
    except UnicodeDecodeError:
        raise NotData(f"{path.name}: not a text in UTF-8; save it as CSV in UTF-8") from None


def _told(lines: Sequence[str]) -> Iterator[int]:
    """The places of lines that are no comments; a first one may name columns behind a #, as in NONMEM."""
    first = True
    for place, line in enumerate(lines):
        bare = line.strip()
        if not bare or re.match(r"sep=.?$|TABLE NO", bare, re.IGNORECASE):
            continue
        if bare.startswith("#"):
            names = re.split(r"[\s,;]+", bare.lstrip("# ").upper())
            if not (first and {"ID", "TIME"} <= set(names)):
                continue
        first = False
        yield place


def _point(cell: str, mark: str) -> str:
    """A number with a decimal point, where a comma can be no separator."""
    found = _DECIMAL.fullmatch(cell) if mark != "," else None
    return f"{found[1]}.{found[2]}" if found else cell


def _columns(file: str, line: int, cells: Sequence[str]) -> tuple[str, ...]:
    names = [cell.upper() for cell in cells]
    names = [SAME.get(name, name) for name in names]
    for name in names:
        if name in KNOWN and names.count(name) > 1:
            raise NotData(f"{file}, line {line}: column {name} is there twice")
    if sum(name in DATES for name in names) > 1:
        raise NotData(f"{file}, line {line}: days are in one column, not in several of {', '.join(DATES)}")
    for name in ("ID", "TIME", "AMT", "DV"):
        if name not in names:
            raise NotData(
                f"{file}, line {line}: column {name} is missing; needed: ID, TIME, AMT, DV (and EVID)"
            )
    return tuple(names)
