"""Value-level metadata of Define-XML 2.1: what a result is, test by test.

Source: CDISC Define-XML 2.1, sections on ValueListDef and WhereClauseDef.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl

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
        name = dataset.name
        if dataset.observation_class == "Findings":
            variable, by, title = f"{name}ORRES", f"{name}TESTCD", f"{name}TEST"
        elif dataset.observation_class == "BASIC DATA STRUCTURE":
            variable, by, title = "AVAL", "PARAMCD", "PARAM"
        else:
            continue
        if not {variable, by, title} <= {one.name for one in dataset.columns}:
            continue
        flag = f"{name}DRVFL"
        flags = [flag] if flag in {one.name for one in dataset.columns} else []
        is_derived = (pl.col(flag) == "Y").any() if flags else pl.lit(value=False)
        titles: dict[str, str] = {}
        derived: set[str] = set()
        different: dict[str, set[Any]] = {}
        for part in dataset.parts([variable, by, title, *flags]):  # no dataset has to fit into memory
            there = part.filter(pl.col(variable).is_not_null()).group_by(by)
            told = there.agg(pl.col(title).first(), is_derived.alias("derived"), pl.col(variable).unique())
            for code, text, made, values in told.rows():
                titles.setdefault(code, text)
                different.setdefault(code, set()).update(values)
                derived |= {code} if made else set()
        if titles:
            found = (_value(code, titles[code], different[code]) for code in sorted(titles))
            said = tuple(replace(one, derived=one.code in derived) for one in found)
            yield ValueList(name, variable, by, said)


def _value(code: str, title: str, values: Iterable[Any]) -> ValueOf:
    texts = [_text(one) for one in values]
    longest = max(map(len, texts))
    if all(map(_WHOLE.fullmatch, texts)):
        return ValueOf(code, title, "integer", longest, 0)
    if all(map(_NUMBER.fullmatch, texts)):
        return ValueOf(code, title, "float", longest, max(len(one.partition(".")[2]) for one in texts))
    return ValueOf(code, title, "text", longest, 0)


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
