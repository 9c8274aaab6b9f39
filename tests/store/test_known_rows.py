"""Rows for lists are what they are known to be, whatever befalls a participant."""

from __future__ import annotations

import json

from tests.store.known_rows import GOLDEN, answers


def test_what_lists_are_told_is_what_it_is_known_to_be() -> None:
    """Where a rule or a row was meant to change, look at which others did, and write them anew."""
    assert answers() == json.loads(GOLDEN.read_text(encoding="utf-8"))
