"""Joint F tests of every term: type II and type III hypotheses as SAS forms them.

Type II: a term after all others that don't contain it. With X0 those columns, X1 the term's own and X2 those
that contain it, L = [0 | X1'M X1 | X1'M X2], M the projection off X0 (SAS/STAT User's Guide, "The Four Types
of Estimable Functions").
Type III: a term's own coefficients plus, of every term that contains it only by further factors, the average
over all levels of those: equal weights on the cells, whatever their numbers. Rows are formed on sums over
levels, so that they don't depend on how factors are coded. Where cells are empty, what is tested is the part
of the
hypothesis that can be estimated (`Inference.joint`), as in R emmeans' `joint_tests`; its df says how much
that is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np
import polars as pl

from entact.analysis.mmrm.columns import Column, Factor, Numeric
from entact.analysis.mmrm.design import Term
from entact.analysis.mmrm.inference import Inference, Joint
from entact.analysis.mmrm.model import Fitted, Observations
from entact.analysis.mmrm.show import Sheet, Tabular, Write, number, probability
from entact.analysis.mmrm.small import Floats

Type = Literal["II", "III"]


@dataclass(frozen=True, repr=False)
class Anova(Tabular):
    """F tests of terms."""

    type: Type
    terms: tuple[str, ...]
    tests: tuple[Joint, ...]

    def to_polars(self) -> pl.DataFrame:
        """term, numerator df, denominator df, F, p; null where nothing can be estimated."""
        return pl.DataFrame(
            {
                "term": list(self.terms),
                "numerator_df": [test.numerator_df for test in self.tests],
                "df": [test.df for test in self.tests],
                "f": [test.f for test in self.tests],
                "p": [test.p for test in self.tests],
            }
        ).fill_nan(None)

    def _sheet(self, write: Write) -> Sheet:
        rows = [
            [term, str(test.numerator_df), number(test.df), write(test.f), probability(test.p)]
            for term, test in zip(self.terms, self.tests, strict=True)
        ]
        return Sheet(f"Type {self.type} tests", ["term", "df", "denominator df", "F", "p"], rows, 1)


def anova(inference: Inference, which: Type) -> Anova:
    """F tests of all terms but the intercept."""
    if which not in ("II", "III"):
        raise ValueError(f'type must be "II" or "III", not {which!r}')
    observations = inference.model.observations
    terms = [term for term in observations.design.terms if term.factors or term.numbers]
    rows = _type_two if which == "II" else _type_three
    tests = tuple(inference.joint(rows(inference.model, term)) for term in terms)
    return Anova(which, tuple(term.name for term in terms), tests)


def _contains(larger: Term, smaller: Term) -> bool:
    """SAS: the larger term has all that the smaller one has, and what it has besides are factors."""
    return larger.slopes == smaller.slopes and larger.factors > smaller.factors


def _type_two(model: Fitted, term: Term) -> Floats:
    observations = model.observations
    x = observations.x
    columns = np.arange(x.shape[1])
    own = columns[term.columns]
    containing = [other for other in observations.design.terms if _contains(other, term)]
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


def _type_three(model: Fitted, term: Term) -> Floats:
    """Rows from the model matrix on the cells of all factors, equal weights; numbers act as slopes.

    Over the cells of the term's factors they are what is orthogonal to every term of the formula that it
    contains:
    differences of differences where all margins are there, differences within a margin where one is missing.
    """
    observations = model.observations
    terms = observations.design.terms
    factors = {name: c for name, c in observations.columns.items() if isinstance(c, Factor)}
    inside = [name for name in factors if name in term.factors]
    outside = [name for name in factors if name not in term.factors]
    cells = list(product(*[range(len(factors[name].levels)) for name in inside]))
    grid = list(product(*[range(len(factors[name].levels)) for name in outside]))
    every = np.array([(*cell, *rest) for cell in cells for rest in grid], dtype=np.int32).reshape(
        len(cells) * len(grid), len(factors)
    )
    values: dict[str, Column] = {
        name: replace(factors[name], codes=every[:, place]) for place, name in enumerate([*inside, *outside])
    }
    within = [other.factors for other in terms if _contains(term, other)]
    sizes = [len(factors[name].levels) for name in inside]
    orthonormal = _orthogonal(sizes, inside, within)
    averages = [
        _slopes(observations, values, chosen).reshape(len(cells), len(grid), -1).mean(axis=1)
        for chosen in product(*term.numbers)
    ]
    rows = _rows(_differences(sizes, inside, within, orthonormal), averages)
    if model.basis.estimable(rows).all():
        return rows
    # the part that can be estimated is taken of rows that don't depend on the order of levels: an F by
    # Satterthwaite's method does on them
    return _rows(orthonormal, averages)


def _rows(contrasts: Floats, averages: list[Floats]) -> Floats:
    rows = []
    for cells in averages:
        own = contrasts @ cells
        # what is rounding only would look like a coefficient that can't be estimated
        own[np.abs(own) <= 1e-12 * (np.abs(contrasts) @ np.abs(cells))] = 0.0
        rows.append(own)
    return np.concatenate(rows)


def _differences(
    sizes: list[int], names: list[str], within: list[frozenset[str]], orthonormal: Floats
) -> Floats:
    """The same contrasts as differences from first levels, as SAS forms them, where such can be had."""
    rows: Floats = np.ones((1, 1))
    for size, name in zip(sizes, names, strict=True):
        margin = any(name not in some and len(some) == len(names) - 1 for some in within)
        every: Floats = np.eye(size)
        own: Floats = every[1:] - every[0] if margin else every
        rows = np.asarray(np.kron(rows, own), dtype=np.float64)
    if rows.shape == orthonormal.shape and np.abs(rows - rows @ orthonormal.T @ orthonormal).max() < 1e-9:
        return rows
    return orthonormal


def _orthogonal(sizes: list[int], names: list[str], within: list[frozenset[str]]) -> Floats:
    """(r, cells) an orthonormal basis of what the cells' means can differ in beyond the terms within."""
    cells = int(np.prod(sizes, dtype=np.int64))
    spanned = [np.zeros((cells, 0))]
    for some in within:
        block: Floats = np.ones((1, 1))
        for size, name in zip(sizes, names, strict=True):
            own = np.eye(size) if name in some else np.ones((size, 1))
            block = np.asarray(np.kron(block, own), dtype=np.float64)
        spanned.append(block)
    left, values, _ = np.linalg.svd(np.concatenate(spanned, axis=1), full_matrices=True)
    rank = int((values > 1e-9 * cells).sum())
    basis: Floats = left[:, rank:].T
    return basis


def _slopes(observations: Observations, values: dict[str, Column], chosen: tuple[str, ...]) -> Floats:
    """Rows of the model matrix at these levels: mixed differences by these numbers, others at zero."""
    design = observations.design
    n = next((c.codes.size for c in values.values() if isinstance(c, Factor)), 1)
    numbers = {name for term in observations.design.terms for own in term.numbers for name in own}
    total: Floats = np.zeros((n, observations.x.shape[1]))
    for signs in product((0.0, 1.0), repeat=len(chosen)):
        at = dict(zip(chosen, signs, strict=True))
        own = {**values, **{name: Numeric(np.full(n, at.get(name, 0.0))) for name in numbers}}
        total = total + (-1.0) ** (len(chosen) - sum(signs)) * design.evaluated(own)
    return total
