"""A level beyond what anybody was ever given is refused when the file is read, whatever it is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from entact.protocol import StudyError, load_study
from entact.protocol.overdose import most_of

MINI = Path("tests/studies/mini/study.yaml")
CAPSULE = "{substance: MDMA, salt: hydrochloride, strengths: [40 mg, 60 mg], placebo: matching}"
FULL = "full: {initial: 2 x 60 mg, supplement: {give: 1 x 60 mg,"


def problems(tmp_path: Path, capsule: str = CAPSULE, full: str = FULL) -> list[str]:
    text = MINI.read_text()
    assert CAPSULE in text
    assert FULL in text
    path = tmp_path / "study.yaml"
    path.write_text(text.replace(CAPSULE, capsule).replace(FULL, full))
    try:
        load_study(path)
    except StudyError as error:
        return [str(one) for one in error.problems]
    return []


@pytest.mark.parametrize(
    ("capsule", "full", "said"),
    [
        (CAPSULE, FULL.replace("2 x", "4 x"), "4 x 60 mg + 1 x 60 mg is 252 mg of MDMA base"),
        (CAPSULE, FULL.replace("1 x 60", "9 x 60"), "an overdose kills"),
        (CAPSULE.replace("MDMA", "midomafetamine"), FULL.replace("2 x", "4 x"), "an overdose kills"),
        (CAPSULE.replace("MDMA", "S-MDMA"), FULL, "half of that of MDMA"),
        (CAPSULE.replace("MDMA", "MDA"), FULL, "mg of MDA base"),
        (CAPSULE.replace("hydrochloride", "free_base"), FULL.replace("2 x", "3 x"), "240 mg of MDMA base"),
        (
            CAPSULE.replace("60", "84"),
            FULL.replace("60", "84"),
            "mg of MDMA base",
        ),  # 252 mg of hydrochloride
        (CAPSULE.replace("60 mg", "0.6 g"), FULL.replace("60 mg", "0.6 g"), "an overdose kills"),
    ],
)
def test_a_level_beyond_what_was_ever_given_is_refused(
    tmp_path: Path, capsule: str, full: str, said: str
) -> None:
    found = [one for one in problems(tmp_path, capsule, full) if "overdose" in one]
    assert any(said in one and "regimens.full" in one for one in found), found


@pytest.mark.parametrize(
    ("capsule", "full"),
    [
        (CAPSULE, FULL),
        (CAPSULE, FULL.replace("1 x 60", "2 x 60")),  # 240 mg of hydrochloride
        (CAPSULE.replace("60", "125"), FULL.replace("2 x 60", "1 x 125").replace("1 x 60", "1 x 125")),
        (CAPSULE.replace("MDMA", "methylone"), FULL.replace("2 x", "6 x")),  # nothing is known of it here
        (CAPSULE.replace("hydrochloride", "tartrate"), FULL.replace("2 x", "3 x")),
    ],
)
def test_what_was_given_and_what_is_not_known_passes(tmp_path: Path, capsule: str, full: str) -> None:
    assert [one for one in problems(tmp_path, capsule, full) if "overdose" in one] == []


@pytest.mark.parametrize(
    ("substance", "most"),
    [
        *(
            (one, 250)
            for one in ("MDMA", "mdma", "3,4-MDMA", "MDMA hydrochloride", "MDMA HCl", "Midomafetamine")
        ),
        *((one, 250) for one in ("3,4-methylenedioxymethamphetamine", "R-MDMA", "(R)-MDMA", "racemic MDMA")),
        *((one, 125) for one in ("S-MDMA", "(S)-MDMA", "s(+)-mdma")),
        *((one, 117) for one in ("MDA", "3,4-MDA", "tenamfetamine")),
        *((one, None) for one in ("methylone", "psilocybin", "AMDMAX", "d-amphetamine", "MDAI")),
    ],
)
def test_a_substance_is_known_under_whatever_spelling(substance: str, most: float | None) -> None:
    found = most_of(substance)
    assert (None if found is None else found.hydrochloride) == most


def test_an_arm_is_asked_too(tmp_path: Path) -> None:
    full = FULL.replace("full: {", "full: {arms: {mdma: {initial: 2 x 60 mg, supplement: 9 x 60 mg}}, ")
    found = [one for one in problems(tmp_path, CAPSULE, full) if "overdose" in one]
    assert len(found) == 1
    assert "regimens.full.arms.mdma" in found[0]
