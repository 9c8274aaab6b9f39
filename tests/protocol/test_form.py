"""Answers to a form: the values that rules see, and what is wrong with an answer."""

from __future__ import annotations

import pickle
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.protocol.answer import MISSING
from entact.protocol.form import CompiledForm
from entact.protocol.instrument import load_instrument
from entact.protocol.study import Form

FORM = CompiledForm(
    "check",
    Form.model_validate(
        {
            "items": {
                "yes": {"type": "boolean"},
                "count": {"type": "integer", "range": "0 .. 10"},
                "age": {"type": "integer", "unit": "a"},
                "pressure": {"type": "decimal", "unit": "mm[Hg]", "range": "50 .. 300"},
                "ratio": {"type": "decimal"},
                "arm": {"type": "choice", "of": ["left", "right"]},
                "signs": {"type": "choices", "of": ["a", "b"]},
                "note": {"type": "text", "required": False},
                "day": {"type": "date"},
                "since": {"type": "partial_date"},
            }
        },
        strict=True,
    ),
    None,
)
GOOD: dict[str, Any] = {
    "yes": True,
    "count": 3,
    "age": "41 a",
    "pressure": "148.5 mm[Hg]",
    "ratio": "0.5",
    "arm": "left",
    "signs": ["b", "a"],
    "note": "sealed:1:xyz",
    "day": "2026-03-02",
    "since": "2019-04",
}


def wrong(**items: Any) -> dict[str, str]:
    return {problem.item: problem.message for problem in FORM.check({**GOOD, **items})}


def test_good_answers_become_typed_values() -> None:
    assert FORM.check(GOOD) == []
    assert FORM.values(GOOD) == {
        **GOOD,
        "age": 41,
        "pressure": 148.5,
        "ratio": 0.5,
        "note": None,
    }


def test_rules_see_neither_text_nor_dates() -> None:
    assert FORM.types == {
        "yes": "bool",
        "count": "int",
        "age": "int",
        "pressure": "double",
        "ratio": "double",
        "arm": "string",
        "signs": "list[string]",
    }


@pytest.mark.parametrize(
    ("item", "answer", "message"),
    [
        ("yes", 1, "1 is not true or false"),
        ("yes", "yes", "'yes' is not true or false"),
        ("count", True, "True is not a whole number"),
        ("count", "2.5", "'2.5' is not a whole number"),
        (
            "count",
            "three",
            "'three' is not a quantity; write a decimal number and its unit, as in '148 mm[Hg]'",
        ),
        ("age", 10**20, "100000000000000000000 is not a whole number of at most 9007199254740991"),
        ("count", 11, "11 is out of range; this item goes from 0 to 10"),
        ("age", "41 mo", "'41 mo' is in mo; this item is in a"),
        ("pressure", 148, "148 is not a decimal text with its unit; write it as in '6.8 mm[Hg]'"),
        ("pressure", "148", "'148' is in no unit; this item is in mm[Hg]"),
        ("pressure", "20 Pa", "'20 Pa' is in Pa; this item is in mm[Hg]"),
        ("pressure", "400 mm[Hg]", "400 mm[Hg] is out of range; this item goes from 50 to 300 mm[Hg]"),
        ("ratio", 0.5, "0.5 is not a decimal text with its unit; write it as in '6.8'"),
        ("arm", "lefft", "there is no code 'lefft'; did you mean 'left'?"),
        ("signs", "a", "'a' is not a list of codes"),
        ("signs", ["a", "c"], "there is no code 'c'; write one of: a, b"),
        ("signs", ["a", "a"], "a code stands twice; write each once"),
        ("signs", [["a"]], "there is no code \"['a']\"; write one of: a, b"),
        ("note", 7, "7 is not text"),
        ("day", "2026-03", "'2026-03' is not a date; write it as in '2026-03-02'"),
        ("day", "2026-02-30", "'2026-02-30' is not a date; write it as in '2026-02-28'"),
        ("since", "spring 2019", "'spring 2019' is not a date; write as much as is known, as in '2019'"),
        ("since", "2019-13", "'2019-13' is not a date; write as much as is known"),
        (
            "yes",
            {"missing": "forgot"},
            "{'missing': 'forgot'} is no answer; write {'missing': one of not_asked",
        ),
        ("yes", None, "is absent; answer it, or say why it is missing"),
        ("nose", 1, "there is no item of check 'nose'; did you mean 'note'?"),
    ],
)
def test_a_wrong_answer_is_named(item: str, answer: Any, message: str) -> None:
    assert list(wrong(**{item: answer})) == [item]
    assert wrong(**{item: answer})[item].startswith(message)


