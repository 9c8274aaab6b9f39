"""Units: those of UCUM, and what people write instead."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.protocol.ucum import is_unit, wrong_unit

# From the table of units in common use, https://ucum.org/docs/common-units.
IN_USE = """
    mm[Hg] /min Cel [degF] kg g mg ug ng cm m mm km a mo wk d h min s ms mmol/L umol/L nmol/L mg/dL mg/dl g/L
    ng/mL U/L [iU]/L m[iU]/mL meq/L mosm/kg 10*9/L 10*12/L 10*3/uL % {score} mg/kg mg/kg/h mL/min
    mL/min/{1.73_m2} kg/m2 m2 kcal kcal/d kPa cm[H2O] /[HPF] [pH] uS 1 /uL g.m-2 ug/(kg.h) [in_i] [lb_av] l
"""

MEANT = {
    "°C": "Cel", "C": "Cel", "celsius": "Cel", "CEL": "Cel", "°F": "[degF]", "mmHg": "mm[Hg]",
    "bpm": "/min", "beats/min": "/min", "years": "a", "y": "a", "months": "mo", "hours": "h", "mins": "min",
    "sec": "s", "mcg": "ug", "µg": "ug", "μg": "ug", "µmol/L": "umol/L", "mgs": "mg", "Mg": "mg", "ML": "mL",
    "KG": "kg", "lbs": "[lb_av]", "cc": "mL", "kg/m²": "kg/m2", "kg/m^2": "kg/m2", "IU/L": "[iU]/L",
    "percent": "%", "points": "{points}", "Mmol/L": "mmol/L",
    "mm[Hgg]": "mm[Hg]", "mmo/L": "mmol/L", "Cell": "Cel", "/minn": "/min", "ug/mLL": "ug/L",  # by a slip
}  # fmt: skip


@pytest.mark.parametrize("unit", IN_USE.split())
def test_a_unit_in_common_use_is_one(unit: str) -> None:
    assert is_unit(unit)
    assert wrong_unit(unit) is None


@pytest.mark.parametrize(("unit", "meant"), MEANT.items())
def test_what_people_write_instead_is_told_with_what_was_meant(unit: str, meant: str) -> None:
    said = wrong_unit(unit)
    assert said is not None
    assert said.endswith(f"; did you mean {meant!r}?")
    assert wrong_unit(meant) is None


@pytest.mark.parametrize(
    "unit", ["", "/", "mg/", "mg//L", "(mg", "mg)", "m g", "kg kg", "°", "xyz", "mg-", "/-1"]
)
def test_what_is_no_unit_is_none(unit: str) -> None:
    assert not is_unit(unit)


@given(
    st.lists(st.sampled_from(["mg", "L", "h", "10*9", "m2", "{cells}", "mm[Hg]"]), min_size=1, max_size=4),
    st.data(),
)
def test_units_divided_or_multiplied_are_units(parts: list[str], data: st.DataObject) -> None:
    signs = [data.draw(st.sampled_from("./")) for _ in parts]
    assert is_unit("".join(part + sign for part, sign in zip(parts, signs, strict=True))[:-1])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "temperature: {type: decimal, unit: Cel,",
            "temperature: {type: decimal, unit: §°C,",
            "forms.vitals.items.temperature.unit: there is no unit '°C' in UCUM; did you mean 'Cel'?",
        ),
        (
            "{type: integer, unit: a, range: 18 .. 100}",
            "{type: integer, unit: §years, range: 18 .. 100}",
            "forms.demographics.items.age.unit: there is no unit 'years' in UCUM; did you mean 'a'?",
        ),
    ],
)
def test_an_item_is_in_a_unit_that_exists(
    edit_gives: Callable[[str, str, str], None], old: str, new: str, message: str
) -> None:
    edit_gives(old, new, message)


def test_a_strength_is_in_a_unit_that_exists(mini: str, problems_of: Callable[[str], list[str]]) -> None:
    text = re.sub(r"(?<=[46]0) mg", " Mg", mini)
    found = [problem.partition(" ")[2] for problem in problems_of(text)]
    message = "'Mg' is another unit in UCUM; did you mean 'mg'?"
    assert found == [f"products.capsule.strengths[{number}]: {message}" for number in (1, 2)]
