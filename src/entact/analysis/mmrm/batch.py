"""Many virtual trials with one design, fitted at once from arrays of outcomes.

The equations are those of the single fit: every array of `likelihood.py` gets a leading axis of trials. What
does not change between trials (the model matrix and its products by participant) is formed once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from entact.analysis.mmrm import kenward_roger, satterthwaite
from entact.analysis.mmrm.basis import Basis, condition
from entact.analysis.mmrm.columns import Column, Factor, read_column, read_factor, read_identity
from entact.analysis.mmrm.covariance import Unstructured
from entact.analysis.mmrm.design import build_right
from entact.analysis.mmrm.determined import definite_of, determined, inverse_or_nan, solve_each
from entact.analysis.mmrm.evaluation import Evaluation
from entact.analysis.mmrm.formula import parse
from entact.analysis.mmrm.inference import NO_ML, KenwardRoger, Satterthwaite, check_freedom, p_value
from entact.analysis.mmrm.likelihood import (
    LOG_2_PI,
    contract,
    evaluate,
    expected,
    invert_patterns,
    solve,
)
from entact.analysis.mmrm.moments import Moments, residual_moments
from entact.analysis.mmrm.newton import ENOUGH, GOOD, ITERATIONS
from entact.analysis.mmrm.small import Flags, Floats, Ints, half
from entact.analysis.mmrm.surface import Surface

# Bytes of cross-products that are worked on at once: what a processor's cache holds of them and what follows.
AT_ONCE = 2_500_000
KENWARD_ROGER = KenwardRoger()


@dataclass(frozen=True)
class ManyFits:
    """One row for each trial; NaN where a trial did not converge."""

    estimate: Floats
    """(T, r)"""
    se: Floats
    """(T, r)"""
    df: Floats
    """(T, r)"""
    coefficients: Floats
    """(T, columns)"""
    covariance: Floats
    """(T, m, m) V"""
    deviance: Floats
    """(T,) -2 log likelihood"""
    decrement: Floats
    """(T,) Newton decrement at the end"""
    iterations: Ints
    """(T,)"""

    @property
    def converged(self) -> Flags:
        """(T,)"""
        return self.decrement <= GOOD

    @property
    def t(self) -> Floats:
        """(T, r) t statistics."""
        return self.estimate / self.se

    @property
    def p(self) -> Floats:
        """(T, r) two-sided p."""
        return p_value(self.t, self.df)


class TrialDesign:
    """The model matrix of a trial, and all that follows from it alone."""

    def __init__(self, x: Floats, names: list[str] | None = None) -> None:
        """
        Args:
            x: (N, m, columns) model matrix of every participant at every visit, seen or not
            names: of the columns
        """
        x = np.ascontiguousarray(x, dtype=np.float64)
        if x.ndim != 3 or not np.isfinite(x).all():
            raise ValueError("x must be finite, with axes participant, visit, column")
        self.participants, self.m, self.columns = x.shape
        self.names = names or [f"x{i}" for i in range(self.columns)]
        self.x = x
        flat = x.reshape(-1, self.columns)
        self.basis: Basis = condition(flat, np.zeros(flat.shape[0]))[0]
        if not self.basis.kept.all():
            extra = [name for name, kept in zip(self.names, self.basis.kept, strict=True) if not kept]
            raise ValueError(f"the design is not of full rank: leave out {', '.join(extra)}")
        q, m, count = self.columns, self.m, self.participants
        z = self.basis.columns(flat, slice(None)).reshape(count, m, q)
        grid, pairs = half(m), half(q)
        left, right = z[:, grid.row], z[:, grid.column]
        both = 0.5 * (
            left[..., pairs.row] * right[..., pairs.column] + left[..., pairs.column] * right[..., pairs.row]
        )
        self._squares = np.ascontiguousarray(np.swapaxes(both, 0, 1))
        """(h, N, Qx) products of the columns, by pair of visits"""
        self._rows = z.reshape(count, m * q)

    @classmethod
    def of(cls, formula: str, data: Any, *, subject: str, visit: str) -> TrialDesign:
        """The design of a frame with one row for each participant and visit; its outcome column is not read.

        Participants keep their order of appearance as rows of the outcome arrays; visits the order of their
        levels.
        """
        # the outcome's name is never asked for
        parsed = parse(f"outcome {formula}" if formula.strip().startswith("~") else formula)
        columns: dict[str, Column] = {}
        for name in parsed.variables:
            column = read_factor(data, name) if name in parsed.categories else read_column(data, name)
            if column.missing.any():
                raise ValueError(f"{name!r} has missing values: a design needs all of them")
            columns[name] = column.without_unused()[0] if isinstance(column, Factor) else column
        people, visits = read_identity(data, subject), read_factor(data, visit)
        for name, missing in ((subject, people.missing), (visit, visits.missing)):
            if missing.any():
                raise ValueError(f"{name!r} has missing values: a design needs all of them")
        _, first, place = np.unique(people.codes, return_index=True, return_inverse=True)
        rank = np.argsort(np.argsort(first))[place.reshape(-1)]
        count, m = first.size, len(visits.levels)
        key = rank * m + visits.codes
        if key.size != count * m or np.unique(key).size != key.size:
            raise ValueError(f"a design needs one row for each {subject} at each {visit}, and no row twice")
        rows, design = build_right(parsed, columns, key.size)
        x = np.empty((count * m, rows.shape[1]))
        x[key] = rows
        return cls(x.reshape(count, m, -1), design.names)

    def fit(
        self,
        outcomes: Floats,
        contrasts: Floats,
        *,
        reml: bool = True,
        df: KenwardRoger | Satterthwaite = KENWARD_ROGER,
    ) -> ManyFits:
        """Fits every trial with an unstructured covariance, and tests linear functions of its coefficients.

        Args:
            outcomes: (T, N, m), NaN where nothing was seen
            contrasts: (r, columns)
            reml: REML, else ML
            df: KenwardRoger() or Satterthwaite()
        """
        check_freedom(df, KenwardRoger, Satterthwaite)
        if not reml and isinstance(df, KenwardRoger):
            raise ValueError(NO_ML)
        outcomes = np.asarray(outcomes, dtype=np.float64)
        if outcomes.ndim != 3 or outcomes.shape[1:] != (self.participants, self.m):
            raise ValueError(
                f"outcomes need axes trial, participant ({self.participants}) and visit ({self.m}), "
                f"not {outcomes.shape}"
            )
        if np.isinf(outcomes).any():
            raise ValueError("an outcome is infinite")
        contrasts = np.atleast_2d(np.asarray(contrasts, dtype=np.float64))
        if contrasts.shape[1] != self.columns:
            raise ValueError(f"contrasts need {self.columns} columns, not {contrasts.shape[1]}")
        offset = self._offset(outcomes)
        # as if drop-out were monotone: as many patterns as visits
        size = 8 * self.m * half(self.m).row.size * half(self.columns + 1).row.size
        step = max(16, AT_ONCE // size)
        parts = [
            self._fit(outcomes[begin : begin + step], contrasts, offset, reml, df)
            for begin in range(0, len(outcomes), step)
        ]
        return ManyFits(*(np.concatenate(each) for each in zip(*parts, strict=True)))

    def _offset(self, outcomes: Floats) -> Floats:
        """Coefficients of the mean outcome, taken off beforehand so that no digits are lost."""
        seen = ~np.isnan(outcomes)
        number = seen.sum(0)
        mean = np.where(seen, outcomes, 0.0).sum(0) / np.maximum(number, 1)
        usual = mean.sum() / max(int((number > 0).sum()), 1)
        mean = np.where(number > 0, mean, usual).reshape(-1)
        flat = self.x.reshape(-1, self.columns)
        to = self.basis.to_conditioned
        offset: Floats = to @ (to.T @ (flat.T @ mean)) / mean.size
        return offset

    def _moments(self, outcomes: Floats, offset: Floats) -> Moments:
        trials, count, m, q = len(outcomes), self.participants, self.m, self.columns
        y = outcomes - self.x @ offset
        seen = ~np.isnan(y)
        y = np.where(seen, y, 0.0)
        code = (seen @ (1 << np.arange(m))).astype(np.int64)
        codes = np.flatnonzero(np.bincount(code.reshape(-1), minlength=1 << m)[1:]) + 1
        patterns = codes.size
        member = (code[:, None] == codes[:, None]).astype(np.float64)
        grid, pairs = half(m), half(q + 1)
        products = np.zeros((trials, 1, patterns, grid.row.size, pairs.row.size))
        inner = half(q).row.size
        by_visit = (member[:, :, None] * np.swapaxes(y, 1, 2)[:, None]).reshape(-1, count)
        xy = (by_visit @ self._rows).reshape(trials, patterns, m, m, q)
        mixed = 0.5 * (xy[:, :, grid.column, grid.row] + xy[:, :, grid.row, grid.column])
        yy = by_visit.reshape(trials, patterns * m, count) @ y
        yy = yy.reshape(trials, patterns, m, m)[:, :, grid.row, grid.column]
        pattern_seen = ((codes[:, None] >> np.arange(m)) & 1).astype(bool)[None]
        for pair in range(grid.row.size):
            # only patterns that saw both visits of the pair have products for it
            both = np.flatnonzero(pattern_seen[0, :, grid.row[pair]] & pattern_seen[0, :, grid.column[pair]])
            xx = member[:, both].reshape(-1, count) @ self._squares[pair]
            products[:, 0, both, pair, :inner] = xx.reshape(trials, both.size, inner)
            products[:, 0, both, pair, inner:-1] = mixed[:, both, pair]
            products[:, 0, both, pair, -1] = yy[:, both, pair]
        return Moments(m, q, pattern_seen, member.sum(-1)[:, None], products, None)

    def _fit(
        self,
        outcomes: Floats,
        contrasts: Floats,
        offset: Floats,
        reml: bool,
        df: KenwardRoger | Satterthwaite,
    ) -> tuple[Any, ...]:
        moments = self._moments(outcomes, offset)
        visits = tuple(str(i) for i in range(self.m))
        surface = Surface(Unstructured(), visits, ("",), np.zeros(1, dtype=np.int64))
        at, decrement, iterations = search_many(moments, surface, reml=reml)
        w = 2.0 * inverse_or_nan(at.hessian)
        decrement = np.where(determined(at.theta, w, self.m), decrement, np.inf)
        good = decrement <= GOOD
        rows = self.basis.contrasts(contrasts)
        c = at.covariance
        slopes = half(self.columns + 1).unpack(at.slopes)[..., :-1, :-1]
        if isinstance(df, KenwardRoger):
            variance = np.full((len(outcomes), len(rows)), np.nan)
            whole = bool(good.all())
            some = moments if whole else _take(moments, good)
            ended = at if whole else _take_evaluation(at, good)
            if len(ended.value):
                variance[good] = kenward_roger.contrast_variances(
                    some, surface, ended, w[good], rows, convention=df.convention, linear=df.linear
                )
        else:
            variance = ((rows @ c) * rows).sum(-1)
        to = self.basis.to_conditioned
        coefficients = offset + at.gamma @ to.T
        nothing = np.where(good, 1.0, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            freedom = satterthwaite.freedom(rows, c, slopes, w)
            se = np.sqrt(variance)
        values = moments.observations
        deviance = at.value + (values - (self.columns if reml else 0)) * LOG_2_PI
        if reml:
            deviance = deviance + self.basis.logdet
        return (
            (coefficients @ contrasts.T) * nothing[:, None],
            se * nothing[:, None],
            freedom * nothing[:, None],
            coefficients * nothing[:, None],
            half(self.m).unpack(at.theta) * nothing[:, None, None],
            deviance * nothing,
            decrement,
            iterations,
        )


def search_many(moments: Moments, surface: Surface, *, reml: bool) -> tuple[Evaluation, Floats, Ints]:
    """Newton's method on all trials of a batch at once; those that have arrived wait for the others.

    Returns:
        where each ended, its Newton decrement (infinite where it did not converge), its iterations
    """
    trials = moments.count.shape[0]
    at = evaluate(moments, surface, _starts(moments), reml=reml)
    decrement = np.full(trials, np.inf)
    iterations = np.zeros(trials, dtype=np.int64)
    active = np.flatnonzero(np.isfinite(at.value))
    whole = active.size == trials
    now = at if whole else _take_evaluation(at, active)
    mine = moments if whole else _take(moments, active)
    result = at
    for _ in range(ITERATIONS):
        step, definite = _steps(mine, surface, now)
        last = decrement[active]
        own = np.where(definite, -(now.gradient * step).sum(-1), np.inf)
        decrement[active] = own
        done = (own <= ENOUGH) | ((own <= GOOD) & (own > 0.1 * last))
        if done.any():
            _put(result, active[done], _take_evaluation(now, done), whole and bool(done.all()))
            if done.all():
                return (now if whole else result), decrement, iterations
            active, step, own = active[~done], step[~done], own[~done]
            mine, now, whole = _take(mine, ~done), _take_evaluation(now, ~done), False
        iterations[active] += 1
        now, moved = _move_many(mine, surface, now, step, own, reml=reml)
        if not moved.all():
            decrement[active[~moved & (own > GOOD)]] = np.inf
            _put(result, active[~moved], _take_evaluation(now, ~moved), False)
            active = active[moved]
            if not active.size:
                break
            mine, now, whole = _take(mine, moved), _take_evaluation(now, moved), False
    else:
        decrement[active] = np.where(decrement[active] <= GOOD, decrement[active], np.inf)
        _put(result, active, now, False)
    return result, decrement, iterations


def _starts(moments: Moments) -> Floats:
    """One step of EM from the products about the mean coefficients of all trials: (T, h).

    The step's expected products allow for the estimated coefficients. Residuals of least squares would make
    V too small by about q / N, which costs the search a step.
    """
    grid, pairs = half(moments.m), half(moments.q + 1)
    w, _ = invert_patterns(residual_moments(moments), moments)
    with np.errstate(invalid="ignore"):
        _, _, _, quadratic, whitener = solve(pairs.unpack(contract(moments, w, None)))
    lost = ~np.isfinite(quadratic)
    if lost.any():
        whitener[lost] = np.eye(moments.q + 1)
    g = np.swapaxes(whitener, -1, -2) @ whitener
    return grid.pack(residual_moments(moments, pairs.times * pairs.pack(g))[:, 0])


def _steps(moments: Moments, surface: Surface, at: Evaluation) -> tuple[Floats, Flags]:
    """Newton steps (T, K), on expected information where the observed is not positive definite."""
    hessian = at.hessian
    definite = definite_of(hessian)
    if not definite.all():
        hessian = hessian.copy()
        wrong = np.flatnonzero(~definite)
        metric = expected(_take(moments, wrong), surface, _take_evaluation(at, wrong))
        hessian[wrong] = metric
    step, solved = solve_each(hessian, -at.gradient)
    return step, definite & solved


def _move_many(
    moments: Moments, surface: Surface, at: Evaluation, step: Floats, decrement: Floats, *, reml: bool
) -> tuple[Evaluation, Flags]:
    """All trials one step on; each halves its own until -2 log likelihood falls."""
    from entact.analysis.mmrm.newton import HALVINGS, NEAR

    new = evaluate(moments, surface, at.theta + step, reml=reml)
    near = decrement < NEAR
    with np.errstate(invalid="ignore"):
        better = np.isfinite(new.value) & ((new.value < at.value) | near)
    share = 1.0
    for _ in range(HALVINGS):
        if better.all():
            break
        share *= 0.5
        late = np.flatnonzero(~better)
        some = _take(moments, late)
        again = evaluate(some, surface, at.theta[late] + share * step[late], reml=reml)
        with np.errstate(invalid="ignore"):
            fine = np.isfinite(again.value) & ((again.value < at.value[late]) | near[late])
        _put(new, late[fine], _take_evaluation(again, fine), False)
        better[late[fine]] = True
    if not better.all():
        late = np.flatnonzero(~better)
        _put(new, late, _take_evaluation(at, late), False)
    return new, better


def _take(moments: Moments, some: Ints | Flags) -> Moments:
    return Moments(moments.m, moments.q, moments.seen, moments.count[some], moments.products[some], None)


_PARTS = ("theta", "value", "gradient", "hessian", "gamma", "root", "logdet_information", "inverse", "slopes")


def _take_evaluation(at: Evaluation, some: Ints | Flags) -> Evaluation:
    return Evaluation(**{part: getattr(at, part)[some] for part in _PARTS}, elements=None)


def _put(into: Evaluation, where: Ints, what: Evaluation, everything: bool) -> None:
    if everything:
        return
    for part in _PARTS:
        getattr(into, part)[where] = getattr(what, part)
