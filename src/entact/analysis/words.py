"""The words that `method` may be in a plan, what each takes, and the object that it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from entact.analysis.imputation import ASSUMPTIONS
from entact.analysis.methods import (
    AnalysisOfCovariance,
    Describe,
    EffectSize,
    ExactShares,
    Hazards,
    Imputed,
    LogRank,
    MantelHaenszel,
    MedianTime,
    MixedModel,
    PairedT,
    RankSum,
    Rerandomisation,
    RestrictedMean,
    Share,
    Shares,
    SignedRank,
    Standardised,
    TippingPoint,
    TTest,
    VanElteren,
)
from entact.analysis.methods.imputed import INFERENCES
from entact.analysis.methods.shares import DIFFERENCES, RATIOS, SHARES
from entact.analysis.planned import Event, Method
from entact.analysis.randomisation import Complete, Minimisation, PermutedBlocks, Procedure, Simple

COVARIANCES = (
    *("ante_dependence", "auto_regressive", "compound_symmetry", "spatial_exponential"),
    *("spatial_gaussian", "toeplitz", "unstructured"),
)
DEGREES = ("kenward_roger", "satterthwaite")
WEIGHTS = ("equal", "proportional", "observed")
ROBUST = ("model", "HC0", "HC2", "HC3")

Takes = tuple[str, ...] | type  # the words that a key may be, or what its value is
TEXT, NUMBER = str, float
NAMES, NUMBERS = list, tuple  # one name or several; several numbers
LIMITS = dict  # names with numbers

_IMPUTED: dict[str, Takes] = {
    "fixed": TEXT,
    "assumption": tuple(ASSUMPTIONS),
    "inference": INFERENCES,
    "samples": NUMBER,
    "seed": NUMBER,
    "reference": TEXT,
    "event_visit": TEXT,
    "covariates": NAMES,
}


@dataclass(frozen=True, slots=True)
class Word:
    """A method's word: what it answers, which keys it takes and needs, and the object that it makes."""

    answers: str
    make: Callable[[Mapping[str, Any]], Method]
    keys: Mapping[str, Takes] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    pair: bool = True


