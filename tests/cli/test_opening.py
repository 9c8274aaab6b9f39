"""`entact open`, `entact invite` and `entact amend`: from nothing to the first who signs in, and on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run

from entact import store
from entact.course import read

MINI = Path(__file__).parents[1] / "studies" / "mini"


@pytest.fixture
def fit(tmp_path: Path) -> Path:
    """A study in which nothing about safety is an assumption."""
    folder = tmp_path / "mini"
    folder.mkdir()
    for file in MINI.iterdir():
        text = re.sub(r",?\s*\bassumption: [^,}\n]+", "", file.read_text())
        (folder / file.name).write_text(text)
    return folder


@pytest.fixture
def name(worker_id: str) -> Any:
    """A database of the test's own, which is gone afterwards."""
    from django.db import connection

    from entact.store import server

    own = f"open_{worker_id}"
    yield own
    connection.close()
    with server.maintenance_connection(apart_from=own) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {own} WITH (FORCE)")


def test_a_study_is_opened_and_its_first_owner_signs_in_by_the_link(run: Run, fit: Path, name: str) -> None:
    done = run("open", fit, "--environment", "production", "--database", name, "--name", "Ada Ahl", "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert (told["study"], told["environment"], told["person"]) == ("mini", "production", "owner")
    store.setup(database=name)
    from tests.conduct.people import client

    link = "/" + told["link"].split("/", 3)[3]
    browser = client()
    assert "Welcome, Ada Ahl" in browser.get(link).content.decode()
    words = {"password": "the heron stands in the reeds", "again": "the heron stands in the reeds"}
    assert browser.post(link, words, follow=True).redirect_chain[-1][0] == "/account/one-time-code/"
    assert client().get(link).status_code == 410
    assert "By one press" not in client().get("/sign-in/").content.decode()
    again = run("open", fit, "--environment", "production", "--database", name)
    assert again.code == 2
    assert "is open already" in again.err
    invited = run("invite", "owner", "--database", name)
    assert re.search(r"then open  http://127\.0\.0\.1:8000/welcome/[\w-]{43}/", invited.out)
    assert "nobody signs in" in run("invite", "nobody", "--database", name).err
    assert store.verify().breaks == ()


def test_the_first_key_in_production_has_all_that_anybody_is_to_have(
    run: Run, fit: Path, name: str, tmp_path: Path
) -> None:
    assert run("open", fit, "--environment", "production", "--database", name).code == 0
    key, words = tmp_path / "ada.key", tmp_path / "words"
    words.write_text("seven green bottles\n")
    new = "sign-key", "new", "ada", "--role", "investigator", "--power", "cut"
    files = "--key", key, "--passphrase-file", words, "--database", name
    done = run(*new, "--power", "unlock", "--never", "erase", *files)
    assert (done.code, key.exists()) == (2, False)
    assert "nobody could ever have custody, allocation" in done.err
    assert "'hide' is nothing a key can be for" in run(*new, "--never", "hide", *files).err
    never = [word for one in ("erase", "unlock", "custody", "allocation") for word in ("--never", one)]
    assert run(*new, *never, *files).code == 0


AMENDMENT = """amendment:
  of: "1.0"
  reason: Two very high readings
  changes:
    - {change: gates.initial_dose, applies: immediately}
"""


def test_an_amendment_is_entered_in_a_running_record(run: Run, fit: Path, name: str) -> None:
    assert run("open", fit, "--environment", "production", "--database", name).code == 0
    assert "nothing to enter" in run("amend", fit, "--database", name).out
    text = (fit / "study.yaml").read_text().replace('release: "1.0"\n', f'release: "1.1"\n{AMENDMENT}', 1)
    (fit / "amendments").mkdir()
    amended = fit / "amendments" / "1.1.yaml"
    amended.write_text(text.replace("vitals.systolic <= 140.0 &&", "vitals.systolic <= 135.0 &&", 1))
    assert "entered release 1.1" in run("amend", fit, "--database", name).out
    assert "nothing to enter" in run("amend", fit, "--database", name).out
    entered = [read(line.text) for line in store.lines("study:mini")]
    assert [one.kind for one in entered].count("release") == 2
    first = fit / "study.yaml"
    first.write_text(first.read_text().replace("<= 140.0", "<= 139.0"))
    amended.write_text(amended.read_text().replace("<= 135.0", "<= 134.0"))
    other = run("amend", fit, "--database", name)
    assert (other.code, "has to begin with them" in other.err) == (2, True)
    assert store.verify().breaks == ()


def test_a_link_that_nobody_used_can_be_made_again(run: Run, fit: Path, name: str) -> None:
    words = ("open", fit, "--environment", "training", "--database", name, "--json")
    first, second = (json.loads(run(*words).out)["link"] for _ in range(2))
    assert first != second
    store.setup(database=name)
    from tests.conduct.people import client

    assert client().get("/" + first.split("/", 3)[3]).status_code == 410
    page = client().get("/" + second.split("/", 3)[3])
    assert page.status_code == 200
    assert "SIMULATED DATA — training" in page.content.decode()


def test_a_release_with_assumptions_about_safety_is_refused_with_all_of_them(run: Run, name: str) -> None:
    done = run("open", "mapp1", "--environment", "production", "--database", name)
    assert done.code == 2
    fields = re.findall(r" ([\w.\[\]]+): is still an assumption", done.err)
    assert len(fields) > 20
    assert any(field.startswith("gates.") for field in fields)
    assert "there is no database" in run("serve", "--database", name).err


def test_what_holds_something_else_is_not_opened(run: Run, fit: Path, name: str) -> None:
    run("open", fit, "--environment", "training", "--database", name)
    done = run("open", fit, "--environment", "production", "--database", name)
    assert done.code == 2
    assert "holds training, not production" in done.err
