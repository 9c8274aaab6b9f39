"""`entact design`: the looks of a study file, and how many participants they take."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run

from entact.analysis.sample_size import Means
from entact.analysis.sequential import GroupSequential, HwangShihDeCani, LanDeMetsPocock

MINI = Path(__file__).parents[1] / "studies" / "mini"
LOOK = "interim: {information: 0.6, alpha: 0.0001, decides: sample size}"


@pytest.fixture
def looks(tmp_path: Path) -> Path:
    text = (MINI / "study.yaml").read_text(encoding="utf-8")
    rule = "spending: pocock, futility: {hwang_shih_decani: -2}"
    assert LOOK in text
    path = tmp_path / "study.yaml"
    path.write_text(
        text.replace(LOOK, f"interim: {{information: [0.5, 0.75], {rule}, decides: whether to go on}}"),
        encoding="utf-8",
    )
    return path


def test_looks_of_the_published_study_have_their_critical_values(run: Run) -> None:
    done = run("design", "mapp1")
    assert (done.code, done.err) == (0, "")
    assert "2 looks, two-sided alpha 0.05" in done.out
    assert "3.8906" in done.out
    assert "The plan tests the end at 0.0499; of 0.05 in all the looks leave 0.0499971" in done.out


def test_looks_and_rules_of_the_file_are_those_of_the_library(run: Run, looks: Path) -> None:
    found = run("design", looks, "--json").json
    same = GroupSequential(
        information=(0.5, 0.75, 1.0),
        alpha=0.0499 / 2,
        spending=LanDeMetsPocock(),
        futility=HwangShihDeCani(-2),
    )
    assert found["upper"] == pytest.approx(same.boundaries().upper, abs=1e-12)
    assert found["lower"] == pytest.approx(same.boundaries().lower, abs=1e-12)
    assert found["size"] is None


def test_with_an_effect_it_says_how_many(run: Run, looks: Path) -> None:
    found = run("design", looks, "--effect", "9", "--sd", "12", "--dropout", "0.1", "--json").json
    design = GroupSequential(
        information=(0.5, 0.75, 1.0),
        alpha=0.0499 / 2,
        spending=LanDeMetsPocock(),
        futility=HwangShihDeCani(-2),
    )
    same = design.sample_size(Means(9, 12, dropout=0.1, t=True))
    assert found["size"]["arms"] == list(same.arms)
    assert found["size"]["enrolled"] == list(same.enrolled or ())
    assert found["simulated"] is False


@pytest.mark.parametrize("suffix", ["svg", "html"])
def test_it_draws_bounds_and_power(run: Run, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"looks.{suffix}"
    done = run("design", MINI, "--effect", "9", "--sd", "12", "--participants", "90", "--plot", path)
    assert (done.code, done.err) == (0, "")
    assert "With 90 participants power is" in done.out
    drawn = path.read_text(encoding="utf-8")
    assert "90 participants" in drawn
    assert "efficacy" in drawn
    assert "imulated" not in drawn


@pytest.mark.slow
def test_a_mixed_model_takes_its_covariance_from_virtual_participants(run: Run) -> None:
    found = run("design", "mapp1", "--effect", "9", "--virtual", "24", "--seed", "3", "--json").json
    assert found["simulated"] is True
    assert "at the last of 3 visits by MMRM" in found["size"]["planned_for"]
    assert 60 < found["size"]["participants"] < 180


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--rates", "0.6"), "is not two rates"),
        (("--rates", "0.6,0.6"), "the planned difference is 0"),
        (("--rates", "0.6,0.3", "--effect", "9"), "leave out --effect"),
        (("--sd", "12"), "say --effect too"),
        (("--effect", "9"), "say --sd"),
        (("--effect", "0", "--sd", "12"), "the planned difference is 0"),
        (("--effect", "nan", "--sd", "12"), "has to be a number"),
        (("--effect", "9", "--sd", "0"), "lies above 0"),
        (("--effect", "9", "--sd", "12", "--power", "1"), "power 1"),
        (("--effect", "9", "--sd", "12", "--dropout", "1"), "dropout is 1"),
        (("--effect", "9", "--sd", "12", "--participants", "2"), "takes 3 at least"),
        (("--plot", "looks.pdf"), "a picture is .svg, .png or .html"),
    ],
)
def test_what_makes_no_sense_is_said(run: Run, words: tuple[str, ...], message: str) -> None:
    done = run("design", MINI, *words)
    assert done.code == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
