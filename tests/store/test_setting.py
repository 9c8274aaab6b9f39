"""What a gate knows beside the participant: where it cannot be read, nothing is waved through."""

from __future__ import annotations

import pytest
from django.db import connection
from msgspec.structs import replace
from tests.course.cases import Case
from tests.owner import run_as_owner
from tests.store.test_numbers import ANNA, NOW, ask, case, enter_until, of_person

from entact import store
from entact.store import StoreError, setting
from entact.store.door import fact
from entact.store.known import remembered

__all__ = ["case"]

SPOIL = {
    "no entry": "UPDATE store_line SET text = 'not an entry' WHERE ledger_id = {of} AND seq = {last}",
    "other data": 'UPDATE store_line SET text = replace(text, \'"data":{{\', \'"data":[],"x":{{\')'
    " WHERE ledger_id = {of}",
    "deep": "UPDATE store_line SET text = repeat('[', 100000) WHERE ledger_id = {of} AND seq = {last}",
    "the last one gone": "DELETE FROM store_line WHERE ledger_id = {of} AND seq = {last}",
    "all gone": "DELETE FROM store_line WHERE ledger_id = {of}",
}


def spoil(how: str, ledger: str) -> None:
    """A hand upon the database; another process knows nothing of what was there before."""
    of = f"(SELECT id FROM store_ledger WHERE name = '{ledger}')"
    last = f"(SELECT seq FROM store_ledger WHERE name = '{ledger}')"
    assert run_as_owner(SPOIL[how].format(of=of, last=last)) > 0


@pytest.mark.parametrize("ledger", ["study:mini", "site:denver", ANNA])
@pytest.mark.parametrize("how", SPOIL)
def test_no_act_is_decided_on_what_cannot_be_known(
    case: Case, how: str, ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry may be a hold, a kit in quarantine, a withdrawal; a fact is kept all the same."""
    enter_until(case, "randomise", ANNA, 1)
    spoil(how, ledger)
    monkeypatch.setattr(setting, "_memory", setting._Memory())
    remembered(ANNA).forget()
    with pytest.raises(StoreError, match=r"entact verify|cannot be made"):
        ask(case, "randomise", ANNA, 1)
    note = of_person(case, ANNA, 1)["screening"]
    told = fact(replace(note, id="told", kind="note", data={}), received_at=NOW)
    assert told.outcome == "kept"
    connection.close()
    assert ledger in {one.ledger for one in store.verify().breaks}
