"""Who is of which arm in DM, and from when they count as treated: carers, and arms without a drug."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from tests.exchange import core

from entact.course.fold import fold
from entact.datasets.sdtm import tabulate

DAYS = {"SE": "SEST", "SV": "SVST", "DS": "DSST", "QS": "QS", "VS": "VS", "AE": "AEST"}


def frame(name: str, dataset: str) -> pl.DataFrame:
    return core.made(name, blinded=False).tables[dataset].frame()


def test_who_takes_part_beside_a_participant_is_assigned_to_no_arm() -> None:
    subjects = frame("eating-disorders", "DM")
    treated = subjects.filter(pl.col("ACTARMCD").is_not_null())["USUBJID"]
    carers = frame("eating-disorders", "SV").filter(pl.col("VISIT").str.starts_with("CARER"))["USUBJID"]
    assert carers.n_unique() > 5
    assert not set(carers) & set(treated)
    beside = subjects.filter(pl.col("USUBJID").is_in(carers.unique().to_list()))
    assert set(beside["ARMNRS"]) <= {"NOT ASSIGNED", "SCREEN FAILURE"}
    assert beside.select("ARMCD", "ARM", "RFSTDTC", "RFENDTC").null_count().row(0) == (beside.height,) * 4


def test_whoever_was_never_treated_has_an_end_only_where_they_were_randomised() -> None:
    study, [course, *_], _ = core.people("expanded-access")
    enrolled = next(place for place, one in enumerate(course.entries) if one.kind == "enrolment")
    begun = tabulate(study, [fold(study, course.entries[: enrolled + 1])])
    single = begun.tables["DM"].frame().filter(ARMNRS="ASSIGNED, NOT TREATED")
    chance = frame("odd", "DM").filter(ARMNRS="ASSIGNED, NOT TREATED")
    assert single.height
    assert chance.height
    assert single["RFENDTC"].null_count() == single.height
    assert chance["RFENDTC"].null_count() == 0


def test_an_arm_without_a_drug_is_what_its_people_were_given() -> None:
    subjects = frame("therapy_alone", "DM").filter(ARMCD="THERAPY")
    assert subjects.height
    assert subjects["ACTARMCD"].unique().to_list() == ["THERAPY"]
    assert subjects["ARMNRS"].null_count() == subjects["RFXSTDTC"].null_count() == subjects.height
    assert subjects["RFSTDTC"].null_count() == 0
    begins = {row["ETCD"]: row["TESTRL"] for row in frame("therapy_alone", "TE").iter_rows(named=True)}
    assert sorted(begins.values()).count("Assignment to the arm") == 1
    elements = frame("therapy_alone", "SE").filter(pl.col("USUBJID").is_in(subjects["USUBJID"].to_list()))
    assert set(elements["EPOCH"]) == {"SCREENING", "TREATMENT"}


@pytest.mark.parametrize("name", ["therapy_alone", "waiting_list"])
def test_blinded_nobody_is_called_untreated_where_what_would_tell_it_is_withheld(name: str) -> None:
    subjects = core.made(name, blinded=True).tables["DM"].frame().filter(ARMCD="BLINDED")
    assert subjects.height == core.OF_A_SHAPE
    assert set(subjects["ACTARMCD"]) == {"BLINDED"}
    assert subjects["ARMNRS"].null_count() == subjects.height


@pytest.mark.parametrize("name", ["therapy_alone", "waiting_list", "mapp1"])
def test_every_study_day_is_counted_from_the_reference_of_dm(name: str) -> None:
    """SDTM IG 3.4, 4.4.4. The first dose of who waited is no day 1: they began with the assignment."""
    begun = dict(frame(name, "DM").select("USUBJID", "RFSTDTC").drop_nulls().rows())
    counted = 0
    for dataset, prefix in DAYS.items():
        if dataset not in core.made(name, blinded=False).tables:
            continue
        rows = frame(name, dataset).select("USUBJID", f"{prefix}DTC", f"{prefix}DY").drop_nulls()
        for person, written, day in rows.rows():
            apart = (date.fromisoformat(written[:10]) - date.fromisoformat(begun[person][:10])).days
            assert day == (apart + 1 if apart >= 0 else apart), (dataset, person, written)
            counted += 1
    assert counted > 50


def test_a_branch_says_whether_chance_chose_it() -> None:
    assert frame("expanded-access", "TA")["TABRANCH"].drop_nulls()[0].startswith("Assigned to ")
    assert frame("odd", "TA")["TABRANCH"].drop_nulls()[0].startswith("Randomised to ")
