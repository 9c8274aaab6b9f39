"""The words that `method` may be in a plan, what each takes, and the object that it means."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal

from entact.analysis.blinding import UNKNOWN
from entact.analysis.imputation.retrieved import LEAST
from entact.analysis.methods import (
    AnalysisOfCovariance,
    Anchor,
    BlindingIndex,
    CompetingRisks,
    ConcentrationQTc,
    CountsOfEvents,
    Describe,
    Distribution,
    DoseDayPeaks,
    DoseDayRates,
    DoseTrend,
    EachAgainst,
    EffectGivenGuess,
    EffectSize,
    EstimatingEquations,
    ExactShares,
    FirthOdds,
    GrayTest,
    Hazards,
    Imputed,
    Incidence,
    Intraclass,
    Kappa,
    Lasting,
    LiverPeaks,
    LogRank,
    LongQT,
    MantelHaenszel,
    MedianTime,
    MixedModel,
    OrderedCategories,
    PairedT,
    RandomEffects,
    RankSum,
    Reliability,
    ReliableChange,
    Rerandomisation,
    RestrictedMean,
    RetrievedDropouts,
    Share,
    Shares,
    ShareWithout,
    Shift,
    SignedRank,
    SpecialInterest,
    Standardised,
    Subgroups,
    SuicidalityShift,
    TimeCourse,
    TippingPoint,
    TTest,
    VanElteren,
    VitalOutliers,
    Volcano,
    WithoutEach,
)
from entact.analysis.methods.times import Ended
from entact.analysis.planned import Event, Method
from entact.analysis.randomisation import Complete, Minimisation, PermutedBlocks, Procedure, Simple
from entact.analysis.repeated.association import ASSOCIATIONS
from entact.analysis.safety import Limits


@dataclass(frozen=True, slots=True)
class Word:
    """A method's word, as `methods.toml` has it, and the object that it makes.

    Attributes:
        outcome: what it analyses. takes: key -> the words that it may be, or what its value is. needs: keys
            that have to be there. compares: whether two arms are needed. tests: whether it gives one p.
        combines: whether it compares means of several arms together. level: of its intervals.
    """

    title: str
    answers: str
    outcome: str
    make: Callable[[Mapping[str, Any]], Method]
    takes: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    compares: bool = True
    tests: bool = True
    combines: bool = False
    level: float = 0.95


def names_of(said: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """One name or several, as a plan may say them."""
    own = said.get(key, ())
    return (own,) if isinstance(own, str) else tuple(str(one) for one in own)


def event_of(said: Any) -> Event:
    """What counts as an event, as in `{at_most: -10}`, `yes` or `[3, 4]`; checked before."""
    if isinstance(said, Mapping):
        return Event((), said.get("at_least"), said.get("at_most"))
    return Event(tuple(said) if isinstance(said, list | tuple) else (said,))


def _flag(said: Any) -> str | Ended:
    """A column of true and false, or one with what in it is the event; checked before."""
    if isinstance(said, str):
        return said
    [(column, event)] = said.items()
    return Ended(str(column), event_of(event))


def _model(said: Mapping[str, Any]) -> tuple[tuple[str, ...], str, int | None]:
    """Covariances, degrees of freedom and pooling of a mixed model."""
    return (
        names_of(said, "covariance") or ("unstructured",),
        said.get("df", "kenward_roger"),
        said.get("pool_sites_below"),
    )


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
        said.get("assuming", "missing_at_random"),
        inference,
        int(said["samples"]) if "samples" in said else None,
        int(said["seed"]) if "seed" in said else None,
        said.get("reference"),
        said.get("event_visit"),
        {name: float(value) for name, value in said.get("delta", {}).items()},
        names_of(said, "covariates") or ("baseline",),
        None if responder is None else Event((), responder.get("at_least"), responder.get("at_most")),
    )


def _marginal(said: Mapping[str, Any]) -> Method:
    family, correction = said.get("family", "binomial"), said.get("correction", "mancl_derouen")
    if family == "ordinal":
        correlation = said.get("correlation", "independence")
        if correlation not in ASSOCIATIONS:
            raise ValueError(
                f"of ordered categories `correlation` is {' or '.join(ASSOCIATIONS)}, not {correlation}"
            )
        return OrderedCategories(said["fixed"], correction, names_of(said, "categories"), correlation)
    if "categories" in said:
        raise ValueError(f"`categories` are those of `family: ordinal`, and this one is {family}")
    return EstimatingEquations(said["fixed"], family, said.get("correlation", "exchangeable"), correction)


def _procedure(said: Mapping[str, Any]) -> Procedure:
    within = names_of(said, "within")
    if said["procedure"] == "blocks":
        ratio = said.get("ratio", (1, 1))
        return PermutedBlocks(tuple(said.get("sizes", ())), (int(ratio[0]), int(ratio[1])), within)
    if said["procedure"] == "minimisation":
        return Minimisation(within, float(said.get("chance", 0.8)))
    return Simple(float(said.get("chance", 0.5))) if said["procedure"] == "simple" else Complete(within)


_MAKERS: dict[str, Callable[[Mapping[str, Any]], Method]] = {
    "describe": lambda said: Describe(),
    "ancova": lambda said: AnalysisOfCovariance(
        said["fixed"],
        said.get("pool_sites_below"),
        said.get("weights", "equal"),
        said.get("variance", "model"),
    ),
    "mmrm": lambda said: MixedModel(
        said["fixed"],
        *_model(said),
        said.get("equal_at"),
        names_of(said, "average"),
    ),
    "dunnett": lambda said: EachAgainst(said["fixed"], *_model(said)),
    "dose_trend": lambda said: DoseTrend(
        said["fixed"], {arm: float(dose) for arm, dose in said["doses"].items()}, *_model(said)
    ),
    "random_effects": lambda said: RandomEffects(
        said["fixed"], names_of(said, "random"), said.get("df", "kenward_roger")
    ),
    "subgroups": lambda said: Subgroups(said["fixed"], names_of(said, "by"), said.get("pool_sites_below")),
    "leave_one_out": lambda said: WithoutEach(said["fixed"], said["without"], said.get("pool_sites_below")),
    "durability": lambda said: Lasting(said["fixed"], names_of(said, "follow_up")),
    "standardised_linear": lambda said: _standardised("linear", said),
    "standardised_logistic": lambda said: _standardised("logistic", said),
    "firth": lambda said: FirthOdds(said["fixed"]),
    "imputed": _imputed,
    "retrieved_dropouts": lambda said: RetrievedDropouts(
        _imputed(said),
        names_of(said, "after"),
        int(said.get("least", LEAST)),
        said.get("fallback", "jump_to_reference"),
    ),
    "tipping_point": lambda said: TippingPoint(
        _imputed(said), tuple(map(float, said["deltas"])), said.get("arm")
    ),
    "t_test": lambda said: TTest(said.get("variances", "unequal")),
    "paired_t": lambda said: PairedT(),
    "effect_size": lambda said: EffectSize(said.get("kind", "hedges"), said.get("sd", "value")),
    "distribution": lambda said: Distribution(tuple(map(float, said["cuts"])), said.get("better", "lower")),
    "anchor": lambda said: Anchor(
        said["anchor"], event_of(said["improved"]), event_of(said["a_little"]), said.get("better", "lower")
    ),
    "reliable_change": lambda said: ReliableChange(
        float(said["reliability"]),
        float(said["sd_before"]) if "sd_before" in said else None,
        said.get("better", "lower"),
    ),
    "rank_sum": lambda said: RankSum(),
    "signed_rank": lambda said: SignedRank(),
    "van_elteren": lambda said: VanElteren(names_of(said, "strata")),
    "rerandomisation": lambda said: Rerandomisation(
        _procedure(said), int(said["seed"]), int(said.get("draws", 9999)), names_of(said, "covariates")
    ),
    "median_time": lambda said: MedianTime(_flag(said["ended"])),
    "kaplan_meier": lambda said: ShareWithout(_flag(said["ended"]), tuple(map(float, said["at_times"]))),
    "competing_risks": lambda said: CompetingRisks(
        _flag(said["ended"]), _flag(said["competing"]), float(said["until"])
    ),
    "gray": lambda said: GrayTest(_flag(said["ended"]), _flag(said["competing"]), names_of(said, "strata")),
    "log_rank": lambda said: LogRank(_flag(said["ended"]), names_of(said, "strata")),
    "cox": lambda said: Hazards(_flag(said["ended"]), names_of(said, "covariates"), names_of(said, "strata")),
    "restricted_mean": lambda said: RestrictedMean(_flag(said["ended"]), float(said["until"])),
    "share": lambda said: Share(said.get("interval")),
    "proportion": lambda said: Shares("difference", said.get("interval"), names_of(said, "strata")),
    "risk_ratio": lambda said: Shares("risk_ratio", said.get("interval")),
    "odds_ratio": lambda said: Shares("odds_ratio", said.get("interval")),
    "number_needed": lambda said: Shares("number_needed", said.get("interval")),
    "fisher": lambda said: ExactShares("fisher"),
    "barnard": lambda said: ExactShares("barnard"),
    "boschloo": lambda said: ExactShares("boschloo"),
    "mantel_haenszel": lambda said: MantelHaenszel(names_of(said, "strata")),
    "gee": _marginal,
    "negative_binomial": lambda said: CountsOfEvents(said["fixed"], said.get("exposure")),
    "bang": lambda said: BlindingIndex("bang", said.get("unknown", UNKNOWN)),
    "james": lambda said: BlindingIndex("james", said.get("unknown", UNKNOWN)),
    "by_guess": lambda said: EffectGivenGuess("by_guess", said["guess"]),
    "guess_curve": lambda said: EffectGivenGuess("guess_curve", said["guess"]),
    "expectancy": lambda said: EffectGivenGuess("expectancy", said["guess"]),
    "mediation": lambda said: EffectGivenGuess("mediation", said["guess"]),
    "cmh": lambda said: MantelHaenszel(names_of(said, "strata"), test=True),
    "incidence": lambda said: Incidence(said.get("interval", "miettinen_nurminen")),
    "event_rates": lambda said: Incidence(exposure=said["exposure"], per=float(said.get("per", 1))),
    "special_interest": lambda said: SpecialInterest(
        {name: names_of(said["groups"], name) for name in said["groups"]},
        said.get("interval", "miettinen_nurminen"),
    ),
    "dose_day_rates": lambda said: DoseDayRates(said["dose_day"], said["dose_days"], said["days"]),
    "time_course": lambda said: TimeCourse(said["day"], said["days"], tuple(map(float, said["ends"]))),
    "volcano": lambda said: Volcano(),
    "dose_day_peaks": lambda said: DoseDayPeaks(said["session"], said["parameter"], said["before"]),
    "vital_outliers": lambda said: VitalOutliers(
        said["session"],
        said["parameter"],
        said["before"],
        {
            parameter: Limits(own.get("at_least"), own.get("at_most"), own.get("rise"), own.get("fall"))
            for parameter, own in said["limits"].items()
        },
    ),
    "suicidality_shift": lambda said: SuicidalityShift(said["behaviour"], said["time"]),
    "edish": lambda said: LiverPeaks(said["bilirubin"]),
    "shift": lambda said: Shift(said["before"], names_of(said, "grades")),
    "qt_categories": lambda said: LongQT(),
    "concentration_qtc": lambda said: ConcentrationQTc(
        said["concentration"],
        {name: float(at) for name, at in said["concentrations"].items()},
        said.get("time"),
        said.get("slopes", "random"),
    ),
    "icc": lambda said: Intraclass(said["rater"], said.get("form", "2,1")),
    "kappa": lambda said: Kappa(said["second"], said.get("weights", "none"), names_of(said, "categories")),
    "cronbach_alpha": lambda said: Reliability(names_of(said, "items")),
    "mcdonald_omega": lambda said: Reliability(names_of(said, "items"), omega=True),
}


def _word(name: str, said: Mapping[str, Any]) -> Word:
    takes = {key: tuple(one) if isinstance(one, list) else one for key, one in said.get("takes", {}).items()}
    needs, compares = tuple(said.get("needs", ())), said.get("compares", True)
    tests, combines = said.get("tests", True), said.get("combines", False)
    return Word(
        said["title"],
        said["answers"],
        said["outcome"],
        _MAKERS[name],
        takes,
        needs,
        compares,
        tests,
        combines,
        said.get("level", 0.95),
    )


METHODS: dict[str, Word] = {
    name: _word(name, said)
    for name, said in tomllib.loads(files("entact").joinpath("methods.toml").read_text("utf-8")).items()
}
"""Every word that `method` may be."""
