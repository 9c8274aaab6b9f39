"""ODM 1.3.2: held to its schema; it says what the ledger has, corrections and withdrawals with it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import odmlib
import pytest
from lxml import etree
from tests.datasets.participants import Participant

from entact.course.course import Course
from entact.course.entry import Kept
from entact.course.fold import fold
from entact.exchange.odm import OdmRecord
from entact.protocol.load import load_study
from entact.protocol.release import Study

NAMES = {"o": "http://www.cdisc.org/ns/odm/v1.3"}
AT = "2026-05-04T12:30:00+00:00"
SCHEMA = Path(odmlib.__file__).parent / "schemas" / "odm" / "1.3.2" / "ODM1-3-2.xsd"


def kept(person: Participant) -> Course:
    """The course of what arrived, in the order of writing."""
    entries = [
        Kept(
            **msgspec.structs.asdict(entry),
            received_at=entry.recorded_at,
            seq=place,
            previous=hashlib.sha256(str(place).encode()).hexdigest(),
        )
        for place, entry in enumerate(person.entries, start=1)
    ]
    return fold(person.study, entries)


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(str(Path(__file__).parents[2] / "studies" / "mini"))


@pytest.fixture(scope="module")
def person(study: Study) -> Participant:
    """Somebody with a correction, a withdrawal, a missing answer and a text that is personal."""
    one = Participant(study, 2).randomised(41).dosed(150)
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
    one.write("void", {}, day=43, replaces=wrong.id, reason="wrong participant")
    one.form(
        "symptoms", {"total": 9, "remarks": "slept badly"}, day=44, encounter="unscheduled#1", role="rater"
    )
    return one


@pytest.fixture(scope="module")
def root(study: Study, person: Participant) -> etree._Element:
    record = OdmRecord(study)
    record.add(kept(person))
    return etree.fromstring(record.finish(version="0.1.0", at=AT, simulated=True))


def groups(root: etree._Element, form: str) -> list[etree._Element]:
    return list(root.iterfind(f".//o:ItemGroupData[@ItemGroupOID='IG.{form}']", NAMES))


def values(group: etree._Element) -> dict[str, Any]:
    return {
        str(one.get("ItemOID")).rpartition(".")[2]: one.get("Value")
        for one in group.iterfind("o:ItemData", NAMES)
    }


def audit(group: etree._Element) -> dict[str, str | None]:
    record = group.find("o:AuditRecord", NAMES)
    assert record is not None
    return {
        etree.QName(one).localname: one.text or one.get("UserOID") or one.get("LocationOID") for one in record
    }


def test_it_keeps_to_the_schema(root: etree._Element) -> None:
    etree.XMLSchema(etree.parse(str(SCHEMA))).assertValid(root)
    assert str(root.get("Description")).startswith("SIMULATED DATA")


def test_every_reference_leads_somewhere(root: etree._Element) -> None:
    defined = {one.get("OID") for one in root.iter() if isinstance(one.tag, str) and one.get("OID")}
    for one in root.iter():
        for name, value in one.attrib.items():
            if str(name).endswith("OID") and name not in ("OID", "FileOID"):
                assert value in defined, (one.tag, name, value)


def test_what_was_entered_stands_there_with_who_and_when(root: etree._Element, person: Participant) -> None:
    first = groups(root, "symptoms")[0]
    entry = next(one for one in person.entries if one.data.get("form") == "symptoms")
    assert values(first) == {"total": "41", "diagnosis": "true"}
    assert audit(first) == {
        "UserRef": "USR.rater-1",
        "LocationRef": "LOC.denver",
        "DateTimeStamp": entry.recorded_at,
        "SourceID": entry.id,
    }
    reading = groups(root, "vitals")[0]
    assert values(reading)["systolic"] == "118"
    unit = reading.find("o:ItemData/o:MeasurementUnitRef", NAMES)
    assert unit is not None
    assert unit.get("MeasurementUnitOID") == "MU.mm[Hg]"


def test_a_correction_is_an_update_after_its_insert_with_its_reason(root: etree._Element) -> None:
    inserted, updated = groups(root, "symptoms")[1:3]
    assert (inserted.get("TransactionType"), values(inserted)) == (
        "Insert",
        {"total": "20", "diagnosis": None},
    )
    assert (updated.get("TransactionType"), values(updated)) == ("Update", {"total": "22"})
    assert audit(updated)["ReasonForChange"] == "misread"
    places = [one.getparent().attrib for one in (inserted, updated)]  # type: ignore[union-attr]
    assert dict(places[0]) == dict(places[1])


def test_what_is_missing_says_why_and_what_is_personal_stays(root: etree._Element) -> None:
    missing = groups(root, "symptoms")[1].find("o:ItemData[@IsNull='Yes']/o:Annotation/o:Comment", NAMES)
    assert missing is not None
    assert missing.text == "missing: refused"
    assert b"slept badly" not in etree.tostring(root)
    event = root.find(".//o:StudyEventData[@StudyEventOID='SE.UNSCHEDULED']", NAMES)
    assert event is not None
    assert values(event[0][0]) == {"total": "9", "remarks": None}


def test_what_was_withdrawn_is_a_removal(root: etree._Element) -> None:
    inserted, removed = groups(root, "suicidality")
    assert (inserted.get("TransactionType"), removed.get("TransactionType")) == ("Insert", "Remove")
    assert values(removed) == {}
    assert audit(removed)["ReasonForChange"] == "wrong participant"


def test_who_withdrew_the_use_of_their_data_is_not_in_it_afterwards(study: Study) -> None:
    one = Participant(study, 3).randomised()
    one.stop("data_use", day=20)
    one.rate(20, True, day=40, visit="outcome")
    record = OdmRecord(study)
    record.add(kept(one))
    root = etree.fromstring(record.finish(version="0.1.0", at=AT, simulated=True))
    assert [values(group)["total"] for group in groups(root, "symptoms")] == ["44"]


def test_the_last_transaction_of_an_item_is_its_value_in_the_ledger(
    root: etree._Element, person: Participant
) -> None:
    last: dict[tuple[str, ...], str | None] = {}
    for group in root.iterfind(".//o:ItemGroupData", NAMES):
        form, event = group.getparent(), group.getparent().getparent()  # type: ignore[union-attr]
        assert form is not None
        assert event is not None
        key = (str(form.get("FormOID")), str(event.get("StudyEventOID")), str(form.get("FormRepeatKey")))
        if group.get("TransactionType") == "Remove":
            last = {one: value for one, value in last.items() if one[:3] != key}
        for name, value in values(group).items():
            last[*key, name] = value
    course = kept(person)
    counted = 0
    for name, filled in course.answers.items():
        for one in filled:
            for item, value in one.items.items():
                if isinstance(value, bool | int):
                    found = [
                        said
                        for (form, event, _, key), said in last.items()
                        if (form, key) == (f"F.{name}", item)
                        and event
                        == f"SE.{(one.encounter or '').partition('#')[0]}".replace(
                            "unscheduled", "UNSCHEDULED"
                        )
                    ]
                    assert (str(value).lower() if isinstance(value, bool) else str(value)) in found
                    counted += 1
    assert counted > 5


def test_lists_of_rows_are_named_as_left_out() -> None:
    record = OdmRecord(load_study(str(Path(__file__).parents[2] / "studies" / "forms")))
    assert record.left_out == {"history.treatments": "a list of rows has no place in ODM 1.3.2"}
    root = etree.fromstring(record.finish(version="0.1.0", at=AT, simulated=False))
    etree.XMLSchema(etree.parse(str(SCHEMA))).assertValid(root)
