"""Any study file that passes the check is rehearsed: it ends in a table and findings, in no traceback."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tests.cohort.mutants import mutate, write

from entact.cohort import ParametersError, rehearse
from entact.cohort.trial import shipped_cohort
from entact.course import fold, read
from entact.datasets import Accumulator
from entact.protocol import StudyError, load_study, shipped_studies
from entact.protocol.template import new_study_file
from entact.report.outcomes import outcome_table

TEMPLATE = "template"
ALL = [*shipped_studies(), TEMPLATE]


@lru_cache
def data_of(name: str) -> dict[str, Any]:
    path = shipped_cohort(name).with_name("study.yaml")
    text = new_study_file("own") if name == TEMPLATE else path.read_text(encoding="utf-8")
    found: dict[str, Any] = YAML(typ="safe").load(text)
    return found


def carry_through(data: dict[str, Any]) -> bool:
    """Rehearses a study and makes its table; says whether its file passed the check."""
    with TemporaryDirectory() as folder:
        try:
            study = load_study(write(data, Path(folder)))
        except StudyError:
            return False
        try:
            trial = rehearse(study, 2, seed=1)
        except ParametersError:  # in words: a population has no way in
            return True
        courses = Accumulator(trial.study)
        for name, lines in trial.ledgers.items():
            if name.startswith("participant:"):
                courses.add(fold(trial.study, [read(line.text) for line in lines]))
        outcome_table(courses.finish(trial.allocation.arms()), None, trial.remarks)
        assert isinstance(trial.findings, list)
    return True


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.sampled_from(ALL), st.integers(1, 3))
def test_a_study_with_some_changes_is_refused_or_rehearsed(seed: int, name: str, changes: int) -> None:
    random, data = Random(seed), data_of(name)
    for _ in range(changes):
        data = mutate(data, random)
    carry_through(data)


@pytest.mark.parametrize("name", ALL)
def test_what_is_not_changed_passes(name: str) -> None:
    assert carry_through(data_of(name))


def test_a_population_that_is_not_randomised_takes_part_in_a_study_that_randomises() -> None:
    """Carers beside patients: they are let in by enrolment."""
    data = data_of(TEMPLATE)
    data = {
        **data,
        "populations": {"patient": {"planned": 20}, "carer": {"planned": 20, "linked_to": "patient"}},
    }
    own = [{**visit, "for": "patient"} for visit in data["schedule"]]
    done = ["consent", "screening", "link", "eligibility", "enrolment"]
    own += [
        {"visit": "c_screening", "for": "carer", "opens": True, "kind": "screening", "do": done},
        {
            "visit": "c_month",
            "for": "carer",
            "after": "c_screening",
            "within": "20 .. 40 d",
            "do": ["c_ssrs"],
        },
    ]
    data = {**data, "schedule": own}
    data["eligibility"] = {name: {**one, "for": "patient"} for name, one in data["eligibility"].items()}
    with TemporaryDirectory() as folder:
        trial = rehearse(load_study(write(data, Path(folder))), 12, seed=1)
    assert (trial.randomised, trial.findings) == (12, [])
    without = [visit if visit["visit"] != "c_screening" else {**visit, "do": done[:-1]} for visit in own]
    with TemporaryDirectory() as folder, pytest.raises(ParametersError, match="no visit of carer"):
        rehearse(load_study(write({**data, "schedule": without}, Path(folder))), 2)


def test_a_visit_that_is_listed_before_the_entry_and_planned_for_later_is_held() -> None:
    data = data_of(TEMPLATE)
    early = {"visit": "later", "after": "consent", "within": "50 .. 70 d", "do": ["c_ssrs"]}
    data = {**data, "schedule": [data["schedule"][0], early, *data["schedule"][1:]]}
    with TemporaryDirectory() as folder:
        trial = rehearse(load_study(write(data, Path(folder))), 6, seed=1)
    assert trial.findings == []
    assert trial.tally.held["later"] >= 4


@pytest.mark.parametrize("name", [*shipped_studies(), TEMPLATE])
@pytest.mark.parametrize("participants", [1, 2, 3])
def test_few_people_are_no_reason_to_find_something(name: str, participants: int) -> None:
    """Somebody leaves, misses a visit, has a high pressure: chance is no fault of the file."""
    with TemporaryDirectory() as folder:
        study = load_study(name if name != TEMPLATE else write(data_of(name), Path(folder)))
        for seed in range(2):
            assert rehearse(study, participants, seed=seed, sink=lambda name, lines: None).findings == []


def test_parameters_that_do_not_fit_are_words(tmp_path: Path) -> None:
    path = write(data_of(TEMPLATE), tmp_path)
    (tmp_path / "cohort.yaml").write_text("study: another\n")
    with pytest.raises(ParametersError, match="there is no study 'another'"):
        rehearse(load_study(path), 2)
