"""How likely concentrations are: their course in each participant, random effects integrated out.

-2 log L of a participant is approximated as FOCE with interaction does: at the mode of the random effects,
with the expected (Fisher) information in place of the second derivatives (Laplace's method; Wang 2007,
J Pharmacokinet Pharmacodyn 34:575). Without random effects it is exact.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.special import log_ndtr

from entact.pharmacology.data import OUTPUTS as MEASURED
from entact.pharmacology.data import Data
from entact.pharmacology.parameters import Model

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Places = np.ndarray[tuple[int], np.dtype[np.int64]]

RTOL: Final = 1e-8
"""of the integration: differences of courses are taken, so that it is finer than for a picture"""
NEVER: Final = 1e6
"""h: when a dose is that only others have"""
STEP: Final = 1e-3
"""of a standard normal deviation, to differentiate a course"""
LEAST: Final = 1e-6
"""ng/mL: floor of a predicted concentration"""
MOST_ROUNDS: Final = 40
"""of scoring, until the modes are found"""
MEMORY: Final = 8_000_000
"""numbers that courses may fill at once"""


@dataclass(frozen=True)
class Effects:
    """In what participants differ, and in what each of them differs from one occasion to the next."""

    between: tuple[str, ...] = ()
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class Design:
    """Who was given what and sampled when, as arrays; `spot` finds the courses' value of each sample.

    A course is that of a participant on one occasion: `owner` and `occasion` say which, both from 0 on.
    """

    covariates: dict[str, Array]
    dose_times: Array
    doses: Array
    times: Array
    who: Places
    spot: tuple[Places, ...]
    observed: Array
    below: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """samples of which `observed` is the limit that they are below; they come last"""
    owner: Places
    occasion: Places
    is_positive: bool = False
    """whether measurements are taken as positive (M4)"""

    @property
    def quantified(self) -> int:
        """How many samples are not below the limit."""
        return int((~self.below).sum())

    @property
    def n(self) -> int:
        """How many courses."""
        return len(self.doses)

    @property
    def participants(self) -> int:
        """How many participants."""
        return int(self.owner.max()) + 1

    @property
    def occasions(self) -> int:
        """How many occasions the participant with most of them has."""
        return int(self.occasion.max()) + 1

    @property
    def of(self) -> Places:
        """Whose each sample is."""
        return self.owner[self.who]

    def random(self, effects: Effects) -> int:
        """How many deviations a participant has."""
        return len(effects.between) + len(effects.within) * self.occasions


def design_of(data: Data, below: str = "M1") -> Design:
    """The arrays of some data; what is below quantification is left out (M1) or censored (M3, M4)."""
    people = data.subjects
    most = max(len(one.doses) for one in people)
    dose_times, doses = np.full((len(people), most), NEVER), np.zeros((len(people), most))
    for place, one in enumerate(people):
        for j, (time, mg) in enumerate(one.doses):
            dose_times[place, j], doses[place, j] = time, mg
    samples = [(place, one) for place, person in enumerate(people) for one in person.samples]
    told = len(samples)
    if below != "M1":
        samples += [(place, one) for place, person in enumerate(people) for one in person.censored]
    when = np.array([one.time for _, one in samples])
    times = np.unique(np.concatenate([[0.0, 1.0], when]))
    names = [one.who for one in people]
    numbers = {name: place for place, name in enumerate(data.participants)}
    owner = np.array([numbers[name] for name in names], np.int64)
    occasion = np.array([names[:place].count(name) for place, name in enumerate(names)], np.int64)
    who = np.array([place for place, _ in samples], np.int64)
    what = np.array([MEASURED.index(one.output) for _, one in samples], np.int64)
    return Design(
        covariates={
            name: np.array([one.covariates[name] for one in people]) for name in people[0].covariates
        },
        dose_times=dose_times,
        doses=doses,
        times=times,
        who=who,
        spot=(who, np.searchsorted(times, when), what),
        observed=np.array([one.value for _, one in samples]),
        below=np.arange(len(samples)) >= told,
        owner=owner,
        occasion=occasion,
        is_positive=below == "M4",
    )


def courses(design: Design, models: Sequence[Model], etas: Array, *, strict: bool = True) -> Array:
    """Predicted concentrations (models x samples), ng/mL, all courses in one run.

    Arguments: `etas`: models x courses x random parameters of the model, standard normal;
    `strict`: refuse a course that cannot be integrated, else it counts as no drug at all, far from any data.

    Errors: `NotConverged`.
    """
    size = max(1, MEMORY // (design.n * design.times.size * len(MEASURED)))
    if len(models) > size:
        starts = range(0, len(models), size)
        return np.concatenate(
            [courses(design, models[i : i + size], etas[i : i + size], strict=strict) for i in starts]
        )
    from entact.pharmacology.engine import run_model
    from entact.pharmacology.individual import vectors
    from entact.pharmacology.result import NotConverged
    from entact.pharmacology.simulation import MAX_STEPS, floors
    from entact.pharmacology.variables import INPUTS, LAG, OUTPUTS

    k, n = len(models), design.n
    inputs: Array = np.empty((k, n, len(INPUTS)))
    for model in {id(one): one for one in models}.values():  # one call for all courses of a model
        mine = [i for i, one in enumerate(models) if one is model]
        people = {name: np.tile(values, len(mine)) for name, values in design.covariates.items()}
        inputs[mine] = vectors(model, people, np.concatenate(etas[mine])).reshape(len(mine), n, -1)
    inputs = inputs.reshape(k * n, -1)
    mg = np.tile(design.doses, (k, 1))
    whole = np.maximum(mg.sum(1), 1.0)
    names = [variable.name for variable in OUTPUTS]
    wanted, count = len(MEASURED), design.times.size
    status = np.zeros(k * n, np.int64)
    series = np.empty(-(-k * n // 8) * 8 * wanted * count)
    arrays = {
        "inputs_of": np.ascontiguousarray(inputs),
        "dose_times": np.ascontiguousarray(np.tile(design.dose_times, (k, 1)) + inputs[:, [LAG]]),
        "dose_r": 0.5 * mg,
        "dose_s": 0.5 * mg,
        "times": design.times,
        "floors": floors(whole),
        "columns": np.array([names.index(name) for name in MEASURED], np.int64),
        "limits": np.zeros((0, 2)),
        "series": series,
        "statistics": np.zeros((3, wanted, k * n)),
        "when": np.zeros((2, wanted, k * n), np.uint16),
        "above": np.zeros((0, k * n)),
        "status": status,
        "steps": np.zeros(k * n, np.int64),
    }
    run_model(arrays, tolerance=RTOL, max_steps=MAX_STEPS, offset=0)
    if strict and status.any():
        raise NotConverged(f"{int((status != 0).sum())} of {k * n} courses could not be integrated")
    blocks = series.reshape(-1, count, wanted, 8).transpose(0, 3, 1, 2).reshape(-1, count, wanted)
    person, time, output = design.spot
    found: Array = blocks[: k * n].reshape(k, n, count, wanted)[:, person, time, output]
    return np.where(status.reshape(k, n)[:, person] == 0, np.maximum(found, LEAST), LEAST)


@dataclass(frozen=True)
class Trial:
    """One set of numbers that is tried: the model, the spread of its random effects, the error."""

    model: Model
    spread: Array
    """of each difference between participants, over the spread in the model's file"""
    proportional: float
    additive: float
    """ng/mL"""
    within: Array = field(default_factory=lambda: np.zeros(0))
    """the same of each difference between occasions"""

    def variance(self, predicted: Array) -> tuple[Array, Array]:
        """Variance of a measurement about its prediction, and how it changes with that."""
        v = (self.proportional * predicted) ** 2 + self.additive**2
        return v, 2.0 * self.proportional**2 * predicted


