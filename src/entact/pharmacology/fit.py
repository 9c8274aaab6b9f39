"""From concentrations to parameters: typical values by likelihood, or each participant's own (MAP)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from entact.pharmacology.data import UNITS_OF_DV, Data
from entact.pharmacology.likelihood import (
    Array,
    Design,
    Modes,
    Trial,
    changed,
    courses,
    design_of,
    place_etas,
)
from entact.pharmacology.objective import FACTOR, NotAFit, Objective, free_numbers
from entact.pharmacology.parameters import SIGNED, Model, shipped_model

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Estimate", "Fit", "NotAFit", "fit", "shrinkage", "vpc"]

NEAR: Final = 1e-2
"""what the objective would still fall by at a minimum, as its curvature says"""
UNSEEN: Final = 1e-3
"""curvature of -log L in a logarithm below which the data do not tell it: a standard error above 30"""
BELOW: Final = {
    "M1": "are left out, which is biased where they are many (M1); M3 or M4 counts them",
    "M3": "count by the probability of being below it (M3)",
    "M4": "count by the probability of being below it, of measurements that are positive (M4)",
}
"""what is done with samples below the limit of quantification"""
PLAUSIBLE: Final = 20.0
"""times above or below the model's typical concentrations, in the median, beyond which a unit is wrong"""
LEAST_SEEN: Final = 1.0
"""ng/mL of a typical concentration that says anything of units"""
RESEARCH: Final = "Fitted by research software; not for decisions about a person."


@dataclass(frozen=True)
class Estimate:
    """A number estimated: its value, standard error and 95 % interval (on the logarithmic scale), its unit.

    `se` is NaN where the data do not say it; `start` is the model's value.
    """

    name: str
    value: float
    se: float
    unit: str
    start: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, of the normal approximation of the logarithm."""
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
    effects: tuple[str, ...]
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
    for person in range(fit.design.n):
        own = np.flatnonzero(fit.design.who[:told] == person)
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
    effects = _effects(method, names, vary, model, data)
    if not data.samples:
        raise NotAFit(f"{data.name} has no concentrations to fit")
    if below not in BELOW:
        raise NotAFit(f"below {below!r} is not known; known: {', '.join(BELOW)}")
    design = design_of(data, below)
    _check_units(data, design, model)
    given = {"proportional": proportional, "additive": additive}
    free = free_numbers(design, names if method == "ml" else (), effects if spread else (), given, model)
    if data.samples <= len(free.names):
        raise NotAFit(f"{data.samples} concentrations do not say {len(free.names)} numbers: estimate fewer")
    problem = Objective(design, model, effects, free, np.zeros((design.n, len(effects))))
    log, why = problem.minimise()
    return _result(data, method, problem, log, why, names)


def _check_units(data: Data, design: Design, model: Model) -> None:
    """Refuses concentrations so far from the model's that another unit is meant: a fit would hide it."""
    typical = courses(design, [model], np.zeros((1, design.n, len(model.random))), strict=False)[0]
    seen = (typical > LEAST_SEEN) & ~design.below
    if not seen.any():
        return
    ratio = float(np.median(design.observed[seen] / typical[seen]))
    if not 1.0 / PLAUSIBLE <= ratio <= PLAUSIBLE:
        likely = min(UNITS_OF_DV, key=lambda unit: abs(math.log(UNITS_OF_DV[unit] * ratio)))
        raise NotAFit(
            f"{data.name}: the concentrations are {ratio:.2g} times what the model says after these doses; "
            f"DV is in ng/mL, and these look like {likely}: multiply them by {UNITS_OF_DV[likely]:.4g}, or "
            "say --unit"
        )


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
    method: str, names: tuple[str, ...], vary: Sequence[str] | None, model: Model, data: Data
) -> tuple[str, ...]:
    if method not in ("ml", "map"):
        raise NotAFit(f"method {method!r} is not known; known: ml, map")
    if method == "map":
        if vary is not None:
            raise NotAFit("vary belongs to ml: with map, participants differ in what is estimated")
        chosen = names
    elif vary is None:
        chosen = tuple(name for name in names if model.parameters[name].cv) if len(data.subjects) > 1 else ()
    else:
        chosen = _checked(vary, model) if vary else ()
    for name in chosen:
        if not model.parameters[name].cv:
            known = ", ".join(one.name for one in model.parameters.values() if one.cv)
            raise NotAFit(
                f"{name} has no spread between people in the model, so no prior; these have: {known}"
            )
    return chosen


