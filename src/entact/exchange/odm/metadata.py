"""The metadata of a release in ODM 1.3.2: visits, forms, items, units and codelists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lxml import etree

from entact.protocol.form import CompiledForm
from entact.protocol.release import Release
from entact.protocol.study import Item

ODM: Final = "http://www.cdisc.org/ns/odm/v1.3"
_XML: Final = "http://www.w3.org/XML/1998/namespace"
UNSCHEDULED, OUTSIDE = "SE.UNSCHEDULED", "SE.OUTSIDE"
_TYPES: Final = {
    "boolean": "boolean",
    "integer": "integer",
    "decimal": "float",
    "choice": "text",
    "choices": "text",
    "text": "text",
    "date": "date",
    "partial_date": "partialDate",
    "time": "partialTime",
    "datetime": "incompleteDatetime",
    "file": "text",
}


def child(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    """Adds an element of ODM."""
    return etree.SubElement(parent, f"{{{ODM}}}{tag}", attributes)


def event_oid(visit: str) -> str:
    """The name of a visit."""
    return f"SE.{visit}"


def form_oid(form: str) -> str:
    """The name of a form."""
    return f"F.{form}"


def group_oid(form: str) -> str:
    """The name of a form's one group of items."""
    return f"IG.{form}"


def item_oid(form: str, item: str) -> str:
    """The name of an item."""
    return f"I.{form}.{item}"


def unit_oid(unit: str) -> str:
    """The name of a unit."""
    return f"MU.{unit}"


def version_oid(release: str) -> str:
    """The name of the metadata of a release: a part of its digest, which no other release has."""
    return f"MDV.{release.rpartition(':')[2][:16]}"


def is_told(item: Item) -> bool:
    """Whether ODM has a place for what was entered: it has none for a list of rows."""
    return item.type != "rows"


def units_of(releases: Iterable[Release]) -> list[str]:
    """Every unit that an item of a release is in."""
    found = {
        item.unit: None
        for release in releases
        for form in release.forms.values()
        for item in form.items.values()
        if item.unit
    }
    return list(found)


def add_metadata(study: etree._Element, release: Release) -> None:
    """Adds the metadata of a release to its study."""
    version = child(study, "MetaDataVersion", OID=version_oid(release.id))
    version.set("Name", f"{release.file.study} {release.file.release}")
    version.set("Description", release.id)
    protocol = child(version, "Protocol")
    for place, visit in enumerate([*map(event_oid, release.visits), UNSCHEDULED, OUTSIDE], start=1):
        reference = child(protocol, "StudyEventRef", StudyEventOID=visit)
        reference.set("OrderNumber", str(place))
        reference.set("Mandatory", "No")
    for name, planned in release.visits.items():
        event = child(version, "StudyEventDef", OID=event_oid(name))
        event.set("Name", str(planned.title or "") or name.replace("_", " "))
        event.set("Repeating", "Yes")
        event.set("Type", "Scheduled")
        for place, form in enumerate(release.forms, start=1):
            reference = child(event, "FormRef", FormOID=form_oid(form), OrderNumber=str(place))
            reference.set("Mandatory", "Yes" if form in planned.activities else "No")
    for oid, title, kind in (
        (UNSCHEDULED, "Unscheduled visit", "Unscheduled"),
        (OUTSIDE, "Outside of a visit", "Common"),
    ):
        event = child(version, "StudyEventDef", OID=oid, Name=title, Repeating="Yes", Type=kind)
        for place, form in enumerate(release.forms, start=1):
            child(event, "FormRef", FormOID=form_oid(form), OrderNumber=str(place), Mandatory="No")
    forms = {
        name: {item: said for item, said in form.items.items() if is_told(said)}
        for name, form in release.forms.items()
    }
    for name, compiled in release.forms.items():
        element = child(version, "FormDef", OID=form_oid(name), Name=_title(name, compiled), Repeating="Yes")
        child(element, "ItemGroupRef", ItemGroupOID=group_oid(name), Mandatory="Yes")
    for name, compiled in release.forms.items():
        group = child(
            version, "ItemGroupDef", OID=group_oid(name), Name=_title(name, compiled), Repeating="No"
        )
        for place, (item, said) in enumerate(forms[name].items(), start=1):
            reference = child(group, "ItemRef", ItemOID=item_oid(name, item), OrderNumber=str(place))
            reference.set("Mandatory", "Yes" if said.required and said.when is None else "No")
    for name, items in forms.items():
        for item, said in items.items():
            _add_item(version, name, item, said)
    for name, items in forms.items():
        for item, said in items.items():
            if said.type == "choice":
                _add_codes(version, name, item, said)


def _title(name: str, form: CompiledForm) -> str:
    return str(form.form.title or "") or name.replace("_", " ")


def _add_item(version: etree._Element, form: str, item: str, said: Item) -> None:
    element = child(version, "ItemDef", OID=item_oid(form, item), Name=item, DataType=_TYPES[said.type])
    if said.type in ("integer", "decimal"):
        element.set("Length", "20")
    if said.type == "decimal":
        element.set("SignificantDigits", "10")
    question = child(element, "Question")
    _add_text(question, str(said.title or "") or item.replace("_", " "))
    if said.unit:
        child(element, "MeasurementUnitRef", MeasurementUnitOID=unit_oid(said.unit))
    for bounds, how in ((said.bounds, "Hard"), (said.usual, "Soft")):
        if bounds is not None and said.type != "rows":
            for comparator, end in zip(("GE", "LE"), bounds, strict=True):
                check = child(element, "RangeCheck", Comparator=comparator, SoftHard=how)
                child(check, "CheckValue").text = f"{end:f}"
                if said.unit:
                    child(check, "MeasurementUnitRef", MeasurementUnitOID=unit_oid(said.unit))
    if said.type == "choice":
        child(element, "CodeListRef", CodeListOID=f"CL.{form}.{item}")


def _add_codes(version: etree._Element, form: str, item: str, said: Item) -> None:
    codes = child(version, "CodeList", OID=f"CL.{form}.{item}", Name=f"{form}.{item}", DataType="text")
    for code in said.of or ():
        coded = child(codes, "CodeListItem", CodedValue=code)
        _add_text(child(coded, "Decode"), str(said.labels.get(code, "")) or code.replace("_", " "))


def _add_text(parent: etree._Element, text: str) -> None:
    translated = child(parent, "TranslatedText")
    translated.set(f"{{{_XML}}}lang", "en")
    translated.text = text


def add_units(study: etree._Element, units: Iterable[str]) -> None:
    """Adds the definitions of units, in UCUM."""
    known = list(units)
    if not known:
        return
    definitions = child(study, "BasicDefinitions")
    for unit in known:
        element = child(definitions, "MeasurementUnit", OID=unit_oid(unit), Name=unit)
        _add_text(child(element, "Symbol"), unit)
