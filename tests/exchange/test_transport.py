"""SAS transport files: what is written is read again, and what does not fit is refused with its place."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entact.datasets.sdtm.block import Block, Piece
from entact.datasets.sdtm.part import Part, part_of_rows
from entact.datasets.sdtm.summary import Summary
from entact.datasets.sdtm.table import Table
from entact.exchange import Described, TransportError, described, write_transport

OBSERVATIONS = b"HEADER RECORD*******OBS     HEADER RECORD!!!!!!!"
AT = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


def with_value(dataset: Described, column: str, value: Any) -> Described:
    """The dataset with another value in the second row of a column."""
    values = dataset.frame[column].to_list()
    values[1] = value
    series = pl.Series(column, values, dtype=dataset.frame[column].dtype)
    columns = dataset.columns
    if isinstance(value, str):
        columns = tuple(
            replace(one, length=max(one.length, len(value))) if one.name == column else one for one in columns
        )
    return replace(dataset, columns=columns, source=Held(dataset.frame.with_columns(series)))


class Held:
    """The rows of a dataset as a frame."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    @property
    def height(self) -> int:
        return self._frame.height

    @property
    def summary(self) -> Summary:
        raise AssertionError("what a dataset is described by is not asked again when it is written")

    def pieces(self, names: Sequence[str]) -> Iterator[Part]:
        yield part_of_rows(self._frame.select(names))

    def parts(self, names: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        yield self._frame if names is None else self._frame.select(names)


def test_every_dataset_is_read_again_as_it_was_written(
    datasets: dict[str, Described], tmp_path: Path
) -> None:
    for name, dataset in datasets.items():
        path = tmp_path / f"{name.lower()}.xpt"
        write_transport(dataset, path, AT)
        read, said = pyreadstat.read_xport(path, output_format="polars")
        assert said.table_name == name
        assert said.file_label == dataset.label
        assert [said.column_names_to_labels[one.name] for one in dataset.columns] == [
            one.variable.label for one in dataset.columns
        ]
        assert read.columns == dataset.frame.columns
        for column in dataset.columns:
            back = [None if one == "" else one for one in read[column.name].to_list()]
            assert back == dataset.frame[column.name].to_list(), (name, column.name)


def test_the_bytes_are_the_same_each_time_and_name_the_time_of_the_cut(
    datasets: dict[str, Described], tmp_path: Path
) -> None:
    for name in ("one", "other"):
        write_transport(datasets["DM"], tmp_path / name, AT)
    first, second = ((tmp_path / name).read_bytes() for name in ("one", "other"))
    assert first == second
    assert first.count(b"04MAY26:12:30:00") == 4


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not on this machine; pyreadstat reads them")
def test_haven_reads_every_file(datasets: dict[str, Described], tmp_path: Path) -> None:
    if subprocess.run(["Rscript", "-e", "library(haven)"], capture_output=True, check=False).returncode:
        pytest.skip("haven is not installed; pyreadstat reads them")
    for name, dataset in datasets.items():
        write_transport(dataset, tmp_path / f"{name}.xpt", AT)
    script = (
        "for (f in list.files(commandArgs(TRUE)[1], full.names=TRUE)) "
        "{ d <- haven::read_xpt(f); cat(basename(f), nrow(d), ncol(d), '\\n') }"
    )
    done = subprocess.run(
        ["Rscript", "-e", script, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    said = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert said == {
        f"{name}.xpt": [str(one.frame.height), str(one.frame.width)] for name, one in datasets.items()
    }


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Grüße", "dataset DM, variable SUBJID, row 2: 'ü' is not ASCII"),
        ("x" * 201, "dataset DM, variable SUBJID, row 2: a text of 201 bytes, and 200 fit"),
        ("x ", "dataset DM, variable SUBJID, row 2: 'x ' ends with a blank"),
        ("a\nb", "dataset DM, variable SUBJID, row 2: '\\n' is not ASCII"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    datasets: dict[str, Described], tmp_path: Path, value: str, words: str
) -> None:
    with pytest.raises(TransportError) as refused:
        write_transport(with_value(datasets["DM"], "SUBJID", value), tmp_path / "dm.xpt", AT)
    assert str(refused.value).startswith(words)
    assert not (tmp_path / "dm.xpt").exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e80, 1e-90])
def test_a_number_that_the_format_cannot_hold_is_refused(
    datasets: dict[str, Described], tmp_path: Path, value: float
) -> None:
    with pytest.raises(TransportError, match=r"dataset DM, variable AGE, row 2: .* is no number that"):
        write_transport(with_value(datasets["DM"], "AGE", value), tmp_path / "dm.xpt", AT)


def test_a_name_or_label_that_is_too_long_is_refused(datasets: dict[str, Described], tmp_path: Path) -> None:
    dataset = datasets["DM"]
    first = dataset.columns[0]
    for changed, words in (
        (replace(first.variable, label="x" * 41), "the label"),
        (replace(first.variable, label="Größe"), "is not ASCII of at most 40 characters"),
    ):
        with pytest.raises(TransportError, match=words):
            write_transport(
                replace(dataset, columns=(replace(first, variable=changed), *dataset.columns[1:])),
                tmp_path / "dm.xpt",
                AT,
            )
    with pytest.raises(TransportError, match="at most 8 capital letters"):
        write_transport(replace(dataset, name="SUBJECTLIST"), tmp_path / "dm.xpt", AT)


@given(
    number=st.floats(-1e70, 1e70, allow_subnormal=False).filter(lambda one: one == 0 or abs(one) > 1e-70),
    text=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=200),
)
@settings(max_examples=15)
def test_any_number_and_text_that_fits_comes_back(
    tmp_path_factory: pytest.TempPathFactory, datasets: dict[str, Described], number: float, text: str
) -> None:
    path = tmp_path_factory.mktemp("xpt") / "dm.xpt"
    said = text.rstrip(" ") or "x"
    write_transport(with_value(with_value(datasets["DM"], "AGE", number), "SUBJID", said), path, AT)
    read, _ = pyreadstat.read_xport(path, output_format="polars")
    assert (read["AGE"][1], read["SUBJID"][1]) == (number, said)


