"""A data dictionary is read whole, however a spreadsheet saved it, or refused with the line that is wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.exchange.redcap import Field, RedcapError, read_dictionary, write_dictionary
from entact.exchange.redcap.dictionary import COLUMNS

HEADINGS = [title for title, _ in COLUMNS.values()]


def file(*rows: dict[str, str], separator: str = ",", columns: int = 18) -> str:
    """A dictionary as text, its headings in quotes; a row says its cells by their keys."""
    keys = list(COLUMNS)[:columns]
    lines = [separator.join(f'"{title}"' for title in HEADINGS[:columns])]
    for row in rows:
        cells = (row.get(key, "").replace('"', '""') for key in keys)
        lines.append(separator.join(f'"{cell}"' if set(cell) & set(',;\t"\n\r') else cell for cell in cells))
    return "\r\n".join(lines) + "\r\n"


def row(
    name: str, form: str = "one", type: str = "text", label: str = "A label", **said: str
) -> dict[str, str]:
    return {"name": name, "form": form, "type": type, "label": label, **said}


PLAIN = file(
    row("record_id"),
    row("age", label="Age, in\r\nyears", validation="integer"),
    row("città", form="x") | {"name": "city", "label": "Città и 東京"},
)


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN.encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        PLAIN.replace("\r\n", "\n").encode(),
    ],
)
def test_marks_of_byte_order_and_line_breaks_in_quotes_change_nothing(raw: bytes) -> None:
    found = read_dictionary(raw).fields
    assert [one.name for one in found] == ["record_id", "age", "city"]
    assert [one.line for one in found] == [2, 3, 5]
    assert found[1].label.split() == ["Age,", "in", "years"]
    assert found[2].label == "Città и 東京"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("columns", [17, 18])
def test_semicolons_tabs_and_older_files_are_read(separator: str, columns: int) -> None:
    text = file(
        row("record_id"), row("weight", least="1,5", most="2.5"), separator=separator, columns=columns
    )
    assert [(one.name, one.least, one.most) for one in read_dictionary(text.encode()).fields] == [
        ("record_id", "", ""),
        ("weight", "1,5", "2.5"),
    ]


def test_what_a_spreadsheet_adds_and_old_line_ends_change_nothing() -> None:
    text = file(row("record_id"), row("age"), separator=";")
    for said in (f"sep=;\r\n{text}", text.replace("\r\n", "\r"), f"sep=;\n{text}"):
        assert [one.name for one in read_dictionary(said.encode()).fields] == ["record_id", "age"]


def test_names_of_the_programming_interface_do_as_well() -> None:
    text = ",".join(name for _, name in COLUMNS.values()) + "\nrecord_id,one,,text,Record\n"
    assert read_dictionary(text.encode()).fields == (Field(2, "record_id", "one", "text", "Record"),)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((row("a"), row("b", type="texte")), "line 3: b: there is no field type 'texte'"),
        ((row("a"), row("A")), "line 3: the variable 'a' stands on line 2 too"),
        ((row("a"), row("2b")), "line 3: '2b' is no name of a variable"),
        ((row("a"), row("b", form="Größe")), "line 3: 'größe' is no name of a form"),
        (
            (row("a"), row("b", form="two"), row("c")),
            "line 4: the form 'one' ended on line 2; put its fields together",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(rows: tuple[dict[str, str], ...], message: str) -> None:
    with pytest.raises(RedcapError, match=message.replace("(", r"\(")):
        read_dictionary(file(*rows).encode())


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "there is no column 'Variable / Field Name'"),
        (b"a,b\n1,2\n", "it is no data dictionary"),
        (file().encode(), "there is no field in it"),
        (b"PK\x03\x04\x14\x00", "it is a workbook of a spreadsheet; save its sheet as CSV in UTF-8"),
        (
            file(row("a", label="caf\u00e9")).encode("cp1252"),
            "line 2: byte 0xe9 is not utf-8; save the file as UTF-8",
        ),
        (
            file(row("a")).encode() + b'b,one,,text,"open\nnever',
            "line 3: a quote is opened and not closed; nothing was read",
        ),
        (
            file(row("a")).encode() + b"b,one,,text,A, label, with, commas" + b",x" * 18 + b"\n",
            "cells under 18 headings",
        ),
        (file(row("a", label="x\0y")).encode(), "line 2: there is a NUL"),
        (file(row("a")).encode() + b"b,one\r\n", "line 3: 2 cells under 18 headings; the line is cut off"),
        (
            file(row("a"), row("b", label="Head to foot")).partition(" to")[0].encode(),
            "line 3: 5 cells under 18 headings; the line is cut off",
        ),
    ],
)
def test_files_that_are_none_are_refused(raw: bytes, message: str) -> None:
    with pytest.raises(RedcapError, match=message):
        read_dictionary(raw)


def test_the_json_of_the_programming_interface_says_what_the_csv_says() -> None:
    said = [{"field_name": "a", "form_name": "one", "field_type": "text", "field_label": "Größe, \n cm"}]
    said += [{**said[0], "field_name": "b", "required_field": "y", "field_note": None}]
    found = read_dictionary(json.dumps(said, indent=1).encode()).fields
    assert [(one.line, one.name, one.required, one.label) for one in found] == [
        (2, "a", "", "Größe, \n cm"),
        (8, "b", "y", "Größe, \n cm"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "line 1, column 2: no JSON"),
        ("[]", "there is no column 'Variable / Field Name'"),
        ('[\n {"field_name": "a"},\n 3]', "line 3: 3 is no field"),
        (
            '[{"field_name": "a", "form_name": "b", "field_type": "text", "field_label": ["x"]}]',
            "line 1: field_label: .'x'. is no text",
        ),
        ('[\n{"field_name": "a", "field_name": "b"}]', "line 2: 'field_name' stands twice in one object"),
    ],
)
def test_json_that_is_no_dictionary_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(RedcapError, match=message):
        read_dictionary(text.encode())


def test_an_encoding_that_is_named_is_used() -> None:
    raw = file(row("a", label="café")).encode("cp1252")
    assert read_dictionary(raw, "cp1252").fields[0].label == "café"
    with pytest.raises(RedcapError, match="there is no encoding 'klingon'"):
        read_dictionary(raw, "klingon")


@pytest.mark.parametrize(
    ("choices", "message"),
    [("Yes | No", "the choice 'Yes' has no code"), ("1, Yes | 1, No", "the code '1' stands twice")],
)
def test_choices_without_a_code_of_their_own_are_refused(choices: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _ = Field(2, "a", "one", "radio", "A", choices=choices).coded


def test_labels_of_choices_may_have_commas() -> None:
    lines = Field(2, "a", "one", "radio", "A", choices="1, Yes\n2, No")
    assert lines.coded == [("1", "Yes"), ("2", "No")]
    said = Field(2, "a", "one", "radio", "A", choices="1, Yes, often |-99,Unknown | x_2 , ")
    assert said.coded == [("1", "Yes, often"), ("-99", "Unknown"), ("x_2", "")]


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20).map(str.strip)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=4))
def test_what_was_written_is_read_again(said: list[tuple[str, str, str]]) -> None:
    fields = tuple(
        Field(0, f"f{place}", "one", "notes", label or "x", section=section, note=note)
        for place, (label, section, note) in enumerate(said)
    )
    again = read_dictionary(write_dictionary(fields)).fields
    assert tuple(replace(one, line=0) for one in again) == fields
