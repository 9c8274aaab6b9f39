"""What is told of a line that came after the lock, by its kind alone."""

from __future__ import annotations

import pytest

from entact.course.disclosure import class_named
from entact.course.kinds import KINDS
from entact.course.kinds.kind import BY_ALERT, BY_ENTRY, BY_FORM, BY_GATE, UNSURE
from entact.store.after_lock import late_values

BY_TEXT = {BY_ALERT, BY_ENTRY, BY_FORM, BY_GATE}


@pytest.mark.usefixtures("database")
def test_of_what_the_text_of_a_late_line_says_nobody_is_sure() -> None:
    values = late_values()
    told = dict(zip(values["kinds"], values["tells"], strict=True))
    assert set(told) == {name for name, kind in KINDS.items() if not kind.attests}
    for name, tells in told.items():
        kind, said = KINDS[name], set(tells.split(",")) - {""}
        assert said - {UNSURE} == {class_named(one) for one in kind.tells - BY_TEXT - {UNSURE}}, name
        unsure = bool(kind.tells & (BY_TEXT | {UNSURE})) or kind.tells_more is not None
        assert (UNSURE in said) == unsure, name
    assert set().union(*(kind.tells for kind in KINDS.values())) >= BY_TEXT
