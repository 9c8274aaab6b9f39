"""Study, lines of the record, SDTM, transport file: its values are those that were entered and put right.

What is expected is kept beside the entries while they are made, and not read from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyreadstat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.datasets.participants import Participant, arms
from tests.exchange import core

from entact.course.course import Course
from entact.course.entry import GENESIS, Entry, Line, keep
from entact.course.fold import fold_lines
from entact.datasets.sdtm import tabulate
from entact.exchange import described
from entact.exchange.transport import write_transport
from entact.protocol.load import load_study

MINI = load_study(str(core.STUDIES / "mini"))
SESSION = "session_1#1"
DATES = (None, "2025", "2026-03", "2026-03-15", "2026-04-02")
SEVERITIES = (None, "mild", "moderate", "severe")
FATES = ("kept", "corrected", "taken back", "corrected twice", "corrected and taken back")
Said = dict[str, tuple[Any, ...]]  # identifier of a row -> what it has to say

pressures = st.tuples(st.integers(50, 300), st.integers(0, 480), st.sampled_from(FATES), st.integers(50, 300))
scores = st.one_of(st.none(), st.integers(0, 80))
totals = st.tuples(scores, st.sampled_from(FATES), scores)
events = st.tuples(*(st.sampled_from(one) for one in (DATES, DATES, SEVERITIES)), st.booleans())
medicines = st.tuples(st.sampled_from(DATES), st.sampled_from(DATES))


class Record:
    """A participant's entries, and by dataset what has to come out of them."""

    def __init__(self) -> None:
        self.person = Participant(MINI, 2).randomised()
        self.expected: dict[str, Said] = {"VS": {}, "QS": {}, "AE": {}, "CM": {}, "EC": {}}

    def put_right(self, entry: Entry, fate: str, change: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        """Corrects an entry, or takes it back, as its fate is."""
        of: dict[str, Any] = {
            "replaces": entry.id,
            "reason": "misread",
            "encounter": entry.encounter,
            "role": entry.role,
        }
        if "twice" in fate:
            self.person.write(entry.kind, dict(other), day=60, **of, by=entry.by)
        if "corrected" in fate:
            self.person.write(entry.kind, dict(change), day=61, **of, by=entry.by)
        if "taken back" in fate:
            self.person.write("void", {}, day=62, **of, by=entry.by)

    def pressure(self, systolic: int, minute: int, fate: str, right: int) -> None:
        entry = self.person.vitals(systolic, day=12, minute=minute)
        self.put_right(entry, fate, {"systolic": f"{right} mm[Hg]"}, {"systolic": "99 mm[Hg]"})
        if "taken back" not in fate:
            stands = systolic if fate == "kept" else right
            self.expected["VS"][f"{entry.id}.systolic"] = (float(stands), str(stands))
            self.expected["VS"][f"{entry.id}.diastolic"] = (80.0, "80")

    def total(self, score: int | None, fate: str, right: int | None) -> None:
        entry = self.person.rate(score, None, day=40, visit="outcome")
        change = {"items": {"total": {"missing": "refused"} if right is None else right}}
        self.put_right(entry, fate, change, {"items": {"total": 1}})
        if "taken back" not in fate:
            stands = score if fate == "kept" else right
            said = (None, "", "SUBJECT REFUSED") if stands is None else (float(stands), str(stands), "")
            self.expected["QS"][f"{entry.id}.total"] = said

    def event(self, onset: str | None, resolved: str | None, severity: str | None, serious: bool) -> None:
        said = {"onset": onset, "resolved": resolved, "severity": severity, "serious": serious}
        entry = self.person.event(
            term="nausea", **{name: one for name, one in said.items() if one is not None}
        )
        judged = (severity or "").upper(), "Y" if serious else "N"
        self.expected["AE"][entry.id] = ("NAUSEA", onset or "", resolved or "", *judged)

    def medicine(self, started: str | None, stopped: str | None) -> None:
        dates = {name: one for name, one in (("started", started), ("stopped", stopped)) if one}
        entry = self.person.write("medication", {"name": "Zolpidem", **dates}, day=13)
        goes_on = "" if stopped else "ONGOING"
        self.expected["CM"][entry.id] = ("ZOLPIDEM", started or "", stopped or "", goes_on)

    def dose(self, units: int) -> None:
        given_units = {"part": "initial", "kit": "K-2", "level": "low", "dispensed": 4, "taken": units}
        refused = {"outcome": "refused"} if units == 0 else {}
        entry = self.person.write("dose", {**given_units, **refused}, day=12, minute=1, encounter=SESSION)
        self.expected["EC"][entry.id] = (float(units), "Y") if units else (None, "N")

    def stored(self) -> Course:
        """The course of the lines that a server keeps of the entries, in which an archive consists."""
        lines: list[Line] = []
        for place, entry in enumerate(self.person.entries, start=1):
            previous = lines[-1].hash if lines else GENESIS
            lines.append(keep(entry, received_at=entry.recorded_at, seq=place, previous=previous))
        course = fold_lines(MINI, self.person.ledger, lines)
        assert isinstance(course, Course)
        return course


def read_again(course: Course) -> dict[str, list[dict[str, Any]]]:
    """What another tool reads in the transport files."""
    found = {}
    with TemporaryDirectory() as folder:
        for dataset in described(tabulate(MINI, [course], arms()).tables):
            path = Path(folder) / f"{dataset.name}.xpt"
            write_transport(dataset, path, core.AT)
            frame, _ = pyreadstat.read_xport(str(path))
            rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
            found[dataset.name] = rows
    return found


VALUES = {
    "VS": ("VSSTRESN", "VSSTRESC"),
    "QS": ("QSSTRESN", "QSSTRESC", "QSREASND"),
    "AE": ("AETERM", "AESTDTC", "AEENDTC", "AESEV", "AESER"),
    "CM": ("CMTRT", "CMSTDTC", "CMENDTC", "CMENRTPT"),
    "EC": ("ECDOSE", "ECOCCUR"),
}


def said_of(rows: list[dict[str, Any]], dataset: str, ours: Mapping[str, Any]) -> Said:
    """What the rows say of what was expected, and of whatever else came of the same kind of entry."""
    kinds = {one.partition(".")[2] for one in ours} or {"systolic", "diastolic"}
    found: Said = {}
    for row in rows:
        name = row[f"{dataset}SPID"]
        if name in ours or (dataset in ("VS", "AE", "CM") and name.partition(".")[2] in kinds):
            assert name not in found
            found[name] = tuple(row.get(one, "") for one in VALUES[dataset])
    return found


@given(
    st.lists(pressures, max_size=5),
    st.lists(totals, max_size=3),
    st.lists(events, max_size=4),
    st.lists(medicines, max_size=3),
    st.integers(0, 4),
    st.randoms(use_true_random=False),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_values_read_in_the_files_are_those_that_were_entered(
    read: list[Any], rated: list[Any], had: list[Any], took: list[Any], units: int, order: Any
) -> None:
    record = Record()
    acts: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
        *((record.pressure, one) for one in read),
        *((record.total, one) for one in rated),
        *((record.event, one) for one in had),
        *((record.medicine, one) for one in took),
        (record.dose, (units,)),
    ]
    order.shuffle(acts)
    for act, said in acts:
        act(*said)
    found = read_again(record.stored())
    for dataset, expected in record.expected.items():
        assert said_of(found.get(dataset, []), dataset, expected) == expected, dataset
