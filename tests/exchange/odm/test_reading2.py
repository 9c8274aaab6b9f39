"""ODM 2.0 in: what entact writes in both versions is read alike; others' files whole, or with their line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.participants import Participant
from tests.exchange.odm.test_record import AT, kept

from entact.exchange.odm import OdmError, OdmRecord, as_version_2, own_visits, read_clinical, read_odm
from entact.exchange.records import RecordMapping, Row
from entact.protocol.load import load_study, shipped_studies
from entact.protocol.release import Release

OTHERS = """<?xml version="1.0" encoding="UTF-8"?>
<ODM xmlns="http://www.cdisc.org/ns/odm/v2.0" ODMVersion="2.0" FileType="Snapshot" FileOID="x">
<Study OID="S.1" StudyName="κλινική" ProtocolName="p"><MetaDataVersion OID="M.1" Name="m">
<StudyEventDef OID="SE.1" Name="Visit" Repeating="No" Type="Scheduled">
<ItemGroupRef ItemGroupOID="F.1"/></StudyEventDef>
<ItemGroupDef OID="F.1" Name="History" Repeating="No" Type="Form">
<ItemGroupRef ItemGroupOID="IG.PAGE" Mandatory="Yes"/></ItemGroupDef>
<ItemGroupDef OID="IG.PAGE" Name="Page" Repeating="No" Type="Section">
<ItemRef ItemOID="I.DONE" Mandatory="Yes"/><ItemRef ItemOID="I.KG" Mandatory="No" UnitsItemOID="I.KGU"/>
<ItemRef ItemOID="I.KGU" Mandatory="No"/><ItemGroupRef ItemGroupOID="IG.ROW" Mandatory="No"/></ItemGroupDef>
<ItemGroupDef OID="IG.ROW" Name="Conditions" Repeating="Dynamic" Type="Section">
<ItemRef ItemOID="I.TERM" Mandatory="Yes"/></ItemGroupDef>
<ItemDef OID="I.DONE" Name="Asked" DataType="boolean"/>
<ItemDef OID="I.KG" Name="Weight" DataType="decimal"/>
<ItemDef OID="I.KGU" Name="Unit" DataType="text"><CodeListRef CodeListOID="CL.U"/></ItemDef>
<ItemDef OID="I.TERM" Name="Condition" DataType="text"><Question>
<TranslatedText xml:lang="ja" Type="text/plain">病名</TranslatedText></Question></ItemDef>
<CodeList OID="CL.U" Name="u" DataType="text"><CodeListItem CodedValue="kg"/></CodeList>
</MetaDataVersion></Study></ODM>"""


def rows(raw: bytes, release: Release, **said: Any) -> list[Row]:
    """The rows without their places, which are those of one file."""
    mapping = RecordMapping.model_validate({"source": "odm", "visits": own_visits(release), **said})
    found, _ = read_clinical(raw, mapping, release)

    def bare(row: Row) -> Row:
        versions = tuple(
            replace(one, place="", cells={name: replace(cell, place="") for name, cell in one.cells.items()})
            for one in row.versions
        )
        return replace(row, place="", versions=versions)

    return [bare(one) for one in found]


def test_what_was_entered_is_the_same_in_both_versions() -> None:
    study = load_study(str(Path(__file__).parents[2] / "studies" / "mini"))
    one = Participant(study, 2).randomised(41).dosed(150)
    rated = one.rate(20, None, day=40, visit="outcome")
    change: dict[str, Any] = {"replaces": rated.id, "reason": "misread", "role": "rater", "by": "rater-1"}
    one.write("form", {"items": {"total": 22}}, day=41, **change)
    wrong = one.form("suicidality", {"ideation": 0, "behaviour": False}, day=42, encounter="closing#1")
    one.write("void", {}, day=43, replaces=wrong.id, reason="wrong_participant")
    record = OdmRecord(study)
    record.add(kept(one))
    raw = record.finish(version="0.1.0", at=AT, simulated=True)
    old, new = rows(raw, study.newest), rows(as_version_2(raw), study.newest)
    assert old == new
    assert sum(len(row.versions) for row in old) > len(old) > 5  # a correction and a removal are among them
    assert any(cell.unit for row in new for version in row.versions for cell in version.cells.values())
    assert any(version.removed for row in new for version in row.versions)


def test_two_answers_may_share_the_item_of_their_unit() -> None:
    release = load_study(str(Path(__file__).parents[2] / "studies" / "mini")).newest
    data = OTHERS.replace(
        "</ODM>",
        "<ClinicalData StudyOID='S.1' MetaDataVersionOID='M.1'><SubjectData SubjectKey='S-1'>"
        "<StudyEventData StudyEventOID='E'><ItemGroupData ItemGroupOID='F'>"
        "<ItemData ItemOID='I.KG'><Value>120</Value></ItemData>"
        "<ItemData ItemOID='I.DIA'><Value>80</Value></ItemData>"
        "<ItemData ItemOID='I.KGU'><Value>mm[Hg]</Value></ItemData>"
        "</ItemGroupData></StudyEventData></SubjectData></ClinicalData></ODM>",
    ).replace(
        '<ItemRef ItemOID="I.KGU"', '<ItemRef ItemOID="I.DIA" UnitsItemOID="I.KGU"/><ItemRef ItemOID="I.KGU"'
    )
    items = {"I.KG": "vitals.systolic", "I.DIA": "vitals.diastolic"}
    (row,) = rows(data.encode(), release, visits={"E": "preparation_1"}, items=items)
    assert {name: cell.unit for name, cell in row.versions[0].cells.items()} == {
        "systolic": "mm[Hg]",
        "diastolic": "mm[Hg]",
    }


@pytest.mark.parametrize("name", shipped_studies())
def test_the_forms_of_every_shipped_study_are_the_same_in_both_versions(name: str) -> None:
    raw = OdmRecord(load_study(name)).finish(version="0.1.0", at=AT, simulated=False)
    old, new = read_odm(raw), read_odm(as_version_2(raw))
    assert {form: {**body, "items": body["items"]} for form, body in new.forms.items()} == {
        form: {key: said for key, said in body.items() if key != "sections"} | {"items": _flat(body["items"])}
        for form, body in old.forms.items()
    }
    assert new.items == old.items


def _flat(items: dict[str, Any]) -> dict[str, Any]:
    """Items without their sections: forms that entact writes in 2.0 have none."""
    return {
        item: {key: value for key, value in said.items() if key != "section"} for item, said in items.items()
    }


def test_a_form_of_others_has_groups_in_groups_rows_and_units() -> None:
    found = read_odm(OTHERS.encode())
    [(name, body)] = found.forms.items()
    assert name == "history"
    assert body["items"]["weight"] == {
        "type": "decimal", "unit": "kg", "required": False, "section": "page",
    }  # fmt: skip
    assert body["items"]["conditions"]["type"] == "rows"
    assert body["items"]["conditions"]["items"]["condition"]["title"] == "病名"
    assert "unit" not in body["items"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'ItemGroupOID="IG.PAGE" M',
            'ItemGroupOID="IG.PAEG" M',
            "line 7: there is no group of items 'IG.PAEG'",
        ),
        ('ItemOID="I.TERM" M', 'ItemOID="I.TREM" M', "line 12: there is no item 'I.TREM'"),
        ('OID="I.KG" Name', 'OID="I.DONE" Name', "stands on line 13 too"),
        (
            '"F.1"/></StudyEventDef>\n<ItemGroupDef OID="F.1" Name="History" Repeating="No" Type="Form">',
            '"F.2"/></StudyEventDef>\n<ItemGroupDef OID="F.1" Name="History" Repeating="No">',
            "line 5: there is no group of items 'F.2'",
        ),
        ("odm/v2.0", "odm/v3.0", "no ODM of version 1.3 or 2.0"),
        ('ItemGroupOID="IG.ROW" M', 'ItemGroupOID="IG.PAGE" M', ""),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_a_circle_ends(old: str, new: str, said: str) -> None:
    raw = OTHERS.replace(old, new, 1).encode()
    if not said:
        assert [*read_odm(raw).forms] == ["history"]
        return
    with pytest.raises(OdmError) as refused:
        read_odm(raw)
    assert any(said in one for one in refused.value.problems), refused.value.problems
