"""Nothing of the allocation leaves its file: not in a ledger, a number, an order or a count."""

from __future__ import annotations

import io
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from tests.cohort.rehearsals import Rehearsed

from entact.cohort import allocated, needs, rehearsal, rehearse
from entact.cohort.parameters import Parameters
from entact.cohort.scenario import load_parameters
from entact.cohort.trial import shipped_cohort
from entact.course import fold, read
from entact.course.allocation.allocation import Allocation, prove
from entact.course.allocation.commitment import Opening
from entact.datasets import ARM, FRAMES, Accumulator
from entact.protocol import Study, load_study

# `mdma` in the names of items and criteria that everybody is asked is not an arm.
ITEMS = ("benefit_with_mdma", "benefit_with_placebo", "prior_mdma", "earlier_mdma", "mdma_beyond_limits")


def test_no_ledger_names_an_arm_outside_a_guess_or_the_study_file(rehearsed: Rehearsed) -> None:
    arms = list(rehearsed.study.newest.file.arms)
    looked = 0
    for entries in rehearsed.entries.values():
        for entry in entries:
            if entry.kind == "release":  # the study file itself
                continue
            text = msgspec.json.encode(entry).decode().casefold()
            if entry.kind == "guess":
                text = text.replace(f'"arm":"{entry.data["arm"]}"', "")
            # `mdma` in the names of items that everybody answers is not an arm.
            for item in (
                "benefit_with_mdma",
                "benefit_with_placebo",
                "prior_mdma",
                "earlier_mdma",
                "mdma_beyond_limits",
            ):
                text = text.replace(item, "")
            text = text.replace(entry.release, "")
            assert not [arm for arm in arms if arm in text], entry
            looked += 1
    assert looked > 5000


def test_the_sealed_rows_stand_in_no_ledger(rehearsed: Rehearsed) -> None:
    allocation = rehearsed.trial.allocation
    text = "\n".join(line.text for lines in rehearsed.trial.ledgers.values() for line in lines)
    for sealed in (allocation.sealed_list, allocation.sealed_kits):
        for opening, row in zip(sealed.openings[:200], sealed.rows[:200], strict=True):
            assert not any(part in text for part in (opening.key, opening.salt, row.leaf, row.ciphertext))
        assert text.count(sealed.root) == 1


def test_every_row_opens_against_the_commitment_and_a_swapped_one_does_not(rehearsed: Rehearsed) -> None:
    allocation = rehearsed.trial.allocation
    committed = next(entry for entry in rehearsed.entries["study:mapp1"] if entry.kind == "commitment").data
    assert committed["list_rows"] == len(allocation.rows)
    assert committed["kits_rows"] == len(allocation.kits)
    sealed = allocation.sealed_list
    for place, row in enumerate(allocation.rows):
        assert prove(sealed, place, committed["list_root"]) == f"{row.number}|{row.stratum}|{row.arm}"
    for place in range(0, len(allocation.kits), 97):
        kit = allocation.kits[place]
        opened = prove(allocation.sealed_kits, place, committed["kits_root"])
        assert opened == f"{kit.kit}|{kit.arm}|{kit.level}|{kit.part}"
    other = next(place for place, row in enumerate(allocation.rows) if row.arm != allocation.rows[0].arm)
    rows, openings = list(sealed.rows), list(sealed.openings)
    rows[0], rows[other] = rows[other], rows[0]
    openings[0], openings[other] = openings[other], openings[0]
    with pytest.raises(ValueError, match=f"what opens row {other + 1} is not what opens row 1"):
        prove(msgspec.structs.replace(sealed, rows=rows, openings=openings), 0, committed["list_root"])
    moved = Opening(0, openings[0].key, openings[0].salt)
    openings[0] = moved
    with pytest.raises(ValueError, match="cannot be opened"):
        prove(msgspec.structs.replace(sealed, rows=rows, openings=openings), 0, committed["list_root"])


def test_each_kit_goes_to_one_participant_holds_what_the_arm_needs_and_was_sent_to_the_site(
    rehearsed: Rehearsed,
) -> None:
    contents = {row.kit: row for row in rehearsed.trial.allocation.kits}
    arms = rehearsed.trial.allocation.arms()
    stock = {
        entry.data["number"]: name.partition(":")[2]
        for name, entries in rehearsed.entries.items()
        for entry in entries
        if entry.kind == "kit"
    }
    seen: set[str] = set()
    for course in rehearsed.randomised.values():
        assert course.randomisation is not None
        assert not seen & course.kits.keys()
        seen |= course.kits.keys()
        for number, kit in course.kits.items():
            assert contents[number].arm == arms[course.randomisation.number]
            assert (contents[number].level, contents[number].part) == (kit.level, kit.part)
            assert stock[number] == course.site
    assert len(seen) > 100


def test_kit_numbers_in_the_order_in_which_they_were_sent_do_not_tell_the_arms_apart(mapp1: Study) -> None:
    """Numbers that rise within each arm would sort participants into arms; these rise half of the time."""
    finished = rehearse(mapp1, 24, seed=5)
    contents = {row.kit: row for row in finished.allocation.kits}
    sent: dict[tuple[str, str, str], list[tuple[datetime, str]]] = {}
    for name, lines in finished.ledgers.items():
        if name.startswith("participant:"):
            for kit in fold(mapp1, [read(line.text) for line in lines]).kits.values():
                sent.setdefault(contents[kit.number].content, []).append((kit.at, kit.number))
    rises = [first < second for kits in sent.values() for (_, first), (_, second) in pairwise(sorted(kits))]
    assert len(rises) > 80
    assert abs(np.mean(rises) - 0.5) < 4 * 0.29 / len(rises) ** 0.5


