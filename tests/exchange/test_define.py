"""Define-XML 2.1, held to its schema."""

from __future__ import annotations

from pathlib import Path

import odmlib
import pytest
from lxml import etree

from entact.datasets.sdtm import Tabulation
from entact.exchange import Described, define_xml

AT = "2026-05-04T12:30:00+00:00"
NAMES = {"odm": "http://www.cdisc.org/ns/odm/v1.3", "def": "http://www.cdisc.org/ns/def/v2.1"}


@pytest.fixture(scope="module")
def define(tabulation: Tabulation, datasets: dict[str, Described]) -> bytes:
    return define_xml(tabulation, datasets.values(), version="0.1.0", at=AT, ending="xpt")


def test_it_keeps_to_the_schema(define: bytes) -> None:
    folder = Path(odmlib.__file__).parent / "schemas" / "define" / "2.1"
    schema = etree.XMLSchema(etree.parse(str(folder / "define2-1-0.xsd")))
    schema.assertValid(etree.fromstring(define))


def test_it_describes_every_column_once_and_names_the_terminology(
    define: bytes, datasets: dict[str, Described]
) -> None:
    root = etree.fromstring(define)
    items = [one.get("OID") for one in root.iterfind(".//odm:ItemDef", NAMES)]
    assert items == [f"IT.{name}.{one.name}" for name, data in datasets.items() for one in data.columns]
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
    folder = Path(odmlib.__file__).parent / "schemas" / "define" / "2.1"
    schema = etree.XMLSchema(etree.parse(str(folder / "define2-1-0.xsd")))
    root = etree.fromstring(text)
    schema.assertValid(root)
    dates = [one for one in root.iterfind(".//odm:ItemDef", NAMES) if one.get("Name") == "TRTSDT"]
    assert [one.get(f"{{{NAMES['def']}}}DisplayFormat") for one in dates] == ["DATE9."]
