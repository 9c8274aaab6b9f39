# ruff: noqa: E501 - lines as REDCap writes them
"""A project's XML has the fields of its data dictionary; what else it has is named and stays behind."""

from __future__ import annotations

import pytest
from tests.exchange.redcap.test_dictionary import file, row

from entact.exchange.redcap import RedcapError, forms_of, is_project, read_dictionary, read_project

PROJECT = """<?xml version="1.0" encoding="UTF-8" ?>
<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:redcap="https://projectredcap.org" ODMVersion="1.3.1"
 FileOID="0" FileType="Snapshot" CreationDateTime="2026-01-01T00:00:00">
<Study OID="Project.X"><GlobalVariables><StudyName>X</StudyName></GlobalVariables>
<MetaDataVersion OID="M" Name="X" redcap:RecordIdField="record_id">
<StudyEventDef OID="E1" Name="Week 1 after the dose" Type="Common" Repeating="No" redcap:UniqueEventName="week_1_after_the_do_arm_1"/>
<StudyEventDef OID="E2" Name="Week 1 after the dossier" Type="Common" Repeating="No" redcap:UniqueEventName="week_1_after_the_do_arm_1b"/>
<FormDef OID="Form.one" Name="One" Repeating="No" redcap:FormName="one">
<ItemGroupRef ItemGroupOID="g1" Mandatory="No"/><ItemGroupRef ItemGroupOID="g2" Mandatory="No"/></FormDef>
<ItemGroupDef OID="g1" Name="One" Repeating="No"><ItemRef ItemOID="record_id" Mandatory="No"/>
<ItemRef ItemOID="one_timestamp" Mandatory="No"/><ItemRef ItemOID="sex" Mandatory="Yes"/></ItemGroupDef>
<ItemGroupDef OID="g2" Name="Body" Repeating="No"><ItemRef ItemOID="w" Mandatory="No"/>
<ItemRef ItemOID="where___1" Mandatory="No"/><ItemRef ItemOID="where___2" Mandatory="No"/><ItemRef ItemOID="one_complete" Mandatory="No"/></ItemGroupDef>
<ItemDef OID="record_id" Name="record_id" DataType="text" redcap:Variable="record_id" redcap:FieldType="text"><Question><TranslatedText>ID</TranslatedText></Question></ItemDef>
<ItemDef OID="one_timestamp" Name="one_timestamp" DataType="text" redcap:Variable="one_timestamp"><Question><TranslatedText>Survey</TranslatedText></Question></ItemDef>
<ItemDef OID="sex" Name="sex" DataType="text" redcap:Variable="sex" redcap:FieldType="select"><Question><TranslatedText>Пол</TranslatedText></Question><CodeListRef CodeListOID="sex.choices"/></ItemDef>
<ItemDef OID="w" Name="w" DataType="float" redcap:Variable="w" redcap:FieldType="text" redcap:TextValidationType="float" redcap:SectionHeader="Body" redcap:FieldNote="in kg" redcap:BranchingLogic="[sex] = '1'"><Question><TranslatedText>Weight</TranslatedText></Question>
<RangeCheck Comparator="GE" SoftHard="Soft"><CheckValue>30</CheckValue></RangeCheck><RangeCheck Comparator="LE" SoftHard="Soft"><CheckValue>250.5</CheckValue></RangeCheck></ItemDef>
<ItemDef OID="where___1" Name="where___1" DataType="boolean" redcap:Variable="where" redcap:FieldType="checkbox"><Question><TranslatedText>Where</TranslatedText></Question><CodeListRef CodeListOID="where.choices"/></ItemDef>
<ItemDef OID="where___2" Name="where___2" DataType="boolean" redcap:Variable="where" redcap:FieldType="checkbox"><Question><TranslatedText>Where</TranslatedText></Question><CodeListRef CodeListOID="where.choices"/></ItemDef>
<ItemDef OID="one_complete" Name="one_complete" DataType="text" redcap:Variable="one_complete" redcap:FieldType="select"/>
<CodeList OID="sex.choices" Name="sex" DataType="text"><CodeListItem CodedValue="1"><Decode><TranslatedText>Ж</TranslatedText></Decode></CodeListItem><CodeListItem CodedValue="2"><Decode><TranslatedText>М</TranslatedText></Decode></CodeListItem></CodeList>
<CodeList OID="where.choices" Name="where" DataType="boolean" redcap:CheckboxChoices="1, Head|2, Back"/>
</MetaDataVersion></Study>
<ClinicalData StudyOID="Project.X" MetaDataVersionOID="M"><SubjectData SubjectKey="1"/><SubjectData SubjectKey="2"/></ClinicalData></ODM>
"""
DICTIONARY = file(
    row("record_id", label="ID"),
    row("sex", type="dropdown", label="Пол", choices="1, Ж | 2, М", required="y"),
    row(
        "w",
        label="Weight",
        validation="number",
        section="Body",
        note="in kg",
        branching="[sex] = '1'",
        least="30",
        most="250.5",
    ),
    row("where", type="checkbox", label="Where", choices="1, Head | 2, Back"),
)


