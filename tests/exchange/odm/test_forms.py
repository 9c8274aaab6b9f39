"""Forms from ODM: every item, or why it is none; what is malformed is named with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from entact.exchange.odm import OdmError, OdmRecord, read_odm
from entact.exchange.redcap import yaml_of
from entact.protocol.load import load_study
from entact.protocol.source import read_source

STUDIES = Path(__file__).parents[2] / "studies"
FILE = """<?xml version="1.0"?>
<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Snapshot" FileOID="x" ODMVersion="1.3.2">
 <Study OID="S">
  <BasicDefinitions>
   <MeasurementUnit OID="MU.BPM" Name="beats">
    <Symbol><TranslatedText>bpm</TranslatedText></Symbol>
   </MeasurementUnit>
   <MeasurementUnit OID="MU.X" Name="smoots"/>
  </BasicDefinitions>
  <MetaDataVersion OID="V" Name="V">
   <StudyEventDef OID="SE" Name="Visit" Repeating="No" Type="Scheduled"/>
   <FormDef OID="FORM_7" Name="Vital signs &amp; pulse" Repeating="No">
    <ItemGroupRef ItemGroupOID="IG1" Mandatory="Yes"/><ItemGroupRef ItemGroupOID="IG2" Mandatory="No"/>
    <ItemGroupRef ItemGroupOID="IG3" Mandatory="No"/>
   </FormDef>
   <ItemGroupDef OID="IG1" Name="At rest" Repeating="No">
    <ItemRef ItemOID="I1" Mandatory="Yes"/><ItemRef ItemOID="I2" Mandatory="No"/>
    <ItemRef ItemOID="I5" Mandatory="No" MethodOID="M"/>
   </ItemGroupDef>
   <ItemGroupDef OID="IG2" Name="Feeling" Repeating="No">
    <ItemRef ItemOID="I3" Mandatory="Yes" CollectionExceptionConditionOID="C"/>
   </ItemGroupDef>
   <ItemGroupDef OID="IG3" Name="Medicines" Repeating="Yes">
    <ItemRef ItemOID="I4" Mandatory="Yes"/>
   </ItemGroupDef>
   <ItemDef OID="I1" Name="PULSE" DataType="integer">
    <Question>
     <TranslatedText xml:lang="de">Puls</TranslatedText><TranslatedText xml:lang="en">Pulse</TranslatedText>
    </Question>
    <MeasurementUnitRef MeasurementUnitOID="MU.BPM"/>
    <RangeCheck Comparator="GE" SoftHard="Hard"><CheckValue>20</CheckValue></RangeCheck>
    <RangeCheck Comparator="LE" SoftHard="Hard"><CheckValue>250</CheckValue></RangeCheck>
    <RangeCheck Comparator="LT" SoftHard="Soft"><CheckValue>110</CheckValue></RangeCheck>
   </ItemDef>
   <ItemDef OID="I2" Name="LENGTH" DataType="float"><MeasurementUnitRef MeasurementUnitOID="MU.X"/></ItemDef>
   <ItemDef OID="I3" Name="MOOD" DataType="text"><CodeListRef CodeListOID="CL"/></ItemDef>
   <ItemDef OID="I4" Name="NAME" DataType="text"/>
   <ItemDef OID="I5" Name="BMI" DataType="float"/>
   <CodeList OID="CL" Name="Mood" DataType="text">
    <CodeListItem CodedValue="1"><Decode><TranslatedText>good</TranslatedText></Decode></CodeListItem>
    <CodeListItem CodedValue="2"><Decode><TranslatedText>bad</TranslatedText></Decode></CodeListItem>
   </CodeList>
  </MetaDataVersion>
 </Study>
