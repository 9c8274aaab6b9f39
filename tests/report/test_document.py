from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from entact.cli.published import parse_published
from entact.cli.show_page import render_page
from entact.course.course import Course
from entact.datasets import Datasets, build, synopsis
from entact.protocol.release import Study
from entact.protocol.words import account, activities
from entact.report.document import ReportInput, count, render_report, write_report
from entact.report.figures.drawing import for_page
from entact.report.outcomes import outcome_table
from entact.report.published import Published
from entact.report.schedule import schedule_parts

VOID = {"meta", "br", "hr", "img", "input", "link", "col"}

PUBLISHED = """
study: mini
citation: "Someone 2020 <i>, doi:10.1/x"
scores:
  symptoms.total:
    baseline: {mdma: {n: 3, mean: 44.0}, placebo: {n: 2, mean: 43.0}, source: F1, confidence: memory}
events:
  terms:
    nausea: {mdma: 2/3, placebo: 0/2, source: F2, confidence: read}
"""


class Page(HTMLParser):
    """A page as it is nested; what is not closed, or closed twice, is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.path: list[tuple[str, dict[str, str | None]]] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.parts: dict[str, list[str]] = {"section": [], "figure": [], "table": []}
        self.open: list[tuple[str, list[str]]] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag, _ in self.path]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if len(given) < len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag in VOID:
            return
        self.path.append((tag, given))
        if tag in self.parts:
            self.open.append((tag, []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [str(value) for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        if not self.path or self.path[-1][0] != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} closes {self.path[-1:]}")
            return
        self.path.pop()
        if tag in self.parts:
            name, texts = self.open.pop()
            self.parts[name].append(" ".join(texts))

    def handle_data(self, data: str) -> None:
        for _, texts in self.open:
            texts.append(data)


@pytest.fixture(scope="module")
def datasets(mini: Study, courses: list[Course], allocation: dict[str, str]) -> Datasets:
    return build(mini, courses, allocation)


@pytest.fixture(scope="module")
def published() -> Published:
    return parse_published(PUBLISHED.encode(), "published.yaml")


def of(study: Study, datasets: Datasets, published: Published | None = None, **more: object) -> ReportInput:
    given: dict[str, object] = {"sites": 2, "entries": 12345, "seed": 7, "chains": 9} | more
    return ReportInput(
        datasets=datasets,
        table=outcome_table(datasets, published),
        synopsis=synopsis(study.newest),
        **given,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def text(mini: Study, datasets: Datasets, published: Published) -> str:
    return render_report(of(mini, datasets, published))


def test_the_page_is_well_formed_and_its_ids_are_unique(text: str) -> None:
    page = Page(text)
    assert page.faults == []
    assert len(page.ids) == len({*page.ids})
    referred = {name for names in re.findall(r'aria-labelledby="([^"]+)"', text) for name in names.split()}
    assert referred | set(re.findall(r"url\(#([^)]+)\)", text)) <= {*page.ids}


def test_the_page_needs_nothing_but_itself(text: str) -> None:
    assert re.findall(r"https?://", re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)) == []
    assert "<script" not in text
    assert re.findall(r'(?:src|href)="(?!#)', text) == []
    assert "@import" not in text
    assert "url(http" not in text


def test_every_drawing_says_that_data_are_simulated_and_the_page_says_it_without_end_no_more(
    text: str,
) -> None:
    drawings = re.findall(r'<svg class="(?:chart|consort)".*?</svg>', text, re.DOTALL)
    assert len(drawings) > 5
    for drawing in drawings:  # each may be cut out and stand alone; that of the schedule holds no data
        assert "SIMULATED DATA" in drawing or "Schedule of" in drawing
    rest = re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
    assert re.search(r'<p class="banner"[^>]*><strong>SIMULATED DATA</strong>', rest)
    assert re.search(r"\.banner \{[^}]*position: sticky", rest)  # it stays while one scrolls
    assert 4 <= rest.count("SIMULATED DATA") <= 8
    tables = re.findall(r'<table class="outcomes".*?</thead>', rest, re.DOTALL)
    assert tables
    assert all(">Simulated<" in head for head in tables)


def test_the_report_opens_with_the_primary_result_and_its_chart(text: str) -> None:
    sections = re.findall(r'<section id="(\w+)">', text)
    assert sections[0] == "result"
    assert sections.index("outcomes") < sections.index("flow") < sections.index("schedule")
    first = text[text.index('<section id="result">') : text.index('<section id="outcomes">')]
    assert 'id="figure-scores"' in first
    assert text.count('id="figure-scores"') == 1
    assert "at outcome (de jure)</p>" in first


def test_the_schedule_of_the_report_is_that_of_show(text: str, mini: Study) -> None:
    schedule = schedule_parts(activities(mini.newest))
    for part in (schedule.timeline, schedule.visits, schedule.matrix):
        assert part in text
        assert part in render_page(account(mini.newest))


def test_no_letter_is_smaller_than_twelve_pixels(text: str) -> None:
    sheet = text[text.index("<style>") : text.index("</style>")]
    screen = re.sub(r"@media print \{.*?\n\}\n", "", sheet, flags=re.DOTALL)
    sizes = [float(size) * 16 for size in re.findall(r"font-size: (\d*\.?\d+)rem", screen)]
    sizes += [float(size) for size in re.findall(r"font-size: (\d*\.?\d+)px", screen)]
    sizes += [float(size) for size in re.findall(r'font-size="(\d*\.?\d+)(?:px)?"', text)]
    assert sizes
    assert min(sizes) >= 12


def test_a_report_of_people_does_not_say_simulated(mini: Study, datasets: Datasets) -> None:
    said = render_report(of(mini, replace(datasets, environment="production"), seed=None))
    assert "SIMULATED" not in said
    assert "Observed" in said
    assert Page(said).faults == []


def test_the_same_input_gives_the_same_text(
    mini: Study, datasets: Datasets, published: Published, text: str
) -> None:
    assert render_report(of(mini, datasets, published)) == text


def test_published_values_stand_beside_simulated_ones_with_their_mark(text: str) -> None:
    assert "44.0 <" in text
    assert "†" in text
    assert "Someone 2020 &lt;i&gt;" in text
    assert "published mean" in text


def test_a_report_by_arm_says_that_it_is_unblinded(text: str) -> None:
    assert "UNBLINDED</strong> Results stand by arm" in text


def test_every_analysis_stands_with_its_rows_and_hashes(text: str, datasets: Datasets) -> None:
    [one] = outcome_table(datasets).analyses
    part = text[text.index('<section id="analyses">') : text.index('<section id="flow">')]
    for said in (one.estimand, one.entered, *one.digests.values(), *one.events):
        assert said in part


def test_a_blinded_report_names_no_arm_in_results(mini: Study, courses: list[Course]) -> None:
    said = render_report(of(mini, build(mini, courses)))
    page = Page(said)
    assert page.faults == []
    assert "Blinded" in said
    assert "UNBLINDED" not in said
    assert "All randomised participants" in said
    assert "xx.x (xx.x to xx.x); p = 0.xxx" in said  # the places of the results are held open
    outcomes = re.search(r'<section id="outcomes">.*?</section>', said, re.DOTALL)
    assert outcomes is not None
    assert "Placebo" not in outcomes[0]


def test_a_report_without_events_guesses_or_vital_signs(mini: Study, datasets: Datasets) -> None:
    empty = replace(
        datasets,
        events=datasets.events.clear(),
        guesses=datasets.guesses.clear(),
        vitals=datasets.vitals.clear(),
        alerts=datasets.alerts.clear(),
        findings=datasets.findings.clear(),
    )
    said = render_report(of(mini, empty))
    assert Page(said).faults == []
    assert 'id="figure-events"' not in said
    assert "No findings." in said


def test_an_arm_without_participants(mini: Study, courses: list[Course], allocation: dict[str, str]) -> None:
    everyone = dict.fromkeys(allocation, "mdma")
    said = render_report(of(mini, build(mini, courses, everyone)))
    assert Page(said).faults == []
    assert "Allocated (n = 0)" in said.replace("\N{NO-BREAK SPACE}", " ")


def test_a_study_in_which_nobody_was_asked_yet(mini: Study) -> None:
    said = render_report(
        of(mini, replace(build(mini, [], {}), environment="rehearsal"), entries=0, chains=None)
    )
    assert Page(said).faults == []
    assert "There is nothing to draw yet." in said
    assert "not run" in said


def test_what_verification_and_rehearsal_found_is_told(mini: Study, datasets: Datasets) -> None:
    found = (("gate supplement", "refused <always>"),)
    said = render_report(of(mini, datasets, study_findings=found, faults=("site:denver breaks at 4",)))
    assert "refused &lt;always&gt;" in said
    assert "site:denver breaks at 4" in said
    assert "12\N{NARROW NO-BREAK SPACE}345" in said


def test_table_and_datasets_are_of_one_release(mini: Study, datasets: Datasets) -> None:
    other = replace(datasets, book=replace(datasets.book, release="mini@sha256:0"))
    with pytest.raises(ValueError, match="mini@sha256:0"):
        render_report(replace(of(mini, datasets), datasets=other))


def test_a_report_is_written_with_the_folders_on_the_way(
    mini: Study, datasets: Datasets, published: Published, text: str, tmp_path: Path
) -> None:
    path = tmp_path / "var" / "report.html"
    write_report(of(mini, datasets, published), path)
    assert path.read_text(encoding="utf-8") == text


def test_ids_within_a_drawing_begin_anew() -> None:
    drawn = (
        '<svg viewBox="0 0 10 20"><clipPath id="clip41"/><g clip-path="url(#clip41)"/><g id="clip7"/></svg>'
    )
    again = drawn.replace("clip41", "clip99").replace("clip7", "clip100")
    assert for_page(drawn, name="one", alt_text="a < b") == for_page(again, name="one", alt_text="a < b")
    assert 'clip-path="url(#one-0)"' in for_page(drawn, name="one", alt_text="a < b")
    assert "a &lt; b" in for_page(drawn, name="one", alt_text="a < b")


def test_counts_are_read_by_thousands() -> None:
    assert [count(n) for n in (0, 999, 1000, 1234567)] == ["0", "999", "1\u202f000", "1\u202f234\u202f567"]
