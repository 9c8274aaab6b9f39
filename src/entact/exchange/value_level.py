"""Value-level metadata of Define-XML 2.1: what a result is, test by test.

Source: CDISC Define-XML 2.1, sections on ValueListDef and WhereClauseDef.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from entact.datasets.sdtm.summary import ResultsOf, results_in
from entact.exchange.described import DataType, Described

_WHOLE: Final = re.compile(r"-?\d+")
_NUMBER: Final = re.compile(r"-?\d+\.\d+|-?\d+")


@dataclass(frozen=True, slots=True)
class ValueOf:
    """What a result is where a test or parameter has this code.

    Attributes:
        length: in characters of its longest. derived: whether entact makes it of others, as a score.
    """

    code: str
    title: str
    type: DataType
    length: int
    digits: int
    derived: bool = False


@dataclass(frozen=True, slots=True)
class ValueList:
    """The values of a variable (`VSORRES`), by another that tells them apart (`VSTESTCD`)."""

    dataset: str
    variable: str
    by: str
    values: tuple[ValueOf, ...]


def value_lists(datasets: Iterable[Described]) -> Iterator[ValueList]:
    """Of each dataset of findings its original results by test, of each basic one its values by parameter."""
    for dataset in datasets:
        names, results = results_in(dataset.name, dataset.observation_class), dataset.source.summary.results
        if names is None or not results:
            continue
        variable, by, _ = names
        said = tuple(_value(code, results[code]) for code in sorted(results))
        yield ValueList(dataset.name, variable, by, said)


def _value(code: str, of: ResultsOf) -> ValueOf:
    texts = [_text(one) for one in of.values]
    longest = max(map(len, texts))
    if all(map(_WHOLE.fullmatch, texts)):
        return ValueOf(code, of.title, "integer", longest, 0, of.are_derived)
    if all(map(_NUMBER.fullmatch, texts)):
        digits = max(len(one.partition(".")[2]) for one in texts)
        return ValueOf(code, of.title, "float", longest, digits, of.are_derived)
    return ValueOf(code, of.title, "text", longest, 0, of.are_derived)


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
