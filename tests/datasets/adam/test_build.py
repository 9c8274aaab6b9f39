"""Analysis datasets: their rows are those that the analysis reads, and lead to SDTM and to entries."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from tests.datasets.participants import arms, trial

from entact.datasets import ARM, Datasets, build
from entact.datasets.adam import Analyser
from entact.datasets.sdtm import Tabulation, Tabulator
from entact.protocol.release import Study


@pytest.fixture(scope="module")
def made(mini: Study) -> tuple[Datasets, Tabulation, Analyser]:
    """The frames of the analysis, SDTM and ADaM of the small trial."""
    courses = [person.course() for person in trial(mini)]
    analyser = Analyser(mini)
    tabulator = Tabulator(mini, arms(), analyser)
    for course in courses:
        tabulator.add(course)
    return build(mini, courses, arms()), tabulator.finish(), analyser


def rows(analyser: Analyser, name: str) -> list[dict[str, Any]]:
    return analyser.tables[name].rows


def test_values_changes_and_flags_are_those_of_the_analysis(
    made: tuple[Datasets, Tabulation, Analyser],
) -> None:
    frames, _, analyser = made
    wanted = frames.questionnaires.filter(pl.col("PARAMCD") == "symptoms.total", pl.col("AVAL").is_not_null())
    code = next(one["PARAMCD"] for one in rows(analyser, "ADQS") if one["PARAM"].endswith("-Total"))
    found = [one for one in rows(analyser, "ADQS") if one["PARAMCD"] == code and one["AVAL"] is not None]
    assert len(found) == wanted.height > 0
    names = ("USUBJID", "AVISITN", "AVAL", "BASE", "CHG")
    assert sorted(tuple(one[name] for name in names) for one in found) == sorted(wanted.select(names).rows())
    for flag in ("ABLFL", "ANL01FL", "ONTRTFL"):
        assert sum(one[flag] == "Y" for one in found) == wanted[flag].sum()


def test_sets_and_arms_are_those_of_the_analysis(made: tuple[Datasets, Tabulation, Analyser]) -> None:
    frames, _, analyser = made
    by_subject = {one["USUBJID"]: one for one in rows(analyser, "ADSL")}
    titles = frames.book.arms
    assert len(by_subject) == frames.subjects.height
    for said in frames.subjects.rows(named=True):
        found = by_subject[said["USUBJID"]]
        for flag in ("RANDFL", "SAFFL", "MITTFL", "PPROTFL"):
            assert found[flag] == ("Y" if said[flag] else "N")
        assert found["TRT01P"] == (titles[said[ARM]] if said[ARM] else None)
        day = said["TRTSDT"]
        assert found["TRTSDT"] == (None if day is None else (day - date(1960, 1, 1)) // timedelta(days=1))


def test_events_are_those_of_the_analysis_and_of_sdtm(made: tuple[Datasets, Tabulation, Analyser]) -> None:
    frames, tabulation, analyser = made
    found = rows(analyser, "ADAE")
    assert len(found) == frames.events.height > 0
    assert sum(one["TRTEMFL"] == "Y" for one in found) == frames.events["TRTEMFL"].sum()
    of_sdtm = {(one["USUBJID"], one["AESEQ"]): one for one in tabulation.tables["AE"].rows}
    assert all(of_sdtm[one["USUBJID"], one["AESEQ"]]["AETERM"] == one["AETERM"] for one in found)


def test_each_value_leads_to_its_row_of_sdtm_and_its_entries(
    made: tuple[Datasets, Tabulation, Analyser],
) -> None:
    _, tabulation, analyser = made
    table = analyser.tables["ADQS"]
    for one, entries in zip(table.rows, table.entries, strict=True):
        source = tabulation.tables[one["SRCDOM"]]
        place = next(
            place
            for place, row in enumerate(source.rows)
            if (row["USUBJID"], row[f"{one['SRCDOM']}SEQ"]) == (one["USUBJID"], one["SRCSEQ"])
        )
        number = source.rows[place].get(one["SRCVAR"])
        assert number is None or number == one["AVAL"]
        assert source.entries[place] == entries
