"""What a dataset is described by: kept of each part when it is made, so that none is read again for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl

from entact.datasets.sdtm.guide import Domain, codelist
from entact.datasets.sdtm.part import Part

_EXACT: Final = 1e15  # whole numbers below it are written without an exponent
_RESULTS: Final = ("ORRES", "TESTCD", "TEST")
_ANALYSED: Final = ("AVAL", "PARAMCD", "PARAM")


@dataclass(slots=True)
class Numbers:
    """Of the numbers of a column how they are written.

    Attributes:
        are_whole: whether all of them are. whole: characters of the longest whole number, as such. longest,
            digits: characters of the longest, and after the point, where they are written with one.
    """

    are_whole: bool = True
    whole: int = 0
    longest: int = 0
    digits: int = 0

    def add(self, numbers: Iterable[float]) -> None:
        """Adds numbers."""
        for one in numbers:
            written = repr(one)
            self.longest = max(self.longest, len(written))
            self.digits = max(self.digits, len(written.partition(".")[2]))
            if one.is_integer():
                self.whole = max(self.whole, len(str(int(one))))
            else:
                self.are_whole = False

    def join(self, other: Numbers) -> None:
        """Adds those of another part."""
        self.are_whole &= other.are_whole
        self.whole = max(self.whole, other.whole)
        self.longest = max(self.longest, other.longest)
        self.digits = max(self.digits, other.digits)


@dataclass(slots=True)
class ResultsOf:
    """What a test or parameter is called, its different results, and whether any of them is derived."""

    title: str
    values: set[Any]
    are_derived: bool


@dataclass(slots=True)
class Summary:
    """What descriptions of a dataset are made of.

    Attributes:
        longest: bytes of the longest text of each variable of texts, numbers: how those of numbers are
            written; only of variables that have a value. terms: different texts of variables with a codelist.
            uncounted: of those beside which a number stands (--STRESN of --STRESC), the texts without one.
        results: by code of the test or parameter.
    """

    longest: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, Numbers] = field(default_factory=dict)
    terms: dict[str, set[str]] = field(default_factory=dict)
    uncounted: dict[str, set[str]] = field(default_factory=dict)
    results: dict[str, ResultsOf] = field(default_factory=dict)

    @property
    def used(self) -> set[str]:
        """The variables that have a value."""
        return {*self.longest, *self.numbers}

    def join(self, other: Summary) -> None:
        """Adds that of the rows that come next."""
        for name, length in other.longest.items():
            self.longest[name] = max(self.longest.get(name, 0), length)
        for name, numbers in other.numbers.items():
            self.numbers.setdefault(name, Numbers()).join(numbers)
        for mine, theirs in ((self.terms, other.terms), (self.uncounted, other.uncounted)):
            for name, texts in theirs.items():
                mine.setdefault(name, set()).update(texts)
        for code, more in other.results.items():
            of = self.results.setdefault(code, ResultsOf(more.title, set(), are_derived=False))
            of.values.update(more.values)
            of.are_derived |= more.are_derived


def summary_of(part: Part, domain: Domain) -> Summary:
    """That of some rows."""
    found = Summary()
    coded = [
        one.name
        for one in domain.variables.values()
        if not one.numeric and any(codelist(code) is not None for code in one.codelists)
    ]
    beside = {
        name: number
        for name in coded
        if (number := number_beside(name)) is not None and number in domain.variables
    }
    for frame in (part.own, *(one.said for one in part.coded)):
        _add_columns(found, frame, domain, {*coded})
    for name, number in beside.items():
        there = part.different([name, number])
        if name in there:
            texts = there.filter(pl.col(number).is_null()) if number in there else there
            _add_texts(found.uncounted, texts[name])
    names = results_in(domain.name, domain.observation_class)
    if names is not None:
        _add_results(found, part, *names, f"{domain.name}DRVFL")
    return found


def results_in(name: str, observation_class: str) -> tuple[str, str, str] | None:
    """The variable of results in a dataset of findings or a basic one, of what they are by, and its title."""
    if observation_class == "Findings":
        variable, by, title = (f"{name}{one}" for one in _RESULTS)
        return variable, by, title
    return _ANALYSED if observation_class == "BASIC DATA STRUCTURE" else None


def number_beside(variable: str) -> str | None:
    """The variable of the same result as a number: --STRESN of --STRESC; None of any other."""
    return f"{variable[:-1]}N" if variable.endswith("STRESC") else None


def _add_columns(found: Summary, frame: pl.DataFrame, domain: Domain, coded: set[str]) -> None:
    texts = [one for one in frame.columns if one in domain.variables and not domain.variables[one].numeric]
    asked = [pl.col(one).str.len_bytes().max() for one in texts]
    for name, longest in frame.select(asked).row(0, named=True).items() if asked else ():
        if longest is not None:
            found.longest[name] = longest
    for one in frame:
        if one.name in coded:
            _add_texts(found.terms, one)
        if one.name in domain.variables and domain.variables[one.name].numeric:
            known = one.drop_nulls()
            if len(known):
                found.numbers[one.name] = _numbers(known)


def _add_texts(found: dict[str, set[str]], texts: pl.Series) -> None:
    different = {*texts.drop_nulls().unique()}
    if different:
        found[texts.name] = different


def _add_results(found: Summary, part: Part, variable: str, by: str, title: str, derived: str) -> None:
    there = part.different([variable, by, title, derived])
    if variable not in there or by not in there:
        return
    first = pl.col(title).first() if title in there else pl.lit(None, pl.String).alias(title)
    is_derived = (pl.col(derived) == "Y").any() if derived in there else pl.lit(value=False)
    rows = there.filter(pl.col(variable).is_not_null()).group_by(by)
    told = rows.agg(first, pl.col(variable).unique(), is_derived.alias("derived"))
    for code, text, values, flagged in told.rows():
        found.results[code] = ResultsOf(text, {*values}, bool(flagged))


def _numbers(known: pl.Series) -> Numbers:
    """How numbers are written; of whole ones the least and the greatest tell it."""
    found = Numbers()
    values = known.to_numpy()
    least, greatest = float(values.min()), float(values.max())
    are_whole = least > -_EXACT and greatest < _EXACT and bool((values == np.trunc(values)).all())
    found.add((least, greatest) if are_whole else known.unique())
    if (np.signbit(values) & (values == 0)).any():
        found.add((-0.0,))  # which is longer than 0.0, and equal to it
    return found
