"""What a timeline says of an entry, in the words of its kind."""

from __future__ import annotations

from entact.conduct.statement import _WRITERS
from entact.course.kinds import KINDS


def test_every_way_of_telling_is_of_a_kind() -> None:
    assert set(_WRITERS) <= set(KINDS)
