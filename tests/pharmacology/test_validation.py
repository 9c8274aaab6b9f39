"""All checks of the reference with one set of numbers, and that a wrong model fails them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from entact.pharmacology.check import Check, durations
from entact.pharmacology.parameters import shipped_model
from entact.pharmacology.validation import FILE, validate

PAGES = Path(__file__).parents[2] / "docs"
IDS = {f"V{number:02d}" for number in range(1, 20)} - {"V05", "V13"}


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    return validate()


def test_every_row_of_the_reference_is_there(checks: list[Check]) -> None:
    assert {check.id for check in checks if check.id.startswith("V")} == IDS
    assert len({check.what for check in checks}) == len(checks)


def test_all_pass_at_once(checks: list[Check]) -> None:
    failed = [f"{c.id} {c.what}: {c.simulated:.3g}, {c.limits}" for c in checks if c.passed is False]
    assert failed == []
    for check in checks:
        assert math.isfinite(check.simulated)
        if check.status == "read" and check.id in IDS - {"V03", "V15"}:
            assert check.judged, check.what


def test_the_absolute_area_is_reported_and_never_judged(checks: list[Check]) -> None:
    (area,) = [check for check in checks if check.what == "AUC0-24, 75 mg"]
    assert area.passed is None
    assert area.limits == "reported only"


def test_the_page_shows_what_is_simulated(checks: list[Check]) -> None:
    for check in checks:
        name = "pharmacology-interactions.md" if check.id == "V17" else "pharmacology-checks.md"
        assert check.row in (PAGES / name).read_text(encoding="utf-8").splitlines()


def failing(values: dict[str, float]) -> set[str]:
    found = validate(shipped_model().with_values(values), persons=400)
    return {f"{check.id} {check.what}" for check in found if check.passed is False}


def test_a_model_without_autoinhibition_fails_the_repeated_dose() -> None:
    failed = failing({"kinact": 1e-9, "km_r": 1e6, "km_s": 1e6})
    assert "V06 AUC, dose at 24 h over first" in failed
    assert "V03 AUC0-24, 125 mg over 75 mg" in failed


def test_a_model_without_tolerance_fails_the_duration() -> None:
    assert any(
        what.startswith("V15") for what in failing({"tolerance_half": 1e6, "depletion_serotonin": 1e-6})
    )


def test_a_model_in_which_oxytocin_holds_no_water_fails_the_sodium() -> None:
    assert any("fluids free" in what for what in failing({"antidiuresis_half": 1e6}))


def test_limits_are_part_of_the_range_and_said_in_words() -> None:
    check = Check("V00", "x", "1", "1", 2.0, 1.0, 2.0)
    assert check.passed is True
    assert check.limits == "1 to 2"
    assert Check("V00", "x", "1", "1", 2.1, 1.0, 2.0).passed is False
    assert Check("V00", "x", "1", "1", 0.5, least=1.0).limits == "at least 1"
    assert Check("V00", "x", "1", "1", 0.5, most=1.0).limits == "at most 1"
    assert Check("V00", "x", "1", "1", math.nan, 1.0, 2.0).passed is False


def test_a_duration_is_the_time_above_a_tenth_of_the_maximum() -> None:
    times = np.arange(0.0, 8.0, 1.0)
    effects = np.array([[0, 5, 100, 50, 20, 11, 9, 0], [0, 0, 10, 9, 5, 2, 1, 0]], float)
    # Up from 5 to 100 and down from 11 to 9; up from 0 to 10 and down to 1 at 6 h: straight between readings.
    assert durations(times, effects) == pytest.approx([5.5 - (1 + 5 / 95), 6.0 - 1.1])
    assert durations(times, np.full((1, 8), 3.0)).tolist() == [7.0]


def test_the_table_has_a_source_in_every_row() -> None:
    assert FILE.read_text(encoding="utf-8").count("source: F") >= 60
