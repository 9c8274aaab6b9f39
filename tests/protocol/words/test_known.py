"""Studies are told in the words that they are known to be told in."""

from __future__ import annotations

import pytest
from tests.protocol.words.known import GOLDEN, STUDIES, words_of


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_is_told_as_it_is_known(study: str) -> None:
    """Where words were meant to change, look at which others did, and write them anew."""
    assert words_of(study).splitlines() == (GOLDEN / f"{study}.txt").read_text(encoding="utf-8").splitlines()
