"""How what is said reads on a page."""

from __future__ import annotations

from datetime import UTC

from django.utils.translation import override

from entact.conduct.words import LONGEST, plainly, quantity, unit_of_item


def test_a_long_answer_that_is_quoted_is_cut_and_said_to_be() -> None:
    said = plainly(f"note: {'x' * 20_000} is too long; at most 200 characters", {}, UTC)
    assert len(said) < LONGEST + 60
    assert said.startswith("note: xxx")
    assert "characters left out" in said
    assert said.endswith("is too long; at most 200 characters")
    assert plainly("short", {}, UTC) == "short"


def test_units_that_are_words_are_told_in_the_reader_s_language() -> None:
    units = ("a", "/min", "mm[Hg]", "kg", "")
    assert [unit_of_item(one) for one in units] == ["years", "per minute", "mmHg", "kg", ""]
    with override("de"):
        assert [unit_of_item(one) for one in units] == ["Jahre", "pro Minute", "mmHg", "kg", ""]
        assert [quantity(one) for one in ("4.6 a", "97 %", "72 /min")] == ["4.6 Jahre", "97 %", "72 /min"]
