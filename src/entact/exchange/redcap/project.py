"""A REDCap project's XML, as far as its forms go: the same fields as in its data dictionary.

Read tolerantly: REDCap writes ODM 1.3.1 with attributes of its own, and older versions write fewer of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from lxml import etree

from entact.exchange.redcap.dictionary import LARGEST, Dictionary, Field, RedcapError, fault_of, repeated

ODM: Final = "{http://www.cdisc.org/ns/odm/v1.3}"


def is_project(raw: bytes) -> bool:
    """Whether the bytes are XML and no CSV."""
    return raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def read_project(raw: bytes) -> Dictionary:
    """The fields of a project's XML, in order of its forms.

    Events and records stay behind, and are named: visits stand in the schedule of a study file.

    Raises:
        RedcapError: with every element that is wrong; nothing is read in part.
    """
    if len(raw) > LARGEST:
        raise RedcapError([f"it has {len(raw)} bytes; at most {LARGEST} are read"])
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise RedcapError([f"line {error.lineno}: {error.msg}; nothing was read"]) from None
    if root.getroottree().docinfo.doctype:
        raise RedcapError(["line 1: it declares a document type, with which a file can hide what it says"])
    version = next(root.iter(f"{ODM}MetaDataVersion"), None)
    if version is None and root.find(f"{ODM}ClinicalData") is not None:
        raise RedcapError(["line 1: it has records alone, and no forms; `entact import` takes records"])
    if version is None or not any("redcap" in str(one.nsmap.get("redcap", "")) for one in (root, version)):
        raise RedcapError(
            ["line 1: it is no project of REDCap: ODM with its own namespace is what it writes"]
        )
    groups = {str(one.get("OID")): one for one in version.iter(f"{ODM}ItemGroupDef")}
    items = {str(one.get("OID")): one for one in version.iter(f"{ODM}ItemDef")}
    codes = {str(one.get("OID")): one for one in version.iter(f"{ODM}CodeList")}
    fields: list[Field] = []
    problems: list[str] = []
    seen: set[tuple[str, str]] = set()
    beside = list(_beside(root, version))
    for form in version.iter(f"{ODM}FormDef"):
        name = _own(form, "FormName") or str(form.get("OID", "")).removeprefix("Form.")
        problems += [
            f"line {one.sourceline}: there is no group of items {one.get('ItemGroupOID')!r}"
            for one in form.iter(f"{ODM}ItemGroupRef")
            if str(one.get("ItemGroupOID")) not in groups
        ]
        for reference in _items_of(form, groups):
            item = items.get(str(reference.get("ItemOID")))
            if item is None:
                problems.append(f"line {reference.sourceline}: there is no item {reference.get('ItemOID')!r}")
                continue
            variable = _own(item, "Variable") or str(item.get("Name", ""))
            if variable == f"{name}_complete" or (name, variable) in seen:
                continue  # the state of the form, or another box of a checkbox
            seen.add((name, variable))
            if not _own(item, "FieldType"):
                beside.append(
                    (int(item.sourceline or 0), variable, "left out: REDCap's own, and asked of nobody")
                )
                continue
            said = _said(item, reference, codes) | {"name": variable, "form": name}
            problem = fault_of(said)
            if problem is not None:
                problems.append(f"line {item.sourceline}: {problem}")
                continue
            fields.append(Field(line=int(item.sourceline or 0), **said))
    asked = {
        str(one.get("ItemOID")) for form in version.iter(f"{ODM}FormDef") for one in _items_of(form, groups)
    }
    beside += [
        (int(item.sourceline or 0), _own(item, "Variable") or oid, "left out: it is in no form")
        for oid, item in items.items()
        if oid not in asked
    ]
    problems += repeated(fields)
    if problems or not fields:
        raise RedcapError(problems or ["line 1: there is no field in it"])
    return Dictionary(tuple(fields), hashlib.sha256(raw).hexdigest(), beside=tuple(beside))


def _items_of(form: etree._Element, groups: dict[str, etree._Element]) -> Iterator[etree._Element]:
    for reference in form.iter(f"{ODM}ItemGroupRef"):
        group = groups.get(str(reference.get("ItemGroupOID")))
        if group is not None:
            yield from group.iter(f"{ODM}ItemRef")


def _said(
    item: etree._Element, reference: etree._Element, codes: dict[str, etree._Element]
) -> dict[str, str]:
    """The cells that the field has in a dictionary."""
    kind = {"select": "dropdown", "textarea": "notes"}.get(_own(item, "FieldType"), _own(item, "FieldType"))
    checks = {
        one.get("Comparator"): one.findtext(f"{ODM}CheckValue") or "" for one in item.iter(f"{ODM}RangeCheck")
    }
    listed = item.find(f"{ODM}CodeListRef")
    choices = codes.get(str(listed.get("CodeListOID"))) if listed is not None else None
    said = {
        "type": kind or "text",
        "label": item.findtext(f"{ODM}Question/{ODM}TranslatedText") or "",
        "section": _own(item, "SectionHeader"),
        "note": _own(item, "FieldNote"),
        "validation": _own(item, "TextValidationType"),
        "least": checks.get("GE", ""),
        "most": checks.get("LE", ""),
        "branching": _own(item, "BranchingLogic"),
        "identifier": _own(item, "Identifier"),
        "required": "y" if _own(item, "RequiredField") == "y" or reference.get("Mandatory") == "Yes" else "",
        "matrix": _own(item, "MatrixGroupName"),
        "annotation": _own(item, "FieldAnnotation"),
    }
    if kind == "calc":
        said["choices"] = _own(item, "Calculation")
    elif kind == "slider":
        said["choices"] = _own(item, "SliderLabels")
    elif kind == "checkbox" and choices is not None:
        said["choices"] = _own(choices, "CheckboxChoices")
    elif kind in ("radio", "dropdown") and choices is not None:
        coded = (
            f"{one.get('CodedValue')}, {(one.findtext(f'.//{ODM}TranslatedText') or '').replace('|', '/')}"
            for one in choices.iter(f"{ODM}CodeListItem")
        )
        said["choices"] = " | ".join(coded)
    return said


def _own(element: etree._Element, name: str) -> str:
    """An attribute of REDCap's own, whatever its namespace was called then."""
    return next(
        (str(value) for key, value in element.attrib.items() if str(key).endswith(f"}}{name}")), ""
    ).strip()


def _beside(root: etree._Element, version: etree._Element) -> Iterator[tuple[int, str, str]]:
    """What else is in the file: line, name, and why it stays behind."""
    for one in version.iter(f"{ODM}StudyEventDef"):
        name = _own(one, "UniqueEventName") or str(one.get("Name", ""))
        yield (
            int(one.sourceline or 0),
            name,
            "left out: an event; visits stand in the schedule of a study file",
        )
    people = sum(1 for _ in root.iter(f"{ODM}SubjectData"))
    if people:
        yield 1, "ClinicalData", f"left out: what was entered about {people} records"
