"""The first and last line of an analysis: `mmrm(...)`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from entact.analysis.level import check_level
from entact.analysis.mmrm.basis import condition
from entact.analysis.mmrm.covariance import Covariance, Unstructured
from entact.analysis.mmrm.determined import DETERMINED, SINGULAR
from entact.analysis.mmrm.inference import NO_ML, Freedom, Inference, KenwardRoger, check_freedom
from entact.analysis.mmrm.model import Model, Observations
from entact.analysis.mmrm.moments import Layout, Moments, common, gather, lay_out, residual_moments
from entact.analysis.mmrm.newton import Search, search_from_all
from entact.analysis.mmrm.read import read
from entact.analysis.mmrm.result import Attempt, Fit
from entact.analysis.mmrm.sandwich import Kind
from entact.analysis.mmrm.small import Flags, Floats, Ints, half
from entact.analysis.mmrm.spatial import _Spatial
from entact.analysis.mmrm.surface import Surface

Method = Literal["REML", "ML"]
REML: Method = "REML"
ML: Method = "ML"
UNSTRUCTURED = Unstructured()
KENWARD_ROGER = KenwardRoger()
# Bytes beyond which a fit is refused before it begins.
MEMORY = 4e9


class NotConverged(ValueError):
    """No optimum was found; the message says how far the search came with each structure."""


def mmrm(
    formula: str,
    data: Any,
    *,
    subject: str,
    visit: str,
    covariance: Covariance | Sequence[Covariance] = UNSTRUCTURED,
    equal_at: Mapping[str, str] | None = None,
    by: str | None = None,
    weights: str | None = None,
    method: Method = REML,
    df: Freedom = KENWARD_ROGER,
    sandwich: Kind | None = None,
    level: float = 0.95,
) -> Fit:
    """How an outcome measured at several visits depends on treatment and covariates: a mixed model for
    repeated measures.

    Args:
        formula: outcome ~ terms, in formulaic's (and R's) language, e.g. "change ~ arm * visit + baseline";
            C(site) takes numbers as categories; log, poly, scale, bs and the like work
        data: a Polars or pandas DataFrame, one row for each participant and visit; rows with a missing value
            in any variable of the model are left out and counted in the notes, as in R and SAS
        subject: column that names the participant
        visit: column that names the visit. An Enum, an ordered category, numbers and dates state an order; a
                Polars Categorical keeps that of first appearance, text is in alphabetical order. Where that
                may
                not be the order meant, structures that know neighbours refuse and the others note it
        covariance: structure within a participant; a sequence is tried in its order until one converges, and
            the
            result records which one it was
        equal_at: factors that make no difference at a visit, such as {"arm": "baseline"}: a constrained
            longitudinal analysis, where the baseline is an outcome and randomisation makes arms equal there
        by: column with groups of participants (usually the arm), each of which gets covariance parameters of
            its own
        weights: column of positive weights; the variance of a value is divided by its weight
        method: "REML", or "ML", which Kenward-Roger can't go with
        df: how degrees of freedom are found: KenwardRoger(), Satterthwaite(), BetweenWithin(), Residual()
        sandwich: "CR0", "CR2" or "CR3" for an empirical covariance of the coefficients instead of the model's
        level: confidence level of intervals

    Returns:
        a Fit: coefficients, LS-means, contrasts, tests, residuals, predictions; it prints as a table

    Raises:
        ValueError: the data or the formula don't allow the fit; the message names the column, row or term
        NotConverged: no optimum was found with any of the structures

    Source of `equal_at`: Liang & Zeger 2000, Sankhya B 62:134. Equivalent to R `mmrm::mmrm` with `us(visit |
    subject)` and SAS PROC MIXED with `repeated visit /
    subject=subject`.
    """
    if method not in ("REML", "ML"):
        raise ValueError(f'method must be "REML" or "ML", not {method!r}')
    check_level(level)
    check_freedom(df)
    if method == "ML" and isinstance(df, KenwardRoger):
        raise ValueError(NO_ML)
    if sandwich is not None and isinstance(df, KenwardRoger):
        raise ValueError(
            f"{df.title} adjusts the model-based covariance and can't go with sandwich={sandwich!r}: "
            "use df=Satterthwaite(), BetweenWithin() or Residual()"
        )
    if sandwich not in (None, "CR0", "CR2", "CR3"):
        raise ValueError(f'sandwich must be "CR0", "CR2" or "CR3", not {sandwich!r}')
    structures = [covariance] if isinstance(covariance, Covariance) else covariance
    if (
        not isinstance(structures, list | tuple)
        or not structures
        or not all(isinstance(one, Covariance) for one in structures)
    ):
        instead = f"; write {covariance.__name__}()" if isinstance(covariance, type) else ""
        raise ValueError(
            f"covariance must be a structure such as Unstructured(), or a list of some, not "
            f"{covariance!r}{instead}"
        )

    attempts: list[Attempt] = []
    for structure in structures:
        observations = read(formula, data, subject, visit, by, weights, structure, equal_at)
        model, why = fit_structure(observations, structure, reml=method == "REML")
        attempts.append(Attempt(structure.title, why))
        if model is not None:
            inference = Inference(model, df, sandwich)
            return Fit(formula, model, inference, level, tuple(attempts), subject, visit)
    tried = "; ".join(f"{attempt.structure}: {attempt.outcome}" for attempt in attempts)
    raise NotConverged(
        f"no optimum was found ({tried}). Fewer covariance parameters may be estimable: "
        "give covariance=[Unstructured(), Toeplitz(heterogeneous=True), ...] to try several in a stated order"
    )


def fit_structure(
    observations: Observations, structure: Covariance, *, reml: bool
) -> tuple[Model | None, str]:
    """The model with one structure, or None and why there is none."""
    basis, residuals = condition(observations.x, observations.y)
    if observations.y.size <= basis.q:
        raise ValueError(
            f"{observations.y.size} values can't estimate {basis.q} coefficients and a covariance: "
            "simplify the formula"
        )
    scale = float(np.sqrt(np.mean(observations.y**2)))
    if np.sqrt(np.mean(residuals**2)) <= 1e-12 * scale or scale == 0.0:
        raise ValueError(
            f"the formula explains {observations.outcome} without any residual: "
            "there is no variance to estimate"
        )
    sheet, structure = _sheets(observations, structure)
    few = _too_few(observations, structure)
    if few is not None:
        return None, few
    layout = lay_out(observations.participant, observations.visit, sheet, len(observations.visits))
    _refuse_too_large(layout, basis.q)
    root = None if observations.weights is None else np.sqrt(observations.weights)
    moments = gather(layout, observations.x, residuals, root, basis)
    _check_pairs(observations, moments, structure)
    groups = np.zeros(int(sheet.max()) + 1, dtype=np.int64)
    groups[sheet] = observations.group
    surface = Surface(structure, observations.visits, observations.groups, groups)
    found = search_from_all(moments, surface, _starts(moments, surface), reml=reml)
    if found is None:
        return None, "-2 log likelihood can't be evaluated at any starting point"
    if not found.converged:
        size = "" if np.isnan(found.decrement) else f"; Newton decrement {found.decrement:.1e}"
        return None, f"not converged ({found.path}{size})"
    least = _least_eigenvalue(moments, surface, found)
    if least < SINGULAR:
        return None, "the covariance matrix became singular: the data don't determine it"
    why = structure.degenerate(found.at.theta.reshape(len(observations.groups), -1))
    if why is not None:
        return None, why
    model = Model(observations, basis, layout, moments, surface, found, reml)
    least = _least_freedom(model)
    if not least >= DETERMINED:
        return None, (
            f"the data don't determine the covariance: -2 log likelihood is flat, a variance in it has "
            f"only {least:.1g} "
            "degrees of freedom"
        )
    return model, f"converged ({found.path}; Newton decrement {found.decrement:.1e})"


def _too_few(observations: Observations, structure: Covariance) -> str | None:
    """Why an unstructured V of so many visits can't be found from so few participants, or None."""
    if not isinstance(structure, Unstructured):
        return None
    visits, least = len(observations.visits), int(np.bincount(observations.group).min())
    if least > visits:
        return None
    each = " in each group" if len(observations.groups) > 1 else ""
    return (
        f"a covariance of {visits} visits needs more than {visits} participants{each}, and there are {least}"
    )


