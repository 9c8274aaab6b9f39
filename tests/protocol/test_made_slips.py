"""Of slips that people make in a study file is said what is known to be said."""

from __future__ import annotations

from tests.protocol.made_slips import GOLDEN, answers


def test_of_slips_that_people_make_is_said_what_is_known_to_be() -> None:
    """Where a check was meant to change, look at what else is said, and write it anew."""
    assert answers().splitlines() == GOLDEN.read_text(encoding="utf-8").splitlines()
