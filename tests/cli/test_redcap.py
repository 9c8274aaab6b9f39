"""`entact redcap`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.exchange.redcap.test_dictionary import file, row

import entact
from entact.protocol import load_study

STUDIES = Path(entact.__file__).parent / "studies"
MINI = Path(__file__).parents[1] / "studies" / "mini" / "study.yaml"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study file that may be written."""
    path = tmp_path / "study.yaml"
    path.write_text(MINI.read_text())
    return path


@pytest.fixture
def dictionary(tmp_path: Path) -> Path:
    path = tmp_path / "dictionary.csv"
    rows = (
        row("record_id"),
        row("sleep", form="rest", type="yesno"),
        row("hours", form="rest", branching="[sleep]='1'"),
    )
    path.write_bytes(b"\xef\xbb\xbf" + file(*rows, separator=";").encode())
    return path


def test_a_dry_run_writes_nothing_and_a_second_run_finds_nothing_to_do(
    run: Run, study: Path, dictionary: Path
) -> None:
    asked = ["redcap", "import", dictionary, "--into", study, "--at", "screening"]
    dry = run(*asked)
    assert dry.code == 0, dry.err
    assert "rest is new\nnothing was written: --write does it" in dry.out
    assert study.read_text() == MINI.read_text()
    found = run(*asked, "--write", "--json").json
    assert (found["fields"], found["forms"], found["new"]) == (3, {"rest": 2}, ["rest"])
    assert found["items"] == {"sleep": "rest.sleep", "hours": "rest.hours"}
    items = load_study(str(study)).newest.forms["rest"].items
    assert (items["hours"].when, items["sleep"].type) == ("sleep", "boolean")
    written = study.read_bytes()
    again = run(*asked, "--write")
    assert again.out.endswith("rest is there already\nnothing to write\n")
    assert study.read_bytes() == written


def test_a_conflict_and_a_file_that_would_not_pass_the_check_write_nothing(
    run: Run, study: Path, dictionary: Path
) -> None:
    asked = ["redcap", "import", dictionary, "--into", study]
    unfilled = run(*asked, "--write")
    assert (unfilled.code, unfilled.out) == (2, "")
    assert "forms.rest: no visit fills this form" in unfilled.err
    assert "name the visit that fills them with --at" in unfilled.err
    dictionary.write_text(file(row("record_id"), row("a", form="symptoms", type="yesno")))
    assert "symptoms is there with other words" in run(*asked).out
    conflict = run(*asked, "--write")
    assert (conflict.code, "has symptoms with other words, and nothing was written" in conflict.err) == (
        2,
        True,
    )
    assert study.read_text() == MINI.read_text()


def test_what_is_malformed_is_named_with_file_and_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text(file(row("a"), row("b", type="texte"), row("a")))
    done = run("redcap", "import", path)
    assert done.code == 2
    assert f"{path}: line 3: b: there is no field type 'texte'" in done.err
    assert f"{path}: line 4: the variable 'a' stands on line 2 too" in done.err
    assert "No such file" in run("redcap", "import", tmp_path / "none.csv").err


def test_a_study_is_written_as_a_dictionary_that_is_read_again(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    done = run("redcap", "export", MINI, "--out", out)
    assert (done.code, done.err) == (0, "")
    assert "symptoms: a dictionary does not say" not in done.out  # its annotation does
    found = run("redcap", "import", out, "--json").json
    assert found["fields"] == sum(found["forms"].values()) + 1
    assert found["forms"] == {
        name: len(form.items) for name, form in load_study(str(MINI)).newest.forms.items()
    }
    assert "is there already" in run("redcap", "export", MINI, "--out", out).err


def test_a_study_finds_its_own_dictionary_there_already_and_what_was_changed_in_it(
    run: Run, study: Path, tmp_path: Path
) -> None:
    """A dictionary says no sources, instruments and scores: that alone is no other form."""
    out = tmp_path / "out.csv"
    run("redcap", "export", study, "--out", out)
    found = run("redcap", "import", out, "--into", study, "--json").json
    assert (found["new"], found["conflicts"]) == ([], [])
    assert set(found["same"]) == set(load_study(str(study)).newest.forms)
    lines = out.read_text().splitlines(keepends=True)
    out.write_text(
        "".join(
            lines[:1] + [one.replace(",y,", ",,", 1) if n == 2 else one for n, one in enumerate(lines[1:], 1)]
        )
    )
    changed = run("redcap", "import", out, "--into", study, "--json").json
    assert len(changed["conflicts"]) == 1
    for name in ("mapp2", "eating-disorders"):  # lists of events that are asked for are forms too
        own = tmp_path / f"{name}.csv"
        run("redcap", "export", name, "--out", own)
        copy = tmp_path / f"{name}.yaml"
        copy.write_text((STUDIES / name / "study.yaml").read_text())
        found = run("redcap", "import", own, "--into", copy, "--json").json
        assert (found["new"], found["conflicts"]) == ([], [])
        assert "asked_events" in found["same"]
