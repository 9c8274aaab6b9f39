from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from entact.report.consort import Box, BoxText, consort
from entact.report.flow import ArmFlow, Flow, Reason
from entact.report.lettering import abbreviation, cut, short, width_of, wrap, wrap_words

LONG = "a reason with so many words that it has to go on in several lines of any box that is drawn"


def of(arms: int, reasons: int = 2) -> Flow:
    why = tuple(Reason(f"{LONG} {number}", 2) for number in range(reasons))
    each = ArmFlow("arm", LONG, 10, 9, (("Session 1", 9), ("Session 2", 8)), why, why, 8, 7)
    return Flow(
        100,
        why,
        (Reason("Extraordinarilylongwordwithoutanyplacetobreakit", 1),),
        10 * arms,
        "randomised",
        (each,) * arms,
        "all",
        "End",
    )


@pytest.mark.parametrize("arms", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("width", [300, 360, 720])
def test_boxes_never_overlap_and_stay_in_the_drawing(arms: int, width: float) -> None:
    drawing = ET.fromstring(consort(of(arms, 12), width=width, note="SIMULATED DATA"))
    _, _, wide, high = map(float, drawing.attrib["viewBox"].split())
    boxes = [
        tuple(float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        for rect in drawing.iter("rect")
    ]
    assert len(boxes) == 3 + 3 * arms
    for place, (x, y, w, h) in enumerate(boxes):
        assert x >= 0
        assert y >= 0
        assert x + w <= wide
        assert y + h <= high
        for x2, y2, w2, h2 in boxes[:place]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


@pytest.mark.parametrize("width", [300, 720])
def test_lines_of_text_stay_in_their_boxes(width: float) -> None:
    drawing = ET.fromstring(consort(of(3, 4), width=width))
    box = (0.0, 0.0, 0.0, 0.0)
    for part in drawing:
        if part.tag == "rect":
            box = (
                float(part.attrib["x"]),
                float(part.attrib["y"]),
                float(part.attrib["width"]),
                float(part.attrib["height"]),
            )
        elif part.tag == "text":
            x, y = float(part.attrib["x"]), float(part.attrib["y"])
            wide = width_of(
                part.text or "", float(part.attrib["font-size"]), bold="font-weight" in part.attrib
            )
            assert box[0] < x
            assert x + wide <= box[0] + box[2]
            assert box[1] < y <= box[1] + box[3]


def test_the_description_says_what_is_drawn() -> None:
    drawing = ET.fromstring(consort(of(2)))
    said = (drawing.findtext("desc") or "").replace("\N{NO-BREAK SPACE}", " ")
    assert "Consented and assessed; n = 100" in said
    assert said.count("Allocated (n = 10)") == 2
    assert drawing.attrib["role"] == "img"


def test_many_reasons_are_counted_together() -> None:
    drawn = consort(of(1, 12)).replace("\N{NO-BREAK SPACE}", " ")
    assert "6 other reasons (n = 12)" in drawn
    assert re.search("not eligible.*n = 24", drawn)


def test_a_box_is_as_high_as_its_text() -> None:
    short_box, long_box = (Box((BoxText(text),), 0, 0, 150) for text in ("one", LONG))
    assert len(short_box.rows) == 1
    assert long_box.height > short_box.height


def test_wrapping_keeps_every_letter_and_every_width() -> None:
    for width in (30, 80, 200):
        lines = wrap(LONG, width, 12)
        assert "".join(lines).replace(" ", "") == LONG.replace(" ", "")
        assert all(width_of(line, 12) <= width for line in lines)
    assert wrap("", 50, 12) == []


def test_titles_by_their_abbreviation() -> None:
    assert short("Beck Depression Inventory (BDI-II), total") == "BDI-II, total"
    assert short("Clinician-Administered PTSD Scale for DSM-5 (CAPS-5), past month") == "CAPS-5, past month"
    assert short("Safety call (by telephone)") == "Safety call (by telephone)"
    assert abbreviation("Sheehan Disability Scale (SDS), adapted") == ("SDS", "Sheehan Disability Scale")
    assert abbreviation("Vital signs") is None


def test_a_text_is_cut_to_its_width() -> None:
    assert cut("Nausea", 100, 12) == "Nausea"
    shorter = cut(LONG, 100, 12)
    assert shorter.endswith("…")
    assert LONG.startswith(shorter[:-1])
    assert width_of(shorter, 12) <= 100


def test_a_diagram_of_many_arms_keeps_its_letters_on_a_narrow_screen() -> None:
    assert "min-width" not in consort(of(2), width=360)
    wide = consort(of(3), width=360)
    width = re.search(r'viewBox="0 0 ([\d.]+) ', wide)
    assert width is not None
    assert f"min-width:{width[1]}px" in wide


def test_no_word_is_broken_where_there_is_room_to_be_had() -> None:
    text = "Methylphenidate with therapy"
    assert " ".join(wrap_words(text, 60, 12)) == text
    assert wrap(text, 60, 12)[0] != "Methylphenidate"
