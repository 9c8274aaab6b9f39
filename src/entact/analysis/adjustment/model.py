"""A fitted model of one value a participant: what is expected of each, and what would be in another arm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entact.analysis.mmrm.columns import Column, Factor, Numeric, read_column, read_factor
from entact.analysis.mmrm.design import Design, build
from entact.analysis.mmrm.formula import parse

Floats = NDArray[np.float64]
ALIASED = 1e-7  # share of a column's length that others must leave unexplained, as in R's lm
NONE_LEFT = 1e-9  # what leverage leaves of a residual, at which it leaves nothing


@dataclass(frozen=True)
class Rows:
    """The complete rows of a frame as arrays: outcome (n,), model matrix (n, q) of full rank, and columns."""

    formula: str
    y: Floats
    x: Floats
    columns: dict[str, Column]
    design: Design
    kept: NDArray[np.bool_]
    used: NDArray[np.bool_]
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """Participants."""
        return self.y.size

    def at(self, name: str, level: int) -> Floats:
        """The model matrix if everybody had this level of a factor."""
        factor = self.columns[name]
        assert isinstance(factor, Factor)
        moved = replace(factor, codes=np.full(self.n, level, dtype=factor.codes.dtype))
        matrix: Floats = self.design.matrix({**self.columns, name: moved})[:, self.kept]
        return matrix

    def factor(self, name: str) -> Factor:
        """A factor of the formula; a ValueError where it is none."""
        column = self.columns.get(name)
        if not isinstance(column, Factor):
            known = ", ".join(key for key, one in self.columns.items() if isinstance(one, Factor))
            raise ValueError(f"{name!r} is no factor of {self.formula!r}; there are: {known or 'none'}")
        return column


@dataclass(frozen=True)
class Model:
    """A fitted model.

    Attributes:
        beta: (q,). mean, slope: of the link, from linear predictor to mean and its derivative.
        bread: (q, q) inverse information. title: as a paper would say it.
    """

    rows: Rows
    beta: Floats
    mean: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    bread: Floats
    scale: float
    title: str
    notes: tuple[str, ...] = ()

    @property
    def fitted(self) -> Floats:
        """(n,) what is expected of each."""
        return self.mean(self.rows.x @ self.beta)

    @property
    def residual(self) -> Floats:
        """(n,) what was seen less what was expected."""
        return self.rows.y - self.fitted

    def alone(self, along: Floats) -> bool:
        """Whether a combination of coefficients (q,) hangs on what one row alone determines, as of the only
        participant of a site: its residual is 0, and a robust variance would count it as known."""
        x = self.rows.x
        leverage = self.slope(x @ self.beta) * np.einsum("nq,qr,nr->n", x, self.bread, x)
        reach = np.abs(x[leverage >= 1 - NONE_LEFT] @ self.bread @ along)
        return bool((reach > 1e-6 * np.sqrt(along @ self.bread @ along)).any())

    def sandwich(self, kind: str) -> Floats:
        """(q, q) covariance of the coefficients: "model", or robust by "HC0", "HC1", "HC2", "HC3".

        Source: MacKinnon & White 1985, Journal of Econometrics 29:305. Equivalent to R `sandwich::vcovHC`.
        """
        if kind == "model":
            return self.scale * self.bread
        x, n = self.rows.x, self.rows.n
        weight = self.slope(x @ self.beta)
        leverage = weight * np.einsum("nq,qr,nr->n", x, self.bread, x)
        power = {"HC0": 0.0, "HC1": 0.0, "HC2": 0.5, "HC3": 1.0}
        if kind not in power:
            raise ValueError(f"a covariance {kind!r} is not known; write model, {', '.join(power)}")
        left = np.where(leverage < 1 - NONE_LEFT, 1 - leverage, np.inf)
        score = x * (self.residual / left ** power[kind])[:, None]
        factor = n / (n - x.shape[1]) if kind == "HC1" else 1.0
        found: Floats = factor * self.bread @ (score.T @ score) @ self.bread
        return found


def read_rows(formula: str, data: Any) -> Rows:
    """The complete rows of a frame, as a formula asks for them.

    Raises:
        ValueError: when the formula or the data do not allow a fit; the message names the column.
    """
    parsed = parse(formula)
    outcome = parsed.response.variables
    names = dict.fromkeys([*outcome, *parsed.variables])
    columns = {
        name: read_factor(data, name) if name in parsed.categories else read_column(data, name)
        for name in names
    }
    used = ~np.any([column.missing for column in columns.values()], axis=0)
    lost = int((~used).sum())
    if not used.any():
        raise ValueError(f"no row has values in all of {', '.join(names)}")
    kept_columns: dict[str, Column] = {}
    for name, column in columns.items():
        own = column.keep(used)
        if isinstance(own, Factor):
            own, _ = own.without_unused()
            if name in outcome and own.levels in (("False", "True"), ("False",), ("True",)):
                own = Numeric((np.array(own.levels) == "True").astype(float)[own.codes])
            elif len(own.levels) == 1:
                raise ValueError(f"{name!r} has only one level ({own.levels[0]}): leave it out")
        kept_columns[name] = own
    y, x, design = build(parsed, kept_columns)
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise ValueError(f"a value of {formula!r} is not a finite number")
    variables = {name: kept_columns[name] for name in parsed.variables}
    kept = _independent(x)
    notes = (f"{lost} participants left out for a missing value",) if lost else ()
    return Rows(formula, y, x[:, kept], variables, design, kept, used, notes)


def linear(formula: str, data: Any) -> Model:
    """Least squares. Equivalent to R `lm`.

    Raises:
        ValueError: when the rows do not allow it.
    """
    rows = read_rows(formula, data)
    n, q = rows.x.shape
    if n <= q:
        raise ValueError(f"{n} participants cannot tell {q} coefficients apart")
    beta: Floats = np.asarray(np.linalg.lstsq(rows.x, rows.y, rcond=None)[0], dtype=np.float64)
    rest = rows.y - rows.x @ beta
    bread: Floats = np.asarray(np.linalg.inv(rows.x.T @ rows.x), dtype=np.float64)
    return Model(
        rows, beta, _same, np.ones_like, bread, float(rest @ rest) / (n - q), "linear model", rows.notes
    )


def _same(eta: Floats) -> Floats:
    return eta


def _independent(x: Floats) -> NDArray[np.bool_]:
    """Which columns the earlier ones do not explain, by Gram and Schmidt in their order."""
    kept = np.zeros(x.shape[1], dtype=bool)
    basis = np.zeros((x.shape[0], 0))
    for place in range(x.shape[1]):
        column = x[:, place]
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)
        size = float(np.linalg.norm(rest))
        if size > ALIASED * max(float(np.linalg.norm(column)), 1e-300):
            kept[place] = True
            basis = np.column_stack([basis, rest / size])
    return kept
