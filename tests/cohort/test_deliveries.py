"""Kits of a rehearsal come as the pages enter them, and neither arms nor outcomes are moved by it."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.cohort.rehearsals import Rehearsed
from tests.course.supply.stock import SUPPLY

from entact.cohort import Trial, allocated, rehearse
from entact.cohort.deliveries import Consignment, logged
from entact.cohort.setting_ledgers import SettingLedger
from entact.cohort.trial import shipped_cohort
from entact.course import Kept, fold_setting, read
from entact.course.kinds.dispensing import CHECKED, dispensed, unchecked
from entact.course.state.numbers import normal
from entact.course.supply.balance import Balance, Moved, balance, moved_of
from entact.protocol import Study, load_study
from entact.protocol.release import Release, canonical
from entact.protocol.study import Storage

OTHER = {"mdma": "placebo", "placebo": "mdma"}


def with_supply(name: str, supply: dict[str, Any] | None) -> Study:
    """A shipped study with this block, or without any."""
    data = {key: said for key, said in load_study(name).newest.data.items() if key != "supply"}
    if supply is not None:
        data["supply"] = supply
    return Study(name, (Release.from_text(canonical(data)),))


def rehearsed_with(supply: dict[str, Any] | None, participants: int = 4) -> Rehearsed:
    study = with_supply("life-threatening-illness", supply)
    cohort = shipped_cohort("life-threatening-illness")
    return Rehearsed(study, rehearse(study, participants, seed=3, cohort=cohort))


@pytest.fixture(scope="module")
def stocked() -> Rehearsed:
    """A study with arms that are told, and what is given openly then; its stock is accounted for."""
    return rehearsed_with(SUPPLY)


def balances(rehearsed: Rehearsed) -> dict[str, Balance]:
    """Site -> balance of its stock, as the whole record has it."""
    found = {}
    for name, entries in rehearsed.entries.items():
        if name.startswith("site:"):
            site = fold_setting(rehearsed.study, (), entries).site
            moved = [
                one
                for ledger, course in rehearsed.courses.items()
                for one in moved_of(course, ledger)
                if course.site == site.id
            ]
            found[site.id] = balance(site, moved)
    return found


def test_every_kit_comes_with_a_shipment_of_a_released_lot_and_somebody_else_has_counted_it(
    stocked: Rehearsed,
) -> None:
    for name, entries in stocked.entries.items():
        if not name.startswith("site:"):
            continue
        assert "kit" not in {entry.kind for entry in entries}
        setting = fold_setting(stocked.study, (), entries)
        assert setting.problems == ()
        site = setting.site
        for kit in site.kits.values():
            assert (kit.status in ("received", "released"), kit.unchecked) == (True, None)
            assert kit.lot is not None
            lot = site.supply.lots[normal(kit.lot)]
            assert (lot.status, lot.expires) == ("released", kit.expires)
        assert all(one.received for one in site.supply.shipments.values())
        assert all(one.checked_by not in (None, one.by) for one in site.supply.handled.values())


def test_the_balance_of_each_site_has_no_difference_and_every_unit_taken(stocked: Rehearsed) -> None:
    taken = sum(dose.taken for course in stocked.courses.values() for dose in course.doses)
    found = balances(stocked)
    assert [one for of_site in found.values() for one in of_site.differences] == []
    rows = [row for of_site in found.values() for row in of_site.rows.values()]
    assert sum(row.taken for row in rows) == taken > 0
    assert all(row.at_hand >= 0 and row.units is not None for row in rows)
    out = sum(row.dispensed - row.returned for row in rows)
    assert sum(row.at_hand for row in rows) + out == sum(row.units or 0 for row in rows)


def test_a_unit_that_was_lost_from_a_kit_is_a_difference_at_its_site(stocked: Rehearsed) -> None:
    """The balance that finds nothing above would find it."""
    course = next(one for one in stocked.courses.values() if one.doses)
    site = fold_setting(stocked.study, (), stocked.entries[f"site:{course.site}"]).site
    kit = normal(course.doses[0].kit)
    back = Moved(datetime(2100, 1, 1, tzinfo=UTC), "x", kit, "back", 1)
    moved = [*(one for one in moved_of(course, "p") if one.kit == kit), back]
    assert [(one.kit, one.counted) for one in balance(site, moved).differences] == [(kit, 1)]


def test_what_is_blinded_shares_a_lot_and_what_is_given_openly_has_its_own(stocked: Rehearsed) -> None:
    contents = {normal(row.kit): row for row in stocked.trial.allocation.kits}
    arms: dict[str, set[str]] = {}
    packs: dict[str, str | None] = {}
    for name, entries in stocked.entries.items():
        if name.startswith("site:"):
            site = fold_setting(stocked.study, (), entries).site
            packs |= {lot.lot: lot.packs for lot in site.supply.lots.values()}
            for kit in site.kits.values():
                arms.setdefault(str(kit.lot), set()).add(contents[normal(kit.number)].arm)
    shared = {lot for lot, held in arms.items() if held == {"mdma", "placebo"}}
    assert shared == {lot for lot in arms if packs[lot] == "every_arm"}
    assert {lot for lot in arms if lot not in shared} == {lot for lot in arms if packs[lot] is None}
    assert 0 < len(shared) < len(arms)


def test_that_stock_is_accounted_for_changes_nothing_of_what_happens(stocked: Rehearsed) -> None:
    bare = rehearsed_with(None)
    people = [name for name in stocked.entries if name.startswith("participant:")]
    assert people
    for name in people:
        there = [one for one in stocked.entries[name] if one.kind not in OF_KITS]
        assert list(map(_said, there)) == list(map(_said, bare.entries[name]))
    assert stocked.trial.findings == bare.trial.findings == []


def _said(kept: Kept) -> dict[str, Any]:
    """What an entry says, to the minute, but for its own time and what is sealed together with that."""
    said: dict[str, Any] = msgspec.to_builtins(kept)
    plain = {key: value for key, value in said.items() if key in ("kind", "data", "by", "role", "encounter")}
    text = re.sub(r'"sealed:[^"]*"', '"sealed"', json.dumps(plain))
    found: dict[str, Any] = json.loads(re.sub(r"(T\d\d:\d\d):\d\d", r"\1", text))
    return found


OF_KITS = ("dispensing", "kit_check", "kit_return")  # what is entered only where stock is accounted for


def test_kits_are_handed_out_through_the_gate_and_somebody_else_has_looked(stocked: Rehearsed) -> None:
    """Each kit of which anything was taken was dispensed before; what was withheld came back whole."""
    given = back = 0
    for course in stocked.courses.values():
        out = dispensed(course)
        for kind in CHECKED:
            assert unchecked(course, kind) == []
        for dose in course.doses:
            assert normal(dose.kit) in out
            given += dose.taken > 0
        back += len(course.noted.get("kit_return", ()))
        withheld = [dose.kit for dose in course.doses if not dose.given]
        assert sorted(withheld) == sorted(one.said.kit for one in course.noted.get("kit_return", ()))
    assert given > 0


def test_a_consignment_that_was_too_warm_is_decided_about_before_it_is_used() -> None:
    rehearsed = rehearsed_with(SUPPLY, participants=16)
    kinds = Counter(
        entry.kind
        for name, entries in rehearsed.entries.items()
        if name.startswith("site:")
        for entry in entries
    )
    assert kinds["supply_decision"] > 0
    assert kinds["registration"] == sum(name.startswith("site:") for name in rehearsed.entries)
    assert rehearsed.trial.findings == []


def test_swapped_arms_leave_every_ledger_of_a_site_as_it_is_to_the_byte(
    stocked: Rehearsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack, blocks = allocated.pack_kits, allocated.permuted_blocks

    def swapped(row: Any) -> Any:
        return msgspec.structs.replace(row, arm=OTHER[row.arm])

    def packed(counts: Any, random: Any) -> list[Any]:
        # What is given openly is the drug whoever gets it.
        return [
            swapped(row) if (OTHER[row.arm], row.level, row.part) in counts else row
            for row in pack(counts, random)
        ]

    monkeypatch.setattr(allocated, "pack_kits", packed)
    monkeypatch.setattr(allocated, "permuted_blocks", lambda *given: [*map(swapped, blocks(*given))])
    other: Trial = rehearsed_with(SUPPLY).trial
    assert stocked.trial.allocation.arms() == {
        number: OTHER[arm] for number, arm in other.allocation.arms().items()
    }
    sites = [name for name in other.ledgers if name.startswith("site:")]
    assert sum(len(other.ledgers[name]) for name in sites) > 50
    assert all(other.ledgers[name] == stocked.trial.ledgers[name] for name in sites)


def test_a_simulated_logger_stays_within_what_the_study_file_says() -> None:
    began, storage = datetime(2026, 3, 1, 9, tzinfo=UTC), Storage(lowest="2 Cel", highest="8 Cel")
    log = logged(began, began + timedelta(hours=18), storage, np.random.default_rng(1))
    assert (log.readings, log.longest_gap, log.minutes_outside) == (37, 30, 0)
    assert storage.bounds[0] <= log.bounds[0] < log.bounds[1] <= storage.bounds[1]


@pytest.mark.parametrize(
    ("leaves", "arrives"),
    [
        ("2026-03-28T11:10:14+01:00", "2026-03-29T08:30:00+02:00"),  # clocks change on the way, at 2
        ("2026-10-24T11:10:14+02:00", "2026-10-25T08:30:00+01:00"),  # and back, at 3
        ("2026-06-01T16:00:00+02:00", "2026-06-02T10:00:00+02:00"),
        ("2026-06-01T23:30:00+02:00", "2026-06-03T08:30:00+02:00"),
    ],
)
def test_a_consignment_is_taken_in_while_the_pharmacy_is_open(leaves: str, arrives: str) -> None:
    ledger = SettingLedger(load_study("mapp3"), "site:09", np.random.default_rng(1))
    ledger.zone = "Europe/Berlin"
    one = Consignment(datetime.fromisoformat(leaves).astimezone(UTC), ledger, {}, [])
    assert one.arrives == datetime.fromisoformat(arrives)
    log = logged(one.at, one.arrives, Storage(lowest="15 Cel", highest="25 Cel"), np.random.default_rng(1))
    assert log.longest_gap == 30
    one.write("receipt", {}, one.arrives, "pharmacist", None)
    assert read(one.lines[0].text).occurred_at == arrives
