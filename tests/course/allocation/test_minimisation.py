"""Minimisation: worked by hand, its laws, its balance and what a guesser foretells, against simulations."""

from __future__ import annotations

import secrets
from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
import pytest

from entact.course.allocation.allocation import commitment_of
from entact.course.allocation.chance import Drawn, Rehearsed
from entact.course.allocation.foretold import foretold
from entact.course.allocation.minimisation import (
    Minimising,
    chances,
    draw_of,
    draw_rows,
    draws_from,
    next_arm,
    replay,
    rows_again,
)

EVEN = Minimising({"mdma": 1, "placebo": 1}, (1, 1, 1), Fraction(4, 5))
SITES, SEXES, AGES = ("S01", "S02", "S03", "S04"), ("female", "male"), ("young", "old")


def random(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def people(count: int, seed: int) -> list[tuple[str, str, str]]:
    generator = random(seed)
    return [
        (str(generator.choice(SITES)), str(generator.choice(SEXES)), str(generator.choice(AGES)))
        for _ in range(count)
    ]


# Before: S01 female young mdma, S01 male old mdma, S02 female old placebo, S01 female old placebo.
BEFORE = [
    (("S01", "female", "young"), "mdma"),
    (("S01", "male", "old"), "mdma"),
    (("S02", "female", "old"), "placebo"),
    (("S01", "female", "old"), "placebo"),
]


@pytest.mark.parametrize(
    ("levels", "plan", "mdma"),
    [
        # S01 2:1, female 1:2, old 1:2. With mdma the ranges are 2, 0, 0; with placebo 0, 2, 2: mdma.
        (("S01", "female", "old"), EVEN, Fraction(4, 5)),
        # S01 2:1, male 1:0, young 1:0. With mdma 2, 2, 2; with placebo 0, 0, 0: placebo.
        (("S01", "male", "young"), EVEN, Fraction(1, 5)),
        # S02 0:1, male 1:0, old 1:2. With mdma 0, 2, 0; with placebo 2, 0, 2: mdma by 2 to 4.
        (("S02", "male", "old"), EVEN, Fraction(4, 5)),
        # The same with sex three times as heavy: 6 to 4, placebo.
        (("S02", "male", "old"), msgspec.structs.replace(EVEN, weights=(1, 3, 1)), Fraction(1, 5)),
        # With sex twice as heavy 4 to 4, a tie.
        (("S02", "male", "old"), msgspec.structs.replace(EVEN, weights=(1, 2, 1)), Fraction(1, 2)),
        # A site of nobody, 0:0, and male 1:0, young 1:0: with mdma 1, 2, 2; with placebo 1, 0, 0.
        (("S04", "male", "young"), EVEN, Fraction(1, 5)),
        # By variance (half the square of a difference of two) the first is 2, 0, 0 against 0, 2, 2 again.
        (("S01", "female", "old"), msgspec.structs.replace(EVEN, measure="variance"), Fraction(4, 5)),
    ],
)
def test_the_arm_that_leaves_the_least_imbalance_is_preferred(
    levels: tuple[str, str, str], plan: Minimising, mdma: Fraction
) -> None:
    """Pocock and Simon 1975, equations for D, G and one chance, worked by hand."""
    assert chances(plan, BEFORE, levels) == {"mdma": mdma, "placebo": 1 - mdma}


def test_range_and_variance_differ_where_one_margin_is_far_off() -> None:
    """One factor 3:0 against five of 0:1: by range 4 + 0 to 2 + 10, by variance 8 + 0 to 2 + 10."""
    plan = Minimising({"mdma": 1, "placebo": 1}, (1, 1), Fraction(3, 4))
    before = [(("a", str(place)), "mdma") for place in range(3)] + [(("b", "x"), "placebo")] * 3
    # a 3:0, x 0:3: with mdma 4 + 2 = 6, with placebo 2 + 4 = 6: a tie; by variance 8 + 2 = 2 + 8.
    assert set(chances(plan, before, ("a", "x")).values()) == {Fraction(1, 2)}
    uneven = [*before, (("b", "x"), "mdma"), (("c", "x"), "mdma")]
    # a 3:0, x 2:3: with mdma 4 + 0 = 4, with placebo 2 + 2 = 4, a tie; by variance 8 + 0 to 2 + 2: placebo.
    assert set(chances(plan, uneven, ("a", "x")).values()) == {Fraction(1, 2)}
    squared = msgspec.structs.replace(plan, measure="variance")
    assert chances(squared, uneven, ("a", "x"))["placebo"] == Fraction(3, 4)


def test_of_three_arms_and_a_ratio_counts_are_by_share() -> None:
    plan = Minimising({"full": 2, "low": 1, "placebo": 1}, (1,), Fraction(4, 5))
    assert chances(plan, [], ("S01",)) == {  # 1/2, 1, 1: the largest arm leaves least
        "full": Fraction(4, 5),
        "low": Fraction(1, 10),
        "placebo": Fraction(1, 10),
    }
    before = [(("S01",), arm) for arm in ("full", "full", "low")]
    # 1, 1, 0 by share: placebo evens it out; full and low share the rest as 2 : 1.
    assert chances(plan, before, ("S01",)) == {
        "full": Fraction(2, 15),
        "low": Fraction(1, 15),
        "placebo": Fraction(4, 5),
    }


def test_levels_that_are_not_one_of_each_factor_are_refused() -> None:
    with pytest.raises(ValueError, match="S01/female is not one level of each of 3 factors"):
        chances(EVEN, [], ("S01", "female"))


@pytest.mark.requirement("R25")
def test_draws_are_replayed_to_the_same_arms_and_another_draw_gives_another() -> None:
    """R25: whoever opens the draws afterwards reckons every arm again."""
    came = people(60, 1)
    draws = [draw_of(row) or 0 for row in draws_from(Rehearsed(random(2)), 60)]
    arms = replay(EVEN, ["/".join(one) for one in came], draws)
    assert replay(EVEN, ["/".join(one) for one in came], draws) == arms
    before: list[Any] = []
    for levels, draw, arm in zip(came, draws, arms, strict=True):
        assert next_arm(EVEN, before, levels, draw) == arm
        before.append((levels, arm))
    others = [draw ^ (1 << 63) for draw in draws]
    assert replay(EVEN, ["/".join(one) for one in came], others) != arms


def test_every_draw_is_an_arm_and_as_often_as_its_chance() -> None:
    assert next_arm(EVEN, BEFORE, ("S01", "female", "old"), 0) == "mdma"
    assert next_arm(EVEN, BEFORE, ("S01", "female", "old"), (1 << 64) * 4 // 5) == "mdma"
    assert next_arm(EVEN, BEFORE, ("S01", "female", "old"), (1 << 64) * 4 // 5 + 1) == "placebo"
    assert next_arm(EVEN, BEFORE, ("S01", "female", "old"), (1 << 64) - 1) == "placebo"
    first = ("S01", "female", "old")  # with nobody before: exactly half of all draws is each arm's
    assert [next_arm(EVEN, [], first, (1 << 63) + more) for more in (-1, 0)] == ["mdma", "placebo"]


def test_margins_are_balanced_better_than_by_chance_alone() -> None:
    """The largest difference in any margin, over 30 lists of 80: less than half that of chance."""

    def worst(arms: list[str], came: list[tuple[str, str, str]]) -> int:
        signs = [1 if arm == "mdma" else -1 for arm in arms]
        return max(
            abs(sum(sign for own, sign in zip(came, signs, strict=True) if level in own))
            for level in (*SITES, *SEXES, *AGES)
        )

    by_method, by_chance = [], []
    for seed in range(30):
        came = people(80, 100 + seed)
        draws = [draw_of(row) or 0 for row in draws_from(Rehearsed(random(200 + seed)), 80)]
        by_method.append(worst(replay(EVEN, ["/".join(one) for one in came], draws), came))
        simple = random(300 + seed).integers(2, size=80)
        by_chance.append(worst(["mdma" if one else "placebo" for one in simple], came))
    assert np.mean(by_method) < np.mean(by_chance) / 2


def test_a_ratio_is_kept() -> None:
    plan = Minimising({"mdma": 2, "placebo": 1}, (1, 1, 1), Fraction(17, 20))
    draws = [draw_of(row) or 0 for row in draws_from(Rehearsed(random(5)), 240)]
    arms = replay(plan, ["/".join(one) for one in people(240, 6)], draws)
    assert abs(arms.count("mdma") - 160) <= 8


def test_what_is_sealed_for_people_is_draws_and_no_arm() -> None:
    allocation = draw_rows("mini", 12, Drawn(secrets.token_bytes))
    assert [row.number for row in allocation.rows][:2] == ["M-001", "M-002"]
    assert allocation.arms() == {}
    committed = commitment_of(allocation, "training")
    assert committed["numbers"] == {"all": [row.number for row in allocation.rows]}
    assert allocation.method == "method|minimisation"
    seed = secrets.token_bytes(32)
    assert rows_again(5, seed) == rows_again(5, seed)
    assert len({row.arm for row in rows_again(50, seed)}) == 50
    with pytest.raises(ValueError, match="a list of 0 rows is none"):
        rows_again(0, seed)


@pytest.mark.requirement("R25")
def test_what_a_guesser_foretells_is_what_a_simulation_by_the_method_itself_comes_to() -> None:
    """R25: list by list with exact chances, against all lists at once."""
    levels = {"site": 3, "sex": 2}
    plan = msgspec.structs.replace(EVEN, weights=(1, 1))
    found = foretold(plan, levels, 30, 0.9, random(7), lists=1500)
    generator, right = random(8), []
    for _ in range(150):
        true: list[Any] = []
        thought: list[Any] = []
        for _ in range(30):
            own = tuple(str(generator.integers(count)) for count in levels.values())
            likely, believed = chances(plan, true, own), chances(plan, thought, own)
            arm = "mdma" if generator.random() < likely["mdma"] else "placebo"
            best = [one for one, chance in believed.items() if chance == max(believed.values())]
            right.append((arm in best) / len(best))
            guess = arm if generator.random() < 0.9 else ({"mdma", "placebo"} - {arm}).pop()
            true.append((own, arm))
            thought.append((own, guess))
    error = float(np.std(right) / len(right) ** 0.5)
    assert abs(found.right - np.mean(right)) < 4 * (error + found.error)
    assert found.by_chance == 0.5


def test_a_greater_chance_and_better_guesses_foretell_more() -> None:
    def right(chance: Fraction, guessed: float) -> float:
        plan = msgspec.structs.replace(EVEN, chance=chance)
        return foretold(plan, {"site": 3, "sex": 2, "age": 2}, 30, guessed, random(9)).right

    assert right(Fraction(19, 20), 0.9) > right(Fraction(4, 5), 0.9) > right(Fraction(3, 5), 0.9) > 0.5
    assert right(Fraction(4, 5), 1.0) > right(Fraction(4, 5), 0.6)
    assert right(Fraction(4, 5), 0.5) == pytest.approx(0.5, abs=0.02)


def test_by_variance_an_unequal_ratio_is_kept() -> None:
    """Two to one, 4 : 1 so far: with placebo 2 and 2 parts, with mdma 2.5 and 1."""
    plan = Minimising({"mdma": 2, "placebo": 1}, (1,), Fraction(4, 5), measure="variance")
    found = chances(plan, [(("a",), "mdma")] * 4 + [(("a",), "placebo")], ("a",))
    assert found["placebo"] == Fraction(4, 5)


def test_guesses_are_right_between_chance_and_always() -> None:
    plan, levels = msgspec.structs.replace(EVEN, weights=(1, 1)), {"site": 3, "sex": 2}
    for share in (0.5, 1.0):
        assert 0 < foretold(plan, levels, 5, share, random(7), lists=20).right <= 1
    for share in (0.49, 1.01):
        with pytest.raises(ValueError, match=f"right between 1 in 2 and always, not {share}"):
            foretold(plan, levels, 5, share, random(7), lists=20)
