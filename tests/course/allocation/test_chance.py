"""Chance for people comes from the operating system; what follows from a seed seals nothing for them."""

from __future__ import annotations

import os
import random as standard_random
import secrets
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.course.allocation.allocation import (
    Allocation,
    commitment_of,
    method_of,
    pack_kits,
    permuted_blocks,
    prove,
    seal,
)
from entact.course.allocation.chance import Chance, Drawn, Rehearsed, below

RATIO = {"active": 1, "control": 1}


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def allocate(chance: Chance, blocks: tuple[int, ...] = (2, 4)) -> Allocation:
    rows = permuted_blocks(["01", "02"], 12, RATIO, blocks, chance)
    kits = pack_kits({("active", "low", "initial"): 20, ("control", "low", "initial"): 20}, chance)
    return seal("mini", rows, kits, blocks, chance)


@pytest.mark.parametrize("source", [secrets.token_bytes, os.urandom])
def test_a_list_for_people_is_balanced_sealed_and_not_simulated(source: Callable[[int], bytes]) -> None:
    allocation, other = allocate(Drawn(source)), allocate(Drawn(source))
    assert not allocation.simulated
    assert allocation.sealed_list.root != other.sealed_list.root
    for stratum in ("01", "02"):
        lead = np.cumsum(
            [1 if row.arm == "active" else -1 for row in allocation.rows if row.stratum == stratum]
        )
        assert abs(lead).max() <= 2
        assert lead[-1] == 0
    assert len({row.kit for row in allocation.kits}) == 40
    committed = commitment_of(allocation, "production")
    for place, row in enumerate(allocation.rows):
        assert (
            prove(allocation.sealed_list, place, committed["list_root"])
            == f"{row.number}|{row.stratum}|{row.arm}"
        )


@pytest.mark.parametrize(
    "source",
    [
        generator(1).bytes,
        lambda count: generator(1).bytes(count),
        standard_random.Random(1).randbytes,
        standard_random.randbytes,
        bytes,
        np.random.default_rng(3).bytes,
    ],
)
def test_what_follows_from_a_seed_is_no_source_for_people(source: Callable[[int], bytes]) -> None:
    with pytest.raises(ValueError, match="operating system"):
        Drawn(source)


def test_from_the_seed_of_a_rehearsal_every_arm_follows_and_it_is_committed_for_nobody() -> None:
    mine, theirs = allocate(Rehearsed(generator(7))), allocate(Rehearsed(generator(7)))
    assert mine.arms() == theirs.arms()
    assert mine.sealed_list.openings == theirs.sealed_list.openings
    assert mine.simulated
    assert commitment_of(mine, "rehearsal")["list_root"] == mine.sealed_list.root
    with pytest.raises(ValueError, match="from its seed every arm follows"):
        commitment_of(mine, "production")
    with pytest.raises(ValueError, match="was drawn for people"):
        commitment_of(allocate(Drawn(secrets.token_bytes)), "rehearsal")


def test_the_method_is_committed_with_the_list() -> None:
    allocation = allocate(Drawn(secrets.token_bytes), (4, 6))
    committed = commitment_of(allocation, "production")
    said = prove(allocation.sealed_list, committed["list_rows"], committed["list_root"])
    assert said == method_of((4, 6)) == "method|permuted blocks|4,6"
    for blocks in ([2, 4], [], [6, 4]):
        altered = Allocation(
            **{name: getattr(allocation, name) for name in Allocation.__struct_fields__}
            | {"block_sizes": blocks}
        )
        with pytest.raises(ValueError, match="the method that is sealed"):
            commitment_of(altered, "production")


def counted(values: list[int]) -> Iterator[bytes]:
    return (value.to_bytes(8, "big") for value in values)


@given(limit=st.integers(1, 2**64), drawn=st.lists(st.integers(0, 2**64 - 1), min_size=1))
def test_what_lies_beyond_whole_multiples_is_drawn_again(limit: int, drawn: list[int]) -> None:
    stream = counted([*drawn, 0])
    whole = 2**64 // limit * limit
    expected = next(value for value in [*drawn, 0] if value < whole) % limit
    assert below(limit, lambda count: next(stream)) == expected


@pytest.mark.parametrize("limit", [0, -1, 2**64 + 1])
def test_there_is_no_number_below_nothing(limit: int) -> None:
    with pytest.raises(ValueError, match="to be drawn"):
        below(limit, secrets.token_bytes)


def test_orders_and_choices_are_fair() -> None:
    chance = Drawn(secrets.token_bytes)
    orders = Counter(tuple(chance.shuffled(3)) for _ in range(6000))
    assert len(orders) == 6
    assert max(abs(count - 1000) for count in orders.values()) < 6 * 1000**0.5
    for _ in range(50):
        chosen = chance.chosen(5, 6)
        assert len(set(chosen)) == 5
        assert set(chosen) <= set(range(6))
    with pytest.raises(ValueError, match="different numbers"):
        chance.chosen(3, 2)
