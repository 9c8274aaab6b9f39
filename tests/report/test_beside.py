"""Who takes part beside those who are randomised is counted as such, and as nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from entact.cohort import rehearse
from entact.course import fold, read
from entact.datasets import Datasets, build
from entact.protocol import load_study
from entact.report.flow import flow
from entact.report.outcome_rows import of_people_with
from entact.report.outcomes import outcome_table
from entact.report.published import ALL
from entact.report.row import Source

STUDY = Path(__file__).parents[1] / "studies" / "couples"


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Datasets:
    study = load_study(STUDY)
    trial = rehearse(study, 8, seed=1)
    courses = [
        fold(study, [read(line.text) for line in lines])
        for name, lines in trial.ledgers.items()
        if name.startswith("participant:")
    ]
    return build(study, courses, trial.allocation.arms())


def test_partners_are_no_candidates_who_were_not_randomised(datasets: Datasets) -> None:
    book, subjects = datasets.book, datasets.subjects
    assert (book.randomised, book.beside) == (True, ("partner",))
    partners = int((subjects["COHORT"] == "partner").sum())
    assert partners > 0
    table = outcome_table(datasets)
    assert table.row("disposition/consented").cells[ALL].text == str(len(subjects) - partners)
    assert table.row("disposition/beside/partner").cells[ALL].text != "0"
    told = flow(datasets)
    assert told.assessed == len(subjects) - partners
    left_out = sum(reason.n for reason in (*told.not_eligible, *told.excluded))
    assert left_out == told.assessed - told.entered


def test_a_score_is_that_of_the_people_who_have_its_visits(datasets: Datasets) -> None:
    source = Source(datasets, None)
    rows = datasets.questionnaires.join(datasets.subjects.select("USUBJID", "COHORT"), on="USUBJID")
    assert set(rows["COHORT"]) == {"patient", "partner"}
    assert set(of_people_with(source, rows, ["partner_entry"])["COHORT"]) == {"partner"}
    assert set(of_people_with(source, rows, ["entry", "next_day"])["COHORT"]) == {"patient"}
    assert of_people_with(source, rows, ["entry", "partner_entry"]).equals(rows)  # each has one of them
    assert of_people_with(source, rows, ["first"]).equals(rows)
