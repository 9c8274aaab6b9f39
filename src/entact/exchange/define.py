"""Define-XML 2.1: what is in the datasets of an export, for who reviews them.

Source: CDISC Define-XML 2.1, specification and XML schema; a test holds what is written to the schema.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from lxml import etree

from entact.datasets.sdtm import OF_THE_WHOLE, TERMINOLOGY, Tabulation
from entact.datasets.sdtm.guide import Codelist, codelist
from entact.exchange.annotated import Collected
from entact.exchange.dataset_json import group_oid, item_oid, metadata_oid, study_oid
from entact.exchange.described import DERIVED, Column, Described, Origin
from entact.exchange.results import ARM, add_results, add_where_clauses, results_of
from entact.exchange.value_level import ValueList, ValueOf, value_lists

ODM: Final = "http://www.cdisc.org/ns/odm/v1.3"
DEF: Final = "http://www.cdisc.org/ns/def/v2.1"
XLINK: Final = "http://www.w3.org/1999/xlink"
XML: Final = "http://www.w3.org/XML/1998/namespace"
_IG, _CT = "STD.IG", "STD.CT.SDTM"
_DATES: Final = ("DTC", "DUR", "ELTM")
_CLASSES: Final = {"Special-Purpose": "SPECIAL PURPOSE"}
_UNCODED: Final = (
    "COM.UNCODED",
    "MedDRA is not in entact: events carry the study's own terms, and coding is left to the sponsor.",
)
_EMPTY: Final = ("COM.EMPTY", "The study does not collect this; the column is expected, and stays empty.")


def define_xml(
    tabulation: Tabulation,
    datasets: Iterable[Described],
    *,
    version: str,
    at: str,
    ending: str,
    documents: Mapping[str, str] | None = None,
    collected: Collected | None = None,
) -> bytes:
    """The Define-XML of an export.

    Args:
        datasets: those that are written. version: of entact. at: the cut, as ISO 8601 with offset.
        ending: of the files that it points to (`xpt`). documents: file -> title of those beside it; the
            annotated form is the one whose name begins with `acrf`. collected: what stands on which of its
            pages.
    """
    described = list(datasets)
    file = tabulation.release.file
    name = file.study.upper()
    root = etree.Element(f"{{{ODM}}}ODM", nsmap={None: ODM, "def": DEF, "arm": ARM, "xlink": XLINK})
    root.set("FileType", "Snapshot")
    root.set("FileOID", f"DEF.{name}")
    root.set("ODMVersion", "1.3.2")
    root.set("CreationDateTime", at)
    root.set("Originator", "entact")
    root.set("SourceSystem", "entact")
    root.set("SourceSystemVersion", version)
    root.set(f"{{{DEF}}}Context", "Other")
    study = _child(root, "Study", OID=study_oid(name))
    variables = _child(study, "GlobalVariables")
    _child(variables, "StudyName").text = name
    _child(variables, "StudyDescription").text = file.title
    _child(variables, "ProtocolName").text = file.registry or name
    analysis = any(dataset.is_analysis for dataset in described)
    metadata = _child(study, "MetaDataVersion", OID=metadata_oid(name, analysis=analysis))
    metadata.set("Name", f"{name}, datasets of {'ADaM' if analysis else 'SDTM'}")
    metadata.set("Description", _what(tabulation))
    metadata.set(f"{{{DEF}}}DefineVersion", "2.1.0")
    _standards(metadata, analysis=analysis)
    for name in documents or {}:
        tag = "AnnotatedCRF" if name.startswith("acrf") else "SupplementalDoc"
        _def(_def(metadata, tag), "DocumentRef", leafID=_leaf_oid(name))
    pages = collected or Collected()
    lists = _lists(described)
    by_value = {(one.dataset, one.variable): one for one in value_lists(described)}
    for values in by_value.values():
        _value_list(metadata, values)
    for values in by_value.values():
        _where_clauses(metadata, values)
    results = list(results_of(tabulation.book, {one.name: one for one in described})) if analysis else []
    add_where_clauses(metadata, results, ODM, DEF)
    for dataset in described:
        _group(metadata, dataset, ending)
    for dataset in described:
        for column in dataset.columns:
            _item(metadata, dataset, column, lists, by_value.get((dataset.name, column.name)), pages)
    for values in by_value.values():
        _values(metadata, values, {one.name: one for one in described}[values.dataset], pages)
    for key, (terms, known) in lists.items():
        _codelist(metadata, key, terms, known)
    for oid, text in (_UNCODED, _EMPTY):
        _description(_def(metadata, "CommentDef", OID=oid), text)
    for name, title in (documents or {}).items():
        leaf = _def(metadata, "leaf", ID=_leaf_oid(name))
        leaf.set(f"{{{XLINK}}}href", name)
        _def(leaf, "title").text = title
    add_results(metadata, results, ODM, DEF)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _leaf_oid(name: str) -> str:
    return f"LF.{name.partition('.')[0].upper()}.DOC"


def _what(tabulation: Tabulation) -> str:
    said = ["Blinded: no value depends on the arm."] if tabulation.blinded else []
    if OF_THE_WHOLE in tabulation.withheld:
        said.append(f"O{tabulation.withheld[OF_THE_WHOLE][1:]}.")
    if tabulation.environment != "production":
        said.append("SIMULATED DATA: no person stands behind them.")
    said.append("Times are those of the site's clock.")
    return " ".join(said)


def _child(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{ODM}}}{tag}", attributes)


def _def(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{DEF}}}{tag}", attributes)


def _description(parent: etree._Element, text: str) -> None:
    translated = _child(_child(parent, "Description"), "TranslatedText")
    translated.set(f"{{{XML}}}lang", "en")
    translated.text = text


def _standards(metadata: etree._Element, *, analysis: bool) -> None:
    standards = _def(metadata, "Standards")
    name, version = ("ADaMIG", "1.3") if analysis else ("SDTMIG", "3.4")
    _def(standards, "Standard", OID=_IG, Name=name, Type="IG", Version=version, Status="Final")
    packages = {"SDTM": TERMINOLOGY, "DEFINE-XML": "2026-03-27"} | (
        {"ADaM": "2026-03-27"} if analysis else {}
    )
    for package, published in packages.items():
        ct = {"OID": f"STD.CT.{package}", "Name": "CDISC/NCI", "Type": "CT", "PublishingSet": package}
        _def(standards, "Standard", **ct, Version=published, Status="Final")


def _group(metadata: etree._Element, dataset: Described, ending: str) -> None:
    repeats = any(column.name.endswith("SEQ") or column.name == "VISITNUM" for column in dataset.columns)
    group = _child(metadata, "ItemGroupDef", OID=group_oid(dataset.name), Name=dataset.name)
    if not dataset.is_analysis:
        group.set("Domain", dataset.name.removeprefix("SUPP"))
    group.set("SASDatasetName", dataset.name)
    group.set("Repeating", "Yes" if repeats or dataset.name.startswith(("SUPP", "REL")) else "No")
    with_people = any(column.name == "USUBJID" for column in dataset.columns)
    group.set("IsReferenceData", "No" if with_people else "Yes")
    group.set("Purpose", "Analysis" if dataset.is_analysis else "Tabulation")
    group.set(f"{{{DEF}}}Structure", dataset.structure or "One record per supplemental qualifier per record")
    group.set(f"{{{DEF}}}ArchiveLocationID", f"LF.{dataset.name}")
    group.set(f"{{{DEF}}}StandardOID", _IG)
    _description(group, dataset.label)
    for place, column in enumerate(dataset.columns, start=1):
        reference = _child(group, "ItemRef", ItemOID=item_oid(dataset.name, column.name))
        reference.set("OrderNumber", str(place))
        reference.set("Mandatory", "Yes" if column.variable.core == "Req" else "No")
        if column.key is not None:
            reference.set("KeySequence", str(column.key))
        if not dataset.is_analysis:
            reference.set("Role", column.variable.role)
    _def(group, "Class", Name=_CLASSES.get(dataset.observation_class, dataset.observation_class.upper()))
    leaf = _def(group, "leaf", ID=f"LF.{dataset.name}")
    file = f"{dataset.name.lower()}.{ending}"
    leaf.set(f"{{{XLINK}}}href", file)
    _def(leaf, "title").text = file


def _value_list(metadata: etree._Element, values: ValueList) -> None:
    element = _def(metadata, "ValueListDef", OID=_values_oid(values))
    for place, one in enumerate(values.values, start=1):
        reference = _child(element, "ItemRef", ItemOID=_value_oid(values, one), OrderNumber=str(place))
        reference.set("Mandatory", "No")
        _def(reference, "WhereClauseRef", WhereClauseOID=_where_oid(values, one))


def _where_clauses(metadata: etree._Element, values: ValueList) -> None:
    for one in values.values:
        clause = _def(metadata, "WhereClauseDef", OID=_where_oid(values, one))
        check = _child(clause, "RangeCheck", SoftHard="Soft", Comparator="EQ")
        check.set(f"{{{DEF}}}ItemOID", item_oid(values.dataset, values.by))
        _child(check, "CheckValue").text = one.code


def _values(metadata: etree._Element, values: ValueList, dataset: Described, pages: Collected) -> None:
    """What a result is, test by test; it is from where the whole column is, but that scores are derived."""
    column = next(one for one in dataset.columns if one.name == values.variable)
    for one in values.values:
        item = _child(metadata, "ItemDef", OID=_value_oid(values, one), Name=one.code, DataType=one.type)
        item.set("Length", str(one.length))
        if one.type == "float":
            item.set("SignificantDigits", str(one.digits))
        _description(item, one.title)
        _origin(
            item,
            DERIVED if one.derived else column.origin,
            pages.form,
            pages.values.get((values.dataset, one.code), ()),
        )


def _values_oid(values: ValueList) -> str:
    return f"VL.{values.dataset}.{values.variable}"


def _value_oid(values: ValueList, one: ValueOf) -> str:
    return f"{item_oid(values.dataset, values.variable)}.{one.code}"


def _where_oid(values: ValueList, one: ValueOf) -> str:
    return f"WC.{values.dataset}.{values.by}.{one.code}"


def _origin(item: etree._Element, origin: Origin, form: str, pages: Collection[int]) -> None:
    kind, source = origin
    element = _def(item, "Origin", Type=kind)
    if source is not None:
        element.set("Source", source)
    if not pages or kind != "Collected":
        return
    reference = _def(element, "DocumentRef", leafID=_leaf_oid(form))
    _def(reference, "PDFPageRef", PageRefs=" ".join(map(str, sorted(pages))), Type="PhysicalRef")


def _item(
    metadata: etree._Element,
    dataset: Described,
    column: Column,
    lists: dict[str, tuple[list[str], Codelist]],
    values: ValueList | None,
    pages: Collected,
) -> None:
    item = _child(metadata, "ItemDef", OID=item_oid(dataset.name, column.name), Name=column.name)
    dated = column.type == "text" and column.name.endswith(_DATES)
    kind = column.type
    if dated:
        item.set("DataType", "durationDatetime" if column.name.endswith(("DUR", "ELTM")) else "datetime")
    else:
        item.set("DataType", kind)
        item.set("Length", str(column.length))
    if kind == "float":
        item.set("SignificantDigits", str(column.digits))
    item.set("SASFieldName", column.name)
    if column.format is not None:
        item.set(f"{{{DEF}}}DisplayFormat", column.format)
    empty = column.origin[0] == "Not Available"
    if empty:
        coded = dataset.name in ("AE", "ADAE") and column.variable.core in ("Req", "Exp")
        item.set(f"{{{DEF}}}CommentOID", _UNCODED[0] if coded else _EMPTY[0])
    _description(item, column.variable.label)
    if _list_oid(dataset, column) in lists:
        _child(item, "CodeListRef", CodeListOID=_list_oid(dataset, column))
    _origin(item, column.origin, pages.form, pages.variables.get((dataset.name, column.name), ()))
    if values is not None:
        _def(item, "ValueListRef", ValueListOID=_values_oid(values))


def _list_oid(dataset: Described, column: Column) -> str:
    return f"CL.{dataset.name}.{column.name}"


def _lists(datasets: Sequence[Described]) -> dict[str, tuple[list[str], Codelist]]:
    """Of each column with a codelist the terms that are used, in order of the alphabet."""
    found: dict[str, tuple[list[str], Codelist]] = {}
    for dataset in datasets:
        coded = {
            column: lists
            for column in dataset.columns
            if column.type == "text" and not column.name.endswith(("STRESC", "QNAM"))
            if (lists := [one for code in column.variable.codelists if (one := codelist(code)) is not None])
        }
        terms = dataset.source.summary.terms
        for column, lists in coded.items():
            used = sorted(terms.get(column.name, ()))
            if not used:
                continue
            best = max(lists, key=lambda one: sum(term in one.terms for term in used))
            if any(term in best.terms for term in used):
                found[_list_oid(dataset, column)] = used, best
    return found


def _codelist(metadata: etree._Element, oid: str, terms: Sequence[str], known: Codelist) -> None:
    element = _child(metadata, "CodeList", OID=oid, Name=f"{known.name} ({oid[3:]})", DataType="text")
    element.set(f"{{{DEF}}}StandardOID", _CT)
    for place, term in enumerate(terms, start=1):
        item = _child(element, "EnumeratedItem", CodedValue=term, OrderNumber=str(place))
        if term in known.terms:
            _child(item, "Alias", Name=known.terms[term], Context="nci:ExtCodeID")
        else:
            item.set(f"{{{DEF}}}ExtendedValue", "Yes")
    _child(element, "Alias", Name=known.code, Context="nci:ExtCodeID")
