"""No two people under one number: found wherever both are known, and refused at the gate."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.cases import BY, DETAIL, WHEN, Case, ask, before, codes

from entact.course.act import attempt
from entact.course.course import Course
from entact.course.entry import Entry, instant
from entact.course.fold import fold
from entact.course.gates.core import ACTS
from entact.course.gates.gate import Allowed, Refused, may
from entact.course.setting import fold_setting
from entact.course.state.numbers import (
    WORDS,
    Number,
    is_number,
    normal,
    numbers_in_use,
    numbers_of,
    shared_numbers,
)
from entact.datasets import build

OTHER = "participant:0b"


def other(case: Case, **numbers: str) -> Course:
    """Another participant, with numbers of their own unless they are said."""
    said = {"screening": "S-9", "subject": "P-9", "randomisation": "R-9", "kit": "K-9"} | numbers
    twin = before("next_session", case.study)
    twin.change("screening", number=said["screening"])
    twin.change("enrolment", subject=said["subject"])
    twin.change("randomisation", number=said["randomisation"])
    twin.drop("assigned K-2", "assigned K-3", "assigned K-4")
    twin.change("assigned K-1", kit=said["kit"])
    twin.change("initial 1", kit=said["kit"])
    return fold(case.study, [msgspec.structs.replace(one, ledger=OTHER) for one in twin.of("participant:")])


def answer(case: Case, act: str, rival: Course, **detail: Any) -> Allowed | Refused:
    course = case.course()
    setting = fold_setting(case.study, case.of("study:"), case.of("site:"), numbers_in_use([course, rival]))
    asked = DETAIL.get(act, {}) | detail
    return may(act, case.study, setting, course, BY.get(act, "t-1"), instant(WHEN[act]), **asked)


SHARED = {"screening": "S-1", "subject": "P-1", "randomisation": "R-7", "kit": "K-1"}


@pytest.mark.parametrize("of", list(SHARED))
def test_the_same_number_in_two_ledgers_is_found_in_both(of: str) -> None:
    case = before("initial_dose")
    mine, theirs = case.course(), other(case, **{of: SHARED[of]})
    in_use = numbers_in_use([mine, theirs])
    assert in_use[of, SHARED[of]] == {"participant:0a", OTHER}
    for course in (mine, theirs):
        [(rule, entry, item, message)] = shared_numbers(course, in_use)
        assert (rule, item) == ("number_shared", of)
        assert SHARED[of] in message
        assert "participant:" not in message  # who reads it may not know of the other
        assert entry == numbers_of(course)[of, SHARED[of]]
    assert shared_numbers(mine, numbers_in_use([mine, other(case)])) == []


# How a hand, a scanner and a spreadsheet write what is on the label as R-7.
WRITTEN = ("r-7", " R-7\t", "R- 7", "R\N{NON-BREAKING HYPHEN}7", "\N{FULLWIDTH LATIN CAPITAL LETTER R}-7",
           "R\N{EN DASH}7", "R\N{MINUS SIGN}7", "\N{ZERO WIDTH NO-BREAK SPACE}R-7", "R-7\r\n")  # fmt: skip


def test_a_number_is_the_same_however_it_is_written() -> None:
    assert {normal(written) for written in WRITTEN} == {"R-7"}
    others = {normal(other) for other in ("R-17", "R7", "P-7", "R-70", "R-77", "")}
    assert len(others) == 6
    assert "R-7" not in others


def test_what_may_be_a_name_is_no_number() -> None:
    assert all(map(is_number, (*WRITTEN, "7", "DEN 001", "10-B", "s-7", "den-3 A ")))
    for text in ("Anna Smith 7", "anna", "", "-", "R-7, Anna", "7\N{GREEK SMALL LETTER PI}", "R-7" * 30):
        assert not is_number(text), text


@given(st.text())
def test_the_normal_form_of_what_is_in_it_is_itself(number: str) -> None:
    said = normal(number)
    assert normal(f" {said} ") == normal(said)
    assert normal(number.upper()) == normal(number.lower().upper())
    if number.isascii() and number.isprintable():
        assert said == number.upper().replace(" ", "")


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("of", list(SHARED))
def test_the_same_number_written_otherwise_is_found_and_refused(of: str, written: str) -> None:
    case = before("initial_dose")
    said = (
        written.replace("7", SHARED[of][-1]).replace("R", SHARED[of][0]).replace("r", SHARED[of][0].lower())
    )
    said = said.replace("\N{FULLWIDTH LATIN CAPITAL LETTER R}", SHARED[of][0])
    rival = other(case, **{of: said})
    assert len(shared_numbers(case.course(), numbers_in_use([case.course(), rival]))) == 1
    assert codes(answer(case, "initial_dose", rival)) == [f"{of}_shared"]
    frame = build(case.study, [case.course(), rival]).findings
    assert [row["RULE"] for row in frame.iter_rows(named=True)].count("number_shared") == 2


@pytest.mark.parametrize(("act", "mine"), [("enrol", "p-9 "), ("randomise", "r\N{EN DASH}9")])
def test_a_number_that_another_has_is_not_given_in_small_letters(act: str, mine: str) -> None:
    case = before(act)
    assert len(codes(answer(case, act, other(case), number=mine))) == 1


@pytest.mark.parametrize("of", list(SHARED))
def test_the_frame_of_findings_has_both(of: str) -> None:
    case = before("initial_dose")
    found = build(case.study, [case.course(), other(case, **{of: SHARED[of]})]).findings
    rows = [row for row in found.iter_rows(named=True) if row["RULE"] == "number_shared"]
    assert [row["ITEM"] for row in rows] == [of, of]
    assert len({row["USUBJID"] for row in rows}) == 2
    found = build(case.study, [case.course(), other(case)]).findings
    assert "number_shared" not in {row["RULE"] for row in found.iter_rows(named=True)}


@pytest.mark.parametrize("of", list(SHARED))
@pytest.mark.parametrize(
    "act",
    [name for name in ACTS if name not in ("discharge", "unblind", "rate")],  # of which none gives anything
)
def test_whoever_shares_one_is_given_nothing(act: str, of: str) -> None:
    case = before(act)
    has = (of, SHARED[of]) in numbers_of(case.course())
    assert codes(answer(case, act, other(case))) == []
    assert codes(answer(case, act, other(case, **{of: SHARED[of]}))) == ([f"{of}_shared"] if has else [])


def test_whoever_shares_one_can_still_go_home() -> None:
    case = before("discharge")
    assert codes(answer(case, "discharge", other(case, randomisation="R-7"))) == []


def test_a_number_that_another_has_is_not_given() -> None:
    case = before("enrol")
    assert codes(answer(case, "enrol", other(case), number="P-1")) == []
    assert codes(answer(case, "enrol", other(case), number="P-9")) == ["subject_shared"]
    case = before("randomise")
    assert codes(answer(case, "randomise", other(case), number="R-7")) == []
    assert codes(answer(case, "randomise", other(case), number="R-9")) == ["randomisation_shared"]
    given_out = answer(case, "randomise", other(case), number="R-7")
    assert isinstance(given_out, Allowed)
    assert given_out.basis["number"] == "R-7"


def test_a_kit_that_another_has_is_not_used() -> None:
    case = before("initial_dose")
    answered = answer(case, "initial_dose", other(case), kit="K-9")
    assert "kit_shared" in codes(answered)
    assert isinstance(answered, Refused)
    assert any(one.message == "Kit K-9 is another participant's too." for one in answered.reasons)


@pytest.mark.parametrize(("number", "refused"), [("R-7", False), ("R-9", True)])
def test_the_door_asks_for_the_number_that_the_entry_gives(number: str, refused: bool) -> None:
    case = before("randomise")
    rival = other(case)
    at = WHEN["randomise"]
    act = Entry(
        id="given", ledger="participant:0a", kind="randomisation", release=case.study.newest.id,
        environment="rehearsal", occurred_at=at, recorded_at=at, by="i-1", role="investigator",
        encounter="preparation_2#1", data={"number": number},
    )  # fmt: skip
    numbers = numbers_in_use([case.course(), rival])
    setting = fold_setting(case.study, case.of("study:"), case.of("site:"), numbers)
    outcome = attempt(act, case.study, setting, case.course(), instant(at))
    if refused:
        assert isinstance(outcome, Refused)
        assert codes(outcome) == ["randomisation_shared"]
    else:
        assert isinstance(outcome, Entry)
        assert outcome.basis is not None
        assert outcome.basis["number"] == "R-7"


def test_without_knowing_of_others_nothing_is_said() -> None:
    case = before("initial_dose")
    assert codes(ask(case, "initial_dose")) == []
    assert shared_numbers(fold(case.study, []), {}) == []


@given(held=st.lists(st.sets(st.sampled_from("ABCDE")), min_size=1, max_size=4))
def test_a_number_is_shared_exactly_by_those_who_have_it(held: list[set[str]]) -> None:
    study = before("enrol").study
    courses = []
    for number, kits in enumerate(held):
        case = Case(study)
        for kit in sorted(kits):
            data = {"kit": kit, "part": "initial", "level": "full"}
            case.put(kit, "kit_assigned", WHEN["enrol"], data, ledger=f"participant:{number}")
        courses.append(case.course())
    in_use = numbers_in_use(courses)
    for kits, course in zip(held, courses, strict=True):
        alone: set[Number] = {("kit", kit) for kit in kits if sum(kit in other for other in held) == 1}
        assert {("kit", kit) for kit in kits} - alone == {
            (item, str(course.effective[[one.id for one in course.effective].index(entry)].data["kit"]))
            for _, entry, item, _ in shared_numbers(course, in_use)
        }
    assert set(WORDS) == {"screening", "subject", "randomisation", "kit", "unit"}
