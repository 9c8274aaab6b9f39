"""Beyond what was studied an answer says so, and an overdose has none."""

from __future__ import annotations

import pytest

from entact.pharmacology import Person, Population, Regimen, simulate
from entact.pharmacology.quantity import NotAQuantity
from entact.pharmacology.simulation import NotASimulation


@pytest.mark.parametrize(
    ("regimen", "weight"),
    [
        (Regimen.mdma("150 mg HCl", supplement="110 mg HCl", after="2 h"), "70 kg"),
        (Regimen.mdma("2.5 mg/kg HCl"), "120 kg"),
        (Regimen.mdma("120 mg HCl").then("80 mg HCl", at="4 h").then("80 mg HCl", at="20 h"), "90 kg"),
    ],
)
def test_an_overdose_is_refused_by_the_persons_own_weight(regimen: Regimen, weight: str) -> None:
    with pytest.raises(NotAQuantity, match="no such dose was studied"):
        simulate(regimen, Person(weight=weight))


@pytest.mark.parametrize(
    ("regimen", "weight", "said"),
    [
        (Regimen.mdma("126 mg HCl", enantiomer="S"), "70 kg", "S-MDMA base within 24 h"),
        (Regimen.mdma("250 mg HCl", enantiomer="S"), "70 kg", "S-MDMA base within 24 h"),
        (Regimen.mdma("240 mg HCl"), "35 kg", "mg/kg of S-MDMA"),
        (Regimen.mdma("240 mg HCl", enantiomer="R"), "35 kg", "mg/kg of R-MDMA"),
        (Regimen.mdma("250 mg HCl").then("250 mg HCl", at="24 h"), "70 kg", "within 72 h"),
    ],
)
def test_what_is_much_for_a_kg_of_one_enantiomer_or_in_days_is_an_overdose(
    regimen: Regimen, weight: str, said: str
) -> None:
    """250 mg of S-MDMA are like 500 mg of the racemate; 240 mg in a person of 35 kg are 7 mg/kg."""
    with pytest.raises(NotAQuantity, match=said):
        simulate(regimen, Person(weight=weight), until="72 h")


@pytest.mark.parametrize(
    ("regimen", "weight"),
    [
        (Regimen.mdma("125 mg HCl", enantiomer="S"), "60 kg"),
        (Regimen.mdma("250 mg HCl", enantiomer="R"), "55 kg"),
        (Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h"), "48 kg"),
        (Regimen.mdma("100 mg HCl").then("100 mg HCl", at="24 h"), "70 kg"),
    ],
)
def test_what_was_studied_has_an_answer(regimen: Regimen, weight: str) -> None:
    assert simulate(regimen, Person(weight=weight), until="48 h").n == 1


def test_more_days_in_a_row_than_were_studied_are_said() -> None:
    third = Regimen.mdma("75 mg HCl").then("75 mg HCl", at="24 h").then("75 mg HCl", at="48 h")
    run = simulate(third, Person(), until="72 h", outputs=["mdma"])
    assert "more days in a row" in " ".join(run.notes)


def test_the_same_by_weight_is_no_overdose_in_a_lighter_person() -> None:
    assert simulate(Regimen.mdma("2.5 mg/kg HCl"), Person(weight="70 kg")).n == 1


def notes(regimen: Regimen, who: Person | Population) -> str:
    return " ".join(simulate(regimen, who, outputs=["mdma"], summary_only=True).notes)


def test_what_is_beyond_is_said_and_what_is_not_is_not() -> None:
    session = Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h")
    month = session.then("120 mg HCl", at="28 d")
    assert "studied" not in notes(session, Person())
    who, times = Person(), {"until": "29 d", "every": "1 h", "outputs": ["mdma"]}
    assert "180 mg" not in " ".join(simulate(month, who, **times).notes)
    assert "180 mg" in notes(session.then("20 mg HCl", at="5 h"), Person())
    assert "body weight 45 to 120 kg" in notes(session, Person(weight="140 kg"))
    assert "age 18 to 65 a" in notes(session, Person(age=80))
    said = notes(session, Population.healthy(10, seed=1, weight="130 kg"))
    assert "10 of 10 people" in said


def test_a_dose_that_would_not_be_seen_is_refused() -> None:
    later = Regimen.mdma("100 mg HCl").then("100 mg HCl", at="30 h")
    with pytest.raises(NotASimulation, match="30 h would not be seen: the simulation ends at 24 h"):
        simulate(later, Person())
    assert simulate(later, Person(), until="34 h").peak_time("mdma")[0] > 30.0
