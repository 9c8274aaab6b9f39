"""What a rehearsal is made from: what lies beside the study's file, by whichever name somebody calls it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run

from entact.cli.plan import plan_rehearsal
from entact.cli.template import make_study
from entact.cohort import rehearse
from entact.cohort.trial import cohort_beside, shipped_cohort
from entact.protocol import load_study
from entact.report.published import PublishedError

COHORT = """study: danforth
rehearsal: {start: 2027-02-01, enrolment_days: 60, randomised_per_consented: 0.5, assumption: test}
"""
SCENARIO = """scenario: late
title: Everybody comes late
assumption: test
override: {conduct: {chance: {late_visit: 1.0}}}
"""
PRINTED = """study: danforth
citation: Nobody 2020
disposition:
  randomised: {mdma: 20, placebo: 20, source: made up, confidence: read}
"""
CALLED = ["danforth", "./danforth", "danforth/study.yaml"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def danforth(here: Path) -> Path:
    """A study as `entact new danforth` makes it, with all that may lie beside it."""
    folder = make_study("danforth", Path()).parent
    (folder / "cohort.yaml").write_text(COHORT)
    (folder / "published.yaml").write_text(PRINTED)
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "late.yaml").write_text(SCENARIO)
    return folder


@pytest.mark.parametrize("name", CALLED)
def test_what_lies_beside_a_study_is_read_whatever_it_is_called(danforth: Path, name: str) -> None:
    plan = plan_rehearsal(name, "late")
    assert plan.cohort == danforth / "cohort.yaml"
    assert plan.scenario == danforth / "scenarios" / "late.yaml"
    assert plan.published is not None
    assert plan.published.disposition["randomised"].arms.keys() == {"mdma", "placebo"}


@pytest.mark.parametrize("name", CALLED)
def test_the_library_reads_the_same_as_the_command_line(danforth: Path, name: str) -> None:
    trial = rehearse(load_study(name), 1, seed=1)
    assert trial.parameters.rehearsal.start.year == 2027
    assert "rehearsal" not in trial.parameters.neutral


def test_the_command_rehearses_with_what_lies_beside(run: Run, danforth: Path, fresh: str) -> None:
    words = ("rehearse", "danforth", "--scenario", "late", "--participants", 1, "--workers", 1)
    done = run(*words, "--database", fresh, "--out", "out", "--json")
    assert (done.code, done.err) == (0, "")
    assert done.json["scenario"] == "late"
    assert "rehearsal" not in done.json["neutral"]
    randomised = next(row for row in done.json["outcomes"]["rows"] if row["id"] == "disposition/randomised")
    assert randomised["published"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("study: danforth", "study: denforth"), "of 'denforth'"),
        (("placebo: 20", "plazebo: 20"), "'plazebo'"),
    ],
)
def test_published_results_of_something_else_are_refused_before_anything_is_thrown_away(
    danforth: Path, wrong: tuple[str, str], said: str
) -> None:
    (danforth / "published.yaml").write_text(PRINTED.replace(*wrong))
    with pytest.raises(PublishedError, match=said):
        plan_rehearsal("danforth", None)


def test_a_study_named_like_a_shipped_one_is_not_that_one(here: Path) -> None:
    """Somebody copied the file of a shipped study and goes on from there."""
    shipped = shipped_cohort("mapp1").parent
    (here / "mapp1").mkdir()
    (here / "mapp1" / "study.yaml").write_bytes((shipped / "study.yaml").read_bytes())
    own = plan_rehearsal("./mapp1", None)
    assert (own.cohort, own.published) == (None, None)
    assert cohort_beside(load_study("./mapp1")) is None
    assert plan_rehearsal("mapp1", None).cohort == shipped / "cohort.yaml"
    assert load_study("mapp1") == load_study("./mapp1")  # the same releases, wherever they lie
