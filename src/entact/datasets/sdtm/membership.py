"""Whether values are terms of their variables' codelists: the judge misses SEX='Q', this does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from entact.datasets.sdtm.build import Tabulation
from entact.datasets.sdtm.guide import Codelist, codelist, domain
from entact.datasets.sdtm.homes import homes_of
from entact.datasets.sdtm.special import MULTIPLE, term_in_dm
from entact.datasets.sdtm.table import Table
from entact.protocol.problem import Fault
from entact.protocol.release import Release


@dataclass(frozen=True, slots=True)
class Stranger:
    """A value that is no term of its codelist, with its dataset, variable and first row (from 1)."""

    dataset: str
    variable: str
    row: int
    value: str
    codelist: str
    extensible: bool

    def __str__(self) -> str:
        allowed = "an own term" if self.extensible else "not allowed"
        return (
            f"{self.dataset}.{self.variable}, row {self.row}: {self.value!r} is no term of {self.codelist} "
            f"({allowed})"
        )


def strangers(tabulation: Tabulation) -> Iterator[Stranger]:
    """Each value once that is no term of its variable's codelists; own terms of an extensible one too."""
    for name, table in tabulation.tables.items():
        lists = {
            variable.name: known
            for variable in table.variables
            if (known := [found for code in variable.codelists if (found := codelist(code)) is not None])
        }
        if not lists:
            continue
        coded = {variable: _coded(table, variable) for variable in lists}
        asked = [pl.col(one).filter(is_one).unique().implode() for one, is_one in coded.items()]
        used = table.lazy().select(asked).collect(engine="streaming").row(0, named=True)
        for variable, known in lists.items():
            if not all(_is_term(variable, value, known) for value in used[variable]):
                yield from _strange(name, table, variable, known, coded[variable])


def wrong_terms(release: Release) -> Iterator[Fault]:
    """Answers that a study file lets somebody give, and that no export could hold: the codelist is closed."""
    for variable, items in homes_of(release).demographics.items():
        lists = [found for code in domain("DM").variables[variable].codelists if (found := codelist(code))]
        for (form, item), home in items.items():
            for answer in release.forms[form].items[item].of or ():
                term = term_in_dm(home, answer)
                if lists and not any(term in one.terms for one in lists):
                    known = ", ".join(sorted({name for one in lists for name in one.terms}))
                    message = (
                        f"{answer} becomes {term!r} in DM.{variable}, which is no term of "
                        f"{lists[0].submission}; give it one of {known}: write it into "
                        f"`sdtm: {{to: DM.{variable}, terms: {{{answer}: …}}}}`"
                    )
                    yield Fault(("forms", form, "items", item), message)


def _coded(table: Table, variable: str) -> pl.Expr:
    """Whether a row has a value that is to be a term: a number as text is none."""
    number = f"{variable[:-1]}N"
    is_said = pl.col(variable).is_not_null()
    return is_said & pl.col(number).is_null() if number in {one.name for one in table.variables} else is_said


def _is_term(variable: str, value: str, lists: list[Codelist]) -> bool:
    return (variable == "RACE" and value == MULTIPLE) or any(value in one.terms for one in lists)


def _strange(
    name: str, table: Table, variable: str, lists: list[Codelist], is_coded: pl.Expr
) -> Iterator[Stranger]:
    rows = table.lazy().with_row_index("row", offset=1).filter(is_coded)
    found = rows.group_by(variable).agg(pl.col("row").min()).sort("row").collect(engine="streaming")
    for value, place in found.rows():
        if not _is_term(variable, value, lists):
            extensible = any(one.extensible for one in lists)
            yield Stranger(name, variable, place, value, lists[0].submission, extensible)
