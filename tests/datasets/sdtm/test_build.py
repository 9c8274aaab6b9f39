"""SDTM from ledgers: values are those of the ledger, rows know their entries, a blinded one knows no arm."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.datasets.participants import START, Participant, arms, trial

from entact.course.course import Course
from entact.course.fold import fold
from entact.datasets import build
from entact.datasets.codebook import codebook
from entact.datasets.sdtm import Table, Tabulation, strangers, tabulate
from entact.datasets.sdtm.guide import domain
from entact.datasets.sdtm.homes import homes_of, short_names
from entact.protocol.load import load_study
from entact.protocol.release import Study


def rows(tabulation: Tabulation, name: str) -> list[dict[str, Any]]:
    return tabulation.tables[name].rows if name in tabulation.tables else []


@pytest.fixture(scope="module")
def made(mini: Study) -> Tabulation:
    """The small trial, arms opened."""
    return tabulate(mini, [person.course() for person in trial(mini)], arms())


def test_everybody_who_consented_is_in_dm_with_what_became_of_them(made: Tabulation) -> None:
    subjects = rows(made, "DM")
    assert len(subjects) == 6
    failed = next(one for one in subjects if one.get("ARMNRS") == "SCREEN FAILURE")
    assert "ARMCD" not in failed
    treated = [one for one in subjects if one.get("ACTARMCD")]
    assert {one["ARMCD"] for one in treated} == {"MDMA", "PLACEBO"}
    assert all(one["RFSTDTC"] == one["RFXSTDTC"] and one["SEX"] == "F" for one in treated)


def test_every_value_is_a_term_of_its_codelist_and_every_required_variable_is_there(made: Tabulation) -> None:
    assert [str(one) for one in strangers(made) if not one.extensible] == []
    for name, table in made.tables.items():
        for variable in domain(name).variables.values():
            if variable.core == "Req" and (name, variable.name) != ("AE", "AEDECOD"):  # MedDRA is not here
                absent = [row for row in table.rows if row.get(variable.name) in (None, "")]
                assert not absent, (name, variable.name, absent[:1])


def test_a_study_day_is_counted_from_the_first_dose_and_there_is_no_day_0(made: Tabulation) -> None:
    """SDTM IG 3.4, 4.4.4: the day of the reference date is 1, the one before it is -1."""
    starts = {
        one["USUBJID"]: date.fromisoformat(one["RFSTDTC"][:10])
        for one in rows(made, "DM")
        if one.get("RFSTDTC")
    }
    told: dict[str, set[int]] = {}
    for name, table in made.tables.items():
        for row in table.rows:
            for variable in [one for one in row if one.startswith(name) and one.endswith("DTC")]:
                start, written = starts.get(row["USUBJID"]), row[variable]
                day = row.get(f"{variable.removesuffix('DTC')}DY")
                if start is None or written is None or len(written) < 10:
                    assert day is None, (name, row)
                elif f"{variable.removesuffix('DTC')}DY" in domain(name).variables:
                    apart = (date.fromisoformat(written[:10]) - start).days
                    assert day == (apart + 1 if apart >= 0 else apart), (name, row)
                    told.setdefault(name, set()).add((day > 0) - (day < 0))
    assert {"AE", "DS", "EC", "EX", "SV", "VS"} <= told.keys()
    assert {sign for signs in told.values() for sign in signs} == {-1, 1}


def test_a_sex_that_the_terminology_lacks_is_found(made: Tabulation) -> None:
    table = Table("DM")
    for row, entries in zip(made.tables["DM"].rows, made.tables["DM"].entries, strict=True):
        table.add(row | ({} if table.height else {"SEX": "Q"}), entries)
    tables = {**made.tables, "DM": table}
    found = [str(one) for one in strangers(replace(made, tables=tables)) if not one.extensible]
    assert found == ["DM.SEX, row 1: 'Q' is no term of SEX (not allowed)"]


def test_a_unit_that_the_terminology_lacks_is_found_beside_a_number(made: Tabulation) -> None:
    """Of a result as text beside its number nothing is asked; of the unit of that number it is."""
    table = Table("VS")
    for row, entries in zip(made.tables["VS"].rows, made.tables["VS"].entries, strict=True):
        table.add(row | ({"VSSTRESU": "furlong"} if row.get("VSSTRESN") is not None else {}), entries)
    at = next(place for place, row in enumerate(table.rows, start=1) if row.get("VSSTRESU") == "furlong")
    found = [str(one) for one in strangers(replace(made, tables={"VS": table}))]
    assert f"VS.VSSTRESU, row {at}: 'furlong' is no term of VSRESU (an own term)" in found


def test_keys_are_unique_and_numbers_have_no_gap(made: Tabulation) -> None:
    for name, table in made.tables.items():
        if f"{name}SEQ" in domain(name).variables and name != "TS":
            by_subject: dict[str, list[int]] = {}
            for row in table.rows:
                by_subject.setdefault(row["USUBJID"], []).append(row[f"{name}SEQ"])
            assert all(numbers == [*range(1, len(numbers) + 1)] for numbers in by_subject.values()), name


def test_exposure_is_what_the_opened_arm_held_and_collected_doses_never_say_it(made: Tabulation) -> None:
    assert {(one["EXTRT"], one["EXDOSE"]) for one in rows(made, "EX")} >= {("PLACEBO", 0)}
    assert {one["ECTRT"] for one in rows(made, "EC")} == {"MDMA OR MATCHING PLACEBO"}
    mdma = next(one for one in rows(made, "EX") if one["EXTRT"] == "MDMA")
    assert (mdma["EXDOSU"], mdma["EXDOSE"] > 0) == ("mg", True)


def test_a_dose_as_taken_and_what_was_in_it_are_related_one_by_one(made: Tabulation, mini: Study) -> None:
    related = rows(made, "RELREC")
    assert [(one["RDOMAIN"], one["IDVAR"], one["RELTYPE"], one["RELID"]) for one in related] == [
        ("EC", "ECLNKID", "ONE", "ECEX"),
        ("EX", "EXLNKID", "ONE", "ECEX"),
    ]
    taken = [(one["USUBJID"], one["ECLNKID"]) for one in rows(made, "EC") if one.get("ECLNKID")]
    assert sorted(taken) == sorted((one["USUBJID"], one["EXLNKID"]) for one in rows(made, "EX"))
    assert len(set(taken)) == len(taken) > 0
    blinded = tabulate(mini, [person.course() for person in trial(mini)])
    assert "RELREC" not in blinded.tables


def test_characteristics_that_begin_alike_have_names_of_their_own() -> None:
    names = short_names(["EXPECTED_FULL", "EXPECTED_LOW", "EXPECTED_NONE", "GENDER"])
    assert list(names.values()) == ["EXPECTED", "EXPECTE2", "EXPECTE3", "GENDER"]
    for study in ("mapp1", "mapp3"):
        columns = codebook(load_study(study).newest).characteristics
        assert len(set(short_names(columns).values())) == len(columns)


def test_a_dose_that_was_withheld_is_in_ec_and_not_in_ex(mini: Study) -> None:
    person = Participant(mini, 2).randomised()
    person.write("encounter", {"status": "started"}, day=12, encounter="session_1#1")
    said = {"part": "initial", "kit": "K-2", "level": "low", "dispensed": 2, "taken": 0, "returned": 2}
    person.write("dose", {**said, "outcome": "withheld"}, day=12, minute=10, encounter="session_1#1")
    found = tabulate(mini, [person.course()], arms())
    (dose,) = rows(found, "EC")
    assert (dose["ECOCCUR"], dose["ECREASOC"], dose["ECDOSE"]) == ("N", "WITHHELD", None)
    assert rows(found, "EX") == []
    assert [(one["DATESTCD"], one["DASTRESN"]) for one in rows(found, "DA")] == [
        ("DISPAMT", 2),
        ("LOSTAMT", 0),
        ("RETAMT", 2),
    ]


def test_vital_signs_are_relative_to_the_dose_of_their_session(made: Tabulation) -> None:
    doses = {one["USUBJID"]: one["ECSTDTC"] for one in rows(made, "EC") if one["ECMOOD"] == "PERFORMED"}
    during = [one for one in rows(made, "VS") if one.get("VISIT") == "SESSION 1"]
    assert during
    assert all(one["VSRFTDTC"] == doses[one["USUBJID"]] for one in during)
    before = [one for one in during if one.get("VSLOBXFL") == "Y"]
    assert {one["VSTESTCD"] for one in before} == {"SYSBP", "DIABP", "HR"}
    assert all(one["VSDTC"] <= one["VSRFTDTC"] for one in before)


def test_elements_follow_each_other_without_a_gap(made: Tabulation) -> None:
    by_subject: dict[str, list[dict[str, Any]]] = {}
    for row in rows(made, "SE"):
        by_subject.setdefault(row["USUBJID"], []).append(row)
    assert {len(found) for found in by_subject.values()} == {1, 3}
    for found in by_subject.values():
        for one, following in pairwise(found):
            assert one["SEENDTC"] == following["SESTDTC"]


def test_a_correction_is_behind_the_row_that_it_changed(mini: Study) -> None:
    person = Participant(mini, 2).randomised()
    rated = person.rate(33, True, day=9, visit="baseline")
    person.write(
        "form", {"items": {"total": 31}}, day=10, replaces=rated.id, reason="typing_error", role="rater"
    )
    found = tabulate(mini, [person.course()], arms())
    table = next(one for one in found.tables.values() if any(rated.id in said for said in one.entries))
    behind = next(said for said in table.entries if rated.id in said)
    assert behind == (rated.id, person.entries[-1].id)
    assert "31" in {row.get(f"{table.domain.name}STRESC") for row in table.rows}


def test_every_entry_behind_a_row_is_one_of_the_ledger(mini: Study) -> None:
    people = trial(mini)
    known = {entry.id for person in people for entry in person.entries}
    found = tabulate(mini, [person.course() for person in people], arms())
    for name, table in found.tables.items():
        if name not in ("TA", "TE", "TI", "TS", "TV", "RELREC"):  # these are of no participant
            assert all(said and {*said} <= known for said in table.entries), name


def test_swapping_the_arms_changes_no_value_of_a_blinded_export(mini: Study) -> None:
    other = {number: {"mdma": "placebo", "placebo": "mdma"}[arm] for number, arm in arms().items()}
    courses = [person.course() for person in trial(mini)]
    blinded = tabulate(mini, courses)
    assert blinded.blinded
    assert "EX" not in blinded.tables
    assert {one.get("ARMCD") for one in rows(blinded, "DM")} == {None, "BLINDED"}
    opened = [tabulate(mini, courses, allocation) for allocation in (arms(), other)]
    assert rows(opened[0], "DM") != rows(opened[1], "DM")
    for name, table in blinded.tables.items():
        if name not in ("DM", "SE", "TA", "TE"):
            assert table.rows == opened[0].tables[name].rows == opened[1].tables[name].rows, name
    words = str([table.rows for name, table in blinded.tables.items() if name not in ("TS",)]).lower()
    assert "placebo" not in words.replace("mdma or matching placebo", "")


def test_an_allocation_without_a_number_is_refused(mini: Study, courses: list[Course]) -> None:
    with pytest.raises(ValueError, match="no arm for the randomisation number denver-002"):
        tabulate(mini, courses, {})


readings = st.lists(
    st.tuples(st.integers(50, 280), st.integers(20, 180), st.integers(0, 480)), min_size=1, max_size=6
)
totals = st.one_of(st.none(), st.integers(0, 80))


@given(readings=readings, totals=st.lists(totals, max_size=4), units=st.integers(0, 4))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_values_are_those_of_the_ledger(
    mini: Study, readings: list[tuple[int, int, int]], totals: list[int | None], units: int
) -> None:
    person = Participant(mini, 2).randomised()
    person.write("encounter", {"status": "started"}, day=12, encounter="session_1#1")
    given_units = {"part": "initial", "kit": "K-2", "level": "low", "dispensed": 4, "taken": units}
    outcome = {"outcome": "refused"} if units == 0 else {}
    person.write("dose", {**given_units, **outcome}, day=12, minute=1, encounter="session_1#1")
    for systolic, diastolic, minute in readings:
        said = {"systolic": f"{systolic} mm[Hg]", "diastolic": f"{diastolic} mm[Hg]"}
        person.write("vital_signs", said, day=12, minute=minute, encounter="session_1#1")
    for number, total in enumerate(totals):
        person.rate(total, None, day=20 + number, visit="outcome")
    found = tabulate(mini, [fold(mini, reversed(person.entries))], arms())
    local = [
        (said, (START + timedelta(days=12, minutes=minute)).strftime("%Y-%m-%dT%H:%M:%S"))
        for said, _, minute in readings
    ]
    systolic_rows = [one for one in rows(found, "VS") if one["VSTESTCD"] == "SYSBP"]
    assert sorted((one["VSSTRESN"], one["VSDTC"][:17]) for one in systolic_rows) == sorted(
        (float(said), _in_zone(mini, at)[:17]) for said, at in local
    )
    rated = [one for table in ("QS", "RS") for one in rows(found, table) if one.get("VISIT") == "OUTCOME"]
    by_total = [one for one in rated if one[f"{one['DOMAIN']}SPID"].endswith(".total")]
    wanted = sorted("refused" if one is None else str(one) for one in totals)
    assert wanted == sorted(_result(one) for one in by_total)
    (dose,) = [one for one in rows(found, "EC") if one["ECMOOD"] == "PERFORMED"]
    assert dose["ECDOSE"] == (units or None)


def _result(row: dict[str, Any]) -> str:
    prefix = row["DOMAIN"]
    return "refused" if row.get(f"{prefix}REASND") == "SUBJECT REFUSED" else str(row[f"{prefix}STRESC"])


def _in_zone(study: Study, at: str) -> str:
    """The clock of the site: it has the offset of what is entered, until its summer time begins."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(study.newest.file.sites["denver"].timezone)
    return datetime.fromisoformat(f"{at}-07:00").astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")


