"""What a gate knows beside the participant: where it cannot be read, nothing is waved through."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from msgspec.structs import replace
from psycopg.errors import LockNotAvailable
from tests.course.cases import Case
from tests.owner import owner_connection, run_as_owner
from tests.store.test_numbers import ANNA, NOW, ask, case, enter_until, of_person

from entact import store
from entact.store import StoreError, setting
from entact.store.door import fact
from entact.store.known import raw_cursor, remembered
from entact.store.studies import study_of_record

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


class Listening:
    """A cursor that tells which ledgers it locked, in which order."""

    def __init__(self) -> None:
        self.locked: list[str] = []
        self._cursor = raw_cursor()

    def execute(self, statement: Any, values: Any = None, **more: Any) -> Any:
        if " FOR " in str(statement):
            self.locked += values
        return self._cursor.execute(statement, values, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


def is_free(ledger: str, strength: str) -> bool:
    """Whether somebody else could hold a ledger so now."""
    with owner_connection() as other:
        try:
            other.execute(f"SELECT FROM store_ledger WHERE name = '{ledger}' FOR {strength} NOWAIT".encode())
        except LockNotAvailable:
            return False
        return True


@pytest.mark.parametrize("counting", [False, True])
def test_what_a_gate_knows_is_held_in_one_order_and_who_counts_is_alone(case: Case, counting: bool) -> None:
    """Nobody changes study or site until it is decided; two who count over the study wait for each other."""
    enter_until(case, "randomise", ANNA, 1)
    stamp, study = study_of_record()
    assert study is not None
    with transaction.atomic():
        cursor = Listening()
        found = setting.setting_held(cursor, stamp, study, "denver", (), counting=counting)  # type: ignore[arg-type]
        assert cursor.locked == ["site:denver", "study:mini"]
        for ledger, alone in (("site:denver", False), ("study:mini", counting)):
            assert is_free(ledger, "SHARE") is not alone
            assert not is_free(ledger, "NO KEY UPDATE")  # which everybody takes who writes to it
        assert found.site.size == len(list(store.lines("site:denver")))
    assert is_free("study:mini", "UPDATE")
