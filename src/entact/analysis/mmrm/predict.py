"""Residuals, predictions and simulated outcomes of a fitted model."""

from __future__ import annotations

from typing import Literal

import numpy as np

from entact.analysis.mmrm.inference import Inference
from entact.analysis.mmrm.model import Model
from entact.analysis.mmrm.small import Floats, Ints

ResidualKind = Literal["response", "pearson", "normalised"]


def residuals(model: Model, kind: ResidualKind) -> Floats:
    """(n,) y - X beta; over its standard deviation; or L^-1 (y - X beta) per participant with V = L L'."""
    if kind == "response":
        return model.residuals
    if kind not in ("pearson", "normalised"):
        raise ValueError(f'residuals are "response", "pearson" or "normalised", not {kind!r}')
    result = np.empty(model.n)
    for block in model.blocks():
        if kind == "normalised":
            result[block.rows] = model.whitened(block)[1]
        else:
            weights = model.observations.weights
            root = 1.0 if weights is None else np.sqrt(weights[block.rows])
            result[block.rows] = model.residuals[block.rows] * root / np.sqrt(np.diagonal(block.v))
    return result


def complete(inference: Inference, x: Floats, participant: Ints, visit: Ints) -> tuple[Floats, Floats]:
    """Expected outcomes given a participant's observed values, and the standard error of their means.

    Args:
        x: (k, columns) model matrix of the wanted rows
        participant: (k,) place of the participant, -1 for one who is not in the data
        visit: (k,) place of the visit

    Returns:
        (k,) E(y_new | y_observed) = x beta + V_no V_oo^-1 (y_o - X_o beta); (k,) its standard error from
        beta's covariance and the conditional variance of y
    """
    model = inference.model
    assert isinstance(model, Model)
    observations = model.observations
    basis = model.basis
    kept = np.where(basis.kept, x, 0.0)
    mean = kept @ np.where(basis.kept, model.beta, 0.0)
    variance = np.empty(x.shape[0])
    conditioned = basis.contrasts(x)
    rows_of: dict[int, list[int]] = {}
    for row, who in enumerate(observations.participant):
        rows_of.setdefault(int(who), []).append(row)
    for i in range(x.shape[0]):
        who, at = int(participant[i]), int(visit[i])
        sheet = int(model.layout.sheet[who]) if who >= 0 else 0
        v = model.matrices[sheet]
        rows = np.array(rows_of.get(who, []), dtype=np.int64)
        seen = observations.visit[rows]
        direction = conditioned[i]
        left = v[at, at]
        if rows.size:
            root = np.ones(rows.size) if observations.weights is None else np.sqrt(observations.weights[rows])
            v_oo = v[np.ix_(seen, seen)] / np.outer(root, root)
            pull = np.linalg.solve(v_oo, v[seen, at] / root)
            if (seen == at).any():
                pull = (seen == at).astype(np.float64)
            mean[i] += pull @ model.residuals[rows]
            left = max(left - pull @ v_oo @ pull, 0.0) if not (seen == at).any() else 0.0
            direction = direction - pull @ basis.columns(observations.x, rows)
        variance[i] = left + direction @ inference.covariance @ direction
    return mean, np.sqrt(variance)


def simulate(model: Model, rng: np.random.Generator, count: int) -> Floats:
    """(count, n) outcomes drawn from the fitted model on the rows used."""
    result = np.empty((count, model.n))
    for block in model.blocks():
        lower = np.linalg.cholesky(block.v)
        noise = rng.standard_normal((count, *block.rows.shape)) @ lower.T
        if model.observations.weights is not None:
            noise /= np.sqrt(model.observations.weights[block.rows])
        result[:, block.rows] = model.fitted[block.rows] + noise
    return result
