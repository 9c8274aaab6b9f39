"""Whether values are terms of their variables' codelists: the judge misses SEX='Q', this does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from entact.datasets.sdtm.build import Tabulation
from entact.datasets.sdtm.guide import Codelist, Variable, codelist, domain
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
        for variable in table.variables:
            lists = [found for code in variable.codelists if (found := codelist(code)) is not None]
            if lists:
                yield from _strange(name, table, variable, lists)


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


def _strange(name: str, table: Table, variable: Variable, lists: list[Codelist]) -> Iterator[Stranger]:
    name_of_number = f"{variable.name[:-1]}N"  # a number as text is no term
    lazy = table.lazy().with_row_index("row", offset=1).filter(pl.col(variable.name).is_not_null())
    if name_of_number in {one.name for one in table.variables}:
        lazy = lazy.filter(pl.col(name_of_number).is_null())
    found = lazy.group_by(variable.name).agg(pl.col("row").min()).sort("row").collect(engine="streaming")
    for value, place in found.rows():
        if variable.name == "RACE" and value == MULTIPLE:
            continue
        if not any(value in one.terms for one in lists):
            yield Stranger(
                name, variable.name, place, value, lists[0].submission, any(one.extensible for one in lists)
            )
