"""Labels of kits: the same bytes for the same kits, and nothing of what is inside."""

from __future__ import annotations

from pathlib import Path

import pytest

from entact.report.labels import code_of, draw_labels
from entact.report.typeset import as_pictures


def sheet(*kits: str, languages: tuple[str, ...] = ("en",)) -> bytes:
    return draw_labels("mini", "denver", kits, 3, "2026-12-31", "L-1", "production", languages, "15 to 25 °C")


def test_the_same_kits_give_the_same_bytes_in_the_languages_of_the_study() -> None:
    one = sheet("482913.7", "482914.X")
    assert one.startswith(b"%PDF-")
    assert one == sheet("482913.7", "482914.X")
    assert one != sheet("482913.7", "482914.X", languages=("de-CH", "en"))
    assert sheet("1.1", languages=("xx",)) == sheet("1.1")  # in English where the words are not known


def test_the_code_is_a_square_that_begins_with_its_finder() -> None:
    rows = code_of("482913.7")
    assert {len(row) for row in rows} == {len(rows)}
    assert rows[0].startswith("1111111")
    assert rows[1].startswith("1000001")
    assert code_of("482913.7") != code_of("482914.7")


@pytest.mark.parametrize("count", [1, 13])
def test_twelve_fit_on_a_page(count: int, tmp_path: Path) -> None:
    values = {
        "study": "mini",
        "site": "denver",
        "kits": [{"number": str(n), "code": code_of(str(n))} for n in range(count)],
        "units": 3,
        "expires": "2026-12-31",
        "lot": "L-1",
        "keep": "",
        "words": [],
        "simulated": True,
    }
    values["words"] = [
        {name: name for name in ("only", "kit", "units", "expires", "lot", "participant", "keep")}
    ]
    assert len(as_pictures("labels", values)) == (2 if count > 12 else 1)