NUMBERS = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.1,
    1 / 3,
    15.0,
    16.0,
    17.0,
    255.999,
    -118.625,
    1e15 + 1,
    5.4e-79,
    4e74,
    None,
]


def test_rows_are_the_bytes_that_readstat_writes(
    datasets: dict[str, Described], analysed: list[Described], tmp_path: Path
) -> None:
    several = [*datasets.values(), *analysed]
    several += [with_value(datasets["DM"], "AGE", number) for number in NUMBERS]
    for dataset in several:
        write_transport(dataset, tmp_path / "ours", AT)
        pyreadstat.write_xport(
            dataset.frame,
            str(tmp_path / "theirs"),
            table_name=dataset.name,
            file_label=dataset.label[:40],
            column_labels=[one.variable.label for one in dataset.columns],
            file_format_version=5,
            variable_format={one.name: one.format for one in dataset.columns if one.format is not None},
        )
        ours, theirs = ((tmp_path / name).read_bytes() for name in ("ours", "theirs"))
        assert ours.partition(OBSERVATIONS)[2] == theirs.partition(OBSERVATIONS)[2], dataset.name


def test_the_greatest_numbers_come_back_too(datasets: dict[str, Described], tmp_path: Path) -> None:
    for number in (7.2e75, -7.2e75, 5.399e-79):  # ReadStat itself would write another one for the first two
        write_transport(with_value(datasets["DM"], "AGE", number), tmp_path / "dm.xpt", AT)
        read, _ = pyreadstat.read_xport(tmp_path / "dm.xpt", output_format="polars")
        assert read["AGE"][1] == number


def test_dates_of_analysis_datasets_are_days_that_are_shown_as_dates(
    analysed: list[Described], tmp_path: Path
) -> None:
    subjects = next(one for one in analysed if one.name == "ADSL")
    write_transport(subjects, tmp_path / "adsl.xpt", AT)
    read, said = pyreadstat.read_xport(tmp_path / "adsl.xpt", output_format="polars")
    assert said.original_variable_types["TRTSDT"] == "DATE9"
    days = [None if one is None else (one - date(1960, 1, 1)).days for one in read["TRTSDT"].to_list()]
    assert days == subjects.frame["TRTSDT"].to_list()


def in_pieces(results: list[dict[str, Any]], which: list[int]) -> Table:
    """Rows of vital signs: of each the place of its result."""
    table, of = Table("VS"), np.array(which, np.uint32)
    everybody = Piece([{"STUDYID": "S", "DOMAIN": "VS", "USUBJID": "p"}], np.zeros(len(of), np.uint32))
    own: dict[str, Any] = {"VSSEQ": np.arange(1, len(of) + 1), "VSLOBXFL": [None, "Y"] * (len(of) // 2)}
    table.add_block(Block(len(of), (everybody, Piece(results, of)), own, [("e",)], of * 0))
    return table


RESULTS: list[dict[str, Any]] = [
    {"VSTESTCD": "HR", "VSTEST": "Heart Rate", "VSORRES": "61", "VSSTRESN": 61, "VSSTAT": None},
    {"VSTESTCD": "HR", "VSTEST": "Heart Rate", "VSORRES": None, "VSSTRESN": None, "VSSTAT": "NOT DONE"},
    {"VSTESTCD": "TEMP", "VSTEST": "Temperature", "VSORRES": "36.6", "VSSTRESN": 36.6, "VSSTAT": None},
]


@given(st.lists(st.integers(0, 2), min_size=2, max_size=9).filter(lambda one: len(one) % 2 == 0))
@settings(max_examples=25)
def test_what_rows_have_in_common_is_written_as_if_they_had_not(which: list[int]) -> None:
    pieces, rows = in_pieces(RESULTS, which), Table("VS")
    for values, entries in zip(pieces.rows, pieces.entries, strict=True):
        rows.add(values, entries)
    with TemporaryDirectory() as place:
        told = []
        for name, table in (("pieces", pieces), ("rows", rows)):
            path = Path(place) / name
            digest = write_transport(next(described({"VS": table})), path, AT)
            assert digest == sha256(path.read_bytes()).hexdigest()
            told.append(path.read_bytes())
    assert told[0] == told[1]


def test_what_does_not_fit_is_told_with_its_first_row_also_of_what_rows_have_in_common(
    tmp_path: Path,
) -> None:
    table = in_pieces([*RESULTS, {"VSTESTCD": "HR", "VSORRES": "schön"}], [0, 1, 2, 3, 3, 0])
    with pytest.raises(TransportError, match="dataset VS, variable VSORRES, row 4: 'ö' is not ASCII"):
        write_transport(next(described({"VS": table})), tmp_path / "vs.xpt", AT)
    assert not (tmp_path / "vs.xpt").exists()
    unsaid = in_pieces([*RESULTS, {"VSTESTCD": "HR", "VSORRES": "schön"}], [0, 1, 2, 0])
    write_transport(next(described({"VS": unsaid})), tmp_path / "vs.xpt", AT)  # of no row: nothing is wrong