def test_its_forms_are_those_of_the_dictionary() -> None:
    found = forms_of(read_project(PROJECT.encode()))
    assert found.forms == forms_of(read_dictionary(DICTIONARY.encode())).forms
    assert found.forms["one"]["items"]["w"]["when"] == "sex == '1'"


def test_events_records_and_what_is_redcaps_own_are_named() -> None:
    said = {note.variable: note.text for note in forms_of(read_project(PROJECT.encode())).notes}
    assert said["week_1_after_the_do_arm_1"] == said["week_1_after_the_do_arm_1b"]
    assert said["week_1_after_the_do_arm_1"].startswith("left out: an event")
    assert said["one_timestamp"] == "left out: REDCap's own, and asked of nobody"
    assert said["ClinicalData"] == "left out: what was entered about 2 records"
    alone = PROJECT.replace('<ItemRef ItemOID="w" Mandatory="No"/>', "")
    assert {note.variable: note.text for note in forms_of(read_project(alone.encode())).notes}["w"] == (
        "left out: it is in no form"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PROJECT.replace("</Study>", ""), r"line \d+: .*Study.*; nothing was read"),
        (PROJECT.replace("https://projectredcap.org", "urn:x"), "it is no project of REDCap"),
        ("<a/>", "it is no project of REDCap"),
        (PROJECT.replace('<ItemDef OID="sex"', '<ItemDef OID="gender"'), "line 11: there is no item 'sex'"),
        (
            PROJECT.replace('<ItemGroupDef OID="g2"', '<ItemGroupDef OID="g3"'),
            "line 9: there is no group of items 'g2'",
        ),
        (
            PROJECT.replace('FieldType="select"><Q', 'FieldType="wheel"><Q'),
            "line 16: sex: there is no field type 'wheel'",
        ),
    ],
)
def test_what_is_malformed_is_named_and_nothing_is_read(text: str, message: str) -> None:
    with pytest.raises(RedcapError, match=message):
        read_project(text.encode())


def test_records_without_forms_are_told_where_they_go() -> None:
    raw = b'<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:redcap="https://projectredcap.org"><ClinicalData/></ODM>'
    with pytest.raises(RedcapError, match="records alone, and no forms; `entact import` takes records"):
        read_project(raw)


@pytest.mark.parametrize("entity", ['SYSTEM "file:///etc/passwd"', '"Height"'])
def test_a_file_that_declares_a_document_type_is_refused(entity: str) -> None:
    """An entity that is not followed would be lost without a word, and one that is could say anything."""
    text = PROJECT.replace("?>\n", f"?>\n<!DOCTYPE ODM [<!ENTITY x {entity}>]>\n", 1)
    with pytest.raises(RedcapError, match="line 1: it declares a document type"):
        read_project(text.replace("<TranslatedText>Weight", "<TranslatedText>&x;Weight").encode())


def test_xml_is_told_from_csv() -> None:
    assert is_project(b"\xef\xbb\xbf\n" + PROJECT.encode())
    assert not is_project(DICTIONARY.encode())
