"""Whatever is changed in signed acts, what counts and what is said of the rest is what it is known to be."""

from __future__ import annotations

import json

from tests.course.signed.acts import GOLDEN, answers


def test_one_change_makes_of_signed_acts_what_it_is_known_to() -> None:
    """Where a rule was meant to change, look at what else did, and write the answers anew."""
    assert answers() == json.loads(GOLDEN.read_text(encoding="utf-8"))
