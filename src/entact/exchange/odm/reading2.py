"""A file of ODM 2.0 as the tree of the same file in 1.3.2, in which forms and records are read.

Forms are groups of items of the type `Form` there, groups lie in groups, a value is an element, and a unit
an item of its own that the item names. Every element keeps its line, so that problems name the place.

Source: CDISC ODM 2.0, its schema, and its list of changes since 1.3.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

from lxml import etree

from entact.exchange.odm.space import ODM2, tag


def is_version_2(root: etree._Element) -> bool:
    """Whether it is the root of a file of ODM 2.0."""
    return bool(root.tag == f"{{{ODM2}}}ODM")


def as_version_1(root: etree._Element) -> etree._Element:
    """The tree, changed in its place."""
    for one in root.iter():
        if isinstance(one.tag, str) and one.tag.startswith(f"{{{ODM2}}}"):
            one.tag = tag(etree.QName(one).localname)
    units: dict[str, str] = {}  # what a unit is called -> its OID
    for version in root.iter(tag("MetaDataVersion")):
        _metadata(version, units)
    asked = {
        str(one.get("ItemOID")): str(one.get("UnitsItemOID"))
        for one in root.iter(tag("ItemRef"))
        if one.get("UnitsItemOID")
    }
    for event in root.iter(tag("StudyEventData")):
        _event(event, asked, units)
    study = root.find(tag("Study"))
    if study is not None:
        place = etree.SubElement(study, tag("BasicDefinitions"))
        for name, oid in units.items():
            unit = etree.SubElement(place, tag("MeasurementUnit"), OID=oid, Name=name)
            symbol = etree.SubElement(etree.SubElement(unit, tag("Symbol")), tag("TranslatedText"))
            symbol.text = name
    return root


def _metadata(version: etree._Element, units: dict[str, str]) -> None:
    groups = {str(one.get("OID")): one for one in version.iterfind(tag("ItemGroupDef"))}
    forms = [one for one in groups.values() if one.get("Type") == "Form"]
    if not forms:  # then it is what an event asks
        asked = version.iterfind(f"{tag('StudyEventDef')}/{tag('ItemGroupRef')}")
        oids = {str(one.get("ItemGroupOID")): one for one in asked}
        forms = [groups[oid] for oid in oids if oid in groups]
        for oid, reference in oids.items():
            if oid not in groups:  # for whoever reads the form to name it
                made = etree.SubElement(version, tag("FormDef"), OID=oid, Name=oid, Repeating="No")
                made.append(copy(reference))
    for form in forms:
        _form(version, form, groups)
    for group in groups.values():
        if group.get("Repeating") not in (None, "No", "Yes"):
            group.set("Repeating", "Yes")
    _units(version, units)


def _form(version: etree._Element, form: etree._Element, groups: dict[str, etree._Element]) -> None:
    """A group that is a form: what lies in it at any depth stands beside each other in one of 1.3."""
    made = version.makeelement(tag("FormDef"), {"OID": str(form.get("OID")), "Repeating": "No"})
    made.set("Name", str(form.get("Name") or form.get("OID")))
    made.sourceline = form.sourceline
    version.insert(version.index(form), made)
    for group in _within(form, groups, ()):
        reference = etree.SubElement(made, tag("ItemGroupRef"), ItemGroupOID=str(group.get("OID")))
        reference.sourceline = group.sourceline
    for lost in _leading_nowhere(form, groups, ()):
        made.append(lost)
    if form.find(tag("ItemRef")) is not None:
        form.set(
            "Repeating", "No"
        )  # of a form it says that it may be filled in again, and not that it has rows


def _within(
    group: etree._Element, groups: dict[str, etree._Element], above: tuple[str, ...]
) -> Iterator[etree._Element]:
    oid = str(group.get("OID"))
    if group.find(tag("ItemRef")) is not None:
        yield group
    for reference in group.iterfind(tag("ItemGroupRef")):
        inner = groups.get(str(reference.get("ItemGroupOID")))
        if inner is not None and inner.get("OID") not in (*above, oid):
            yield from _within(inner, groups, (*above, oid))


def _leading_nowhere(
    group: etree._Element, groups: dict[str, etree._Element], above: tuple[str, ...]
) -> Iterator[etree._Element]:
    """References to groups that are not there, for whoever reads the form to name them."""
    oid = str(group.get("OID"))
    for reference in list(group.iterfind(tag("ItemGroupRef"))):
        inner = groups.get(str(reference.get("ItemGroupOID")))
        if inner is None:
            yield reference
        elif inner.get("OID") not in (*above, oid):
            yield from _leading_nowhere(inner, groups, (*above, oid))


def _units(version: etree._Element, units: dict[str, str]) -> None:
    """An item's unit is what the codes of the item of its unit allow; that item is then none."""
    defined = {str(one.get("OID")): one for one in version.iterfind(tag("ItemDef"))}
    codelists = {str(one.get("OID")): one for one in version.iterfind(tag("CodeList"))}
    of_units = set()
    for reference in version.iter(tag("ItemRef")):
        oid = reference.get("UnitsItemOID")
        unit, item = defined.get(str(oid)), defined.get(str(reference.get("ItemOID")))
        listed = unit.find(tag("CodeListRef")) if unit is not None else None
        codes = codelists.get(str(listed.get("CodeListOID"))) if listed is not None else None
        if oid is None or item is None or codes is None:
            continue
        of_units.add(str(oid))
        if item.find(tag("MeasurementUnitRef")) is None:
            for code in codes.iterfind(tag("CodeListItem")):
                name = str(code.get("CodedValue"))
                said = {"MeasurementUnitOID": units.setdefault(name, f"MU.{len(units) + 1}")}
                etree.SubElement(item, tag("MeasurementUnitRef"), said).sourceline = item.sourceline
    for reference in list(version.iter(tag("ItemRef"))):
        parent = reference.getparent()
        if parent is not None and reference.get("ItemOID") in of_units:
            parent.remove(reference)


