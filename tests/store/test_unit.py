"""A couple is randomised by one row of the list: at the door, in the record, in how the list was used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from msgspec.structs import replace
from tests.store.test_act import code_breaks

from entact import store
from entact.cohort import Trial, rehearse
from entact.course import Entry, Receipt, Refused, instant, read
from entact.course.entry import as_sent
from entact.protocol import load_study
from entact.store.custody import keep_keys
from entact.store.door import act
from entact.store.list_use import Use, of_rows, problems_of_use, used_numbers

STUDY = Path(__file__).parents[1] / "studies" / "shapes" / "couples_randomised"
NUMBERS = {"ghent": [f"ghent-{place:03d}" for place in range(1, 9)]}


@pytest.fixture(scope="module")
def trial() -> Trial:
    return rehearse(load_study(STUDY), participants=2, seed=5)


@pytest.fixture
def record(template: str, trial: Trial) -> Iterator[str]:
    name = f"{template}_unit"
    store.create_database(name, "rehearsal", "couples_randomised", replace=True)
    keep_keys(trial.keys)
    yield name
    connection.close()


def in_order(trial: Trial) -> list[tuple[str, Entry]]:
    kept = [
        read(line.text) for lines in trial.ledgers.values() for line in lines if '"heads"' not in line.text
    ]
    kept.sort(key=lambda one: (instant(one.received_at), one.ledger, one.seq))
    return [(one.received_at, as_sent(one)) for one in kept]


def put(received_at: str, entry: Entry, **data: Any) -> Receipt | Refused:
    if entry.basis is None:
        return store.append(entry, received_at=received_at)
    at = instant(entry.occurred_at) + timedelta(seconds=30)
    asked = replace(entry, by=entry.basis["by"], basis=None)
    return act(replace(asked, data=data or entry.data), received_at=at.isoformat())


def codes(outcome: Receipt | Refused) -> set[str]:
    return {reason.code for reason in outcome.reasons} if isinstance(outcome, Refused) else set()


def without_number(entry: Entry) -> Entry:
    return replace(entry, data={})


def test_the_list_gives_one_row_to_a_couple_and_its_number_to_the_other(record: str, trial: Trial) -> None:
    given: dict[str, str] = {}
    first: Entry | None = None
    for received_at, entry in in_order(trial):
        if entry.kind == "commitment":
            entry = replace(entry, data=entry.data | {"numbers": NUMBERS})
            store.append(entry, received_at=received_at)
            for number, (kind, by, data) in enumerate(code_breaks(entry.data["list_root"], 8)):
                ready = replace(entry, id=f"{entry.id[:-4]}fff{number}", kind=kind, by=by, data=data)
                store.append(ready, received_at=received_at)
            continue
        if entry.kind != "randomisation":
            outcome = put(received_at, entry)
            assert isinstance(outcome, Receipt), (entry.kind, outcome)
            continue
        at = instant(entry.occurred_at) + timedelta(seconds=30)
        asked = replace(entry, by=(entry.basis or {})["by"], basis=None)
        if first is not None:
            other = replace(asked, data={"number": "ghent-002"})
            assert "not_next_of_list" in codes(act(other, received_at=at.isoformat()))
        outcome = act(without_number(asked), received_at=at.isoformat())
        assert isinstance(outcome, Receipt), outcome
        given[entry.ledger] = str(read(outcome.line.text).data["number"])
        first = first or entry
    assert list(given.values()) == ["ghent-001", "ghent-001+2"]
    assert store.verify().breaks == ()
    assert store.stale() == []
    used = used_numbers()
    assert problems_of_use(NUMBERS, used) == []
    assert [one.number for one in of_rows(NUMBERS, used)] == ["ghent-001"]


def ready(trial: Trial, without: str) -> dict[str, Entry]:
    """Puts all before the first randomisation but one kind of the partner's; gives what is to do."""
    asked: dict[str, Entry] = {}
    partner = next(
        one.ledger
        for _, one in in_order(trial)
        if one.kind == "link" and one.ledger.startswith("participant")
    )
    for received_at, entry in in_order(trial):
        if entry.kind == "randomisation":
            role = "partner" if entry.ledger == partner else "patient"
            asked[role] = entry
        elif entry.ledger == partner:
            if entry.kind not in (without, "form") and "partner" not in asked:
                put(received_at, entry)
        elif not asked:
            put(received_at, entry)
    return asked


@pytest.mark.parametrize(("without", "code"), [("enrolment", "unit_incomplete"), ("link", "unit_incomplete")])
def test_nobody_of_a_couple_is_randomised_before_the_other_is_enrolled(
    record: str, trial: Trial, without: str, code: str
) -> None:
    asked = ready(trial, without)
    assert code in codes(put("", asked["patient"]))


def test_the_other_waits_for_whom_they_are_linked_to(record: str, trial: Trial) -> None:
    asked = ready(trial, "nothing")
    assert "unit_not_randomised" in codes(put("", asked["partner"]))
    assert isinstance(put("", asked["patient"]), Receipt)
    assert "unit_of_other" in codes(put("", asked["partner"], number="ghent-002+2"))
    assert "unit_number" in codes(put("", asked["partner"], number="ghent-001+3"))
    assert isinstance(put("", asked["partner"]), Receipt)


def test_how_a_list_was_used_knows_who_followed_a_row() -> None:
    used = [
        Use("ghent-001", "a", "2026-03-02T10:00:00Z", ""),
        Use("ghent-001+2", "b", "2026-03-02T10:05:00Z", ""),
    ]
    assert problems_of_use(NUMBERS, used) == []
    alone = [Use("ghent-001+2", "b", "2026-03-02T10:05:00Z", "")]
    assert problems_of_use(NUMBERS, alone) == ["ghent-001+2 of b follows a row that nobody else took"]
    twice = [*used, Use("ghent-001+2", "c", "2026-03-02T10:06:00Z", "")]
    assert problems_of_use(NUMBERS, twice) == ["ghent-001+2 was used twice: for b and for c"]
    strange = [*used, Use("ghent-777+2", "c", "2026-03-02T10:06:00Z", "")]
    assert problems_of_use(NUMBERS, strange) == ["ghent-777+2 of c is no row of the list"]
