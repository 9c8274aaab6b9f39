"""Answers that no outcome model gives, and the mistakes people make in typing them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from entact.cohort.answers import Answer, answer_form, mistype
from entact.protocol import Study
from entact.protocol.study import Item

AGE = Item.model_validate({"type": "integer", "unit": "a", "range": "0 .. 120"})
WEIGHT = Item.model_validate({"type": "decimal", "unit": "kg", "range": "25 .. 300"})
YES = Item.model_validate({"type": "boolean"})
SEX = Item.model_validate({"type": "choice", "of": ["female", "male"]})
WHERE = Item.model_validate({"type": "choices", "of": ["head", "back"]})


def random(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


@pytest.mark.parametrize(
    ("said", "item", "answer"),
    [
        ({"value": False}, YES, False),
        ({"chance": 1.0}, YES, True),
        ({"shares": {"female": 0.0, "male": 1.0}}, SEX, "male"),
        ({"shares": {"head": 0.0, "back": 1.0}}, WHERE, ["back"]),
        ({"mean": 500.0, "sd": 0.0}, AGE, 120),
        ({"mean": 70.04, "sd": 0.0, "decimals": 1}, WEIGHT, "70.0 kg"),
        ({"characteristic": "age"}, AGE, 41),
        ({"characteristic": "age", "times": 2.0, "decimals": 1}, WEIGHT, "82.0 kg"),
        ({"characteristic": "smokes"}, YES, True),
        ({"characteristic": "sex"}, SEX, "female"),
        ({"value": True, "only": {"sex": "female"}, "otherwise": False}, YES, True),
        ({"value": True, "only": {"sex": "male"}, "otherwise": False}, YES, False),
        ({"value": True, "only": {"sex": "male"}}, YES, None),
    ],
)
def test_an_answer_is_what_an_entry_holds(said: dict[str, object], item: Item, answer: object) -> None:
    person = {"age": 41.0, "sex": "female", "smokes": "yes"}
    assert Answer.model_validate(said).draw(item, person, random()) == answer


@pytest.mark.parametrize(
    "said",
    [{}, {"value": 1, "chance": 0.5}, {"mean": 1.0}, {"value": True, "otherwise": False}, {"chance": 2}],
)
def test_an_answer_says_one_thing(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Answer.model_validate(said)


def test_a_person_uses_as_many_numbers_whatever_is_answered() -> None:
    """One who is not asked must not shift what the next item draws."""
    asked = Answer(chance=0.5)
    only = Answer(chance=0.5, only={"sex": "male"})
    first, second = random(), random()
    asked.draw(YES, {"sex": "female"}, first)
    only.draw(YES, {"sex": "female"}, second)
    assert first.random() == second.random()


def test_items_that_are_not_asked_are_left_out(mapp1: Study) -> None:
    form = mapp1.newest.forms["pregnancy_test"]
    answers = {"negative": Answer(value=True, only={"sex": "female"})}
    assert answer_form(form, answers, {"sex": "female"}, random()) == {"negative": True}
    assert answer_form(form, answers, {"sex": "male"}, random()) == {}


@given(st.integers(0, 120), st.integers(0, 1000))
def test_a_mistyped_number_is_another_number(age: int, seed: int) -> None:
    wrong = mistype(AGE, age, random(seed))
    assert isinstance(wrong, int)
    assert wrong != age


@given(st.decimals(25, 300, places=1), st.integers(0, 1000))
def test_a_mistyped_quantity_keeps_its_unit(weight: object, seed: int) -> None:
    wrong = mistype(WEIGHT, f"{weight} kg", random(seed))
    assert wrong.endswith(" kg")
    assert wrong != f"{weight} kg"


def test_what_is_no_number_is_not_mistyped() -> None:
    assert mistype(YES, True, random()) is True
    assert mistype(SEX, "female", random()) == "female"


@given(st.floats(-50, 150), st.integers(0, 50))
def test_an_answer_lies_on_a_step_of_its_item(mean: float, seed: int) -> None:
    item = Item(type="integer", range="0 .. 100", step=10)
    answer = Answer(mean=mean, sd=20).draw(item, {}, np.random.default_rng(seed))
    assert answer in range(0, 101, 10)
