"""One frame of all pages that are written to a file."""

from __future__ import annotations

import re

import pytest

from entact.cli.show import tell_study
from entact.cli.show_page import render_page
from entact.report.palette import DARK
from entact.report.pictures.sheet import Sheet, as_page, chart, layer, numeric, panel


def study_page() -> str:
    return render_page(tell_study("mapp1"))


def sheet_page() -> str:
    places = {name: numeric(name, [0, 2], {"title": "h"}) for name in "xy"}
    line = layer("line", [{"x": 0, "y": 1}, {"x": 1, "y": 2}], places)
    drawn = panel(chart([line], 200, 100), "A & B", "a line", name="one")
    tables = [("T", [["a", "b"], ["1", "2"]])]
    return as_page(Sheet("A <title>", "a caption", ["a note"], [drawn], tables=tables))


@pytest.mark.parametrize("page", [study_page, sheet_page])
def test_every_page_has_the_frame_and_needs_nothing_but_itself(page: object) -> None:
    text = page()  # type: ignore[operator]
    assert text.startswith('<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">')
    assert text.rstrip().endswith("</body>\n</html>")
    for tag in ("html", "head", "style", "body", "h1"):
        assert len(re.findall(f"<{tag}[ >]", text)) == 1, tag
    assert "<script" not in text
    assert not re.search(r'(?:src|href)="(?!#)', text)
    for light, dark in DARK.items():
        assert f'.chart [fill="{light}"], .key [fill="{light}"] {{ fill: {dark}; }}' in text


def test_text_is_escaped_and_drawings_are_not() -> None:
    text = sheet_page()
    assert "A &lt;title&gt;" in text
    assert "<figure" in text
    assert "&lt;svg" not in text