def test_what_a_site_receives_for_a_participant_looks_the_same_in_every_arm(rehearsed: Rehearsed) -> None:
    for name, entries in rehearsed.entries.items():
        if not name.startswith("site:"):
            continue
        kits = [entry for entry in entries if entry.kind == "kit"]
        needed = sum(
            2 * (planned + needs.RESERVE) for planned in (3, 2)
        )  # low in three sessions, full in two
        assert len(kits) % needed == 0
        for first in range(0, len(kits), needed):
            numbers = [entry.data["number"] for entry in kits[first : first + needed]]
            assert numbers == sorted(numbers)


def test_permuting_the_sealed_labels_changes_nothing_but_the_opened_allocation(rehearsed: Rehearsed) -> None:
    """R10: the same ledgers beside a swapped list: only the column of the arm differs, in one frame."""
    blinded = _frames(rehearsed, None)
    opened = _frames(rehearsed, rehearsed.trial.allocation)
    swapped = _frames(rehearsed, _swapped(rehearsed.trial.allocation))
    assert {name for name in opened if opened[name] != swapped[name]} == {"subjects"}
    assert blinded == _without_arm(opened) == _without_arm(swapped)


@pytest.mark.parametrize("name", ["mapp1", "mapp2", "life-threatening-illness"])
def test_where_the_arms_do_the_same_swapping_them_changes_nothing_before_somebody_is_told(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No number drawn, id, delay, kit or order depends on the arm, only what participants show of it."""
    study, path = load_study(name), shipped_cohort(name)
    alike = _alike(load_parameters(path if path.is_file() else None, release=study.newest))
    monkeypatch.setattr(rehearsal, "load_parameters", lambda path, scenario, release: alike)
    first = rehearse(study, 8, seed=3)
    other = {"mdma": "placebo", "placebo": "mdma"}
    pack, blocks = allocated.pack_kits, allocated.permuted_blocks

    def packed(counts: Any, random: Any) -> list[Any]:
        # What is given openly is the drug whoever gets it: only what comes in both arms is swapped.
        return [
            _relabelled(row, other) if (other[row.arm], row.level, row.part) in counts else row
            for row in pack(counts, random)
        ]

    monkeypatch.setattr(allocated, "pack_kits", packed)
    monkeypatch.setattr(
        allocated, "permuted_blocks", lambda *given: [_relabelled(row, other) for row in blocks(*given)]
    )
    second = rehearse(study, 8, seed=3)
    assert first.allocation.arms() == {number: other[arm] for number, arm in second.allocation.arms().items()}
    tells = study.newest.file.unblinding is not None
    changed = {ledger for ledger in first.ledgers if first.ledgers[ledger] != second.ledgers[ledger]}
    people = {ledger for ledger in changed if ledger.startswith("participant:")}
    assert changed - people == {f"study:{name}"}
    assert bool(people) == tells
    for ledger in people:
        pairs = zip(first.ledgers[ledger], second.ledgers[ledger], strict=False)
        before, after = next((read(a.text), read(b.text)) for a, b in pairs if a != b)
        assert before.kind == after.kind == "planned_unblinding"
        assert before.data["arm"] == other[after.data["arm"]]
        assert before.occurred_at == after.occurred_at
    for one, two in zip(first.ledgers[f"study:{name}"], second.ledgers[f"study:{name}"], strict=not tells):
        if read(one.text).kind not in ("commitment", "heads"):
            assert read(one.text).data == read(two.text).data


def _alike(parameters: Parameters) -> Parameters:
    """The parameters with what the first arm does in both, and nobody who guesses."""
    tree = parameters.model_dump()

    def same(table: dict[str, Any]) -> None:
        table["placebo"] = table["mdma"]

    same(tree["efficacy"]["arms"])
    for hazard in ("treatment", "study"):
        same(tree["discontinuation"][hazard]["arms"])
    for guesser in tree["guesses"]["roles"].values():
        guesser["by_arm"]["mdma"] = {"mdma": 0.0, "placebo": 0.0, "unknown": 1.0}
        same(guesser["by_arm"])
    tree["guesses"]["occasions"] = dict.fromkeys(tree["guesses"]["occasions"], 1.0)
    for term in tree["adverse_events"]["terms"]:
        same(term["chance"])
    for sign in tree["vital_signs"]["signs"].values():
        same(sign["rise"])
    if tree["vital_signs"]["drug"]:
        same(tree["vital_signs"]["drug"])
    return Parameters.model_validate(tree)


def _relabelled(row: Any, other: dict[str, str]) -> Any:
    return msgspec.structs.replace(row, arm=other[row.arm])


def _swapped(allocation: Allocation) -> Allocation:
    other = {"mdma": "placebo", "placebo": "mdma"}
    rows = [_relabelled(row, other) for row in allocation.rows]
    return msgspec.structs.replace(allocation, rows=rows)


def _frames(rehearsed: Rehearsed, allocation: Allocation | None) -> dict[str, Any]:
    accumulator = Accumulator(rehearsed.study)
    for course in rehearsed.courses.values():
        accumulator.add(course)
    built = accumulator.finish(None if allocation is None else allocation.arms())
    return {name: getattr(built, name).write_csv() for name in FRAMES}


def _without_arm(frames: dict[str, Any]) -> dict[str, Any]:
    subjects = pl.read_csv(io.StringIO(frames["subjects"]), infer_schema=False)
    assert ARM in subjects.columns
    return frames | {"subjects": subjects.drop(ARM).write_csv()}
