"""Residuals, predictions and simulated outcomes of a fitted model."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import polars as pl

from entact.analysis.mmrm.columns import Column, Factor, read_column, read_factor, read_identity
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


def predicted(
    inference: Inference, subject_column: str, visit_column: str, data: Any, conditional: bool
) -> pl.DataFrame:
    """Expected outcomes of the rows of a frame; see `Fit.predict`."""
    model = inference.model
    assert isinstance(model, Model)
    observations = model.observations
    columns: dict[str, Column] = {}
    missing = np.zeros(0, dtype=bool)
    for name, used in observations.columns.items():
        if isinstance(used, Factor):
            column: Column = _as_known(name, read_factor(data, name), used)
        else:
            column = read_column(data, name)
            if isinstance(column, Factor):
                raise ValueError(f"{name!r} held numbers in the fit, not text or categories")
        columns[name] = column
        missing = column.missing if not missing.size else missing | column.missing
    subject = read_identity(data, subject_column)
    grid = Factor(np.zeros(0, dtype=np.int32), observations.visits)
    visit = _as_known(visit_column, read_factor(data, visit_column), grid)
    n = subject.codes.size
    missing = (missing if missing.size else np.zeros(n, dtype=bool)) | subject.missing | visit.missing
    ok = ~missing
    x = observations.design.matrix({name: column.keep(ok) for name, column in columns.items()})
    place = {name: i for i, name in enumerate(observations.participants.to_list())}
    known = np.array([place.get(label, -1) for label in subject.labels.to_list()], dtype=np.int64)
    who = known[subject.codes[ok]]
    if not conditional:
        who = np.full(who.size, -1)
    elif (
        observations.coordinates is not None
        and (who >= 0).any()
        and model.surface.group_of_sheet.size > len(observations.groups)
    ):
        raise ValueError(
            "with coordinates of each participant's own, only conditional=False can be predicted"
        )
    if len(observations.groups) > 1 and (who < 0).any():
        raise ValueError("with a grouped covariance, participants outside the fit have no known group")
    estimate, se, _ = inference.estimates(x)
    prediction, prediction_se = complete(inference, x, who, visit.codes[ok].astype(np.int64))
    full = {
        "estimate": estimate,
        "se": se,
        "prediction": prediction,
        "prediction_se": prediction_se,
    }
    frame = {}
    for name, values in full.items():
        spread = np.full(n, np.nan)
        spread[ok] = values
        frame[name] = spread
    return pl.DataFrame(frame).fill_nan(None)


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


def _as_known(name: str, factor: Factor, known: Factor) -> Factor:
    """The factor in the levels of the fit."""
    levels = known.levels
    place = {level: i for i, level in enumerate(levels)}
    used = {factor.levels[code] for code in np.unique(factor.codes) if code >= 0}
    unknown = sorted(used - set(levels))
    if unknown:
        raise ValueError(
            f"{name!r} has level {unknown[0]!r}, which the fit does not know ({', '.join(levels)})"
        )
    to = np.array([*(place.get(level, -1) for level in factor.levels), -1], dtype=np.int32)
    return Factor(to[factor.codes], levels, known.numbers)
