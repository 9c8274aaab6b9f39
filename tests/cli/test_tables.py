"""Tables of other people are read right, or refused with the place."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from entact.cli.tables import TableError, read_table


def written(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_types_are_those_of_the_cells(tmp_path: Path) -> None:
    found = read_table(written(tmp_path, 'id,n,x,yes,word\n007,1,1.5,true,"a, b"\n008,NA,,false,NA\n'))
    assert found.frame.schema == {
        "id": pl.String,
        "n": pl.Int64,
        "x": pl.Float64,
        "yes": pl.Boolean,
        "word": pl.String,
    }
    assert found.frame.row(1) == ("008", None, None, False, None)
    assert found.notes == (
        "n: NA in 1 of 2 cells, taken as missing",
        "word: NA in 1 of 2 cells, taken as missing",
    )


def test_semicolons_and_decimal_commas_are_read_and_said(tmp_path: Path) -> None:
    found = read_table(written(tmp_path, "\ufeffid;x\na;1,5\nb;-0,25\nc;2\n"))
    assert found.frame["x"].to_list() == [1.5, -0.25, 2.0]
    assert found.notes == ("cells are separated by a semicolon", "x: decimal commas read as decimals")


def test_a_number_too_large_stays_text(tmp_path: Path) -> None:
    found = read_table(written(tmp_path, "id,x\n92233720368547758070,1\n9007199254740993,2\n"))
    assert found.frame["id"].to_list() == ["92233720368547758070", "9007199254740993"]


def test_where_numbers_end_is_kept_for_who_means_numbers(tmp_path: Path) -> None:
    found = read_table(written(tmp_path, "id,x\na,1\nb,2\nc,pending\nd,4\n"))
    assert found.frame["x"].dtype == pl.String
    assert found.mixed["x"].endswith(
        "t.csv:4, column x: 'pending' is no number, and 3 of 4 cells are; correct it, or leave it empty "
        "where the value is missing"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a;x\n1;1,234\n2;5,678\n", r":2, column x: '1,234' may be a decimal or a thousand"),
        ("a;x\n1;1,5\n2;2.5\n", r":2, column x: '1,5' has a decimal comma, other cells a decimal point"),
        ("a,x\n1,2,3\n", r":2: 3 cells, and the head has 2; put text with a comma in quotes"),
        ("a,a\n1,2\n", r":1: the column 'a' stands twice"),
        ("a,\n1,2\n", r":1: column 2 has no name"),
        ("a,b;c\n1,2\n", r":1: cells may be separated by a comma or semicolon"),
        ("\n", "the file is empty"),
    ],
)
def test_what_is_not_clear_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read_table(written(tmp_path, text))


def test_lines_are_counted_as_editors_do(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r":4: 3 cells"):
        read_table(written(tmp_path, 'a,b\n1,"two\nlines"\n1,2,3\n'))


def test_bytes_that_are_no_utf8_are_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1,M\xe4nner\n")
    with pytest.raises(TableError, match=r"t.csv:2: the byte 0xE4 is not UTF-8"):
        read_table(path)


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": ["a", None], "x": [1.5, None]})
    frame.write_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").frame.equals(frame)
    written(tmp_path, "no", "u.parquet")
    with pytest.raises(TableError, match="no Parquet file"):
        read_table(tmp_path / "u.parquet")
    with pytest.raises(TableError, match=r"\.doc is not known"):
        read_table(tmp_path / "u.doc")


def test_a_file_that_is_no_transport_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no SAS transport file"):
        read_table(written(tmp_path, "no", "t.xpt"))
    with pytest.raises(OSError, match="No such file"):
        read_table(tmp_path / "none.xpt")


def test_a_quote_that_is_never_closed_loses_nobody(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"t.csv:3: a quote is opened and never closed"):
        read_table(written(tmp_path, 'id,x,note\na,1,fine\nb,2,"open\nc,3,fine\nd,4,fine\n'))
    found = read_table(written(tmp_path, 'id,x,note\na,1,"two\nlines"\nb,2,"and\nthese"\n'))
    assert found.frame["note"].to_list() == ["two\nlines", "and\nthese"]


def test_names_that_look_like_numbers_stay_apart(tmp_path: Path) -> None:
    path = written(tmp_path, "id,arm,x\n1.1,1,1.5\n1.10,2,2.50\n")
    found = read_table(path, {"id", "arm"}).frame
    assert found["id"].to_list() == ["1.1", "1.10"]
    assert found["arm"].to_list() == [1, 2]
    assert found["x"].to_list() == [1.5, 2.5]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id,x\ra,1\rb,2\r", ("a", 1)),
        ("sep=;\nid;x\na;1\nb;2\n", ("a", 1)),
        ("id,x\n,\na,1\n,\nb,2\n", ("a", 1)),
    ],
)
def test_lines_as_other_programs_end_and_pad_them(
    tmp_path: Path, text: str, expected: tuple[str, int]
) -> None:
    frame = read_table(written(tmp_path, text)).frame
    assert frame.row(0) == expected
    assert len(frame) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id;x\na;1.234\nb;5\n", "t.csv:2, column x: '1.234' may be a decimal or a thousand"),
        ("sep=;\nid;x\na;1\nb;1;2\n", "t.csv:4: 3 cells"),
        ("id,x\na,1\x00\n", "t.csv:2: there is a byte 0x00"),
        ("sep=;\n", "the file is empty"),
    ],
)
def test_what_may_be_two_things_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read_table(written(tmp_path, text))


def test_a_column_without_any_value_is_of_no_kind(tmp_path: Path) -> None:
    assert read_table(written(tmp_path, "id,x\na,NA\nb,\n")).frame.schema["x"] == pl.Null


def test_lines_before_the_head_are_no_table(tmp_path: Path) -> None:
    found = read_table(written(tmp_path, "\n\nid;x\na;1,5\n;\n"))
    assert found.frame.rows() == [("a", 1.5)]
    assert found.notes[0] == "1 line without any value left out"
    with pytest.raises(TableError, match=r":3: the column 'x' stands twice"):
        read_table(written(tmp_path, "\n\nx,x\n1,2\n"))


def test_a_nought_of_a_transport_file_is_nought(tmp_path: Path) -> None:
    """pandas reads it as 16 to the power of -65, which is neither no nor yes."""
    from pyreadstat import write_xport

    path = tmp_path / "t.xpt"
    write_xport(
        pl.DataFrame({"ID": ["a", "b", "c"], "YES": [0.0, 1.0, None]}), str(path), file_format_version=5
    )
    assert read_table(path).frame["YES"].to_list() == [0.0, 1.0, None]
