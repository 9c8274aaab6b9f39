"""The effect in its part by way of the guess, and the words of a plan for guesses."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entact.analysis.analyse import analyse
from entact.analysis.blinding import bang, james
from entact.analysis.guess import mediation_by_guess, read_guesses

PAIR = ("mdma", "placebo")
GUESS = ["mdma"] * 8 + ["placebo"] * 4 + ["mdma"] * 3 + ["placebo"] * 7 + ["unsure"] * 2
ROWS = pl.DataFrame(
    {
        "participant": [f"p{place}" for place in range(24)],
        "arm": ["mdma"] * 12 + ["placebo"] * 12,
        "guess": GUESS,
        "value": [
            -20.0 - place % 5 + 6 * (place >= 12) - 4 * (GUESS[place] == "mdma") for place in range(24)
        ],
    }
)


def test_both_parts_are_the_whole_difference() -> None:
    indirect, direct = mediation_by_guess(read_guesses(ROWS, PAIR))
    means = [ROWS.filter(arm=arm)["value"].mean() for arm in PAIR]
    assert indirect.estimate is not None
    assert direct.estimate is not None
    assert indirect.estimate + direct.estimate == pytest.approx(means[0] - means[1])  # type: ignore[operator]
    assert any("nothing unmeasured" in note for note in indirect.notes)
    assert "4 in mdma did not guess mdma: so few are taken to vary as all groups do" in direct.notes


def test_the_parts_and_their_errors_are_those_of_r() -> None:
    # copied from R output of, with arm a, belief b and value v:
    # > n <- tapply(v, list(a, b), length); M <- tapply(v, list(a, b), mean); V <- tapply(v, list(a, b), var)
    # > E <- ifelse(n < 5, sum((n - 1) * V) / (length(v) - 4), V) / n
    # > s <- tapply(b, a, mean); C <- s * (1 - s) / 12; st <- M["m", 2] - M["m", 1]; gp <- s["m"] - s["p"]
    # > d <- M["m", ] - M["p", ]; w <- c(1 - s["p"], s["p"])
    # > c(st * gp, sqrt(gp^2 * sum(E["m", ]) + st^2 * sum(C)))
    # > c(sum(w * d), sqrt(sum(w^2 * (E["m", ] + E["p", ])) + (d[2] - d[1])^2 * C["p"]))
    indirect, direct = mediation_by_guess(read_guesses(ROWS, PAIR))
    assert (indirect.estimate, indirect.se) == pytest.approx((-1.51041666666667, 0.76262211206336), rel=1e-12)
    assert (direct.estimate, direct.se) == pytest.approx((-5.82291666666667, 0.715080361202357), rel=1e-12)


def test_an_effect_of_belief_alone_is_all_indirect_and_one_of_treatment_alone_all_direct() -> None:
    believed = pl.col("guess") == "mdma"
    for value, part in ((believed.cast(pl.Float64), 0), ((pl.col("arm") == "mdma").cast(pl.Float64), 1)):
        found = mediation_by_guess(read_guesses(ROWS.with_columns(value=value), PAIR))
        assert found[1 - part].estimate == pytest.approx(0, abs=1e-12)
        assert found[part].estimate == pytest.approx(8 / 12 - 3 / 12 if part == 0 else 1.0)


def test_the_standard_errors_are_those_of_many_trials() -> None:
    """By simulation: within three standard errors of the simulation's own standard deviation."""
    rng, found = np.random.default_rng(8), []
    arm = np.array(["mdma"] * 200 + ["placebo"] * 200)
    for _ in range(300):
        belief = rng.random(400) < np.where(arm == "mdma", 0.7, 0.4)
        value = 2.0 * belief + 1.5 * (arm == "mdma") * belief + rng.standard_normal(400)
        rows = pl.DataFrame({"arm": arm, "guess": np.where(belief, "mdma", "placebo"), "value": value})
        one, two = mediation_by_guess(read_guesses(rows, PAIR))
        found.append((one.estimate, one.se, two.estimate, two.se))
    table = np.array(found, dtype=float)
    for column in (0, 2):
        spread = table[:, column].std(ddof=1)
        assert abs(table[:, column + 1].mean() / spread - 1) < 3 / np.sqrt(2 * 299)


def test_where_hardly_anybody_guesses_wrong_no_effect_is_seldom_found() -> None:
    """As in a trial that is not blind: 45 people in each arm, 5 % and 20 % of whom guess wrong."""
    rng, tested, rejected = np.random.default_rng(5), 0, 0
    arm = np.array(["mdma"] * 45 + ["placebo"] * 45)
    for _ in range(250):
        belief = rng.random(90) < np.where(arm == "mdma", 0.95, 0.2)
        rows = pl.DataFrame(
            {"arm": arm, "guess": np.where(belief, "mdma", "placebo"), "value": rng.standard_normal(90)}
        )
        try:
            found = mediation_by_guess(read_guesses(rows, PAIR))
        except ValueError:
            continue
        tested += 1
        rejected += sum(one.p is not None and one.p < 0.05 for one in found)
    assert tested > 150
    assert rejected / (2 * tested) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / tested)


@settings(max_examples=25)
@given(st.floats(-50, 50), st.floats(0.1, 10))
def test_another_unit_changes_nothing_else(shift: float, scale: float) -> None:
    one = mediation_by_guess(read_guesses(ROWS, PAIR))
    other = mediation_by_guess(read_guesses(ROWS.with_columns(value=pl.col("value") * scale + shift), PAIR))
    for before, after in zip(one, other, strict=True):
        assert before.estimate is not None
        assert before.se is not None
        assert after.estimate == pytest.approx(before.estimate * scale, abs=1e-9 * max(scale, 1))
        assert after.se == pytest.approx(before.se * scale)


def test_too_few_who_guessed_one_way_say_why() -> None:
    with pytest.raises(ValueError, match="1 in mdma did not guess mdma"):
        mediation_by_guess(
            read_guesses(
                ROWS[3:4]
                .vstack(ROWS[:2])
                .vstack(ROWS[10:])
                .filter(~((pl.col("arm") == "mdma") & (pl.col("participant") == "p11"))),
                PAIR,
            )
        )


def test_words_for_guesses_reach_their_methods() -> None:
    said = {"contrast": "mdma - placebo"}
    plan = {
        "analyses": {
            **{
                name: {"method": name, "value": "guess", "unknown": "unsure", **said}
                for name in ("bang", "james")
            },
            **{
                name: {"method": name, "guess": "guess", **said}
                for name in ("by_guess", "guess_curve", "expectancy", "mediation")
            },
        }
    }
    found = analyse(plan, ROWS)
    assert [one.why for one in found.values()] == [None] * 6
    results = {name: one.result for name, one in found.items()}
    assert results["bang"] is not None
    assert results["james"] is not None
    assert [one.estimate for one in results["bang"]] == [bang(8, 4, 0).estimate, bang(7, 3, 2).estimate]
    assert results["james"][0].estimate == james([[8, 3], [4, 7], [0, 2]]).estimate
    strange = analyse({"analyses": {"one": {"method": "bang", "value": "guess", **said}}}, ROWS)["one"]
    assert strange.why is not None
    assert "'unsure' was guessed" in strange.why