def _result(
    data: Data, method: Literal["ml", "map"], problem: Objective, log: Array, why: str, names: tuple[str, ...]
) -> Fit:
    free = problem.free
    bounds = free.bounds
    at_bound = [i for i in range(log.size) if min(log[i] - bounds[i][0], bounds[i][1] - log[i]) < 1e-6]
    kept = [i for i in range(log.size) if i not in at_bound]
    covariance, converged, reason, unseen = _curvature(problem, log, kept, why)
    notes = [RESEARCH, *data.notes, *_about(data, method, problem, names)]
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
    placed = place_etas(trial.model, problem.effects, trial.spread, modes.etas[0])
    courses(problem.design, [trial.model], placed[None])  # refuses an end at which nothing can be integrated
    se = np.sqrt(np.diag(covariance))
    units = {"proportional": ("1", 0.0), "additive": ("ng/mL", 0.0)}
    estimates = []
    for place, name in enumerate(free.names):
        if name in problem.model.parameters:
            unit, start = problem.model.parameters[name].unit, problem.model[name]
        else:
            unit, start = units.get(name, ("1", 0.0))
        value = float(np.exp(log[place]))
        if name.startswith("spread "):
            start = problem.model.parameters[name.removeprefix("spread ")].sigma
            value *= start
        estimates.append(Estimate(name, value, value * float(se[place]), unit, start))
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


def _curvature(
    problem: Objective, log: Array, kept: list[int], why: str
) -> tuple[Array, bool, str, list[int]]:
    """Covariance of the logarithms, whether this is a minimum and why, and what the data do not tell."""
    covariance = np.full((log.size, log.size), np.nan)
    if not kept:
        return covariance, True, why, []
    hessian = problem.hessian(log, kept)
    values, vectors = np.linalg.eigh(hessian)
    flat = values < UNSEEN
    unseen = [kept[i] for i in range(len(kept)) if flat.any() and np.abs(vectors[i, flat]).max() > 0.1]
    told = [i for i in range(len(kept)) if kept[i] not in unseen]
    if told:
        inverse = np.linalg.inv(hessian[np.ix_(told, told)])
        places = [kept[i] for i in told]
        covariance[np.ix_(places, places)] = inverse
    _, slope = problem.value_and_slope(log)
    left = float(np.sum((vectors.T @ slope[kept])[~flat] ** 2 / values[~flat]))
    if any(problem.free.names[i] in problem.model.parameters for i in unseen):
        return covariance, False, "the objective has no minimum: it does not change with all numbers", unseen
    if left > NEAR:
        return (
            covariance,
            False,
            f"not at a minimum: the objective would still fall by {left:.2g} ({why})",
            unseen,
        )
    return covariance, True, f"at a minimum: the objective would fall by {left:.1g} at most", unseen


def _about(data: Data, method: str, problem: Objective, names: Sequence[str]) -> list[str]:
    n = len(data.subjects)
    if method == "map":
        return [
            "Each participant's values are the mode of the posterior (MAP); typical values and the "
            "prior's spread are the model's, not estimated."
        ]
    if problem.effects:
        estimated = any(name.startswith("spread ") for name in problem.free.names)
        size = "estimated" if estimated else "the model's, not estimated"
        return [
            f"Typical values by maximum likelihood (FOCE with interaction) of {n} participants, who differ "
            f"in {', '.join(problem.effects)}; the size of these differences is {size}."
        ]
    if n > 1:
        return [
            f"{n} participants are pooled as if they were one: standard errors are too small if they differ."
        ]
    return ["Maximum likelihood of one participant: nothing is said of others."]


