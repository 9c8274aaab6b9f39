"""Kits of a rehearsal are planned for rows of its list, where the study orders them so: and of no arm."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from entact.cohort import Trial, rehearse
from entact.cohort.planned_kits import kits_key, plan_kits
from entact.course import fold_setting, read
from entact.course.planned_kits import holds_sealed, kits_opened
from entact.course.state.numbers import normal
from entact.protocol import load_study

SEED = 3


@pytest.fixture(scope="module")
def trial() -> Trial:
    return rehearse(load_study("mapp3"), participants=4, seed=SEED)


def entries(trial: Trial, name: str) -> list[Any]:
    return [read(line.text) for line in trial.ledgers[name]]


@pytest.mark.requirement("R10")
def test_whoever_is_randomised_has_kits_of_their_row_and_rows_to_come_have_as_many(trial: Trial) -> None:
    """R10: sealed in the ledger; opened, each row has as many of everything, whatever its arm."""
    own = entries(trial, "study:mapp3")
    [plan] = [one for one in own if one.kind == "kits_planned"]
    assert holds_sealed(plan)
    key = trial.keys["kits:mapp3"]
    setting = fold_setting(trial.study, [kits_opened(one, key) for one in own], ())
    assert setting.problems == ()
    packed = setting.study.packed
    people = [name for name in trial.ledgers if name.startswith("participant:")]
    rows = set()
    for name in people:
        said = entries(trial, name)
        number = next((one.data["number"] for one in said if one.kind == "randomisation"), None)
        if number is None:
            continue
        rows.add(normal(number))
        assert {packed[normal(one.data["kit"])].number for one in said if one.kind == "kit_assigned"} == {
            normal(number)
        }
    assert len(rows) == trial.randomised == 4
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for one in packed.values():
        counts.setdefault(one.number, Counter())[one.level, one.part] += 1
    assert len(counts) > len(rows)
    assert rows < set(counts)
    assert len({tuple(sorted(one.items())) for one in counts.values()}) == 1


@pytest.mark.requirement("R10")
def test_with_the_arms_swapped_the_plan_is_the_same(trial: Trial) -> None:
    arms = sorted({one.arm for one in trial.allocation.rows})
    swap = dict(zip(arms, [*arms[1:], *arms[:1]], strict=True))
    rows = [replace(one, arm=swap[one.arm]) for one in trial.allocation.rows]
    kits = [replace(one, arm=swap.get(one.arm, one.arm)) for one in trial.allocation.kits]
    other = replace(trial.allocation, rows=rows, kits=kits)
    assert plan_kits(trial.study, other, {}, SEED) == plan_kits(trial.study, trial.allocation, {}, SEED)


def test_a_study_that_orders_no_kits_plans_none() -> None:
    found = rehearse(load_study("mapp1"), participants=1, seed=SEED)
    assert not [one for one in entries(found, "study:mapp1") if one.kind == "kits_planned"]
    assert not [name for name in found.keys if not name.startswith("participant:")]
    assert kits_key(1) != kits_key(2)
