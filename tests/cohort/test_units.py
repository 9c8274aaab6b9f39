"""Who comes with whom in a rehearsal of people who are randomised as one, and what becomes of one alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from msgspec.structs import replace

from entact.cohort.intake import Coming, Screened, Treat
from entact.cohort.tally import Tally
from entact.cohort.units import Units, know_each_other, together_at
from entact.course.state.numbers import RANDOMISATION, UNIT
from entact.protocol import load_study

SHAPES = Path(__file__).parents[1] / "studies" / "shapes"
COUPLES = Units("patient", {"partner": 1}, 2, False)
FAMILIES = Units("parent", {"child": 3, "other": 1}, 3, True)


def screened(index: int, population: str, day: int) -> Screened:
    coming = Coming(index, date(2026, 1, 5), population)
    return Screened(coming, "ghent", [], Tally(), ready=datetime(2026, 2, day, 10, tzinfo=UTC))


def test_a_study_says_who_is_of_a_unit() -> None:
    assert Units.of(load_study(SHAPES / "couples_randomised").newest) == COUPLES
    assert Units.of(load_study(SHAPES / "couple_therapy").newest) is None


def test_whole_units_are_taken_in() -> None:
    assert COUPLES.wanted({"patient": 3, "partner": 2}) == {"patient": 2, "partner": 2}
    assert FAMILIES.wanted({"parent": 2, "child": 6, "other": 3}) == {"parent": 2, "child": 6, "other": 2}
    assert FAMILIES.beside("parent") == ["child", "child", "child", "other"]
    assert FAMILIES.beside("child") == []


def test_what_becomes_of_one_alone_is_said_by_the_file() -> None:
    both = [screened(0, "patient", 3), screened(1, "partner", 8)]
    assert COUPLES.is_enough(both)
    assert not COUPLES.is_enough(both[:1])
    assert Units("patient", {"partner": 1}, 2, True).is_enough(both[:1])
    assert together_at(both) == both[1].ready


def test_each_knows_of_the_others_what_a_gate_asks() -> None:
    both = [Treat(screened(0, "patient", 3), number="ghent-001"), Treat(screened(1, "partner", 8))]
    know_each_other(both, ["participant:a", "participant:b"])
    assert both[0].known == [(UNIT, "PARTICIPANT:A/PARTICIPANT:B", "participant:b")]
    assert both[1].known == [(RANDOMISATION, "GHENT-001", "participant:a")]
    alone = [replace(both[0], known=[])]
    know_each_other(alone, ["participant:a"])
    assert alone[0].known == []
