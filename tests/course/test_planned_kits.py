"""Which row a planned kit is for is sealed: whoever reads the ledger cannot tell, wherever it is said."""

from __future__ import annotations

import re

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from entact.course import Entry
from entact.course.entry import canonical
from entact.course.kinds.allocation import KitForNumber, KitsPlanned
from entact.course.planned_kits import holds_sealed, kits_opened, kits_sealed, seal_kits

ROOT, KEY, OTHER = "ab" * 32, bytes(range(32)), bytes(32)
ROWS = ["S01-001", "S01-001", "S01-002", "S01-002", "S02-0117", "S02-0117"]
LABELS = ["734201", "118820", "902114", "400127", "551290", "260003"]


def planned(rows: list[str], key: bytes = KEY) -> Entry:
    kits = [KitForNumber(kit, row, "full", "initial") for kit, row in zip(LABELS, rows, strict=True)]
    data = to_builtins(KitsPlanned(ROOT, seal_kits(kits, key)))
    return Entry(
        id="0190d5a0-0000-7000-8000-000000000001",
        ledger="study:mini",
        kind="kits_planned",
        release="mini@sha256:00",
        environment="training",
        occurred_at="2026-01-06T09:00:00Z",
        recorded_at="2026-01-06T09:00:00Z",
        by="stat",
        role="statistician",
        data=data,
    )


def said(entry: Entry) -> str:
    return canonical(entry).decode()


def seen(entry: Entry) -> str:
    """What a reader without the key sees: a sealed text is as good as any other of its length."""
    return re.sub(r"sealed:2:([A-Za-z0-9+/=]+)", lambda found: f"sealed of {len(found[1])}", said(entry))


@pytest.mark.requirement("R10")
def test_rows_of_two_kits_swapped_change_nothing_that_is_seen() -> None:
    """R10: an assayed kit of one arm is of any row, for all that the ledger says."""
    mine = planned(ROWS)
    swapped = planned([ROWS[2], *ROWS[1:2], ROWS[0], *ROWS[3:]])
    assert said(mine) != said(swapped)
    assert seen(mine) == seen(swapped) == seen(planned(ROWS[::-1]))
    assert not [row for row in ROWS if row in said(mine)]
    assert len({kit["number"] for kit in mine.data["kits"]}) == len(ROWS)  # nor which two are of one row


@pytest.mark.requirement("R10")
def test_another_list_of_arms_changes_no_byte_of_it() -> None:
    """R10: the root, which follows from the arms, stands beside it alone."""
    mine, other = planned(ROWS), planned(ROWS)
    other = replace(other, data={**other.data, "root": "cd" * 32})
    assert said(mine).replace(ROOT, "") == said(other).replace("cd" * 32, "")


def test_sealed_as_a_whole_it_opens_again() -> None:
    entry = kits_opened(planned(ROWS), KEY)
    assert kits_sealed(entry, KEY) == planned(ROWS)
    commitment = replace(entry, kind="commitment")
    assert kits_sealed(commitment, KEY) is commitment


def test_the_key_opens_each_and_another_opens_none() -> None:
    entry = planned(ROWS)
    found = {kit["kit"]: kit["number"] for kit in kits_opened(entry, KEY).data["kits"]}
    assert found == dict(zip(LABELS, ROWS, strict=True))
    assert kits_opened(entry, OTHER) == entry
    assert holds_sealed(entry)
    assert not holds_sealed(kits_opened(entry, KEY))
    commitment = replace(entry, kind="commitment")
    assert kits_opened(commitment, KEY) is commitment


def test_a_number_that_was_moved_to_another_kit_is_not_believed() -> None:
    entry = planned(ROWS)
    first, second, *rest = entry.data["kits"]
    moved = [{**first, "number": second["number"]}, {**second, "number": first["number"]}, *rest]
    opened = kits_opened(replace(entry, data={"root": ROOT, "kits": moved}), KEY).data["kits"]
    assert opened[:2] == moved[:2]
    assert not [one for one in opened[2:] if one["number"].startswith("sealed:")]


def test_what_is_no_plan_is_left_as_it_is() -> None:
    for kits in (None, "kits", [1, {"kit": 2, "number": None}], [{}]):
        entry = replace(planned(ROWS), data={"root": ROOT, "kits": kits})
        assert kits_opened(entry, KEY) is entry
