"""Lists of rows within a form come in from what repeats in another system, whole, in order and once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.datasets.participants import Participant

from entact.course import Entry
from entact.course.fold import fold
from entact.exchange.odm import read_clinical
from entact.exchange.records import Planned, RecordMapping, RecordsError, Row, Taking, plan, read_mapping
from entact.exchange.redcap import read_records
from entact.protocol.load import load_study
from entact.protocol.release import Study

ZONE = ZoneInfo("Europe/Zurich")
MAP = """source: old
visits: {"": screening, EV1: screening}
forms: {history: {at: seen}}
items:
  what: {to: history.treatments.kind, values: {"1": psychotherapy, "2": medicine}}
  named: history.treatments.name
  from: history.treatments.begun
  lasted: history.treatments.weeks
"""
REPEATED = (
    "record_id,redcap_repeat_instrument,redcap_repeat_instance,seen,what,named,from,lasted\n"
    "S-1,,,2026-03-03 09:00,,,,\n"
    "S-1,treatments,2,,2,Sertraline,2019-04,12\n"
    "S-1,treatments,1,2026-03-03 09:00,1,,2015,40\n"
)
ROWS = [
    {"kind": "psychotherapy", "begun": "2015", "weeks": 40},
    {"kind": "medicine", "name": "Sertraline", "begun": "2019-04", "weeks": 12},
]
ODM = """<?xml version="1.0" encoding="UTF-8"?>
<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Transactional" FileOID="x" ODMVersion="1.3.2">
 <ClinicalData StudyOID="S" MetaDataVersionOID="V"><SubjectData SubjectKey="S-1">
  <StudyEventData StudyEventOID="EV1"><FormData FormOID="F">
   <ItemGroupData ItemGroupOID="G" ItemGroupRepeatKey="1" TransactionType="Insert">
    <AuditRecord><UserRef UserOID="u"/><DateTimeStamp>2026-03-03T09:05:00+01:00</DateTimeStamp></AuditRecord>
    <ItemData ItemOID="seen" Value="2026-03-03T09:00"/>
    <ItemData ItemOID="what" Value="1"/><ItemData ItemOID="from" Value="2015"/>
    <ItemData ItemOID="lasted" Value="40"/>
   </ItemGroupData>
   <ItemGroupData ItemGroupOID="G" ItemGroupRepeatKey="2" TransactionType="Insert">
    <AuditRecord><UserRef UserOID="u"/><DateTimeStamp>2026-03-03T09:05:00+01:00</DateTimeStamp></AuditRecord>
    <ItemData ItemOID="what" Value="2"/><ItemData ItemOID="named" Value="Sertraline"/>
    <ItemData ItemOID="from" Value="2019-04"/><ItemData ItemOID="lasted" Value="12"/>
   </ItemGroupData>
   <!-- later -->
  </FormData></StudyEventData></SubjectData></ClinicalData>
