"""How often intervals hold the truth and tests reject it, of every method of a plan that has them.

Run by `python -m benchmarks coverage`. Trials at three visits, drop-out at random, with a known effect and
with none, on a grid: of 20, 60 and 120 people, with three covariances between visits, and a response that is
usual or rare; each method by the words of a plan, as anybody would run it. All data are simulated, and every
share stands with its Monte Carlo error. Then the guess: whether an effect that goes only by way of believing
in the drug is told apart from one that does not. Intervals of shares are summed over every outcome in
`coverage_shares`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from math import exp, log, sqrt
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import norm

DRAWS = 12  # of each cell of the grid
SIZES, VISITS = (20, 60, 120), 3
COVARIANCES = {
    "the same everywhere": np.full((3, 3), 36.0) + 25.0 * np.eye(3),
    "falling with distance": 61.0 * 0.6 ** np.abs(np.subtract.outer(np.arange(3), np.arange(3))),
    "growing": np.outer((5.0, 8.0, 11.0), (5.0, 8.0, 11.0))
    * np.array([[1.0, 0.7, 0.4], [0.7, 1.0, 0.7], [0.4, 0.7, 1.0]]),
}
"""of the values at three visits given the baseline"""
RATES = {"usual": 0.4, "rare": 1.7}
"""by how many standard deviations beyond the mean change a change is a response: 34 and 4 % without effect"""
CHANGE, BASE, SLOPE = -9.0, 44.0, 0.3
HAZARD, RATE = 0.12, 0.8
ENDED = {"value": "time", "ended": "ended"}
KNOWN, BELIEF = 0.35, 0.35  # chance to guess the drug, and how much more often who had it does


@dataclass(frozen=True)
class Cell:
    """A place on the grid."""

    people: int
    covariance: str
    rate: str

    @property
    def sd(self) -> float:
        """Standard deviation of the change at the last visit."""
        return sqrt(COVARIANCES[self.covariance][-1, -1] + (SLOPE * 6) ** 2)

    @property
    def limit(self) -> float:
        """A change that is a response."""
        return CHANGE - RATES[self.rate] * self.sd


CELLS = [Cell(*own) for own in product(SIZES, COVARIANCES, RATES)]


def trial(rng: np.random.Generator, effect: float, cell: Cell) -> pl.DataFrame:
    """A trial in which the first arm does better by `effect` at the last visit."""
    people = cell.people
    arm = rng.permutation(np.arange(people) % 2)
    base = rng.normal(BASE, 6, people)
    last = np.where(rng.random(people) < 0.15, rng.integers(1, VISITS, people), VISITS)
    each = np.repeat(np.arange(people), VISITS)
    when = np.tile(np.arange(VISITS), people)
    mean = CHANGE - SLOPE * (base - BASE)
    noise = rng.standard_normal((people, VISITS)) @ np.linalg.cholesky(COVARIANCES[cell.covariance]).T
    value = mean[each] + effect * arm[each] * (when + 1) / VISITS + noise.ravel()
    hazard = HAZARD * np.exp(log(1.5) * (arm == 1) * (effect != 0))
    time, censored = rng.exponential(1 / hazard), rng.uniform(4, 20, people)
    gamma = rng.gamma(2.0, 0.5, people)
    exposure = rng.uniform(5, 15, people)
    rate = RATE * np.exp(log(1.5) * (arm == 1) * (effect != 0)) / 10
    guess = rng.random(people) < KNOWN + BELIEF * (arm == 1)
    return pl.DataFrame(
        {
            "participant": [f"p{one:02d}" for one in each],
            "arm": np.where(arm == 1, "mdma", "placebo")[each],
            "visit": [f"V{one + 1}" for one in when],
            "site": (np.arange(people) % 3).astype(str)[each],
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


def plan(cell: Cell) -> dict[str, Any]:
    """Every word that has an interval or a test."""
    event = {"event": {"at_most": cell.limit}}
    said: dict[str, dict[str, Any]] = {
        "ancova": {"fixed": "arm + baseline + site", "value": "whole"},
        "ancova HC3": {"method": "ancova", "fixed": "arm + baseline", "variance": "HC3", "value": "whole"},
        "mmrm": {"fixed": "arm * visit + baseline * visit"},
        "mmrm Satterthwaite": {"method": "mmrm", "fixed": "arm * visit + baseline", "df": "satterthwaite"},
        "imputed at random, jackknife": {"method": "imputed", "fixed": "arm * visit + baseline * visit"},
        "standardised_linear": {"fixed": "arm * baseline", "value": "whole"},
        "standardised_logistic": {"fixed": "arm + baseline", "value": "whole", **event},
        "t_test": {"value": "whole"},
        "effect_size": {"value": "whole"},
        "rank_sum": {"value": "whole"},
        "van_elteren": {"value": "whole", "strata": "site"},
        "proportion stratified": {"method": "proportion", "strata": "site", "value": "whole", **event},
        "mantel_haenszel": {"strata": "site", "value": "whole", **event},
        "cmh": {"strata": "site", "value": "whole", **event},
        "odds_ratio score": {"method": "odds_ratio", "value": "whole", **event},
        "odds_ratio Wald": {"method": "odds_ratio", "interval": "wald", "value": "whole", **event},
        "fisher": {"value": "whole", **event},
        "barnard": {"value": "whole", **event},
        "boschloo": {"value": "whole", **event},
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


def truths(effect: float, cell: Cell) -> dict[str, float]:
    """What each estimates, where it is known in closed form."""
    sd = cell.sd
    shares = [float(norm.cdf((cell.limit - CHANGE - one) / sd)) for one in (effect, 0.0)]
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


Counted = dict[str, dict[Cell, list[int]]]
"""name -> cell -> trials, intervals, those that hold the truth, tests, those below 0.05"""


def coverage(draws: int, effect: float, seed: int) -> Counted:
    """How often each method's interval holds the truth in each cell, and how often its test rejects."""
    from entact.analysis.analyse import analyse
    from entact.analysis.vocabulary import read_plan

    rng = np.random.default_rng(seed)
    counted: Counted = {}
    for cell in CELLS:
        asked, true = read_plan(plan(cell)), truths(effect, cell)
        for _ in range(draws):
            for name, one in analyse(asked, trial(rng, effect, cell)).items():
                own = counted.setdefault(name, {}).setdefault(cell, [0, 0, 0, 0, 0])
                own[0] += 1
                if one.result is None:
                    continue
                first = one.result[0]
                if name in true and first.low is not None and first.high is not None:
                    own[1] += 1
                    own[2] += first.low <= true[name] <= first.high
                if first.p is not None:
                    own[3] += 1
                    own[4] += first.p < 0.05
    return counted


