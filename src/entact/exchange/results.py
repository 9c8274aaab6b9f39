"""Analysis results metadata (ARM 1.0) in the Define-XML of analysis datasets: of each analysis of the plan
which rows it takes, which set, and how it is made.

Source: CDISC Analysis Results Metadata 1.0 for Define-XML; a test holds what is written to its schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from entact.datasets.adam.dates import parameter_codes
from entact.datasets.adam.own import flag_in_adsl
from entact.datasets.codebook import Codebook
from entact.datasets.planned import PlannedAnalysis
from entact.datasets.sdtm.homes import in_ascii
from entact.exchange.dataset_json import group_oid, item_oid
from entact.exchange.described import Described

ARM: Final = "http://www.cdisc.org/ns/arm/v1.0"


@dataclass(frozen=True)
class Result:
    """An analysis of the plan as far as its rows are in the datasets.

    Attributes:
        picked: variable -> value, of the rows that it takes. flag: of the analysis set, if ADSL has it.
    """

    analysis: PlannedAnalysis
    title: str
    dataset: str
    picked: Mapping[str, str]
    flag: str | None


def results_of(book: Codebook, datasets: Mapping[str, Described]) -> Iterator[Result]:
    """The analyses of the plan whose endpoint has rows in ADEFF or ADTTE."""
    codes = parameter_codes(book.endpoints)
    subjects = datasets.get("ADSL")
    known = {one.name for one in subjects.columns} if subjects is not None else set()
    for analysis in book.analyses:
        planned = book.endpoints.get(analysis.endpoint)
        name = "ADTTE" if planned is not None and planned.kind == "time" else "ADEFF"
        dataset = datasets.get(name)
        if planned is None or dataset is None:
            continue
        code = codes[analysis.endpoint]
        if not any((part["PARAMCD"] == code).any() for part in dataset.parts(["PARAMCD"])):
            continue
        picked = {"PARAMCD": code}
        if name == "ADEFF" and "visit" not in re.findall(r"\w+", analysis.fixed):  # else it takes every visit
            picked["AVISIT"] = analysis.at.replace("_", " ").upper()
        flag = flag_in_adsl(book, analysis.set)
        yield Result(analysis, planned.title, name, picked, flag if flag in known else None)


def add_where_clauses(metadata: etree._Element, results: list[Result], odm: str, define: str) -> None:
    """Adds which rows each analysis takes."""
    for one in results:
        clause = etree.SubElement(metadata, f"{{{define}}}WhereClauseDef", OID=_where(one))
        for variable, value in one.picked.items():
            check = etree.SubElement(clause, f"{{{odm}}}RangeCheck", SoftHard="Soft", Comparator="EQ")
            check.set(f"{{{define}}}ItemOID", item_oid(one.dataset, variable))
            etree.SubElement(check, f"{{{odm}}}CheckValue").text = value
        if one.flag is not None:
            clause = etree.SubElement(metadata, f"{{{define}}}WhereClauseDef", OID=f"{_where(one)}.SET")
            check = etree.SubElement(clause, f"{{{odm}}}RangeCheck", SoftHard="Soft", Comparator="EQ")
            check.set(f"{{{define}}}ItemOID", item_oid("ADSL", one.flag))
            etree.SubElement(check, f"{{{odm}}}CheckValue").text = "Y"


def add_results(metadata: etree._Element, results: list[Result], odm: str, define: str) -> None:
    """Adds what each analysis is; nothing where there is none."""
    if not results:
        return
    displays = etree.SubElement(metadata, f"{{{ARM}}}AnalysisResultDisplays")
    display = etree.SubElement(
        displays, f"{{{ARM}}}ResultDisplay", OID="RD.PLAN", Name="Analyses of the plan"
    )
    _describe(display, "Every analysis of the study file's plan, as `entact report` prints it", odm)
    for one in results:
        element = etree.SubElement(display, f"{{{ARM}}}AnalysisResult", OID=f"AR.{one.analysis.name}")
        element.set("ParameterOID", item_oid(one.dataset, "PARAMCD"))
        element.set("AnalysisReason", "SPECIFIED IN SAP")
        is_primary = one.analysis.name == "primary"
        element.set("AnalysisPurpose", f"{'PRIMARY' if is_primary else 'SECONDARY'} OUTCOME MEASURE")
        _describe(element, f"{one.title}, {one.analysis.at.replace('_', ' ')}", odm)
        sets = etree.SubElement(element, f"{{{ARM}}}AnalysisDatasets")
        values = ("AVAL", "CNSR") if one.dataset == "ADTTE" else ("AVAL", "BASE")
        _dataset(sets, one.dataset, _where(one), values, define)
        if one.flag is not None:
            _dataset(sets, "ADSL", f"{_where(one)}.SET", (one.flag, "TRT01P"), define)
        said = etree.SubElement(element, f"{{{ARM}}}Documentation")
        _describe(said, _how(one.analysis), odm)


def _how(analysis: PlannedAnalysis) -> str:
    """The analysis in the words of the plan."""
    said = [f"Method {analysis.method}", f"estimand {analysis.estimand}", f"analysis set {analysis.set}"]
    if analysis.contrast is not None:
        said.append(f"contrast {analysis.contrast[0]} - {analysis.contrast[1]}")
    if analysis.fixed:
        said.append(f"fixed effects {analysis.fixed}")
    return in_ascii("; ".join([*said, f"alpha {analysis.alpha}"]))


def _where(one: Result) -> str:
    return f"WC.AR.{one.analysis.name}"


def _dataset(sets: etree._Element, name: str, where: str, variables: tuple[str, ...], define: str) -> None:
    element = etree.SubElement(sets, f"{{{ARM}}}AnalysisDataset", ItemGroupOID=group_oid(name))
    etree.SubElement(element, f"{{{define}}}WhereClauseRef", WhereClauseOID=where)
    for variable in variables:
        etree.SubElement(element, f"{{{ARM}}}AnalysisVariable", ItemOID=item_oid(name, variable))


def _describe(parent: etree._Element, text: str, odm: str) -> None:
    description = etree.SubElement(parent, f"{{{odm}}}Description")
    translated = etree.SubElement(description, f"{{{odm}}}TranslatedText")
    translated.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    translated.text = text
