"""The frame of the plan's mixed model: the right rows, each with its baseline and arm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.datasets.participants import Participant

from entact.course import Course
from entact.datasets import analysis_frames, build, model_frame
from entact.protocol import Study, load_study


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


@pytest.mark.parametrize(
    ("own", "other", "row"),
    [
        ((30, 1), None, (30.0, False, False)),
        ((30, 1), (12, 0), (12.0, False, True)),
        ((30, 0), (12, 0), (12.0, False, True)),
        ((12, 0), (30, 0), (12.0, True, False)),
        ((12, 0), (12, 0), (12.0, True, False)),
        ((30, 1), (12, 1), (30.0, False, False)),
        ((None, None), (12, 0), (12.0, False, True)),
    ],
)
def test_another_event_ends_a_time_where_it_comes_first(
    own: tuple[int, int], other: tuple[int, int] | None, row: tuple[float, bool, bool], tmp_path: Path
) -> None:
    """Time and censoring of both events -> time, ended by its own, by the other."""
    text = (Path(__file__).parents[1] / "studies" / "mini" / "study.yaml").read_text()
    text = text.rstrip().replace(
        "endpoints:\n",
        "endpoints:\n  until: {event: suicidality.behaviour, after: session_1, at: closing}\n"
        "  left: {event: suicidality.ideation >= 4, after: session_1, at: closing}\n",
    )
    text += (
        "\n  secondary:\n    risks: {endpoint: until, estimand: de_facto, set: mitt, method: gray, "
        "competing: left, contrast: mdma - placebo at closing}\n"
    )
    (tmp_path / "study.yaml").write_text(text)
    study = load_study(tmp_path)
    one = Participant(study, 1).randomised().dosed()
    one.rate(12, False, day=40, visit="outcome")
    datasets = build(study, [one.course()], {"denver-001": "mdma"})
    blank = datasets.endpoints.filter(PARAMCD="until").head(1)
    rows = [
        blank.with_columns(
            PARAMCD=pl.lit(name), AVAL=pl.lit(said[0], pl.Float64), CNSR=pl.lit(said[1], pl.Int64)
        )
        for name, said in (("until", own), ("left", other))
        if said is not None
    ]
    frame = analysis_frames(replace(datasets, endpoints=pl.concat(rows)))["risks"]
    assert frame.select("value", "ended", "competing").fill_null(False).rows() == [row]
    assert datasets.book.plan["analyses"]["risks"]["competing"] == "competing"
    assert (
        datasets.book.plan["relies"]["risks"]["beside"]["competing"]["event"] == "suicidality.ideation >= 4"
    )
