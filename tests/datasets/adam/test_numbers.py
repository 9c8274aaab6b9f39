"""The report's numbers are reproduced from the rows of the analysis datasets alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.datasets.participants import arms, trial

from entact.course.course import Course
from entact.datasets import Datasets, build, endpoints
from entact.datasets.adam import Analyser
from entact.datasets.adam.dates import parameter_codes
from entact.datasets.adam.efficacy import pieces_of
from entact.datasets.rows import Schema
from entact.datasets.sdtm import Tabulator
from entact.datasets.sdtm.homes import homes_of
from entact.datasets.sessions import GUESSES, VITALS, peaks
from entact.protocol.load import load_study
from entact.protocol.release import Study
from entact.report.outcomes import outcome_table

UNTIL = """endpoints:
  until: {event: "symptoms.diagnosis", after: session_1, at: outcome, title: Time until the diagnosis}
"""
WINDOW = """analysis:
  windows: {outcome: {visit: outcome, after: session_1, within: 30 d .. 60 d}}
"""


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The small study with a time until an event, and a window for its outcome."""
    said = (Path(__file__).parents[2] / "studies" / "mini" / "study.yaml").read_text()
    folder = tmp_path_factory.mktemp("timed")
    said = said.replace("\nendpoints:\n", f"\n{UNTIL}").replace("\nanalysis:\n", f"\n{WINDOW}")
    (folder / "study.yaml").write_text(said)
    return load_study(str(folder))


@pytest.fixture(scope="module")
def courses(timed: Study) -> list[Course]:
    people = trial(timed)
    for person in people[1:5]:
        person.write("encounter", {"status": "started"}, day=40, encounter="outcome#1")
    people[2].write("guess", {"guesser": "participant", "arm": "placebo", "confidence": 90}, day=46, by="p")
    people[1].write(
        "medication", {"name": "x", "started": "2025", "medicine_class": "ssri", "psychiatric": True}, day=1
    )
    return [person.course() for person in people]


@pytest.fixture(scope="module")
def made(timed: Study, courses: list[Course]) -> tuple[Datasets, Analyser]:
    return build(timed, courses, arms()), analysed(timed, courses, arms())


def analysed(study: Study, courses: list[Course], allocation: dict[str, str] | None) -> Analyser:
    analyser = Analyser(study)
    tabulator = Tabulator(study, allocation, analyser)
    for course in courses:
        tabulator.add(course)
    return analyser


def on(days: int | None) -> date | None:
    return None if days is None else date(1960, 1, 1) + timedelta(days=days)


def framed(rows: list[dict[str, Any]], schema: Schema) -> pl.DataFrame:
    return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=dict(schema))


def rebuilt(frames: Datasets, analyser: Analyser, study: Study) -> Datasets:
    """The frames with endpoints, readings and guesses made anew of ADEFF, ADTTE, ADVS and ADBLIND."""
    book, tables = frames.book, analyser.tables
    titles = {title: name for name, title in book.arms.items()}
    named = {code: name for name, code in parameter_codes(book.endpoints).items()}
    visits = {one.number: name for name, one in book.visits.items()}
    of_endpoints = [
        {
            **row,
            "PARAMCD": named[row["PARAMCD"]],
            "AVISITN": row.get("AVISITN") or book.visits[book.endpoints[named[row["PARAMCD"]]].at].number,
            "ADT": on(row["ADT"]),
            "BASE": row.get("BASE"),
            "ANL01FL": row.get("ANL01FL", "Y") == "Y",
            "ONTRTFL": None if row["ADT"] is None else row.get("ONTRTFL") == "Y",
            "ESTFL": None if row["ESTFL"] is None else row["ESTFL"] == "Y",
            "ESTIMANDS": row["ESTIMAND"] or "",
            "EVENTS": row["ICEVENTS"] or "",
            "CNSR": row.get("CNSR"),
        }
        for table in ("ADEFF", "ADTTE")
        for row in tables[table].rows
    ]
    for row in of_endpoints:
        row["AVISIT"] = visits[row["AVISITN"]]
    signs = {
        home.code: item
        for item, home in homes_of(study.newest).by_form["vitals"].items()
        if item in book.vital_signs
    }
    readings = [
        {
            **row,
            "PARAMCD": signs[row["PARAMCD"]],
            "AVISIT": visits[row["AVISITN"]],
            "ADT": on(row["ADT"]),
            "AVALU": book.vital_signs[signs[row["PARAMCD"]]].unit,
        }
        for row in tables["ADVS"].rows
    ]
    guesses = [
        {
            **row,
            "AVISIT": visits.get(row["AVISITN"]),
            "ADT": on(row["ADT"]),
            "GUESSER": row["PARAM"].rpartition(" ")[2].lower(),
            "PERSON": row["USUBJID"],
            "GUESS": titles[row["AVALC"]],
            "CONFID": row["CONFID"],
            "ANL01FL": row["ANL01FL"] == "Y",
        }
        for row in tables["ADBLIND"].rows
    ]
    return replace(
        frames,
        endpoints=framed(of_endpoints, endpoints.SCHEMA),
        vitals=framed(readings, VITALS),
        guesses=framed(guesses, GUESSES),
    )


