"""Rows for lists that cannot be held against their ledger are named."""

from __future__ import annotations

import pytest
from tests.course.cases import Case
from tests.owner import owner_connection, run_as_owner
from tests.store.test_numbers import ANNA, BERT, case, enter_until

from entact.store import known
from entact.store.comparison import differences
from entact.store.tables import NUMBERS, TABLES

__all__ = ["case"]  # the fixture


@pytest.mark.usefixtures("database")
def test_rows_of_a_course_that_cannot_be_made_are_named_and_those_of_others_compared(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter_until(case, "initial_dose", ANNA, 1)
    enter_until(case, "initial_dose", BERT, 2)
    assert differences([ANNA, BERT]) == []
    made = known.rows_of

    def unmade(course: object, ledger: str, *others: object) -> object:
        if ledger == ANNA:
            raise ArithmeticError("a defect of entact's")
        return made(course, ledger, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(known, "rows_of", unmade)
    assert differences([ANNA, BERT]) == [
        f"the rows for lists of {ANNA} cannot be compared: its course cannot be made"
    ]


@pytest.mark.usefixtures("database")
def test_a_row_that_somebody_took_out_of_any_list_is_named_by_its_list(case: Case) -> None:
    enter_until(case, "supplement", ANNA, 1)
    tables = [table.name for table in (*TABLES, NUMBERS)]
    with owner_connection() as owner:
        filled = [
            one for one in tables if owner.execute(f"SELECT FROM {one}".encode()).fetchone() is not None
        ]
    assert len(filled) >= len(tables) // 2
    said = []
    for table in filled:
        assert run_as_owner(f"DELETE FROM {table} WHERE ctid = (SELECT min(ctid) FROM {table})") == 1
        said.append(f"{table} says of {ANNA} what its entries do not")
        assert differences([ANNA]) == said
    assert run_as_owner("UPDATE store_standing SET unsigned = ARRAY[7]") == 1
    said.insert(0, f"store_standing says of {ANNA} what its entries do not")
    assert differences([ANNA]) == said
