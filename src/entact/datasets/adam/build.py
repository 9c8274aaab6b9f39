"""Rows of ADSL, ADAE and ADQS, made by the functions that make the frames of the analysis.

Nothing is derived a second time: what an analysis of the plan reads is what stands here, and each row names
the row of SDTM that it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from entact.datasets import questionnaires, safety, subjects
from entact.datasets.adam.variables import DATASETS
from entact.datasets.sdtm.build import Table
from entact.datasets.sdtm.homes import homes_of
from entact.datasets.sdtm.row import Row
from entact.datasets.sdtm.subject import Subject

_EPOCH: Final = date(1960, 1, 1)  # day 0 of SAS
_AS_SDTM: Final = ("AETERM", "AEDECOD", "AESEV", "AESER", "AEREL", "AEOUT")


def sas_date(on: date | None) -> int | None:
    """A date as SAS counts it: days since the first of January 1960."""
    return None if on is None else (on - _EPOCH).days


@dataclass(frozen=True)
class Analysed:
    """The analysis datasets by name: only those with rows."""

    tables: Mapping[str, Table]


class Analyser:
    """Takes participants one at a time, each with the rows of SDTM that were made of them."""

    def __init__(self) -> None:
        self.tables = {name: Table(name, domain) for name, domain in DATASETS.items()}

    def add(self, subject: Subject, rows: Iterable[Row]) -> None:
        """Adds the rows of one participant."""
        made = list(rows)
        demographics = next(row for row in made if row.domain == "DM")
        who = {name: demographics[name] for name in ("STUDYID", "USUBJID", "SUBJID", "SITEID")}
        arms = {"TRT01P": demographics["ARM"], "TRT01A": demographics["ACTARM"]}
        self.tables["ADSL"].add(
            {**who, **arms, **_subject_level(subject, demographics)}, demographics.entries
        )
        of_sdtm = {(row.domain, row[f"{row.domain}SPID"]): row for row in made if row.domain != "DM"}
        for values, source in _events(subject, of_sdtm):
            self.tables["ADAE"].add({**who, **arms, **values}, source.entries)
        for number, (values, source) in enumerate(_assessments(subject, of_sdtm), start=1):
            self.tables["ADQS"].add({**who, **arms, "ASEQ": number, **values}, source.entries)

    def finish(self) -> Analysed:
        """All analysis datasets."""
        return Analysed({name: table for name, table in self.tables.items() if table.rows})


def _flag(value: Any) -> str | None:
    return None if value is None else "Y" if value else "N"


def _subject_level(subject: Subject, demographics: Row) -> dict[str, Any]:
    book = subject.person.book
    said = dict(zip(subjects.schema(book), subjects.row(subject.person), strict=True))
    found: dict[str, Any] = {name: demographics[name] for name in ("AGE", "AGEU", "SEX", "COUNTRY")}
    for name in DATASETS["ADSL"].variables:
        if name not in said or name in found or name in ("STUDYID", "USUBJID", "SUBJID", "SITEID"):
            continue
        value = said[name]
        if name.endswith("FL"):
            found[name] = _flag(value)
        else:
            found[name] = sas_date(value) if isinstance(value, date) else value
    found["ITTFL"] = found.get("RANDFL") if book.randomised else found.get("ENRLFL")
    return found


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
                "TRTEMFL": _flag(values["TRTEMFL"]),
                "AESESS": values["SESSION"],
                "ARELTM": values["ARELTM"],
                "AEVALENC": values["VALENCE"],
                "AESI": values["AESI"],
            },
            row,
        )


def _assessments(
    subject: Subject, rows: Mapping[tuple[str, Any], Row]
) -> Iterator[tuple[dict[str, Any], Row]]:
    """Each parameter of the frame `questionnaires` that has a row of SDTM: those of QS and RS."""
    homes = homes_of(subject.person.course.release).by_form
    for answers, parameter, derived in questionnaires.sourced(subject.person):
        values = dict(zip(questionnaires.SCHEMA, derived, strict=True))
        home = homes.get(parameter.form, {}).get(parameter.name)
        if home is None or home.domain not in ("QS", "RS"):
            continue
        row = rows.get((home.domain, f"{answers.entry}.{parameter.name}"))
        if row is None:
            continue  # not asked, or a score that is not known
        visit = values["AVISIT"]
        yield (
            {
                "PARAM": home.name,
                "PARAMCD": home.code,
                "PARCAT1": home.category,
                "AVISIT": None if visit is None else visit.replace("_", " ").upper(),
                "AVISITN": values["AVISITN"],
                "ADT": sas_date(values["ADT"]),
                "ADY": values["ADY"],
                "AVAL": values["AVAL"],
                "AVALC": values["AVALC"],
                "BASE": values["BASE"],
                "CHG": values["CHG"],
                **{name: "Y" if values[name] else None for name in ("ABLFL", "ANL01FL", "ONTRTFL")},
                "SRCDOM": home.domain,
                "SRCVAR": f"{home.domain}STRESN",
                "SRCSEQ": row[f"{home.domain}SEQ"],
            },
            row,
        )
