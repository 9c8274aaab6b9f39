"""What a timeline says of an entry, in the words of its kind."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from entact.conduct.statement import _WRITERS, called_by
from entact.course.kinds import KINDS
from entact.protocol.study import Item, Translated

SCALE = Item(type="integer", labels={"0": "never", "1": "often"}, range="0 .. 2")
LIST = Item(type="choices", of=["nausea", "tired"], labels={"nausea": "Feeling sick"})


def test_every_way_of_telling_is_of_a_kind() -> None:
    assert set(_WRITERS) <= set(KINDS)


@pytest.mark.parametrize(
    ("item", "answer", "said"),
    [
        (SCALE, 1, "1 often"),
        (SCALE, 2, ""),
        (LIST, ["nausea", "tired"], "Feeling sick, tired"),
        (LIST, [], ""),
        (LIST, {"missing": "refused"}, ""),
        (LIST, "another", ""),
        (Item(type="boolean", labels={"true": "a bit", "false": "not at all"}), False, "not at all"),
        (Item(type="boolean"), False, ""),
        (None, "nausea", ""),
    ],
)
def test_a_code_is_told_by_what_its_item_calls_it(item: Item | None, answer: object, said: str) -> None:
    assert called_by(item, answer) == said


def test_an_answer_is_told_in_the_reader_s_language_where_the_file_has_it() -> None:
    label = Translated({"en": "Moderate", "de": "Mittel"})
    item = Item.model_construct(type="choice", of=["moderate"], labels={"moderate": label})
    assert called_by(item, "moderate") == "Moderate"
    with override("de"):
        assert called_by(item, "moderate") == "Mittel"
