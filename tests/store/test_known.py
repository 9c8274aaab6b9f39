"""What a process knows of ledgers."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from tests.conduct.record import RECEIVED, blinded_study, keep, telling_story

from entact import store
from entact.store.known import remembered


def test_what_is_forgotten_goes_at_once_without_a_search_for_circles(database: str, make_entry: Any) -> None:
    """A server looks for circles seldom (`serve.pause_seldom`): courses in circles would fill its memory."""
    study = blinded_study()
    (ledger,) = keep(study, telling_story(study))
    store.append(make_entry(ledger.name, 900), received_at=RECEIVED)
    known = remembered(ledger.name)
    assert known.course is not None
    assert known.rows is not None
    held = [weakref.ref(one) for one in (known.course, known.disclosure, known.horizon, known.rows)]
    gc.collect()
    gc.disable()
    try:
        known.forget()
        assert [one() for one in held] == [None] * 4
    finally:
        gc.enable()
