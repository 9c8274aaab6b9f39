"""Units that are hardly meant: what an item measures by its name, and from where on a value is of another."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from entact.protocol import load_study
from entact.protocol.release import Release, canonical
from entact.protocol.unit_advice import advise_units, measurement_of, plain

MINI = Path(__file__).parents[1] / "studies" / "mini"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("temperature", "a temperature"),
        ("temp_evening", "a temperature"),
        ("attempts", None),
        ("SYSTOLIC", "a blood pressure"),
        ("sbp", "a blood pressure"),
        ("mean_arterial_pressure", "a blood pressure"),
        ("heart_rate", "a heart rate"),
        ("pulse", "a heart rate"),
        ("pulse_pressure", None),
        ("hr", "a heart rate"),
        ("hr_score", None),
        ("respirations", "a rate of breathing"),
        ("spo2", "a saturation"),
        ("body_weight", "a weight"),
        ("weight_loss", None),
        ("height", "a height"),
        ("bmi", "a body-mass index"),
        ("qtcf", "an interval of the ECG"),
        ("alt", "an enzyme"),
        ("salt", None),
        ("sodium", "an electrolyte"),
        ("bilirubin", "bilirubin"),
        ("creatinine", "creatinine"),
        ("glucose", "glucose"),
    ],
)
def test_what_is_measured_is_known_by_the_name(name: str, title: str | None) -> None:
    found = measurement_of(name)
    assert (found and found.title) == title


@pytest.mark.parametrize(
    ("unit", "is_as"),
    [
        ("{beats}/min", "/min"),
        ("1/min", "/min"),
        ("10/min", "10/min"),
        ("[IU]/l", "[iu]/L"),
        ("mg/dL", "mg/dL"),
    ],
)
def test_a_unit_is_the_same_without_remarks(unit: str, is_as: str) -> None:
    assert plain(unit) == is_as


def said(when: str, **items: Any) -> list[str]:
    """What is advised of the units of the small study with these readings, and this rule of an alert."""
    data = copy.deepcopy(dict(load_study(MINI).newest.data))
    vitals = data["forms"]["vitals"]["items"]
    for name, more in items.items():
        vitals[name] = {**vitals.get(name, {"type": "decimal"}), **more}
    data["alerts"]["hypertension"]["when"] = when
    return [
        f"{'.'.join(map(str, one.path))} +{one.offset} {one.message}"
        for one in advise_units(Release.from_text(canonical(data)))
    ]


ALERT = "alerts.hypertension.when"
PRESSURE = {"unit": "kPa", "range": "5 .. 60"}
KPA = {"systolic": PRESSURE, "diastolic": PRESSURE}
LIMIT = "this is a limit in mm[Hg]; write it in kPa"


@pytest.mark.parametrize(
    ("when", "at"),
    [
        ("vitals.systolic > 108.0", None),  # twice the most that anybody has in kPa
        ("vitals.systolic > 109.0", 18),
        ("109.0 < vitals.systolic", 0),
        ("vitals.systolic + 109.0 > 0.0", None),
        ("vitals.systolic > 20.0 && vitals.diastolic > 109.0", 45),
        ("vitals.systolic > 5000.0", None),  # of no unit at all
    ],
)
def test_a_limit_is_of_another_unit_from_twice_what_anybody_has(when: str, at: int | None) -> None:
    found = [one for one in said(when, **KPA) if one.startswith(ALERT)]
    assert len(found) == (at is not None)
    for one in found:
        assert one.startswith(f"{ALERT} +{at} nobody has 109 kPa of vitals."), one
        assert one.endswith(LIMIT)


@pytest.mark.parametrize(
    ("when", "at"),
    [
        ("vitals.systolic > vitals.heart_rate", 18),
        ("vitals.systolic - vitals.diastolic - vitals.heart_rate > 1.0", 37),
        ("-vitals.systolic > vitals.heart_rate", 19),
        ("vitals.systolic * vitals.heart_rate > 9000.0", None),  # what is multiplied may differ
        ("vitals.systolic > 180.0 || vitals.heart_rate > 120.0", None),
        ("vitals.systolic > vitals.diastolic", None),
    ],
)
def test_what_is_compared_or_added_is_in_one_unit(when: str, at: int | None) -> None:
    found = [one for one in said(when) if one.startswith(ALERT)]
    assert [one.partition(" ")[2].partition(" ")[0] for one in found] == (
        [f"+{at}"] if at is not None else []
    )


@pytest.mark.parametrize(
    ("items", "fields"),
    [
        ({"systolic": {"unit": "kPa", "range": "5 .. 108"}, "diastolic": PRESSURE}, []),
        ({"systolic": {"unit": "kPa", "range": "5 .. 109"}, "diastolic": PRESSURE}, ["range"]),
        ({"systolic": {"unit": "kPa", "range": "5 .. 200", "expected": "5 .. 109"}}, ["range", "expected"]),
        ({"systolic": {"unit": "kPa", "range": "5 .. 200", "expected": "5 .. 108"}}, ["range"]),
        ({"systolic": {"unit": "kg"}}, ["unit"]),
        ({"share": {"unit": "%", "range": "0 .. 100"}}, []),
        ({"share": {"unit": "%", "range": "0 .. 101"}}, ["range"]),
        ({"spo2": {"unit": "%", "range": "0 .. 200"}}, []),  # whose own most is looked at
    ],
)
def test_an_item_is_in_a_unit_of_what_it_measures(items: dict[str, Any], fields: list[str]) -> None:
    name, *_ = items
    found = [one.partition(" ")[0] for one in said("vitals.heart_rate > 120.0", **items)]
    place = f"forms.vitals.items.{name}."
    assert [one.removeprefix(place) for one in found if one.startswith(place)] == fields
