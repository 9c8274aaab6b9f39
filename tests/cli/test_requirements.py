"""`entact check --against`."""

from __future__ import annotations

import subprocess
import sys
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


def test_what_was_collected_in_fact_is_told_by_site(run: Run, rehearsal: str, tmp_path: Path) -> None:
    of_record = ("check", "mapp1", "--against", "crl2024", "--record", "--database", rehearsal)
    done = run(*of_record, "--json")
    [found] = done.json["lists"]
    assert done.code == 2
    by = {
        of: [row for row in found["record"] if row["of"] == of]
        for of in ("sessions", "participants", "visits")
    }
    items = {row["item"] for row in by["sessions"]}
    assert {"guess_each_session", "events_after_sessions", "suicidality"} == items
    assert "prior_use" in {row["item"] for row in by["participants"]}
    for of, rows in by.items():
        for row in rows:
            assert row[of] == sum(site[of] for site in row["sites"].values()) > 0
            assert 0 < row["collected"] <= row[of]
    shown = run(*of_record, "--html", tmp_path / "page.html").out
    assert "in the record, of the sessions with a dose so far:" in shown
    assert "by site: " in shown
    assert "In the record, of the sessions with a dose so far" in (tmp_path / "page.html").read_text()


def test_a_record_is_read_in_a_process_of_its_own(rehearsal: str) -> None:
    words = ("check", "mapp1", "--against", "crl2024", "--record", "--database", rehearsal)
    command = [sys.executable, "-c", "from entact.cli import main; main()", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "")
    assert "in the record, of the sessions with a dose so far:" in done.stdout


def test_a_record_of_another_study_is_refused(run: Run, rehearsal: str) -> None:
    done = run("check", "mapp2", "--against", "crl2024", "--record", "--database", rehearsal)
    assert done.code == 2
    assert "is of the study mapp1, and mapp2 was asked for" in done.err


def test_a_record_is_of_lists_alone(run: Run) -> None:
    done = run("check", "mapp1", "--record")
    assert done.code == 2
    assert "--record is of --against" in done.err


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
