"""A REDCap data dictionary as it lies in a file: read whole, or refused with the line that is wrong.

Source: REDCap's data dictionary, the 18 columns of its CSV file (older ones have 17, without annotations).
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from entact.exchange.redcap.json_rows import is_json, rows_of_json

LARGEST: Final = 64 * 1024 * 1024
COLUMNS: Final = {
    "name": ("Variable / Field Name", "field_name"),
    "form": ("Form Name", "form_name"),
    "section": ("Section Header", "section_header"),
    "type": ("Field Type", "field_type"),
    "label": ("Field Label", "field_label"),
    "choices": ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"),
    "note": ("Field Note", "field_note"),
    "validation": (
        "Text Validation Type OR Show Slider Number",
        "text_validation_type_or_show_slider_number",
    ),
    "least": ("Text Validation Min", "text_validation_min"),
    "most": ("Text Validation Max", "text_validation_max"),
    "identifier": ("Identifier?", "identifier"),
    "branching": ("Branching Logic (Show field only if...)", "branching_logic"),
    "required": ("Required Field?", "required_field"),
    "alignment": ("Custom Alignment", "custom_alignment"),
    "question": ("Question Number (surveys only)", "question_number"),
    "matrix": ("Matrix Group Name", "matrix_group_name"),
    "ranking": ("Matrix Ranking?", "matrix_ranking"),
    "annotation": ("Field Annotation", "field_annotation"),
}
_NEEDED: Final = ("name", "form", "type", "label")
TYPES: Final = (
    *("text", "notes", "radio", "dropdown", "checkbox", "yesno", "truefalse", "calc", "slider", "file"),
    *("descriptive", "sql"),
)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_OLD: Final = {"select": "dropdown", "textarea": "notes", "advcheckbox": "checkbox"}


class RedcapError(ValueError):
    """A dictionary that cannot be used: says each line that is wrong, and what would be right."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Field:
    """One row of a dictionary, its cells as they were written; `line` is where the row begins in the file."""

    line: int
    name: str
    form: str
    type: str
    label: str
    section: str = ""
    choices: str = ""
    note: str = ""
    validation: str = ""
    least: str = ""
    most: str = ""
    identifier: str = ""
    branching: str = ""
    required: str = ""
    alignment: str = ""
    question: str = ""
    matrix: str = ""
    ranking: str = ""
    annotation: str = ""

    @property
    def coded(self) -> list[tuple[str, str]]:
        """Code and label of each choice, as in `1, Yes | 2, No`; one in which nothing stands is none.

        Raises:
            ValueError: for a choice without a code, or a code that stands twice.
        """
        parts = [one for one in self._parts if one.strip()] or [""]
        found: dict[str, str] = {}
        for part in parts:
            code, comma, label = (one.strip() for one in part.partition(","))
            if not comma or not code or " " in code:
                raise ValueError(
                    f"the choice {part.strip()!r} has no code; write it as in '1, {part.strip()}'"
                )
            if code in found:
                raise ValueError(f"the code {code!r} stands twice among the choices; give each its own")
            found[code] = label
        return list(found.items())

    @property
    def blanks(self) -> int:
        """How many of the choices say nothing, as after a separator at the end."""
        return sum(not one.strip() for one in self._parts)

    @property
    def _parts(self) -> list[str]:
        separator = next((one for one in ("|", "\n", r"\n") if one in self.choices), "|")
        return self.choices.split(separator)


@dataclass(frozen=True)
class Dictionary:
    """A data dictionary.

    Attributes:
        digest: SHA-256 of the bytes that were read. unknown: columns that are not of a dictionary.
        beside: what else the file has: line, name, and why it stays behind.
    """

    fields: tuple[Field, ...]
    digest: str
    unknown: tuple[str, ...] = ()
    beside: tuple[tuple[int, str, str], ...] = ()


def read_dictionary(raw: bytes, encoding: str | None = None) -> Dictionary:
    """The dictionary in a CSV file (commas, semicolons, tabs; a mark of byte order or none), or in JSON.

    Args:
        encoding: of the text, where it is not UTF-8 or UTF-16.
    Raises:
        RedcapError: with every line that is wrong; nothing is read in part.
    """
    text = decoded(raw, encoding)
    rows = _of_json(text) if is_json(text) else lines_of(text, _separator)
    _, header = next(rows, (0, []))
    if len(header) <= 2 and header and header[0].startswith("sep="):  # what a spreadsheet tells itself
        _, header = next(rows, (0, []))
    columns, unknown = _columns(header)
    problems: list[str] = []
    fields: list[Field] = []
    needed = max(place for place, key in columns.items() if key in _NEEDED)
    cut = not text.endswith(("\n", "\r"))  # then the last line may be
    lines = list(rows)
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(header) :]):
            problems.append(
                f"line {line}: {len(cells)} cells under {len(header)} headings; a text with the separator in "
                "it has to stand in quotes"
            )
            continue
        if len(cells) <= needed or (cut and line == lines[-1][0] and len(cells) < len(header)):
            problems.append(
                f"line {line}: {len(cells)} cells under {len(header)} headings; the line is cut off"
            )
            continue
        said = {key: cells[place].strip() for place, key in columns.items() if place < len(cells)}
        problem = fault_of(said)
        if problem is not None:
            problems.append(f"line {line}: {problem}")
            continue
        kind = said["type"].lower()
        said |= {"name": said["name"].lower(), "form": said["form"].lower(), "type": _OLD.get(kind, kind)}
        fields.append(Field(line=line, **said))
    problems += repeated(fields)
    if not fields and not problems:
        problems.append("there is no field in it; a dictionary has one row for each field below its headings")
    if problems:
        raise RedcapError(problems)
    return Dictionary(tuple(fields), hashlib.sha256(raw).hexdigest(), unknown)


