"""One slip in a study file: what is refused and what is advised is what is known to be."""

from __future__ import annotations

import json

from tests.protocol.one_slip import GOLDEN, answers


def test_of_one_slip_is_said_what_is_known_to_be() -> None:
    """Where a check was meant to change, look at what else is said, and write it anew."""
    known = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in GOLDEN.glob("*.json")}
    for study, told in answers(known):
        assert told == known[study], study
