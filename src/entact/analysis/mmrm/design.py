"""From a formula and columns to the model matrix, and to rows of it for other values of the variables.

Functions of columns (`log(x)`, `poly(x, 2)`) are evaluated by formulaic, once, and from then on are columns
like
others. Where every interaction comes with its margins (nearly every MMRM), the matrix is looked up in a
table with
one row for each combination of levels; formulaic itself is asked for all else, with the same names and the
same
coding: treatment contrasts, first level as reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any, Protocol

import numpy as np

from entact.analysis.mmrm.columns import Column, Factor, Numeric
from entact.analysis.mmrm.formula import Atom, Formula, first_line, parse
from entact.analysis.mmrm.small import Floats, Ints, Places

# Largest table of combinations of levels; beyond it columns are made one by one.
TABLE = 20_000


@dataclass(frozen=True)
class Term:
    """A term of the formula, what it is made of, and the columns of the model matrix that belong to it."""

    name: str
    factors: frozenset[str]
    numbers: tuple[tuple[str, ...], ...]
    """of each number or function of numbers, the columns that it became"""
    columns: slice

    @property
    def slopes(self) -> frozenset[tuple[str, ...]]:
        """The numbers, in no order."""
        return frozenset(self.numbers)


class _Inner(Protocol):
    """A model matrix of columns that are all there."""

    @property
    def names(self) -> list[str]:
        """The names of the columns."""

    @property
    def terms(self) -> list[Term]:
        """The terms in order."""

    def matrix(self, columns: Mapping[str, Column]) -> Floats:
        """Rows of the model matrix for these values: (n, columns)."""


@dataclass(frozen=True)
class Evaluated:
    """A function of columns that has seen its data: a scale, a spline's knots and the like are kept."""

    atom: Atom
    specification: Any
    columns: tuple[str, ...]

    def values(self, columns: Mapping[str, Column]) -> dict[str, Column]:
        """Its columns for these values of its variables."""
        own = {name: columns[name] for name in self.atom.variables}
        made = _model_matrix(self.specification, own, self.atom)
        return {name: Numeric(np.ascontiguousarray(made[:, i])) for i, name in enumerate(self.columns)}


@dataclass(frozen=True)
class Equal:
    """A factor that makes no difference at one level of another: arms at baseline."""

    factor: str
    at: str
    code: int

    def applied(self, columns: Mapping[str, Column]) -> dict[str, Column]:
        """The columns with the factor's first level wherever it makes no difference."""
        factor, other = columns[self.factor], columns[self.at]
        assert isinstance(factor, Factor)
        assert isinstance(other, Factor)
        codes = np.where(other.codes == self.code, 0, factor.codes)
        return {**columns, self.factor: replace(factor, codes=codes)}