def write_dictionary(fields: Iterable[Field]) -> bytes:
    """The bytes of a dictionary that REDCap takes: UTF-8, commas, all 18 columns."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(title for title, _ in COLUMNS.values())
    for field in fields:
        writer.writerow(getattr(field, key) for key in COLUMNS)
    return text.getvalue().encode()


def decoded(raw: bytes, encoding: str | None) -> str:
    """The text of a CSV file: UTF-8 or UTF-16 where no encoding is said.

    Raises:
        RedcapError: when it is too large or a workbook, and with the line of the first byte that is not of
            the encoding: none is guessed at.
    """
    if len(raw) > LARGEST:
        raise RedcapError([f"it has {len(raw)} bytes; at most {LARGEST} are read"])
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise RedcapError(["it is a workbook of a spreadsheet; save its sheet as CSV in UTF-8"])
    if encoding is None:
        encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    if encoding == "utf-8":
        raw = raw.removeprefix(BOM_UTF8)
    try:
        text = raw.decode(encoding)
    except LookupError:
        raise RedcapError([f"there is no encoding {encoding!r}; write one as in cp1252"]) from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise RedcapError(
            [
                f"line {line}: byte {raw[error.start]:#04x} is not {encoding}; save the file as UTF-8, or "
                "say its encoding"
            ]
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise RedcapError([f"line {line}: there is a NUL in the text; save the file as CSV in UTF-8"])
    return text


def lines_of(text: str, separator_of: Callable[[str], str]) -> Iterator[tuple[int, list[str]]]:
    """Each row of a CSV text with the line on which it begins.

    Args:
        separator_of: what separates cells, from the line with the headings.
    Raises:
        RedcapError: where a quote is not closed.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # a list of codes may be long
    lines = re.split(r"\r\n|\r|\n", text, maxsplit=2)
    first = lines[1] if lines[0].startswith("sep=") and len(lines) > 1 else lines[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(first), strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            said = "a quote is opened and not closed" if "unexpected end" in str(error) else str(error)
            raise RedcapError([f"line {begins}: {said}; nothing was read"]) from None
        yield begins, row


def _of_json(text: str) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from rows_of_json(text)
    except ValueError as error:
        raise RedcapError(str(error).splitlines()) from None


def _separator(line: str) -> str:
    return max(",;\t", key=lambda one: len(_columns_of(next(csv.reader([line], delimiter=one), []))))


def _columns_of(cells: Sequence[str]) -> dict[int, str]:
    known = {_bare(title): key for key, titles in COLUMNS.items() for title in titles}
    return {place: known[_bare(cell)] for place, cell in enumerate(cells) if _bare(cell) in known}


def _bare(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", title.lower())


def _columns(header: list[str]) -> tuple[dict[int, str], tuple[str, ...]]:
    found = _columns_of(header)
    absent = [COLUMNS[key][0] for key in _NEEDED if key not in found.values()]
    if absent:
        raise RedcapError(
            [f"line 1: there is no column {', '.join(map(repr, absent))}; it is no data dictionary"]
        )
    if len(set(found.values())) < len(found):
        raise RedcapError(["line 1: a column stands there twice; take one out"])
    unknown = tuple(cell for place, cell in enumerate(header) if place not in found and cell.strip())
    return found, unknown


def fault_of(said: dict[str, str]) -> str | None:
    """What is wrong with the names or the type of a field; None where nothing is."""
    for key, what in (("name", "variable"), ("form", "form")):
        name = said.get(key, "").lower()
        if not _NAME.fullmatch(name):
            return f"{name!r} is no name of a {what}; write small letters, digits and _, a letter first"
    kind = said.get("type", "").lower()
    if _OLD.get(kind, kind) not in TYPES:
        return f"{said['name']}: there is no field type {kind!r}; there are {', '.join(TYPES)}"
    return None


def repeated(fields: Sequence[Field]) -> Iterator[str]:
    """Each variable that is there twice, and each form whose fields do not stand together."""
    seen: dict[str, int] = {}
    left: dict[str, int] = {}
    before: Field | None = None
    for field in fields:
        if field.name in seen:
            first = seen[field.name]
            yield f"line {field.line}: the variable {field.name!r} stands on line {first} too; rename one"
        seen.setdefault(field.name, field.line)
        if before is not None and field.form != before.form:
            left[before.form] = before.line
        if field.form in left:
            yield (
                f"line {field.line}: the form {field.form!r} ended on line {left[field.form]}; put its "
                "fields together"
            )
            del left[field.form]
        before = field
