"""`entact rehearse`: whole or not at all, and nothing thrown away for a slip of the finger."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from tests.cli.conftest import Run

from entact import store
from entact.store import server

MINI = Path(__file__).parents[1] / "studies" / "mini"
# A command that copies what it has into the store long before it is done.
SOON = "from entact.cli import main, rehearsal; rehearsal.BUFFER = 400; main()"


def test_a_small_rehearsal_prints_its_table(run: Run, fresh: str, tmp_path: Path) -> None:
    words = ("mapp1", "--participants", 2, "--workers", 1, "--database", fresh, "--out", tmp_path / "out")
    done = run("rehearse", *words)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("mapp1 · rehearsal, seed 1 · SIMULATED DATA\n15 sites, ")
    assert "chains verified" in done.out
    assert "findings about the study: " in done.out
    assert all(len(line) <= 80 for line in done.out.splitlines() if str(tmp_path) not in line)
    assert "SIMULATED" in (tmp_path / "out" / "report.html").read_text().upper()
    secret = tmp_path / "out" / "allocation.json"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert run("where", "--database", fresh, "--json").json["study"] == "mapp1"


def test_two_rehearsals_at_once_do_not_get_into_each_others_way(run: Run, fresh: str, tmp_path: Path) -> None:
    store.create_database(fresh, "rehearsal", "mini", replace=True)
    connection.close()
    words = ("mapp1", "--participants", 2, "--workers", 1, "--database", fresh)
    with store.reserved(fresh):
        done = run("rehearse", *words, "--out", tmp_path / "out")
    assert (done.code, done.out) == (2, "")
    assert f"another rehearsal into the database {fresh} is under way" in done.err
    out = tmp_path / "out"
    descriptor = os.open(out, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    done = run("rehearse", *words, "--out", out)
    os.close(descriptor)
    assert f"another rehearsal into the folder {out} is under way" in done.err
    assert run("where", "--database", fresh, "--json").json["entries"] == 0


def test_an_earlier_report_is_kept_and_nobody_else_reads_what_shows_arms_whatever_folder_it_lies_in(
    run: Run, fresh: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o755)
    for name in ("allocation.json", "report.html"):
        (out / name).write_text("of an earlier rehearsal")
        (out / name).chmod(0o644)
    words = ("mapp1", "--participants", 2, "--workers", 1, "--database", fresh, "--out", out)
    assert run("rehearse", *words).code == 0
    (kept,) = out.glob("report-*.html")
    assert re.fullmatch(r"report-\d{4}-\d{2}-\d{2}T\d{6}\.html", kept.name)
    assert kept.read_text() == "of an earlier rehearsal"
    assert "mapp1" in (out / "report.html").read_text()
    shown = (kept, out / "report.html", out / "allocation.json")
    assert [stat.S_IMODE(path.stat().st_mode) for path in shown] == [0o600] * 3


def test_the_result_as_json_is_all_of_it(run: Run, fresh: str, tmp_path: Path) -> None:
    words = ("mapp1", "--participants", 2, "--workers", 1, "--database", fresh, "--out", tmp_path)
    done = run("rehearse", *words, "--seed", 3, "--scenario", "no_effect", "--json")
    found = done.json
    assert (done.code, done.err) == (0, "")
    assert (found["study"], found["seed"], found["scenario"]) == ("mapp1", 3, "no_effect")
    assert (found["simulated"], found["environment"], found["breaks"]) == (True, "rehearsal", [])
    assert found["randomised"] == 2
    assert found["outcomes"]["rows"]
    assert os.path.isfile(found["report"])
    assert os.path.isfile(found["allocation"])
    place = run("where", "--database", fresh, "--json").json
    assert (found["entries"], found["ledgers_verified"]) == (place["entries"], place["ledgers"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mapp9",), "did you mean 'mapp"),
        (("mapp1", "--scenario", "no_efect"), "did you mean 'no_effect'?"),
        (("mapp1", "--scenario", "nothing.yaml"), "there is no scenario of mapp1 'nothing.yaml'"),
        ((MINI / "study.yml",), "study.yml"),
        (("mapp1", "--out", "/dev/null/out"), "/dev/null/out: Not a directory"),
    ],
)
def test_what_cannot_be_rehearsed_leaves_the_earlier_rehearsal(
    run: Run, rehearsal: str, words: tuple[object, ...], said: str
) -> None:
    before = run("where", "--database", rehearsal, "--json").json
    done = run("rehearse", *words, "--database", rehearsal)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert run("where", "--database", rehearsal, "--json").json == before


def test_a_study_of_one_s_own_brings_its_parameters_and_scenarios(
    run: Run, fresh: str, tmp_path: Path
) -> None:
    from entact.cohort.trial import shipped_cohort

    shipped, own = shipped_cohort("mapp1").parent, tmp_path / "own"
    (own / "scenarios").mkdir(parents=True)
    for name in ("study.yaml", "cohort.yaml"):
        (own / name).write_bytes((shipped / name).read_bytes())
    (own / "scenarios" / "mine.yaml").write_bytes((shipped / "scenarios" / "no_effect.yaml").read_bytes())
    words = (
        "rehearse",
        own,
        "--participants",
        1,
        "--workers",
        1,
        "--database",
        fresh,
        "--out",
        tmp_path / "out",
    )
    done = run(*words, "--scenario", "mine", "--json")
    assert (done.code, done.json["scenario"]) == (0, "no_effect")
    wrong = own / "cohort.yaml"
    wrong.write_text(wrong.read_text().replace("reference: placebo", "reference: plazebo"))
    refused = run(*words)
    assert (refused.code, refused.out) == (2, "")
    assert "cohort.yaml" in refused.err


def test_a_study_that_somebody_wrote_is_rehearsed_without_more(run: Run, fresh: str, tmp_path: Path) -> None:
    words = ("rehearse", MINI.parent / "short_course", "--workers", 1, "--database", fresh, "--out", tmp_path)
    done = run(*words, "--participants", 6, "--json")
    found = done.json
    assert (done.code, done.err, found["breaks"], found["findings_about_the_study"]) == (0, "", [], [])
    assert (found["randomised"], found["entered"]) == (6, 6)
    assert "efficacy" in found["neutral"]
    rows = {row["id"] for row in found["outcomes"]["rows"]}
    assert {"change/pcl5_change/week_1", "change/pcl5_change/week_12", "share/response/week_12"} <= rows
    assert any("no effect assumed" in note for note in found["outcomes"]["notes"])
    report = (tmp_path / "report.html").read_text()
    assert "no effect assumed" in report
    assert "PTSD Checklist" in report


def test_a_study_that_does_not_randomise_has_one_column(run: Run, fresh: str, tmp_path: Path) -> None:
    words = ("rehearse", "expanded-access", "--workers", 1, "--database", fresh, "--out", tmp_path)
    done = run(*words, "--participants", 3)
    assert (done.code, done.err) == (0, "")
    assert "3 enrolled" in done.out
    assert "randomised" not in done.out
    found = run(*words, "--participants", 3, "--json").json
    assert (found["entered"], found["randomised"]) == (3, 0)
    assert [arm["name"] for arm in found["outcomes"]["arms"]] == ["all"]
    assert "Enrolled" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("name", ["mapp2", "life-threatening-illness", "eating-disorders"])
def test_every_study_that_ships_gives_a_verified_result(
    run: Run, fresh: str, tmp_path: Path, name: str
) -> None:
    words = ("rehearse", name, "--participants", 4, "--workers", 1, "--database", fresh, "--out", tmp_path)
    done = run(*words, "--json")
    assert (done.code, done.err) == (0, "")
    assert (done.json["breaks"], done.json["entered"]) == ([], 4)
    assert done.json["outcomes"]["rows"]


@pytest.mark.slow
def test_an_interrupted_rehearsal_is_not_left_behind(run: Run, fresh: str, tmp_path: Path) -> None:
    words = ("rehearse", "mapp1", "--database", fresh, "--out", str(tmp_path), "--workers", "2")
    (tmp_path / "allocation.json").touch()  # of an earlier one
    process = subprocess.Popen(
        [sys.executable, "-c", SOON, *words, "--participants", "40"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while (tmp_path / "allocation.json").exists() and process.poll() is None:
        time.sleep(0.02)
    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": fresh}, autocommit=True) as other:
        while (
            other.execute("SELECT seq FROM store_line LIMIT 1").fetchone() is None and process.poll() is None
        ):
            time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: to all processes of the terminal
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, ""), err
    assert "Traceback" not in err
    done = run("verify", "--database", fresh)
    assert done.code == 2
    assert "holds no entry" in done.err
    assert not (tmp_path / "allocation.json").exists()


def test_a_database_that_was_half_dropped_is_made_anew(run: Run, fresh: str) -> None:
    store.create_database(fresh, "rehearsal", "mapp1", replace=True)
    connection.close()
    with server.maintenance_connection(apart_from=fresh) as owner:
        mark = "UPDATE pg_database SET datconnlimit = -2 WHERE datname = %s"  # as PostgreSQL marks it
        assert owner.execute(mark, [fresh]).rowcount == 1
    done = run("where", "--database", fresh)
    assert (done.code, done.out) == (2, "")
    assert "a rehearsal was interrupted before it began" in done.err
    store.create_database(fresh, "rehearsal", "mapp1", replace=True)
    assert run("where", "--database", fresh, "--json").json["entries"] == 0


def test_lists_are_those_of_the_record_whoever_made_them(rehearsal: str) -> None:
    from entact.cli.derivation import derive
    from entact.protocol import load_study

    store.setup(database=rehearsal)
    assert store.stale() == []
    accumulator, _ = derive(load_study("mapp1"), None)
    blinded = accumulator.finish()
    assert len(blinded.subjects) == len(store.ledgers("participant:"))
    assert store.stale() == []
