"""A study that minimises is rehearsed, and its arms can be reckoned again from draws and record."""

from __future__ import annotations

import shutil
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from entact.cohort import Trial, rehearse
from entact.course import Refused, findings, fold, fold_setting, may, read
from entact.course.allocation.allocation import prove
from entact.course.allocation.minimisation import draw_of, minimising_of, replay
from entact.course.state.sealed_list import CodeBreaks
from entact.protocol import load_study

BLOCKS = "method: permuted_blocks, strata: [site], at: enrolment"
MINIMISED = (
    "method: minimisation, strata: [site, participant.sex], at: enrolment, "
    "minimise: {chance: 0.8, weights: {site: 2}}"
)


def minimised_study(folder: Path) -> Path:
    """mapp1 as it would be with minimisation by site and sex."""
    out = folder / "mapp1"
    shutil.copytree(str(files("entact").joinpath("studies", "mapp1")), out)
    text = (out / "study.yaml").read_text()
    assert BLOCKS in text
    (out / "study.yaml").write_text(text.replace(BLOCKS, MINIMISED))
    return out


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    study = load_study(str(minimised_study(tmp_path_factory.mktemp("study"))))
    return rehearse(study, participants=6, seed=3)


def randomised(trial: Trial) -> dict[str, str]:
    """Number -> stratum, as the entries say."""
    entries = [read(line.text) for lines in trial.ledgers.values() for line in lines]
    return {
        one.data["number"]: one.data["stratum"]
        for one in sorted(
            entries, key=lambda one: one.data.get("number", "") if one.kind == "randomisation" else ""
        )
        if one.kind == "randomisation"
    }


@pytest.mark.requirement("R25")
def test_arms_are_reckoned_again_from_the_record_and_the_sealed_draws(trial: Trial) -> None:
    """R25."""
    allocation, plan = trial.allocation, minimising_of(trial.study.newest)
    assert plan is not None
    assert plan.weights == (2, 1)
    given = randomised(trial)
    assert len(given) == 6
    assert {stratum.split("/")[1] for stratum in given.values()} <= {"female", "male"}
    used = [row for row in allocation.rows if row.number in given]
    assert used == allocation.rows[: len(used)]  # in order, none passed over
    arms = replay(plan, [given[row.number] for row in used], [draw_of(row) or 0 for row in used])
    assert allocation.arms() == dict(zip((row.number for row in used), arms, strict=True))
    assert prove(allocation.sealed_list, 0, allocation.sealed_list.root).startswith("M-001|all|draw:")


def test_no_entry_says_an_arm_or_a_draw_and_nothing_is_found_amiss(trial: Trial) -> None:
    draws = {row.arm.removeprefix("draw:") for row in trial.allocation.rows}
    for name, lines in trial.ledgers.items():
        assert not any(draw in line.text for line in lines for draw in draws)
        if name.startswith("participant:"):
            course = fold(trial.study, [read(line.text) for line in lines])
            rules = {one.rule for one in findings(course, course.effective[-1].at)}
            assert "minimised_otherwise" not in rules


def test_a_stratum_that_the_record_does_not_say_is_found(trial: Trial) -> None:
    name, lines = next(
        (name, lines)
        for name, lines in trial.ledgers.items()
        if any('"kind":"randomisation"' in line.text for line in lines)
    )
    entries = [read(line.text) for line in lines]
    place = next(at for at, one in enumerate(entries) if one.kind == "randomisation")
    for stratum in ("S01/other", None):
        data = {**entries[place].data, "stratum": stratum}
        forged = [*entries[:place], msgspec.structs.replace(entries[place], data=data), *entries[place + 1 :]]
        course = fold(trial.study, forged)
        found = [
            one for one in findings(course, course.effective[-1].at) if one.rule == "minimised_otherwise"
        ]
        assert [one.entry for one in found] == [entries[place].id], name


@pytest.mark.requirement("R08")
def test_no_dose_before_the_code_break_of_this_participant_lies_ready(trial: Trial) -> None:
    """R08: no sheet can be printed before; each lies ready before that person's first dose."""
    name, dose = next(
        (name, one)
        for name, lines in trial.ledgers.items()
        for one in (read(line.text) for line in lines)
        if one.kind == "dose" and one.data["part"] == "initial"
    )
    known = [one for one in map(read, (line.text for line in trial.ledgers[name])) if one.seq < dose.seq]
    course = fold(trial.study, known)
    assert course.randomisation is not None
    setting = fold_setting(
        trial.study,
        [read(line.text) for line in trial.ledgers["study:mapp1"]],
        [read(line.text) for line in trial.ledgers[f"site:{course.site}"]],
    )
    order = [row.number for row in trial.allocation.rows]
    place = order.index(course.randomisation.number) + 1

    def refused(breaks: CodeBreaks | None) -> list[str]:
        commitment = setting.study.commitment
        assert commitment is not None
        sealed = msgspec.structs.replace(commitment, numbers={"all": order})
        study = msgspec.structs.replace(setting.study, commitment=sealed, code_breaks=breaks)
        with_list = msgspec.structs.replace(setting, study=study)
        at = datetime.fromisoformat(dose.occurred_at)
        answer = may("initial_dose", trial.study, with_list, course, by=dose.by, at=at, kit=dose.data["kit"])
        return [one.code for one in answer.reasons] if isinstance(answer, Refused) else []

    assert refused(None) == ["code_break_missing"]
    assert refused(CodeBreaks("pia", None, "", place, place - 1)) == ["code_break_missing"]
    assert refused(CodeBreaks("pia", "dan", "safe", place, place)) == []