def test_what_follows_on_being_told_the_arm_is_in_no_blinded_export(mini: Study) -> None:
    person = Participant(mini, 2).randomised().dosed()
    before = tabulate(mini, [person.course()])
    person.write("planned_unblinding", {"arm": "mdma", "told": ["participant"]}, day=20)
    assert person.course().told is not None
    person.vitals(150, day=21, minute=5, encounter="unscheduled#1")
    person.write("adverse_event", {"term": "nausea", "severity": "mild", "onset": "2026-03-25"}, day=22)
    after = tabulate(mini, [person.course()])
    of_the_whole = {"TS", "DM", "SE", "DS"}  # null of whom it is withheld
    assert {name: table.rows for name, table in after.tables.items() if name not in of_the_whole} == {
        name: table.rows for name, table in before.tables.items() if name not in of_the_whole
    }
    assert "AE" in tabulate(mini, [person.course()], arms()).tables


def test_somebody_of_a_unit_has_the_arm_of_its_row_of_the_list(mini: Study) -> None:
    person = Participant(mini, 2).screened()
    person.write("enrolment", {"subject": "1-002"}, day=8, minute=1)
    person.write("randomisation", {"number": "denver-002+2"}, day=8, minute=2)
    (subject,) = rows(tabulate(mini, [person.course()], arms()), "DM")
    assert subject["ARMCD"] == arms()["denver-002"].upper()


