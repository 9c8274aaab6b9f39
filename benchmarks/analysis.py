"""Every method of a plan on 90 participants, and how often its interval holds the truth.

Run by `python -m benchmarks analysis`. Times are of processor time from frame to result, medians and least.
Coverage of means and times is simulated, with its Monte Carlo error; more of it in `coverage`, and of shares
in `coverage_shares`. All data are simulated.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import polars as pl

LIMIT_MS = 10.0
RESAMPLING = {"rerandomisation", "imputed", "tipping_point", "retrieved_dropouts"}
"""what draws, or fits again without each participant"""
EVENT = {"event": {"at_most": -15}}
SAID: dict[str, dict[str, Any]] = {
    "describe": {},
    "ancova": {"fixed": "arm + baseline + site"},
    "mmrm": {"fixed": "arm * visit + baseline"},
    "dunnett": {"fixed": "arm * visit + baseline"},
    "dose_trend": {"fixed": "arm * visit + baseline", "doses": {"placebo": 0, "mdma": 120}},
    "standardised_linear": {"fixed": "arm * baseline"},
    "standardised_logistic": {"fixed": "arm + baseline", **EVENT},
    "imputed": {"fixed": "arm * visit + baseline * visit", "assuming": "jump_to_reference"},
    "tipping_point": {"fixed": "arm * visit + baseline", "deltas": [0, 5]},
    "random_effects": {"fixed": "arm + baseline", "random": "site"},
    "subgroups": {"fixed": "arm", "by": ["site"]},
    "leave_one_out": {"fixed": "arm + baseline", "without": "site"},
    "durability": {"fixed": "arm * visit", "follow_up": ["V3"]},
    "firth": {"fixed": "arm + baseline", **EVENT},
    "retrieved_dropouts": {"fixed": "arm * visit", "event_visit": "stopped"},
    "distribution": {"cuts": [-20, -10]},
    "anchor": {"anchor": "better", "improved": {"at_least": 2}, "a_little": [2]},
    "reliable_change": {"reliability": 0.8, "change": "absolute"},
    "kaplan_meier": {"ended": "ended", "at_times": [5]},
    "competing_risks": {"ended": "ended", "competing": "died", "until": 5},
    "gray": {"ended": "ended", "competing": "died"},
    "incidence": {"value": "guess"},
    "volcano": {"value": "guess"},
    "event_rates": {"value": "guess", "exposure": "baseline"},
    "shift": {"value": "better", "before": "better", "grades": [0, 1, 2, 3]},
    "qt_categories": {"value": "qtc"},
    "concentration_qtc": {"concentration": "level", "concentrations": {"peak": 70}, "slopes": "common"},
    "icc": {"value": "better", "rater": "rater"},
    "kappa": {"value": "guess", "second": "guess"},
    "cronbach_alpha": {"items": ["value", "baseline", "events"]},
    "mcdonald_omega": {"items": ["value", "baseline", "events"]},
    **{name: {} for name in ("t_test", "paired_t", "effect_size", "rank_sum", "signed_rank")},
    "van_elteren": {"strata": "site"},
    "rerandomisation": {"procedure": "complete", "seed": 1},
    **{name: {"ended": "ended"} for name in ("median_time", "log_rank", "cox")},
    "restricted_mean": {"ended": "ended", "until": 5},
    "share": EVENT,
    **dict.fromkeys(("proportion", "risk_ratio", "odds_ratio", "number_needed"), EVENT),
    **dict.fromkeys(("fisher", "barnard", "boschloo"), EVENT),
    **{name: {"strata": "site", **EVENT} for name in ("mantel_haenszel", "cmh")},
    "gee": {"fixed": "arm * visit + baseline", **EVENT},
    "negative_binomial": {"fixed": "arm", "exposure": "exposure", "value": "events"},
    **{name: {"value": "guess"} for name in ("bang", "james")},
    **{name: {"guess": "guess"} for name in ("by_guess", "guess_curve", "expectancy", "mediation")},
}
AT = {"durability": " at V1", "icc": ""}
"""where another visit is asked about, or none"""
TIMES = {"median_time", "log_rank", "cox", "restricted_mean", "kaplan_meier", "competing_risks", "gray"}
OF_EVENTS = {
    "special_interest",
    "dose_day_rates",
    "time_course",
    "dose_day_peaks",
    "vital_outliers",
    "suicidality_shift",
    "edish",
}
"""tables of events, sessions and laboratories, whose rows are no visits: not measured here"""


def simulated(participants: int = 90, visits: int = 3, seed: int = 1) -> pl.DataFrame:
    """A trial in which one arm does better, and some drop out."""
    rng = np.random.default_rng(seed)
    arm = np.arange(participants) % 2
    base = rng.normal(44, 6, participants)
    mood = rng.normal(0, 8, participants)
    last = np.where(rng.random(participants) < 0.15, rng.integers(1, visits, participants), visits)
    rows = []
    for visit in range(visits):
        value = -5.0 * (visit + 1) * (1 + 0.6 * arm) + mood + rng.normal(0, 6, participants)
        rows.append(np.where(visit < last, value, np.nan))
    each = np.repeat(np.arange(participants), visits)
    return pl.DataFrame(
        {
            "participant": [f"p{one:03d}" for one in each],
            "arm": np.where(arm == 1, "mdma", "placebo")[each],
            "visit": [f"V{one + 1}" for one in range(visits)] * participants,
            "site": (np.arange(participants) % 5).astype(str)[each],
            "baseline": base[each],
            "value": np.array(rows).T.ravel(),
            "time": rng.exponential(6, participants)[each],
            "ended": (rng.random(participants) < 0.7)[each],
            "events": rng.poisson(1.0 + 0.5 * arm)[each],
            "exposure": rng.uniform(5, 18, participants)[each],
            "guess": np.where(rng.random(participants) < 0.35 + 0.3 * arm, "mdma", "placebo")[each],
            "died": np.zeros(participants, dtype=bool)[each],
            "better": rng.integers(0, 4, participants)[each],
            "stopped": [None if own >= visits else f"V{own + 1}" for own in last[each].tolist()],
            "level": (rng.uniform(20, 90, participants) * arm)[each],
            "qtc": rng.normal(410, 15, participants * visits),
            "rater": [f"r{one}" for one in range(visits)] * participants,
        }
    ).with_columns(pl.col("value").fill_nan(None))


def speed() -> bool:
    """Prints the milliseconds of each method; whether one was over its limit."""
    from entact.analysis.analyse import analyse
    from entact.analysis.words import METHODS

    rows, late = simulated(), False
    for name in METHODS:
        if name in OF_EVENTS:
            continue
        own = {"method": name, "contrast": f"mdma - placebo{AT.get(name, ' at V3')}", **SAID.get(name, {})}
        if name in TIMES:
            own["value"] = "time"
        plan = {"visits": ["V1", "V2", "V3"], "analyses": {"one": own}}
        found = analyse(plan, rows)["one"]
        taken = []
        for _ in range(9):
            began = process_time()
            analyse(plan, rows)
            taken.append(1e3 * (process_time() - began))
        spent, least = median(taken), min(taken)
        over = " over" if least > LIMIT_MS and name not in RESAMPLING else ""
        late |= bool(over)
        print(
            f"{name:24s} {spent:8.1f} ms, least {least:.1f}{over}"
            + (f"   no result: {found.why}" if found.why else "")
        )
    return late


def coverage() -> None:
    """Coverage of 95 % intervals."""
    for name, found, error in simulations():
        print(f"{name:40s} {found:.4f} (Monte Carlo error {error:.4f})")


def simulations(draws: int = 1000) -> Iterator[tuple[str, float, float]]:
    """Coverage by simulation, of 20 in each arm."""
    from entact.analysis.describe import mean_difference
    from entact.analysis.guess import mediation_by_guess, read_guesses
    from entact.analysis.rank import rank_sum
    from entact.analysis.repeated import gee, negative_binomial

    rng = np.random.default_rng(3)
    arm = np.repeat([0, 1], 20)
    held: dict[str, list[bool]] = {}

    def told(name: str, low: float, truth: float, high: float) -> None:
        held.setdefault(name, []).append(low <= truth <= high)

    for _ in range(draws):
        y = 3.0 * arm + rng.standard_normal(40) * np.where(arm == 1, 8, 4)
        one, two = pl.Series(y[arm == 1]), pl.Series(y[arm == 0])
        found = mean_difference(one, two)
        told("mean difference, Welch, unequal SD", found.low, 3.0, found.high)
        shift = rank_sum(one, two)
        told("Hodges-Lehmann, unequal SD", shift.low or 0.0, 3.0, shift.high or 0.0)
        mu = np.exp(0.3 + 0.5 * arm)
        counts = pl.DataFrame({"y": rng.negative_binomial(1.5, 1.5 / (1.5 + mu)), "arm": arm})
        try:
            fit = negative_binomial("y ~ arm", counts)
            reach = 1.959964 * sqrt(fit.covariance[1, 1])
            told("log rate ratio, negative binomial", fit.beta[1] - reach, 0.5, fit.beta[1] + reach)
        except ValueError:
            pass  # nobody in one arm had an event
        belief = rng.random(40) < 0.35 + 0.3 * arm
        value = 2.0 * belief + 1.0 * arm + rng.standard_normal(40)
        rows = pl.DataFrame(
            {
                "arm": np.where(arm == 1, "a", "b"),
                "guess": np.where(belief, "a", "b"),
                "value": value,
            }
        )
        try:
            indirect = mediation_by_guess(read_guesses(rows, ("a", "b")))[0]
        except ValueError:
            continue  # too few guessed one way
        told("indirect effect by guess", indirect.low or 0.0, 0.6, indirect.high or 0.0)
    for name, each in held.items():
        rate = float(np.mean(each))
        yield name, rate, sqrt(rate * (1 - rate) / len(each))
    yield from _marginal(gee, rng, draws // 4)


def _marginal(gee: Any, rng: np.random.Generator, draws: int) -> Iterator[tuple[str, float, float]]:
    """The log odds ratio of a marginal model: alike at three visits, correlated within people."""
    from scipy.special import stdtrit

    arm = np.repeat(np.repeat([0, 1], 12), 3)
    rows = pl.DataFrame({"id": np.repeat(np.arange(24), 3), "arm": arm})
    truth = float(np.log(0.6 / 0.4) - np.log(0.4 / 0.6))
    for correction in ("none", "kauermann_carroll", "mancl_derouen"):
        held = []
        for _ in range(draws):
            one = np.repeat(rng.random(24), 3)
            own = np.where(rng.random(72) < 0.5, one, rng.random(72))
            data = rows.with_columns(y=pl.Series((own < np.where(arm == 1, 0.6, 0.4)).astype(float)))
            try:
                fit = gee("y ~ arm", data, subject="id", correction=correction)
            except ValueError:
                continue
            reach = float(stdtrit(fit.clusters - 2, 0.975)) * sqrt(fit.covariance[1, 1])
            held.append(abs(fit.beta[1] - truth) <= reach)
        share = float(np.mean(held))
        yield f"log odds ratio, GEE, {correction}", share, sqrt(share * (1 - share) / len(held))


def main() -> int:
    """Speed, then coverage; 1 when a method took longer than its limit."""
    late = speed()
    print()
    coverage()
    return int(late)
