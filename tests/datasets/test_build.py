from __future__ import annotations

import pickle
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from entact.course.course import Course
from entact.datasets import ARM, FRAMES, Accumulator, build
from entact.protocol.release import Study


def swapped(allocation: dict[str, str]) -> dict[str, str]:
    """Every arm exchanged for the other."""
    return {number: {"mdma": "placebo", "placebo": "mdma"}[arm] for number, arm in allocation.items()}


def test_a_blinded_build_has_no_arm_anywhere(mini: Study, courses: list[Course]) -> None:
    datasets = build(mini, courses)
    assert not datasets.unblinded
    for name, frame in datasets.frames().items():
        assert ARM not in frame.columns, name
        assert ARM not in datasets.by_arm(name).columns, name


def test_swapping_the_arms_changes_nothing_but_the_arm(
    mini: Study, courses: list[Course], allocation: dict[str, str]
) -> None:
    blinded = build(mini, courses)
    one, other = build(mini, courses, allocation), build(mini, courses, swapped(allocation))
    assert one.subjects[ARM].drop_nulls().to_list() != other.subjects[ARM].drop_nulls().to_list()
    for name in FRAMES:
        frames = [getattr(datasets, name) for datasets in (blinded, one, other)]
        texts = {frame.drop(ARM, strict=False).serialize() for frame in frames}
        assert len(texts) == 1, name


def test_the_order_of_the_courses_does_not_matter(mini: Study, courses: list[Course]) -> None:
    ahead, back = build(mini, courses), build(mini, reversed(courses))
    for name in FRAMES:
        assert_frame_equal(getattr(ahead, name), getattr(back, name))


def test_rows_survive_being_made_in_pieces(
    mini: Study, courses: list[Course], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = build(mini, courses)
    monkeypatch.setattr("entact.datasets.rows.PIECE", 1)
    for name, frame in build(mini, courses).frames().items():
        assert_frame_equal(frame, getattr(whole, name))


def test_courses_are_taken_one_at_a_time(mini: Study, courses: list[Course]) -> None:
    assert len(build(mini, (course for course in courses)).subjects) == len(courses)


def test_nobody_makes_empty_frames_with_all_columns(mini: Study, courses: list[Course]) -> None:
    empty, full = build(mini, []), build(mini, courses)
    for name in FRAMES:
        assert getattr(empty, name).schema == getattr(full, name).schema


def test_the_arm_comes_from_the_randomisation_number(
    mini: Study, courses: list[Course], allocation: dict[str, str]
) -> None:
    subjects = build(mini, courses, allocation).subjects
    for row in subjects.select("RANDNUM", ARM).iter_rows():
        assert row[1] == (None if row[0] is None else allocation[row[0]])
    assert subjects[ARM].null_count() == 1  # the one who was not randomised


def test_an_allocation_that_does_not_fit_is_named(
    mini: Study, courses: list[Course], allocation: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="denver-004"):
        build(mini, courses, {number: arm for number, arm in allocation.items() if number != "denver-004"})
    with pytest.raises(ValueError, match="lsd"):
        build(mini, courses, allocation | {"denver-002": "lsd"})


def test_a_frame_by_arm_holds_only_the_analysis_set(
    mini: Study, courses: list[Course], allocation: dict[str, str]
) -> None:
    datasets = build(mini, courses, allocation)
    outcome = datasets.by_arm("questionnaires", within="MITTFL")
    assert outcome["USUBJID"].n_unique() == 4
    assert outcome[ARM].null_count() == 0


def test_environments_are_not_mixed(mini: Study, someone: Any) -> None:
    rehearsal, real = someone(1).randomised().course(), someone(2, "production").randomised().course()
    with pytest.raises(ValueError, match="production, rehearsal"):
        build(mini, [rehearsal, real])
    assert build(mini, [rehearsal]).simulated
    assert not build(mini, [real]).simulated


def test_data_after_the_withdrawal_of_their_use_are_left_out(mini: Study, someone: Any) -> None:
    person = someone().randomised().dosed()
    person.rate(20, False, day=40, visit="outcome")
    person.stop("data_use", day=39)
    rows = build(mini, [person.course()])
    assert "outcome" not in rows.questionnaires["AVISIT"].to_list()
    assert rows.endpoints["AVAL"].null_count() == len(rows.endpoints)
    assert rows.vitals.filter(pl.col("AVISIT") == "session_1").height > 0


def test_what_was_made_in_several_places_is_as_if_in_one(
    mini: Study, courses: list[Course], allocation: dict[str, str]
) -> None:
    whole, joined = build(mini, courses, allocation), Accumulator(mini)
    for start in range(0, len(courses), 2):
        part = Accumulator(mini)
        for course in courses[start : start + 2]:
            part.add(course)
        joined.join(pickle.loads(pickle.dumps(part.part())))
    found = joined.finish(allocation)
    for name in FRAMES:
        assert_frame_equal(getattr(found, name), getattr(whole, name))
    assert found.environment == whole.environment
