"""Whether the items of a scale belong together: Cronbach's alpha and McDonald's omega."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from entact.analysis.binary.arms import z_of
from entact.analysis.frame import public
from entact.analysis.result import Estimate, Group

Floats = NDArray[np.float64]
LEAST_UNIQUE = 0.005
"""The unique variance of an item below which none is looked for, as in R `factanal`."""


@public
def alpha(items: Any, *, level: float = 0.95) -> Estimate:
    """Cronbach's alpha, with Feldt's interval.

    Args:
        items: (n, k) of n people by k items, as an array; people with an item missing are left out.
    Raises:
        ValueError: for fewer than two people or items, or a sum that does not vary.
    Source: Cronbach 1951; Feldt, Woodruff & Salih 1987, Applied Psychological Measurement 11:93.
    """
    whole, notes = _whole(items)
    n, k = whole.shape
    covariance = np.cov(whole, rowvar=False)
    total = float(covariance.sum())
    if total <= 0:
        raise ValueError("the sum of the items does not vary: there is nothing to be reliable")
    at = k / (k - 1) * (1 - float(np.trace(covariance)) / total)
    from scipy.special import fdtri

    df_1, df_2 = n - 1, (n - 1) * (k - 1)
    low = 1 - (1 - at) * float(fdtri(df_1, df_2, 0.5 + level / 2))
    high = 1 - (1 - at) * float(fdtri(df_1, df_2, 0.5 - level / 2))
    return Estimate(
        "alpha",
        "Cronbach's alpha, Feldt's interval",
        at,
        low,
        high,
        level,
        groups=(Group("people", n),),
        notes=(*notes, f"{k} items"),
    )


@public
def omega(items: Any, *, level: float = 0.95, samples: int = 0, seed: int | None = None) -> Estimate:
    """McDonald's omega (total) of one factor by maximum likelihood.

    Args:
        samples, seed: of the bootstrap (percentile) interval. Without them it is that of the delta method by
            the expected information, as `lavaan` has it; none where an item is all of the factor's, or none.
    Raises:
        ValueError: for fewer than three items, or when there is no factor to be found.
    Source: McDonald 1999, chapter 6; the factor is that of R `factanal(factors = 1)`; Raykov 2002,
        Structural Equation Modeling 9:195.
    """
    whole, notes = _whole(items)
    n, k = whole.shape
    if k < 3:
        raise ValueError(f"{k} items: a factor needs at least three")
    found = _scaled_factor(whole)
    at = _share(*found)
    low = high = se = None
    if samples:
        if seed is None:
            raise ValueError("the bootstrap draws at random: give it a seed")
        generator = np.random.default_rng(seed)
        drawn = []
        for _ in range(samples):
            one = whole[generator.integers(0, n, n)]
            if (one.std(0) > 0).all():
                drawn.append(_share(*_scaled_factor(one)))
        low, high = (float(x) for x in np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2]))
        notes = (*notes, f"{len(drawn)} bootstrap samples, seed {seed}")
    else:
        se = _omega_error(*found, n)
        if se is None:
            notes = (*notes, "an item is all of the factor's: no interval without the bootstrap")
        else:
            low, high = (at + sign * z_of(level) * se for sign in (-1, 1))
    return Estimate(
        "omega",
        "McDonald's omega, one factor by maximum likelihood",
        at,
        low,
        high,
        level,
        se=se,
        groups=(Group("people", n),),
        notes=(*notes, f"{k} items"),
    )


def _scaled_factor(whole: Floats) -> tuple[Floats, Floats]:
    """Loadings and unique variances (k,) in the units of the items."""
    loadings, unique = one_factor(np.asarray(np.corrcoef(whole, rowvar=False), dtype=np.float64))
    sd = whole.std(0, ddof=1)
    return loadings * sd, unique * sd**2


def _share(loadings: Floats, unique: Floats) -> float:
    common = float(loadings.sum()) ** 2
    return common / (common + float(unique.sum()))


def _omega_error(loadings: Floats, unique: Floats, n: int) -> float | None:
    """Standard error of omega by the delta method; None at the bound of a unique variance.

    With S = l l' + diag(u) the information of n people on two parameters is n / 2 tr(S^-1 S_i S^-1 S_j).
    """
    k = len(unique)
    if (unique <= (LEAST_UNIQUE + 1e-6) * (loadings**2 + unique)).any():
        return None
    inverse = np.linalg.inv(np.outer(loadings, loadings) + np.diag(unique))
    slopes = np.zeros((2 * k, k, k))
    for item in range(k):
        slopes[item, item] += loadings
        slopes[item, :, item] += loadings
        slopes[k + item, item, item] = 1.0
    turned = inverse @ slopes
    information = n / 2 * np.einsum("iab,jba->ij", turned, turned)
    common, rest = float(loadings.sum()), float(unique.sum())
    total = common**2 + rest
    slope = np.repeat([2 * common * rest / total**2, -(common**2) / total**2], k)
    try:
        return float(np.sqrt(slope @ np.linalg.solve(information, slope)))
    except np.linalg.LinAlgError:
        return None


def one_factor(correlation: Floats) -> tuple[Floats, Floats]:
    """Loadings and unique variances (k,) of one factor, most likely given a correlation matrix.

    Source: Lawley & Maxwell 1971; the criterion and bounds of R `factanal`.
    """
    from scipy.optimize import minimize

    k = len(correlation)
    try:
        start = (1 - 0.5 / k) / np.diag(np.linalg.inv(correlation))
    except np.linalg.LinAlgError as problem:
        raise ValueError("an item is a sum of others: there is no factor of its own") from problem

    def parts(unique: Floats) -> tuple[Floats, Floats]:
        root = 1 / np.sqrt(unique)
        values, vectors = np.linalg.eigh(correlation * np.outer(root, root))
        return values, vectors

    def criterion(unique: Floats) -> float:
        rest = parts(unique)[0][:-1]
        return float((rest - np.log(rest)).sum()) - (k - 1)

    def slope(unique: Floats) -> Floats:
        values, vectors = parts(unique)
        loading = np.sqrt(unique) * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0))
        found: Floats = (loading**2 + unique - np.diag(correlation)) / unique**2
        return found

    bounds = [(LEAST_UNIQUE, 1.0)] * k
    found = minimize(
        criterion,
        np.clip(start, LEAST_UNIQUE, 1.0),
        jac=slope,
        bounds=bounds,
        method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 2000},
    )
    values, vectors = parts(found.x)
    loading = np.sqrt(found.x) * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0))
    loading = loading if loading.sum() >= 0 else -loading
    return np.asarray(loading, dtype=np.float64), np.asarray(found.x, dtype=np.float64)


def _whole(items: Any) -> tuple[Floats, tuple[str, ...]]:
    table = np.asarray(items, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError("items are a table: one row a person, at least two columns of items")
    whole = table[np.isfinite(table).all(1)]
    if len(whole) < 3:
        raise ValueError(f"{len(whole)} people answered every item: reliability needs at least three")
    flat = [place + 1 for place, sd in enumerate(whole.std(0)) if sd == 0]
    if flat:
        raise ValueError(f"item {flat[0]} is the same for everybody: leave it out")
    lost = len(table) - len(whole)
    return whole, (f"{lost} people without every item left out",) if lost else ()
