"""Whatever is changed in a participant's entries, gates and record answer as they are known to."""

from __future__ import annotations

import json

import pytest
from tests.course.cases import WHEN
from tests.course.one_change import answers_of, kept


@pytest.mark.parametrize("act", WHEN)
def test_one_change_makes_of_an_act_what_it_is_known_to(act: str) -> None:
    """Where a rule was meant to change, look at what else did, and write the answers anew."""
    answers, known = answers_of(act), json.loads(kept(act).read_text(encoding="utf-8"))
    for table in ("gate", "state", "words"):
        assert answers[table] == known[table]
