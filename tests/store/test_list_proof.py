"""What proves that the sealed list is the one that was used: every use and every opening, from the record."""

from __future__ import annotations

from typing import Any

import pytest
from tests.owner import run_as_owner
from tests.store.living import ANNA, BERT, enter_study, fact

from entact import store
from entact.protocol import Study
from entact.store.list_proof import ListProof, Looked, Promise, list_proof, promised
from entact.store.list_use import used_numbers
from entact.store.reckoned import used_strata
from entact.store.sealed_list import FORMAT, SealedList

CLEO, DORA = (f"participant:{letter * 16}" for letter in ("0c", "0d"))
NUMBERS = {"denver": ["R-1", "R-2", "R-3", "R-4"]}


def keep(study: Study, number: int, kind: str, data: dict[str, Any], ledger: str) -> str:
    """Appends an entry as received `number` minutes past ten; says when that was."""
    at = f"2026-03-02T10:{number:02}:00+00:00"
    store.append(fact(study, number, kind, data, ledger=ledger), received_at=at)
    return at


@pytest.fixture
def study(database: str) -> Study:
    """Three were given rows, the second as `r-2 `; rows were opened for them and for somebody without one."""
    study = enter_study()
    keep(study, 1, "commitment", {"list_root": "ab" * 32, "list_rows": 4}, "study:mini")
    for number, (ledger, row) in enumerate([(ANNA, "R-1"), (BERT, "r-2 "), (CLEO, "R-3")], start=2):
        keep(study, number, "randomisation", {"number": row, "stratum": f"of {row}"}, ledger)
    keep(study, 5, "list_opened", {"purpose": "code_breaks"}, "study:mini")
    keep(study, 6, "row_opened", {"number": "R-1", "purpose": "preparation"}, ANNA)
    keep(study, 7, "unblinding", {"purpose": "said"}, DORA)
    keep(study, 8, "row_opened", {"number": "R-3", "purpose": 3}, CLEO)
    keep(study, 9, "row_opened", {"number": "R-3", "purpose": "assignment"}, CLEO)
    return study


def proof() -> ListProof:
    return list_proof(SealedList(FORMAT, "mini", "ab" * 32, NUMBERS, []), [], "2026-09-01T00:00:00+00:00")


def test_everybody_is_counted_in_the_order_of_rows_and_who_has_none_behind_them(study: Study) -> None:
    found = proof()
    assert [(one.number, one.who, one.at[14:16]) for one in found.used] == [
        ("R-1", 1, "02"), ("R-2", 2, "03"), ("R-3", 3, "04"),
    ]  # fmt: skip
    assert [(one.who, one.purpose, one.at[14:16]) for one in found.opened] == [
        (1, "preparation", "06"), (4, "emergency", "07"), (3, "emergency", "08"), (3, "assignment", "09"),
    ]  # fmt: skip
    assert found.whole == [Looked(0, "code_breaks", "2026-03-02T10:05:00+00:00")]
    assert (found.committed_at, found.root) == ("2026-03-02T10:01:00+00:00", "ab" * 32)
    assert (found.release, found.environment, found.plan) == (study.newest.id, "rehearsal", {})


def test_what_cannot_be_read_holds_up_nothing_behind_it(study: Study) -> None:
    run_as_owner("UPDATE store_line SET text = '{' WHERE kind = 'randomisation' AND seq = 1 AND ledger_id = "
                 f"(SELECT id FROM store_ledger WHERE name = '{ANNA}')")  # fmt: skip
    run_as_owner("UPDATE store_line SET text = '{' WHERE kind = 'unblinding'")
    assert [use.number for use in used_numbers()] == ["r-2 ", "R-3"]
    assert used_strata() == {"R-2": "of r-2 ", "R-3": "of R-3"}
    found = proof()
    assert [(one.number, one.who) for one in found.used] == [("R-2", 1), ("R-3", 2)]
    assert [(one.who, one.purpose) for one in found.opened] == [
        (3, "preparation"), (2, "emergency"), (2, "assignment"),
    ]  # fmt: skip


def test_what_was_promised_is_known_before_the_list_is_opened(study: Study) -> None:
    (line,) = [one for one in store.lines("study:mini") if one.seq == 2]
    assert promised() == Promise(
        "ab" * 32, 4, "2026-03-02T10:01:00+00:00", 2, line.hash, study.newest.id, {}, None
    )


def test_without_a_list_nothing_was_promised(database: str) -> None:
    study = enter_study()
    assert promised() is None
    keep(study, 1, "commitment", {"allocation": "fixed"}, "study:mini")
    assert promised() is None
