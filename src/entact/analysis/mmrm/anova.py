"""Joint F tests of every term: type II and type III hypotheses as SAS forms them.

Type II: a term after all others that don't contain it. With X0 those columns, X1 the term's own and X2 those
that contain it, L = [0 | X1'M X1 | X1'M X2], M the projection off X0 (SAS/STAT User's Guide, "The Four Types
of Estimable Functions").
Type III: a term's own coefficients plus, of every term that contains it only by further factors, the average
over all levels of those: equal weights on the cells, whatever their numbers. Rows are formed on sums over
levels, so that they don't depend on how factors are coded.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
import polars as pl

from entact.analysis.mmrm.columns import Column, Factor, Numeric
from entact.analysis.mmrm.design import Term
from entact.analysis.mmrm.inference import Inference, Joint
from entact.analysis.mmrm.model import Observations
from entact.analysis.mmrm.show import Sheet, number, probability
from entact.analysis.mmrm.small import Floats

Type = Literal["II", "III"]


@dataclass(frozen=True, repr=False)
class Anova:
    """F tests of terms."""

    type: Type
    terms: tuple[str, ...]
    tests: tuple[Joint, ...]

    def to_polars(self) -> pl.DataFrame:
        """term, numerator df, denominator df, F, p."""
        return pl.DataFrame(
            {
                "term": list(self.terms),
                "numerator_df": [test.numerator_df for test in self.tests],
                "df": [test.df for test in self.tests],
                "f": [test.f for test in self.tests],
                "p": [test.p for test in self.tests],
            }
        )

    def _sheet(self) -> Sheet:
        rows = [
            [term, str(test.numerator_df), number(test.df), number(test.f), probability(test.p)]
            for term, test in zip(self.terms, self.tests, strict=True)
        ]
        return Sheet(f"Type {self.type} tests", ["term", "df", "denominator df", "F", "p"], rows, 1)

    def __str__(self) -> str:
        return self._sheet().text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self._sheet().html()

    def __rich__(self) -> object:
        return self._sheet().rich()


def anova(inference: Inference, which: Type) -> Anova:
    """F tests of all terms but the intercept."""
    if which not in ("II", "III"):
        raise ValueError(f'type must be "II" or "III", not {which!r}')
    observations = inference.model.observations
    terms = [term for term in observations.design.terms if term.variables]
    rows = _type_two if which == "II" else _type_three
    tests = tuple(inference.joint(rows(observations, term)) for term in terms)
    return Anova(which, tuple(term.name for term in terms), tests)


def _contains(observations: Observations, larger: Term, smaller: Term) -> bool:
    """SAS: the larger term has all the smaller one's variables, and what it has besides are factors."""
    more = larger.variables - smaller.variables
    return (
        larger.variables > smaller.variables
        and all(isinstance(observations.columns[name], Factor) for name in more)
        and bool(smaller.variables)
    )


def _type_two(observations: Observations, term: Term) -> Floats:
    x = observations.x
    columns = np.arange(x.shape[1])
    own = columns[term.columns]
    containing = [other for other in observations.design.terms if _contains(observations, other, term)]
    above = (
        np.concatenate([columns[other.columns] for other in containing]) if containing else np.zeros(0, int)
    )
    before = np.setdiff1d(columns, np.concatenate([own, above]))
    gram = x.T @ x
    scale = np.sqrt(np.maximum(np.diagonal(gram), np.finfo(float).tiny))
    gram = gram / np.outer(scale, scale)
    both = np.concatenate([own, above])
    off = gram[np.ix_(own, both)]
    if before.size:
        inverse = np.linalg.pinv(gram[np.ix_(before, before)], rcond=1e-12, hermitian=True)
        off = off - gram[np.ix_(own, before)] @ inverse @ gram[np.ix_(before, both)]
    rows = np.zeros((own.size, x.shape[1]))
    rows[:, both] = off * scale[both]
    return rows


def _type_three(observations: Observations, term: Term) -> Floats:
    """Rows from the model matrix on the cells of all factors, equal weights; numbers act as slopes."""
    columns = observations.columns
    factors = {name: column for name, column in columns.items() if isinstance(column, Factor)}
    numbers = [name for name in term.variables if name not in factors]
    inside = [name for name in factors if name in term.variables]
    outside = [name for name in factors if name not in term.variables]
    present = {other.variables for other in observations.design.terms}
    contrasts = []
    for name in inside:
        every = np.eye(len(factors[name].levels))
        # without its margin a term is nested: every level counts, not only differences
        contrasts.append(every[1:] - every[0] if term.variables - {name} in present else every)
    cells = list(product(*[range(len(factors[name].levels)) for name in inside]))
    grid = np.array(list(product(*[range(len(factors[name].levels)) for name in outside])), dtype=np.int32)
    means = np.array(
        [
            _cell(observations, factors, dict(zip(inside, cell, strict=True)), outside, grid, numbers)
            for cell in cells
        ]
    )
    rows: Floats = np.ones((1, 1))
    for contrast in contrasts:
        rows = np.kron(rows, contrast)
    result: Floats = rows @ means
    return result


def _cell(
    observations: Observations,
    factors: dict[str, Factor],
    inside: dict[str, int],
    outside: list[str],
    grid: np.ndarray[tuple[int, ...], np.dtype[np.int32]],
    numbers: list[str],
) -> Floats:
    """The average row at one cell: its mixed difference by the term's numbers, other numbers at zero."""
    total: Floats = np.zeros(observations.x.shape[1])
    for signs in product((0.0, 1.0), repeat=len(numbers)):
        values: dict[str, Column] = {}
        for name, column in observations.columns.items():
            if name in inside:
                values[name] = Factor(np.full(len(grid), inside[name], dtype=np.int32), factors[name].levels)
            elif isinstance(column, Factor):
                values[name] = Factor(grid[:, outside.index(name)], column.levels)
            else:
                at = signs[numbers.index(name)] if name in numbers else 0.0
                values[name] = Numeric(np.full(len(grid), at))
        sign = (-1.0) ** (len(numbers) - sum(signs))
        total = total + sign * observations.design.matrix(values).mean(axis=0)
    return total
