"""MDA swallowed itself: its own volume and half-life (F097), and what is refused of it."""

from __future__ import annotations

import numpy as np
import pytest

from entact.pharmacology import Person, Regimen, simulate
from entact.pharmacology.notation import build_regimen
from entact.pharmacology.parameters import shipped_model
from entact.pharmacology.quantity import NotAQuantity
from entact.pharmacology.regimen import NotARegimen
from entact.pharmacology.substrate import substrate_effect

MAN = Person(weight="70 kg", age=27)


def test_mda_is_one_compartment_of_its_own_and_no_mdma_comes_of_it() -> None:
    run = simulate(Regimen.mda("1.4 mg/kg HCl"), MAN, until="120 h")
    assert run.peak("mda")[0] == pytest.approx(229, abs=39)
    assert run.peak("mdma")[0] == run.peak("hmma")[0] == 0.0
    (mda,) = (run.values("mda")[0],)
    assert np.trapezoid(mda, run.times) == pytest.approx(3636, abs=958)
    halves = dict(zip(run.fitted, run.half_lives[:, 0], strict=True))
    assert halves["mda"] == pytest.approx(shipped_model()["mda_half_life"], rel=1e-3)
    assert np.isnan(halves["mdma"])


def test_mda_is_highest_two_hours_after_itself_and_hours_later_after_mdma() -> None:
    own = simulate(Regimen.mda("98 mg HCl"), MAN, outputs=["mda"])
    formed = simulate(Regimen.mdma("105 mg HCl"), MAN, outputs=["mda"])
    assert 1.5 < own.peak_time("mda")[0] < 3.0
    assert 5.0 < formed.peak_time("mda")[0] < 9.0


def test_a_dose_of_mda_is_of_its_own_salt() -> None:
    salt, base = (
        simulate(Regimen.mda(text), MAN, outputs=["mda"]) for text in ("100 mg HCl", "83.1 mg base")
    )
    assert salt.peak("mda")[0] == pytest.approx(base.peak("mda")[0], rel=1e-3)  # 179.22 / 215.68


def test_what_is_assumed_of_mda_is_said_and_too_much_of_it_is_refused() -> None:
    assert any("two small studies" in note for note in simulate(Regimen.mda("98 mg HCl"), MAN).notes)
    for text, weight in (("118 mg HCl", "70 kg"), ("1.4 mg/kg HCl", "110 kg"), ("120 mg HCl", "120 kg")):
        with pytest.raises(NotAQuantity, match="of MDA base within 24 h"):
            simulate(Regimen.mda(text), Person(weight=weight))
    with pytest.raises(NotAQuantity, match="MDA base"):
        simulate(Regimen.mda("70 mg HCl", supplement="60 mg HCl", after="2 h"), MAN)


def test_what_is_not_known_of_mda_is_no_answer() -> None:
    with pytest.raises(NotARegimen, match="not followed"):
        substrate_effect(Regimen.mda("98 mg HCl"), MAN, "metoprolol")
    with pytest.raises(NotARegimen, match="not told apart"):
        build_regimen("98 mg HCl", drug="MDA", enantiomer="S")
    with pytest.raises(NotARegimen, match="known: MDMA, MDA"):
        build_regimen("98 mg HCl", drug="MDEA")  # type: ignore[arg-type]