def by(counted: dict[Cell, list[int]], part: str) -> dict[str, list[int]]:
    """The counts of cells that are alike in one thing, together."""
    found: dict[str, list[int]] = {}
    for cell, own in counted.items():
        key = str(getattr(cell, part))
        found[key] = [a + b for a, b in zip(found.get(key, [0] * 5), own, strict=True)]
    return found


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


def _plain(of: int, n: int) -> str:
    return f"{of / n:.3f}" if n else "–"


def _share(of: int, n: int) -> str:
    if not n:
        return "–"
    rate = of / n
    return f"{rate:.3f} ({sqrt(rate * (1 - rate) / n):.3f})"


def main() -> int:
    """Coverage with an effect and without one, rejections without one, and the guess."""
    with_effect, without = coverage(DRAWS, -6.0, 20260101), coverage(DRAWS, 0.0, 20260102)
    print(
        f"{DRAWS} trials with an effect, {DRAWS} without in each of {len(CELLS)} cells; in brackets the error"
    )
    print("coverage of both, in all and by size, covariance, rate; told of all; rejected without effect")
    for name, own in with_effect.items():
        both = {
            cell: [a + b for a, b in zip(one, without[name][cell], strict=True)] for cell, one in own.items()
        }
        whole = [sum(each) for each in zip(*both.values(), strict=True)]
        null = [sum(each) for each in zip(*without[name].values(), strict=True)]
        parts = " | ".join(
            " ".join(_plain(one[2], one[1]) for one in by(both, part).values())
            for part in ("people", "covariance", "rate")
        )
        print(
            f"{name:30s} {_share(whole[2], whole[1]):14s} | {parts} "
            f"| {_plain(max(whole[1], whole[3]), whole[0])} | {_share(null[4], null[3])}"
        )
    print()
    for name, tested in guesses(1000, 20260103).items():
        print(f"{name:34s} " + "; ".join(f"{what} {_share(own[1], own[0])}" for what, own in tested.items()))
    return 0
