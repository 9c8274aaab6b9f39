"""The effect given the guess: by strata, along the curve of correct guesses, and what expectancy needs."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from entact.analysis.guess import (
    Guessed,
    correct_guess_curve,
    effect_by_guess,
    expectancy_needed,
    read_guesses,
)
from entact.analysis.result import Estimate

PAIR = ("mdma", "placebo")


def trial(*, of_treatment: float, of_belief: float, n: int = 400, seed: int = 5) -> pl.DataFrame:
    """A simulated trial: most guess their arm, and treatment and belief act by so much."""
    generator = np.random.default_rng(seed)
    arm = np.repeat(PAIR, n)
    right = generator.random(2 * n) < 0.75
    guess = np.where(right, arm, np.where(arm == "mdma", "placebo", "mdma"))
    value = of_treatment * (arm == "mdma") + of_belief * (guess == "mdma") + generator.normal(0, 5, 2 * n)
    return pl.DataFrame({"arm": arm, "guess": guess, "value": value})


def test_an_effect_only_through_belief_is_told_from_one_of_treatment() -> None:
    treated = read_guesses(trial(of_treatment=-10, of_belief=0), PAIR)
    believed = read_guesses(trial(of_treatment=0, of_belief=-10), PAIR)
    for guessed, inside in ((treated, -10.0), (believed, 0.0)):
        for one in effect_by_guess(guessed)[:2]:  # type: ignore[index]
            assert one.estimate == pytest.approx(inside, abs=1.5)
        half = correct_guess_curve(guessed, [0.5])[0]
        assert half.estimate == pytest.approx(inside, abs=1.5)
    rise = correct_guess_curve(believed, [0.0, 1.0])
    assert rise[0].estimate == pytest.approx(10, abs=1.5)
    assert rise[1].estimate == pytest.approx(-10, abs=1.5)


def test_strata_are_welchs_tests() -> None:
    rows = trial(of_treatment=-3, of_belief=-2, n=30)
    found = effect_by_guess(read_guesses(rows, PAIR))[0]
    one, two = (
        rows.filter(pl.col("arm") == arm, pl.col("guess") == "mdma")["value"].to_numpy() for arm in PAIR
    )
    assert found.p == pytest.approx(stats.ttest_ind(one, two, equal_var=False).pvalue, rel=1e-10)
    assert "not randomised" in " ".join(found.notes)


def test_the_curve_at_the_rate_that_was_seen_is_the_difference_of_means() -> None:
    rows = pl.DataFrame(
        {
            "arm": ["mdma"] * 8 + ["placebo"] * 8,
            "guess": ["mdma"] * 6 + ["placebo"] * 2 + ["placebo"] * 6 + ["mdma"] * 2,
            "value": [float(n * n % 11) for n in range(16)],
        }
    )
    found = correct_guess_curve(read_guesses(rows, PAIR), [0.75])[0]
    means = [rows.filter(pl.col("arm") == arm)["value"].mean() for arm in PAIR]
    assert found.estimate == pytest.approx(means[0] - means[1])  # type: ignore[operator]


def test_what_expectancy_would_need() -> None:
    rows = pl.DataFrame(
        {
            "arm": ["mdma"] * 10 + ["placebo"] * 10,
            "guess": ["mdma"] * 9 + ["do_not_know"] + ["mdma"] * 2 + ["placebo"] * 8,
            "value": [-20.0] * 10 + [-6.0] * 10,
        }
    )
    effect = Estimate("difference", "some", -14.0, -20.0, -7.0)
    found = expectancy_needed(read_guesses(rows, PAIR), effect, sd=10.0)
    assert found.estimate == pytest.approx(-14 / 0.7)
    assert found.notes[:2] == ("that is 2.00 SD", "-10 is needed for the limit of the 95 % interval")
    none = Estimate("difference", "some", -1.0, -4.0, 2.0)
    assert "holds nought" in expectancy_needed(read_guesses(rows, PAIR), none).notes[0]


def test_blinding_that_holds_leaves_nothing_to_expectancy() -> None:
    rows = pl.DataFrame({"arm": ["mdma", "placebo"] * 4, "guess": ["mdma"] * 8, "value": [1.0] * 8})
    found = expectancy_needed(read_guesses(rows, PAIR), Estimate("difference", "some", -3.0))
    assert found.estimate is None
    assert "no effect of belief" in found.notes[0]


def test_too_few_guesses_are_said() -> None:
    rows = pl.DataFrame(
        {
            "arm": ["mdma"] * 3 + ["placebo"] * 3,
            "guess": ["mdma"] * 3 + ["placebo"] * 2 + [None],
            "value": [1.0, 2, 3, 4, 5, 6],
        }
    )
    guessed: Guessed = read_guesses(rows, PAIR)
    assert guessed.notes == ("1 without a guess or an outcome left out",)
    found = effect_by_guess(guessed)
    assert all(one.estimate is None for one in found)
    with pytest.raises(ValueError, match="0 in mdma guessed the other arm"):
        correct_guess_curve(guessed)
    with pytest.raises(ValueError, match="nobody in arm 'placebo'"):
        read_guesses(rows.with_columns(guess=pl.when(pl.col("arm") == "mdma").then(pl.col("guess"))), PAIR)


def test_a_curve_of_few_has_t_intervals_and_one_of_no_spread_none() -> None:
    """> v <- c(.75^2 * var(c(4, 8)), .25^2 * var(c(1, 3)), .75^2 * var(c(2, 5)), .25^2 * var(c(6, 6.5))) / 2
    > d <- .75 * 6 + .25 * 2 - .75 * 3.5 - .25 * 6.25; df <- sum(v)^2 / sum(v^2 / 1)
    > d + c(-1, 1) * qt(.975, df) * sqrt(sum(v))
    """
    rows = pl.DataFrame(
        {
            "arm": [PAIR[0]] * 4 + [PAIR[1]] * 4,
            "guess": [PAIR[0]] * 2 + [PAIR[1]] * 4 + [PAIR[0]] * 2,
            "value": [4.0, 8.0, 1.0, 3.0, 2.0, 5.0, 6.0, 6.5],
        }
    )
    one = correct_guess_curve(read_guesses(rows, PAIR), [0.75])[0]
    assert (one.estimate, one.df, one.low, one.high) == pytest.approx(
        (0.8125, 1.9241914926237, -7.6461161719883, 9.2711161719883)
    )
    flat = rows.with_columns(value=pl.Series([1.0] * 2 + [2.0] * 2 + [3.0] * 4))
    alike = correct_guess_curve(read_guesses(flat, PAIR), [0.5])[0]
    assert (alike.low, alike.high, alike.p) == (None, None, None)
    assert any("no interval" in note for note in alike.notes)
