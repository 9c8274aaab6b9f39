"""The frame of the plan's mixed model: the right rows, each with its baseline and arm."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from tests.datasets.participants import Participant

from entact.course import Course
from entact.datasets import build, model_frame
from entact.protocol import Study


def test_every_row_has_arm_site_and_the_value_that_the_endpoint_compares_with(
    mini: Study, courses: list[Course], allocation: dict[str, str]
) -> None:
    datasets = build(mini, courses, allocation)
    (analysis,) = datasets.book.analyses
    frame = model_frame(datasets, analysis)
    assert frame.columns == ["participant", "visit", "arm", "site", "day", "baseline", "value"]
    assert frame.height > 0
    assert frame.null_count().sum_horizontal().item() == 0
    scored = datasets.questionnaires.filter(pl.col("PARAMCD") == "symptoms.total")
    for row in frame.iter_rows(named=True):
        own = scored.filter(pl.col("USUBJID") == row["participant"])
        assert own.filter(pl.col("AVISIT") == "baseline")["AVAL"].to_list() == [row["baseline"]]
        end = own.filter(pl.col("AVISIT") == row["visit"])["AVAL"].to_list()
        assert end == [row["baseline"] + row["value"]]
    arms = dict(datasets.subjects.select("USUBJID", "TRT01P").iter_rows())
    assert all(arms[row["participant"]] == row["arm"] for row in frame.iter_rows(named=True))


def test_under_de_jure_nothing_counts_after_treatment_was_stopped(
    mini: Study, courses: list[Course], allocation: dict[str, str]
) -> None:
    stopped = Participant(mini, 7).randomised().dosed().stop("treatment", day=14)
    stopped.rate(12, False, day=40, visit="outcome")
    datasets = build(mini, [*courses, stopped.course()], {**allocation, "denver-007": "mdma"})
    (analysis,) = datasets.book.analyses
    observed = model_frame(datasets, replace(analysis, estimand="de_facto"))
    on_treatment = model_frame(datasets, replace(analysis, estimand="de_jure"))
    left_out = observed.join(on_treatment, on="participant", how="anti")
    assert left_out["value"].to_list() == [12.0 - 44.0]
    assert observed.height == on_treatment.height + 1


def test_without_an_earlier_value_there_is_no_baseline(
    mini: Study, courses: list[Course], allocation: dict[str, str]
) -> None:
    datasets = build(mini, courses, allocation)
    (analysis,) = datasets.book.analyses
    endpoint = replace(datasets.book.endpoints["change"], earlier={})
    book = replace(datasets.book, endpoints={**datasets.book.endpoints, "change": endpoint})
    with pytest.raises(ValueError, match="no baseline"):
        model_frame(replace(datasets, book=book), analysis)
    frame = model_frame(replace(datasets, book=book), replace(analysis, fixed="arm"))
    assert "baseline" not in frame.columns


def test_what_stays_true_of_a_person_is_a_covariate(
    mini: Study, courses: list[Course], allocation: dict[str, str]
) -> None:
    datasets = build(mini, courses, allocation)
    (analysis,) = datasets.book.analyses
    frame = model_frame(datasets, replace(analysis, fixed="arm + baseline + age + sex"))
    assert frame.columns[-3:] == ["age", "sex", "value"]
    ages = dict(datasets.subjects.select("USUBJID", "AGE").iter_rows())
    assert frame["age"].to_list() == [ages[who] for who in frame["participant"]]
