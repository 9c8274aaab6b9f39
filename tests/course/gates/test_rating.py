"""Who may take an assessment: of a visit that raters apart rate, that nobody has, of somebody never met."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from tests.course.cases import Case, before, rated_apart

from entact.course.findings import findings
from entact.course.gates.gate import Allowed, Refused
from entact.course.gates.rating import have_met, is_rated
from entact.course.kinds.rating import holder_of
from entact.protocol.release import Release, Study, canonical

AT = "2026-04-05T10:00:00-06:00"
HERE = "outcome#1"


def treated() -> Case:
    """Somebody whom r-1 rated at baseline."""
    return before("rate")


def take(case: Case, name: str, by: str, minute: int, status: str = "taken", encounter: str = HERE) -> Case:
    when = f"2026-04-04T10:{minute:02}:00-06:00"
    return case.put(name, "rating_taken", when, {"status": status}, encounter=encounter, by=by, role="rater")


def against(case: Case, by: str, encounter: str = HERE) -> set[str]:
    answer = case.may("rate", AT, by=by, encounter=encounter)
    return {one.code for one in answer.reasons} if isinstance(answer, Refused) else set()


def test_who_was_never_met_may_take_it_and_who_rated_before_may_not() -> None:
    case = treated()
    assert isinstance(case.may("rate", AT, by="r-2", encounter=HERE), Allowed)
    assert against(case, "r-1") == {"met_before"}
    assert have_met(case.course()) >= {"r-1", "t-1"}
    assert against(case, "t-1") == {"met_before"}  # who treated them rates them not


def test_what_somebody_has_is_nobody_elses_until_they_let_go_and_not_theirs_again() -> None:
    case = take(treated(), "takes", "r-2", 0)
    assert holder_of(case.course(), HERE) == "r-2"
    assert against(case, "r-3") == {"taken"}
    take(case, "lets go", "r-2", 1, "let_go")
    assert holder_of(case.course(), HERE) is None
    assert against(case, "r-3") == set()
    assert against(case, "r-2") == {"met_before"}


def test_who_called_for_help_is_replaced_for_all_that_comes() -> None:
    case = take(treated(), "takes", "r-2", 0)
    case.put("help", "break_glass", "2026-04-04T10:05:00-06:00", {}, encounter=HERE, by="r-2", role="rater")
    assert holder_of(case.course(), HERE) is None
    assert against(case, "r-3") == set()
    assert against(case, "r-2") == {"met_before"}


@pytest.mark.parametrize("encounter", ["session_1#1", "integration_1#1", "nothing#1"])
def test_only_what_a_rater_apart_rates_can_be_taken(encounter: str) -> None:
    assert against(treated(), "r-2", encounter) == {"not_rated_apart"}


def test_what_is_over_or_rated_cannot_be_taken() -> None:
    assert against(treated(), "r-2", "baseline#1") == {"visit_over", "rated_before"}
    missed = treated().put(
        "missed", "encounter", "2026-04-04T10:00:00-06:00", {"status": "missed"}, encounter=HERE
    )
    assert against(missed, "r-2") == {"visit_over"}


def test_where_no_role_is_apart_nothing_can_be_taken() -> None:
    case = before("supplement")
    assert case.study.newest.roles_apart == frozenset()
    assert against(case, "r-2") == {"not_rated_apart"}


@pytest.mark.parametrize(
    ("kind", "data", "item"),
    [
        ("rater_heard", {"of": "suicidality", "words": "x"}, "suicidality"),
        ("rater_heard", {"of": "adverse_event", "words": "x"}, "adverse event"),
        ("break_glass", {}, "danger"),
    ],
)
def test_what_a_rater_told_is_found_until_the_site_has_answered(
    kind: str, data: dict[str, Any], item: str
) -> None:
    case = treated()
    case.put("told", kind, "2026-04-04T10:05:00-06:00", data, encounter=HERE, by="r-2", role="rater")

    def open_ones() -> list[str]:
        found = findings(case.course(), case.course().effective[-1].at)
        return [one.item for one in found if one.rule == "rater_unanswered" and one.holds]

    assert open_ones() == [item]
    case.put("done", "rater_answered", "2026-04-04T10:15:00-06:00", {"done": "called"}, about="told")
    assert open_ones() == []


@pytest.mark.parametrize("of", ["procedures", "follow_up", "data_use"])
def test_who_takes_part_in_it_no_more_is_not_rated(of: str) -> None:
    stop = {"of": of, "decided_by": "participant", "cause": "wish"}
    case = treated().put("stop", "discontinuation", "2026-04-01T10:00:00-06:00", stop)
    assert against(case, "r-2") == {f"{of}_discontinued"}


def guess_alone() -> Case:
    """Somebody of whom a rater is asked at the outcome what they believe, and nothing else."""
    data = copy.deepcopy(dict(rated_apart().data))
    outcome = next(one for one in data["schedule"] if one["visit"] == HERE.partition("#")[0])
    outcome["do"] = ["guess"]
    study = Study("mini", (Release.from_text(canonical(data)),))
    case = Case(study)
    for name, entry in treated().entries.items():
        case.entries[name] = msgspec.structs.replace(entry, release=study.newest.id)
    return case


def test_a_visit_that_asks_a_guess_alone_is_taken_and_rated_by_it() -> None:
    case = guess_alone()
    release = case.study.newest
    assert release.rated_apart("outcome") == ()
    assert release.asks_apart("outcome")
    assert not release.asks_apart("session_1")
    assert isinstance(case.may("rate", AT, by="r-2", encounter=HERE), Allowed)
    said = {"guesser": "rater", "arm": "do_not_know"}
    case.put("guess", "guess", "2026-04-04T10:00:00-06:00", said, encounter=HERE, by="r-2", role="rater")
    assert is_rated(case.course(), HERE)
    assert against(case, "r-3") == {"rated_before"}
