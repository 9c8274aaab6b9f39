"""What a blinded export says, the opened one says too: each of its values is null, or the same.

Over every study of the program and of the tests in which chance assigns arms. Where nobody is shown in part
the two are equal besides: a null stands for what is withheld and for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.adam.test_numbers import UNTIL, WINDOW
from tests.datasets.participants import Participant, arms, trial
from tests.exchange import core
from tests.exchange.odd import odd, odd_arms

import entact
from entact.course.course import Course
from entact.course.fold import fold_lines
from entact.datasets.adam import Analyser
from entact.datasets.sdtm import Tabulator
from entact.protocol.load import load_study
from entact.protocol.release import Study

STUDIES = Path(__file__).parents[1] / "studies"
MADE_UP = sorted(
    str(file.parent.relative_to(STUDIES))
    for file in (*STUDIES.glob("*/study.yaml"), *STUDIES.glob("shapes/*/study.yaml"))
)
RANDOMISED = [
    name
    for name in (*core.SHIPPED, *MADE_UP)
    if load_study(name if name in core.SHIPPED else str(STUDIES / name)).newest.file.randomisation is not None
]
CUT = ("life-threatening-illness", "shapes/therapy_alone", "shapes/waiting_list", "told")
# Planned and actual arm are masked, and so is which treatment an element of the design is.
MASKED = {"ARM", "ARMCD", "ACTARM", "ACTARMCD", "TRT01P", "TRT01A", "ETCD", "ELEMENT"}
DESIGN = {"TA", "TE"}  # one arm stands for all
NUMBERS = {"ASEQ", "SRCSEQ", "IDVARVAL", "TSSEQ", "TSVALNF"}  # of rows among those that are shown
# What was observed stands as it was known when the rest began to be withheld: an event may become worse.
AS_KNOWN = {"AESEV", "AESER", "AEREL"}
ROWS = {"EX", "RELREC", "ADBLIND"}  # as a whole in no blinded export

Rows = dict[str, list[dict[str, Any]]]


@cache
def people(name: str) -> tuple[Study, list[Course], Mapping[str, str]]:
    """A study, its participants and their arms."""
    if name == "odd":
        study = load_study(str(STUDIES / "mini"))
        return study, [person.course() for person in odd(study)], odd_arms()
    study = load_study(name if name in core.SHIPPED else str(STUDIES / name))
    made = entact.rehearse(study, participants=2 if name in core.SHIPPED else 4, seed=2)
    of = {ledger: lines for ledger, lines in made.ledgers.items() if ledger.startswith("participant:")}
    assert made.allocation is not None
    return study, [fold_lines(study, ledger, lines) for ledger, lines in of.items()], made.allocation.arms()


def told(study: Study) -> list[Course]:
    """The participants of the small trial, who are told their arm on day 20, and much happens afterwards."""
    people = trial(study)
    people[5] = Participant(study, 6).randomised().dosed()  # completed before, as it seemed
    people[5].write("encounter", {"status": "started"}, day=17, encounter="closing#1")
    people[5].write("encounter", {"status": "ended"}, day=17, minute=60, encounter="closing#1")
    for number, person in enumerate(people[1:], start=2):
        is_before = number == 5  # the first dose
        on = "2026-03-14" if is_before else "2026-03-18"  # that of the dose, in the morning
        person.vitals(130, day=1, minute=3, encounter="screening#1")
        taken = {"name": "x", "started": on, "medicine_class": "ssri", "psychiatric": True}
        medicine = person.write("medication", taken, day=11.8 if is_before else 16)
        lasting = {"term": "headache", "severity": "mild", "outcome": "ongoing", "onset": on}
        event = person.write("adverse_event", lasting, day=11.9 if is_before else 16)
        told = {"arm": arms()[f"denver-{number:03d}"], "told": ["participant"]}
        person.write("planned_unblinding", told, day=11.95 if is_before else 18)
        person.vitals(170, day=11.96, minute=3, encounter="unscheduled#1")
        later(person, about=event.id, medicine=medicine.id)
    people[2].write("death", {"date": "2026-05-01"}, day=61)
    people[3].stop("treatment", day=30)
    return [person.course() for person in people]


def later(person: Participant, *, about: str, medicine: str) -> None:
    """Another dose, and an end of what lasted."""
    session = "session_2#1"
    person.write("encounter", {"status": "started"}, day=26, encounter=session)
    given = {"part": "initial", "kit": f"L-{person.number}", "level": "low", "dispensed": 2, "taken": 2}
    person.write("dose", given, day=26, minute=10, encounter=session)
    person.vitals(160, day=26, minute=40, encounter=session)
    person.write("encounter", {"status": "ended"}, day=26, minute=500, encounter=session)
    worse = {"severity": "severe", "outcome": "resolved", "resolved": "2026-04-02"}
    person.write("adverse_event", worse, day=31, about=about)
    person.write("medication", {"stopped": "2026-04-03"}, day=32, about=medicine)


def case(name: str, folder: Path) -> tuple[Study, list[Course], Mapping[str, str]]:
    if name != "told":
        return people(name)
    said = (STUDIES / "mini" / "study.yaml").read_text()
    said = said.replace("\nendpoints:\n", f"\n{UNTIL}").replace("\nanalysis:\n", f"\n{WINDOW}")
    (folder / "study.yaml").write_text(said)
    study = load_study(str(folder))
    return study, told(study), arms()


def exported(study: Study, courses: list[Course], allocation: Mapping[str, str] | None) -> Rows:
    analyser = Analyser(study)
    tabulator = Tabulator(study, allocation, analyser)
    for course in courses:
        tabulator.add(course)
    tables = {**tabulator.finish().tables, **analyser.finish().tables}
    return {name: table.frame().rows(named=True) for name, table in tables.items()}


def known(dataset: str, row: Mapping[str, Any], *, without: set[str]) -> dict[str, Any]:
    """What a row says, but for the values in which the two may differ."""
    own = {f"{dataset}SEQ", "AESEQ", "CMSEQ"}
    return {name: one for name, one in row.items() if one is not None and name not in without | own}


def contradictions(said: Rows, by: Rows, *, without: set[str]) -> Iterator[str]:
    """Each row of which no row of the other says all that is known in it, with what the nearest one says."""
    for dataset, rows in said.items():
        if dataset in DESIGN:
            continue
        of: dict[Any, list[dict[str, Any]]] = {}
        for row in by.get(dataset, []):
            of.setdefault(row.get("USUBJID"), []).append(row)
        same = {frozenset(known(dataset, row, without=without).items()) for row in by.get(dataset, [])}
        for row in rows:
            asked = known(dataset, row, without=without).items()
            if frozenset(asked) in same:
                continue
            differ = [
                {name: (one, other.get(name)) for name, one in asked if other.get(name) != one}
                for other in of.get(row.get("USUBJID"), [])
            ]
            if all(differ):
                yield f"{dataset}: {min(differ, key=len, default='no row')}"


@pytest.mark.parametrize("name", [*RANDOMISED, "odd", "told"])
def test_a_blinded_export_says_nothing_that_the_opened_one_contradicts(name: str, tmp_path: Path) -> None:
    study, courses, allocation = case(name, tmp_path)
    blinded, opened = exported(study, courses, None), exported(study, courses, allocation)
    found = [*contradictions(blinded, opened, without=MASKED | NUMBERS | AS_KNOWN)]
    assert not found, "\n".join(sorted(found)[:20])
    is_cut = any(Tabulator(study).visible(course).is_cut for course in courses)
    assert is_cut is (name in CUT)
    if is_cut:
        return
    shown = {dataset: rows for dataset, rows in opened.items() if dataset not in ROWS}
    shown["ADEX"] = [row for row in opened.get("ADEX", []) if "AMOUNT" not in row["PARAMCD"]]
    found = [*contradictions(shown, blinded, without=MASKED | NUMBERS)]
    assert not found, "\n".join(sorted(found)[:20])


@pytest.mark.parametrize("name", CUT)
def test_of_whom_the_beginning_is_shown_nothing_is_said_of_the_whole(name: str, tmp_path: Path) -> None:
    study, courses, _ = case(name, tmp_path)
    blinded = exported(study, courses, None)
    randomised = [row for row in blinded["ADSL"] if row["RANDFL"] == "Y"]
    whole = ("TRTEDT", "NDOSED", "EOTSTT", "EOTDT", "EOSSTT", "EOSDT", "PPROTFL")
    assert randomised
    assert {row[one] for row in randomised for one in whole} == {None}
    assert {row["SAFFL"] for row in randomised} == ({"Y", None} if name == "told" else {None})
    subjects = {row["USUBJID"]: row for row in blinded["DM"]}
    assert {subjects[row["USUBJID"]]["RFPENDTC"] for row in randomised} == {None}
    [ended] = [row for row in blinded["TS"] if row["TSPARMCD"] == "SENDTC"]
    assert (ended["TSVAL"], ended["TSVALNF"]) == (None, "NI")
