"""`entact evidence`: in the terminal, as a page, as a picture and as data; and what it refuses."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.cli.conftest import Run
from tests.synthesis.files import DATABASE, TRIAL


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_the_terminal_is_filled_and_never_overflows(
    run: Run, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    done = run("evidence", "ptsd")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= columns
    text = " ".join(done.out.split())
    for said in (
        "MAPP1 42/37 −0.77 (−1.23 to −0.31)",
        "REML, Hartung-Knapp, floor −0.73 (−1.07 to −0.39)",
        "Bayes, τ half-normal 0.5",
        "another trial (prediction)",
        "RETRACTED 2024-08-10",
        "retracted: shown, never pooled",
        "MAPP1 † 42/37",
        "† not confirmed: an assumption",
        "the ad hoc floor acted",
        "funnel: SE 0",
    ):
        assert said in text, said


def test_without_a_condition_there_is_a_line_each(run: Run) -> None:
    done = run("evidence")
    assert done.code == 0
    assert "ptsd" in done.out
    assert "no comparison with a control" in done.out
    assert set(run("evidence", "--json").json["conditions"]) >= {"ptsd", "life_threatening_illness"}


def test_as_data_the_numbers_are_whole(run: Run) -> None:
    told = run("evidence", "ptsd", "--json").json
    severity = told["answers"][0]
    assert severity["estimate"] == pytest.approx(-0.7308, abs=1e-4)
    assert severity["floor_acted"] is True
    assert severity["prediction"]["k-2"] is not None
    assert severity["bayes"] is None
    assert told["answers"][1]["bayes"]["assumption"] == "the scale of the prior"
    assert {"trial": "jerome_2020", "reason": "retracted: shown, never pooled"} in severity["not_pooled"]
    retracted = next(one for one in told["trials"] if one["trial"] == "mithoefer_2019_pool")
    assert retracted["reports"]["mithoefer_2019"]["retracted"]["on"] == "2024-08-10"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.scripts = 0
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_and_the_picture_stand_alone_and_say_what_is_retracted(run: Run, tmp_path: Path) -> None:
    page, picture = tmp_path / "evidence.html", tmp_path / "evidence.svg"
    done = run("evidence", "ptsd", "--html", page, "--picture", picture)
    assert done.code == 0
    read = _Page()
    read.feed(page.read_text(encoding="utf-8"))
    assert read.scripts == 0
    assert all(one.startswith("#") for one in read.addresses)
    assert "prefers-color-scheme: dark" in page.read_text()
    for said in (
        "RETRACTED 2024-08-10",
        "never pooled",
        "Concerns that were named",
        "REML, Hartung-Knapp, floor",
    ):
        assert said in read.text, said
    assert "simulated" not in page.read_text().lower()
    assert "simulated" not in picture.read_text().lower()
    root = ElementTree.fromstring(picture.read_text())
    words = " ".join(root.itertext())
    assert "MAPP1 (42/37)" in words
    assert len(re.findall("funnel", words, re.IGNORECASE)) >= 1
    again = tmp_path / "again.html"
    assert run("evidence", "ptsd", "--html", again).code == 0
    assert again.read_text() == page.read_text()


def test_own_trials_and_a_database_are_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "made_up.yaml").write_text(TRIAL)
    told = run("evidence", "ptsd", "--trials", tmp_path / "own", "--json").json
    assert len(told["answers"][0]["rows"]) == 7 + 4
    (tmp_path / "data.csv").write_text(DATABASE)
    done = run("evidence", "ptsd", "--database", tmp_path / "data.csv")
    assert done.code == 0
    assert "Early 2001" in done.out
    assert "MAPP1" not in done.out
    assert "+ × ~ + +" in done.out


def test_checks_are_shown_everywhere(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    page, picture = tmp_path / "checks.html", tmp_path / "checks.svg"
    done = run(
        "evidence",
        "ptsd",
        "--checks",
        "--by",
        "instrument",
        "--on",
        "year",
        "--html",
        page,
        "--picture",
        picture,
    )
    assert (done.code, done.err) == (0, "")
    text = " ".join(done.out.split())
    for said in (
        "By other estimators",
        "SJ −0.76 (−1.23 to −0.29)",
        "Without one trial",
        "Egger not done: 6 trials",
        "it adds trials that nobody did",
        "Mantel-Haenszel, risk ratio",
        "binomial-normal, odds ratio",
        "By instrument",
        "On year (about trials, not about people in them)",
    ):
        assert said in text, said
    read = _Page()
    read.feed(page.read_text(encoding="utf-8"))
    assert "By other estimators" in read.text
    assert "filled in: nobody did these trials" in read.text
    told = run("evidence", "ptsd", "--by", "instrument", "--json").json
    severity = told["answers"][0]["checks"]
    assert severity["egger"] == {"not_done": "6 trials: Egger's test says next to nothing of fewer than 10"}
    assert severity["estimators"]["SJ"]["estimate"] == pytest.approx(-0.76, abs=0.01)
    assert set(severity["groups"]["groups"]) == {"CAPS-5", "CAPS-IV"}
    assert told["answers"][1]["checks"]["rare"]["Peto, odds ratio"]["measure"] == "OR"
    assert run("evidence", "ptsd", "--json").json["answers"][0]["checks"] is None


def test_changes_are_pooled_where_they_are_asked_for(run: Run) -> None:
    done = run("evidence", "ptsd", "--changes", "--json")
    severity = done.json["answers"][0]
    assert severity["convention"] == "change"
    assert len(severity["rows"]) == 1


def test_what_cannot_be_done_is_said_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    spoilt = tmp_path / "made_up.yaml"
    spoilt.write_text(TRIAL.replace("condition: ptsd", "condition: pstd"))
    for words, said in (
        (("evidence", "ptds"), "did you mean 'ptsd'?"),
        (("evidence", "eating_disorder"), "there are some of: ptsd"),
        (("evidence", "ptsd", "--trials", tmp_path), "made_up.yaml:3:12 condition"),
        (("evidence", "ptsd", "--html", tmp_path / "x.txt"), "end the name in .html"),
        (("evidence", "ptsd", "--picture", tmp_path / "absent" / "x.svg"), "there is no folder"),
        (("evidence", "ptsd", "--by", "instrumnt"), "did you mean 'instrument'?"),
        (("evidence", "ptsd", "--on", "blinding"), "participants, year"),
        (("evidence", "ptsd", "--scale", "0"), "scale"),
        (("evidence", "--checks"), "name a condition"),
        (("evidence", "alcohol_use_disorder", "--html", tmp_path / "x.html"), "has published a comparison"),
    ):
        done = run(*words)
        assert done.code == 2, words
        assert said in done.err, done.err
        assert "Traceback" not in done.err
    assert run("evidence", "--html", tmp_path / "x.html").code == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["made_up.yaml"]
