"""What ADSL has of one study alone: flags of its own sets, and what its analyses take of a person beside.

Without them an analysis of the plan could not be made again from the analysis datasets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from entact.datasets.adam.variables import DATASETS
from entact.datasets.codebook import Codebook, words
from entact.datasets.model import covariates
from entact.datasets.sdtm.guide import Domain, Variable
from entact.datasets.sdtm.homes import in_ascii, short_names
from entact.datasets.subjects import POPULATION, UNIT, own_flags

LONGEST_LABEL: Final = 40


def own_variables(book: Codebook) -> Mapping[str, Variable]:
    """Column of `subjects` -> the variable of ADSL that it is, with a name of at most eight characters."""
    known = DATASETS["ADSL"].variables
    flags = {flag: name for name, flag in book.flags.items() if flag in own_flags(book) and flag not in known}
    taken = dict.fromkeys(column for one in book.analyses for column in covariates(book, one).values())
    beside = [column for column in taken if column not in known]
    beside += [POPULATION] if len(book.populations) > 1 else []
    beside += [UNIT] if book.has_units else []
    named = _flag_names(flags)
    named |= short_names(beside, {*known, *named.values()})
    labels = {flag: f"{words(name)} Set Flag" for flag, name in flags.items()}
    labels |= {column: said.title for column, said in book.characteristics.items()}
    labels |= {POPULATION: "Population", UNIT: "Who Is Randomized Together"}
    counted = {column for column, said in book.characteristics.items() if said.kind == "number"}
    return {
        column: Variable(
            name, in_ascii(str(labels[column]))[:LONGEST_LABEL], column in counted, "Perm", "Analysis", ()
        )
        for column, name in named.items()
    }


def subject_level(book: Codebook) -> Domain:
    """ADSL of a study."""
    domain = DATASETS["ADSL"]
    own = {one.name: one for one in own_variables(book).values()}
    return replace(domain, variables={**domain.variables, **own})


def flag_in_adsl(book: Codebook, name: str) -> str | None:
    """The variable of ADSL that says who belongs to an analysis set."""
    column = book.flags.get(name)
    own = own_variables(book).get(column or "")
    return own.name if own is not None else column


def _flag_names(flags: Iterable[str]) -> dict[str, str]:
    """Flag -> its name: it ends with FL, however short it has to be."""
    found: dict[str, str] = {}
    for flag in flags:
        stem = flag.removesuffix("FL")
        tries = (stem[:6], *(f"{stem[: 6 - len(str(n))]}{n}" for n in range(2, 1000)))
        found[flag] = next(name for one in tries if (name := f"{one}FL") not in found.values())
    return found