@dataclass(frozen=True)
class Design:
    """A model matrix that can be built for any values of its variables."""

    inner: _Inner
    functions: tuple[Evaluated, ...]
    equal: tuple[Equal, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return self.inner.names

    @property
    def terms(self) -> list[Term]:
        """The terms in order."""
        return self.inner.terms

    def matrix(self, columns: Mapping[str, Column]) -> Floats:
        """Rows of the model matrix for these values of the formula's variables: (n, columns)."""
        if not self.functions:
            return self.evaluated(columns)
        own = dict(columns)
        for function in self.functions:
            own.update(function.values(columns))
        return self.evaluated(own)

    def evaluated(self, columns: Mapping[str, Column]) -> Floats:
        """The same where functions of columns are columns already."""
        for one in self.equal:
            columns = one.applied(columns)
        return self.inner.matrix(columns)


def build(
    formula: Formula, columns: Mapping[str, Column], equal: tuple[Equal, ...] = ()
) -> tuple[Floats, Floats, Design]:
    """Outcome (n,), model matrix (n, columns), and how to make more of its rows."""
    y = _outcome(formula.response, columns)
    x, design = build_right(formula, columns, y.size, equal)
    return y, x, design


def build_right(
    formula: Formula, columns: Mapping[str, Column], n: int, equal: tuple[Equal, ...] = ()
) -> tuple[Floats, Design]:
    """Model matrix (n, columns) of the right side, and how to make more of its rows."""
    functions = tuple(_evaluate(atom, columns) for atom in formula.atoms.values() if atom.kind == "number")
    own: dict[str, Column] = {name: columns[name] for name in formula.variables}
    made = {function.atom.text: function.columns for function in functions}
    for function in functions:
        own.update(function.values(columns))
    levels = tuple((name, c.levels if isinstance(c, Factor) else None) for name, c in own.items())
    inner = _tabulated(formula.text, levels, tuple(made.items())) or _by_formulaic(formula, own, made)
    design = Design(inner, functions, equal)
    return design.evaluated(own) if own else np.ones((n, len(inner.names))), design


def _outcome(response: Atom, columns: Mapping[str, Column]) -> Floats:
    if response.kind == "column":
        column = columns[response.text]
        if not isinstance(column, Numeric):
            raise ValueError(
                f"the outcome {response.text!r} is not one column of numbers: it holds text or "
                f"categories such as "
                f"{column.levels[0] if column.levels else ''!r}"
            )
        return column.values
    function = _evaluate(response, columns)
    if len(function.columns) != 1:
        raise ValueError(f"the outcome {response.text!r} is not one column of numbers")
    made = function.values(columns)[function.columns[0]]
    assert isinstance(made, Numeric)
    return made.values


def _evaluate(atom: Atom, columns: Mapping[str, Column]) -> Evaluated:
    from formulaic import Formula as Formulaic
    from formulaic.errors import FormulaicError

    own = {name: columns[name] for name in atom.variables}
    for name, column in own.items():
        if isinstance(column, Factor):
            raise ValueError(f"{atom.text!r} in the formula calculates with {name!r}, which holds categories")
    try:
        with np.errstate(all="ignore"):  # what is not a number is named by its row later on
            made = Formulaic(f"0 + {atom.text}").get_model_matrix(
                _pandas(own), context={}, na_action="ignore"
            )
    except FormulaicError as error:
        raise ValueError(f"{atom.text!r} in the formula can't be evaluated: {first_line(error)}") from error
    return Evaluated(atom, made.model_spec, tuple(str(name) for name in made.model_spec.column_names))


@dataclass(frozen=True)
class Tabulated:
    """Products of dummies and numbers, with treatment contrasts throughout."""

    names: list[str]
    terms: list[Term]
    levels: dict[str, tuple[str, ...]]
    """levels of each factor"""
    parts: list[tuple[tuple[tuple[str, int], ...], tuple[str, ...]]]
    """for each column: levels that must hold (factor, code) and numbers to multiply"""

    def matrix(self, columns: Mapping[str, Column]) -> Floats:
        factors = {name: _codes(columns[name]) for name in self.levels}
        some = next(iter(columns.values()))
        n = some.values.size if isinstance(some, Numeric) else some.codes.size
        size = int(np.prod([len(levels) for levels in self.levels.values()], dtype=np.float64))
        if size <= min(TABLE, n):
            cell = np.zeros(n, dtype=np.int64)
            grid: dict[str, Ints] = {}
            every = np.arange(size)
            for name, levels in self.levels.items():
                cell = cell * len(levels) + factors[name]
            for name, levels in reversed(self.levels.items()):
                every, grid[name] = np.divmod(every, len(levels))
            x = self._dummies(grid, size)[cell]
        else:
            x = self._dummies(factors, n)
        for column, (_, numbers) in enumerate(self.parts):
            for name in numbers:
                values = columns[name]
                assert isinstance(values, Numeric)
                x[:, column] *= values.values
        return x

    def _dummies(self, factors: Mapping[str, Places], n: int) -> Floats:
        x = np.ones((n, len(self.parts)))
        for column, (conditions, _) in enumerate(self.parts):
            for name, code in conditions:
                x[:, column] *= factors[name] == code
        return x


def _codes(column: Column) -> Places:
    assert isinstance(column, Factor)
    return column.codes


@lru_cache(maxsize=64)
def _tabulated(
    text: str,
    kinds: tuple[tuple[str, tuple[str, ...] | None], ...],
    functions: tuple[tuple[str, tuple[str, ...]], ...],
) -> Tabulated | None:
    """How columns come from variables of these levels (None: a number), or None where formulaic is needed."""
    formula, columns, made = parse(text), dict(kinds), dict(functions)
    present = {frozenset(term) for term in formula.terms}
    names: list[str] = []
    result: list[Term] = []
    parts: list[tuple[tuple[tuple[str, int], ...], tuple[str, ...]]] = []
    levels: dict[str, tuple[str, ...]] = {}
    for term in formula.terms:
        begin = len(names)
        factors, numbers = set(), []
        shape: list[list[tuple[str, tuple[str, int] | None, str | None]]] = []
        """for each atom its columns: label, level that must hold, number"""
        for key in term:
            atom = formula.atoms[key]
            own = made.get(atom.text, atom.variables)
            own_levels = columns[own[0]]
            if own_levels is None:
                numbers.append(own)
                shape.append([(name, None, name) for name in own])
                continue
            # Without its margin a factor is coded in full, which is left to formulaic.
            if atom.kind == "coded" or frozenset(term) - {key} not in present:
                return None
            name = own[0]
            factors.add(name)
            levels[name] = own_levels
            shape.append(
                [
                    (f"{atom.text}[T.{level}]", (name, code), None)
                    for code, level in enumerate(own_levels)
                    if code
                ]
            )
        # as formulaic orders them: the first factor's levels vary fastest
        for chosen in product(*reversed(shape)):
            choice = chosen[::-1]
            names.append(":".join(label for label, _, _ in choice) or "Intercept")
            parts.append(
                (
                    tuple(level for _, level, _ in choice if level is not None),
                    tuple(number for _, _, number in choice if number is not None),
                )
            )
        title = ":".join(formula.atoms[key].text for key in term) or "Intercept"
        result.append(Term(title, frozenset(factors), tuple(numbers), slice(begin, len(names))))
    return Tabulated(names, result, levels, parts)


@dataclass(frozen=True)
class Coded:
    """formulaic's own model matrix, of columns that are all there."""

    names: list[str]
    terms: list[Term]
    specification: Any

    def matrix(self, columns: Mapping[str, Column]) -> Floats:
        return _model_matrix(self.specification, columns)


def _by_formulaic(
    formula: Formula, columns: Mapping[str, Column], made: Mapping[str, tuple[str, ...]]
) -> Coded:
    from formulaic import Formula as Formulaic
    from formulaic.errors import FormulaicError

    written: list[str] = []
    widths: list[int] = []
    terms: list[tuple[str, frozenset[str], tuple[tuple[str, ...], ...]]] = []
    for term in formula.terms:
        factors, numbers = set(), []
        shape: list[list[str]] = []
        for key in term:
            atom = formula.atoms[key]
            own = made.get(atom.text, atom.variables)
            if isinstance(columns[own[0]], Numeric):
                numbers.append(own)
                shape.append([f"`{name}`" for name in own])
            else:
                factors.add(own[0])
                shape.append([f"`{own[0]}`" if atom.kind == "column" else atom.text])
        choices = [":".join(chosen[::-1]) or "1" for chosen in product(*reversed(shape))]
        written.extend(choices)
        widths.append(len(choices))
        title = ":".join(formula.atoms[key].text for key in term) or "Intercept"
        terms.append((title, frozenset(factors), tuple(numbers)))
    right = " + ".join(written if "1" in written else ["0", *written])
    try:
        found = Formulaic(right).get_model_matrix(_pandas(columns), context={}, na_action="ignore")
    except FormulaicError as error:
        raise ValueError(f"the formula {formula.text!r} can't be evaluated: {first_line(error)}") from error
    specification = found.model_spec
    slices = [specification.term_slices[term] for term in specification.terms]
    result, place = [], 0
    for (title, named, slopes), width in zip(terms, widths, strict=True):
        own_slices = slices[place : place + width]
        place += width
        result.append(Term(title, named, slopes, slice(own_slices[0].start, own_slices[-1].stop)))
    return Coded([str(name) for name in specification.column_names], result, specification)


def _model_matrix(specification: Any, columns: Mapping[str, Column], atom: Atom | None = None) -> Floats:
    from formulaic.errors import FormulaicError

    try:
        with np.errstate(all="ignore"):
            made = specification.get_model_matrix(_pandas(columns), context={}, na_action="ignore")
    except (FormulaicError, ValueError) as error:
        what = "the formula" if atom is None else f"{atom.text!r} in the formula"
        raise ValueError(f"{what} can't be evaluated at these values: {first_line(error)}") from error
    return np.ascontiguousarray(np.asarray(made, dtype=np.float64))


def _pandas(columns: Mapping[str, Column]) -> Any:
    # formulaic stands on pandas, so it is there
    import pandas as pd

    return pd.DataFrame(
        {
            name: pd.Categorical.from_codes(column.codes, categories=column.values)
            if isinstance(column, Factor)
            else column.values
            for name, column in columns.items()
        }
    )
