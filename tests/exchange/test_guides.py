"""The guides for reviewers, and the annotated form, beside the datasets that they tell of."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import odmlib
from lxml import etree

from entact.datasets.sdtm import Tabulation
from entact.exchange import Described, define_xml
from entact.exchange.guides import Guide, analysis_data_guide, study_data_guide
from entact.report.guide import draw_guide

AT = "2026-05-04T12:30:00+00:00"
DEF = "{http://www.cdisc.org/ns/def/v2.1}"


def tables(guide: Guide) -> dict[str, list[list[str]]]:
    """The rows of each table by the heading above it; of several below one the last."""
    found: dict[str, Any] = {}
    heading = ""
    for part in guide.parts:
        if part["kind"] == "heading":
            heading = part["text"]
        elif part["kind"] == "table":
            assert all(len(row) == len(part["head"]) for row in part["rows"])
            found[heading] = part["rows"]
    return found


def test_that_of_sdtm_lists_every_dataset_code_and_item_that_is_nowhere(
    tabulation: Tabulation, datasets: dict[str, Described]
) -> None:
    guide = study_data_guide(tabulation, datasets.values(), version="0.1.0")
    found = tables(guide)
    assert [(row[0], row[3]) for row in found["Datasets"]] == [
        (one.name, str(one.height)) for one in datasets.values()
    ]
    assert [row[0] for row in found["Codes of the sponsor"]] == [*tabulation.own]
    assert dict(found["Assumed"]) == dict(tabulation.assumed)  # type: ignore[arg-type]
    assert guide.mark == "SIMULATED DATA"
    pdf = draw_guide(asdict(guide))
    assert pdf.startswith(b"%PDF-")
    assert draw_guide(asdict(guide)) == pdf


def test_that_of_adam_tells_sets_datasets_and_analyses(
    tabulation: Tabulation, analysed: list[Described]
) -> None:
    found = tables(analysis_data_guide(tabulation, analysed, version="0.1.0"))
    assert [row[0] for row in found["Analysis datasets"]] == [one.name for one in analysed]
    plan = tabulation.release.file.analysis
    assert [row[0] for row in found["Analysis sets"]] == [*plan.sets]
    assert all(row[1] in ("ADEFF", "ADTTE") for row in found["Analyses"])
    asked = [one.estimand for one in tabulation.book.analyses]
    assert [row[2].rpartition(" has ")[2] for row in found["Analyses"]] == asked


def test_a_blinded_one_says_so_and_tells_no_arm_of_anybody(
    tabulation: Tabulation, datasets: dict[str, Described]
) -> None:
    from dataclasses import replace

    blinded = replace(tabulation, blinded=True, withheld={"EX": "what a dose held is known with the arm"})
    guide = study_data_guide(blinded, datasets.values(), version="0.1.0")
    assert any("no value depends on the arm" in part.get("text", "") for part in guide.parts)
    assert tables(guide)["Withheld"] == [["EX", "what a dose held is known with the arm"]]


def test_define_leads_to_them_and_keeps_to_its_schema(
    tabulation: Tabulation, datasets: dict[str, Described]
) -> None:
    documents = {"acrf.pdf": "Annotated case report form", "csdrg.pdf": "Guide"}
    text = define_xml(
        tabulation, datasets.values(), version="0.1.0", at=AT, ending="xpt", documents=documents
    )
    root = etree.fromstring(text)
    folder = Path(odmlib.__file__).parent / "schemas" / "define" / "2.1"
    etree.XMLSchema(etree.parse(str(folder / "define2-1-0.xsd"))).assertValid(root)
    leaves = {one.get("ID"): one.get("{http://www.w3.org/1999/xlink}href") for one in root.iter(f"{DEF}leaf")}
    led = [leaves[one.get("leafID")] for one in root.iter(f"{DEF}DocumentRef")]
    assert led == [*documents]
    assert root.find(f".//{DEF}AnnotatedCRF") is not None
