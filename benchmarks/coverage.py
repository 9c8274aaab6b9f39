"""How often intervals hold the truth and tests reject it, of every method of a plan that has them.

Run by `python -m benchmarks coverage`. Trials of 60 people at three visits, drop-out at random, with a known
effect and with none; each method by the words of a plan, as anybody would run it. All data are simulated, and
every share stands with its Monte Carlo error. Then the guess: whether an effect that goes only by way of
believing in the drug is told apart from one that does not. Intervals of shares are summed over
every outcome in `analysis`.
"""

from __future__ import annotations

from contextlib import suppress
from math import exp, log, sqrt
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import norm

DRAWS = 250
PEOPLE, VISITS = 60, 3
LIMIT = -12.0  # a response, in points of change
CHANGE, BASE, SLOPE, MOOD, NOISE = -9.0, 44.0, 0.3, 6.0, 5.0
HAZARD, RATE = 0.12, 0.8
ENDED = {"value": "time", "ended": "ended"}
EVENT = {"event": {"at_most": LIMIT}}
KNOWN, BELIEF = 0.35, 0.35  # chance to guess the drug, and how much more often who had it does


def trial(rng: np.random.Generator, effect: float) -> pl.DataFrame:
    """A trial in which the first arm does better by `effect` at the last visit."""
    arm = rng.permutation(np.arange(PEOPLE) % 2)
    base = rng.normal(BASE, 6, PEOPLE)
    mood = rng.normal(0, MOOD, PEOPLE)
    last = np.where(rng.random(PEOPLE) < 0.15, rng.integers(1, VISITS, PEOPLE), VISITS)
    each = np.repeat(np.arange(PEOPLE), VISITS)
    when = np.tile(np.arange(VISITS), PEOPLE)
    mean = CHANGE - SLOPE * (base - BASE)
    value = (mean + mood)[each] + effect * arm[each] * (when + 1) / VISITS + rng.normal(0, NOISE, each.size)
    hazard = HAZARD * np.exp(log(1.5) * (arm == 1) * (effect != 0))
    time, censored = rng.exponential(1 / hazard), rng.uniform(4, 20, PEOPLE)
    gamma = rng.gamma(2.0, 0.5, PEOPLE)
    exposure = rng.uniform(5, 15, PEOPLE)
    rate = RATE * np.exp(log(1.5) * (arm == 1) * (effect != 0)) / 10
    guess = rng.random(PEOPLE) < KNOWN + BELIEF * (arm == 1)
    return pl.DataFrame(
        {
            "participant": [f"p{one:02d}" for one in each],
            "arm": np.where(arm == 1, "mdma", "placebo")[each],
            "visit": [f"V{one + 1}" for one in when],
            "site": (np.arange(PEOPLE) % 3).astype(str)[each],
            "baseline": base[each],
            "value": np.where(when < last[each], value, np.nan),
            "whole": value,
            "time": np.minimum(time, censored)[each],
            "ended": (time <= censored)[each],
            "events": rng.poisson(gamma * rate * exposure)[each],
            "exposure": exposure[each],
            "guess": np.where(guess, "mdma", "placebo")[each],
        }
    ).with_columns(pl.col("value").fill_nan(None))


def plan() -> dict[str, Any]:
    """Every word that has an interval or a test."""
    said: dict[str, dict[str, Any]] = {
        "ancova": {"fixed": "arm + baseline + site", "value": "whole"},
        "ancova HC3": {"method": "ancova", "fixed": "arm + baseline", "variance": "HC3", "value": "whole"},
        "mmrm": {"fixed": "arm * visit + baseline * visit"},
        "mmrm Satterthwaite": {"method": "mmrm", "fixed": "arm * visit + baseline", "df": "satterthwaite"},
        "imputed at random, jackknife": {"method": "imputed", "fixed": "arm * visit + baseline * visit"},
        "standardised_linear": {"fixed": "arm * baseline", "value": "whole"},
        "standardised_logistic": {"fixed": "arm + baseline", "value": "whole", **EVENT},
        "t_test": {"value": "whole"},
        "effect_size": {"value": "whole"},
        "rank_sum": {"value": "whole"},
        "van_elteren": {"value": "whole", "strata": "site"},
        "proportion stratified": {"method": "proportion", "strata": "site", "value": "whole", **EVENT},
        "mantel_haenszel": {"strata": "site", "value": "whole", **EVENT},
        "cmh": {"strata": "site", "value": "whole", **EVENT},
        "odds_ratio score": {"method": "odds_ratio", "value": "whole", **EVENT},
        "odds_ratio Wald": {"method": "odds_ratio", "interval": "wald", "value": "whole", **EVENT},
        "fisher": {"value": "whole", **EVENT},
        "barnard": {"value": "whole", **EVENT},
        "boschloo": {"value": "whole", **EVENT},
        "log_rank": ENDED,
        "cox": ENDED,
        "restricted_mean": {"until": 8, **ENDED},
        "gee": {"fixed": "arm * visit + baseline", "family": "gaussian"},
        "negative_binomial": {"fixed": "arm", "exposure": "exposure", "value": "events"},
        "bang": {"value": "guess"},
        "by_guess": {"value": "whole", "guess": "guess"},
    }
    analyses = {
        name: {"method": name, "contrast": "mdma - placebo at V3", **own} for name, own in said.items()
    }
    return {"visits": ["V1", "V2", "V3"], "arms": ["mdma", "placebo"], "analyses": analyses}


