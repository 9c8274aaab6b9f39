"""A dataset with what every format says of it: label, keys, and of each column type, length and origin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import polars as pl

from entact.datasets.adam import DATASETS
from entact.datasets.adam import KEYS as ADAM_KEYS
from entact.datasets.sdtm import NATURAL_KEYS, Table, Variable

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

    def lazy(self) -> pl.LazyFrame:
        """All rows, read when they are asked for."""
        ...

    def parts(self, names: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows in order, part by part; of some columns alone where they are named."""
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
        return self.source.lazy().collect()

    @property
    def lazy(self) -> pl.LazyFrame:
        """The same, read when it is asked for."""
        return self.source.lazy()

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.source.height

    def parts(self, names: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows in order, a part of them in memory at once; of some columns where they are named."""
        return self.source.parts(names)

    @property
    def is_analysis(self) -> bool:
        """Whether it is of ADaM."""
        return self.name in DATASETS


def described(tables: Mapping[str, Table]) -> Iterator[Described]:
    """Every dataset of a study, in its order."""
    for name, table in tables.items():
        keys, seen = _keys(name, table), _values(table.parts())
        columns = tuple(_column(name, one, seen[one.name], keys) for one in table.variables)
        yield Described(
            name, table.domain.label, table.domain.observation_class, table.domain.structure, table, columns
        )


def _keys(name: str, table: Table) -> Mapping[str, int]:
    if name.startswith("SUPP"):
        keys: tuple[str, ...] = ("STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM")
    else:
        keys = {**ADAM_KEYS, **NATURAL_KEYS}.get(name, ("STUDYID", "USUBJID", f"{name}SEQ"))
    return {key: place for place, key in enumerate(keys, start=1) if key in table.domain.variables}


def _values(parts: Iterable[pl.DataFrame]) -> dict[str, set[float] | int | None]:
    """Of each column what its description is made of, part by part: no dataset has to fit into memory.

    Its different numbers, or the bytes of its longest text; None of one that is empty.
    """
    found: dict[str, set[float] | int | None] = {}
    for part in parts:
        asked = [
            pl.col(name).drop_nulls().unique().implode()
            if kind == pl.Float64
            else pl.col(name).str.len_bytes().max()
            for name, kind in part.schema.items()
        ]
        for name, one in part.select(asked).row(0, named=True).items() if asked else ():
            known = found.get(name)
            if isinstance(one, list):
                found[name] = (known if isinstance(known, set) else set()) | {*one} or None
            else:
                found[name] = max(known, one) if isinstance(known, int) and one is not None else one or known
    return found


def _column(
    dataset: str, variable: Variable, seen: set[float] | int | None, keys: Mapping[str, int]
) -> Column:
    key = keys.get(variable.name)
    origin = _origin(dataset, variable.name, seen is None)
    if not variable.numeric:
        longest = seen if isinstance(seen, int) else 0
        return Column(variable, "text", max(longest, 1), 0, key, origin)
    known = seen if isinstance(seen, set) else set()
    if all(one.is_integer() for one in known):
        return Column(
            variable, "integer", max((len(str(int(one))) for one in known), default=1), 0, key, origin
        )
    digits = max(len(repr(one).partition(".")[2]) for one in known)
    return Column(variable, "float", max(len(repr(one)) for one in known), digits, key, origin)


def _origin(dataset: str, name: str, empty: bool) -> Origin:
    """Where a column's values are from; of one that is empty that there are none."""
    if empty:
        return "Not Available", None
    if dataset in DATASETS:
        return DERIVED
    if dataset == "RELREC":
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
