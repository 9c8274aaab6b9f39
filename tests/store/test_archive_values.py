"""Study, archive, SDTM: whatever course somebody took, the values of the datasets are those of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.datasets.participants import Participant
from tests.store.living import NOW, enter_study

from entact import store
from entact.cli.source import open_source
from entact.course import read
from entact.course.fold import Broken, fold_lines
from entact.datasets.sdtm import Tabulator
from entact.protocol import Study

AT = datetime(2027, 1, 1, 12, tzinfo=UTC)
NUMBERS = count(11)  # of participants: each example adds its own to one record
readings = st.tuples(  # within the form's limits: what is beyond them has no standard value
    st.integers(50, 280), st.integers(30, 180), st.integers(11, 480)
)
events = st.tuples(
    st.sampled_from(["nausea", "other"]), st.sampled_from(["2026", "2026-03", "2026-03-14"]),
    st.sampled_from([None, "mild", "moderate", "severe"]),
)  # fmt: skip
courses = st.fixed_dictionaries(
    {
        "readings": st.lists(readings, max_size=4),
        "totals": st.lists(st.one_of(st.none(), st.integers(0, 80)), max_size=3),
        "corrected": st.one_of(st.none(), st.integers(0, 80)),
        "taken": st.integers(0, 4),
        "events": st.lists(events, max_size=3),
        "stops": st.sampled_from([None, "treatment", "follow_up"]),
    }
)


@pytest.fixture
def study(database: str) -> Study:
    """The small study with its release, in a database."""
    return enter_study()


def person_of(study: Study, said: dict[str, Any]) -> Participant:
    """A participant of whom just that is said."""
    person = Participant(study, next(NUMBERS)).randomised()
    session = "session_1#1"
    person.write("encounter", {"status": "started"}, day=12, encounter=session)
    outcome = {"outcome": "refused"} if not said["taken"] else {}
    dose = {
        "part": "initial",
        "kit": f"K-{person.number}",
        "level": "low",
        "dispensed": 4,
        "taken": said["taken"],
    }
    person.write("dose", dose | outcome, day=12, minute=10, encounter=session)
    for systolic, diastolic, minute in said["readings"]:
        values = {"systolic": f"{systolic} mm[Hg]", "diastolic": f"{diastolic} mm[Hg]"}
        person.write("vital_signs", values, day=12, minute=minute, encounter=session)
    first = None
    for number, total in enumerate(said["totals"]):
        rated = person.rate(total, None, day=20 + number, visit="outcome")
        first = first or rated
    if first is not None and said["corrected"] is not None:
        change: dict[str, Any] = {"replaces": first.id, "reason": "misread", "role": "rater", "by": "rater-1"}
        person.write("form", {"items": {"total": said["corrected"]}}, day=30, **change)
    for term, onset, severity in said["events"]:
        known = {"term": term, "onset": onset, "severity": severity}
        person.event(**{name: value for name, value in known.items() if value is not None})
    if said["stops"] is not None:
        person.stop(said["stops"], day=41)
    return person


@given(people=st.lists(courses, min_size=1, max_size=4))
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # each example is an archive: none is made smaller
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_values_that_went_through_an_archive_are_those_of_the_ledger(
    study: Study, tmp_path_factory: pytest.TempPathFactory, people: list[dict[str, Any]]
) -> None:
    made = {}
    for said in people:
        person = person_of(study, said)
        made[person.ledger] = person, said
        for one in person.entries:
            store.append(one, received_at=NOW)
    folder = tmp_path_factory.mktemp("archive") / "archive"
    store.write_archive(folder, made_at=AT)
    source = open_source(str(folder), "", None)
    seen = set()
    for ledger, lines in source.participants:
        if ledger not in made:
            continue  # of an example before
        person, said = made[ledger]
        assert [read(line.text).id for line in lines] == [one.id for one in person.entries]
        course = fold_lines(source.study, ledger, lines)
        assert not isinstance(course, Broken)
        number = f"denver-{person.number:03d}"
        tabulator = Tabulator(source.study, {number: "mdma"})
        tabulator.add(course)
        rows = {name: table.rows for name, table in tabulator.tables.items()}
        _held(rows, said)
        entries = {one.id for one in person.entries}
        assert {one for table in tabulator.tables.values() for row in table.entries for one in row} <= entries
        seen.add(ledger)
    assert seen == made.keys()


def _held(rows: dict[str, Sequence[dict[str, Any]]], said: dict[str, Any]) -> None:
    """Each value that was entered stands in its row, and no row says more."""
    pressures = [
        (row["VSTESTCD"], row["VSSTRESN"]) for row in rows["VS"] if row["VSTESTCD"] in ("SYSBP", "DIABP")
    ]
    wanted = [("SYSBP", float(one)) for one, _, _ in said["readings"]]
    wanted += [("DIABP", float(one)) for _, one, _ in said["readings"]]
    assert sorted(pressures) == sorted(wanted)
    totals = list(said["totals"])
    if totals and said["corrected"] is not None:
        totals[0] = said["corrected"]
    rated = [
        row.get(f"{name}REASND") or row[f"{name}STRESC"]
        for name in ("QS", "RS")
        for row in rows[name]
        if row.get("VISIT") == "OUTCOME" and row[f"{name}SPID"].endswith(".total")
    ]
    assert sorted(rated) == sorted("SUBJECT REFUSED" if one is None else str(one) for one in totals)
    [dose] = [row for row in rows["EC"] if row["ECMOOD"] == "PERFORMED"]
    assert (dose["ECOCCUR"], dose["ECDOSE"]) == (("Y", said["taken"]) if said["taken"] else ("N", None))
    assert len(rows["EX"]) == bool(said["taken"])
    told = sorted((row["AESTDTC"], row["AESEV"] or "") for row in rows["AE"])
    assert told == sorted((onset, (severity or "").upper()) for _, onset, severity in said["events"])
    ends = {
        (row["DSSCAT"], row["DSDECOD"]) for row in rows["DS"] if row["DSDECOD"] == "WITHDRAWAL BY SUBJECT"
    }
    named = {"treatment": "STUDY TREATMENT", "follow_up": "STUDY PARTICIPATION"}
    assert ends == ({(named[said["stops"]], "WITHDRAWAL BY SUBJECT")} if said["stops"] else set())