def truths(effect: float) -> dict[str, float]:
    """What each estimates, where it is known in closed form."""
    sd = sqrt(MOOD**2 + NOISE**2 + (SLOPE * 6) ** 2)
    shares = [float(norm.cdf((LIMIT - CHANGE - one) / sd)) for one in (effect, 0.0)]
    odds = [one / (1 - one) for one in shares]
    hazard = [HAZARD * (1.5 if effect else 1.0), HAZARD]
    means = [(1 - exp(-8 * one)) / one for one in hazard]
    mean = ("ancova", "ancova HC3", "mmrm", "mmrm Satterthwaite", "imputed at random, jackknife")
    mean += ("standardised_linear", "t_test", "rank_sum", "gee", "by_guess")
    found = dict.fromkeys(mean, effect)
    found |= dict.fromkeys(
        ("standardised_logistic", "proportion stratified", "mantel_haenszel"), shares[0] - shares[1]
    )
    found |= dict.fromkeys(("odds_ratio score", "odds_ratio Wald", "fisher"), odds[0] / odds[1])
    found |= {"cox": hazard[0] / hazard[1], "restricted_mean": means[0] - means[1]}
    found |= {"negative_binomial": 1.5 if effect else 1.0, "effect_size": effect / sd}
    return found | {"bang": 2 * (KNOWN + BELIEF) - 1}


def coverage(draws: int, effect: float, seed: int) -> dict[str, tuple[int, int, int, int]]:
    """name -> intervals, those that hold the truth, tests, those below 0.05."""
    from entact.analysis.analyse import analyse
    from entact.analysis.vocabulary import read_plan

    rng, asked, true = np.random.default_rng(seed), read_plan(plan()), truths(effect)
    counted: dict[str, list[int]] = {}
    for _ in range(draws):
        for name, one in analyse(asked, trial(rng, effect)).items():
            own = counted.setdefault(name, [0, 0, 0, 0])
            if one.result is None:
                continue
            first = one.result[0]
            if name in true and first.low is not None and first.high is not None:
                own[0] += 1
                own[1] += first.low <= true[name] <= first.high
            if first.p is not None:
                own[2] += 1
                own[3] += first.p < 0.05
    return {name: (own[0], own[1], own[2], own[3]) for name, own in counted.items()}


def guesses(draws: int, seed: int) -> dict[str, dict[str, tuple[int, int]]]:
    """scenario -> what is tested -> how often it could be, and how often p was below 0.05."""
    from entact.analysis.describe import mean_difference
    from entact.analysis.guess import mediation_by_guess, read_guesses

    rng = np.random.default_rng(seed)
    scenarios = {
        "no effect, well blinded": (0.0, 0.0, 0.0),
        "no effect, unblinded": (0.0, 0.0, 0.5),
        "effect only by way of the guess": (0.0, -8.0, 0.5),
        "effect, well blinded": (-8.0, 0.0, 0.0),
        "effect, unblinded": (-8.0, 0.0, 0.5),
    }
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for name, (direct, belief, seen) in scenarios.items():
        counted = {what: [0, 0] for what in ("difference", "by way of the guess", "whatever is guessed")}
        for _ in range(draws):
            arm = np.arange(90) % 2
            guess = rng.random(90) < np.where(arm == 1, 0.5 + seen / 2, 0.5 - seen / 2)
            value = direct * arm + belief * guess + rng.normal(0, 10, 90)
            rows = pl.DataFrame(
                {
                    "arm": np.where(arm == 1, "a", "b"),
                    "guess": np.where(guess, "a", "b"),
                    "value": value,
                }
            )
            p = [mean_difference(pl.Series(value[arm == 1]), pl.Series(value[arm == 0])).p]
            with suppress(ValueError):  # too few guessed one way
                p += [
                    1.0 if one.p is None else one.p
                    for one in mediation_by_guess(read_guesses(rows, ("a", "b")))
                ]
            for own, one in zip(counted.values(), p, strict=False):
                own[0] += 1
                own[1] += one < 0.05
        found[name] = {what: (own[0], own[1]) for what, own in counted.items()}
    return found


def _share(of: int, n: int) -> str:
    if not n:
        return "–"
    rate = of / n
    return f"{rate:.3f} ({sqrt(rate * (1 - rate) / n):.3f})"


def main() -> int:
    """Coverage with an effect and without one, rejections without one, and the guess."""
    with_effect, without = coverage(DRAWS, -6.0, 20260101), coverage(DRAWS, 0.0, 20260102)
    print(f"{DRAWS} trials of {PEOPLE}; in brackets the Monte Carlo error")
    print(f"{'':32s} {'coverage':16s} {'without effect':16s} rejected without effect")
    for name, own in with_effect.items():
        other = without[name]
        cells = (_share(own[1], own[0]), _share(other[1], other[0]), _share(other[3], other[2]))
        print(f"{name:32s} " + " ".join(f"{cell:16s}" for cell in cells))
    print()
    for name, tested in guesses(4 * DRAWS, 20260103).items():
        print(f"{name:34s} " + "; ".join(f"{what} {_share(own[1], own[0])}" for what, own in tested.items()))
    return 0
