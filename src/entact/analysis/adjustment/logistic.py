"""Logistic regression by maximum likelihood, and by Firth's penalty where that has no maximum."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from scipy.special import expit

from entact.analysis.adjustment.model import Floats, Model, Rows, read_rows

ITERATIONS = 200
FAR = 15.0  # a linear predictor beyond which a rate counts as 0 or 1

Fitting = Literal["maximum_likelihood", "firth", "firth_if_separated"]


def logistic(formula: str, data: Any, *, fitting: Fitting = "firth_if_separated") -> Model:
    """A logistic model of a yes or no.

    Args:
        formula: outcome ~ terms. data: a Polars or pandas frame, one row a participant; the outcome is true
            and false, or 1 and 0. fitting: what is done where covariates tell the outcome without fault, so
            that the likelihood has no maximum: an error, or Firth's penalty, which the notes say.
    Raises:
        ValueError: when the rows do not allow the fit, or are separated and `fitting` is maximum likelihood.
    Sources: Firth 1993, Biometrika 80:27; Heinze & Schemper 2002, Statistics in Medicine 21:2409.
        Equivalent to R `glm(family = binomial)` and `logistf::logistf`.
    """
    rows = read_rows(formula, data)
    if set(np.unique(rows.y)) - {0.0, 1.0}:
        raise ValueError("the outcome of a logistic model is true and false, or 1 and 0")
    n, q = rows.x.shape
    if n <= q:
        raise ValueError(f"{n} participants cannot tell {q} coefficients apart")
    if fitting != "firth":
        beta = _fit(rows)
        if beta is not None:
            return _model(rows, beta, "logistic model", rows.notes)
        if fitting == "maximum_likelihood":
            raise ValueError(
                "covariates separate those with the event from those without: maximum likelihood has no end; "
                'take Firth\'s penalty, fitting="firth"'
            )
    penalised = maximum(rows.x, rows.y)
    if penalised is None:
        raise ValueError("Firth's penalised likelihood found no maximum: leave covariates out")
    beta = penalised[0]
    notes = rows.notes
    if fitting != "firth":
        notes = (*notes, "separated: fitted by Firth's penalised likelihood")
    return _model(rows, beta, "logistic model, Firth's penalty", notes)


def _model(rows: Rows, beta: Floats, title: str, notes: tuple[str, ...]) -> Model:
    information = _information(rows.x, expit(rows.x @ beta))
    bread: Floats = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return Model(rows, beta, expit, _slope, bread, 1.0, title, notes)


def _slope(eta: Floats) -> Floats:
    rate = expit(eta)
    slope: Floats = rate * (1 - rate)
    return slope


def _information(x: Floats, rate: Floats) -> Floats:
    information: Floats = (x * (rate * (1 - rate))[:, None]).T @ x
    return information


def _fit(rows: Rows) -> Floats | None:
    """Maximum likelihood by Newton's method with halved steps; None where no maximum is within reach."""
    x, y = rows.x, rows.y
    beta = np.zeros(x.shape[1])

    def objective(at: Floats) -> float:
        eta = x @ at
        return float(y @ eta - np.logaddexp(0.0, eta).sum())

    value = objective(beta)
    for _ in range(ITERATIONS):
        rate = expit(x @ beta)
        gradient = x.T @ (y - rate)
        try:
            step = np.linalg.solve(_information(x, rate), gradient)
        except np.linalg.LinAlgError:
            return None
        if float(gradient @ step) < 1e-18 * max(1.0, abs(value)):
            return beta
        share = 1.0
        while share > 1e-6:
            new = beta + share * step
            found = objective(new)
            if np.isfinite(found) and found >= value - 1e-12 * abs(value):
                break
            share /= 2
        else:
            return beta if float(gradient @ step) < 1e-10 else None
        beta, value = new, found
        if float(np.abs(x @ beta).max()) > FAR and separates(x, y):
            return None
    return None


def maximum(
    x: Floats, y: Floats, held: tuple[int, float] | None = None, start: Floats | None = None
) -> tuple[Floats, float, Floats] | None:
    """Where Firth's penalised likelihood is greatest, its value there, and the inverse information.

    Args:
        held: place of a coefficient and the value that it keeps; the penalty is that of the whole model.
        start: coefficients near it.
    """
    enough = 1e-18 if held is None else 1e-14  # of a profile the value is wanted, and it is flat there
    beta = np.zeros(x.shape[1]) if start is None else start.copy()
    free = np.ones(x.shape[1], dtype=bool)
    if held is not None:
        beta[held[0]], free[held[0]] = held[1], False

    def objective(at: Floats) -> float:
        eta = x @ at
        sign, logdet = np.linalg.slogdet(_information(x, expit(eta)))
        return float(y @ eta - np.logaddexp(0.0, eta).sum()) + 0.5 * float(logdet) if sign > 0 else -np.inf

    value = objective(beta)
    for _ in range(ITERATIONS):
        rate = expit(x @ beta)
        weight = rate * (1 - rate)
        information = _information(x, rate)
        try:
            inverse: Floats = np.asarray(np.linalg.inv(information), dtype=np.float64)
            leverage = weight * ((x @ inverse) * x).sum(axis=1)
            gradient = (x.T @ (y - rate + leverage * (0.5 - rate)))[free]
            step = np.linalg.solve(information[np.ix_(free, free)], gradient)
        except np.linalg.LinAlgError:
            return None
        if not free.any() or float(gradient @ step) < enough * max(1.0, abs(value)):
            return beta, value, inverse
        share = min(1.0, 5.0 / float(np.abs(step).max()))
        while share > 1e-8:
            new = beta.copy()
            new[free] += share * step
            found = objective(new)
            if np.isfinite(found) and found >= value - 1e-12 * abs(value):
                break
            share /= 2
        else:
            return (beta, value, inverse) if float(gradient @ step) < 1e-9 else None
        beta, value = new, found
    return None


def separates(x: Floats, y: Floats) -> bool:
    """Whether some linear predictor is on the right side for everybody, and not nought for all."""
    from scipy.optimize import linprog

    signed = x * (2 * y - 1)[:, None]
    scale = np.abs(signed).max(axis=0)
    signed = signed / np.where(scale > 0, scale, 1.0)
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=(-1, 1), method="highs")
    return bool(found.status == 0 and -found.fun > 1e-7)