def names_of(said: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """One name or several, as a plan may say them."""
    own = said.get(key, ())
    return (own,) if isinstance(own, str) else tuple(str(one) for one in own)


def _standardised(family: Literal["linear", "logistic"], said: Mapping[str, Any]) -> Method:
    return Standardised(
        family,
        said["fixed"],
        said.get("measure", "difference"),
        said.get("variance", "ye"),
        names_of(said, "randomised_within"),
        said.get("fitting", "firth_if_separated"),
    )


def _imputed(said: Mapping[str, Any]) -> Imputed:
    inference = said.get("inference", "jackknife")
    if inference != "jackknife" and "seed" not in said:
        raise ValueError(f"{inference} draws at random; write a `seed`")
    responder = said.get("responder")
    if responder is not None and set(responder) - {"at_least", "at_most"}:
        raise ValueError("a responder has `at_least` or `at_most`, as in {at_most: -10}")
    return Imputed(
        said["fixed"],
        said.get("assumption", "missing_at_random"),
        inference,
        int(said["samples"]) if "samples" in said else None,
        int(said["seed"]) if "seed" in said else None,
        said.get("reference"),
        said.get("event_visit"),
        {name: float(value) for name, value in said.get("delta", {}).items()},
        names_of(said, "covariates") or ("baseline",),
        None if responder is None else Event((), responder.get("at_least"), responder.get("at_most")),
    )


def _procedure(said: Mapping[str, Any]) -> Procedure:
    within = names_of(said, "within")
    if said["procedure"] == "blocks":
        ratio = said.get("ratio", (1, 1))
        return PermutedBlocks(tuple(said.get("sizes", ())), (int(ratio[0]), int(ratio[1])), within)
    if said["procedure"] == "minimisation":
        return Minimisation(within, float(said.get("chance", 0.8)))
    return Simple(float(said.get("chance", 0.5))) if said["procedure"] == "simple" else Complete(within)


METHODS: dict[str, Word] = {
    "describe": Word(
        "n, mean, SD, median and interval; of a yes or no the share with its exact interval",
        lambda said: Describe(),
        pair=False,
    ),
    "ancova": Word(
        "difference of adjusted means at a visit, by least squares",
        lambda said: AnalysisOfCovariance(
            said["fixed"],
            said.get("pool_sites_below"),
            said.get("weights", "equal"),
            said.get("variance", "model"),
        ),
        {"fixed": TEXT, "pool_sites_below": NUMBER, "weights": WEIGHTS, "variance": tuple(ROBUST)},
        ("fixed",),
    ),
    "mmrm": Word(
        "difference of adjusted means at a visit, by a mixed model for repeated measures",
        lambda said: MixedModel(
            said["fixed"],
            said.get("covariance", "unstructured"),
            said.get("df", "kenward_roger"),
            said.get("pool_sites_below"),
        ),
        {"fixed": TEXT, "pool_sites_below": NUMBER, "covariance": COVARIANCES, "df": DEGREES},
        ("fixed",),
    ),
    "standardised_linear": Word(
        "marginal difference of means by a linear model, with the covariates' sampling variance",
        lambda said: _standardised("linear", said),
        {"fixed": TEXT, "variance": ("ye", "ge"), "randomised_within": NAMES},
        ("fixed",),
    ),
    "standardised_logistic": Word(
        "marginal difference or ratio of shares by a logistic model, with the covariates' sampling variance",
        lambda said: _standardised("logistic", said),
        {
            "fixed": TEXT,
            "measure": ("difference", "risk_ratio", "odds_ratio"),
            "variance": ("ye", "ge"),
            "randomised_within": NAMES,
            "fitting": ("firth_if_separated", "firth", "maximum_likelihood"),
        },
        ("fixed",),
    ),
    "imputed": Word(
        "difference of adjusted means at a visit, with what was not seen imputed under an `assumption`",
        _imputed,
        {**_IMPUTED, "delta": LIMITS, "responder": LIMITS},
        ("fixed",),
    ),
    "tipping_point": Word(
        "the imputed difference with each of `deltas` added to what is imputed in an arm after the event",
        lambda said: TippingPoint(_imputed(said), tuple(map(float, said["deltas"])), said.get("arm")),
        {**_IMPUTED, "deltas": NUMBERS, "arm": TEXT},
        ("fixed", "deltas"),
    ),
    "t_test": Word(
        "difference of means, by Welch's test unless `variances: equal`",
        lambda said: TTest(said.get("variances", "unequal")),
        {"variances": ("unequal", "equal")},
    ),
    "paired_t": Word("mean change within people, by the paired t test", lambda said: PairedT(), pair=False),
    "effect_size": Word(
        "Hedges' g or Cohen's d, in units of the SD of the values or at baseline",
        lambda said: EffectSize(said.get("kind", "hedges"), said.get("sd", "value")),
        {"kind": ("hedges", "cohen"), "sd": ("value", "baseline")},
    ),
    "rank_sum": Word("Hodges-Lehmann shift, by Wilcoxon's rank sum test", lambda said: RankSum()),
    "signed_rank": Word(
        "pseudo-median of changes within people, by Wilcoxon's signed rank test",
        lambda said: SignedRank(),
        pair=False,
    ),
    "van_elteren": Word(
        "rank sum test within strata",
        lambda said: VanElteren(names_of(said, "strata")),
        {"strata": NAMES},
        ("strata",),
    ),
    "rerandomisation": Word(
        "difference of means, tested by allocating again as it was done; rows in order of allocation",
        lambda said: Rerandomisation(
            _procedure(said), int(said["seed"]), int(said.get("draws", 9999)), names_of(said, "covariates")
        ),
        {
            "procedure": ("blocks", "complete", "minimisation", "simple"),
            "seed": NUMBER,
            "draws": NUMBER,
            "sizes": NUMBERS,
            "ratio": NUMBERS,
            "within": NAMES,
            "chance": NUMBER,
            "covariates": NAMES,
        },
        ("procedure", "seed"),
    ),
    "median_time": Word(
        "median time of each arm; `value` is the time, `ended` a column that says whether the event came",
        lambda said: MedianTime(said["ended"]),
        {"ended": TEXT},
        ("ended",),
        pair=False,
    ),
    "log_rank": Word(
        "log-rank test, within strata where they are named",
        lambda said: LogRank(said["ended"], names_of(said, "strata")),
        {"ended": TEXT, "strata": NAMES},
        ("ended",),
    ),
    "cox": Word(
        "hazard ratio by proportional hazards",
        lambda said: Hazards(said["ended"], names_of(said, "covariates"), names_of(said, "strata")),
        {"ended": TEXT, "covariates": NAMES, "strata": NAMES},
        ("ended",),
    ),
    "restricted_mean": Word(
        "difference of mean times without the event, up to a time",
        lambda said: RestrictedMean(said["ended"], float(said["until"])),
        {"ended": TEXT, "until": NUMBER},
        ("ended", "until"),
    ),
    "share": Word(
        "share of each arm, by Clopper and Pearson unless `interval: wilson`; tested where a `null` is said",
        lambda said: Share(said.get("interval")),
        {"interval": tuple(SHARES)},
        pair=False,
    ),
    "proportion": Word(
        "difference of shares, with Newcombe's interval unless `interval` says another",
        lambda said: Shares("difference", said.get("interval"), names_of(said, "strata")),
        {"interval": tuple(DIFFERENCES), "strata": NAMES},
    ),
    "risk_ratio": Word(
        "ratio of shares",
        lambda said: Shares("risk_ratio", said.get("interval")),
        {"interval": tuple(RATIOS)},
    ),
    "odds_ratio": Word(
        "ratio of odds",
        lambda said: Shares("odds_ratio", said.get("interval")),
        {"interval": tuple(RATIOS)},
    ),
    "number_needed": Word(
        "number needed to treat for one more event",
        lambda said: Shares("number_needed", said.get("interval")),
        {"interval": tuple(DIFFERENCES)},
    ),
    "fisher": Word(
        "Fisher's exact test, with the conditional odds ratio", lambda said: ExactShares("fisher")
    ),
    "barnard": Word("Barnard's exact test of two shares", lambda said: ExactShares("barnard")),
    "boschloo": Word("Boschloo's exact test of two shares", lambda said: ExactShares("boschloo")),
    "mantel_haenszel": Word(
        "common risk difference of strata",
        lambda said: MantelHaenszel(names_of(said, "strata")),
        {"strata": NAMES},
        ("strata",),
    ),
    "cmh": Word(
        "Cochran-Mantel-Haenszel test over strata",
        lambda said: MantelHaenszel(names_of(said, "strata"), test=True),
        {"strata": NAMES},
        ("strata",),
    ),
}
"""Every word that `method` may be."""
