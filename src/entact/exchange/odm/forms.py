"""Forms of other systems, from the metadata of ODM 1.3: every item, or why it is none.

Source: CDISC ODM 1.3.2, section 3.1 (Study, MetaDataVersion).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree
from pydantic import ValidationError

from entact.exchange.names import Names, plain
from entact.exchange.odm.file import OdmError, odm_root
from entact.exchange.odm.left import in_order, left_out
from entact.exchange.odm.space import tag
from entact.protocol.study import Form
from entact.protocol.ucum import is_unit, meant_unit

_TYPES: Final = {
    **dict.fromkeys(("text", "string"), "text"),
    **dict.fromkeys(("float", "double", "decimal"), "decimal"),
    **dict.fromkeys(("partialDate", "incompleteDate"), "partial_date"),
    **dict.fromkeys(("partialTime", "incompleteTime"), "time"),
    **dict.fromkeys(("partialDatetime", "incompleteDatetime"), "datetime"),
    **{same: same for same in ("integer", "boolean", "date", "time", "datetime")},
}
DEFINE: Final = "http://www.cdisc.org/ns/def/"
_COUNTED: Final = ("integer", "decimal")


@dataclass
class OdmForms:
    """The forms of a file.

    Attributes:
        forms: by name, as plain data of a study file. items: OID (of an item that is asked at several places
            with those of its form and group before it) -> form and item.
        notes: what was left out or is otherwise, with its line. sha256: of the file.
    """

    sha256: str
    forms: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_odm(raw: bytes) -> OdmForms:
    """The forms of the newest metadata of a file, whole or not at all.

    Raises:
        OdmError: when it is no XML, declares a document type, is no ODM 1.3, names what is not there or one
            thing twice, or a form would be none of a study file.
    """
    root = odm_root(raw)
    versions = list(root.iter(tag("MetaDataVersion")))
    if not versions:
        raise OdmError([f"line {root.sourceline}: it has no MetaDataVersion, and so no forms"])
    found = OdmForms(hashlib.sha256(raw).hexdigest())
    if len(versions) > 1:
        found.notes.append(f"line {versions[0].sourceline}: {len(versions)} versions; the last one is read")
    reader = _Reader(root, versions[-1], found)
    reader.read()
    if reader.problems:
        raise OdmError(reader.problems)
    if not found.forms:
        why = next((one for one in found.notes if "Define-XML" in one), "")
        raise OdmError([why or f"line {versions[-1].sourceline}: there is no form in it that asks anything"])
    return found


class _Reader:
    """Reads one version of the metadata."""

    def __init__(self, root: etree._Element, version: etree._Element, found: OdmForms) -> None:
        self.root, self.version, self.found = root, version, found
        self.problems: list[str] = []
        self.names = Names()
        self.asked: Counter[str] = Counter()  # how often an item stands in a form
        self.groups = self._by_oid("ItemGroupDef")
        self.defined = self._by_oid("ItemDef")
        self.codelists = self._by_oid("CodeList")
        self.units = {str(one.get("OID")): one for one in root.iter(tag("MeasurementUnit"))}

    def read(self) -> None:
        """Every form, and what stays behind."""
        forms = self._by_oid("FormDef") or self._groups_as_forms()
        self.asked = Counter(
            str(item.get("ItemOID"))
            for form in forms.values()
            for one in form.iter(tag("ItemGroupRef"))
            if (group := self.groups.get(str(one.get("ItemGroupOID")))) is not None
            for item in group.iter(tag("ItemRef"))
        )
        for form in forms.values():
            oid = str(form.get("OID"))
            own = oid.removeprefix("F.")  # as entact writes it; elsewhere an OID says nothing to people
            name = self.names.of(
                own if re.fullmatch(r"[a-z][a-z0-9_]*", own) else str(form.get("Name")), "forms"
            )
            body = self._form(form, name)
            if not body["items"]:
                self._note(form, f"{name}: it asks nothing, left out")
                continue
            try:
                Form.model_validate(body)
            except ValidationError as error:
                for one in error.errors(include_url=False):
                    at = ".".join(str(part) for part in one["loc"] if isinstance(part, str))
                    message = one["msg"].removeprefix("Value error, ")
                    self.problems.append(f"line {form.sourceline}: {name}.{at}: {message}")
                continue
            self.found.forms[name] = body
        events = sum(1 for _ in self.version.iter(tag("StudyEventDef")))
        if events:
            self._note(
                self.version, f"{events} events left out: visits stand in the schedule of a study file"
            )
        for line, text in left_out(self.version, frozenset(forms)) if self.found.forms else ():
            self.found.notes.append(f"line {line}: {text}")
        people = sum(1 for _ in self.root.iter(tag("SubjectData")))
        if people:
            self._note(self.root, f"what was entered about {people} people is left out: forms alone are read")

    def _groups_as_forms(self) -> dict[str, etree._Element]:
        """A library of groups has no form; then each of them is read as one."""
        if any(str(name).startswith(f"{{{DEFINE}") for one in self.groups.values() for name in one.attrib):
            self._note(self.version, "it is a Define-XML: its groups are datasets, and no forms")
            return {}
        found = {}
        for oid, group in self.groups.items():
            made = self.version.makeelement(
                tag("FormDef"), {"OID": oid, "Name": str(group.get("Name") or oid)}
            )
            made.sourceline = group.sourceline
            etree.SubElement(made, tag("ItemGroupRef"), ItemGroupOID=oid).sourceline = group.sourceline
            found[oid] = made
        if found:
            self._note(self.version, "there is no form in it: each group of items is read as one")
        return found

    def _form(self, form: etree._Element, name: str) -> dict[str, Any]:
        body: dict[str, Any] = {"title": plain(str(form.get("Name") or name))}
        sections: dict[str, Any] = {}
        items: dict[str, Any] = {}
        references = in_order(form, "ItemGroupRef")
        for reference in references:
            group = self._there(reference, "ItemGroupOID", self.groups, "group of items")
            if group is None:
                continue
            if reference.get("CollectionExceptionConditionOID"):
                said = (
                    f"{name}: the condition of {group.get('Name')!r} is in words, so it is asked of everybody"
                )
                self._note(reference, said)
            title = plain(str(group.get("Name") or ""))
            asked = list(self._items(group, name))
            inner = {item: said for _, item, said in asked}
            is_list = group.get("Repeating") == "Yes" and bool(inner)
            rows = self.names.of(title, f"items of {name}") if is_list else ""
            for oid, item, _ in asked:
                self._goes(oid, form, group, f"{name}.{rows}.{item}" if rows else f"{name}.{item}")
            if rows:
                items[rows] = {"type": "rows", "title": title, "items": inner}
                continue
            if len(references) > 1 and inner:
                section = self.names.of(title, f"sections of {name}")
                sections[section] = {"title": title}
                inner = {item: {**said, "section": section} for item, said in inner.items()}
            items |= inner
        if sections:
            body["sections"] = sections
        return {**body, "items": items}

    def _goes(self, oid: str, form: etree._Element, group: etree._Element, place: str) -> None:
        """Where an item went; one that is asked at several places is named with its form and group."""
        several = self.asked[oid] > 1
        self.found.items[f"{form.get('OID')}/{group.get('OID')}/{oid}" if several else oid] = place

    def _items(self, group: etree._Element, form: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for reference in in_order(group, "ItemRef"):
            item = self._there(reference, "ItemOID", self.defined, "item")
            if item is None:
                continue
            label = str(item.get("Name") or item.get("OID"))
            if reference.get("MethodOID"):
                self._note(reference, f"{form}.{label}: it is calculated by a method in words, left out")
                continue
            said = self._item(item, f"{form}.{label}")
            if said is None:
                continue
            if reference.get("Mandatory") == "No":
                said["required"] = False
            if reference.get("CollectionExceptionConditionOID"):
                self._note(
                    reference, f"{form}.{label}: its condition is in words, so it is asked of everybody"
                )
            name = self.names.of(label, f"items of {form}")
            yield str(item.get("OID")), name, said

    def _item(self, item: etree._Element, label: str) -> dict[str, Any] | None:
        kind = str(item.get("DataType"))
        if kind not in _TYPES:
            self._note(item, f"{label}: there is no {kind!r} in a study file, left out")
            return None
        question = _text(item.find(tag("Question"))) or _text(item.find(tag("Description")))
        said: dict[str, Any] = {"type": _TYPES[kind]}
        if question:
            said["title"] = question
        listed = item.find(tag("CodeListRef"))
        if listed is not None and said["type"] != "boolean":
            self._coded(listed, said, label)
        if said["type"] in _COUNTED:
            self._unit(item, said, label)
            self._limits(item, said, label)
        elif item.find(tag("RangeCheck")) is not None:
            self._note(item, f"{label}: its checks are not of a number, left out")
        return said

    def _coded(self, reference: etree._Element, said: dict[str, Any], label: str) -> None:
        codelist = self._there(reference, "CodeListOID", self.codelists, "list of codes")
        if codelist is None:
            return
        labels: dict[str, str] = {}
        for one in in_order(codelist, "CodeListItem") + in_order(codelist, "EnumeratedItem"):
            code = str(one.get("CodedValue"))
            if code in labels:
                self.problems.append(f"line {one.sourceline}: {label}: the code {code!r} stands twice")
            labels[code] = _text(one.find(tag("Decode"))) or code
        if not labels:
            self._note(reference, f"{label}: its codes are in another system, and any text may stand there")
            return
        said |= {"type": "choice", "of": list(labels)}
        if any(code != text for code, text in labels.items()):
            said["labels"] = labels

    def _unit(self, item: etree._Element, said: dict[str, Any], label: str) -> None:
        found = []
        for one in item.findall(tag("MeasurementUnitRef")):
            unit = self._there(one, "MeasurementUnitOID", self.units, "unit")
            if unit is not None:
                found.append(_text(unit.find(tag("Symbol"))) or str(unit.get("Name")))
        if len(found) > 1:
            self._note(item, f"{label}: it may be in {', '.join(found)}, and none of them is taken: say one")
        elif found and is_unit(found[0]):
            said["unit"] = found[0]
        elif found and (meant := meant_unit(found[0])) is not None:
            said["unit"] = meant
            self._note(item, f"{label}: {found[0]!r} is taken to be {meant!r}")
        elif found:
            name = said.get("title") or label.partition(".")[2]
            said["title"] = f"{name} (in {found[0]})"  # whoever enters a number knows of what
            self._note(item, f"{label}: {found[0]!r} is no unit of UCUM, and stands in the question")

    def _limits(self, item: etree._Element, said: dict[str, Any], label: str) -> None:
        """Ranges with both ends: a hard one cannot be left, a soft one is asked about."""
        for how, key in (("Hard", "range"), ("Soft", "expected")):
            ends: dict[str, str] = {}
            for check in item.findall(tag("RangeCheck")):
                if (check.get("SoftHard") or "Soft") == how:
                    compared = str(check.get("Comparator") or "words")
                    if compared in ends:
                        self._note(item, f"{label}: of several checks with {compared} the last is read")
                    ends[compared] = (check.findtext(tag("CheckValue")) or "").strip()
            if {"GE", "LE"} <= ends.keys():
                said[key] = f"{ends['GE']} .. {ends['LE']}"
            if strange := ends.keys() - ({"GE", "LE"} if key in said else set()):
                self._note(item, f"{label}: a check with {', '.join(sorted(strange))} is no range, left out")

    def _by_oid(self, kind: str) -> dict[str, etree._Element]:
        found: dict[str, etree._Element] = {}
        for one in self.version.iter(tag(kind)):
            oid = one.get("OID")
            if oid is None:
                self.problems.append(f"line {one.sourceline}: this {kind} has no OID")
            elif oid in found:
                first = found[oid].sourceline
                self.problems.append(f"line {one.sourceline}: the {kind} {oid!r} stands on line {first} too")
            else:
                found[str(oid)] = one
        return found

    def _there(
        self, reference: etree._Element, key: str, known: Mapping[str, etree._Element], what: str
    ) -> etree._Element | None:
        found = known.get(str(reference.get(key)))
        if found is None:
            self.problems.append(f"line {reference.sourceline}: there is no {what} {reference.get(key)!r}")
        return found

    def _note(self, at: etree._Element, text: str) -> None:
        self.found.notes.append(f"line {at.sourceline}: {text}")


def _text(element: etree._Element | None) -> str:
    """The first text of an element that is translated: English where there is some."""
    if element is None:
        return ""
    texts = list(element.iter(tag("TranslatedText")))
    english = [
        one
        for one in texts
        if str(one.get("{http://www.w3.org/XML/1998/namespace}lang") or "").startswith("en")
    ]
    text = (english or texts)[0].text if texts else None
    return plain(text) if text and text.strip() else ""
