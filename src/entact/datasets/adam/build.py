"""Rows of the analysis datasets, made by the functions that make the frames of the analysis.

Nothing is derived a second time: what an analysis of the plan reads is what stands here, and each row names
the row of SDTM that it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np

from entact.datasets import safety, subjects
from entact.datasets.adam import efficacy, readings, treatment
from entact.datasets.adam.assessments import assessments
from entact.datasets.adam.dates import flag, sas_date
from entact.datasets.adam.own import own_variables, subject_level
from entact.datasets.adam.variables import DATASETS, SEQUENCE
from entact.datasets.codebook import codebook
from entact.datasets.left_open import leave_open
from entact.datasets.sdtm.block import Block, Piece
from entact.datasets.sdtm.build import Made
from entact.datasets.sdtm.guide import Variable
from entact.datasets.sdtm.row import Row
from entact.datasets.sdtm.subject import Subject
from entact.datasets.sdtm.table import Spool, Table
from entact.protocol.release import Study

_AS_SDTM: Final = ("AETERM", "AEDECOD", "AESEV", "AESER", "AEREL", "AEOUT")


@dataclass(frozen=True)
class Analysed:
    """The analysis datasets by name: only those with rows."""

    tables: Mapping[str, Table]


class Analyser:
    """Takes participants one at a time, each with the rows of SDTM that were made of them.

    Args:
        study: all releases; the endpoints are those of the newest one. spool: where rows wait; without one
            in memory.
    Attributes:
        own: column of `subjects` -> the variable of ADSL that only this study has.
        failures: endpoint at visit -> what is wrong with its rule, where one fails.
    """

    def __init__(self, study: Study, spool: Spool | None = None) -> None:
        self.release = study.newest
        book = codebook(self.release)
        self.own = own_variables(book)
        domains = {**DATASETS, "ADSL": subject_level(book)}
        self.tables = {name: Table(name, domain, spool) for name, domain in domains.items()}
        self.failures: dict[str, str] = {}

    def add(self, subject: Subject, made: Made) -> None:
        """Adds the rows of one participant."""
        demographics = next(row for row in made.rows if row.domain == "DM")
        who = {name: demographics[name] for name in ("STUDYID", "USUBJID", "SUBJID", "SITEID")}
        who |= {"TRT01P": demographics["ARM"], "TRT01A": demographics["ACTARM"]}
        numbers: dict[str, int] = {}
        for name, values, entries in self._rows(subject, made, demographics):
            if subject.person.is_cut:
                leave_open(name, values)
            said = who | values
            if name != "ADSL" and name not in SEQUENCE:
                said["ASEQ"] = numbers[name] = numbers.get(name, 0) + 1
            self.tables[name].add(said, entries)
        for name, block in self._blocks(subject, made):
            everybody = Piece([who], np.zeros(block.height, np.uint32))
            own = {**block.own, "ASEQ": np.arange(1, block.height + 1)}
            self.tables[name].add_block(replace(block, pieces=(everybody, *block.pieces), own=own))

    def _rows(self, subject: Subject, made: Made, demographics: Row) -> Iterator[efficacy.Made]:
        """Each row, with its dataset and its entries."""
        yield "ADSL", _subject_level(subject, demographics, self.own), demographics.entries
        of_sdtm = {(row.domain, row.values.get(f"{row.domain}SPID")): row for row in made.rows}
        for values, source in _events(subject, of_sdtm):
            yield "ADAE", values, source.entries
        for values, source in treatment.medicines(subject, of_sdtm):
            yield "ADCM", values, source.entries
        failures: list[tuple[str, str]] = []
        yield from efficacy.efficacy(subject, self.release, failures)
        self.failures.update(failures)
        for values, entries in treatment.exposure(subject, of_sdtm):
            yield "ADEX", values, entries
        for values, entries in treatment.guesses(subject):
            yield "ADBLIND", values, entries

    def _blocks(self, subject: Subject, made: Made) -> Iterator[tuple[str, Block]]:
        """What was answered and measured, with its dataset."""
        rated = assessments(subject, made.found)
        if rated is not None:
            yield "ADQS", rated
        for domain, name in readings.OF_DOMAIN.items():
            if domain in made.found:
                measured = readings.readings(subject, made.found[domain])
                if measured is not None:
                    yield name, measured

    def finish(self) -> Analysed:
        """All analysis datasets."""
        return Analysed({name: table for name, table in self.tables.items() if table.height})


def _subject_level(subject: Subject, demographics: Row, own: Mapping[str, Variable]) -> dict[str, Any]:
    book = subject.person.book
    said = dict(zip(subjects.schema(book), subjects.row(subject.person), strict=True))
    found: dict[str, Any] = {name: demographics[name] for name in ("AGE", "AGEU", "SEX", "COUNTRY")}
    for name in DATASETS["ADSL"].variables:
        if name in said and name not in found and name not in ("STUDYID", "USUBJID", "SUBJID", "SITEID"):
            found[name] = _as_analysed(said[name])
    found |= {one.name: _as_analysed(said[column]) for column, one in own.items()}
    found.setdefault("ITTFL", found.get("RANDFL") if book.randomised else found.get("ENRLFL"))
    return found | (dict.fromkeys(_ruled(subject, own)) if subject.person.is_cut else {})


def _ruled(subject: Subject, own: Mapping[str, Variable]) -> list[str]:
    """Flags of sets to which a rule of the study file says who belongs: it may ask for what comes later."""
    book, ruled = subject.person.book, subject.person.course.study.newest.rules.sets
    flags = [flag for name, flag in book.flags.items() if name in ruled and flag != book.entered]
    return [own[flag].name if flag in own else flag for flag in flags]


def _as_analysed(value: Any) -> Any:
    """A value of `subjects` as analysis datasets have it."""
    if isinstance(value, bool):
        return flag(value)
    return sas_date(value) if isinstance(value, date) else value


def _events(subject: Subject, rows: Mapping[tuple[str, Any], Row]) -> Iterator[tuple[dict[str, Any], Row]]:
    events = list(subject.person.course.adverse_events.values())
    for derived in safety.events(subject.person):
        values = dict(zip(safety.EVENTS, derived, strict=True))
        row = rows["AE", events[values["AESEQ"] - 1].entry]
        yield (
            {
                "AESEQ": row["AESEQ"],
                **{name: row[name] for name in _AS_SDTM},
                "ASTDT": sas_date(values["ASTDT"]),
                "ASTDY": values["ASTDY"],
                "TRTEMFL": flag(values["TRTEMFL"]),
                "AESESS": values["SESSION"],
                "ARELTM": values["ARELTM"],
                "AEVALENC": values["VALENCE"],
                "AESI": values["AESI"],
            },
            row,
        )
