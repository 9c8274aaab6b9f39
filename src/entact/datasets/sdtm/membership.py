"""Whether values are terms of their variables' codelists: the judge misses SEX='Q', this does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from entact.datasets.sdtm.build import Tabulation
from entact.datasets.sdtm.guide import Codelist, codelist, domain
from entact.datasets.sdtm.homes import homes_of
from entact.datasets.sdtm.special import MULTIPLE, term_in_dm
from entact.datasets.sdtm.summary import number_beside
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
        summary = table.summary
        for variable, known in lists.items():
            used = summary.uncounted if number_beside(variable) in table.domain.variables else summary.terms
            strange = {one for one in used.get(variable, ()) if not _is_term(variable, one, known)}
            if strange:
                yield from _strange(name, table, variable, known, strange)


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
    number, is_said = number_beside(variable), pl.col(variable).is_not_null()
    if number is None or number not in {one.name for one in table.variables}:
        return is_said
    return is_said & pl.col(number).is_null()


def _is_term(variable: str, value: str, lists: list[Codelist]) -> bool:
    return (variable == "RACE" and value == MULTIPLE) or any(value in one.terms for one in lists)


def _strange(
    name: str, table: Table, variable: str, lists: list[Codelist], strange: set[str]
) -> Iterator[Stranger]:
    first: dict[str, int] = {}
    before = 1
    is_coded = _coded(table, variable)
    names = [one.name for one in table.variables if one.name in (variable, number_beside(variable))]
    for part in table.parts(names):
        rows = part.with_row_index("row", offset=before).filter(is_coded & pl.col(variable).is_in(strange))
        for value, place in rows.group_by(variable).agg(pl.col("row").min()).rows():
            first.setdefault(value, place)
        if len(first) == len(strange):
            break  # most are met with at once, and the rest need not be read
        before += part.height
    for value, place in sorted(first.items(), key=lambda one: one[1]):
        extensible = any(one.extensible for one in lists)
        yield Stranger(name, variable, place, value, lists[0].submission, extensible)