</ODM>
"""
FIX = """<ItemGroupData ItemGroupOID="G" ItemGroupRepeatKey="2" TransactionType="Update">
    <AuditRecord><UserRef UserOID="u"/><DateTimeStamp>2026-03-04T09:00:00+01:00</DateTimeStamp>
    <ReasonForChange>misheard</ReasonForChange></AuditRecord>
    <ItemData ItemOID="lasted" Value="20"/></ItemGroupData>"""


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(str(Path(__file__).parents[1] / "studies" / "forms"))


def mapped(study: Study, text: str = MAP) -> RecordMapping:
    return read_mapping(text.encode(), "map.yaml", study.newest)


def person(study: Study) -> Participant:
    one = Participant(study, 3)
    one.write("consent", {"version": "1", "scopes": {"participation": True}}, day=0)
    one.write("screening", {"attempt": 1, "number": "S-1", "site": "zurich"}, day=0, minute=1)
    return one


def planned(study: Study, rows: list[Row], mapping: RecordMapping, *before: Entry) -> Planned:
    now = datetime(2026, 4, 1, tzinfo=ZONE)
    taking = Taking(mapping, "ab" * 32, b"k" * 32, ZONE, "ada", "data_manager", now, "rehearsal")
    return plan(rows, fold(study, [*person(study).entries, *before]), taking)


def form_of(done: Planned) -> Entry:
    assert done.problems == []
    (entry,) = [one for one in done.entries if one.kind == "form" and one.replaces is None]
    return entry


def test_each_repetition_of_an_instrument_is_a_row_in_order(study: Study) -> None:
    mapping = mapped(study)
    rows, _ = read_records(REPEATED.encode(), mapping, study.newest)
    done = planned(study, rows, mapping)
    entry = form_of(done)
    assert entry.data == {"form": "history", "items": {"treatments": ROWS}}
    assert entry.occurred_at == "2026-03-03T09:00:00+01:00"
    again = planned(study, rows, mapping, *done.entries)
    assert (again.entries, [one.outcome for one in again.told]) == ([], ["there"])
    assert again.rows == done.rows
    course = fold(study, [*person(study).entries, *done.entries])
    assert course.forms["history", "screening#1"].values["many"] is False


def test_columns_beside_each_other_are_rows_too(study: Study) -> None:
    text = MAP[: MAP.index("items:")] + (
        "items: {a1: 'history.treatments[1].weeks', a2: 'history.treatments[2].weeks', "
        "n2: 'history.treatments[2].name'}\n"
    )
    mapping = mapped(study, text)
    file = "record_id,seen,a1,a2,n2\nS-1,2026-03-03 09:00,40,12,Sertraline\n"
    rows, _ = read_records(file.encode(), mapping, study.newest)
    entry = form_of(planned(study, rows, mapping))
    assert entry.data["items"] == {"treatments": [{"weeks": 40}, {"weeks": 12, "name": "Sertraline"}]}


def test_a_group_that_repeats_is_a_list_and_a_changed_cell_corrects_the_whole(study: Study) -> None:
    mapping = mapped(study)
    rows, _ = read_clinical(ODM.encode(), mapping, study.newest)
    done = planned(study, rows, mapping)
    assert form_of(done).data["items"] == {"treatments": ROWS}
    later = ODM.replace("<!-- later -->", FIX)
    rows, _ = read_clinical(later.encode(), mapping, study.newest)
    after = planned(study, rows, mapping, *done.entries)
    (fix,) = [one for one in after.entries if one.replaces is not None]
    assert fix.data["items"] == {"treatments": [ROWS[0], {**ROWS[1], "weeks": 20}]}
    assert fix.reason == "misheard"


def test_a_row_twice_or_removed_as_a_group_is_named_with_its_line(study: Study) -> None:
    mapping = mapped(study)
    twice = REPEATED + "S-1,treatments,2,,1,,2020,3\n"
    with pytest.raises(RecordsError, match="line 5: the same record, event and repetition as on line 3"):
        read_records(twice.encode(), mapping, study.newest)
    removed = ODM.replace(
        "<!-- later -->", '<ItemGroupData ItemGroupOID="G" ItemGroupRepeatKey="2" TransactionType="Remove"/>'
    )
    with pytest.raises(
        RecordsError, match=r"line 16: history has a list of rows, so it is not known whether"
    ):
        read_clinical(removed.encode(), mapping, study.newest)


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("history.treatments", "write `history.treatments.kind`, or `history.treatments[2].kind`"),
        ("history.treatments.dose", "item in the rows of history.treatments"),
        ("history.letter", "history.letter is a file, whose bytes are in no record"),
        ("body.weight.unit", "item of body"),
    ],
)
def test_where_a_list_or_a_file_is_meant_the_mapping_says_what_would_be_right(
    study: Study, to: str, words: str
) -> None:
    with pytest.raises(RecordsError) as refused:
        mapped(study, MAP + f"  x: {to}\n")
    assert "map.yaml" in str(refused.value)
    assert words in str(refused.value)
