"""Blinding measured: the committee's page before the lock, everybody's after it, and nobody's otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from tests.conduct.locked import lock_study, open_list, signer
from tests.conduct.people import signed_in
from tests.conduct.record import without_hashes

from entact import store
from entact.analysis import bang
from entact.cohort import rehearse
from entact.cohort.trial import Trial
from entact.conduct.permissions import EVERYWHERE, Person, permissions_of
from entact.conduct.reader import Reader, reader_as
from entact.conduct.reports import arms
from entact.conduct.reports.measured import given_by
from entact.course import fold, read
from entact.course.state.unblinding import PlannedUnblindingState
from entact.protocol import Study, load_study
from entact.store.lists.unblindings import randomised_ledgers

FILE = "allocation.json"


@pytest.fixture(scope="module")
def rehearsed() -> tuple[Study, Trial]:
    """The published study, small."""
    study = load_study("mapp1")
    return study, rehearse(study, participants=8, seed=7)


@pytest.fixture
def record(
    rehearsed: tuple[Study, Trial], database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The rehearsal's record, and where its list would lie: nowhere that other tests write to."""
    study, trial = rehearsed
    store.create_database(database, "rehearsal", study.name, replace=True)
    store.append_many([(name, line) for name, lines in trial.ledgers.items() for line in lines])
    file = tmp_path / FILE
    file.write_bytes(msgspec.json.encode(trial.allocation))
    monkeypatch.setattr(arms, "PLACES", (str(file),))
    return file


def test_the_committee_sees_indices_curve_and_effect_by_guess(
    record: Path, rehearsed: tuple[Study, Trial]
) -> None:
    study, trial = rehearsed
    page = signed_in("committee").get("/blinding/").content.decode()
    given = trial.allocation.arms()
    told = {arm: [0, 0, 0] for arm in ("mdma", "placebo")}
    for name, lines in trial.ledgers.items():
        course = fold(study, [read(line.text) for line in lines]) if name.startswith("participant:") else None
        if course is None or course.randomisation is None:
            continue
        arm = given[course.randomisation.number]
        for one in course.guesses:
            if one.guesser == "participant" and (one.encounter or "").startswith("session_1#"):
                told[arm][0 if one.arm == arm else 2 if one.arm == "do_not_know" else 1] += 1
    for right, wrong, unknown in told.values():
        assert right + wrong + unknown
        index = bang(right, wrong, unknown)
        assert index.estimate is not None
        cells = f"<td>{right}</td><td>{wrong}</td><td>{unknown}</td><td>{index.estimate:.2f} ("
        assert cells in page.replace("\N{MINUS SIGN}", "-")
    for word in ("Therapist", "Rater", "James", "may follow from its effect", "None of these is the effect"):
        assert word in page, word
    assert "No curve: " in page  # as in the published study nearly all guess right: it is said, not drawn
    assert "say nothing of it to anybody who is blinded" in page


def test_the_curve_is_drawn_with_its_interval_and_stands_in_numbers() -> None:
    rows = pl.DataFrame(
        {
            "arm": ["a"] * 6 + ["b"] * 6,
            "guess": ["a", "a", "a", "b", "b", "b"] * 2,
            "value": [-20.0, -22.0, -24.0, -8.0, -10.0, -12.0, -18.0, -20.0, -22.0, -6.0, -8.0, -10.0],
        }
    )
    given = given_by("Participant", rows, ("a", "b"), {"a": "Active", "b": "Control"})
    # At 100 % right: mean of a who guessed a, -22, less that of b who guessed b, -8; at 0 %: -10 less -20.
    said = dict(given.curve)
    assert list(said) == ["0%", "25%", "50%", "75%", "100%"]
    assert said["100%"].startswith("\N{MINUS SIGN}14.0 (")
    assert said["0%"].startswith("10.0 (")
    assert said["50%"].startswith("\N{MINUS SIGN}2.0 (")
    assert [row[2].partition(" ")[0] for row in given.rows] == ["\N{MINUS SIGN}2.0"] * 2
    plot = given.plot
    assert plot is not None
    assert plot.path.count(" L") == 20
    assert plot.band.count(" L") == 41
    assert plot.top < plot.zero < plot.bottom
    assert "where half do, as by chance" in plot.summary
    lone = given_by(
        "Rater", rows.filter(pl.col("guess") == pl.col("arm")), ("a", "b"), {"a": "Active", "b": "Control"}
    )
    assert lone.plot is None
    assert "0 in Active guessed the other arm" in lone.problem
    nobody = given_by("Rater", rows.filter(pl.col("arm") == "a"), ("a", "b"), {"a": "Active", "b": "Control"})
    assert "nobody in arm 'Control'" in nobody.problem


