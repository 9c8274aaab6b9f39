"""The blank case report form as PDF: what stands on it, the same each time, and as pictures."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from entact.course.crf import Crf, blank_crf
from entact.protocol import load_study
from entact.report.crf import draw_crf, picture_crf, places_in_crf

STUDIES = Path(__file__).parents[1] / "studies"


@pytest.fixture(scope="module")
def crf() -> Crf:
    return blank_crf(load_study(STUDIES / "forms").newest)


@pytest.fixture(scope="module")
def plain(crf: Crf) -> dict[str, Any]:
    return dataclasses.asdict(crf)


def test_every_item_stands_on_its_page(crf: Crf, plain: dict[str, Any]) -> None:
    expected: list[dict[str, str]] = []
    for page in crf.pages:
        for item in page.items:
            expected += [{"cell": cell.name} for cell in item.cells]
            expected.append({"form": page.form, "visit": page.visit, "item": item.name})
    assert places_in_crf(plain) == expected


def test_the_same_study_gives_the_same_bytes(plain: dict[str, Any]) -> None:
    document = draw_crf(plain)
    assert document.startswith(b"%PDF-")
    assert draw_crf(plain) == document


def test_each_form_of_a_visit_begins_a_page_and_no_page_is_empty(crf: Crf, plain: dict[str, Any]) -> None:
    pictures = picture_crf(plain, ppi=20)
    assert len(pictures) == len(crf.pages)  # each of them fits one page
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    assert len(set(pictures)) == len(pictures)


def test_letters_of_any_script_are_drawn(plain: dict[str, Any]) -> None:
    assert draw_crf({**plain, "title": "מחקר 研究", "pages": plain["pages"][:1]}).startswith(b"%PDF-")


def test_a_form_without_items_or_with_very_many_is_drawn(plain: dict[str, Any]) -> None:
    page = plain["pages"][2]
    for items in ([], page["items"] * 40):
        assert draw_crf({**plain, "pages": [{**page, "items": items}]}).startswith(b"%PDF-")
