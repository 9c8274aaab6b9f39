"""What MDMA does to medicines that CYP2D6 clears, and for how long."""

from __future__ import annotations

import pytest

from entact.pharmacology import Person, Regimen
from entact.pharmacology.medicine import NotAMedicine
from entact.pharmacology.pharmacopoeia import pharmacopoeia
from entact.pharmacology.substrate import USUAL, substrate_effect

SESSION = Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h")


def test_a_substrate_stays_longer_for_days_and_the_more_the_more_of_it_the_enzyme_clears() -> None:
    found = {
        name: substrate_effect(SESSION, Person(), name)
        for name in ("propranolol", "metoprolol", "atomoxetine")
    }
    most = [one.most for one in found.values()]
    until = [one.until for one in found.values()]
    assert 1.0 < most[0] < most[1] < most[2] < 10.0  # 1 / (1 - 0.9) is all that can be
    assert until == sorted(until)
    assert 48.0 < found["metoprolol"].until < 14 * 24
    assert "times the usual" in found["metoprolol"].sentence
    assert "assumed" in found["metoprolol"].sentence


def test_a_prodrug_works_less() -> None:
    codeine = substrate_effect(SESSION, Person(), "codeine")
    assert codeine.formed < 0.5
    assert "works less" in codeine.sentence


def test_without_mdma_nothing_changes() -> None:
    still = substrate_effect(Regimen.placebo(), Person(), "metoprolol")
    assert still.most == pytest.approx(1.0)
    assert still.until == 0.0
    assert f"never above {USUAL:g}" in still.sentence


def test_what_is_not_known_is_not_called_harmless() -> None:
    with pytest.raises(NotAMedicine, match="not to say that it isn't"):
        substrate_effect(SESSION, Person(), "aspirin")
    assert all(0 < one.fraction < 1 for one in pharmacopoeia().substrates.values())