@pytest.mark.requirement("R10")
def test_r10_before_the_lock_it_looks_like_no_page_to_everybody_else(record: Path) -> None:
    for role in ("monitor", "statistician", "data_manager", "rater", "rater_coordinator", "owner"):
        browser = signed_in(role)
        answer, nowhere = browser.get("/blinding/"), browser.get("/nowhere/")
        assert (answer.status_code, answer.content) == (404, nowhere.content), role
        assert "/blinding/" not in browser.get("/").content.decode()
    assert "/blinding/" in signed_in("committee").get("/").content.decode()


@pytest.fixture
def dan(record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Who locks the study."""
    return signer(tmp_path, monkeypatch, "data_manager", "cut")


def main_of(role: str) -> str:
    answer = signed_in(role).get("/blinding/")
    assert answer.status_code == 200, role
    return without_hashes(answer.content.decode().split("<main", 1)[1])


def test_after_the_lock_everybody_sees_the_same(record: Path, dan: Any) -> None:
    lock_study(dan)
    assert "/blinding/" in signed_in("monitor").get("/").content.decode()
    mains = [main_of(role) for role in ("monitor", "committee", "therapist")]
    assert mains[0] == mains[1] == mains[2]
    assert "James" in mains[0]
    assert "not locked" not in mains[0]


@pytest.mark.requirement("R10")
def test_r10_a_lock_opens_nobodys_arm_before_the_list_of_people_is_opened(
    record: Path, dan: Any, rehearsed: tuple[Study, Trial]
) -> None:
    """A file that lies there too early is not read."""
    record.write_bytes(msgspec.json.encode(msgspec.structs.replace(rehearsed[1].allocation, simulated=False)))
    lock_study(dan)
    assert "No arm is held by this server" in main_of("monitor")
    assert "<table" not in main_of("therapist")
    open_list(dan, root="ab" * 32)  # a list that nobody committed to says nothing of this one
    assert "No arm is held by this server" in main_of("monitor")
    open_list(dan)
    assert "James" in main_of("monitor")


def test_who_was_told_theirs_is_known_to_the_committee_alone_until_all_are_opened(
    record: Path, rehearsed: tuple[Study, Trial]
) -> None:
    study, trial = rehearsed
    record.unlink()
    course = next(
        one
        for name, lines in trial.ledgers.items()
        if name.startswith("participant:")
        and (one := fold(study, [read(line.text) for line in lines])).randomisation is not None
    )
    course.told = PlannedUnblindingState("e", datetime(2026, 1, 1, tzinfo=UTC), "mdma", ())
    for role, arm in (("committee", "mdma"), ("monitor", None)):
        person = Person("p", "P", {EVERYWHERE: frozenset({role})}, permissions_of(study), "rehearsal")
        assert arms.known_arms(reader_as(role), person).of(course) == arm


def test_while_no_arm_is_known_nobodys_entries_are_read_for_it(
    record: Path, rehearsed: tuple[Study, Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, trial = rehearsed
    record.unlink()
    courses = {
        name: fold(study, [read(line.text) for line in lines])
        for name, lines in trial.ledgers.items()
        if name.startswith("participant:")
    }
    count = sum(one.randomisation is not None for one in courses.values())
    looked_at: list[str] = []

    def folded(_: Reader, ledgers: list[str]) -> dict[str, Any]:
        looked_at.extend(ledgers)
        return {}

    monkeypatch.setattr(Reader, "folded", folded)
    page = signed_in("committee").get("/blinding/").content.decode()
    assert f"The arm of 0 of {count} randomised participants is known here." in page
    assert looked_at == []
    assert sorted(randomised_ledgers()) == sorted(one for one in courses if courses[one].randomisation)
    assert randomised_ledgers(told=True) == [one for one in courses if courses[one].told]


@pytest.mark.parametrize("how", ["absent", "of another list", "of people", "altered", "no file of the kind"])
def test_no_arm_is_read_of_a_file_that_is_not_the_committed_list_or_may_not_be_read_yet(
    how: str, record: Path, rehearsed: tuple[Study, Trial]
) -> None:
    allocation = rehearsed[1].allocation
    if how == "absent":
        record.unlink()
    elif how == "of another list":
        other = msgspec.structs.replace(allocation.sealed_list, root="0" * 64)
        record.write_bytes(msgspec.json.encode(msgspec.structs.replace(allocation, sealed_list=other)))
    elif how == "of people":
        record.write_bytes(msgspec.json.encode(msgspec.structs.replace(allocation, simulated=False)))
    elif how == "altered":
        swap = {"mdma": "placebo", "placebo": "mdma"}
        rows = [msgspec.structs.replace(one, arm=swap[one.arm]) for one in allocation.rows]
        record.write_bytes(msgspec.json.encode(msgspec.structs.replace(allocation, rows=rows)))
    else:
        record.write_text("{}")
    answer = signed_in("committee").get("/blinding/")
    page = answer.content.decode()
    if how in ("altered", "no file of the kind"):
        assert answer.status_code == 503
        assert "Bang" not in page
    else:
        assert "No arm is held by this server" in page
        assert "<table" not in page
