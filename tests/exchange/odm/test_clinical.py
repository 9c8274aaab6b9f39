"""Records of ODM: entact's own come back with their history; what is malformed is named with its line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.datasets.participants import Participant
from tests.exchange.odm.test_record import AT, kept

from entact.course import Entry
from entact.course.fold import fold
from entact.exchange.odm import OdmRecord, own_visits, read_clinical
from entact.exchange.odm.version2 import as_version_2
from entact.exchange.records import RecordMapping, RecordsError, Taking, plan, read_mapping
from entact.protocol.load import load_study
from entact.protocol.release import Study

ZONE = ZoneInfo("America/Denver")
SNAPSHOT = """<?xml version="1.0" encoding="UTF-8"?>
<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Snapshot" FileOID="x" ODMVersion="1.3.2">
 <Study OID="S"><BasicDefinitions><MeasurementUnit OID="MU.1" Name="mmHg"/></BasicDefinitions></Study>
 <ClinicalData StudyOID="S" MetaDataVersionOID="V">
  <SubjectData SubjectKey="S-1">
   <StudyEventData StudyEventOID="EV1">
    <FormData FormOID="F1">
     <ItemGroupData ItemGroupOID="G1">
      <ItemDataString ItemOID="DATE">2026-03-04T10:00</ItemDataString>
      <ItemData ItemOID="SBP" Value="124"><MeasurementUnitRef MeasurementUnitOID="MU.1"/></ItemData>
      <ItemDataFloat ItemOID="DBP">80.5</ItemDataFloat>
      <ItemData ItemOID="HR" IsNull="Yes"/>
      <ItemData ItemOID="OTHER" Value="x"/>
     </ItemGroupData>
    </FormData>
   </StudyEventData>
  </SubjectData>
 </ClinicalData>
