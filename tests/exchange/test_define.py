"""Define-XML 2.1, held to its schema."""

from __future__ import annotations

from pathlib import Path

import odmlib
import pytest
from lxml import etree

from entact.datasets.sdtm import Tabulation
from entact.exchange import Described, define_xml
from entact.exchange.annotated import Collected

AT = "2026-05-04T12:30:00+00:00"
NAMES = {"odm": "http://www.cdisc.org/ns/odm/v1.3", "def": "http://www.cdisc.org/ns/def/v2.1"}


@pytest.fixture(scope="module")
def define(tabulation: Tabulation, datasets: dict[str, Described]) -> bytes:
    return define_xml(tabulation, datasets.values(), version="0.1.0", at=AT, ending="xpt")


def test_it_keeps_to_the_schema(define: bytes) -> None:
    folder = Path(odmlib.__file__).parent / "schemas" / "define" / "2.1"
    schema = etree.XMLSchema(etree.parse(str(folder / "define2-1-0.xsd")))
    schema.assertValid(etree.fromstring(define))


def test_what_was_collected_leads_to_its_page_of_the_annotated_form(
    tabulation: Tabulation, datasets: dict[str, Described]
) -> None:
    """Of a column and of a single test; never what was derived, nor where there is no such form."""
    collected = Collected(
        "acrf.pdf",
        {("VS", "VSDTC"): {12, 3}, ("VS", "VSSTRESN"): {3}, ("VS", "VISITNUM"): {3}, ("DM", "SEX"): {5}},
        {("VS", "SYSBP"): {3}},
    )
    written = {"version": "0.1.0", "at": AT, "ending": "xpt"}
    documents = {"acrf.pdf": "Annotated case report form"}
    text = define_xml(tabulation, datasets.values(), **written, documents=documents, collected=collected)
    folder = Path(odmlib.__file__).parent / "schemas" / "define" / "2.1"
    root = etree.fromstring(text)
    etree.XMLSchema(etree.parse(str(folder / "define2-1-0.xsd"))).assertValid(root)
    found = {}
    for item in root.iterfind(".//odm:ItemDef", NAMES):
        for pages in item.iterfind("def:Origin/def:DocumentRef/def:PDFPageRef", NAMES):
            found[item.get("OID")] = pages.get("PageRefs"), pages.getparent().get("leafID")
    assert found == {
        "IT.VS.VSDTC": ("3 12", "LF.ACRF.DOC"),
        "IT.VS.VSORRES.SYSBP": ("3", "LF.ACRF.DOC"),
        "IT.DM.SEX": ("5", "LF.ACRF.DOC"),
    }


def test_it_describes_every_column_once_and_names_the_terminology(
    define: bytes, datasets: dict[str, Described]
) -> None:
    root = etree.fromstring(define)
    items = [one.get("OID") for one in root.iterfind(".//odm:ItemDef", NAMES)]
    columns = [f"IT.{name}.{one.name}" for name, data in datasets.items() for one in data.columns]
    assert items[: len(columns)] == columns
    assert all(str(one).count(".") == 3 for one in items[len(columns) :])  # what a result is, test by test
    versions = [one.get("Version") for one in root.iterfind(".//def:Standard", NAMES)]
    assert versions == ["3.4", "2025-03-28", "2026-03-27"]


def test_every_reference_leads_somewhere(define: bytes) -> None:
    root = etree.fromstring(define)
    lists = {one.get("OID") for one in root.iterfind(".//odm:CodeList", NAMES)}
    assert {one.get("CodeListOID") for one in root.iterfind(".//odm:CodeListRef", NAMES)} == lists
    comments = {one.get("OID") for one in root.iterfind(".//def:CommentDef", NAMES)}
    key = f"{{{NAMES['def']}}}CommentOID"
    assert {one.get(key) for one in root.iterfind(".//odm:ItemDef", NAMES)} - {None} <= comments


def test_it_says_that_data_are_simulated(define: bytes) -> None:
    assert b"SIMULATED DATA" in define


def test_that_of_analysis_datasets_keeps_to_the_schema_too(
    tabulation: Tabulation, analysed: list[Described]
) -> None:
    text = define_xml(tabulation, analysed, version="0.1.0", at=AT, ending="xpt")
    folder = Path(odmlib.__file__).parent / "schemas" / "arm" / "1.0-define2.1"
    schema = etree.XMLSchema(etree.parse(str(folder / "arm1-0-0.xsd")))
    root = etree.fromstring(text)
    schema.assertValid(root)
    dates = [one for one in root.iterfind(".//odm:ItemDef", NAMES) if one.get("Name") == "TRTSDT"]
    assert [one.get(f"{{{NAMES['def']}}}DisplayFormat") for one in dates] == ["DATE9."]


def test_what_a_result_is_stands_there_test_by_test(
    define: bytes, tabulation: Tabulation, analysed: list[Described]
) -> None:
    root = etree.fromstring(define)
    item = root.find(".//odm:ItemDef[@OID='IT.VS.VSORRES.SYSBP']", NAMES)
    assert item is not None
    assert (item.get("DataType"), item.get("Length")) == ("integer", "3")
    said = {row["VSTESTCD"] for row in tabulation.tables["VS"].rows if row.get("VSORRES") is not None}
    listed = root.find(".//def:ValueListDef[@OID='VL.VS.VSORRES']", NAMES)
    assert listed is not None
    clauses = {one.get("WhereClauseOID") for one in listed.iterfind(".//def:WhereClauseRef", NAMES)}
    assert clauses == {f"WC.VS.VSTESTCD.{code}" for code in said}
    defined = {one.get("OID") for one in root.iterfind(".//def:WhereClauseDef", NAMES)}
    assert clauses <= defined
    reference = root.find(".//odm:ItemDef[@OID='IT.VS.VSORRES']/def:ValueListRef", NAMES)
    assert reference is not None
    text = define_xml(tabulation, analysed, version="0.1.0", at=AT, ending="xpt")
    value = etree.fromstring(text).find(".//odm:ItemDef[@OID='IT.ADEFF.AVAL.CHANGE']", NAMES)
    assert value is not None
    assert value.get("DataType") == "integer"


def test_each_analysis_of_the_plan_names_its_rows_its_set_and_its_method(
    tabulation: Tabulation, analysed: list[Described]
) -> None:
    root = etree.fromstring(define_xml(tabulation, analysed, version="0.1.0", at=AT, ending="xpt"))
    names = NAMES | {"arm": "http://www.cdisc.org/ns/arm/v1.0"}
    found = root.findall(".//arm:AnalysisResult", names)
    assert [one.get("OID") for one in found] == [f"AR.{one.name}" for one in tabulation.book.analyses]
    primary = found[0]
    assert primary.get("AnalysisPurpose") == "PRIMARY OUTCOME MEASURE"
    oid = primary.find("arm:AnalysisDatasets/arm:AnalysisDataset/def:WhereClauseRef", names)
    assert oid is not None
    clause = root.find(f".//def:WhereClauseDef[@OID='{oid.get('WhereClauseOID')}']", names)
    assert clause is not None
    values = {one.text for one in clause.iterfind("odm:RangeCheck/odm:CheckValue", names)}
    assert values == {"CHANGE", "OUTCOME"}
    items = {one.get("OID") for one in root.iterfind(".//odm:ItemDef", names)}
    assert {one.get("ItemOID") for one in root.iterfind(".//arm:AnalysisVariable", names)} <= items
    assert b"Method ancova; estimand de_jure; analysis set mitt" in etree.tostring(primary)
