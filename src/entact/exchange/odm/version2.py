"""The same file in ODM 2.0: forms are groups of items there, and a unit is an item of its own.

Nothing is made anew: every entry, time, person and reason is that of the file in version 1.3.2.

Source: CDISC ODM 2.0, its schema, and its list of changes since 1.3.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from entact.exchange.odm.space import ODM2, tag

SCHEDULE: Final = "SEG.SCHEDULE"
UNIT: Final = ".unit"  # behind the name of an item, the name of the one with its unit
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_SAME_TYPES: Final = {"float": "decimal"}


def as_version_2(raw: bytes) -> bytes:
    """A file that entact wrote in ODM 1.3.2, in ODM 2.0."""
    old = etree.fromstring(raw)
    new = etree.Element(f"{{{ODM2}}}ODM", nsmap={None: ODM2})
    for name in ("FileType", "Granularity", "FileOID", "CreationDateTime", "AsOfDateTime"):
        new.set(name, str(old.get(name)))
    new.set("ODMVersion", "2.0")
    for name in ("Originator", "SourceSystem", "SourceSystemVersion"):
        new.set(name, str(old.get(name)))
    _described(new, str(old.get("Description")))
    units = {
        str(one.get("OID")): one.findtext(f"{tag('Symbol')}/{tag('TranslatedText')}") or str(one.get("Name"))
        for one in old.iter(tag("MeasurementUnit"))
    }
    for study in old.iterfind(tag("Study")):
        _study(new, study, units)
    for admin in old.iterfind(tag("AdminData")):
        _admin(new, admin)
    for data in old.iterfind(tag("ClinicalData")):
        _clinical(new, data, units)
    return bytes(etree.tostring(new, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _child(parent: etree._Element, name: str, **attributes: str | None) -> etree._Element:
    said = {key: value for key, value in attributes.items() if value is not None}
    return etree.SubElement(parent, f"{{{ODM2}}}{name}", said)


def _described(parent: etree._Element, text: str) -> None:
    _text(_child(parent, "Description"), text)


def _text(parent: etree._Element, text: str, language: str = "en") -> None:
    found = _child(parent, "TranslatedText", Type="text/plain")
    found.set(_LANG, language)
    found.text = text


def _texts(parent: etree._Element, old: etree._Element) -> None:
    for one in old.iterfind(tag("TranslatedText")):
        _text(parent, one.text or "", str(one.get(_LANG) or "en"))


def _study(root: etree._Element, old: etree._Element, units: dict[str, str]) -> None:
    variables = {
        etree.QName(one).localname: one.text or "" for one in old.iterfind(f"{tag('GlobalVariables')}/*")
    }
    study = _child(
        root,
        "Study",
        OID=old.get("OID"),
        StudyName=variables["StudyName"],
        ProtocolName=variables["ProtocolName"],
    )
    _described(study, variables["StudyDescription"])
    for version in old.iterfind(tag("MetaDataVersion")):
        _metadata(study, version, units)


def _metadata(study: etree._Element, old: etree._Element, units: dict[str, str]) -> None:
    new = _child(study, "MetaDataVersion", OID=old.get("OID"), Name=old.get("Name"))
    _described(new, str(old.get("Description")))
    _child(_child(new, "Protocol"), "StudyEventGroupRef", StudyEventGroupOID=SCHEDULE, Mandatory="Yes")
    schedule = _child(new, "StudyEventGroupDef", OID=SCHEDULE, Name="Schedule")
    for one in old.iterfind(f"{tag('Protocol')}/{tag('StudyEventRef')}"):
        _child(schedule, "StudyEventRef", **_attributes(one))
    for one in old.iterfind(tag("StudyEventDef")):
        event = _child(new, "StudyEventDef", **_attributes(one))
        for form in one.iterfind(tag("FormRef")):
            said = _attributes(form)
            _child(event, "ItemGroupRef", ItemGroupOID=said.pop("FormOID"), **said)
    groups = {str(one.get("OID")): one for one in old.iterfind(tag("ItemGroupDef"))}
    defined = {str(one.get("OID")): one for one in old.iterfind(tag("ItemDef"))}
    for one in old.iterfind(tag("FormDef")):
        form = _child(
            new, "ItemGroupDef", OID=one.get("OID"), Name=one.get("Name"), Repeating="Simple", Type="Form"
        )
        for reference in one.iterfind(tag("ItemGroupRef")):
            for item in groups[str(reference.get("ItemGroupOID"))].iterfind(tag("ItemRef")):
                _item_ref(form, item, defined[str(item.get("ItemOID"))])
    for one in defined.values():
        _item(new, one)
    for one in old.iterfind(tag("CodeList")):
        _codelist(new, one)
    for one in defined.values():
        unit = _unit_of(one)
        if unit is not None:
            codes = _child(
                new, "CodeList", OID=f"CL.{one.get('OID')}{UNIT}", Name=f"Unit of {one.get('Name')}"
            )
            codes.set("DataType", "text")
            _child(codes, "CodeListItem", CodedValue=units[unit])


def _attributes(element: etree._Element) -> dict[str, str | None]:
    return {str(name): str(value) for name, value in element.attrib.items()}


def _unit_of(item: etree._Element) -> str | None:
    found = item.find(tag("MeasurementUnitRef"))
    return None if found is None else str(found.get("MeasurementUnitOID"))


def _item_ref(form: etree._Element, old: etree._Element, item: etree._Element) -> None:
    """An item of a form, and the one with its unit behind it."""
    said = _attributes(old)
    if _unit_of(item) is None:
        _child(form, "ItemRef", **said)
        return
    unit = f"{old.get('ItemOID')}{UNIT}"
    _child(form, "ItemRef", **said, UnitsItemOID=unit)
    _child(form, "ItemRef", ItemOID=unit, Mandatory="No")


def _item(parent: etree._Element, old: etree._Element) -> None:
    kind = str(old.get("DataType"))
    new = _child(
        parent,
        "ItemDef",
        OID=old.get("OID"),
        Name=old.get("Name"),
        DataType=_SAME_TYPES.get(kind, kind),
        Length=old.get("Length"),
    )
    for one in old.iterfind(tag("Question")):
        _texts(_child(new, "Question"), one)
    for one in old.iterfind(tag("RangeCheck")):
        check = _child(new, "RangeCheck", **_attributes(one))
        for value in one.iterfind(tag("CheckValue")):
            _child(check, "CheckValue").text = value.text
    for one in old.iterfind(tag("CodeListRef")):
        _child(new, "CodeListRef", **_attributes(one))
    if _unit_of(old) is not None:
        unit = _child(parent, "ItemDef", OID=f"{old.get('OID')}{UNIT}", Name=f"{old.get('Name')} unit")
        unit.set("DataType", "text")
        _child(unit, "CodeListRef", CodeListOID=f"CL.{old.get('OID')}{UNIT}")


def _codelist(parent: etree._Element, old: etree._Element) -> None:
    new = _child(parent, "CodeList", **_attributes(old))
    for one in old.iterfind(tag("CodeListItem")):
        item = _child(new, "CodeListItem", **_attributes(one))
        for decode in one.iterfind(tag("Decode")):
            _texts(_child(item, "Decode"), decode)


def _admin(root: etree._Element, old: etree._Element) -> None:
    new = _child(root, "AdminData", **_attributes(old))
    for one in old.iterfind(tag("User")):
        _child(new, "User", **_attributes(one))
    for one in old.iterfind(tag("Location")):
        place = _child(
            new, "Location", OID=one.get("OID"), Name=one.get("Name"), Role=one.get("LocationType")
        )
        for reference in one.iterfind(tag("MetaDataVersionRef")):
            _child(place, "MetaDataVersionRef", **_attributes(reference))


def _clinical(root: etree._Element, old: etree._Element, units: dict[str, str]) -> None:
    new = _child(root, "ClinicalData", **_attributes(old))
    for person in old.iterfind(tag("SubjectData")):
        subject = _child(new, "SubjectData", **_attributes(person))
        for site in person.iterfind(tag("SiteRef")):
            _child(subject, "SiteRef", **_attributes(site))
        for one in person.iterfind(tag("StudyEventData")):
            event = _child(subject, "StudyEventData", **_attributes(one))
            for form in one.iterfind(tag("FormData")):
                for group in form.iterfind(tag("ItemGroupData")):
                    _group(event, form, group, units)


def _group(event: etree._Element, form: etree._Element, old: etree._Element, units: dict[str, str]) -> None:
    """A form as it was filled in, changed or removed, with its audit record behind what it says."""
    new = _child(event, "ItemGroupData", ItemGroupOID=form.get("FormOID"))
    new.set("ItemGroupRepeatKey", str(form.get("FormRepeatKey")))
    new.set("TransactionType", str(old.get("TransactionType")))
    for one in old.iterfind(tag("ItemData")):
        for item in _answers(one, units):
            new.append(item)
    for one in old.iterfind(tag("AuditRecord")):
        record = _child(new, "AuditRecord")
        for said in one:
            _child(record, etree.QName(said).localname, **_attributes(said)).text = said.text
    _notes(new, old)


def _answers(old: etree._Element, units: dict[str, str]) -> Iterator[etree._Element]:
    """An answer as a value; its unit, as it was entered, is the answer to the item of the unit."""
    said = _attributes(old)
    value = said.pop("Value", None)
    new = etree.Element(f"{{{ODM2}}}ItemData", {key: str(one) for key, one in said.items()})
    if value is not None:
        _child(new, "Value").text = value
    _notes(new, old)
    yield new
    unit = _unit_of(old)
    if unit is not None:
        beside = etree.Element(f"{{{ODM2}}}ItemData", ItemOID=f"{old.get('ItemOID')}{UNIT}")
        if old.get("TransactionType"):
            beside.set("TransactionType", str(old.get("TransactionType")))
        _child(beside, "Value").text = units[unit]
        yield beside


def _notes(new: etree._Element, old: etree._Element) -> None:
    for one in old.iterfind(tag("Annotation")):
        note = _child(new, "Annotation", **_attributes(one))
        for comment in one.iterfind(tag("Comment")):
            _text(_child(note, "Comment"), comment.text or "")