</ODM>
"""
MAP = """source: edc
visits: {EV1: preparation_1}
forms: {vitals: {at: DATE}}
items: {SBP: vitals.systolic, DBP: vitals.diastolic, HR: vitals.heart_rate}
leave_out: [OTHER]
"""


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(str(Path(__file__).parents[2] / "studies" / "mini"))


def consented(study: Study) -> Participant:
    """Somebody of whom nothing was entered yet but consent and number."""
    person = Participant(study, 3)
    person.write("consent", {"version": "1", "scopes": {"participation": True}}, day=0)
    person.write("screening", {"attempt": 1, "number": "S-03", "site": "denver"}, day=0, minute=1)
    return person


def mapped(study: Study, text: str = MAP) -> RecordMapping:
    mapping = read_mapping(text.encode(), "map.yaml", study.newest)
    return mapping.model_copy(update={"visits": own_visits(study.newest) | mapping.visits})


def entries_of(study: Study, raw: bytes, person: Participant, text: str = MAP) -> list[Entry]:
    mapping = mapped(study, text)
    rows, _ = read_clinical(raw, mapping, study.newest)
    now = datetime(2027, 4, 1, tzinfo=ZONE)
    course = fold(study, person.entries)
    done = plan(rows, course, Taking(mapping, "ab" * 32, b"k" * 32, ZONE, "ada", "dm", now, "rehearsal"))
    assert done.problems == []
    return done.entries


def test_a_snapshot_is_one_entry_with_units_and_what_is_missing(study: Study) -> None:
    person = consented(study)
    entries = entries_of(study, SNAPSHOT.encode(), person)
    [reading] = [one for one in entries if one.kind == "vital_signs"]
    assert reading.data == {
        "systolic": "124 mm[Hg]",
        "diastolic": "80.5 mm[Hg]",
        "heart_rate": {"missing": "unknown"},
    }
    assert (reading.encounter, reading.occurred_at) == ("preparation_1#1", "2026-03-04T10:00:00-07:00")


def test_comments_and_instructions_say_nothing(study: Study) -> None:
    group = '<ItemGroupData ItemGroupOID="G1">'
    told = SNAPSHOT.replace(group, f"{group}<!-- seen by b --><?style x?>")
    told = told.replace(">80.5<", ">80<!-- half -->.5<")
    [reading] = [
        one for one in entries_of(study, told.encode(), consented(study)) if one.kind == "vital_signs"
    ]
    assert reading.data["diastolic"] == "80.5 mm[Hg]"


def test_what_entact_wrote_comes_back_with_corrections_and_withdrawals(study: Study) -> None:
    one = Participant(study, 2).randomised(41)
    rated = one.rate(20, None, day=40, visit="outcome")
    one.write(
        "form",
        {"items": {"total": 22}},
        day=41,
        replaces=rated.id,
        reason="misread",
        role="rater",
        by="rater-1",
    )
    said = {"ideation": 0, "behaviour": False}
    wrong = one.form("suicidality", said, day=42, encounter="closing#1")
    one.write("void", {}, day=43, replaces=wrong.id, reason="wrong_participant")
    record = OdmRecord(study)
    record.add(kept(one))
    raw = record.finish(version="0.1.0", at=AT, simulated=True)
    other = consented(study)
    entries = entries_of(study, raw, other, "source: entact\n")
    assert {one.kind for one in entries} <= {"encounter", "form", "vital_signs", "void", "imported"}
    there = fold(study, [*other.entries, *entries])
    first, second = there.forms["symptoms", "baseline#1"], there.forms["symptoms", "outcome#1"]
    assert (first.values["total"], second.values["total"]) == (41, 22)
    assert second.items["diagnosis"] == {"missing": "refused"}
    assert ("suicidality", "closing#1") not in there.forms
    fix = next(one for one in entries if one.replaces == second.entry)
    assert (fix.reason, fix.data["items"]) == ("misread", {"total": 22})
    assert fix.by == "ada"
    mapping = mapped(study, "source: entact\n")
    rows, _ = read_clinical(raw, mapping, study.newest)
    now = datetime(2027, 4, 1, tzinfo=ZONE)
    again = plan(rows, there, Taking(mapping, "ab" * 32, b"k" * 32, ZONE, "ada", "dm", now, "rehearsal"))
    assert (again.entries, {one.outcome for one in again.told}) == ([], {"there"})


def test_a_record_finds_all_of_its_own_file_there_already(study: Study) -> None:
    """Readings before and after the dose, one form filled in twice, a correction, and what is kept back."""
    one = Participant(study, 2).randomised(41)
    again: dict[str, Any] = {"encounter": "session_1#1", "role": "therapist"}
    one.write("vital_signs", {"systolic": "121 mm[Hg]"}, day=30, timepoint="before initial", **again)
    one.write(
        "vital_signs", {"systolic": "150 mm[Hg]"}, day=30, minute=90, timepoint="initial + 60 min", **again
    )
    one.write("vital_signs", {"systolic": "131 mm[Hg]"}, day=30, minute=300, **again)
    one.write("vital_signs", {"systolic": "129 mm[Hg]"}, day=30, minute=310, **again)
    rated = one.rate(20, None, day=40, visit="outcome")
    fix: dict[str, Any] = {"replaces": rated.id, "reason": "misread", "role": "rater", "by": "rater-1"}
    one.write("form", {"items": {"total": 22}}, day=41, **fix)
    remarks = {"total": 9, "remarks": "slept badly"}
    one.form("symptoms", remarks, day=44, encounter="unscheduled#1", role="rater")
    record = OdmRecord(study)
    record.add(kept(one))
    raw = record.finish(version="0.1.0", at=AT, simulated=True)
    mapping = mapped(study, "source: entact\n")
    for file in (raw, as_version_2(raw)):
        rows, _ = read_clinical(file, mapping, study.newest)
        now = datetime(2026, 4, 1, tzinfo=ZONE)
        taking = Taking(mapping, "ab" * 32, b"k" * 32, ZONE, "ada", "dm", now, "rehearsal")
        done = plan(rows, fold(study, one.entries), taking)
        assert done.problems == []
        assert [(said.form, said.why) for said in done.told if said.outcome != "typed"] == []
    held = [entry for entry in one.entries if entry.kind == "vital_signs"]
    other = consented(study)
    other.write("encounter", {"status": "started"}, day=29, encounter="session_1#1")
    came = [
        entry for entry in entries_of(study, raw, other, "source: entact\n") if entry.kind == "vital_signs"
    ]
    assert [(entry.timepoint, entry.repeat, entry.occurred_at, entry.data) for entry in came] == [
        (entry.timepoint, entry.repeat, entry.occurred_at, entry.data) for entry in held
    ]


SHARED = SNAPSHOT.replace(
    "</FormData>",
    '</FormData><FormData FormOID="F2"><ItemGroupData ItemGroupOID="G2">'
    "<AuditRecord><UserRef UserOID='u'/><DateTimeStamp>2026-03-04T11:00:00Z</DateTimeStamp></AuditRecord>"
    '<ItemData ItemOID="SBP" Value="131"/></ItemGroupData></FormData>',
)


def test_an_item_that_two_forms_ask_goes_where_each_says(study: Study) -> None:
    """It was taken for a correction of the other form's answer."""
    with pytest.raises(RecordsError, match=r"line 15: vitals\.systolic was inserted on line 10 already"):
        read_clinical(SHARED.encode(), mapped(study), study.newest)
    for name in ("F2/G2/SBP", "F2/SBP", "G2/SBP"):
        text = MAP.replace("{SBP:", f"{{{name}: vitals.temperature, SBP:")
        ((row,), _) = read_clinical(SHARED.encode(), mapped(study, text), study.newest)
        said = {item: cell.text for version in row.versions for item, cell in version.cells.items()}
        assert (said["systolic"], said["temperature"]) == ("124", "131")
        ((row,), left) = read_clinical(
            SHARED.encode(), mapped(study, MAP.replace("[OTHER]", f"[OTHER, {name}]")), study.newest
        )
        assert f"{name}: 1 times" in left
        assert len(row.versions) == 1


