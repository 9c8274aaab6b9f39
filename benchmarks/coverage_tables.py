"""Further studies of known truth for `coverage_words`: imputation, several arms, groups, safety, agreement.

All data are simulated.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

import numpy as np
import polars as pl
from scipy.special import logit, ndtr
from scipy.stats import norm

from benchmarks.coverage_data import CHANGE, COV, PAIR, Study, Truth, efficacy_rows

STOPS = 0.15
"""share who drop out after the first visit or the second, as often each"""
REPEATED = {"fixed": "arm * visit + baseline * visit"}


def imputed(effect: float) -> dict[str, dict[str, Any]]:
    """Each assumption by the jackknife, and tipping."""
    said: dict[str, dict[str, Any]] = {f"imputed {one}": {"assuming": one, **REPEATED} for one in ASSUMED}
    return said | {"tipping_point": {"deltas": [0, 5], **REPEATED}}


def drawn(effect: float) -> dict[str, dict[str, Any]]:
    """Each inference that draws."""
    return {
        f"{word} {one}": {"inference": one, "samples": 40, "seed": 1, **REPEATED, **more}
        for word, more in (("imputed", {}), ("tipping_point", {"deltas": [5]}))
        for one in ("bootstrap", "approximate_bayes", "bayes")
    } | {"imputed jackknife": {"inference": "jackknife", **REPEATED}}


ASSUMED = ("missing_at_random", "jump_to_reference", "copy_reference", "copy_increments", "last_mean")


def assumed(effect: float) -> dict[str, Truth]:
    """The mean difference at the last visit where who drops out goes on as is assumed."""
    half = STOPS / 2
    copied = 0.0
    for seen in (1, 2):  # of who copies the reference, what was seen draws the rest along
        draws = COV[2, :seen] @ np.linalg.inv(COV[:seen, :seen])
        copied += half * float(draws @ (effect * np.arange(1, seen + 1) / 3))
    found: dict[str, Truth] = {
        "imputed missing_at_random": effect,
        "imputed jump_to_reference": effect * (1 - STOPS),
        "imputed copy_reference": effect * (1 - STOPS) + copied,
        "imputed copy_increments": effect * (1 - STOPS) + half * effect,
        "imputed last_mean": effect * (1 - STOPS) + half * effect,
    }
    return found | {
        "tipping_point": {f"{PAIR} at V3, mdma +{delta}": effect + STOPS * delta for delta in (0, 5)}
    }


def drawn_truths(effect: float) -> dict[str, Truth]:
    """Missing at random, with 5 added to the first arm's where it tips."""
    return {
        name: {f"{PAIR} at V3, mdma +5": effect + 5 * STOPS} if name.startswith("tipping") else effect
        for name in drawn(effect)
    }


def retrieved_rows(rng: np.random.Generator, people: int, effect: float) -> pl.DataFrame:
    """A third stops before the last visit, and the effect with it; six in ten of these are seen then."""
    rows = efficacy_rows(rng, people, effect)
    stops, seen = rng.random(people) < 1 / 3, rng.random(people) < 0.6
    stopped = pl.Series("stopped", np.repeat(np.where(stops, "V3", ""), 3)).replace("", None)
    last = pl.col("visit") == "V3"
    gone = pl.Series(np.repeat(stops, 3)) & last
    active = (pl.col("arm") == "mdma").cast(pl.Float64)
    value = pl.when(gone).then(pl.col("whole") - effect * active).otherwise(pl.col("whole"))
    lost = gone & ~pl.Series(np.repeat(seen, 3))
    return rows.with_columns(stopped, pl.when(~lost).then(value).alias("value"))


def retrieved(effect: float) -> dict[str, dict[str, Any]]:
    """By the jackknife."""
    said = {"fixed": "arm * visit + baseline * visit", "event_visit": "stopped"}
    return {"retrieved_dropouts": said}


def arms_rows(rng: np.random.Generator, people: int, effect: float) -> pl.DataFrame:
    """Three doses; the effect grows with the dose."""
    rows = efficacy_rows(rng, people, 0.0)
    dose = np.repeat(np.arange(people) % 3, 3)
    names = np.array(["placebo", "low", "mdma"])[dose]
    added = pl.Series(effect * dose / 2 * np.tile([1, 2, 3], people) / 3)
    return rows.with_columns(pl.Series("arm", names), pl.col("value") + added)


def arms(effect: float) -> dict[str, dict[str, Any]]:
    """Each against placebo, and the trend."""
    fixed = {"fixed": "arm * visit + baseline"}
    doses = {"placebo": 0, "low": 60, "mdma": 120}
    return {"dunnett": fixed, "dose_trend": {"doses": doses, **fixed}}


