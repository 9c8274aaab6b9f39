"""Rows of the analysis datasets, made by the functions that make the frames of the analysis.

Nothing is derived a second time: what an analysis of the plan reads is what stands here, and each row names
the row of SDTM that it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from entact.datasets import questionnaires, safety, subjects
from entact.datasets.adam import efficacy, readings, treatment
from entact.datasets.adam.dates import flag, sas_date
from entact.datasets.adam.variables import DATASETS, SEQUENCE
from entact.datasets.sdtm.homes import homes_of
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
        failures: endpoint at visit -> what is wrong with its rule, where one fails.
    """

    def __init__(self, study: Study, spool: Spool | None = None) -> None:
        self.release = study.newest
        self.tables = {name: Table(name, domain, spool) for name, domain in DATASETS.items()}
        self.failures: dict[str, str] = {}

    def add(self, subject: Subject, rows: Iterable[Row]) -> None:
        """Adds the rows of one participant."""
        made = list(rows)
        demographics = next(row for row in made if row.domain == "DM")
        who = {name: demographics[name] for name in ("STUDYID", "USUBJID", "SUBJID", "SITEID")}
        who |= {"TRT01P": demographics["ARM"], "TRT01A": demographics["ACTARM"]}
        numbers: dict[str, int] = {}
        for name, values, entries in self._made(subject, made, demographics):
            said = who | values
            if name != "ADSL" and name not in SEQUENCE:
                said["ASEQ"] = numbers[name] = numbers.get(name, 0) + 1
            self.tables[name].add(said, entries)

    def _made(self, subject: Subject, made: list[Row], demographics: Row) -> Iterator[efficacy.Made]:
        """Each row, with its dataset and its entries."""
        yield "ADSL", _subject_level(subject, demographics), demographics.entries
        of_sdtm = {(row.domain, row.values.get(f"{row.domain}SPID")): row for row in made}
        for values, source in _events(subject, of_sdtm):
            yield "ADAE", values, source.entries
        for values, source in treatment.medicines(subject, of_sdtm):
            yield "ADCM", values, source.entries
        for values, source in _assessments(subject, of_sdtm):
            yield "ADQS", values, source.entries
        failures: list[tuple[str, str]] = []
        yield from efficacy.efficacy(subject, self.release, failures)
        self.failures.update(failures)
        for domain, name in readings.OF_DOMAIN.items():
            for values, source in readings.readings(subject, made, domain):
                yield name, values, source.entries
        for values, entries in treatment.exposure(subject, of_sdtm):
            yield "ADEX", values, entries
        for values, entries in treatment.guesses(subject):
            yield "ADBLIND", values, entries

    def finish(self) -> Analysed:
        """All analysis datasets."""
        return Analysed({name: table for name, table in self.tables.items() if table.height})


def _subject_level(subject: Subject, demographics: Row) -> dict[str, Any]:
    book = subject.person.book
    said = dict(zip(subjects.schema(book), subjects.row(subject.person), strict=True))
    found: dict[str, Any] = {name: demographics[name] for name in ("AGE", "AGEU", "SEX", "COUNTRY")}
    for name in DATASETS["ADSL"].variables:
        if name not in said or name in found or name in ("STUDYID", "USUBJID", "SUBJID", "SITEID"):
            continue
        value = said[name]
        if name.endswith("FL"):
            found[name] = flag(value)
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
                "TRTEMFL": flag(values["TRTEMFL"]),
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
    estimands = efficacy.estimands_of(subject.person.book)
    shared: dict[str, dict[str, Any]] = {}  # of each form as filled in
    for answers, parameter, derived in questionnaires.sourced(subject.person):
        home = homes.get(parameter.form, {}).get(parameter.name)
        if home is None or home.domain not in ("QS", "RS"):
            continue
        row = rows.get((home.domain, f"{answers.entry}.{parameter.name}"))
        if row is None:
            continue  # not asked, or a score that is not known
        *_, visit, number, on, day, value, text, is_baseline, base, change, counts, on_treatment = derived
        if answers.entry not in shared:
            encounter = subject.person.course.encounters.get(answers.encounter or "")
            counting = [one for one in estimands if subject.person.counts(one, answers.at)]
            shared[answers.entry] = {
                "AVISIT": None if visit is None else visit.replace("_", " ").upper(),
                "AVISITN": number,
                "ADT": sas_date(on),
                "ADY": day,
                "ONTRTFL": "Y" if on_treatment else None,
                **efficacy.windows_of(subject.person, encounter),
                "ESTIMAND": " ".join(counting) or None,
            }
        yield (
            {
                "PARAM": home.name,
                "PARAMCD": home.code,
                "PARCAT1": home.category,
                "AVAL": value,
                "AVALC": text,
                "BASE": base,
                "CHG": change,
                "ABLFL": "Y" if is_baseline else None,
                "ANL01FL": "Y" if counts else None,
                **shared[answers.entry],
                "SRCDOM": home.domain,
                "SRCVAR": f"{home.domain}STRESN",
                "SRCSEQ": row.values[f"{home.domain}SEQ"],
            },
            row,
        )
