"""ODM 2.0: held to its schema; what it says is what the file in version 1.3.2 says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import odmlib
import pytest
from lxml import etree
from tests.datasets.participants import Participant
from tests.exchange.odm.test_record import AT, kept

from entact.exchange.odm import OdmRecord, as_version_2
from entact.protocol.load import load_study, shipped_studies
from entact.protocol.release import Study

SCHEMA = Path(odmlib.__file__).parent / "schemas" / "odm" / "2.0" / "ODM.xsd"
OLD = {"o": "http://www.cdisc.org/ns/odm/v1.3"}
NEW = {"o": "http://www.cdisc.org/ns/odm/v2.0"}


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(SCHEMA)))


@pytest.fixture(scope="module")
def both() -> tuple[etree._Element, etree._Element]:
    """What was entered about somebody, in the older version and in this one."""
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
    return etree.fromstring(raw), etree.fromstring(as_version_2(raw))


def test_it_keeps_to_the_schema(schema: etree.XMLSchema, both: tuple[etree._Element, etree._Element]) -> None:
    schema.assertValid(both[1])
    assert both[1].findtext("o:Description/o:TranslatedText", namespaces=NEW).startswith("SIMULATED DATA")


@pytest.mark.parametrize("name", shipped_studies())
def test_the_forms_of_every_shipped_study_keep_to_the_schema(name: str, schema: etree.XMLSchema) -> None:
    study: Study = load_study(name)
    raw = OdmRecord(study).finish(version="0.1.0", at=AT, simulated=False)
    root = etree.fromstring(as_version_2(raw))
    schema.assertValid(root)
    assert_all_lead_somewhere(root)


def assert_all_lead_somewhere(root: etree._Element) -> None:
    defined = {one.get("OID") for one in root.iter() if isinstance(one.tag, str) and one.get("OID")}
    for one in root.iter():
        for name, value in one.attrib.items():
            if str(name).endswith("OID") and name not in ("OID", "FileOID"):
                assert value in defined, (one.tag, name, value)


def test_every_transaction_is_there_with_its_values_units_and_audit_record(
    both: tuple[etree._Element, etree._Element],
) -> None:
    old, new = both
    assert_all_lead_somewhere(new)
    before, after = [], []
    for group in old.iterfind(".//o:ItemGroupData", OLD):
        values = {
            str(one.get("ItemOID")): (
                one.get("Value"),
                unit.get("MeasurementUnitOID") if unit is not None else "",
            )
            for one in group.iterfind("o:ItemData", OLD)
            for unit in [one.find("o:MeasurementUnitRef", OLD)]
        }
        audit = group.find("o:AuditRecord", OLD)
        assert audit is not None
        before.append((group.get("TransactionType"), values, said(audit)))
    for group in new.iterfind(".//o:ItemGroupData", NEW):
        found = {
            str(one.get("ItemOID")): one.findtext("o:Value", namespaces=NEW)
            for one in group.iterfind("o:ItemData", NEW)
        }
        units = {
            name.removesuffix(".unit"): f"MU.{unit}" for name, unit in found.items() if name.endswith(".unit")
        }
        values = {
            name: (value, units.get(name, "")) for name, value in found.items() if not name.endswith(".unit")
        }
        audit = group.find("o:AuditRecord", NEW)
        assert audit is not None
        after.append((group.get("TransactionType"), values, said(audit)))
    assert after == before
    assert {kind for kind, _, _ in after} == {"Insert", "Update", "Remove"}
    comments = [one.text for one in new.iterfind(".//o:Comment/o:TranslatedText", NEW)]
    assert "missing: refused" in comments


def said(audit: etree._Element) -> dict[str, Any]:
    return {etree.QName(one).localname: (one.text, dict(one.attrib)) for one in audit}
