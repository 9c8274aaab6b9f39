"""First step: models to impute from, by the full data and by samples, or from their posterior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from entact.analysis.imputation.reference import Assumption
from entact.analysis.imputation.refit import Refit
from entact.analysis.imputation.trial import Flags, Floats, Trial

Kind = Literal["jackknife", "bootstrap", "approximate_bayes", "bayes"]
TRIES = 20  # how often failed samples are drawn anew


@dataclass(frozen=True)
class Draws:
    """Models to impute from.

    Attributes:
        beta, sigma: (D, q) and (D, m, m).
        weights: (D, N) how often each participant is in the sample that a model is of. For jackknife and
            bootstrap the first is the model of everybody.
    """

    kind: Kind
    beta: Floats
    sigma: Floats
    weights: Floats
    notes: tuple[str, ...] = ()


def informative(trial: Trial, assumption: Assumption) -> Flags:
    """(N, m) values that the model may use: after an event only those that are missing at random."""
    return trial.seen if assumption.at_random else trial.seen & ~trial.after


def jackknife(trial: Trial, assumption: Assumption) -> Draws:
    """The model of everybody, and that of everybody but one, for each."""
    weights = np.concatenate([np.ones((1, trial.n)), 1.0 - np.eye(trial.n)])
    beta, sigma, good = Refit(trial, informative(trial, assumption)).fit(weights)
    _require(good, "left out one by one")
    return Draws("jackknife", beta, sigma, weights)


def bootstrap(
    trial: Trial, assumption: Assumption, *, generator: np.random.Generator, samples: int = 1000
) -> Draws:
    """The model of everybody, and those of samples with replacement within each arm.

    Raises:
        ValueError: when the model of everybody cannot be fitted, or that of hardly any sample.
    """
    refit = Refit(trial, informative(trial, assumption))
    beta, sigma, good = refit.fit(np.ones((1, trial.n)))
    _require(good, "of everybody")
    drawn, again = _sampled(trial, refit, generator, samples)
    notes = (f"{again} samples that could not be fitted were drawn again",) if again else ()
    return Draws(
        "bootstrap",
        np.concatenate([beta, drawn[0]]),
        np.concatenate([sigma, drawn[1]]),
        np.concatenate([np.ones((1, trial.n)), drawn[2]]),
        notes,
    )


def approximate_bayes(
    trial: Trial, assumption: Assumption, *, generator: np.random.Generator, samples: int = 100
) -> Draws:
    """Models of samples with replacement, from each of which everybody is imputed at random.

    Source: Little & Rubin 2002, section 10.2.3. Equivalent to rbmi `method_approxbayes`.
    """
    refit = Refit(trial, informative(trial, assumption))
    (beta, sigma, _), again = _sampled(trial, refit, generator, samples)
    notes = (f"{again} samples that could not be fitted were drawn again",) if again else ()
    return Draws("approximate_bayes", beta, sigma, np.ones((samples, trial.n)), notes)


def bayes(
    trial: Trial,
    assumption: Assumption,
    *,
    generator: np.random.Generator,
    samples: int = 100,
    burn_in: int = 200,
    thin: int = 20,
) -> Draws:
    """Models of the posterior, by data augmentation: values, coefficients and covariance in turn.

    Args:
        samples: models kept. burn_in: rounds before the first; thin: rounds from one to the next.
    The prior of the coefficients is flat; that of the covariance inverse Wishart with m + 2 degrees of
    freedom about the estimate by REML.
    Source: Schafer 1997, chapter 5; Wolbers et al. 2022, Pharmaceutical Statistics 21:1246.
    """
    known = informative(trial, assumption)
    refit = Refit(trial, known)
    start, covariance, good = refit.fit(np.ones((1, trial.n)))
    _require(good, "of everybody")
    beta, sigma, m = start[0], covariance[0], trial.m
    prior = sigma.copy()
    y = np.where(known, trial.y, 0.0)
    code = known @ (1 << np.arange(m))
    patterns = [
        (np.flatnonzero(code == one), ((one >> np.arange(m)) & 1).astype(bool)) for one in np.unique(code)
    ]
    flat = trial.x.reshape(-1, trial.x.shape[2])
    kept_beta, kept_sigma = [], []
    for round_ in range(burn_in + thin * samples):
        mean = trial.x @ beta
        for rows, seen in patterns:
            if not seen.all():
                y[np.ix_(rows, ~seen)] = _conditional(y[rows], mean[rows], sigma, seen, generator)
        inverse = np.linalg.inv(sigma)
        weighted = (inverse @ trial.x).reshape(flat.shape)
        variance: Floats = np.asarray(np.linalg.inv(flat.T @ weighted), dtype=np.float64)
        lower = np.linalg.cholesky(variance)
        beta = variance @ (weighted.T @ y.reshape(-1))
        beta = beta + lower @ generator.standard_normal(len(beta))
        rest = y - trial.x @ beta
        sigma = _inverse_wishart(trial.n + m + 2, rest.T @ rest + prior, generator)
        if round_ >= burn_in and (round_ - burn_in) % thin == thin - 1:
            kept_beta.append(beta)
            kept_sigma.append(sigma)
    return Draws("bayes", np.array(kept_beta), np.array(kept_sigma), np.ones((samples, trial.n)))


def _conditional(
    y: Floats, mean: Floats, sigma: Floats, seen: Flags, generator: np.random.Generator
) -> Floats:
    lost = ~seen
    if seen.any():
        slope = np.linalg.solve(sigma[np.ix_(seen, seen)], sigma[np.ix_(seen, lost)]).T
        centre = mean[:, lost] + (y[:, seen] - mean[:, seen]) @ slope.T
        spread = sigma[np.ix_(lost, lost)] - slope @ sigma[np.ix_(seen, lost)]
    else:
        centre, spread = mean, sigma
    noise = generator.standard_normal(centre.shape) @ np.linalg.cholesky(spread).T
    found: Floats = centre + noise
    return found


def _inverse_wishart(df: int, scale: Floats, generator: np.random.Generator) -> Floats:
    """A draw, by Bartlett's decomposition of the Wishart of the inverse."""
    m = len(scale)
    lower = np.linalg.cholesky(np.linalg.inv(scale))
    triangle = np.tril(generator.standard_normal((m, m)), -1)
    triangle[np.diag_indices(m)] = np.sqrt(generator.chisquare(df - np.arange(m)))
    root = lower @ triangle
    drawn = np.linalg.inv(root @ root.T)
    found: Floats = np.asarray((drawn + drawn.T) / 2, dtype=np.float64)
    return found


def _sampled(
    trial: Trial, refit: Refit, generator: np.random.Generator, samples: int
) -> tuple[tuple[Floats, Floats, Floats], int]:
    weights = _weights(trial, generator, samples)
    beta, sigma, good = refit.fit(weights)
    again = 0
    for _ in range(TRIES):
        if good.all():
            return (beta, sigma, weights), again
        bad = np.flatnonzero(~good)
        again += len(bad)
        weights[bad] = _weights(trial, generator, len(bad))
        beta[bad], sigma[bad], good[bad] = refit.fit(weights[bad])
    raise ValueError(
        f"{int((~good).sum())} of {samples} samples cannot be fitted: the data are too few for it"
    )


def _weights(trial: Trial, generator: np.random.Generator, samples: int) -> Floats:
    weights = np.zeros((samples, trial.n))
    for arm in range(len(trial.arms)):
        rows = np.flatnonzero(trial.arm == arm)
        weights[:, rows] = generator.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=samples)
    return weights


def _require(good: Flags, which: str) -> None:
    if not good.all():
        many = f" ({int((~good).sum())} of {good.size} times)" if good.size > 1 else ""
        raise ValueError(f"the imputation model {which} did not converge{many}")