def test_what_stands_beside_the_answers_is_told_with_how_often_it_is_there(study: Study) -> None:
    note = '<Annotation SeqNum="1"><Comment>{}</Comment></Annotation>'
    text = SNAPSHOT.replace('IsNull="Yes"/>', f'IsNull="Yes">{note.format("asked twice")}</ItemData>')
    text = text.replace('Value="x"/>', f'Value="x">{note.format("personal: kept at the site")}</ItemData>')
    text = text.replace("</FormData>", '<x:Query xmlns:x="urn:x"><x:Answer/></x:Query></FormData>')
    text = text.replace(
        "</ODM>",
        '<ReferenceData><ItemGroupData ItemGroupOID="G"><ItemData ItemOID="R" Value="1"/>'
        "</ItemGroupData></ReferenceData></ODM>",
    )
    _, left_out = read_clinical(text.encode(), mapped(study), study.newest)
    assert left_out == [
        "OTHER: 1 times",
        "Annotation (beside the answers): 1 times",
        "x:Query (beside the answers): 1 times",
        "answers in ReferenceData, which are about nobody (beside the answers): 1 times",
    ]


@pytest.mark.parametrize(("key", "count"), [("EV1[2]", 2), ("3", 3), ("EV1[x]", 0), ("[1]", 0)])
def test_events_may_be_counted_in_brackets(study: Study, key: str, count: int) -> None:
    raw = SNAPSHOT.replace('OID="EV1"', f'OID="EV1" StudyEventRepeatKey="{key}"').encode()
    if not count:
        with pytest.raises(RecordsError, match=r"line 6: StudyEventRepeatKey is .* no number from 1 to 999"):
            read_clinical(raw, mapped(study), study.newest)
        return
    assert [row.event_repeat for row in read_clinical(raw, mapped(study), study.newest)[0]] == [count]