</ODM>
"""


def test_groups_are_sections_repeating_ones_rows_and_codes_choices() -> None:
    found = read_odm(FILE.encode())
    (form,) = found.forms.values()
    assert list(found.forms) == ["vital_signs_pulse"]
    assert form["items"]["pulse"] == {
        "type": "integer",
        "title": "Pulse",
        "unit": "/min",
        "range": "20 .. 250",
        "section": "at_rest",
    }
    assert form["items"]["mood"]["labels"] == {"1": "good", "2": "bad"}
    assert form["items"]["medicines"]["items"] == {"name": {"type": "text"}}
    assert form["items"]["length"] == {
        "type": "decimal",
        "title": "LENGTH (in smoots)",
        "required": False,
        "section": "at_rest",
    }
    assert found.items["I1"] == "vital_signs_pulse.pulse"
    assert read_source(f"forms:\n{yaml_of(found.forms)}".encode(), "x.yaml").data == {"forms": found.forms}


def test_what_is_otherwise_than_there_is_said_with_its_line() -> None:
    notes = "\n".join(read_odm(FILE.encode()).notes)
    for said in (
        "line 18: vital_signs_pulse.BMI: it is calculated by a method in words, left out",
        "line 21: vital_signs_pulse.MOOD: its condition is in words",
        "'bpm' is taken to be '/min'",
        "'smoots' is no unit of UCUM, and stands in the question",
        "a check with LT is no range, left out",
        "1 events left out",
    ):
        assert said in notes, notes


def test_whatever_no_form_says_is_told_with_how_often_it_is_there() -> None:
    """Languages, aliases, what a vendor adds, forms that repeat, conditions of groups, what nobody asks."""
    text = FILE.replace('Name="Vital signs &amp; pulse" Repeating="No"', 'Name="V" Repeating="Yes"')
    text = text.replace(
        'OID="IG2" Mandatory="No"', 'OID="IG2" Mandatory="No" CollectionExceptionConditionOID="C"'
    )
    text = text.replace(
        '<ItemDef OID="I4" Name="NAME" DataType="text"/>',
        '<ItemDef OID="I4" Name="NAME" DataType="text" xmlns:oc="urn:oc" oc:Shown="No" SDSVarName="CMTRT">'
        '<Alias Context="SDTM" Name="CMTRT"/><oc:MultiSelectListRef ID="L"/></ItemDef>'
        '<ItemDef OID="I9" Name="LOST" DataType="text"/>',
    )
    text = text.replace(
        "<CheckValue>110</CheckValue></RangeCheck>",
        "<CheckValue>110</CheckValue></RangeCheck>"
        '<RangeCheck SoftHard="Soft"><FormalExpression Context="x">y</FormalExpression></RangeCheck>',
    )
    notes = "\n".join(read_odm(text.encode()).notes)
    for said in (
        "line 12: may be filled in again at a visit, which no form says: V",
        "v: the condition of 'Feeling' is in words, so it is asked of everybody",
        "1 items are asked nowhere, left out: the first is 'I9'",
        "texts are in several languages, of which one is read: none said (2), de (1), en (1)",
        "no form says, and so it is left out: Alias (1), FormalExpression (1), ItemDef/@SDSVarName (1), "
        "ItemDef/@oc:Shown (1), oc:MultiSelectListRef (1)",
        "a check with LT, words is no range, left out",
    ):
        assert said in notes, notes


def test_an_item_that_several_ask_is_told_with_its_form_and_group() -> None:
    text = FILE.replace(
        '<ItemRef ItemOID="I4"', '<ItemRef ItemOID="I1" Mandatory="No"/><ItemRef ItemOID="I4"'
    )
    assert read_odm(text.encode()).items == {
        "FORM_7/IG1/I1": "vital_signs_pulse.pulse",
        "I2": "vital_signs_pulse.length",
        "I3": "vital_signs_pulse.mood",
        "FORM_7/IG3/I1": "vital_signs_pulse.medicines.pulse_2",
        "I4": "vital_signs_pulse.medicines.name",
    }


def test_items_stand_in_the_order_that_the_file_says() -> None:
    text = FILE.replace('<ItemRef ItemOID="I1"', '<ItemRef OrderNumber="3" ItemOID="I1"')
    text = text.replace('<ItemRef ItemOID="I2"', '<ItemRef OrderNumber="2" ItemOID="I2"')
    text = text.replace('<ItemRef ItemOID="I5"', '<ItemRef OrderNumber="10" ItemOID="I5"')
    (form,) = read_odm(text.encode()).forms.values()
    assert list(form["items"])[:2] == ["length", "pulse"]


@pytest.mark.parametrize("study", ["mapp1", "mapp3"])
def test_what_entact_writes_it_reads_again(study: str) -> None:
    release = load_study(study)
    raw = OdmRecord(release).finish(version="1", at="2026-03-02T10:00:00+00:00", simulated=True)
    found = read_odm(raw)
    for name, form in release.newest.forms.items():
        for item, said in form.items.items():
            if said.type in ("rows", "file", "choices"):
                continue
            again = found.forms[name]["items"][item]
            assert (again["type"], again.get("unit", "")) == (said.type, said.unit), (name, item)
            assert again.get("of") == said.of


BOMB = """<?xml version="1.0"?>
<!DOCTYPE ODM [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3">
 <Study OID="S"><MetaDataVersion OID="V" Name="&b;"/></Study>
</ODM>"""


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        (b"", "nothing was read"),
        (FILE.encode()[:900], "line 18: "),
        (FILE.encode().replace(b"UTF", b"x") + b"<more/>", "Extra content"),
        (BOMB.encode(), "declares a document type"),
        (b"<html/>", "line 1: it begins with <html> of no namespace, which is no ODM of version 1.3"),
        (b'<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"/>', "it has no MetaDataVersion"),
        (FILE.replace('ItemOID="I4"', 'ItemOID="I9"').encode(), "line 24: there is no item 'I9'"),
        (FILE.replace('OID="I5" Name', 'OID="I4" Name').encode(), "the ItemDef 'I4' stands on line"),
        (FILE.replace('CodedValue="2"', 'CodedValue="1"').encode(), "the code '1' stands twice"),
        (FILE.replace(">250<", ">2<").encode(), "the range '20 .. 2' ends before it begins"),
        (FILE.replace("Pulse", "P\xfcls").encode("latin-1"), "line 28"),
    ],
)
def test_what_is_malformed_is_named_and_nothing_is_read(raw: bytes, wrong: str) -> None:
    with pytest.raises(OdmError) as error:
        read_odm(raw)
    assert wrong in str(error.value)


def test_a_library_of_groups_has_each_as_a_form_and_a_define_has_none() -> None:
    library = re.sub(r"<FormDef.*?</FormDef>", "", FILE, flags=re.DOTALL)
    found = read_odm(library.encode())
    assert [*found.forms] == ["at_rest", "feeling", "medicines"]
    assert any("each group of items is read as one" in note for note in found.notes)
    define = library.replace(
        'FileType="Snapshot"', 'FileType="Snapshot" xmlns:def="http://www.cdisc.org/ns/def/v2.1"'
    )
    define = define.replace('OID="IG1"', 'OID="IG1" def:Structure="One row each"')
    with pytest.raises(OdmError, match="it is a Define-XML: its groups are datasets, and no forms"):
        read_odm(define.encode())
