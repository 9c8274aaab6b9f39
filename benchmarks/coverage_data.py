"""Studies of known truth for `coverage_words`: how their rows are drawn, what is asked, what is true.

All data are simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import norm

from benchmarks.coverage import CHANGE, COVARIANCES, HAZARD, Cell, trial

Truth = float | dict[str, float]
PAIR = "mdma - placebo"
OTHER = 0.05
"""hazard of what can come before the event"""
MMRM = (
    *("unstructured", "toeplitz", "ante_dependence", "auto_regressive", "compound_symmetry"),
    *("spatial_exponential", "spatial_gaussian"),
)


@dataclass(frozen=True)
class Study:
    """A kind of trial.

    Attributes:
        rows: of a number of people and an effect. asked: analysis -> what the plan says of it. true: analysis
            -> what its first interval estimates, or label -> what that does. together: analyses whose
            intervals hold all at once or do not. draws: of each size and effect.
    """

    title: str
    rows: Callable[[np.random.Generator, int, float], pl.DataFrame]
    asked: Callable[[float], Mapping[str, dict[str, Any]]]
    truths: Callable[[float], Mapping[str, Truth]]
    sizes: tuple[int, ...] = (20, 60, 120)
    effects: tuple[float, ...] = (0.0, -6.0)
    draws: int = 150
    level: float = 0.95
    visits: tuple[str, ...] = ("V1", "V2", "V3")
    arms: tuple[str, ...] = ("mdma", "placebo")
    together: tuple[str, ...] = ()

    def plan(self, effect: float) -> dict[str, Any]:
        """As a plan file would say it."""
        analyses = {
            name: {
                key: value
                for key, value in {"method": name.split(" ")[0], "contrast": PAIR + " at V3", **own}.items()
                if value is not None
            }
            for name, own in self.asked(effect).items()
        }
        return {"visits": list(self.visits), "arms": list(self.arms), "analyses": analyses}


CELL = Cell(60, "falling with distance", "usual")  # its limit and SD do not hang on the number
COV = COVARIANCES[CELL.covariance]


def _shares(effect: float) -> tuple[float, float]:
    first, second = (float(norm.cdf((CELL.limit - CHANGE - own) / CELL.sd)) for own in (effect, 0.0))
    return first, second


def efficacy_rows(rng: np.random.Generator, people: int, effect: float) -> pl.DataFrame:
    """A trial of two arms: `whole` is the change of everybody, `value` as drop-out leaves it."""
    rows = trial(rng, effect, Cell(people, CELL.covariance, CELL.rate))
    first = rows.unique("participant", maintain_order=True)
    more = np.where(first["arm"].to_numpy() == "mdma", 1.5 if effect else 1.0, 1.0)
    event, other = rng.exponential(1 / (HAZARD * more)), rng.exponential(1 / OTHER, people)
    watched = rng.uniform(9, 20, people)
    what = np.argmin([event, other, watched], axis=0)
    frailty = rng.gamma(4.0, 0.25, people)
    return rows.with_columns(
        pl.Series("day", np.tile([0.0, 1.0, 2.0], people)),
        pl.Series("until", np.repeat(np.minimum(np.minimum(event, other), watched), 3)),
        pl.Series("came", np.repeat(what == 0, 3)),
        pl.Series("died", np.repeat(what == 1, 3)),
        pl.Series("asked", np.repeat(rng.integers(0, 4, people), 3)),
        pl.Series("hits", rng.poisson(np.repeat(1.2 * more * frailty, 3))),
    )


def efficacy(effect: float) -> dict[str, dict[str, Any]]:
    """Words and options for means, shares, times, counts and guesses."""
    whole = {"value": "whole"}
    event = {**whole, "event": {"at_most": CELL.limit}}
    fixed = {"fixed": "arm + baseline", **whole}
    repeated = {"fixed": "arm * visit + baseline * visit"}
    time = {"value": "time", "ended": "ended"}
    causes = {"value": "until", "ended": "came", "competing": "died", "until": 8}
    guessed = {"guess": "guess", **whole}
    said: dict[str, dict[str, Any]] = {"describe": whole}
    said |= {
        f"ancova {one}": {"weights": one, "fixed": "arm + baseline + site", **whole}
        for one in ("equal", "proportional", "observed")
    }
    said |= {f"ancova {one}": {"variance": one, **fixed} for one in ("model", "HC0", "HC2", "HC3")}
    said |= {f"mmrm {one}": {"covariance": one, **repeated} for one in MMRM}
    said |= {f"mmrm {one}": {"df": one, **repeated} for one in ("kenward_roger", "satterthwaite")}
    said |= {
        "subgroups": {"by": "site", **fixed},
        "leave_one_out": {"without": "site", **fixed},
        "durability": {"fixed": "arm * visit + baseline", "follow_up": ["V3"], "contrast": PAIR + " at V1"},
    }
    for variance in ("ye", "ge"):
        said[f"standardised_linear {variance}"] = {"variance": variance, **fixed, "fixed": "arm * baseline"}
        said |= {
            f"standardised_logistic {measure} {variance}": {
                "measure": measure,
                "variance": variance,
                "fixed": "arm + baseline",
                **event,
            }
            for measure in ("difference", "risk_ratio", "odds_ratio")
        }
    said |= {
        f"standardised_logistic {one}": {"fitting": one, "fixed": "arm + baseline", **event}
        for one in ("firth_if_separated", "firth", "maximum_likelihood")
    }
    said |= {"firth": {"fixed": "arm", **event}}
    said |= {f"t_test {one}": {"variances": one, **whole} for one in ("unequal", "equal")}
    said |= {"paired_t": whole, "rank_sum": whole, "signed_rank": whole}
    said |= {f"effect_size {one}": {"kind": one, **whole} for one in ("hedges", "cohen")}
    said |= {f"effect_size {one}": {"sd": one, **whole} for one in ("value", "baseline")}
    said |= {
        "distribution": {"cuts": [CELL.limit], **whole},
        "anchor": {"anchor": "asked", "improved": {"at_least": 1}, "a_little": [1], **whole},
        "reliable_change": {"reliability": 0.8, "sd_before": 6, **whole},
        "median_time": time,
        "kaplan_meier": {"at_times": [4, 8], **time},
        "competing_risks": causes,
        "log_rank": time,
        "cox": time,
        "restricted_mean": {"until": 4, **time},
        "fisher": event,
        "mantel_haenszel": {"strata": "site", **event},
        "cmh": {"strata": "site", **event},
        "proportion stratified": {"strata": "site", **event},
        "negative_binomial": {"fixed": "arm", "exposure": "exposure", "value": "events"},
    }
    said |= {f"share {one}": {"interval": one, **event} for one in ("clopper_pearson", "wilson")}
    for word in ("proportion", "number_needed"):
        said |= {
            f"{word} {one}": {"interval": one, **event} for one in ("newcombe", "wald", "miettinen_nurminen")
        }
    for word in ("risk_ratio", "odds_ratio"):
        said |= {f"{word} {one}": {"interval": one, **event} for one in ("wald", "miettinen_nurminen")}
    said |= {
        f"gee {one}": {"fixed": "arm * visit", "family": "gaussian", "correlation": one}
        for one in ("exchangeable", "independence", "auto_regressive", "unstructured")
    }
    said |= {
        f"gee {one}": {
            "fixed": "arm * visit",
            "family": "binomial",
            "correction": one,
            "event": {"at_most": CELL.limit},
        }
        for one in ("mancl_derouen", "kauermann_carroll", "none")
    }
    said |= {
        f"gee {one}": own
        for one, own in {
            "binomial": {"fixed": "arm * visit", "family": "binomial", "event": {"at_most": CELL.limit}},
            "poisson": {"fixed": "arm", "family": "poisson", "value": "hits"},
            "gaussian": {"fixed": "arm * visit", "family": "gaussian"},
        }.items()
    }
    said |= {"bang": {"value": "guess"}, "james": {"value": "guess"}}
    return said | dict.fromkeys(("by_guess", "guess_curve", "mediation"), guessed)


def efficacy_truths(effect: float) -> dict[str, Truth]:
    """What each estimates."""
    first, second = _shares(effect)
    odds = first / (1 - first) / (second / (1 - second))
    hazard = {"mdma": HAZARD * (1.5 if effect else 1.0), "placebo": HAZARD}
    found: dict[str, Truth] = dict.fromkeys(efficacy(effect), effect)
    arms = {"mdma": CHANGE + effect, "placebo": CHANGE}
    found["describe"] = {f"{arm} at V3": own for arm, own in arms.items()}
    found |= {"paired_t": dict(arms), "signed_rank": dict(arms)}
    found["subgroups"] = {"all": effect, **{f"site: {site}": effect for site in "012"}}
    found["leave_one_out"] = {"all": effect, **{f"without {site}": effect for site in "012"}}
    found["durability"] = {f"{PAIR} at V1": effect / 3, f"{PAIR} at V3": effect, "V3 less V1": 2 * effect / 3}
    for name in found:
        if name.startswith(("standardised_logistic", "proportion", "mantel_haenszel", "distribution")):
            found[name] = first - second
        if name.startswith(("standardised_logistic risk_ratio", "risk_ratio")):
            found[name] = first / second
        if name.startswith(("standardised_logistic odds_ratio", "odds_ratio", "firth", "fisher", "cmh")):
            found[name] = odds
        if name.startswith("share"):
            found[name] = {"mdma": first, "placebo": second}
        if name.startswith("number_needed"):
            found[name] = 1 / (first - second) if effect else float("nan")
        if name.startswith("effect_size"):
            found[name] = effect / (6.0 if name.endswith("baseline") else CELL.sd)
    for name in ("gee mancl_derouen", "gee kauermann_carroll", "gee none", "gee binomial"):
        found[name] = odds
    found["anchor"] = {"a little better by asked": CHANGE + effect / 2}
    least = 1.959963984540054 * sqrt(2) * 6 * sqrt(1 - 0.8)
    found["reliable_change"] = {
        f"{arm}, {way}": float(norm.cdf((-least - sign * mean) / CELL.sd))
        for arm, mean in arms.items()
        for way, sign in (("better", 1), ("worse", -1))
    }
    found["median_time"] = {arm: log(2) / own for arm, own in hazard.items()}
    found["kaplan_meier"] = {f"{arm} at {at}": exp(-at * own) for arm, own in hazard.items() for at in (4, 8)}
    came = {arm: own / (own + OTHER) * (1 - exp(-8 * (own + OTHER))) for arm, own in hazard.items()}
    found["competing_risks"] = {f"{PAIR} at V3": came["mdma"] - came["placebo"], **came}
    ratio = hazard["mdma"] / hazard["placebo"]
    found |= {"log_rank": ratio, "cox": ratio, "gee poisson": ratio, "negative_binomial": ratio}
    means = {arm: (1 - exp(-4 * own)) / own for arm, own in hazard.items()}
    found["restricted_mean"] = means["mdma"] - means["placebo"]
    found["bang"] = {"mdma": 0.4, "placebo": 0.3}
    found["james"] = james_truth()
    found["by_guess"] = {f"{PAIR}, who guessed {own}": effect for own in ("mdma", "placebo")}
    found["guess_curve"] = {f"{PAIR}, {rate}% guess correctly": effect for rate in (0, 25, 50, 75, 100)}
    found["mediation"] = {
        f"{PAIR}: indirect effect, by way of the guess": 0.0,
        f"{PAIR}: direct effect, whatever is guessed": effect,
    }
    return {name: own for name, own in found.items() if own == own}


def james_truth() -> float:
    """James's index of so many people that chance has no part in it."""
    from entact.analysis.blinding import james

    many = 1_000_000
    right = {"mdma": 0.7, "placebo": 0.65}
    counts = {arm: (round(many * own), round(many * (1 - own))) for arm, own in right.items()}
    table = [[counts["mdma"][0], counts["placebo"][1]], [counts["mdma"][1], counts["placebo"][0]], [0, 0]]
    found = james(table).estimate
    assert found is not None
    return found


EFFICACY = Study(
    "two arms, three visits, covariance falling with distance, with an effect and without",
    efficacy_rows,
    efficacy,
    efficacy_truths,
)
