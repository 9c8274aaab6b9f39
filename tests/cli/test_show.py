"""`entact show`: what a committee reads, in the terminal, as a page, as a picture and as data."""

from __future__ import annotations

import re
import struct
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.cli.conftest import Run

from entact.cli.show import tell_study
from entact.protocol import shipped_studies
from entact.protocol.words.label import begun
from entact.report.pictures.schedule import NARROW, draw_schedule
from entact.report.schedule import bars_of

STUDIES = Path(__file__).parents[1] / "studies"
MINI = STUDIES / "mini"


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_the_terminal_is_filled_and_never_overflows(
    run: Run, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    done = run("show", MINI)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert max(len(line) for line in lines if "sha256" not in line) <= columns
    text = " ".join(done.out.split())
    for said in (
        "mini · A small study for tests",
        "18 to 34 days after session 1; else 8 weeks ± 7 days after baseline (by rater)",
        "At least 2 therapists are in the room",
        "investigator and second person together, each confirming it themselves. "
        "Each time is listed as a deviation.*",
        "* not confirmed: 3 assumptions",
    ):
        assert said in text, said


def test_no_activity_is_lost_where_the_table_is_cut_into_blocks(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a narrow terminal the table stands in blocks; together they have as many marks as the study."""
    told = tell_study("mapp1").activities
    marks = sum(bool(told.mark(visit, activity)) for visit in told.visits for activity in told.rows)
    for columns in ("80", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        out = run("show", "mapp1").out
        table = out[out.index("Schedule of activities") : out.index("Design")]
        assert table.count("●") + len(re.findall(r"\b\d[a-z]\b", table)) == marks


def test_the_result_as_json_is_whole(run: Run) -> None:
    found = run("show", MINI, "--json").json
    assert found["study"] == "mini"
    assert {"what": "planned", "value": "8"} in found["facts"]
    assert found["activities"]["groups"][0]["visits"][4]["marks"]["vital_signs"] == [
        "before the initial dose",
        "90 min after the initial dose",
        "at the end",
    ]
    assert {section["name"] for section in found["sections"]} >= {"gates", "alerts", "blinding", "plan"}
    assert len(found["assumptions"]) == 3


class Page(HTMLParser):
    """What a page refers to, whether its elements close, and its text."""

    EMPTY = ("meta", "br", "hr", "img", "input", "link", "path", "circle", "rect")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.anchors: list[str] = []
        self.outside: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.ids += [said["id"]] if said.get("id") else []
        if tag in ("script", "link", "img", "iframe") or "src" in said:
            self.outside.append(tag)
        if said.get("href"):
            target = str(said["href"])
            (self.anchors if target.startswith("#") else self.outside).append(target)
        if tag not in self.EMPTY or (
            tag in ("path", "circle") and not self.get_starttag_text().endswith("/>")
        ):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("study", [*shipped_studies(), str(MINI)])
def test_the_page_needs_nothing_but_itself(run: Run, tmp_path: Path, study: str) -> None:
    path = tmp_path / "study.html"
    done = run("show", study, "--html", path)
    assert (done.code, done.err, done.out.strip()) == (0, "", str(path))
    text = path.read_text()
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.outside == []
    assert len(page.ids) == len(set(page.ids))
    assert {target.removeprefix("#") for target in page.anchors} <= set(page.ids)
    assert "://" not in text
    told = tell_study(study)
    for section in told.sections:
        assert section.title in page.text
        for line in section.lines:
            assert all(note in page.text for note in line.notes)
    # the same study gives the same page
    again = tmp_path / "again.html"
    run("show", study, "--html", again)
    assert again.read_text() == text


def test_a_text_of_the_study_cannot_become_markup(run: Run, tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    text = (MINI / "study.yaml").read_text()
    study.write_text(text.replace("A psychotic disorder", "'<script>alert(1)</script> & more'"))
    run("show", study, "--html", tmp_path / "page.html", "--picture", tmp_path / "picture.svg")
    page = (tmp_path / "page.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page


def test_the_picture_is_svg_or_png_by_its_name(run: Run, tmp_path: Path) -> None:
    svg, png = tmp_path / "study.svg", tmp_path / "study.png"
    assert run("show", "mapp1", "--picture", svg).code == 0
    root = ElementTree.parse(svg).getroot()
    drawn = [element.text for element in root.iter() if element.tag.endswith("text")]
    told = tell_study("mapp1").activities
    assert all(begun(visit.title) in drawn for visit in told.visits)
    assert run("show", "mapp1", "--picture", png).code == 0
    head = png.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    width, _ = struct.unpack(">II", head[16:24])
    assert width == 1440
    done = run("show", "mapp1", "--picture", tmp_path / "study.gif")
    assert (done.code, done.out) == (2, "")
    assert ".svg or .png" in done.err


@pytest.mark.parametrize("study", shipped_studies())
@pytest.mark.parametrize("width", [940.0, NARROW])
def test_no_mark_of_the_picture_lies_outside(study: str, width: float) -> None:
    drawn = draw_schedule(bars_of(tell_study(study).activities), width=width)
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawn)
    assert box is not None
    wide, high = float(box[1]), float(box[2])
    points = re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)"', drawn)
    points += re.findall(r'<path d="M([-\d.]+) ([-\d.]+)l', drawn)
    assert len(points) > 20
    assert all(0 <= float(x) <= wide and 0 <= float(y) <= high for x, y in points)
    bars = re.findall(r'<rect x="([-\d.]+)" y="[-\d.]+" width="([-\d.]+)"', drawn)
    assert all(float(x) >= 0 and float(x) + float(long) <= wide for x, long in bars)


def test_a_folder_that_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    done = run("show", MINI, "--html", tmp_path / "none" / "page.html")
    assert (done.code, done.out) == (2, "")
    assert "No such file" in done.err


def test_a_release_may_be_named(run: Run, tmp_path: Path) -> None:
    text = (MINI / "study.yaml").read_text().replace('release: "1.0"', 'release: "1.1"')
    text = text.replace(
        "populations:",
        'amendment:\n  of: "1.0"\n  reason: Two very high readings\n'
        "  changes:\n    - {change: gates.initial_dose, applies: immediately}\npopulations:",
        1,
    ).replace("systolic <= 140.0", "systolic <= 135.0")
    folder = tmp_path / "mini"
    (folder / "amendments").mkdir(parents=True)
    (folder / "study.yaml").write_bytes((MINI / "study.yaml").read_bytes())
    (folder / "amendments" / "1.1.yaml").write_text(text)
    newest, first = run("show", folder), run("show", f"{folder}@1.0")
    assert (newest.code, first.code) == (0, 0)
    assert "at most 135 mmHg" in " ".join(newest.out.split())
    assert "at most 140 mmHg" in " ".join(first.out.split())
    assert "releases 1.0, 1.1" in run("check", folder).out
    assert run("show", f"{folder}@2.0").err.endswith("there is no release '2.0'; there are 1.0, 1.1\n")


def test_a_study_is_told_in_each_of_its_languages(run: Run) -> None:
    forms = STUDIES / "forms"
    german, english = run("show", forms, "--language", "de").out, run("show", forms).out
    for one, other in (("Mindestens 18 Jahre alt", "At least 18 years old"), ("Vorgespräch", "Screening")):
        assert one in german
        assert one not in english
        assert other in english
        assert other not in german
    assert german.splitlines()[1] == english.splitlines()[1]  # it is the same release


def test_a_language_that_the_study_has_not_is_told_with_those_it_has(run: Run) -> None:
    done = run("show", STUDIES / "forms", "--language", "fr")
    assert (done.code, done.out) == (2, "")
    assert "there is no language 'fr'; write one of: de, en" in done.err


def test_a_long_row_of_like_visits_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    said = run("show", STUDIES / "shapes" / "daily_diary").out.splitlines()
    schedule = said[: said.index(next(line for line in said if line.startswith("Design")))]
    assert len(schedule) < 45
    (row,) = [line for line in schedule if "more like it" in line]
    assert row.split() == [
        *("–151", "evening", "150", "15.1"),
        *["149", "more", "like", "it,", "each", "1", "day", "after", "the", "one", "before"],
    ]
    assert any(" 2–151 " in line for line in schedule)


def test_a_german_noun_keeps_its_capital(run: Run, tmp_path: Path) -> None:
    said = run("show", STUDIES / "couples", "--language", "de").out
    assert "after Erstgespräch" in said
    assert "erstgespräch" not in said
    text = (MINI / "study.yaml").read_text(encoding="utf-8")
    alone = text.replace("study: mini\n", "study: mini\nlanguages: [de]\n")
    path = tmp_path / "study.yaml"
    path.write_text(alone.replace("{visit: outcome,", "{visit: outcome, title: Ergebnis,"), encoding="utf-8")
    assert "days of Ergebnis" in run("show", path).out