def test_somebody_with_an_arm_who_was_never_treated_has_an_end_and_no_beginning(mini: Study) -> None:
    (subject,) = rows(tabulate(mini, [Participant(mini, 2).randomised().course()], arms()), "DM")
    assert (subject["ARMNRS"], subject.get("RFSTDTC")) == ("ASSIGNED, NOT TREATED", None)
    assert subject["RFENDTC"] == subject["RFPENDTC"]


@pytest.mark.parametrize("name", ["mapp1", "eating-disorders", "life-threatening-illness"])
def test_codes_and_names_of_tests_go_together_one_by_one(name: str) -> None:
    every = [home for form in homes_of(load_study(name).newest).by_form.values() for home in form.values()]
    pairs = {(home.domain, home.code, home.name) for home in every}
    assert len({(domain, code) for domain, code, _ in pairs}) == len(pairs)
    assert len({(domain, test) for domain, _, test in pairs}) == len(pairs)
    assert all(len(code) <= 8 and len(test) <= 40 for _, code, test in pairs)


def test_a_visit_that_is_held_again_is_no_planned_one(mini: Study) -> None:
    """SDTM IG 3.4, 6.2: what is not in TV was not planned."""
    person = Participant(mini, 2).randomised()
    for number, status in ((1, "ended"), (2, "ended"), (3, "missed")):
        said = {"encounter": f"baseline#{number}", "role": "rater", "by": "rater-1"}
        if status == "ended":
            person.write("encounter", {"status": "started"}, day=6 + number, **said)
        person.write("encounter", {"status": status}, day=6 + number, minute=30, **said)
    found = tabulate(mini, [person.course()], arms())
    visits = [one for one in rows(found, "SV") if one["VISIT"].startswith("BASELINE")]
    assert [(one["VISIT"], one["SVPRESP"], one["SVOCCUR"], one["SVUPDES"]) for one in visits] == [
        ("BASELINE", "Y", "Y", None),
        ("BASELINE (2)", None, None, "REPEATED"),
    ]
    planned = {one["VISIT"] for one in rows(found, "TV")}
    assert {one["VISIT"] for one in rows(found, "SV") if one.get("SVPRESP")} <= planned


