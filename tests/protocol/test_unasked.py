"""Gates and alerts on items that not everybody is asked: what stays unknown must not decide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entact.protocol import load_study

TEXT = (Path(__file__).parents[1] / "studies" / "forms" / "study.yaml").read_text(encoding="utf-8")
GATE = "\"participant.sex == 'male' || !participant.can_be_pregnant || pregnancy_test.negative\""
ALERT = "body.pain >= 9"


def gated(rule: str) -> str:
    assert TEXT.count(GATE) == 1
    return TEXT.replace(GATE, f'"{rule}"')


def alerted(rule: str) -> str:
    assert TEXT.count(ALERT) == 1
    return TEXT.replace(ALERT, f'"{rule}"')


@pytest.mark.parametrize(
    "rule",
    [
        "participant.sex == 'male' || !participant.can_be_pregnant || pregnancy_test.negative",
        "participant.sex == 'male' || !participant.can_be_pregnant",
        "participant.age > 50 || !participant.can_be_pregnant",
        "participant.age >= 18",
    ],
)
def test_a_gate_that_says_what_holds_for_the_others_is_taken(rule: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(gated(rule))
    load_study(path)


@pytest.mark.parametrize(
    "rule",
    [
        "!participant.can_be_pregnant",
        "!participant.can_be_pregnant || pregnancy_test.negative",  # which hangs on the same
        "participant.can_be_pregnant == false && participant.age > 20",
        "participant.sex == 'female' && !participant.can_be_pregnant",
        "participant.sex == 'female' || participant.can_be_pregnant",
    ],
)
def test_a_gate_that_stays_closed_for_whoever_is_not_asked_is_found(
    rule: str, problems_of: Callable[[str], list[str]]
) -> None:
    (problem,) = problems_of(gated(rule))
    said = (
        "gates.initial_dose.require[1].require: participant.can_be_pregnant is asked only when "
        "sex == 'female'; for whoever is not asked, this gate stays closed: say what holds for them"
    )
    assert problem.endswith(said)
    line = TEXT.splitlines()[int(problem.split(":")[1]) - 1]
    assert GATE in line


@pytest.mark.parametrize(
    ("rule", "is_taken"),
    [
        ("body.smokes && body.cigarettes > 40", True),
        ("body.cigarettes > 40", False),
        ("body.pain >= 9 || 'jaw' in body.pain_where", False),
        ("body.pain >= 9 || (body.pain > 0 && 'jaw' in body.pain_where)", True),
    ],
)
def test_an_alert_must_be_known_of_whoever_is_not_asked(
    rule: str, is_taken: bool, tmp_path: Path, problems_of: Callable[[str], list[str]]
) -> None:
    if is_taken:
        path = tmp_path / "other.yaml"
        path.write_text(alerted(rule))
        load_study(path)
    else:
        (problem,) = problems_of(alerted(rule))
        assert "for whoever is not asked, this alert calls as one that cannot be evaluated" in problem


def test_a_wrong_code_is_told_alone(problems_of: Callable[[str], list[str]]) -> None:
    """That those of another code are not asked follows from it."""
    text = TEXT.replace("participant.sex == 'male'", "participant.sex == 'Male'")
    (found,) = problems_of(text)
    assert found.endswith("there is no code of participant.sex 'Male'; did you mean 'male'?")