def _refuse_too_large(layout: Layout, q: int) -> None:
    """A ValueError where the arrays of the likelihood would not fit into any usual memory."""
    sheets, _, m = layout.seen.shape
    summed = int(common(_size(layout), layout.seen.sum(-1), q + 1).sum())
    pairs, products = m * (m + 1) / 2, (q + 1) * (q + 2) / 2
    numbers = sheets * (3.0 * m**4 + summed * pairs * (pairs + products)) + (m * (q + 1.0)) ** 2
    if 8.0 * numbers > MEMORY:
        raise ValueError(
            f"{m} visits with {q} coefficients would need about {8e-9 * numbers:.0f} GB: take the "
            f"visits together into "
            "fewer, or fit a model for curves in time"
        )


def _least_eigenvalue(moments: Moments, surface: Surface, found: Search) -> float:
    """Of the correlation matrices of all patterns of visits seen."""
    v = surface.matrices(found.at.theta)
    s = np.sqrt(np.diagonal(v, axis1=-2, axis2=-1))
    correlation = (v / (s[..., :, None] * s[..., None, :]))[:, None]
    both = moments.seen[..., :, None] & moments.seen[..., None, :]
    return float(np.linalg.eigvalsh(np.where(both, correlation, np.eye(moments.m))).min())


