"""Kits that are packed for rows of the list: given with the number, in one transaction, telling no arm."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from msgspec.structs import replace
from tests.store.test_act import code_of, in_order, number_of, randomise, ready_to_be_randomised

from entact import store
from entact.cohort import Trial, rehearse
from entact.course import Entry, Refused, instant, read
from entact.protocol import load_study
from entact.store.custody import keep_keys
from entact.store.kits import kits_anywhere, new_labels, packed_kits
from entact.store.list_use import problems_of_kits, used_numbers

PARTS = "initial", "supplement"


@pytest.fixture(scope="module")
def trial() -> Trial:
    return rehearse(load_study("mapp1"), participants=2, seed=5)


@pytest.fixture
def record(template: str, trial: Trial) -> Iterator[str]:
    name = f"{template}_packed"
    store.create_database(name, "rehearsal", "mapp1", replace=True)
    keep_keys(trial.keys)
    yield name
    connection.close()


class Pharmacy:
    """A list with kits packed for its rows, some of which have come to the site; people who wait."""

    def __init__(self, trial: Trial, people: int, rows: int) -> None:
        self.acts = ready_to_be_randomised(trial, people, rows)
        entries = [one for _, one in in_order(trial)]
        self.commitment = next(one for one in entries if one.kind == "commitment")
        self.activation = next(one for one in entries if one.kind == "activation")
        first = load_study("mapp1").newest.visits
        self.level = next(one for one in first.values() if one.kind == "dosing").levels[0]
        self.site = str(
            next(one for one in entries if one.ledger == self.acts[0].ledger or one.kind == "screening").data[
                "site"
            ]
        )
        self.at = self.acts[0].recorded_at
        self.number = 0

    def enter(self, like: Entry, kind: str, data: dict[str, Any], **more: Any) -> None:
        self.number += 1
        at = (instant(self.at) - timedelta(hours=1, seconds=-self.number)).isoformat()
        id = f"{like.id[:-6]}eee{self.number:03d}"
        one = replace(like, id=id, kind=kind, data=data, occurred_at=at, recorded_at=at, **more)
        store.append(one, received_at=at)

    def plan(self, kits: dict[str, tuple[int, str]]) -> None:
        """Plans kits: by label the place of the row, and the part."""
        data = [
            {"kit": kit, "number": f"{self.site}-{row:03d}", "level": self.level, "part": part}
            for kit, (row, part) in kits.items()
        ]
        root = self.commitment.data["list_root"]
        self.enter(self.commitment, "kits_planned", {"root": root, "kits": data})

    def arrive(self, *kits: str, status: str = "received") -> None:
        for kit in kits:
            data = {"number": kit, "status": status, "expires": "2099-01-01"}
            ledger = f"site:{self.site}"
            self.enter(self.activation, "kit", data, ledger=ledger, by="pia", role="pharmacist")


@pytest.fixture
def pharmacy(record: str, trial: Trial) -> Pharmacy:
    return Pharmacy(trial, 4, 3)


def kits_of(act: Entry) -> list[tuple[str, str]]:
    lines = [read(line.text) for line in store.lines(act.ledger)]
    return [(one.data["kit"], one.data["part"]) for one in lines if one.kind == "kit_assigned"]


@pytest.mark.requirement("R08")
@pytest.mark.requirement("R10")
def test_a_number_comes_with_the_kits_of_its_row(pharmacy: Pharmacy) -> None:
    """R10: by whoever presses, who chooses no kit; the first of each part that has arrived."""
    plan = {f"11111{n}": (1, PARTS[n % 2]) for n in range(4)} | {
        f"22222{n}": (2, PARTS[n % 2]) for n in (0, 1)
    }
    pharmacy.plan(plan)
    pharmacy.arrive("222221", "111113", "111112", "111111", "222220")
    first = randomise(pharmacy.acts[0])
    assert number_of(first).endswith("-001")
    assert kits_of(pharmacy.acts[0]) == [("111112", "initial"), ("111111", "supplement")]
    randomise(pharmacy.acts[0])  # the answer did not arrive: nothing is given twice
    assert len(kits_of(pharmacy.acts[0])) == 2
    randomise(pharmacy.acts[1])
    assert kits_of(pharmacy.acts[1]) == [("222220", "initial"), ("222221", "supplement")]
    assert store.stale() == []
    assert list(problems_of_kits(packed_kits(), used_numbers())) == []


def test_without_the_kits_of_the_row_nobody_is_randomised_and_why_tells_no_arm(pharmacy: Pharmacy) -> None:
    """Kits of other rows lie there, of whatever arm: they are none of this row's, and do not count."""
    pharmacy.plan({"111110": (1, "initial"), "111111": (1, "supplement"), "222220": (2, "initial")})
    pharmacy.arrive("111110", "222220")
    refused = randomise(pharmacy.acts[0])
    assert code_of(refused) == ["kits_not_here"]
    assert isinstance(refused, Refused)
    assert "every row has kits of its own" in refused.reasons[0].message
    assert "supplement" in refused.reasons[0].message
    assert kits_of(pharmacy.acts[0]) == []
    pharmacy.arrive("111111", status="quarantined")
    assert code_of(randomise(pharmacy.acts[0])) == ["kits_not_here"]
    pharmacy.arrive("111111")
    assert number_of(randomise(pharmacy.acts[0])).endswith("-001")  # no row was passed over