def _individuals(
    data: Data, trial: Trial, effects: tuple[str, ...], modes: Modes
) -> tuple[tuple[str, Estimate], ...]:
    if not effects:
        return ()
    covariance = np.linalg.inv(modes.information[0])
    out = []
    for place, person in enumerate(data.subjects):
        for j, name in enumerate(effects):
            sigma = trial.model.parameters[name].sigma * float(trial.spread[j])
            typical = trial.model[name]
            value = typical * math.exp(sigma * float(modes.etas[0, place, j]))
            se = value * sigma * math.sqrt(float(covariance[place, j, j]))
            out.append((person.name, Estimate(name, value, se, trial.model.parameters[name].unit, typical)))
    return tuple(out)


def shrinkage(fit: Fit) -> dict[str, float]:
    """Of each random effect 1 - SD of modes / SD of effect: 0 where data speak, 1 where the prior does."""
    if fit.design.n < 2:
        return {}
    sizes = fit.modes.etas[0].std(axis=0, ddof=1)
    return {name: 1.0 - float(size) for name, size in zip(fit.effects, sizes, strict=True)}


def vpc(
    fit: Fit, *, n: int = 500, seed: int = 1, quantiles: Sequence[float] = (0.05, 0.5, 0.95)
) -> pl.DataFrame:
    """Visual predictive check: quantiles of the samples beside those of `n` simulated repetitions.

    Each repetition has the same participants, doses and times, new random effects and new errors of
    measurement. Rows: output, bin of time (`time`: its median, `samples`), quantile; `observed`, and of the
    simulated quantiles the median `simulated` and the 90 % interval `low`, `high` (ng/mL). Concentrations are
    not corrected for dose: where doses differ much, look at each apart.
    """
    import polars as pl

    if n < 20 or not quantiles or not all(0.0 < one < 1.0 for one in quantiles):
        raise NotAFit("vpc: 20 or more repetitions, quantiles between 0 and 1")
    rng = np.random.default_rng(seed)
    simulated = _repetitions(fit, n, rng)
    rows: list[dict[str, Any]] = []
    told = fit.design.quantified
    output, time = fit.design.spot[2][:told], fit.design.times[fit.design.spot[1]][:told]
    from entact.pharmacology.data import OUTPUTS

    for which in np.unique(output):
        mine = np.flatnonzero(output == which)
        for own in _bins(time[mine]):
            places = mine[own]
            found = np.quantile(simulated[:, places], quantiles, axis=1)
            for quantile, values in zip(quantiles, found, strict=True):
                low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
                rows.append(
                    {
                        "output": OUTPUTS[which],
                        "time": float(np.median(time[places])),
                        "samples": len(places),
                        "quantile": quantile,
                        "observed": float(np.quantile(fit.design.observed[places], quantile)),
                        "simulated": float(middle),
                        "low": float(low),
                        "high": float(high),
                    }
                )
    return pl.DataFrame(rows)


def _repetitions(fit: Fit, n: int, rng: np.random.Generator) -> Array:
    etas = rng.standard_normal((n, fit.design.n, len(fit.effects)))
    if fit.effects:
        placed = [place_etas(fit.model, fit.effects, fit.trial.spread, eta) for eta in etas]
        predicted = courses(fit.design, [fit.model] * n, np.array(placed))
    else:
        predicted = np.repeat(fit.modes.predicted, n, axis=0)
    v, _ = fit.trial.variance(predicted)
    noisy: Array = np.maximum(predicted + np.sqrt(v) * rng.standard_normal(predicted.shape), 0.0)
    return noisy


def _bins(time: Array, most: int = 12) -> list[Any]:
    """Places of the samples of each bin: by time where few times are, else equally many samples each."""
    known = np.unique(time)
    if known.size <= 2 * most:
        return [np.flatnonzero(time == one) for one in known]
    edges = np.unique(np.quantile(time, np.linspace(0.0, 1.0, most + 1)))
    place = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, edges.size - 2)
    return [np.flatnonzero(place == one) for one in np.unique(place)]
