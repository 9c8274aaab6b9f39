"""What ADSL has of one study alone: with it every analysis of the plan can be made again from the rows."""

from __future__ import annotations

import polars as pl
import pytest
from tests.exchange import core

from entact.datasets import build
from entact.datasets.adam import Analyser
from entact.datasets.adam.own import flag_in_adsl, own_variables
from entact.datasets.codebook import codebook
from entact.datasets.model import covariates
from entact.datasets.sdtm import Tabulator
from entact.exchange import described
from entact.exchange.results import results_of

STUDIES = ("eating-disorders", "mapp3", "waiting_list")


def analysed(name: str) -> Analyser:
    study, courses, allocation = core.people(name)
    analyser = Analyser(study)
    tabulator = Tabulator(study, allocation, analyser)
    for course in courses:
        tabulator.add(course)
    return analyser


@pytest.mark.parametrize("name", STUDIES)
def test_whatever_the_plan_takes_of_a_person_is_in_adsl(name: str) -> None:
    study, courses, allocation = core.people(name)
    book, rows = codebook(study.newest), analysed(name).finish().tables["ADSL"].frame()
    own = own_variables(book)
    frame = build(study, courses, allocation).subjects
    taken = {column for one in book.analyses for column in covariates(book, one).values()}
    assert taken <= {*own, *rows.columns}
    for column, variable in own.items():
        assert len(variable.name) <= 8
        assert variable.name in rows.columns
        given = dict(frame.select("USUBJID", column).rows())
        for person, value in rows.select("USUBJID", variable.name).rows():
            said = given[person]
            assert value == (("N", "Y")[said] if isinstance(said, bool) else said), (person, column)


def test_a_set_of_the_study_has_its_flag_and_define_leads_to_it() -> None:
    analyser = analysed("eating-disorders")
    book = codebook(core.people("eating-disorders")[0].newest)
    assert [flag_in_adsl(book, one) for one in ("anorexia", "binge_eating", "safety")] == [
        "ANOREXFL",
        "BINGE_FL",
        "SAFFL",
    ]
    tables = analyser.finish().tables
    results = {
        one.analysis.name: one for one in results_of(book, {one.name: one for one in described(tables)})
    }
    assert results["anorexia"].flag == "ANOREXFL"
    members = tables["ADSL"].frame().filter(pl.col("ANOREXFL") == "Y")
    assert 0 < members.height < tables["ADSL"].height


def test_an_analysis_of_every_visit_takes_the_rows_of_every_visit() -> None:
    tables = analysed("mapp3").finish().tables
    book = codebook(core.people("mapp3")[0].newest)
    results = {
        one.analysis.name: one for one in results_of(book, {one.name: one for one in described(tables)})
    }
    assert results["primary"].analysis.fixed.startswith("arm * visit")
    assert [*results["primary"].picked] == ["PARAMCD"]
    assert [*results["expectancy"].picked] == ["PARAMCD", "AVISIT"]
