"""What stands in the metadata of ODM and in no form of ours: every kind of it, and how often it is there.

Source: CDISC ODM 1.3.2, section 3.1; what another vendor adds is in a namespace of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from lxml import etree

from entact.exchange.odm.space import ODM, tag

_READ: Final = {
    "MetaDataVersion": frozenset({"OID", "Name", "Description"}),
    "FormDef": frozenset({"OID", "Name", "Repeating"}),
    "ItemGroupRef": frozenset(
        {"ItemGroupOID", "OrderNumber", "Mandatory", "CollectionExceptionConditionOID"}
    ),
    "ItemGroupDef": frozenset({"OID", "Name", "Repeating", "Type"}),
    "ItemRef": frozenset(
        {
            "ItemOID",
            "OrderNumber",
            "Mandatory",
            "MethodOID",
            "UnitsItemOID",
            "CollectionExceptionConditionOID",
        }
    ),
    "ItemDef": frozenset({"OID", "Name", "DataType"}),
    "Question": frozenset[str](),
    "TranslatedText": frozenset({"Type"}),
    "CodeListRef": frozenset({"CodeListOID"}),
    "MeasurementUnitRef": frozenset({"MeasurementUnitOID"}),
    "RangeCheck": frozenset({"Comparator", "SoftHard"}),
    "CheckValue": frozenset[str](),
    "CodeList": frozenset({"OID", "Name", "DataType"}),
    "CodeListItem": frozenset({"CodedValue", "OrderNumber"}),
    "EnumeratedItem": frozenset({"CodedValue", "OrderNumber"}),
    "Decode": frozenset[str](),
}
_TOLD: Final = frozenset({"StudyEventDef", "StudyEventGroupDef", "Protocol", "ExternalCodeList"})
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def left_out(version: etree._Element, forms: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Line and words of what no form says: forms that repeat, what is asked nowhere, and whatever else.

    Args:
        forms: OIDs of the forms that are read.
    """
    again = [one for one in version.iterfind(tag("FormDef")) if one.get("Repeating") == "Yes"]
    again = [one for one in again if one.get("OID") in forms]
    if again:
        told = ", ".join(str(one.get("Name")) for one in again)
        yield _line(again[0]), f"may be filled in again at a visit, which no form says: {told}"
    yield from _asked_nowhere(version)
    counts: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    for one in version:
        _count(one, counts, languages)
    if len(languages) > 1:
        told = ", ".join(f"{name or 'none said'} ({count})" for name, count in sorted(languages.items()))
        yield _line(version), f"texts are in several languages, of which one is read: {told}"
    if counts:
        told = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
        yield _line(version), f"no form says, and so it is left out: {told}"


def in_order(parent: etree._Element, name: str) -> list[etree._Element]:
    """References in the order that they say, or that of the file where one of them says none."""
    found = list(parent.iter(tag(name)))
    order = [str(one.get("OrderNumber") or "") for one in found]
    if not all(one.isascii() and one.isdigit() and len(one) < 10 for one in order):
        return found
    return [found[place] for place in sorted(range(len(found)), key=lambda place: int(order[place]))]


def _asked_nowhere(version: etree._Element) -> Iterator[tuple[int, str]]:
    """Of items and groups that are defined and not asked, each kind with the first of them."""
    has_forms = version.find(tag("FormDef")) is not None
    for kind, reference, key in (
        ("ItemGroup", "ItemGroupRef", "ItemGroupOID"),
        ("Item", "ItemRef", "ItemOID"),
    ):
        if kind == "ItemGroup" and not has_forms:
            continue
        asked = {one.get(key) for one in version.iter(tag(reference))}
        unasked = [one for one in version.iterfind(tag(f"{kind}Def")) if one.get("OID") not in asked]
        unasked = [one for one in unasked if one.get("Type") != "Form"]
        if unasked:
            what = "groups of items" if kind == "ItemGroup" else "items"
            first = unasked[0].get("OID")
            yield (
                _line(unasked[0]),
                f"{len(unasked)} {what} are asked nowhere, left out: the first is {first!r}",
            )


def _count(element: etree._Element, counts: Counter[str], languages: Counter[str]) -> None:
    name = _name(element)
    if name in _TOLD:
        return
    if name not in _READ:
        counts[name] += 1
        return
    for key in element.attrib:
        if key == _LANG or (name == "TranslatedText" and key not in _READ[name]):
            continue
        if key not in _READ[name]:
            counts[f"{name}/@{bare(str(key), element)}"] += 1
    if name == "TranslatedText":
        languages[str(element.get(_LANG) or "")] += 1
    described = name == "ItemDef" and element.find(tag("Question")) is None  # then that is what is asked
    for one in element:
        if described and _name(one) == "Description":
            for text in one:
                _count(text, counts, languages)
        else:
            _count(one, counts, languages)


def _name(element: etree._Element) -> str:
    return bare(str(element.tag), element)


def bare(name: str, element: etree._Element) -> str:
    """A name without the namespace of ODM; that of a vendor stands before it, as in the file."""
    space, _, local = name.rpartition("}")
    if space[1:] in ("", ODM):
        return local
    prefix = next((key for key, value in element.nsmap.items() if value == space[1:] and key), "")
    return f"{prefix}:{local}" if prefix else local


def _line(element: etree._Element) -> int:
    return int(element.sourceline or 0)
