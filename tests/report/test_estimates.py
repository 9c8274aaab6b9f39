"""Pictures of results: what is drawn is what was found, and what is not drawn is said."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from entact.analysis.binary import LogWald, MiettinenNurminen, Pair, difference, ratio
from entact.analysis.result import Estimate
from entact.analysis.safety import edish, incidence, volcano
from entact.report.pictures.estimates import dots_sheet, edish_sheet, estimates_sheet, volcano_sheet
from entact.report.pictures.sheet import as_page, as_svg

ARMS = ("mdma", "placebo")
PEOPLE = pl.DataFrame({"participant": [f"p{place}" for place in range(40)], "arm": list(ARMS) * 20})
EVENTS = pl.DataFrame(
    [(f"p{place}", "Nausea") for place in range(0, 30, 2)]
    + [(f"p{place}", "Nausea") for place in (1, 3)]
    + [(f"p{place}", "Headache & ache") for place in (0, 1, 2, 3)],
    schema=["participant", "term"],
    orient="row",
)


def test_each_measure_has_an_axis_and_each_row_its_numbers() -> None:
    pair = Pair.of(56, 70, 48, 80)
    results = {
        "shares": [difference(pair, method=MiettinenNurminen())],
        "odds": [
            ratio(pair, "odds ratio", method=LogWald()),
            Estimate("odds ratio", "none", None, notes=("nobody",), label="nobody there"),
        ],
    }
    sheet = estimates_sheet("Results", "Drawn.", results, origin="SIMULATED")
    assert [one.title for one in sheet.panels] == ["shares", "odds"]
    assert "0.2 (0.0528 to 0.338)" in sheet.panels[0].text
    assert "nobody there: not estimable" in sheet.panels[1].text
    drawn = as_svg(sheet)
    assert "0.2 (0.0528 to 0.338)" in drawn
    assert "SIMULATED" in drawn
    assert "not estimable" in as_page(sheet)
    with pytest.raises(ValueError, match="nothing to draw"):
        estimates_sheet("Results", "", {"odds": results["odds"][1:]}, origin="x")


def test_endless_limits_end_at_the_edge_and_are_written() -> None:
    endless = Estimate("risk ratio", "exact", 4.0, 1.2, float("inf"), label="one")
    sheet = estimates_sheet("Results", "", {"one": [endless]}, origin="x")
    assert "4 (1.2 to ∞)" in sheet.panels[0].text
    assert "NaN" not in as_svg(sheet)


def test_dots_have_both_arms_and_the_difference() -> None:
    sheet = dots_sheet("Events", list(incidence(EVENTS, PEOPLE, ARMS)), ARMS, origin="SIMULATED")
    assert "Nausea: 15 of 20 mdma, 2 of 20 placebo" in sheet.panels[0].text
    assert "Headache &amp; ache" in as_svg(sheet)
    with pytest.raises(ValueError, match="nobody had an event"):
        dots_sheet("Events", [], ARMS, origin="x")


def test_a_volcano_is_of_fishers_p() -> None:
    found = volcano(EVENTS, PEOPLE, ARMS)
    # R 4.2.2: > fisher.test(matrix(c(15, 5, 2, 18), 2))$p.value  # 6.8606298e-05
    assert found["term"].to_list() == ["Nausea", "Headache & ache"]
    assert found["p"].to_list() == pytest.approx([6.8606298e-05, 1.0], rel=1e-7)
    assert found["difference"].to_list() == pytest.approx([0.65, 0.0])
    sheet = volcano_sheet("Events", found, ARMS, origin="SIMULATED")
    assert "Nausea: +65.0 points" in sheet.panels[0].text
    assert "some are small by chance" in sheet.notes[0]


def test_who_has_not_both_liver_tests_is_counted() -> None:
    found = edish(
        pl.DataFrame(
            {"participant": list("abcd"), "alt": [0.5, 4.0, 6.0, None], "bilirubin": [0.4, 0.8, 3.0, 1.0]}
        )
    )
    sheet = edish_sheet("Liver", found, origin="SIMULATED")
    assert "possible Hy's Law: 1" in sheet.notes[0]
    assert sheet.notes[1] == "1 without both tests are not drawn."
    assert "possible Hy" in as_svg(sheet)


def test_a_command_draws_what_it_found_and_a_dry_run_says_so(tmp_path: Path) -> None:
    from entact.cli.analyse import AnalyseError, check_picture, run, write_picture

    (tmp_path / "plan.yaml").write_text(
        json.dumps({"analyses": {"one": {"method": "t_test", "contrast": "a - b"}}}), encoding="utf-8"
    )
    (tmp_path / "t.csv").write_text(
        "participant,arm,value\n1,a,3\n2,b,5\n3,a,4\n4,b,8\n5,a,2\n6,b,6\n", encoding="utf-8"
    )
    picture = tmp_path / "results.svg"
    for dry, said in ((None, "t.csv"), (3, "DRY RUN")):
        found, _ = run(tmp_path / "plan.yaml", tmp_path / "t.csv", None, dry)
        write_picture(found, picture, "t.csv")
        assert said in picture.read_text(encoding="utf-8")
    with pytest.raises(AnalyseError, match=r"\.svg, \.png or \.html"):
        check_picture(tmp_path / "results.pdf")