def test_the_outcome_table_is_the_same(made: tuple[Datasets, Analyser], timed: Study) -> None:
    frames, analyser = made
    again = rebuilt(frames, analyser, timed)
    assert again.endpoints.height == frames.endpoints.height > 0
    assert {"until"} < set(again.endpoints["PARAMCD"].unique())
    table, of_rows = outcome_table(frames), outcome_table(again)
    assert of_rows.rows == table.rows
    assert any(row.id.startswith("peak/") for row in table.rows)
    assert any(row.id.startswith("time/") for row in table.rows)


def test_peaks_of_a_session_are_the_flagged_rows_with_their_change(made: tuple[Datasets, Analyser]) -> None:
    frames, analyser = made
    wanted = peaks(frames.vitals).drop_nulls("CHG").select("AVAL", "BASE", "CHG").rows()
    rows = analyser.tables["ADVS"].rows
    found = [(row["AVAL"], row["BASE"], row["CHG"]) for row in rows if row["ANL01FL"] == "Y"]
    assert sorted(found) == sorted(wanted)
    assert wanted
    of_base = {(row["USUBJID"], row["PARAMCD"], row["BASETYPE"]) for row in rows if row["ABLFL"]}
    assert {(row["USUBJID"], row["PARAMCD"], row["BASETYPE"]) for row in rows if row["BASE"]} <= of_base


def test_a_time_names_its_beginning_its_end_and_what_ended_it(made: tuple[Datasets, Analyser]) -> None:
    _, analyser = made
    rows = [row for row in analyser.tables["ADTTE"].rows if row["AVAL"] is not None]
    assert {row["CNSR"] for row in rows} == {0, 1}
    for row in rows:
        assert row["ADT"] - row["STARTDT"] == row["AVAL"]
        assert row["EVNTDESC"] == ("LAST KNOWN WITHOUT THE EVENT" if row["CNSR"] else "EVENT")
    entries = analyser.tables["ADTTE"].entries
    assert all(entries[place] for place, row in enumerate(analyser.tables["ADTTE"].rows) if row["AVAL"])


def test_the_analysis_window_of_a_visit_and_the_estimands_stand_beside_a_value(
    made: tuple[Datasets, Analyser],
) -> None:
    _, analyser = made
    rows = [row for row in analyser.tables["ADQS"].rows if row["AVISIT"] == "OUTCOME"]
    assert rows
    for row in rows:
        assert (row["AWRANGE"], row["AWLO"], row["AWHI"]) == ("30 TO 60 DAYS AFTER SESSION 1", 30, 60)
        assert row["ANL02FL"] == "N"  # the session was on day 12, the outcome on day 40
        assert row["ESTIMAND"] == "de_jure"
    assert all("AWRANGE" not in row for row in analyser.tables["ADQS"].rows if row["AVISIT"] == "BASELINE")


def test_doses_are_summed_in_units_and_where_arms_are_open_in_amount(
    made: tuple[Datasets, Analyser],
) -> None:
    frames, analyser = made
    rows = analyser.tables["ADEX"].rows

    def of(code: str) -> dict[str, Any]:
        return {row["USUBJID"]: row["AVAL"] for row in rows if row["PARAMCD"] == code}

    treated = frames.doses.group_by("USUBJID").agg(pl.col("TAKEN").sum())
    assert of("TUNITS") == dict(treated.rows())
    arm = dict(frames.subjects.select("USUBJID", "TRT01P").rows())
    assert of("TAMOUNT") == {who: 80.0 if arm[who] == "mdma" else 0.0 for who in of("TUNITS")}
    dosed = dict(frames.subjects.filter(pl.col("NDOSED") > 0).select("USUBJID", "NDOSED").rows())
    assert of("SESSIONS") == dosed


def test_a_medicine_of_which_only_the_year_is_known_was_begun_before(made: tuple[Datasets, Analyser]) -> None:
    _, analyser = made
    [row] = analyser.tables["ADCM"].rows
    assert (row["ASTDT"], row["PREFL"], row["ONTRTFL"]) == (None, "Y", "Y")


def test_while_blinded_there_is_no_guess_and_no_amount_and_arms_can_be_swapped(
    timed: Study, courses: list[Course]
) -> None:
    blinded = analysed(timed, courses, None)
    assert not blinded.tables["ADBLIND"].rows
    assert {row["PARAMCD"] for row in blinded.tables["ADEX"].rows} == {"UNITS", "TUNITS", "SESSIONS"}
    assert {row["TRT01P"] for row in blinded.tables["ADVS"].rows} == {"Blinded: arms are not opened"}


def test_codes_of_parameters_are_eight_letters_and_no_two_the_same() -> None:
    names = ["remission_1", "remission_2", "remission", "7_days", "a"]
    codes = parameter_codes(names)
    assert list(codes.values()) == ["REMISSIO", "REMISSI2", "REMISSI3", "P7DAYS", "A"]


def test_many_intercurrent_events_go_on_in_a_second_text() -> None:
    events = " ".join(f"medicine_{number}=2026-03-{number:02d}" for number in range(1, 13))
    said = pieces_of(events)
    assert max(map(len, said.values())) <= 200
    assert f"{said['ICEVENTS']} {said['ICEVENT2']}" == events
    assert pieces_of("") == {"ICEVENTS": None, "ICEVENT2": None}