def test_who_stops_treatment_and_is_followed_to_the_end_has_finished_the_study(mini: Study) -> None:
    """Treatment ends in one way, not completed and given up at once, and ADSL and DS say the same."""
    person = Participant(mini, 2).randomised().dosed().stop("treatment", day=14).closed()
    made = tabulate(mini, [person.course()], arms())
    ends = [
        (row["DSSCAT"], row["DSDECOD"]) for row in rows(made, "DS") if row["DSCAT"] == "DISPOSITION EVENT"
    ]
    assert ends == [("STUDY TREATMENT", "WITHDRAWAL BY SUBJECT"), ("STUDY PARTICIPATION", "COMPLETED")]
    subject = build(mini, [person.course()]).subjects.row(0, named=True)
    assert (subject["EOTSTT"], subject["EOSSTT"], subject["EOSDT"]) == ("DISCONTINUED", "COMPLETED", None)


@pytest.mark.parametrize(
    ("of", "ended"), [("procedures", "STUDY TREATMENT"), ("data_use", "STUDY PARTICIPATION")]
)
def test_whatever_is_given_up_ends_what_adsl_says_it_ends(mini: Study, of: str, ended: str) -> None:
    person = Participant(mini, 2).randomised().dosed().stop(of, day=14)
    made = rows(tabulate(mini, [person.course()], arms()), "DS")
    [row] = [one for one in made if one["DSDECOD"] == "WITHDRAWAL BY SUBJECT"]
    assert (row["DSSCAT"], row["DSSTDTC"][:10]) == (ended, "2026-03-16")


def test_participation_lasts_until_the_last_answer_of_a_visit_that_is_not_over(mini: Study) -> None:
    person = Participant(mini, 2).randomised().dosed()
    person.write("encounter", {"status": "started"}, day=40, encounter="outcome#1")
    person.rate(20, False, day=40.01, visit="outcome")
    [row] = rows(tabulate(mini, [person.course()], arms()), "DM")
    assert row["RFPENDTC"] == "2026-04-11T10:14:24"
