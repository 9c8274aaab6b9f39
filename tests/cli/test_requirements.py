"""`entact check --against`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run

MINI = Path(__file__).parents[1] / "studies" / "mini" / "study.yaml"


def test_a_study_is_held_against_a_list(run: Run) -> None:
    done = run("check", "mapp1", "--against", "crl2024")
    assert (done.code, done.err) == (2, "")
    assert "crl2024 · What the review of 2024 named" in done.out
    assert "would meet it: a laboratory form between the first session and the last" in done.out
    assert "mapp1/study.yaml:" in done.out
    assert "a person has to judge: " in done.out
    assert done.out.rstrip().splitlines()[-1].startswith("crl2024: 27 not met, 5 not decidable")


def test_the_result_as_json_has_every_place(run: Run) -> None:
    done = run("check", "mapp1", "--against", "crl2024", "--json")
    [found] = done.json["lists"]
    items = {item["id"]: item for item in found["items"]}
    assert (done.code, done.json["study"]) == (2, "mapp1")
    assert sum(found["counts"].values()) == len(items)
    assert {place["file"] for place in items["guess_each_session"]["where"]} == {"mapp1/study.yaml"}
    assert items["durability"]["would_meet_it"]


def test_the_page_needs_nothing_but_itself(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = run("check", "mapp1", "--against", "crl2024", "--html", page)
    text = page.read_text()
    assert done.out.rstrip().endswith(str(page))
    assert "http" not in text
    assert "<script" not in text
    assert 'id="crl2024-durability"' in text
    assert "Would meet it: " in text


def test_a_fault_of_the_study_comes_first(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(MINI.read_text().replace("vitals.systolic <= 140.0", "vitals.sistolic <= 140.0"))
    done = run("check", path, "--against", "crl2024")
    assert done.code == 2
    assert "did you mean 'vitals.systolic'?" in done.err


def test_a_list_that_there_is_not_is_told(run: Run) -> None:
    done = run("check", "mapp1", "--against", "crl2042")
    assert done.code == 2
    assert "did you mean 'crl2024'?" in done.err


def test_a_page_is_of_lists_alone(run: Run, tmp_path: Path) -> None:
    done = run("check", "mapp1", "--html", tmp_path / "page.html")
    assert done.code == 2
    assert "--against" in done.err