def _event(event: etree._Element, asked: dict[str, str], units: dict[str, str]) -> None:
    for form in event.iterfind(tag("ItemGroupData")):
        form.tag = tag("FormData")
        form.set("FormOID", form.attrib.pop("ItemGroupOID", ""))
        if (again := form.attrib.pop("ItemGroupRepeatKey", None)) is not None:
            form.set("FormRepeatKey", str(again))
        own = [one for one in form if isinstance(one.tag, str) and one.tag != tag("ItemGroupData")]
        if any(one.tag == tag("ItemData") for one in own) or form.get("TransactionType") == "Remove":
            group = form.makeelement(tag("ItemGroupData"), {"ItemGroupOID": str(form.get("FormOID"))})
            group.sourceline = form.sourceline
            form.insert(0, group)
            if "TransactionType" in form.attrib:
                group.set("TransactionType", str(form.attrib.pop("TransactionType")))
            for one in own:
                group.append(one)
        for inner in list(form.iter(tag("ItemGroupData"))):
            if inner.getparent() is not form:
                form.append(inner)  # a group in a group stands beside it in 1.3
    for item in list(event.iter(tag("ItemData"))):
        value = item.find(tag("Value"))
        if value is not None and "Value" not in item.attrib:
            item.set("Value", value.text or "")
            item.remove(value)
    for comment in event.iter(tag("Comment")):
        texts = [one.text or "" for one in comment.iterfind(tag("TranslatedText"))]
        if texts:
            comment.text = " ".join(texts)
    for group in event.iter(tag("ItemGroupData")):
        _answers(group, asked, units)


def _answers(group: etree._Element, asked: dict[str, str], units: dict[str, str]) -> None:
    """The answer to the item of a unit is the unit of the answer that it stands beside."""
    beside = {str(one.get("ItemOID")): one for one in group.iterfind(tag("ItemData"))}
    of_several = []  # answers may share one
    for oid, item in beside.items():
        unit = beside.get(asked.get(oid, ""))
        if unit is None:
            continue
        of_several.append(unit)
        name = str(unit.get("Value") or "")
        if name and item.get("Value") is not None:
            said = {"MeasurementUnitOID": units.setdefault(name, f"MU.{len(units) + 1}")}
            etree.SubElement(item, tag("MeasurementUnitRef"), said).sourceline = unit.sourceline
    for unit in dict.fromkeys(of_several):
        group.remove(unit)