def test_a_change_in_the_source_follows_unless_people_changed_the_same_here(study: Study) -> None:
    audit = "<AuditRecord><UserRef UserOID='u'/><DateTimeStamp>{}</DateTimeStamp></AuditRecord>"
    group = '<ItemGroupData ItemGroupOID="G1">'
    first = SNAPSHOT.replace(group, group + audit.format("2026-03-04T11:00:00-07:00"))
    later = first.replace(
        "</FormData>",
        '<ItemGroupData ItemGroupOID="G1" TransactionType="Update">'
        + audit.format("2026-03-05T11:00:00-07:00")
        + '<ItemData ItemOID="DBP" Value="90"/></ItemGroupData></FormData>',
    )
    person = consented(study)
    taken = entries_of(study, first.encode(), person)
    person.entries += taken
    [fix] = [one for one in entries_of(study, later.encode(), person) if one.kind == "vital_signs"]
    assert (fix.data, fix.occurred_at) == ({"diastolic": "90 mm[Hg]"}, "2026-03-05T11:00:00-07:00")
    reading = next(one for one in taken if one.kind == "vital_signs")
    person.write("vital_signs", {"diastolic": "85 mm[Hg]"}, day=40, replaces=reading.id, reason="misread")
    assert entries_of(study, later.encode(), person) == []


BOMB = '<!DOCTYPE ODM [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("?>\n", "?>\n" + BOMB, 1), "declares a document type"),
        (lambda text: text[:-80], "nothing was read"),
        (lambda text: text.replace("80.5", "80.5\x01"), "line 11"),
        (
            lambda text: text.replace(
                "<ItemData ItemOID", '<ItemData ItemOID="DBP" Value="7"/><ItemData ItemOID', 1
            ),
            "line 11: vitals.diastolic stands on line 10 too",
        ),
        (
            lambda text: text.replace('ItemOID="OTHER"', 'ItemOID="SPB"'),
            "line 13: 'SPB' goes nowhere; did you mean 'SBP'?",
        ),
        (lambda text: text.replace("EV1", "EV2"), "no visit is known for the event 'EV2'"),
        (lambda text: text.replace(' SubjectKey="S-1"', ""), "this SubjectData has no SubjectKey"),
        (
            lambda text: text.replace('MeasurementUnitOID="MU.1"', 'MeasurementUnitOID="MU.2"'),
            "there is no unit 'MU.2'",
        ),
        (
            lambda text: text.replace('OID="G1"', 'OID="G1" TransactionType="Delete"'),
            "there is no transaction 'Delete'",
        ),
        (lambda text: text.replace("odm/v1.3", "odm/v3.0"), "is no ODM of version 1.3 or 2.0"),
        (
            lambda text: text.replace("<ClinicalData", "<!--").replace("</ClinicalData>", "-->"),
            "there is no ClinicalData",
        ),
        (
            lambda text: text.replace("SubjectData", "Nobody"),
            "line 9: this answer lies in ItemGroupData in FormData in StudyEventData in Nobody",
        ),
        (
            lambda text: text.replace('<FormData FormOID="F1">', "").replace("</FormData>", ""),
            "line 9: this answer lies in ItemGroupData in StudyEventData in SubjectData, and is not read",
        ),
    ],
)
def test_a_malformed_file_is_refused_whole_with_its_line(
    study: Study, change: Callable[[str], str], said: str
) -> None:
    with pytest.raises(RecordsError) as caught:
        read_clinical(change(SNAPSHOT).encode(), mapped(study), study.newest)
    assert said in "\n".join(caught.value.problems)


def test_another_encoding_than_the_file_says_is_refused(study: Study) -> None:
    with pytest.raises(RecordsError, match="nothing was read"):
        read_clinical(SNAPSHOT.replace("mmHg", "µ").encode("latin-1"), mapped(study), study.newest)