def _least_freedom(model: Model) -> float:
    """Of the variances along V's principal axes the least 2 v^2 / var(v): what a chi-squared would have."""
    matrices, surface, grid = model.matrices, model.surface, half(model.surface.m)
    seen: Flags = np.any(model.layout.seen & (_size(model.layout) > 0)[..., None], axis=1)
    s = np.sqrt(np.diagonal(matrices, axis1=-2, axis2=-1))
    both = seen[:, :, None] & seen[:, None, :]
    correlation = np.where(both, matrices / (s[..., :, None] * s[..., None, :]), np.eye(surface.m))
    axes = np.where(seen[:, :, None], np.linalg.eigh(correlation)[1] / s[..., :, None], 0.0)
    squares = (
        grid.times * axes[..., grid.row, :].swapaxes(-1, -2) * axes[..., grid.column, :].swapaxes(-1, -2)
    )
    variance = (squares @ surface.value(model.theta)[..., None])[..., 0]
    gradient = squares if surface.free else squares @ surface.slope(model.theta)
    try:
        spread = ((gradient @ model.w) * gradient).sum(-1)
    except np.linalg.LinAlgError:
        return 0.0
    used = variance > 0.0
    return float((2.0 * variance[used] ** 2 / np.abs(spread[used])).min())


def _size(layout: Layout) -> Ints:
    """(S, P) participants."""
    sheets, patterns, _ = layout.seen.shape
    size = np.bincount(layout.sheet * patterns + layout.pattern, minlength=sheets * patterns)
    return size.reshape(sheets, patterns)


def _starts(moments: Moments, surface: Surface) -> Iterator[tuple[str, Floats]]:
    """Where to begin: the residuals' cross-products, made as large as so many coefficients left them small,
    then ever simpler guesses.
    """
    by_sheet = residual_moments(moments)
    groups = len(surface.groups)
    weight = moments.count.sum(-1)[:, None, None]
    by_group = []
    for group in range(groups):
        own = surface.group_of_sheet == group
        by_group.append((by_sheet[own] * weight[own]).sum(0) / weight[own].sum(0))
    values = float(moments.observations)
    by_group = [one * (values / max(values - moments.q, 1.0)) for one in by_group]
    yield "the residuals' cross-products", surface.start(by_group)
    diagonal = [np.diag(np.diagonal(one)) for one in by_group]
    half_way = [0.5 * (one + flat) for one, flat in zip(by_group, diagonal, strict=True)]
    yield "half the residuals' correlations", surface.start(half_way)
    yield "uncorrelated residuals", surface.start(diagonal)


def _sheets(observations: Observations, structure: Covariance) -> tuple[Ints, Covariance]:
    """Which participants share a matrix V, and the structure with the distances of each of them."""
    if not isinstance(structure, _Spatial):
        return observations.group.copy(), structure
    place = observations.coordinates
    assert place is not None
    m = len(observations.visits)
    count, axes = observations.group.size, place.shape[1]
    grid = half(m)
    by_visit = np.zeros((m, axes))
    by_visit[observations.visit] = place
    if (by_visit[observations.visit] == place).all():
        distance = np.linalg.norm(by_visit[grid.row] - by_visit[grid.column], axis=-1)
        groups = len(observations.groups)
        return observations.group.copy(), structure.at(np.broadcast_to(distance, (groups, distance.size)))
    # Participants with the same coordinates at the same visits, in the same group, share a sheet.
    own = np.full((count, m, axes), np.nan)
    own[observations.participant, observations.visit] = place
    key = np.column_stack([observations.group, np.nan_to_num(own, nan=np.inf).reshape(count, -1)])
    distinct, sheet = np.unique(key, axis=0, return_inverse=True)
    grids = distinct[:, 1:].reshape(-1, m, axes)
    grids = np.where(np.isinf(grids), 0.0, grids)
    distances = np.linalg.norm(grids[:, grid.row] - grids[:, grid.column], axis=-1)
    return sheet.reshape(-1), structure.at(distances)


def _check_pairs(observations: Observations, moments: Moments, structure: Covariance) -> None:
    """Every pair of visits must be seen together in someone where each has a covariance of its own."""
    if not isinstance(structure, Unstructured):
        return
    for group, label in enumerate(observations.groups):
        patterns = moments.seen[group][moments.count[group] > 0.0].astype(np.float64)
        together = patterns.T @ patterns > 0.0
        if not together.all():
            a, b = np.argwhere(~together)[0]
            where = f" in group {label}" if label else ""
            raise ValueError(
                f"no participant{where} has values at both {observations.visits[a]} and "
                f"{observations.visits[b]}: an unstructured covariance can't be estimated; "
                "leave a visit out or choose another structure"
            )
