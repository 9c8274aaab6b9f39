"""The first and last line of an analysis with random effects: `mixed(...)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import polars as pl

from entact.analysis.level import check_level
from entact.analysis.mixed.effects import Data, Part, RandomEffect, products
from entact.analysis.mixed.model import RandomModel
from entact.analysis.mixed.result import MixedFit
from entact.analysis.mixed.search import Singular, search, starting_values
from entact.analysis.mmrm.basis import condition
from entact.analysis.mmrm.columns import Column, Factor, check_levels, read_column, read_factor
from entact.analysis.mmrm.design import build, build_right
from entact.analysis.mmrm.fit import NotConverged
from entact.analysis.mmrm.formula import parse
from entact.analysis.mmrm.inference import NO_ML, Inference, KenwardRoger, Satterthwaite, check_freedom
from entact.analysis.mmrm.model import Observations
from entact.analysis.mmrm.read import keep_used, refuse_infinite, refuse_values, rows_complete, slopes
from entact.analysis.mmrm.small import Floats

# Effects beyond which a fit is refused before it begins: their cross-products are a matrix of this size.
MOST = 4_000
KENWARD_ROGER = KenwardRoger()


def mixed(
    formula: str,
    data: Any,
    *,
    random: RandomEffect | Sequence[RandomEffect],
    method: Literal["REML", "ML"] = "REML",
    df: KenwardRoger | Satterthwaite = KENWARD_ROGER,
    information: Literal["observed", "expected"] = "observed",
    level: float = 0.95,
) -> MixedFit:
    """How an outcome depends on treatment and covariates where groups of rows have something in common:
    therapist
    pairs, sites, participants measured often; a linear mixed model with random effects.

    Args:
        formula: outcome ~ terms of the fixed effects, as for `mmrm`
        data: a Polars or pandas DataFrame; rows with a missing value in any variable are left out and counted
        random: the random effects: RandomEffect("site"), RandomEffect("participant", "1 + concentration"),
        crossed
            or nested as the data have them
        method: "REML", or "ML", which Kenward-Roger can't go with
        df: KenwardRoger() or Satterthwaite()
        information: of the variances: "observed", as SAS and lmerTest take it, or "expected", as pbkrtest
        does
        level: confidence level of intervals

    Returns:
        a MixedFit: coefficients, LS-means, contrasts, tests, variances, predicted effects; it prints as a
        table

    Raises:
        ValueError: the data or the formula don't allow the fit; the message names the column, row or term
        NotConverged: no optimum was found, or the variances can't be told apart

    Equivalent to R `lme4::lmer` with lmerTest (Satterthwaite) or pbkrtest (Kenward-Roger), to SAS PROC MIXED
    with
    `random`. Source: Laird & Ware 1982; Harville 1977; Kenward & Roger 1997.
    """
    effects = [random] if isinstance(random, RandomEffect) else random
    if (
        not isinstance(effects, list | tuple)
        or not effects
        or not all(isinstance(e, RandomEffect) for e in effects)
    ):
        raise ValueError(f'random must be RandomEffect("site") or a list of such, not {random!r}')
    if method not in ("REML", "ML"):
        raise ValueError(f'method must be "REML" or "ML", not {method!r}')
    if information not in ("observed", "expected"):
        raise ValueError(f'information must be "observed" or "expected", not {information!r}')
    check_level(level)
    check_freedom(df, KenwardRoger, Satterthwaite)
    if method == "ML" and isinstance(df, KenwardRoger):
        raise ValueError(NO_ML)
    if isinstance(df, KenwardRoger) and df.convention != "sas":
        raise ValueError('with random effects Kenward-Roger has convention="sas" alone')

    observations, parts = _read(formula, data, effects)
    basis, residuals = condition(observations.x, observations.y)
    n = observations.y.size
    if n <= basis.q + 1:
        raise ValueError(
            f"{n} values can't estimate {basis.q} coefficients and variances: simplify the formula"
        )
    variance = float(residuals @ residuals) / (n - basis.q)
    if np.sqrt(variance) <= 1e-12 * max(float(np.abs(observations.y).max()), 1e-300):
        raise ValueError(f"the formula explains {observations.outcome} without any residual")
    z = np.column_stack([basis.columns(observations.x, slice(None)), residuals])
    z_z, z_x, x_x = products(parts, z)
    whole = Data(parts, n, basis.q, z_z, z_x, x_x)
    try:
        found = search(whole, starting_values(whole, variance), reml=method == "REML")
    except Singular as why:
        raise NotConverged(f"no optimum was found: {why}") from why
    model = RandomModel(observations, basis, whole, found, method == "REML", information)
    return MixedFit(formula, tuple(effects), model, Inference(model, df, None), level)


def _read(formula: str, data: Any, effects: Sequence[RandomEffect]) -> tuple[Observations, tuple[Part, ...]]:
    """The rows with nothing missing, and the random effects on them."""
    parsed = parse(formula)
    rights = [parse(f"{parsed.response.text} ~ {effect.terms}") for effect in effects]
    groupers = {name: read_factor(data, name) for effect in effects for name in effect.columns}
    categories = frozenset().union(parsed.categories, *(right.categories for right in rights))
    wanted = dict.fromkeys([*parsed.response.variables, *parsed.variables])
    wanted |= dict.fromkeys(name for right in rights for name in right.variables)
    columns: dict[str, Column] = {
        name: read_factor(data, name) if name in categories else read_column(data, name) for name in wanted
    }
    everything: dict[str, Column] = {**groupers, **columns}
    for name, column in everything.items():
        refuse_infinite(name, column)
    causes, complete = rows_complete(everything)
    if not complete.size or not complete.any():
        raise ValueError(f"no row has values in all of {', '.join(map(repr, everything))}")
    kept, unused = keep_used(columns, complete, frozenset(parsed.variables))
    for name, grouper in groupers.items():
        check_levels(name, grouper.levels, None)
    y, x, design = build(parsed, kept)
    refuse_values(parsed.response.text, y, x, design.names, complete)
    parts: list[Part] = []
    first = 0
    for effect, right in zip(effects, rights, strict=True):
        own, made = build_right(right, kept, y.size)
        factor = _joined([groupers[name].keep(complete) for name in effect.columns])
        for part in _parts(effect, factor, own, made.names, first):
            parts.append(part)
            first += part.size
    if first > MOST:
        raise ValueError(f"{first} random effects are more than {MOST}: take groups together, or use mmrm")
    n = y.size
    groups = groupers[effects[0].columns[0]].keep(complete).without_unused()[0]
    observations = Observations(
        parsed.response.text,
        y,
        x,
        design,
        {name: kept[name] for name in parsed.variables},
        np.arange(n),
        pl.Series([str(row) for row in np.flatnonzero(complete)]),
        np.zeros(n, dtype=np.int64),
        ("",),
        np.zeros(n, dtype=np.int64),
        ("",),
        None,
        None,
        complete,
        (*causes, *slopes(parsed, kept, None, np.ones(n, dtype=bool)), *unused),
    )
    del groups
    return observations, tuple(parts)


def _joined(factors: list[Factor]) -> Factor:
    """Groups named by several columns."""
    if len(factors) == 1:
        return factors[0].without_unused()[0]
    key = np.zeros(factors[0].codes.size, dtype=np.int64)
    for factor in factors:
        key = key * len(factor.levels) + factor.codes
    distinct, codes = np.unique(key, return_inverse=True)
    levels = []
    for one in distinct.tolist():
        words = []
        for factor in reversed(factors):
            one, code = divmod(one, len(factor.levels))
            words.append(factor.levels[code])
        levels.append(":".join(reversed(words)))
    return Factor(codes.reshape(-1), tuple(levels))


def _parts(effect: RandomEffect, factor: Factor, values: Floats, names: list[str], first: int) -> list[Part]:
    """One part of correlated effects, or one for each term."""
    title = ":".join(effect.columns)
    group = factor.codes.astype(np.int64)
    if len(factor.levels) < 2:
        raise ValueError(f"{title!r} has one group only ({factor.levels[0]}): its effects have no variance")
    if len(factor.levels) == group.size and names == ["Intercept"]:
        raise ValueError(
            f"every row is a group of its own in {title!r}: its effect can't be told from the residual"
        )
    if np.linalg.matrix_rank(values) < len(names):
        raise ValueError(f"the terms of {effect.title} explain one another: leave one out")
    terms = tuple("1" if name == "Intercept" else name for name in names)
    if effect.correlated:
        return [Part(title, group, factor.levels, terms, values, first)]
    result = []
    for place, term in enumerate(terms):
        part = Part(title, group, factor.levels, (term,), values[:, [place]], first)
        result.append(part)
        first += part.size
    return result
