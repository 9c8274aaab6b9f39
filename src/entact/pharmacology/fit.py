"""From concentrations to parameters: typical values by likelihood, or each participant's own (MAP)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from entact.pharmacology.data import Data
from entact.pharmacology.likelihood import (
    Array,
    Design,
    Effects,
    Modes,
    Trial,
    changed,
    courses,
    design_of,
    place_etas,
)
from entact.pharmacology.objective import FACTOR, NotAFit, Objective, curvature, free_numbers
from entact.pharmacology.parameters import SIGNED, Model, shipped_model
from entact.pharmacology.plausible import check_units
from entact.pharmacology.population import OCCASION
from entact.pharmacology.prior import Prior, check_priors
from entact.pharmacology.profile import interval

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Estimate", "Fit", "NotAFit", "fit", "shrinkage"]

BELOW: Final = {
    "M1": "are left out, which is biased where they are many (M1); M3 or M4 counts them",
    "M3": "count by the probability of being below it (M3)",
    "M4": "count by the probability of being below it, of measurements that are positive (M4)",
}
"""what is done with samples below the limit of quantification"""
RESEARCH: Final = "Fitted by research software; not for decisions about a person."


@dataclass(frozen=True)
class Estimate:
    """A number estimated: its value, standard error and 95 % interval (on the logarithmic scale), its unit.

    `se` is NaN where the data do not say it; `start` is the model's value; `profile` the interval by profile
    likelihood, where that was asked for.
    """

    name: str
    value: float
    se: float
    unit: str
    start: float
    profile: tuple[float, float] | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """95 %: by profile likelihood, else of the normal approximation of the logarithm."""
        if self.profile is not None:
            return self.profile
        width = 1.959964 * self.se / self.value
        return self.value * math.exp(-width), self.value * math.exp(width)


@dataclass(frozen=True, eq=False)
class Fit:
    """What was estimated, and how it stands to the data.

    `estimates`: typical values (ml), error, spread; `individuals`: each participant's own values where there
    are random effects (conditional modes); `correlation` of the logarithms of the estimates; `objective`:
    -2 log L; `converged` with its `reason`; `model`: with the estimates in it. `notes` stand beside all.
    """

    data: Data
    method: Literal["ml", "map"]
    model: Model
    effects: Effects
    estimates: tuple[Estimate, ...]
    individuals: tuple[tuple[str, Estimate], ...]
    correlation: Array
    objective: float
    converged: bool
    reason: str
    notes: tuple[str, ...]
    trial: Trial = field(repr=False)
    modes: Modes = field(repr=False)
    design: Design = field(repr=False)

    def __getitem__(self, name: str) -> Estimate:
        """An estimate by name."""
        return next(one for one in self.estimates if one.name == name)

    def predictions(self) -> pl.DataFrame:
        """A row a sample, ng/mL: observed, predicted of the typical and of this participant, residuals.

        `residual` and `weighted` (over its standard deviation) are of the participant's own course;
        `conditional` is weighted by the covariance of all samples of the participant (CWRES; Hooker 2007,
        Pharm Res 24:2187).
        """
        import polars as pl

        told = self.design.quantified
        own, observed = self.modes.predicted[0][:told], self.design.observed[:told]
        zero = np.zeros((1, self.design.n, len(self.model.random)))
        samples = [(person.name, one) for person in self.data.subjects for one in person.samples]
        v, _ = self.trial.variance(own)
        return pl.DataFrame(
            {
                "id": [name for name, _ in samples],
                "time": [one.time for _, one in samples],
                "output": [one.output for _, one in samples],
                "observed": observed,
                "typical": courses(self.design, [self.model], zero)[0][:told],
                "predicted": own,
                "residual": observed - own,
                "weighted": (observed - own) / np.sqrt(v),
                "conditional": _conditional(self, v),
            }
        )


def _conditional(fit: Fit, variance: Array) -> Array:
    told = fit.design.quantified
    out = np.empty(told)
    slopes, etas = fit.modes.slopes[0], fit.modes.etas[0]
    for person in range(fit.design.participants):
        own = np.flatnonzero(fit.design.of[:told] == person)
        g = slopes[:, own]
        expected = fit.modes.predicted[0][own] - etas[person] @ g
        lower = np.linalg.cholesky(g.T @ g + np.diag(variance[own]))
        out[own] = np.linalg.solve(lower, fit.design.observed[own] - expected)
    return out


def fit(
    data: Data,
    estimate: Sequence[str],
    *,
    model: Model | None = None,
    method: Literal["ml", "map"] = "ml",
    vary: Sequence[str] | None = None,
    spread: bool = False,
    proportional: float | None = None,
    additive: float | None = None,
    below: Literal["M1", "M3", "M4"] = "M1",
    occasion: Sequence[str] = (),
    priors: Sequence[Prior] = (),
    profile: bool = False,
) -> Fit:
    """Estimates a chosen few of the parameters from concentrations.

    `method="ml"`: the typical values of `estimate`, by maximum likelihood. `vary` are the parameters in which
    participants differ (random effects, log-normal), by default those of `estimate` that have a spread in the
    model if there are several participants; with `vary=()` all participants are taken as one (naive pooling).
    The size of the spread is the model's, or with `spread=True` estimated too. Likelihood: FOCE with
    interaction, see `likelihood`.

    `method="map"`: typical values stay the model's, and `estimate` are what participants differ in: each
    one's own values are the mode of their posterior, the prior being the model's spread (empirical Bayes).

    A measurement has the variance (proportional x prediction)² + additive² (ng/mL), the same for all outputs:
    each is estimated unless given; 0 leaves it out. All is estimated as a logarithm by SciPy's L-BFGS-B;
    standard errors are of the inverse Hessian of -log L there (ml) or of the posterior's information
    (individuals, map), brought back by the delta method. What follows a parameter (`individual.FOLLOWS`)
    moves with it unless it is estimated itself.

    `below`: samples below the limit of quantification are left out (M1), or count by the probability of being
    below it (M3), of measurements that are positive (M4).

    Errors: `NotAFit` for what cannot be estimated; `NotConverged` where no course can be integrated.
    """
    model = shipped_model() if model is None else model
    names = _checked(estimate, model)
    effects = _effects(method, names, vary, occasion, model, data)
    known = check_priors(priors, names if method == "ml" else (), model)
    if not data.samples:
        raise NotAFit(f"{data.name} has no concentrations to fit")
    if below not in BELOW:
        raise NotAFit(f"below {below!r} is not known; known: {', '.join(BELOW)}")
    design = design_of(data, below)
    check_units(data, design, model)
    given = {"proportional": proportional, "additive": additive}
    between = effects.between if spread else ()
    free = free_numbers(design, names if method == "ml" else (), between, effects.within, given, model)
    if data.samples + len(known) <= len(free.names):
        raise NotAFit(f"{data.samples} concentrations do not say {len(free.names)} numbers: estimate fewer")
    start = np.zeros((design.participants, design.random(effects)))
    problem = Objective(design, model, effects, free, start, known)
    log, why = problem.minimise()
    return _result(data, method, problem, log, why, profile)


def _checked(estimate: Sequence[str], model: Model) -> tuple[str, ...]:
    names = (estimate,) if isinstance(estimate, str) else tuple(estimate)
    if not names or len(set(names)) < len(names):
        raise NotAFit("estimate: name one or more parameters of the model, each once")
    for name in names:
        if name not in model.parameters:
            changed(model, {name: 1.0})  # raises, and names the nearest
        if name in SIGNED or model.parameters[name].sd:
            raise NotAFit(
                f"{name} is not estimated: only numbers that are above zero and vary by a factor are"
            )
    return names


def _effects(
    method: str,
    names: tuple[str, ...],
    vary: Sequence[str] | None,
    occasion: Sequence[str],
    model: Model,
    data: Data,
) -> Effects:
    if method not in ("ml", "map"):
        raise NotAFit(f"method {method!r} is not known; known: ml, map")
    if method == "map":
        if vary is not None:
            raise NotAFit("vary belongs to ml: with map, participants differ in what is estimated")
        chosen = names
    elif vary is None:
        several = len(data.participants) > 1
        chosen = tuple(name for name in names if several and model.parameters[name].cv)
    else:
        chosen = _checked(vary, model) if vary else ()
    within = _checked(occasion, model) if occasion else ()
    if within and method == "map":
        raise NotAFit("occasion belongs to ml: with map, each course of a participant is one of them")
    if within and len(data.subjects) == len(data.participants):
        raise NotAFit(
            f"{data.name} has one occasion of each participant: a column OCC says which rows are of which"
        )
    for name in (*chosen, *within):
        if not model.parameters[name].cv:
            known = ", ".join(one.name for one in model.parameters.values() if one.cv)
            raise NotAFit(
                f"{name} has no spread between people in the model, so no prior; these have: {known}"
            )
    return Effects(chosen, within)


def _result(
    data: Data, method: Literal["ml", "map"], problem: Objective, log: Array, why: str, profile: bool
) -> Fit:
    free = problem.free
    bounds = free.bounds
    at_bound = [i for i in range(log.size) if min(log[i] - bounds[i][0], bounds[i][1] - log[i]) < 1e-6]
    kept = [i for i in range(log.size) if i not in at_bound]
    covariance, converged, reason, unseen = curvature(problem, log, kept, why)
    notes = [RESEARCH, *data.notes, *_about(data, method, problem)]
    censored = int(problem.design.below.sum())
    if problem.design.below.any() or data.censored:
        word = "M4" if problem.design.is_positive else "M3" if censored else "M1"
        notes.append(f"{data.censored} samples below the limit of quantification {BELOW[word]}.")
    bound = [free.names[i] for i in at_bound]
    if any(name in problem.model.parameters for name in bound):
        converged, reason = False, f"{', '.join(bound)} ended {FACTOR:g}-fold from where it began"
    elif bound:
        notes.append(
            f"{', '.join(bound)} ended at its bound: the data show none, and it has no standard error."
        )
    if unseen:
        notes.append(f"The data do not tell {', '.join(free.names[i] for i in unseen)}: no standard errors.")
    modes = problem.modes(log[None])
    trial = problem.trial(log)
    placed = place_etas(problem.design, trial, problem.effects, modes.etas[0])
    courses(problem.design, [trial.model], placed[None])  # refuses an end at which nothing can be integrated
    se = np.sqrt(np.diag(covariance))
    estimates = [_estimate(problem.model, free.names[i], log[i], se[i]) for i in range(log.size)]
    if profile:
        estimates = [
            _profiled(problem, log, covariance, place, one) if math.isfinite(one.se) else one
            for place, one in enumerate(estimates)
        ]
        notes.append("Intervals are by profile likelihood: at their ends -2 log L has risen by 3.84.")
    for prior in problem.priors.values():
        share = (float(se[free.names.index(prior.name)]) / prior.spread) ** 2
        notes.append(
            f"Prior: {prior}. About {100 * min(share, 1.0):.0f} % of what is known of it now is the prior's."
        )
    with np.errstate(invalid="ignore"):
        correlation = covariance / np.outer(se, se)
    return Fit(
        data=data,
        method=method,
        model=trial.model,
        effects=problem.effects,
        estimates=tuple(estimates),
        individuals=_individuals(data, trial, problem.effects, modes),
        correlation=correlation,
        objective=float(modes.objective[0]),
        converged=converged,
        reason=reason,
        notes=tuple(notes),
        trial=trial,
        modes=modes,
        design=problem.design,
    )


def _estimate(model: Model, name: str, log: float, se: float) -> Estimate:
    """An estimate from its logarithm; standard deviations between people and occasions in their own size."""
    kind, _, of = name.partition(" ")
    value, unit, start = math.exp(log), "ng/mL" if name == "additive" else "1", 0.0
    if of:
        sigma = model.parameters[of].sigma
        start = sigma if kind == "spread" else sigma * math.sqrt(OCCASION)
        value *= sigma
    elif name in model.parameters:
        unit, start = model.parameters[name].unit, model[name]
    return Estimate(name, value, value * float(se), unit, start)


def _profiled(problem: Objective, log: Array, covariance: Array, place: int, one: Estimate) -> Estimate:
    """The estimate with its interval by profile likelihood."""
    low, high = interval(problem, log, covariance, place)
    scale = one.value / math.exp(log[place])
    return replace(one, profile=(scale * math.exp(low), scale * math.exp(high)))


def _about(data: Data, method: str, problem: Objective) -> list[str]:
    n = len(data.participants)
    if method == "map":
        return [
            "Each participant's values are the mode of the posterior (MAP); typical values and the "
            "prior's spread are the model's, not estimated."
        ]
    between, within = problem.effects.between, problem.effects.within
    said = []
    if between:
        estimated = any(name.startswith("spread ") for name in problem.free.names)
        size = "estimated" if estimated else "the model's, not estimated"
        said.append(
            f"Typical values by maximum likelihood (FOCE with interaction) of {n} participants, who differ "
            f"in {', '.join(between)}; the size of these differences is {size}."
        )
    if within:
        said.append(
            f"{len(data.subjects)} occasions of {n} participants: each differs from one to the next in "
            f"{', '.join(within)}, by as much as is estimated; each occasion begins with nothing on board."
        )
    if said:
        return said
    if n > 1:
        return [
            f"{n} participants are pooled as if they were one: standard errors are too small if they differ."
        ]
    return ["Maximum likelihood of one participant: nothing is said of others."]


def _individuals(
    data: Data, trial: Trial, effects: Effects, modes: Modes
) -> tuple[tuple[str, Estimate], ...]:
    if not effects.between:
        return ()
    covariance = np.linalg.inv(modes.information[0])
    out = []
    for place, person in enumerate(data.participants):
        for j, name in enumerate(effects.between):
            sigma = trial.model.parameters[name].sigma * float(trial.spread[j])
            typical = trial.model[name]
            value = typical * math.exp(sigma * float(modes.etas[0, place, j]))
            se = value * sigma * math.sqrt(float(covariance[place, j, j]))
            out.append((person, Estimate(name, value, se, trial.model.parameters[name].unit, typical)))
    return tuple(out)


def shrinkage(fit: Fit) -> dict[str, float]:
    """Of each random effect 1 - SD of modes / SD of effect: 0 where data speak, 1 where the prior does."""
    between = fit.effects.between
    if fit.design.participants < 2:
        return {}
    sizes = fit.modes.etas[0, :, : len(between)].std(axis=0, ddof=1)
    return {name: 1.0 - float(size) for name, size in zip(between, sizes, strict=True)}
