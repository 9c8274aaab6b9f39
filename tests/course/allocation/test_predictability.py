"""How often the next arm is foretold: against figures that can be counted by hand, and an enumeration."""

import numpy as np
import pytest

from entact.course.allocation.predictability import predictability

EVEN = {"active": 1, "control": 1}


def random(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def test_who_knows_nothing_of_those_before_is_right_by_chance() -> None:
    found = predictability(EVEN, [4], 40, 0.5, random())
    assert found.right == pytest.approx(0.5)
    assert found.nearly_sure == 0


@pytest.mark.parametrize(
    ("size", "expected"),
    # Blackwell and Hodges 1957: in a block of 2m, (2m + the mean greatest lead of guesses) / 4m:
    # 1/2 + (4^m / C(2m, m) - 1) / 4m.
    [(2, 3 / 4), (4, 1 / 2 + (16 / 6 - 1) / 8), (6, 1 / 2 + (64 / 20 - 1) / 12)],
)
def test_who_knows_every_arm_before_is_right_as_blackwell_and_hodges_say(size: int, expected: float) -> None:
    found = predictability(EVEN, [size], size * 6, 1.0, random(2), lists=2000)
    assert abs(found.right - expected) < 4 * found.error + 1e-9


def test_of_blocks_of_two_every_second_arm_is_known() -> None:
    assert predictability(EVEN, [2], 20, 1.0, random()).nearly_sure == pytest.approx(0.5)


def test_right_guesses_small_blocks_and_one_size_tell_more() -> None:
    def right(sizes: list[int], guessed: float) -> float:
        return predictability(EVEN, sizes, 24, guessed, random(3)).right

    assert right([2], 0.9) > right([2, 4], 0.9) > right([4, 6, 8], 0.9) > 0.5
    assert right([4], 1.0) > right([4], 0.9) > right([4], 0.7) > right([4], 0.5) - 0.01


def test_three_arms_and_an_uneven_ratio_are_foretold_at_least_as_often_as_by_chance() -> None:
    found = predictability({"full": 2, "low": 1, "placebo": 1}, [4, 8], 30, 0.8, random(4))
    assert found.by_chance == 0.5
    assert found.right > found.by_chance


def test_it_agrees_with_guessing_at_lists_that_the_product_makes() -> None:
    """With every arm known and blocks of 4 a guesser who names what is left more of, over real lists."""
    from entact.course.allocation.allocation import permuted_blocks
    from entact.course.allocation.chance import Rehearsed

    hits = rows = 0.0
    for seed in range(150):
        arms = [row.arm for row in permuted_blocks(["01"], 20, EVEN, [4], Rehearsed(random(seed)))]
        for place, arm in enumerate(arms):
            block = arms[place - place % 4 : place]
            left = {name: 2 - block.count(name) for name in EVEN}
            best = [name for name in left if left[name] == max(left.values())]
            hits += (arm in best) / len(best)
            rows += 1
    found = predictability(EVEN, [4], 20, 1.0, random(5))
    assert abs(hits / rows - found.right) < 4 * (found.error + (0.2 / rows) ** 0.5)


@pytest.mark.parametrize(("sizes", "guessed"), [([3], 0.9), ([], 0.9), ([4], 0.4), ([4], 1.1)])
def test_what_is_no_method_or_no_share_is_refused(sizes: list[int], guessed: float) -> None:
    with pytest.raises(ValueError, match=r"multiples of 2|right between"):
        predictability(EVEN, sizes, 10, guessed, random())


def test_balance_and_runs_are_those_of_the_method() -> None:
    """In blocks of four with two arms nobody is ever more than a row off, and four in a row is the most."""
    found = predictability(EVEN, [4], 40, 0.5, random(6))
    assert (found.off, found.off_at_end, found.longest_run) == (1.0, 0.0, 4)
    cut = predictability(EVEN, [4], 6, 0.5, random(6))
    assert cut.off_at_end == 1.0  # the last block was cut in its middle


def test_balance_is_what_a_count_of_the_same_lists_finds() -> None:
    """A simulation of our own, list by list, of three arms and two sizes of blocks."""
    ratio = {"full": 2, "low": 1, "placebo": 1}
    found = predictability(ratio, [4, 8], 30, 0.5, random(7), lists=3000)
    source = random(8)
    off, runs = [], []
    for _ in range(3000):
        arms: list[int] = []
        while len(arms) < 30:
            size = int(source.choice([4, 8]))
            arms += list(source.permutation([0] * (size // 2) + [1] * (size // 4) + [2] * (size // 4)))
        counts = np.cumsum(np.eye(3)[arms[:30]], axis=0)
        share = np.arange(1, 31)[:, None] * np.array([0.5, 0.25, 0.25])
        off.append(float(np.abs(counts - share).max()))
        breaks = np.flatnonzero(np.diff([-1, *arms[:30], -1]))
        runs.append(int(np.diff(breaks).max()))
    assert found.off == pytest.approx(float(np.quantile(off, 0.95, method="higher")), abs=0.26)
    assert abs(found.longest_run - int(np.quantile(runs, 0.95, method="higher"))) <= 1


def test_blocks_that_are_too_large_to_reckon_with_are_named() -> None:
    with pytest.raises(ValueError, match="blocks of 600 are too large"):
        predictability(EVEN, [600], 10, 0.9, random())


def test_guesses_and_blocks_are_taken_up_to_their_ends_and_no_further() -> None:
    for guessed in (0.5, 1.0):
        assert 0 < predictability(EVEN, [2], 4, guessed, random(), lists=20).right <= 1
    for guessed in (0.49, 1.01):
        with pytest.raises(ValueError, match=f"right between 1 in 2 and always, not {guessed}"):
            predictability(EVEN, [2], 4, guessed, random(), lists=20)
    for sizes in ([], [0], [-2], [4, 0], [3]):
        with pytest.raises(ValueError, match="must be positive multiples of 2"):
            predictability(EVEN, sizes, 4, 0.9, random(), lists=20)
