"""The randomisation list and the kit map: ratio, balance, reproducibility, and numbers that tell nothing."""

from collections import Counter

import numpy as np
import pytest

from entact.course.allocation.allocation import pack_kits, permuted_blocks, prove, seal
from entact.course.allocation.chance import Rehearsed

RATIO = {"active": 1, "control": 1}


def random(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def test_each_stratum_is_balanced_within_half_a_block_everywhere():
    """R25: ratio and balance."""
    rows = permuted_blocks(["01", "02"], 200, RATIO, [2, 4], Rehearsed(random(1)))
    for stratum in ("01", "02"):
        lead = np.cumsum([1 if row.arm == "active" else -1 for row in rows if row.stratum == stratum])
        assert abs(lead).max() <= 2
    assert len({row.number for row in rows}) == len(rows)


def test_the_arm_of_a_place_is_a_fair_coin_over_seeds():
    """R25: over 2,000 lists the first row is active within 4 standard errors of one half."""
    first = [
        permuted_blocks(["01"], 2, RATIO, [2, 4], Rehearsed(random(seed)))[0].arm for seed in range(2000)
    ]
    assert abs(first.count("active") / 2000 - 0.5) < 4 * 0.5 / 2000**0.5


def test_ratio_of_two_to_one_holds_in_each_block():
    rows = permuted_blocks(["01"], 60, {"active": 2, "control": 1}, [3], Rehearsed(random(2)))
    for start in range(0, 60, 3):
        assert Counter(row.arm for row in rows[start : start + 3]) == {"active": 2, "control": 1}


def test_the_same_seed_gives_the_same_list_and_another_seed_another():
    assert permuted_blocks(["01"], 40, RATIO, [4], Rehearsed(random(3))) == permuted_blocks(
        ["01"], 40, RATIO, [4], Rehearsed(random(3))
    )
    assert permuted_blocks(["01"], 40, RATIO, [4], Rehearsed(random(3))) != permuted_blocks(
        ["01"], 40, RATIO, [4], Rehearsed(random(4))
    )


@pytest.mark.parametrize("sizes", [[3], [0], [4, 0], [-2], []])
def test_a_block_that_cannot_hold_the_ratio_is_refused(sizes):
    with pytest.raises(ValueError, match="positive multiples of 2"):
        permuted_blocks(["01"], 10, RATIO, sizes, Rehearsed(random(1)))


def test_kit_numbers_are_unique_and_say_nothing_of_the_arm():
    contents = [
        (arm, level, part) for arm in RATIO for level in ("low", "full") for part in ("initial", "supplement")
    ]
    kits = pack_kits(dict.fromkeys(contents, 200), Rehearsed(random(5)))
    assert len({row.kit for row in kits}) == len(kits) == 1600
    ranks = np.array([int(row.kit.removeprefix("K-")) for row in kits if row.arm == "active"])
    others = np.array([int(row.kit.removeprefix("K-")) for row in kits if row.arm == "control"])
    assert abs(ranks.mean() - others.mean()) < 4 * 260_000 * (2 / 800) ** 0.5


def test_every_row_of_both_lists_proves_itself_against_the_committed_roots():
    rows = permuted_blocks(["01"], 8, RATIO, [2], Rehearsed(random(6)))
    kits = pack_kits(
        {("active", "low", "initial"): 2, ("control", "low", "initial"): 2}, Rehearsed(random(6))
    )
    allocation = seal("mini", rows, kits, [2], Rehearsed(random(6)))
    for place, row in enumerate(rows):
        opened = prove(allocation.sealed_list, place, allocation.sealed_list.root)
        assert opened == f"{row.number}|01|{row.arm}"
    assert prove(allocation.sealed_kits, 0, allocation.sealed_kits.root).startswith(kits[0].kit)
    with pytest.raises(ValueError, match="not the row that was committed"):
        prove(allocation.sealed_list, 0, allocation.sealed_kits.root)
