"""Every public method on data that determine nothing: a stated result or a clear error, never a NaN."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from inspect import isfunction, signature
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from entact import analysis
from entact.analysis import binary, imputation, multiplicity, survival
from entact.analysis.continuous import adjusted_difference, ancova, effect_size, paired_t
from entact.analysis.meaningful import anchored, distribution, reliable_change
from entact.analysis.rank import rank_sum, signed_rank, van_elteren
from entact.analysis.result import Estimate, Estimates
from entact.analysis.survival import Times

PAIR = ("mdma", "placebo")
PLACE = np.arange(40)
RNG = np.random.default_rng(7)
ROWS = pl.DataFrame(
    {
        "participant": [f"p{place // 2:02d}" for place in PLACE],
        "arm": ["mdma", "mdma", "placebo", "placebo"] * 10,
        "visit": ["V1", "V2"] * 20,
        "site": [str(place // 4 % 2) for place in PLACE],
        "baseline": np.repeat(RNG.normal(40, 5, 20), 2),
        "value": np.where(PLACE % 4 < 2, 22.0, 16.0) + RNG.normal(0, 6, 40),
        "ended": RNG.random(40) < 0.6,
        "events": PLACE % 5,
        "exposure": 10.0 + PLACE % 3,
        "guess": np.where(RNG.random(40) < 0.5, "mdma", "placebo"),
        "before": RNG.normal(120, 10, 40),
    }
)
Change = Callable[[pl.DataFrame], pl.DataFrame]
NOTHING = pl.lit(None, dtype=pl.Float64)
CASES: dict[str, Change] = {
    "as it should be": lambda rows: rows,
    "nobody": lambda rows: rows.head(0),
    "one participant": lambda rows: rows.head(2),
    "one of each arm": lambda rows: rows.head(4),
    "one arm empty": lambda rows: rows.filter(arm="mdma"),
    "all responders": lambda rows: rows.with_columns(value=pl.lit(30.0)),
    "no responder": lambda rows: rows.with_columns(value=pl.lit(0.0)),
    "a zero cell": lambda rows: rows.with_columns(
        value=pl.when(pl.col("arm") == "mdma").then(pl.col("value")).otherwise(1.0)
    ),
    "all missing": lambda rows: rows.with_columns(value=NOTHING, guess=pl.lit(None, dtype=pl.String)),
    "one arm missing": lambda rows: rows.with_columns(
        value=pl.when(pl.col("arm") == "mdma").then(pl.col("value"))
    ),
    "one site": lambda rows: rows.with_columns(site=pl.lit("a")),
    "a site each": lambda rows: rows.with_columns(site=pl.col("participant")),
    "nothing ended": lambda rows: rows.with_columns(ended=pl.lit(value=False)),
    "all ended at once": lambda rows: rows.with_columns(ended=pl.lit(value=True), exposure=pl.lit(4.0)),
    "nobody had an event": lambda rows: rows.with_columns(events=pl.lit(0)),
    "one baseline": lambda rows: rows.with_columns(baseline=pl.lit(40.0), before=pl.lit(120.0)),
    "all guess alike": lambda rows: rows.with_columns(guess=pl.lit("mdma")),
    "all guess right": lambda rows: rows.with_columns(guess=pl.col("arm")),
}


def last(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(visit="V2")


def arms(rows: pl.DataFrame, column: str = "value") -> tuple[pl.Series, pl.Series]:
    own = last(rows)
    return own.filter(arm="mdma")[column], own.filter(arm="placebo")[column]


def pair(rows: pl.DataFrame) -> binary.Pair:
    first, second = arms(rows)
    return binary.count(first >= 18, second >= 18, PAIR)


def strata(rows: pl.DataFrame) -> list[binary.Stratum]:
    return [binary.Stratum(site, pair(rows.filter(site=site))) for site in sorted(rows["site"].unique())]


def times(rows: pl.DataFrame) -> tuple[Times, Times]:
    own = last(rows)
    made = [Times.of(one["exposure"], one["ended"], name) for name in PAIR for one in [own.filter(arm=name)]]
    return made[0], made[1]


def caused(rows: pl.DataFrame) -> tuple[survival.Causes, survival.Causes]:
    """At one site whoever has no event of their own has another one."""
    other = np.where(last(rows)["site"].to_numpy() == "0", 2, 0)
    own = last(rows).with_columns(other=other)
    made = [
        survival.Causes(one["exposure"].to_numpy(), np.where(one["ended"], 1, one["other"]), name)
        for name in PAIR
        for one in [own.filter(arm=name)]
    ]
    return made[0], made[1]


def model_of_times(rows: pl.DataFrame) -> Any:
    own = last(rows)
    return survival.hazard_ratio(
        own["exposure"].to_numpy() + np.arange(len(own)),
        own["ended"].to_numpy(),
        (own["arm"] == "mdma").cast(pl.Float64).to_numpy()[:, None],
        names=PAIR,
    )


def trial(rows: pl.DataFrame) -> imputation.Trial:
    return imputation.read_trial(
        rows,
        "arm * visit + baseline * visit",
        visits=["V1", "V2"],
        reference={"mdma": "placebo", "placebo": "placebo"},
    )


def guessed(rows: pl.DataFrame) -> Any:
    from entact.analysis.guess import read_guesses

    return read_guesses(last(rows), PAIR)


def standardised(rows: pl.DataFrame, kind: str, **named: Any) -> Any:
    from entact.analysis import adjustment

    own = last(rows).with_columns(response=(pl.col("value") >= 20).cast(pl.Float64))
    if kind == "linear":
        return adjustment.standardise(adjustment.linear("value ~ arm + baseline", own), own, PAIR, **named)
    model = adjustment.logistic("response ~ arm + baseline", own)
    return adjustment.standardise(model, own, PAIR, **named)


def counted(rows: pl.DataFrame) -> Any:
    from entact.analysis.repeated import negative_binomial

    fit = negative_binomial("events ~ arm", last(rows), exposure="exposure")
    return fit


def marginal(rows: pl.DataFrame, family: str) -> Any:
    from entact.analysis.repeated import gee

    own = rows.with_columns(value=(pl.col("value") >= 20).cast(pl.Float64)) if family == "binomial" else rows
    return gee("value ~ arm * visit", own, subject="participant", visit="visit", family=family)


def ordered(rows: pl.DataFrame) -> Any:
    from entact.analysis.repeated import ordinal_gee

    own = rows.with_columns(value=(pl.col("value") >= 20).cast(pl.Float64) + (pl.col("value") >= 15))
    return ordinal_gee("value ~ arm * visit", own, subject="participant", visit="visit")


def ratings(rows: pl.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    wide = rows.select("participant", "visit", "value").pivot(on="visit", index="participant", values="value")
    return wide.drop("participant").to_numpy().astype(float)


def safety(name: str) -> Callable[[pl.DataFrame], Any]:
    def made(rows: pl.DataFrame) -> Any:
        own = import_module("entact.analysis.safety")
        people = last(rows).select("participant", "arm", "exposure")
        events = rows.filter(pl.col("events") > 3).select("participant", term=pl.lit("nausea"))
        also = {"special_interest": ({"stomach": ["nausea"]},)}.get(name, ())
        return getattr(own, name)(events, people, PAIR, *also)

    return made


def listed(name: str, columns: dict[str, pl.Expr], *also: Any) -> Callable[[pl.DataFrame], Any]:
    def made(rows: pl.DataFrame) -> Any:
        own = import_module("entact.analysis.safety")
        return getattr(own, name)(rows.with_columns(**columns), *also)

    return made


def repeated_model(rows: pl.DataFrame) -> Any:
    fit = analysis.mmrm("value ~ arm * visit + baseline", rows, subject="participant", visit="visit")
    return fit.lsmeans("arm", by="visit").contrast("mdma - placebo").to_polars()


def random_model(rows: pl.DataFrame) -> Any:
    fit = analysis.mixed("value ~ arm + baseline", rows, random=analysis.RandomEffect("participant"))
    return fit.lsmeans("arm").contrast("mdma - placebo").to_polars()


def rerandomised(rows: pl.DataFrame) -> Any:
    from entact.analysis.randomisation import Complete, rerandomise

    return rerandomise(
        last(rows), contrast=PAIR, procedure=Complete(), generator=np.random.default_rng(1), draws=50
    )


def blinding(rows: pl.DataFrame, what: str) -> Any:
    found = analysis.count_guesses(last(rows), arm="arm", guess="guess", arms=PAIR)
    if what == "james":
        return analysis.james(found.counts)
    return analysis.bang(found.correct("mdma"), found.wrong("mdma"), found.unknown("mdma"))


def p_of(rows: pl.DataFrame) -> float:
    found = rank_sum(*arms(rows)).p
    return 1.0 if found is None else found


def in_room(room: str, name: str, of: Callable[[pl.DataFrame], Any], *also: Any, **named: Any) -> Any:
    return lambda rows: getattr(import_module(f"entact.analysis.{room}"), name)(of(rows), *also, **named)


BINARY = "binary"
METHODS: dict[str, Callable[[pl.DataFrame], Any]] = {
    **{
        f"binary.difference {type(one).__name__}": in_room(BINARY, "difference", pair, method=one)
        for one in (binary.Wald(), binary.Newcombe(), binary.MiettinenNurminen())
    },
    **{
        f"binary.ratio {kind} {type(one).__name__}": in_room(BINARY, "ratio", pair, kind, method=one)
        for kind in ("risk ratio", "odds ratio")
        for one in (binary.LogWald(), binary.ScoreRatio())
    },
    **{
        f"binary.exact {type(one).__name__}": in_room(BINARY, "exact", pair, method=one)
        for one in (binary.Fisher(), binary.Barnard(), binary.Boschloo())
    },
    **{
        f"binary.share {type(one).__name__}": in_room(
            BINARY, "share", lambda rows: pair(rows).first, method=one, null=0.3
        )
        for one in (binary.ClopperPearson(), binary.Wilson())
    },
    "binary.number_needed": in_room(BINARY, "number_needed", pair),
    "binary.count": pair,
    "binary.stratified_difference": in_room(BINARY, "stratified_difference", strata),
    "binary.mantel_haenszel_difference": in_room(BINARY, "mantel_haenszel_difference", strata),
    "binary.mantel_haenszel_ratio odds": in_room(BINARY, "mantel_haenszel_ratio", strata),
    "binary.mantel_haenszel_ratio risk": in_room(BINARY, "mantel_haenszel_ratio", strata, "risk ratio"),
    "binary.cochran_test": in_room(BINARY, "cochran_test", strata),
    "continuous.ancova": lambda rows: ancova("value ~ arm + baseline", last(rows), PAIR),
    "continuous.adjusted_difference": lambda rows: adjusted_difference(
        "value ~ arm + baseline", last(rows), PAIR
    ),
    "continuous.ancova HC3": lambda rows: ancova("value ~ arm + site", last(rows), PAIR, variance="HC3"),
    "continuous.effect_size": lambda rows: effect_size(*arms(rows)),
    "continuous.effect_size cohen": lambda rows: effect_size(*arms(rows), kind="cohen"),
    "continuous.paired_t": lambda rows: paired_t(last(rows)["value"] - 15),
    "rank.rank_sum": lambda rows: rank_sum(*arms(rows)),
    "rank.signed_rank": lambda rows: signed_rank(last(rows)["value"] - 15),
    "rank.van_elteren": lambda rows: van_elteren(
        [arms(rows.filter(site=site)) for site in rows["site"].unique().sort()]
    ),
    "survival.kaplan_meier": in_room("survival", "kaplan_meier", lambda rows: times(rows)[0]),
    "survival.median_time": in_room("survival", "median_time", lambda rows: times(rows)[0]),
    "survival.restricted_mean_difference": lambda rows: survival.restricted_mean_difference(
        *times(rows), 8.0
    ),
    "survival.logrank": lambda rows: survival.logrank([times(rows)]),
    "survival.hazard_ratio": model_of_times,
    "survival.cumulative_incidence": lambda rows: survival.cumulative_incidence(
        last(rows)["exposure"].to_numpy(), last(rows)["ended"].cast(pl.Int64).to_numpy(), 11.0
    ),
    "survival.incidence_difference": lambda rows: survival.incidence_difference(
        *(survival.cumulative_incidence(own.time, own.cause, 11.0) for own in caused(rows))
    ),
    "survival.gray": lambda rows: survival.gray([caused(rows)]),
    "repeated.ordinal_gee": ordered,
    "repeated.gee binomial": lambda rows: marginal(rows, "binomial"),
    "repeated.gee gaussian": lambda rows: marginal(rows, "gaussian"),
    "repeated.negative_binomial": counted,
    "adjustment.standardise linear": lambda rows: standardised(rows, "linear"),
    "adjustment.standardise logistic": lambda rows: standardised(rows, "logistic"),
    "adjustment.standardise ratio": lambda rows: standardised(rows, "logistic", measure="risk_ratio"),
    **{
        f"agreement.icc {form}": in_room("agreement", "icc", ratings, form)
        for form in ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k")
    },
    "agreement.kappa": lambda rows: import_module("entact.analysis.agreement").kappa(
        last(rows)["arm"].to_list(), last(rows)["guess"].to_list()
    ),
    "agreement.alpha": in_room("agreement", "alpha", ratings),
    "agreement.omega": in_room(
        "agreement",
        "omega",
        lambda rows: np.column_stack([ratings(rows), rows["before"].to_numpy().reshape(-1, 2)]),
    ),
    "meaningful.anchored": lambda rows: anchored(
        last(rows)["value"], last(rows)["guess"] == "mdma", last(rows)["ended"]
    ),
    "meaningful.distribution": lambda rows: distribution(last(rows)),
    "meaningful.reliable_change": lambda rows: reliable_change(
        analysis.summarise(last(rows)["value"]).sd or 0.0, 0.8
    ),
    **{
        f"guess.{name}": in_room("guess", name, guessed)
        for name in ("effect_by_guess", "correct_guess_curve", "mediation_by_guess")
    },
    "guess.read_guesses": guessed,
    "guess.expectancy_needed": lambda rows: import_module("entact.analysis.guess").expectancy_needed(
        guessed(rows), Estimate("mean difference", "t", 5.0, 1.0, 9.0)
    ),
    "heterogeneity.subgroups": lambda rows: import_module("entact.analysis.heterogeneity").subgroups(
        last(rows), "arm + baseline", PAIR, ["site"]
    ),
    "heterogeneity.leave_one_out": lambda rows: import_module("entact.analysis.heterogeneity").leave_one_out(
        last(rows), "arm + baseline", PAIR, "site"
    ),
    "heterogeneity.durability": lambda rows: import_module("entact.analysis.heterogeneity").durability(
        rows, "arm * visit + baseline", PAIR, ["V1", "V2"]
    ),
    "imputation.read_trial": trial,
    "imputation.imputed_difference": lambda rows: imputation.imputed_difference(
        trial(rows), PAIR, "V2", assumption=imputation.JumpToReference()
    ),
    "imputation.tipping_point": lambda rows: imputation.tipping_point(
        trial(rows), PAIR, "V2", [0.0, 5.0], arm="mdma", assumption=imputation.MissingAtRandom()
    ),
    "imputation.retrieved_dropouts": lambda rows: imputation.retrieved_dropouts(
        trial(rows), PAIR, "V2", fallback=imputation.JumpToReference()
    ),
    **{
        f"safety.{name}": safety(name)
        for name in ("incidence", "exposure_adjusted", "special_interest", "volcano")
    },
    "safety.qtcf": lambda rows: import_module("entact.analysis.safety").qtcf(
        rows["value"] + 400, rows["before"] * 8
    ),
    "safety.shift": listed("shift", {"before": pl.lit("none"), "after": pl.lit("mild")}, ["none", "mild"]),
    "multiplicity.holm": lambda rows: multiplicity.holm({"a": 0.01, "b": p_of(rows)}),
    "multiplicity.hochberg": lambda rows: multiplicity.hochberg({"a": 0.01, "b": p_of(rows)}),
    "multiplicity.hommel": lambda rows: multiplicity.hommel({"a": 0.01, "b": p_of(rows)}),
    "multiplicity.fixed_sequence": lambda rows: multiplicity.fixed_sequence({"a": 0.01, "b": p_of(rows)}),
    "mmrm": repeated_model,
    "mixed": random_model,
    "randomisation.rerandomise": rerandomised,
    "bang": lambda rows: blinding(rows, "bang"),
    "james": lambda rows: blinding(rows, "james"),
    "mean_difference": lambda rows: analysis.mean_difference(*arms(rows)),
    "standardised_difference": lambda rows: analysis.standardised_difference(*arms(rows)),
    "summarise": lambda rows: analysis.summarise(last(rows)["value"]),
    "mean_interval": lambda rows: analysis.mean_interval(analysis.summarise(last(rows)["value"])),
}


def numbers(found: Any) -> Iterator[float]:
    """Every number in a result, however deep."""
    if isinstance(found, pl.DataFrame):
        for column in found:
            if column.dtype.is_float():
                yield from column.drop_nulls().to_list()
    elif isinstance(found, pl.Series):
        yield from numbers(found.to_frame())
    elif isinstance(found, np.ndarray):
        if found.dtype.kind == "f":
            yield from found.ravel().tolist()
    elif isinstance(found, float):
        yield found
    elif isinstance(found, dict):
        for one in found.values():
            yield from numbers(one)
    elif isinstance(found, list | tuple | Estimates):
        for one in found:
            yield from numbers(one)
    elif is_dataclass(found) and not isinstance(found, type):
        for own in fields(found):
            yield from numbers(getattr(found, own.name))


def estimates(found: Any) -> Iterator[Estimate]:
    if isinstance(found, Estimate):
        yield found
    elif isinstance(found, Estimates):
        yield from found


APART = {
    "agreement.agreement_by_rater",  # tried by their own tests
    "agreement.agreement_of",
    "agreement.agreement_over_time",
    "adjustment.linear",  # fitted within standardise here
    "adjustment.logistic",
    "multiplicity.graphical",  # of p values alone, which multiplicity's own tests try
    "multiplicity.hierarchical",
    "multiplicity.repeated_p",
    "multiplicity.graph_chart",
    "safety.edish",  # counts of laboratory values and vital signs, tried by their own tests
    "safety.qt_categories",
    "safety.concentration_qtc",
    "safety.dose_day_peaks",
    "safety.dose_day_rates",
    "safety.suicidality_shift",
    "safety.time_course",
    "safety.vital_outliers",
}
ROOMS = "adjustment agreement binary continuous guess heterogeneity imputation meaningful multiplicity rank"


def test_every_method_is_tried() -> None:
    tried = {name.split()[0] for name in METHODS} | APART
    for room in [*ROOMS.split(), "randomisation", "repeated", "safety", "survival"]:
        module = import_module(f"entact.analysis.{room}")
        for name in module.__all__:
            if isfunction(getattr(module, name)):
                assert f"{room}.{name}" in tried


@pytest.mark.parametrize("name", METHODS)
def test_a_stated_result_or_a_clear_error(name: str) -> None:
    for case, change in CASES.items():
        rows = change(ROWS)
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            why = None
            try:
                found = METHODS[name](rows)
            except ValueError as error:
                why = str(error)
        if why is not None:
            assert case != "as it should be", why
            assert len(why) > 15, (case, why)
            assert "nan" not in why.lower().split(), (case, why)
            continue
        # the values given may be missing, what was reckoned from them not
        if not isinstance(found, imputation.Trial):
            assert all(number == number for number in numbers(found)), (case, found)
        for one in estimates(found):
            assert one.estimate is not None or one.p is not None or one.notes, (case, one)


@pytest.mark.parametrize("level", [95, 0, 1.0, float("nan"), "0.95"])
def test_a_level_that_is_none_is_refused_by_every_method(level: Any) -> None:
    for room in [*ROOMS.split(), "randomisation", "safety", "survival"]:
        module = import_module(f"entact.analysis.{room}")
        for name in module.__all__:
            method = getattr(module, name)
            if room != "adjustment" and isfunction(method) and "level" in signature(method).parameters:
                asked = [one for one in signature(method).parameters.values() if one.default is one.empty]
                with pytest.raises(ValueError, match=r"level must lie between 0 and 1"):
                    method(*(None for one in asked if one.kind is not one.KEYWORD_ONLY), level=level)


def test_pandas_says_what_polars_says() -> None:
    from entact.analysis.guess import read_guesses
    from entact.analysis.heterogeneity import subgroups
    from entact.analysis.randomisation import Complete, rerandomise
    from entact.analysis.safety import exposure_adjusted

    frame = pd.DataFrame(ROWS.to_dict(as_series=False))
    people = frame[frame["visit"] == "V2"]
    events = people[people["events"] > 2].assign(term="nausea")[["participant", "term"]]
    own = last(ROWS)
    there = own.filter(pl.col("events") > 2).select("participant", term=pl.lit("nausea"))
    first, second = (people[people["arm"] == arm] for arm in PAIR)
    one, two = arms(ROWS)
    asked: list[tuple[Any, Any]] = [
        (rank_sum(first["value"], second["value"]), rank_sum(one, two)),
        (van_elteren([(first["value"], second["value"])]), van_elteren([(one, two)])),
        (signed_rank(people["value"] - 15), signed_rank(own["value"] - 15)),
        (effect_size(first["value"], second["value"]), effect_size(one, two)),
        (ancova("value ~ arm + site", people, PAIR), ancova("value ~ arm + site", own, PAIR)),
        (subgroups(people, "arm", PAIR, ["site"]), subgroups(own, "arm", PAIR, ["site"])),
        (exposure_adjusted(events, people, PAIR), exposure_adjusted(there, own, PAIR)),
        (distribution(people), distribution(own)),
        (
            survival.median_time(Times.of(people["exposure"], people["ended"])),
            survival.median_time(Times.of(own["exposure"], own["ended"])),
        ),
        (
            binary.difference(binary.count(first["ended"], second["ended"])),
            binary.difference(binary.count(*arms(ROWS, "ended"))),
        ),
        (read_guesses(people, PAIR).arms, read_guesses(own, PAIR).arms),
        (
            imputation.imputed_difference(
                imputation.read_trial(
                    frame,
                    "arm * visit + baseline * visit",
                    visits=["V1", "V2"],
                    reference={"mdma": "placebo", "placebo": "placebo"},
                ),
                PAIR,
                "V2",
                assumption=imputation.JumpToReference(),
            ),
            METHODS["imputation.imputed_difference"](ROWS),
        ),
        (
            rerandomise(
                people, contrast=PAIR, procedure=Complete(), generator=np.random.default_rng(1), draws=50
            ),
            rerandomised(ROWS),
        ),
    ]
    for place, (ours, theirs) in enumerate(asked):
        assert str(ours) == str(theirs), place
