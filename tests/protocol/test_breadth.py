"""An alert that holds of nearly all that can be answered is warned of, and nothing that is meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cohort.rehearsals import CALM

from entact.protocol import shipped_studies
from entact.protocol.load import warnings
from entact.protocol.template import new_study_file

ALERT = "when: vitals.systolic >= 180.0 ||"


def warned(folder: Path, when: str) -> list[str]:
    text = new_study_file("own")
    assert text.count(ALERT) == 1
    for old, new in (CALM | {ALERT: when}).items():
        text = text.replace(old, new)
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return [problem.message for problem in warnings(folder) if problem.field.startswith("alerts")]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (
            "when: pcl5.total >= 3 || vitals.systolic >= 180.0 ||",
            "holds of 96% of what pcl5.total can be, 0 to 80",
        ),
        (
            "when: 3 <= pcl5.total || vitals.systolic >= 180.0 ||",
            "holds of 96% of what pcl5.total can be, 0 to 80",
        ),
        ("when: vitals.systolic >= 60.0 ||", "holds of 96% of what vitals.systolic can be, 50 to 280"),
        (  # of the first of them no share is known
            "when: (pcl5.total >= 3 && vitals.systolic >= 170.0) || vitals.systolic >= 60.0 ||",
            "holds of 96% of what vitals.systolic can be, 50 to 280",
        ),
        (
            "when: vitals.temperature < 42.9 || vitals.systolic >= 180.0 ||",
            "holds of 99% of what vitals.temperature",
        ),
    ],
)
def test_an_alert_for_nearly_everybody_is_warned_of(tmp_path: Path, when: str, said: str) -> None:
    (message,) = warned(tmp_path, when)
    assert message.startswith(said)
    assert message.endswith("so it calls for nearly everybody")


@pytest.mark.parametrize(
    "when",
    [
        ALERT,
        "when: c_ssrs.ideation >= 1 || vitals.systolic >= 180.0 ||",  # any at all
        "when: (pcl5.total >= 3 && vitals.systolic >= 170.0) || vitals.systolic >= 180.0 ||",  # not by itself
        "when: pcl5.total >= 33 || vitals.systolic >= 180.0 ||",
    ],
)
def test_an_alert_that_is_meant_is_not(tmp_path: Path, when: str) -> None:
    assert warned(tmp_path, when) == []


@pytest.mark.parametrize("name", shipped_studies())
def test_no_shipped_study_calls_for_nearly_everybody(name: str) -> None:
    assert [problem for problem in warnings(name) if problem.field.startswith("alerts")] == []


GATE = "vitals.systolic <= 140.0"


@pytest.mark.parametrize(
    ("limit", "is_warned"), [("140.0", False), ("180.0", False), ("180.5", True), ("200.0", True)]
)
def test_a_dose_at_values_that_call_people_is_warned_of(tmp_path: Path, limit: str, is_warned: bool) -> None:
    """The alert calls from 180 on; a gate that opens up to 180 meets it at one value alone."""
    text = new_study_file("own")
    assert text.count(GATE) == 1
    (tmp_path / "study.yaml").write_text(text.replace(GATE, f"vitals.systolic <= {limit}"), encoding="utf-8")
    found = [one for one in warnings(tmp_path) if one.field == "gates.initial_dose"]
    assert bool(found) == is_warned
    if found:
        assert found[0].message == (
            "opens with values of vitals.diastolic, vitals.systolic at which the alert 'blood_pressure' "
            "calls people; let it open below that limit only"
        )


LIVER = "liver: {{items: {{alt: {{type: integer, unit: U/L, range: 1 .. 5000{}}}}}}}"


def liver(folder: Path, limit: int, expected: str = "") -> list[str]:
    """What is said of an alert on a liver value."""
    text = new_study_file("own").replace("forms:\n", f"forms:\n  {LIVER.format(expected)}\n", 1)
    text = text.replace("[consent, screening,", "[consent, screening, liver,", 1)
    for old, new in (CALM | {ALERT: f"when: liver.alt >= {limit} || vitals.systolic >= 180.0 ||"}).items():
        text = text.replace(old, new)
    assert f"liver.alt >= {limit}" in text
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return [problem.message for problem in warnings(folder) if problem.field.startswith("alerts")]


def test_a_range_over_orders_of_magnitude_is_no_scale(tmp_path: Path) -> None:
    assert liver(tmp_path, 120) == []
    (message,) = liver(tmp_path, 2)
    assert "of what liver.alt can be, 1 to 5000" in message
    (message,) = liver(tmp_path, 6)  # of a thousandfold, a fifth is 26 thousandths by magnitude
    assert message.startswith("holds of 97% of what liver.alt can be")


def test_what_is_expected_counts_in_place_of_the_range(tmp_path: Path) -> None:
    assert liver(tmp_path, 120, ", expected: 7 .. 56") == []
    (message,) = liver(tmp_path, 5, ", expected: 7 .. 56")
    assert message.startswith("holds of 100% of what liver.alt usually is, 7 to 56")