def test_what_cannot_be_true_is_unknown_and_kept_apart() -> None:
    found = FORM.read({**GOOD, "count": 11, "pressure": "14 mm[Hg]", "arm": "middle"})
    assert (found.values["count"], found.values["pressure"], found.values["arm"]) == (None, None, None)
    assert found.beyond == {"count": 11, "pressure": 14.0}
    assert {one.item for one in found.problems} == {"count", "pressure", "arm"}
    assert FORM.values({**GOOD, "pressure": "148"})["pressure"] is None


@given(count=st.integers(-20, 30), pressure=st.decimals(-200, 500, places=1))
def test_a_number_counts_within_its_range_and_both_ends_are_in_it(count: int, pressure: Decimal) -> None:
    found = FORM.read({**GOOD, "count": count, "pressure": f"{pressure} mm[Hg]"})
    assert found.values["count"] == (count if 0 <= count <= 10 else None)
    assert found.values["pressure"] == (float(pressure) if 50 <= pressure <= 300 else None)
    assert {*found.beyond} == {one.item for one in found.problems}


def test_a_step_between_possible_answers_is_unknown_too() -> None:
    items = {"rate": {"type": "integer", "range": "0 .. 100", "step": 10}}
    found = CompiledForm("x", Form.model_validate({"items": items}, strict=True), None).read({"rate": 15})
    assert (found.values, found.beyond) == ({"rate": None}, {"rate": 15})


@pytest.mark.parametrize("reason", MISSING)
def test_missing_is_said_and_unknown(reason: str) -> None:
    items = {name: {"missing": reason} for name in GOOD}
    assert FORM.check(items) == []
    assert set(FORM.values(items).values()) == {None}


def test_scores_come_with_the_items_of_an_instrument() -> None:
    form = CompiledForm("bdi2", Form(instrument="bdi2"), load_instrument("bdi2"))
    answers = dict.fromkeys(form.items, 2)
    assert form.values(answers)["total"] == 42
    assert form.types["total"] == "int"
    assert form.values({**answers, "q7": {"missing": "refused"}})["total"] is None
    assert [problem.item for problem in form.check({**answers, "q7": 9})] == ["q7"]
    again = pickle.loads(pickle.dumps(form))
    assert again.values(answers) == form.values(answers)


ANSWERS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)


@given(
    st.dictionaries(
        st.sampled_from(list(GOOD)) | st.text(max_size=5),
        ANSWERS | st.lists(ANSWERS, max_size=3) | st.dictionaries(st.just("missing"), ANSWERS),
    )
)
def test_any_answer_gives_values_and_problems(items: dict[str, Any]) -> None:
    """What a device sends never breaks a form, and what it got wrong is never a value."""
    values, _, problems = FORM.read(items)
    assert list(values) == list(FORM.items)
    for problem in problems:
        assert values.get(problem.item) is None


@pytest.mark.parametrize("blank", [None, "", " ", "\n"])
@pytest.mark.parametrize("said", [{"type": "text"}, {"type": "integer"}, {"type": "choice", "of": ["a"]}])
def test_a_blank_line_is_no_answer(blank: str | None, said: dict[str, Any]) -> None:
    form = CompiledForm("f", Form.model_validate({"items": {"x": said}}, strict=True), None)
    [problem] = form.check({"x": blank})
    assert problem.message == "is absent; answer it, or say why it is missing"
    assert problem.absent


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("decimal", "49.99999999999999999999"),
        ("decimal", "300.0000000000000000001"),
        ("integer", "49.99999999999999999999"),
        ("integer", "300.0000000000000000001"),
        ("integer", "49.9999999999999999"),
    ],
)
def test_rounding_moves_nothing_into_the_range(kind: str, answer: str) -> None:
    said = {"type": kind, "range": "50 .. 300"}
    form = CompiledForm("f", Form.model_validate({"items": {"x": said}}, strict=True), None)
    read = form.read({"x": answer})
    assert read.values == {"x": None}
    assert [one.item for one in read.problems] == ["x"]