@pytest.mark.requirement("R10")
def test_no_basis_says_whose_a_kit_was_that_was_destroyed_before(pharmacy: Pharmacy) -> None:
    """R10: whoever knows what was in it would know the arm of who came."""
    first = {"111110": (1, "initial"), "111112": (1, "initial"), "111111": (1, "supplement")}
    pharmacy.plan(first | {"222220": (2, "initial")})
    pharmacy.arrive("111110", "111112", "111111", "222220")
    pharmacy.arrive("111110", "222220", status="destroyed")
    pharmacy.arrive("111112")  # later entries on one kit alone
    randomise(pharmacy.acts[0])
    assert [kit for kit, _ in kits_of(pharmacy.acts[0])] == ["111112", "111111"]
    lines = [read(line.text) for line in store.lines(pharmacy.acts[0].ledger)]
    [basis] = [one.basis for one in lines if one.kind == "randomisation"]
    of = {(one := read(line.text)).id: one.data for line in store.lines(f"site:{pharmacy.site}")}
    named = {of[one]["number"] for one in basis["inputs"] if one in of and "number" in of[one]}
    assert named == {"111111", "111112"}


def test_a_number_and_its_kits_are_given_together_or_neither(pharmacy: Pharmacy) -> None:
    pharmacy.plan({"111110": (1, "initial"), "111111": (1, "supplement")})
    pharmacy.arrive("111110", "111111")
    with transaction.atomic():
        randomise(pharmacy.acts[0])
        transaction.set_rollback(True)
    assert kits_of(pharmacy.acts[0]) == []
    assert number_of(randomise(pharmacy.acts[1])).endswith("-001")
    assert [kit for kit, _ in kits_of(pharmacy.acts[1])] == ["111110", "111111"]


def test_many_at_once_each_get_the_kits_of_their_own_row(record: str, trial: Trial) -> None:
    pharmacy = Pharmacy(trial, 12, 12)
    plan = {f"{row:05d}{place}": (row, part) for row in range(1, 13) for place, part in enumerate(PARTS)}
    pharmacy.plan(plan)
    pharmacy.arrive(*plan)
    failed: list[object] = []

    def work(one: Entry) -> None:
        try:
            if isinstance(answer := randomise(one), Refused):
                failed.append(answer)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(one,)) for one in pharmacy.acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    given = [kits_of(one) for one in pharmacy.acts]
    assert sorted(kit for one in given for kit, _ in one) == sorted(plan)
    assert all(first[0][:5] == second[0][:5] for first, second in given)
    assert list(problems_of_kits(packed_kits(), used_numbers())) == []


def test_a_kit_that_somebody_of_another_row_has_is_found(pharmacy: Pharmacy) -> None:
    pharmacy.plan({"111110": (1, "initial"), "111111": (1, "supplement"), "222220": (2, "initial")})
    pharmacy.arrive("111110", "111111", "222220")
    randomise(pharmacy.acts[0])
    one = pharmacy.acts[0]
    data = {"kit": "222220", "part": "initial", "level": pharmacy.level, "visit": None}
    wrong = replace(one, id=f"{one.id[:-4]}0eee", kind="kit_assigned", data=data)
    store.append(wrong, received_at=one.recorded_at)  # a fact is kept, whatever is wrong with it
    [problem] = problems_of_kits(packed_kits(), used_numbers())
    assert problem.startswith(f"kit 222220 is packed for {pharmacy.site}-002, and {one.ledger}")


def test_labels_are_drawn_and_none_is_drawn_twice(pharmacy: Pharmacy) -> None:
    pharmacy.plan({"111110": (1, "initial")})
    assert "111110" in kits_anywhere()
    drawn = new_labels(2000, {f"{one:06d}" for one in range(400_000)})
    assert len(set(drawn)) == 2000
    assert min(drawn) >= "400000"
    assert drawn != sorted(drawn)
    with pytest.raises(store.StoreError, match="more than 6 digits can tell apart"):
        new_labels(500_001, ())
