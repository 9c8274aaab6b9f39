"""What may be swallowed, and what is refused with a word that helps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.pharmacology import Regimen
from entact.pharmacology.quantity import Dose, NotAQuantity, hours, kilograms
from entact.pharmacology.regimen import NotARegimen


def test_a_dose_is_mg_of_base_and_remembers_how_it_was_written() -> None:
    assert Dose.parse("120 mg HCl").mg == pytest.approx(120 * 0.841, rel=1e-3)
    assert Dose.parse("120 mg hydrochloride").mg == Dose.parse("120 mg HCl").mg
    assert Dose.parse("100 mg base").mg == Dose.parse("0.1 g free base").mg == 100.0
    assert str(Dose.parse("1.5  mg/kg HCl")) == "1.5 mg/kg HCl"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("120 mg", "does not say which form"),
        ("120", "like '120 mg HCl'"),
        ("-5 mg HCl", "negative"),
        ("1e999 mg HCl", "negative or no number"),
        ("nan mg HCl", "like '120 mg HCl'"),
        ("120 mg sulphate", "form 'sulphate' is not known"),
        ("12000 mg HCl", "no such dose was studied"),
        ("20 mg/kg HCl", "no such dose was studied"),
        ("120 mmol HCl", "like '120 mg HCl'"),
        ("", "like '120 mg HCl'"),
    ],
)
def test_a_dose_that_cannot_be_meant_is_refused(text: str, said: str) -> None:
    with pytest.raises(NotAQuantity, match=said):
        Dose.parse(text)


@pytest.mark.parametrize("value", [120, 120.0, None])
def test_a_bare_number_is_no_dose(value: object) -> None:
    with pytest.raises(NotAQuantity, match="like '120 mg HCl'"):
        Regimen.mdma(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [("2 h", 2.0), ("90 min", 1.5), ("1 h 30 min", 1.5), ("1 d", 24.0), ("2h", 2.0), ("0.5 h", 0.5)],
)
def test_times_are_read_in_hours(text: str, value: float) -> None:
    assert hours(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["2", "h", "-2 h", "2 h 3", "1 h -30 min", "2 months", ""])
def test_a_time_without_unit_or_below_nothing_is_refused(text: str) -> None:
    with pytest.raises(NotAQuantity):
        hours(text)


@pytest.mark.parametrize("text", ["0 kg", "-70 kg", "70", "700 kg", "7 kg", "70 m", "nan kg"])
def test_nobody_weighs_that(text: str) -> None:
    with pytest.raises(NotAQuantity):
        kilograms(text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"supplement": "60 mg HCl", "after": "-1 h"}, "before the initial dose"),
        ({"supplement": "60 mg HCl", "after": "0 h"}, "not after the initial dose"),
        ({"supplement": "60 mg HCl"}, "a dose and a time"),
        ({"after": "2 h"}, "a dose and a time"),
        ({"enantiomer": "L"}, "known: racemic, R, S"),
        ({"food": "hungry"}, "known: fasted, fed"),
        ({"water": "much"}, "known: free, restricted"),
    ],
)
def test_a_regimen_that_cannot_be_meant_is_refused(arguments: dict[str, str], said: str) -> None:
    with pytest.raises(NotARegimen, match=said):
        Regimen.mdma("120 mg HCl", **arguments)  # type: ignore[arg-type]


def test_doses_come_in_the_order_of_time() -> None:
    split = Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h")
    assert list(split.then("100 mg base", at="1 d").times) == [0.0, 2.0, 24.0]
    for at in ("1 h", "2 h"):
        with pytest.raises(NotARegimen, match="not after the dose at 2 h"):
            split.then("100 mg HCl", at=at)


@given(st.floats(0.01, 200.0), st.floats(30.0, 250.0), st.sampled_from(["racemic", "R", "S"]))
def test_both_enantiomers_add_up_to_the_dose(mg: float, weight: float, kind: str) -> None:
    text = f"{mg:.6f} mg base"
    r, s = Regimen.mdma(text, enantiomer=kind).mg(np.array([weight, 70.0]))  # type: ignore[arg-type]
    np.testing.assert_allclose(r + s, Dose.parse(text).mg)
    np.testing.assert_array_equal(r / (r + s), {"racemic": 0.5, "R": 1.0, "S": 0.0}[kind])


def test_a_dose_by_weight_is_of_each_persons_weight() -> None:
    r, s = Regimen.mdma("1.5 mg/kg base").mg(np.array([60.0, 80.0]))
    np.testing.assert_allclose((r + s)[:, 0], [90.0, 120.0])


def test_a_regimen_says_what_is_not_usual() -> None:
    regimen = Regimen.mdma(
        "120 mg HCl", supplement="60 mg HCl", after="2 h", enantiomer="R", food="fed", water="restricted"
    )
    assert str(regimen) == "R-MDMA 120 mg HCl, 60 mg HCl at 2 h · fed · water restricted"


@given(st.floats(30.0, 250.0), st.floats(1.0, 120.0))
def test_sessions_weeks_apart_do_not_add_up_and_a_day_does(weight: float, mg: float) -> None:
    own = np.array([weight])
    one = Regimen.mdma(f"{mg:f} mg base")
    assert one.then(f"{mg:f} mg base", at="28 d").most_within(24.0, own)[0][0] == pytest.approx(mg)
    assert one.then(f"{mg:f} mg base", at="23 h").most_within(24.0, own)[0][0] == pytest.approx(2 * mg)
    assert Regimen.mdma("1 mg/kg base").most_within(24.0, own)[0][0] == pytest.approx(weight)
