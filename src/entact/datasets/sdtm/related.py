"""RELSUB: who takes part as whose carer or partner, said of both of them (SDTMIG 3.4, section 8.7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from entact.datasets.sdtm.guide import codelists
from entact.datasets.sdtm.row import Value
from entact.datasets.sdtm.subject import Subject

_TERMS: Final = {"carer": "CAREGIVER", "partner": "SIGNIFICANT OTHER"}
_ONE_SIDED: Final = "CAREGIVER"  # of the other terms a study has use for each is what both are to one another


def related(subject: Subject) -> Iterator[tuple[dict[str, Value], str]]:
    """Two rows for each link to another participant, and the entry that made it.

    A link to an earlier study is of one person, and is in none.
    """
    person = subject.person
    populations = person.course.release.file.populations
    for link in person.course.links:
        population = populations.get(link.as_)
        if population is None or population.linked_to is None:
            continue
        other = f"{person.book.study}-{link.ledger.partition(':')[2]}"
        term = term_of(link.as_)
        back = term_of(population.linked_to) if term == _ONE_SIDED else term
        yield _row(subject, person.usubjid, other, term), link.entry
        yield _row(subject, other, person.usubjid, back), link.entry


def term_of(population: str) -> str:
    """What somebody is to whom they are linked: a term of CDISC's, else as the file calls them."""
    said = population.replace("_", " ").upper()
    return said if said in codelists()["RELSUB"].terms else _TERMS.get(population, said)


def _row(subject: Subject, who: str, other: str, term: str) -> dict[str, Value]:
    study = subject.person.book.study.upper()
    return {"STUDYID": study, "USUBJID": who, "RSUBJID": other, "SREL": term}
