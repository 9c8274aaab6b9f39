"""From a formula and columns to the model matrix, and to rows of it for other values of the variables.

formulaic reads the formula. Where every factor is a plain column and every interaction comes with its margins
(nearly every MMRM), the matrix is looked up in a table with one row for each combination of levels; formulaic
itself is asked for all else, with the same names and the same coding: treatment contrasts, first level as
reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from entact.analysis.mmrm.columns import Column, Factor, Numeric
from entact.analysis.mmrm.small import Floats, Ints, Places

# Largest table of combinations of levels; beyond it columns are made one by one.
TABLE = 20_000


@dataclass(frozen=True)
class Term:
    """A term of the formula: its variables and the columns of the model matrix that belong to it."""

    name: str
    variables: frozenset[str]
    columns: slice


class Design(Protocol):
    """A model matrix that can be built for any values of its variables."""

    @property
    def names(self) -> list[str]:
        """The names of the columns."""

    @property
    def terms(self) -> list[Term]:
        """The terms in order."""

    def matrix(self, columns: Mapping[str, Column]) -> Floats:
        """Rows of the model matrix for these values: (n, columns)."""


@dataclass(frozen=True)
class Parsed:
    """A formula taken apart."""

    text: str
    formula: Any
    response: str
    """the left side, as written"""
    variables: list[str]
    """columns of the frame that the right side needs"""
    response_variables: list[str]
    plain: bool
    """whether every factor is a column or a constant"""


def parse(text: str) -> Parsed:
    """A formula `y ~ ...` taken apart; a ValueError says what is wrong with it."""
    # formulaic brings pandas along, which takes a second to load: only a formula pays for it
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        formula = Formula(text)
    except (FormulaicError, SyntaxError, ValueError) as error:
        raise ValueError(f"the formula {text!r} can't be read: {_first_line(error)}") from error
    left, right = getattr(formula, "lhs", None), getattr(formula, "rhs", None)
    if left is None or right is None or len(left) != 1 or hasattr(right, "rhs"):
        raise ValueError(f"the formula {text!r} needs one outcome, '~', and the terms of one model")
    plain = all(
        factor.eval_method.value in ("lookup", "literal")
        for term in (*left, *right)
        for factor in term.factors
    )
    return Parsed(
        text,
        formula,
        str(left[0]),
        sorted(str(name) for name in right.required_variables),
        sorted(str(name) for name in left.required_variables),
        plain,
    )


def build(parsed: Parsed, columns: Mapping[str, Column]) -> tuple[Floats, Floats, Design]:
    """Outcome (n,), model matrix (n, columns), and how to make more of its rows."""
    if parsed.plain:
        design = _tabulated(parsed, columns)
        outcome = columns[parsed.response_variables[0]] if parsed.response_variables else None
        if design is not None and isinstance(outcome, Numeric):
            return outcome.values, design.matrix(columns), design
    return _by_formulaic(parsed, columns)


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
        if size <= TABLE:
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


def _tabulated(parsed: Parsed, columns: Mapping[str, Column]) -> Tabulated | None:
    terms = [tuple(str(factor.expr) for factor in term.factors) for term in parsed.formula.rhs]
    present = {frozenset(name for name in term if name != "1") for term in terms}
    if any(len(set(term)) != len(term) for term in terms):
        return None
    names: list[str] = []
    result: list[Term] = []
    parts: list[tuple[tuple[tuple[str, int], ...], tuple[str, ...]]] = []
    levels: dict[str, tuple[str, ...]] = {}
    for term in terms:
        variables = [name for name in term if name != "1"]
        if any(name not in columns for name in variables):
            return None
        factors = [name for name in variables if isinstance(columns[name], Factor)]
        # Without its margin a factor is coded in full, which is left to formulaic.
        if any(frozenset(variables) - {name} not in present for name in factors):
            return None
        numbers = tuple(name for name in variables if name not in factors)
        begin = len(names)
        shape = []
        for name in variables:
            column = columns[name]
            if isinstance(column, Factor):
                levels[name] = column.levels
                shape.append(range(1, len(column.levels)))
            else:
                shape.append(range(1))
        # as formulaic orders them: the first factor's levels vary fastest
        for place in np.ndindex(*[len(part) for part in reversed(shape)]):
            chosen = [part[i] for part, i in zip(shape, reversed(place), strict=True)]
            labels, conditions = [], []
            for name, code in zip(variables, chosen, strict=True):
                if name in factors:
                    labels.append(f"{name}[T.{levels[name][code]}]")
                    conditions.append((name, code))
                else:
                    labels.append(name)
            names.append(":".join(labels) if labels else "Intercept")
            parts.append((tuple(conditions), numbers))
        title = ":".join(variables) if variables else "Intercept"
        result.append(Term(title, frozenset(variables), slice(begin, len(names))))
    return Tabulated(names, result, levels, parts)


@dataclass(frozen=True)
class Evaluated:
    """formulaic's own model matrix."""

    specification: Any

    @property
    def names(self) -> list[str]:
        return [str(name) for name in self.specification.column_names]

    @property
    def terms(self) -> list[Term]:
        slices = self.specification.term_slices
        result = []
        for term in self.specification.terms:
            variables = frozenset(str(name) for name in self.specification.term_variables[term])
            title = "Intercept" if str(term) == "1" else str(term)
            result.append(Term(title, variables & _names(self.specification), slices[term]))
        return result

    def matrix(self, columns: Mapping[str, Column]) -> Floats:
        made = self.specification.get_model_matrix(_pandas(columns), context={})
        return np.ascontiguousarray(np.asarray(made, dtype=np.float64))


def _names(specification: Any) -> frozenset[str]:
    return frozenset(str(name) for name in specification.required_variables)


def _by_formulaic(parsed: Parsed, columns: Mapping[str, Column]) -> tuple[Floats, Floats, Design]:
    from formulaic.errors import FormulaicError

    try:
        made = parsed.formula.get_model_matrix(_pandas(columns), context={}, na_action="ignore")
    except FormulaicError as error:
        raise ValueError(f"the formula {parsed.text!r} can't be evaluated: {_first_line(error)}") from error
    y = np.asarray(made.lhs, dtype=np.float64)
    if y.shape[1] != 1:
        raise ValueError(f"the outcome {parsed.response!r} is not one column of numbers")
    x = np.ascontiguousarray(np.asarray(made.rhs, dtype=np.float64))
    return y[:, 0], x, Evaluated(made.rhs.model_spec)


def _pandas(columns: Mapping[str, Column]) -> Any:
    # formulaic stands on pandas, so it is there
    import pandas as pd

    return pd.DataFrame(
        {
            name: pd.Categorical.from_codes(column.codes, categories=list(column.levels))
            if isinstance(column, Factor)
            else column.values
            for name, column in columns.items()
        }
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
