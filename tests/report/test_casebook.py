"""A casebook as PDF: the same values give the same bytes, whatever was written into it."""

from __future__ import annotations

from typing import Any

import pytest

from entact.report.casebook import draw_casebook, picture_casebook


def fact(value: str) -> dict[str, Any]:
    return {"label": "Note", "value": value, "hint": "", "sealed": False}


def account(text: str) -> dict[str, Any]:
    change = {"label": "Note", "old": text, "new": text}
    corrected = {"when": "3 Mar 2026", "by": text, "why": text, "changes": [change], "places": ["ab"]}
    return {
        "title": text,
        "note": text,
        "when": "2 Mar 2026",
        "by": text,
        "places": ["ab"],
        "facts": [fact(text)],
        "scores": [fact(text)],
        "findings": [text],
        "alerts": [text],
        "corrections": [corrected],
    }


def book(text: str, accounts: int = 1) -> dict[str, Any]:
    stop = {
        "title": text,
        "status": "done",
        "status_words": "done",
        "when": "2 Mar 2026",
        "contact": "",
        "window": text,
        "flags": [text],
        "hidden": [text],
        "columns": [text, "Diastolic"],
        "readings": [{"when": "10:00", "timepoint": "", "values": [text, "70"], "places": ["ab"]}],
        "accounts": [account(text)] * accounts,
    }
    signed = {"when": "", "entries": 2, "broken": [text]}
    step = dict.fromkeys(("arrived", "happened", "what", "by", "proof", "reason", "place"), text)
    return {
        "study": "mini",
        "title": text,
        "environment": "production",
        "role": "investigator",
        "hidden": [],
        "made": "2 Mar 2026",
        "given_out": text,
        "releases": [["1.0", "ab" * 32]],
        "head": "3 · ab",
        "timeline": {
            "standing": {"number": text, "site": ""},
            "facts": [fact(text)],
            "stops": [stop],
            "unreachable": [text],
            "findings": [{"message": text, "rule": text, "holds": True}],
            "alerts": [text],
            "withdrawn": [account(text)],
            "zone": "Europe/Zurich",
        },
        "signatures": [dict.fromkeys(("by", "name", "proof", "meaning"), text) | signed],
        "trail": [step],
    }


@pytest.mark.parametrize(
    "text", ["", "*a* _b_ $x$ #panic() `c` @d <e> \\ // ]", "מחקר 研究", "line\nline", "x" * 400]
)
def test_what_somebody_wrote_is_text_and_no_markup(text: str) -> None:
    drawn = draw_casebook(book(text))
    assert drawn.startswith(b"%PDF-")
    assert draw_casebook(book(text)) == drawn


def test_a_long_casebook_has_more_pages() -> None:
    short, long = picture_casebook(book("said"), ppi=15), picture_casebook(book("said", 60), ppi=15)
    assert len(short) == 3
    assert len(long) > 5


def test_a_casebook_of_a_rehearsal_says_so() -> None:
    plain = book("said")
    assert picture_casebook(plain, 20) != picture_casebook({**plain, "environment": "rehearsal"}, 20)