@dataclass(frozen=True)
class Modes:
    """At the modes of the random effects: deviations, predictions, their slopes, information, -2 log L."""

    etas: Array
    """trials x participants x effects"""
    predicted: Array
    """trials x samples"""
    slopes: Array
    """trials x effects x samples: change of a prediction with a standard normal deviation"""
    information: Array
    """trials x participants x effects x effects, prior included"""
    objective: Array
    """-2 log L of each trial, all constants in it"""


def place_etas(design: Design, trial: Trial, effects: Effects, etas: Array) -> Array:
    """Deviations of each course (courses x random parameters of the model) from those of participants."""
    out = np.zeros((design.n, len(trial.model.random)))
    own = etas[design.owner]
    for j, name in enumerate(effects.between):
        out[:, trial.model.random.index(name)] = trial.spread[j] * own[:, j]
    for j, name in enumerate(effects.within):
        place = len(effects.between) + j * design.occasions + design.occasion
        out[:, trial.model.random.index(name)] += trial.within[j] * own[np.arange(design.n), place]
    return out


def find_modes(design: Design, trials: Sequence[Trial], effects: Effects, start: Array) -> Modes:
    """The modes of the random effects under each trial, by Fisher scoring, all participants at once.

    Arguments: `start`: participants x deviations, first those between participants, then of each effect
    within them those of all occasions.
    """
    k, q, n = len(trials), design.random(effects), design.participants
    etas = np.broadcast_to(start, (k, n, q)).copy()
    predicted, slopes = _slopes(design, trials, effects, etas)
    best = _penalty(design, trials, predicted, etas)
    gradient, information = _score(design, trials, predicted, slopes, etas)
    for _ in range(MOST_ROUNDS if q else 0):
        move = np.linalg.solve(information, gradient[..., None])[..., 0]
        move *= np.minimum(1.0, 1.5 / np.maximum(np.abs(move).max(axis=2, keepdims=True), 1e-12))
        if np.abs(move).max() < 3e-5:
            break
        size = np.ones((k, n, 1))
        for _halving in range(8):
            tried = _predict(design, trials, effects, etas - size * move)
            worse = _penalty(design, trials, tried, etas - size * move) > best + 1e-9
            if not worse.any():
                break
            size[worse] *= 0.5
        else:
            size[worse] = 0.0
        etas = etas - size * move
        predicted, slopes = _slopes(design, trials, effects, etas)
        best = _penalty(design, trials, predicted, etas)
        gradient, information = _score(design, trials, predicted, slopes, etas)
    logdet = np.linalg.slogdet(information)[1] if q else np.zeros((k, n))
    constant = design.quantified * np.log(2.0 * np.pi)
    return Modes(etas, predicted, slopes, information, (best + logdet).sum(axis=1) + constant)


