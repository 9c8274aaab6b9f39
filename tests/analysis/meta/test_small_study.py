"""Small-study effects: against metafor, by simulation, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.analysis.meta.golden import METAFOR, MORE, SETS, agrees, effects

from entact.analysis.meta import Effect, Means, begg, egger, standardised_mean_difference, trim_and_fill


@pytest.mark.parametrize("name", SETS)
def test_the_classical_test_is_that_of_metafor(name: str) -> None:
    # > regtest(x, model="lm"), x <- rma(yi, vi); normand1999 has nine trials
    own, other = egger(effects(name), fewest=9), METAFOR[name]["egger_lm_classical"]
    agrees(
        [own.statistic, own.df, own.p, own.limit], [other[one] for one in ("tval", "df", "pval", "limit_est")]
    )


@pytest.mark.parametrize("name", SETS)
def test_the_mixed_test_is_that_of_metafor(name: str) -> None:
    # > regtest(rma(yi, vi, control=list(threshold=1e-12)))
    own, other = egger(effects(name), model="mixed", fewest=9), MORE["polished"][name]["egger"]
    agrees(
        [own.statistic, own.p, own.limit, own.low, own.high],
        [other["zval"], other["pval"], other["est"], *other["ci"]],
        2e-8,
    )


@pytest.mark.parametrize("name", SETS)
def test_the_rank_test_is_that_of_metafor(name: str) -> None:
    # > ranktest(rma(yi, vi))
    agrees(begg(effects(name)), [METAFOR[name]["begg"]["tau"], METAFOR[name]["begg"]["pval"]])


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("key", ["trimfill_L0_DL", "trimfill_L0", "trimfill_R0"])
def test_trim_and_fill_is_that_of_metafor(name: str, key: str) -> None:
    # > trimfill(rma(yi, vi), estimator="L0"); with DL nothing iterates, and all digits agree. With
    # REML metafor trims and fills at its own threshold, whatever the model was fitted with.
    other = METAFOR[name][key] if key.endswith("DL") else MORE["polished"][name][key]
    own = trim_and_fill(
        effects(name), key.split("_")[1], "DL" if key.endswith("DL") else "REML", interval="normal"
    )
    assert (own.missing, own.side) == (other["k0"], other["side"])
    agrees(
        [own.pooled.estimate, own.pooled.se, own.pooled.tau2],
        [other["beta"], other["se"], other["tau2"]],
        1e-8 if key.endswith("DL") or not own.missing else 2e-3,
    )
    assert len(own.filled) == own.missing
    assert own.pooled.k == len(effects(name)) + own.missing


def test_a_lopsided_funnel_is_filled_on_its_empty_side() -> None:
    rng = np.random.default_rng(3)
    variances = rng.uniform(0.01, 0.5, 30)
    data = [Effect(float(rng.normal(0, math.sqrt(v))), float(v), f"t{n}") for n, v in enumerate(variances)]
    seen = [one for one in data if one.estimate / one.se > -0.5]
    own = trim_and_fill(seen)
    assert own.side == "left"
    assert own.missing > 0
    assert all(one.label.startswith("filled: t") for one in own.filled)
    assert max(one.estimate for one in own.filled) < max(one.estimate for one in seen)
    mirrored = trim_and_fill([Effect(-one.estimate, one.variance, one.label) for one in seen])
    assert (mirrored.side, mirrored.missing) == ("right", own.missing)
    assert mirrored.pooled.estimate == pytest.approx(-own.pooled.estimate, abs=1e-9)


def test_of_standardised_differences_the_predictor_does_not_know_the_effect() -> None:
    """Large true effects, no bias: the SE of g grows with g, and a test on it rejects far too often."""
    rng = np.random.default_rng(11)
    own = on_se = 0
    repeats = 300
    for _ in range(repeats):
        data = []
        for n in rng.integers(5, 40, 15):
            d = rng.normal(1.5, 0.1)
            one, two = rng.normal(d, 1, n), rng.normal(0, 1, n)
            data.append(
                standardised_mean_difference(
                    Means(int(n), float(one.mean()), float(one.std(ddof=1))),
                    Means(int(n), float(two.mean()), float(two.std(ddof=1))),
                )
            )
        found = egger(data)
        assert "n₁" in found.predictor
        own += found.p < 0.05
        on_se += egger([Effect(one.estimate, one.variance) for one in data]).p < 0.05
    assert own / repeats < 0.09
    assert on_se > own


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: egger([Effect(0.0, 1.0)] * 9), "9 trials: .* fewer than 10"),
        (lambda: egger([Effect(0.0, 1.0)] * 12), "equally precise"),
        (
            lambda: egger([Effect(0.1 * n, 1.0 + n, f"T{n}", "SMD") for n in range(12)]),
            "T0, T1.*arms are not known",
        ),
        (lambda: egger([Effect(0.1 * n, 1.0 + n) for n in range(12)], model="lm"), "no model 'lm'"),
        (lambda: begg([Effect(0.0, 1.0)] * 2), "three or more"),
        (lambda: trim_and_fill([Effect(0.0, 1.0)] * 2), "three or more"),
        (lambda: trim_and_fill([Effect(0.0, 1.0)] * 5, "Q0"), "no estimator 'Q0'"),
    ],
)
def test_what_cannot_be_tested_is_refused_in_words(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]


def test_identical_trials_have_nothing_to_trim() -> None:
    assert trim_and_fill([Effect(1.0, 1.0)] * 6).missing == 0
