"""How what is said reads on a page."""

from __future__ import annotations

from datetime import UTC

from entact.conduct.words import LONGEST, plainly


def test_a_long_answer_that_is_quoted_is_cut_and_said_to_be() -> None:
    said = plainly(f"note: {'x' * 20_000} is too long; at most 200 characters", {}, UTC)
    assert len(said) < LONGEST + 60
    assert said.startswith("note: xxx")
    assert "characters left out" in said
    assert said.endswith("is too long; at most 200 characters")
    assert plainly("short", {}, UTC) == "short"