def arms_truths(effect: float) -> dict[str, Truth]:
    """Of both doses, and a unit of dose."""
    return {
        "dunnett": {"mdma - placebo at V3": effect, "low - placebo at V3": effect / 2},
        "dose_trend": effect / 120,
    }


def group_rows(rng: np.random.Generator, people: int, effect: float) -> pl.DataFrame:
    """People of therapist pairs, of unequal sizes, that differ among themselves."""
    pairs = max(4, people // 6)
    pair = rng.integers(0, pairs, people)
    arm = rng.permutation(np.arange(people) % 2)
    value = CHANGE + effect * arm + rng.normal(0, 4, pairs)[pair] + rng.normal(0, 7, people)
    return pl.DataFrame(
        {
            "participant": [f"p{one}" for one in range(people)],
            "arm": np.where(arm == 1, "mdma", "placebo"),
            "visit": "V3",
            "pair": [f"t{one}" for one in pair],
            "value": value,
        }
    )


def groups(effect: float) -> dict[str, dict[str, Any]]:
    """A random intercept of each pair."""
    said = {"fixed": "arm", "random": "pair"}
    return {f"random_effects {one}": {"df": one, **said} for one in ("kenward_roger", "satterthwaite")}


# Events: each person is watched for 20 to 60 days with two sessions; a rate is the same for all in an arm.
DAILY = {"mdma": {"on": 0.3, "between": 0.02}, "placebo": {"on": 0.1, "between": 0.02}}


def event_rows(rng: np.random.Generator, people: int, effect: float) -> pl.DataFrame:
    """One row an event of nausea; who had none has one without a term."""
    arm = np.where(np.arange(people) % 2 == 0, "mdma", "placebo")
    rows = []
    for one in range(people):
        days = float(rng.integers(20, 61))
        rate = DAILY[str(arm[one])]
        began = [(0.0, True)] * int(rng.poisson(rate["on"]))
        began += [(14.0, True)] * int(rng.poisson(rate["on"]))
        many = int(rng.poisson(rate["between"] * (days - 2)))
        began += [(float(day), False) for day in np.ceil(rng.random(many) * days)]
        for day, on in began or [(None, None)]:
            rows.append((f"p{one}", str(arm[one]), None if day is None else "nausea", day, on, 2.0, days))
    names = ["participant", "arm", "value", "day", "dose_day", "dose_days", "days"]
    kinds = [pl.String, pl.String, pl.String, pl.Float64, pl.Boolean, pl.Float64, pl.Float64]
    return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")


def events(effect: float) -> dict[str, dict[str, Any]]:
    """Shares and rates, over all days and of each kind."""
    ways = ("miettinen_nurminen", "newcombe", "wald")
    said: dict[str, dict[str, Any]] = {f"incidence {one}": {"interval": one} for one in ways}
    said |= {
        f"special_interest {one}": {"interval": one, "groups": {"sick": ["nausea", "vomiting"]}}
        for one in ways
    }
    said["dose_day_rates"] = {"dose_day": "dose_day", "dose_days": "dose_days", "days": "days"}
    said["time_course"] = {"day": "day", "days": "days", "ends": [2]}
    return {name: {"contrast": PAIR, **own} for name, own in said.items()}


def event_truths(effect: float) -> dict[str, Truth]:
    """Shares are over the law of the days watched; rates are each day's."""
    days = np.arange(20, 61)
    any_of = {
        arm: 1 - float(np.mean(np.exp(-2 * own["on"] - own["between"] * (days - 2))))
        for arm, own in DAILY.items()
    }
    found: dict[str, Truth] = {}
    for way in ("miettinen_nurminen", "newcombe", "wald"):
        found[f"incidence {way}"] = {"nausea": any_of["mdma"] - any_of["placebo"]}
        found[f"special_interest {way}"] = {"sick": any_of["mdma"] - any_of["placebo"]}
    rates: dict[str, float] = {}
    for kind, said in (("on", "on a day of dosing"), ("between", "between")):
        for arm, own in DAILY.items():
            rates[f"nausea, {arm}, {said}"] = own[kind]
        rates[f"nausea, {said}"] = DAILY["mdma"][kind] / DAILY["placebo"][kind]
    found["dose_day_rates"] = rates
    early = {
        arm: 1 - float(np.mean(np.exp(-own["on"] - own["between"] * (days - 2) * 2 / days)))
        for arm, own in DAILY.items()
    }
    found["time_course"] = {f"nausea, {arm}, from day 0 to 2": own for arm, own in early.items()}
    return found


def rate_rows(rng: np.random.Generator, people: int, effect: float) -> pl.DataFrame:
    """Events at a rate of 0.03 and 0.02 a day."""
    rows = []
    for one in range(people):
        arm = "mdma" if one % 2 == 0 else "placebo"
        days = float(rng.integers(10, 60))
        many = int(rng.poisson(days * (0.03 if arm == "mdma" else 0.02)))
        rows += [(f"p{one}", arm, term, days) for term in (["nausea"] * many or [None])]
    return pl.DataFrame(
        rows,
        schema={"participant": pl.String, "arm": pl.String, "value": pl.String, "days": pl.Float64},
        orient="row",
    )


RATES: dict[str, Truth] = {"event_rates": {"nausea, mdma": 0.03, "nausea, placebo": 0.02, "nausea": 1.5}}

# Vital signs and laboratories: two measurements of each person after one dose, their own level and noise.
OWN, NOISE = 10.0, 8.0


def vital_rows(rng: np.random.Generator, people: int, effect: float) -> pl.DataFrame:
    """Two measurements of each person, with what stood before, as grades and as numbers."""
    arm = np.where(np.arange(people) % 2 == 0, "mdma", "placebo")
    own, before = rng.normal(0, OWN, people), rng.normal(0, NOISE, people)
    each = np.repeat(np.arange(people), 2)
    value = 140 + own[each] + rng.normal(0, NOISE, 2 * people)
    ill = rng.random((people, 2)) < [0.1, 0.2]  # ideation before, and after
    return pl.DataFrame(
        {
            "participant": [f"p{one}" for one in each],
            "arm": arm[each],
            "visit": ["V2", "V3"] * people,
            "session": "s1",
            "parameter": "systolic",
            "value": value,
            "before": (140 + own + before)[each],
            "qt": value + 300,
            "baseline": (440 + own + before)[each],
            "grade": np.where(value > 150, "high", "normal"),
            "graded": np.where((140 + own + before)[each] > 150, "high", "normal"),
            "time": ["before", "after"] * people,
            "behaviour": False,
            "ideation": np.where(ill.ravel(), 1, 0),
            "bilirubin": np.where(rng.random(people) < 0.1, 2.5, 1.0)[each],
            "alt": np.where(rng.random(people) < 0.2, 4.0, 1.0)[each],
        }
    )


def vitals(effect: float) -> dict[str, dict[str, Any]]:
    """Each table of measurements."""
    said: dict[str, dict[str, Any]] = {
        "vital_outliers": {
            "session": "session",
            "parameter": "parameter",
            "before": "before",
            "limits": {"systolic": {"at_least": 160, "rise": 15}},
        },
        "shift": {"value": "grade", "before": "graded", "grades": ["normal", "high"]},
        "suicidality_shift": {"value": "ideation", "behaviour": "behaviour", "time": "time"},
        "qt_categories": {"value": "qt"},
        "edish": {"value": "alt", "bilirubin": "bilirubin"},
    }
    return {name: {"contrast": PAIR, **own} for name, own in said.items()}


def vital_truths(effect: float) -> dict[str, Truth]:
    """Both arms are alike; the greater of two is integrated over the person's own level."""
    levels, weight = np.polynomial.hermite_e.hermegauss(80)
    weight = weight / weight.sum()

    def ever(limit: float) -> float:
        return float(weight @ (1 - norm.cdf((limit - 140 - OWN * levels) / NOISE) ** 2))

    rise = float(weight @ (1 - norm.cdf((15 + NOISE * levels) / NOISE) ** 2))
    low = norm.cdf((150 - 140 - OWN * levels) / NOISE)
    # got worse: of all with both grades, who was normal before and high once afterwards
    worse = float(weight @ (low * (1 - low**2)))
    arms = ("mdma", "placebo")
    return {
        "vital_outliers": {
            f"systolic, s1, {arm}, {said}": own
            for arm in arms
            for said, own in (("at least 160", ever(160)), ("rise of at least 15", rise))
        },
        "shift": dict.fromkeys(arms, worse),
        "suicidality_shift": dict.fromkeys(arms, 0.9 * 0.2),
        "qt_categories": {
            f"{arm}, above {limit} ms": ever(limit - 300) for arm in arms for limit in (450, 480)
        },
        "edish": {
            f"{arm}, {said}": own
            for arm in arms
            for said, own in (("possible Hy's Law", 0.02), ("Temple's corollary", 0.18), ("normal", 0.72))
        },
    }


def qt_rows(rng: np.random.Generator, people: int, effect: float) -> pl.DataFrame:
    """Change of QTc at three times by the concentration, with slopes of their own."""
    arm = np.arange(people) % 2
    each, when = np.repeat(np.arange(people), 3), np.tile(np.arange(3), people)
    peak = rng.lognormal(np.log(150), 0.3, people)
    level = np.where(arm == 1, peak, 0.0)[each] * np.array([0.5, 1.0, 0.7])[when]
    slope = 0.04 + rng.normal(0, 0.05, people)
    change = rng.normal(0, 4, people)[each] + slope[each] * level + when + rng.normal(0, 6, 3 * people)
    return pl.DataFrame(
        {
            "participant": [f"p{one}" for one in each],
            "arm": np.where(arm == 1, "mdma", "placebo")[each],
            "visit": [f"V{one + 1}" for one in when],
            "value": change,
            "alike": change - (slope[each] - 0.04) * level,
            "baseline": rng.normal(410, 12, people)[each],
            "level": level,
        }
    )


def qt(effect: float) -> dict[str, dict[str, Any]]:
    """With slopes of each person, and the same for all."""
    said = {"concentration": "level", "concentrations": {"peak": 150}, "contrast": PAIR}
    values = {"random": "value", "common": "alike"}
    return {
        f"concentration_qtc {one}": {"slopes": one, "value": value, **said} for one, value in values.items()
    }


QT: dict[str, Truth] = {
    f"concentration_qtc {one}": {"slope": 0.04, "peak (150)": 6.0} for one in ("random", "common")
}

# Agreement: people, raters and noise with variances 1, 0.2 and 0.5; items of one factor.
PEOPLE, RATERS, REST = 1.0, 0.2, 0.5
LOADINGS = np.array([0.8, 0.7, 0.6, 0.5])


def rated_rows(rng: np.random.Generator, people: int, effect: float) -> pl.DataFrame:
    """Four raters of everybody; categories of two; four items."""
    raters = 4
    true, level = rng.normal(0, sqrt(PEOPLE), people), rng.normal(0, sqrt(RATERS), raters)
    each, who = np.repeat(np.arange(people), raters), np.tile(np.arange(raters), people)
    noise = rng.normal(0, sqrt(REST), raters * people)
    factor = rng.normal(0, 1, people)
    items = factor[:, None] * LOADINGS + rng.normal(0, np.sqrt(1 - LOADINGS**2), (people, 4))
    same, first, second = rng.random(people) < 0.6, *rng.integers(0, 3, (2, people))
    return pl.DataFrame(
        {
            "participant": [f"p{one}" for one in each],
            "rater": [f"r{one}" for one in who],
            "visit": np.array(["V1", "V2", "V3", "V4"])[who],
            "value": true[each] + level[who] + noise,
            "fixed": true[each] + np.array([-0.6, -0.2, 0.2, 0.6])[who] + noise,
            "apart": true[each] + rng.normal(0, sqrt(RATERS + REST), raters * people),
            "grade": first[each],
            "second": np.where(same, first, second)[each],
            **{f"item{one}": items[each, one] for one in range(4)},
        }
    )


def rated(effect: float) -> dict[str, dict[str, Any]]:
    """Six forms, three weights, two reliabilities."""
    values = {"1": "apart", "2": "value", "3": "fixed"}
    said: dict[str, dict[str, Any]] = {
        f"icc {form}": {"form": form, "rater": "rater", "value": values[form[0]]}
        for form in ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k")
    }
    at = {"at": "V3"}
    said |= {
        f"kappa {one}": {"weights": one, "value": "grade", "second": "second", **at}
        for one in ("none", "linear", "quadratic")
    }
    items = {"items": [f"item{one}" for one in range(4)], **at}
    return {
        name: {"contrast": None, **own}
        for name, own in (said | {"cronbach_alpha": items, "mcdonald_omega": items}).items()
    }


def rated_truths(effect: float) -> dict[str, Truth]:
    """Of the variances as they are drawn; alpha and omega of the items' covariances."""
    whole = PEOPLE + RATERS + REST
    found: dict[str, Truth] = {
        "icc 1,1": PEOPLE / whole,
        "icc 2,1": PEOPLE / whole,
        "icc 3,1": PEOPLE / (PEOPLE + REST),
        "icc 1,k": PEOPLE / (PEOPLE + (RATERS + REST) / 4),
        "icc 2,k": PEOPLE / (PEOPLE + (RATERS + REST) / 4),
        "icc 3,k": PEOPLE / (PEOPLE + REST / 4),
    }
    found |= dict.fromkeys(("kappa none", "kappa linear", "kappa quadratic"), 0.6)
    covariance = np.outer(LOADINGS, LOADINGS)
    np.fill_diagonal(covariance, 1.0)
    found["cronbach_alpha"] = float(4 / 3 * (1 - np.trace(covariance) / covariance.sum()))
    return found | {"mcdonald_omega": float(LOADINGS.sum() ** 2 / covariance.sum())}


def ordered_rows(rng: np.random.Generator, people: int, effect: float) -> pl.DataFrame:
    """Four ordered categories at three visits; each margin is logistic, whatever correlates."""
    own = sqrt(0.5) * rng.normal(size=people)[:, None] + sqrt(0.5) * rng.normal(size=(people, 3))
    arm = np.arange(people) % 2
    value = logit(np.clip(ndtr(own), 1e-12, 1 - 1e-12)) + effect * arm[:, None] * np.array([0.5, 1, 1])
    return pl.DataFrame(
        {
            "participant": [f"p{one}" for one in np.repeat(np.arange(people), 3)],
            "arm": np.repeat(np.where(arm == 1, "mdma", "placebo"), 3),
            "visit": ["V1", "V2", "V3"] * people,
            "value": np.digitize(value, (-1.0, 0.5, 1.8)).ravel(),
        }
    )


def ordered(effect: float) -> dict[str, dict[str, Any]]:
    """Repeated ordered categories by the corrections for few people."""
    fixed = {"fixed": "arm * visit", "family": "ordinal"}
    said = {
        f"gee ordinal {one}": {"correction": one, "correlation": "independence", **fixed}
        for one in ("mancl_derouen", "kauermann_carroll", "none")
    }
    return said | {"gee ordinal exchangeable": {"correlation": "exchangeable", **fixed}}


TABLES: dict[str, Study] = {
    "assumed": Study(
        "who drops out goes on as each assumption says, imputed by the jackknife",
        efficacy_rows,
        imputed,
        assumed,
        draws=60,
    ),
    "drawn": Study(
        "the same at random, by the inferences that draw (40 each)",
        efficacy_rows,
        drawn,
        drawn_truths,
        sizes=(20, 60),
        effects=(-6.0,),
        draws=100,
    ),
    "retrieved": Study(
        "a third stops, and six in ten of these are seen at the end",
        retrieved_rows,
        retrieved,
        lambda effect: {"retrieved_dropouts": effect * 2 / 3},
        sizes=(60, 120),
        draws=150,
    ),
    "arms": Study(
        "three doses; Dunnett's intervals hold both or do not",
        arms_rows,
        arms,
        arms_truths,
        sizes=(30, 60, 120),
        draws=250,
        arms=("mdma", "low", "placebo"),
        together=("dunnett",),
    ),
    "groups": Study(
        "therapist pairs with an intraclass correlation of 0.25",
        group_rows,
        groups,
        lambda effect: {f"random_effects {one}": effect for one in ("kenward_roger", "satterthwaite")},
        sizes=(24, 60, 120),
        draws=300,
    ),
    "events": Study(
        "events on days of dosing and between",
        event_rows,
        events,
        event_truths,
        effects=(0.0,),
        draws=250,
        visits=(),
    ),
    "rates": Study(
        "events at a constant rate",
        rate_rows,
        lambda effect: {"event_rates": {"exposure": "days", "contrast": PAIR}},
        lambda effect: RATES,
        effects=(0.0,),
        draws=500,
        visits=(),
    ),
    "vitals": Study(
        "two measurements of each person after one dose",
        vital_rows,
        vitals,
        vital_truths,
        effects=(0.0,),
        draws=250,
        visits=("V2", "V3"),
    ),
    "qt": Study(
        "three measurements after a dose, slopes of each person's own",
        qt_rows,
        qt,
        lambda effect: QT,
        effects=(0.0,),
        draws=250,
        level=0.90,
    ),
    "rated": Study(
        "four raters of everybody; four items of one factor",
        rated_rows,
        rated,
        rated_truths,
        effects=(0.0,),
        draws=400,
        visits=("V1", "V2", "V3", "V4"),
    ),
    "ordered": Study(
        "four ordered categories at three visits",
        ordered_rows,
        ordered,
        lambda effect: {name: exp(effect) for name in ordered(effect)},
        sizes=(24, 40, 80),
        effects=(0.0, 1.0),
        draws=120,
    ),
}
