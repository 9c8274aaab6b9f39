"""Third step: each completed trial is analysed, all at once: arms by analysis of covariance at one visit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from entact.analysis.imputation.trial import Flags, Floats, Trial


@dataclass(frozen=True)
class Each:
    """Estimates of each completed trial: the difference of arms and both adjusted means, (D, 3) each.

    Attributes:
        df: residual degrees of freedom of one analysis without missing values.
    """

    estimate: Floats
    se: Floats
    df: float


def compare_shares(
    trial: Trial, filled: Floats, contrast: tuple[str, str], at: str, event: Callable[[Floats], Flags]
) -> Each:
    """The share with an event in the first arm less that in the second, from imputed scores.

    Args:
        event: of the values (D, N) at the visit.
    """
    had = event(filled[:, :, _visit(trial, at)]).astype(float)
    share, variance = [], []
    for name in contrast:
        own = trial.arm == _arm(trial, name)
        p = had[:, own].mean(1)
        share.append(p)
        variance.append(p * (1 - p) / own.sum())
    estimate = np.stack([share[0] - share[1], *share], axis=1)
    spread = np.stack([variance[0] + variance[1], *variance], axis=1)
    return Each(estimate, np.sqrt(spread), float(trial.n - 2))


def compare(trial: Trial, filled: Floats, weights: Floats, contrast: tuple[str, str], at: str) -> Each:
    """The first arm less the second at a visit, adjusted for the trial's covariates at their means.

    Args:
        filled: (D, N, m). weights: (D, N) how often each participant is in each.
    Raises:
        ValueError: when an arm or the visit is none, or covariates cannot be told apart.
    """
    place = _visit(trial, at)
    first, second = (_arm(trial, name) for name in contrast)
    dummies = (trial.arm[:, None] == np.arange(len(trial.arms))).astype(float)
    x = np.column_stack([dummies, trial.covariates])
    y = filled[:, :, place]
    gram = np.einsum("dn,nq,nr->dqr", weights, x, x, optimize=True)
    if np.linalg.matrix_rank(gram[0]) < x.shape[1]:
        raise ValueError("covariates of the analysis cannot be told apart: leave some out")
    cross = np.einsum("dn,nq,dn->dq", weights, x, y, optimize=True)
    inverse = np.linalg.pinv(gram, hermitian=True)
    beta = np.einsum("dqr,dr->dq", inverse, cross)
    size = weights.sum(1)
    rest = y - beta @ x.T
    df = size - x.shape[1]
    scale = (weights * rest**2).sum(1) / np.maximum(df, 1)
    centre = (weights @ trial.covariates) / size[:, None]
    arms = len(trial.arms)
    rows = np.zeros((len(filled), 3, x.shape[1]))
    rows[:, 0, first], rows[:, 0, second] = 1.0, -1.0
    for k, arm in ((1, first), (2, second)):
        rows[:, k, arm] = 1.0
        rows[:, k, arms:] = centre
    estimate = np.einsum("dkq,dq->dk", rows, beta)
    variance = np.einsum("dkq,dqr,dkr->dk", rows, inverse, rows) * scale[:, None]
    return Each(estimate, np.sqrt(np.maximum(variance, 0.0)), float(trial.n - x.shape[1]))


def _arm(trial: Trial, name: str) -> int:
    if name not in trial.arms:
        raise ValueError(f"there is no arm {name!r}; there are: {', '.join(trial.arms)}")
    return trial.arms.index(name)


def _visit(trial: Trial, at: str) -> int:
    if at not in trial.visits:
        raise ValueError(f"there is no visit {at!r}; there are: {', '.join(trial.visits)}")
    return trial.visits.index(at)
