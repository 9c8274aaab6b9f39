"""Every filled cell of the sign table, and that each comes of its mechanism."""

from __future__ import annotations

from functools import cache

import pytest

from entact.pharmacology import Person, Regimen, simulate
from entact.pharmacology.parameters import read_yaml
from entact.pharmacology.signs import CHANGED, SAME, effects
from entact.pharmacology.validation import FILE

SIGNS = read_yaml(FILE)["signs"]
CELLS = [
    (medicine, name, row[name])
    for medicine, row in SIGNS.items()
    for name in row
    if name not in ("dose", "source")
]


@cache
def measured(dose: str, medicine: str | None) -> dict[str, float]:
    who = Person(weight="70 kg", age=27, medicines=[medicine] if medicine else [])
    return effects(simulate(Regimen.mdma(dose), who, until="24 h"))


def change(medicine: str, name: str, dose: str | None = None) -> float:
    dose = dose or SIGNS[medicine]["dose"]
    return 100 * (measured(dose, medicine)[name] / measured(dose, None)[name] - 1)


def test_the_table_is_whole() -> None:
    # The filled cells of the reference, with bupropion's "longer" and metyrapone's cortisol.
    assert len(CELLS) == 38
    assert len(SIGNS) == 11


@pytest.mark.parametrize(("medicine", "name", "sign"), CELLS)
def test_a_cell_of_the_sign_table(medicine: str, name: str, sign: str) -> None:
    found = change(medicine, name)
    if sign == "+":
        assert found > CHANGED
    elif sign == "-":
        assert found < -CHANGED
    else:
        assert abs(found) < SAME


@pytest.mark.parametrize("dose", ["75 mg HCl", "125 mg HCl"])
@pytest.mark.parametrize(("medicine", "name", "sign"), CELLS)
def test_the_sign_doesnt_hang_on_the_dose(medicine: str, name: str, sign: str, dose: str) -> None:
    found = change(medicine, name, dose)
    if sign == "=":
        assert abs(found) < 1.5 * SAME
    else:
        assert found > 0 if sign == "+" else found < 0


def test_sizes_that_were_published() -> None:
    assert 15 < change("paroxetine", "plasma") < 45  # F049: 30 %
    assert -84 < change("duloxetine", "subjective") < -55  # F052
    assert -64 < change("duloxetine", "pressure") < -40  # F052: -57 to -64 %, pressure and heart rate
    for medicine in ("paroxetine", "citalopram", "fluoxetine"):  # F053
        dose = "125 mg HCl"
        assert -80 < change(medicine, "subjective", dose) < -30
        assert -16 < change(medicine, "pressure", dose) < -4


def test_noradrenergic_block_lowers_norepinephrine_and_not_serotonin() -> None:
    peaks = {}
    for medicine in (None, "reboxetine", "citalopram"):
        who = Person(medicines=[medicine] if medicine else [])
        run = simulate(Regimen.mdma("125 mg HCl"), who, until="6 h")
        peaks[medicine] = {name: float(run.peak(name)[0]) for name in ("serotonin", "norepinephrine")}
    assert peaks["reboxetine"]["norepinephrine"] < 0.8 * peaks[None]["norepinephrine"]
    assert peaks["reboxetine"]["serotonin"] > 0.98 * peaks[None]["serotonin"]
    assert peaks["citalopram"]["serotonin"] < 0.5 * peaks[None]["serotonin"]
    assert peaks["citalopram"]["norepinephrine"] > 0.98 * peaks[None]["norepinephrine"]
