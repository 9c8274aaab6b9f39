"""A dataset with what every format says of it: label, keys, and of each column type, length and origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import polars as pl

from entact.datasets.adam import DATASETS
from entact.datasets.adam import KEYS as ADAM_KEYS
from entact.datasets.sdtm import NATURAL_KEYS, Table, Variable
from entact.datasets.sdtm.part import Part
from entact.datasets.sdtm.summary import Summary

DataType = Literal["text", "integer", "float"]
Origin = tuple[str, str | None]  # Type and Source of Define-XML 2.1
DERIVED: Final[Origin] = "Derived", "Sponsor"

_KEYS: Final = "STUDYID", "DOMAIN", "RDOMAIN", "USUBJID", "SEQ", "SPID"
_TESTS: Final = "TESTCD", "TEST", "CAT", "SCAT", "PRESP", "MOOD", "EVAL"
_PLANNED: Final = "VISIT", "VISITNUM", "TPT", "TPTNUM", "ELTM", "TPTREF"
_OF_DM: Final = "COUNTRY", "AGEU", "ARM", "ARMCD", "ACTARM", "ACTARMCD", "ARMNRS"
_ASSIGNED: Final = frozenset({*_KEYS, *_TESTS, *_PLANNED, *_OF_DM})
_RECKONED: Final = (
    "DY",
    "STDY",
    "ENDY",
    "DUR",
    "LOBXFL",
    "DRVFL",
    "EPOCH",
    "LNKID",
    "STRESC",
    "STRESN",
    "STRESU",
)
_REFERENCES: Final = "RFTDTC", "RFSTDTC", "RFENDTC", "RFXSTDTC", "RFXENDTC", "RFPENDTC"
_DERIVED: Final = frozenset({*_RECKONED, *_REFERENCES})
# What is known of a dose by its kit, and of a session by its visit, before anything is entered.
_BY_DATASET: Final[Mapping[str, frozenset[str]]] = {
    "EC": frozenset({"TRT", "DOSU", "DOSFRM", "ROUTE"}),
    "EX": frozenset({"TRT", "DOSE", "DOSU", "DOSFRM", "ROUTE"}),
    "PR": frozenset({"TRT"}),
    "SU": frozenset({"TRT"}),
}
PROTOCOL: Final = ("TA", "TE", "TI", "TS", "TV")


@dataclass(frozen=True, slots=True)
class Column:
    """One column as formats describe it; `length` in bytes of its longest value, at least 1."""

    variable: Variable
    type: DataType
    length: int
    digits: int
    key: int | None
    origin: Origin

    @property
    def format(self) -> str | None:
        """How SAS shows it: a date of an analysis dataset is a number of days, a time one of seconds."""
        name = self.variable.name
        if not self.variable.numeric:
            return None
        return "DATE9." if name.endswith("DT") else "DATETIME19." if name.endswith("DTM") else None

    @property
    def name(self) -> str:
        """Its name."""
        return self.variable.name


class Rows(Protocol):
    """Where the rows of a dataset are: a `Table`, for one."""

    @property
    def height(self) -> int:
        """The number of rows."""
        ...

    @property
    def summary(self) -> Summary:
        """What the dataset is described by."""
        ...

    def parts(self, names: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows in order, part by part; of some columns alone where they are named."""
        ...

    def pieces(self, names: Sequence[str]) -> Iterator[Part]:
        """The same as parts are kept, with what of them some columns need."""
        ...


@dataclass(frozen=True)
class Described:
    """One dataset: rows, and what formats say of it."""

    name: str
    label: str
    observation_class: str
    structure: str
    source: Rows
    columns: tuple[Column, ...]

    @property
    def frame(self) -> pl.DataFrame:
        """All rows at once."""
        return pl.concat(self.parts())

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.source.height

    def parts(self, names: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows in order, a part of them in memory at once; of some columns where they are named."""
        return self.source.parts(names)

    def typed_parts(self) -> Iterator[pl.DataFrame]:
        """The same with whole numbers as such, for formats that tell them from others: 1 and not 1.0."""
        whole = [pl.col(one.name).cast(pl.Int64) for one in self.columns if one.type == "integer"]
        return (part.with_columns(whole) for part in self.parts())

    @property
    def is_analysis(self) -> bool:
        """Whether it is of ADaM."""
        return self.name in DATASETS


def described(tables: Mapping[str, Table]) -> Iterator[Described]:
    """Every dataset of a study, in its order."""
    for name, table in tables.items():
        keys, summary = _keys(name, table), table.summary
        columns = tuple(_column(name, one, summary, keys) for one in table.variables)
        yield Described(
            name, table.domain.label, table.domain.observation_class, table.domain.structure, table, columns
        )


def _keys(name: str, table: Table) -> Mapping[str, int]:
    if name.startswith("SUPP"):
        keys: tuple[str, ...] = ("STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM")
    else:
        keys = {**ADAM_KEYS, **NATURAL_KEYS}.get(name, ("STUDYID", "USUBJID", f"{name}SEQ"))
    return {key: place for place, key in enumerate(keys, start=1) if key in table.domain.variables}


def _column(dataset: str, variable: Variable, summary: Summary, keys: Mapping[str, int]) -> Column:
    name, key = variable.name, keys.get(variable.name)
    origin = _origin(dataset, name, name not in summary.used)
    if not variable.numeric:
        return Column(variable, "text", summary.longest.get(name, 1), 0, key, origin)
    numbers = summary.numbers.get(name)
    if numbers is None:
        return Column(variable, "integer", 1, 0, key, origin)
    if numbers.are_whole:
        return Column(variable, "integer", numbers.whole, 0, key, origin)
    return Column(variable, "float", numbers.longest, numbers.digits, key, origin)


def _origin(dataset: str, name: str, empty: bool) -> Origin:
    """Where a column's values are from; of one that is empty that there are none."""
    if empty:
        return "Not Available", None
    if dataset in DATASETS:
        return DERIVED
    if dataset == "RELREC" or name == "SREL":
        return "Assigned", "Sponsor"
    if dataset in PROTOCOL:
        return "Protocol", "Sponsor"
    bare = name.removeprefix(dataset)
    assigned = _ASSIGNED | _BY_DATASET.get(dataset, frozenset())
    if name in assigned or bare in assigned or (dataset.startswith("SUPP") and name != "QVAL"):
        return "Assigned", "Sponsor"
    if name in _DERIVED or bare in _DERIVED or dataset == "SE":
        return DERIVED
    return "Collected", "Investigator"
