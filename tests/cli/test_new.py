"""`entact new`, `entact schema` and `entact check-wording`: what a person begins a study with."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.cli.conftest import Run

from entact.protocol import bars_from_production, load_study
from entact.protocol.source import read_source


@pytest.fixture
def made(run: Run, tmp_path: Path) -> Path:
    done = run("new", "my_study", "--in", tmp_path)
    assert (done.code, done.err) == (0, "")
    assert str(tmp_path / "my_study" / "study.yaml") in done.out
    return tmp_path / "my_study"


def test_a_new_study_passes_at_once_under_its_own_name(run: Run, made: Path) -> None:
    done = run("check", made)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("my_study · ")
    assert "no problem found" in done.out
    assert "new_study" not in (made / "study.yaml").read_text()


def test_a_new_study_is_explained_short_and_not_fit_for_production(made: Path) -> None:
    text = (made / "study.yaml").read_text()
    lines = text.splitlines()
    assert len(lines) < 150
    assert sum("#" in line for line in lines) >= 20
    # what nobody has confirmed says so, or it could go into production as it stands
    barred = "\n".join(str(problem) for problem in bars_from_production(load_study(made).newest))
    for block in ("products.capsule", "regimens.single", "gates.initial_dose", "alerts.suicidality"):
        assert block in barred


def test_a_study_is_never_overwritten(run: Run, made: Path) -> None:
    path = made / "study.yaml"
    path.write_text("# mine\n")
    done = run("new", "my_study", "--in", made.parent)
    assert (done.code, done.out) == (2, "")
    assert "of this name already" in done.err
    assert path.read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My Study", "write 'my_study'"),
        ("2nd", "write 'x_2nd'"),
        ("../up", "write 'up'"),
        ("", "this is no name for a study"),
        ("mapp1", "a study that comes with entact has this name"),
    ],
)
def test_what_is_no_name_is_refused_with_one_that_is(run: Run, tmp_path: Path, name: str, said: str) -> None:
    done = run("new", name, "--in", tmp_path)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert list(tmp_path.iterdir()) == []


def test_the_schema_takes_a_new_study_and_not_a_misspelt_one(run: Run, made: Path) -> None:
    schema = run("schema").json
    Draft202012Validator.check_schema(schema)
    text = (made / "study.yaml").read_text()
    validator = Draft202012Validator(schema)
    assert validator.is_valid(read_source(text.encode(), "study.yaml").data)
    misspelt = text.replace("eligibility:", "elegibility:")
    assert not validator.is_valid(read_source(misspelt.encode(), "study.yaml").data)


WORDS = """\
wording: sds
language: en
version: "1"
holder: nobody
licence: none, these words are made up
items: {work: first, social: second, family: third}
answers: {"work": {0: none, 10: all}, "social": {0: none, 10: all}, "family": {0: none, 10: all}}
"""


def test_a_wording_file_is_checked_and_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "sds.yaml"
    path.write_text(WORDS)
    done = run("check-wording", path, "--study", "mapp1")
    assert (done.code, done.err) == (0, "")
    assert "sds in en" in done.out
    found = run("check-wording", path, "--json").json
    assert (found["instrument"], found["items"], len(found["digest"])) == ("sds", 3, 64)
    assert found["digest"] in done.out


def test_a_wording_file_that_lacks_an_item_says_where(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "sds.yaml"
    path.write_text(WORDS.replace(", family: third", ""))
    done = run("check-wording", path)
    assert (done.code, done.out) == (2, "")
    assert f"{path}:6:1 items: family is missing" in done.err