def _predict(design: Design, trials: Sequence[Trial], effects: Effects, etas: Array) -> Array:
    placed = [place_etas(design, one, effects, eta) for one, eta in zip(trials, etas, strict=True)]
    return courses(design, [one.model for one in trials], np.array(placed), strict=False)


def _slopes(design: Design, trials: Sequence[Trial], effects: Effects, etas: Array) -> tuple[Array, Array]:
    """Predictions, and by central differences what a deviation changes in them."""
    q, k = design.random(effects), len(trials)
    moved = [etas]
    for j in range(q):
        step = np.zeros(q)
        step[j] = STEP
        moved += [etas + step, etas - step]
    found = _predict(design, [*trials] * len(moved), effects, np.concatenate(moved)).reshape(2 * q + 1, k, -1)
    slopes: Array = (found[1::2] - found[2::2]) / (2.0 * STEP)
    return found[0], slopes.transpose(1, 0, 2)


def _penalty(design: Design, trials: Sequence[Trial], predicted: Array, etas: Array) -> Array:
    """-2 log of the joint density of samples and effects, trials x participants, constants left out."""
    out: Array = (etas**2).sum(axis=2)
    for row, (one, f) in enumerate(zip(trials, predicted, strict=True)):
        np.add.at(out[row], design.of, of_samples(design, one, f)[0])
    return out


def of_samples(design: Design, trial: Trial, f: Array) -> tuple[Array, Array, Array]:
    """Of each sample -2 log of its density (without constants), half its slope in the prediction, its weight.

    A sample below the limit counts by the probability of being below it (M3; Beal 2001, J Pharmacokinet
    Pharmacodyn 28:481), and with M4 all measurements are positive. The weight is the expected second
    derivative, of a censored sample the part of it that is never negative.
    """
    v, dv = trial.variance(f)
    residual = design.observed - f
    loss = residual**2 / v + np.log(v)
    pull = -residual / v + 0.5 * dv / v * (1.0 - residual**2 / v)
    weight = 1.0 / v + 0.5 * (dv / v) ** 2
    if not design.below.any() and not design.is_positive:
        return loss, pull, weight
    s = np.sqrt(v)
    ds = 0.5 * dv / s
    z, u = residual / s, f / s
    dz, du = -(1.0 + z * ds) / s, (1.0 - u * ds) / s
    low, mills = log_ndtr(z), _mills(z)
    if design.is_positive:
        # Of being below the limit and above nothing, given that it is above nothing.
        nothing = np.minimum(log_ndtr(-u) - low, -1e-12)
        inside = low + np.log1p(-np.exp(nothing))
        slope = np.exp(_log_density(z) - inside) * dz + np.exp(_log_density(u) - inside) * du
        censored = -2.0 * inside, -slope, slope**2
        given, more = 2.0 * log_ndtr(u), _mills(u) * du
        loss, pull = loss + given, pull + more
        censored = censored[0] + given, censored[1] + more, censored[2]
    else:
        censored = -2.0 * low, -mills * dz, mills * (mills + z) * dz**2
    here = design.below
    told = (loss, pull, weight)
    own, slope, curve = (np.where(here, one, other) for one, other in zip(censored, told, strict=True))
    return own, slope, curve


def _log_density(z: Array) -> Array:
    out: Array = -0.5 * z * z - 0.5 * math.log(2.0 * math.pi)
    return out


def _mills(z: Array) -> Array:
    """Density over distribution of a normal, wherever."""
    out: Array = np.exp(_log_density(z) - log_ndtr(z))
    return out


def _score(
    design: Design, trials: Sequence[Trial], predicted: Array, slopes: Array, etas: Array
) -> tuple[Array, Array]:
    """Gradient of half the penalty, and its expected second derivatives."""
    k, n, q = etas.shape
    gradient, information = etas.copy(), np.broadcast_to(np.eye(q), (k, n, q, q)).copy()
    for row, (one, f) in enumerate(zip(trials, predicted, strict=True)):
        _, pull, weight = of_samples(design, one, f)
        g = slopes[row]
        np.add.at(gradient[row], design.of, (g * pull).T)
        np.add.at(information[row], design.of, np.einsum("is,js,s->sij", g, g, weight))
    return gradient, information


def changed(model: Model, values: Mapping[str, float]) -> Model:
    """The model with estimated values; what varies with one of them moves by the same factor."""
    from entact.pharmacology.individual import FOLLOWS

    moved = dict(values)
    for name, leader in FOLLOWS.items():
        if leader in values and name not in values:
            moved[name] = model[name] * values[leader] / model[leader]
    return model.with_values(moved, source="assumption, estimated from data")
