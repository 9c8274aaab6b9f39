"""Co-medications: known ones as mechanisms, dangerous ones refused, unknown ones an error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from entact.pharmacology import Person, Regimen, simulate
from entact.pharmacology.medicine import (
    FILE,
    NotAMedicine,
    beta_blocker,
    combine,
    find_medicines,
    pharmacopoeia,
    read_medicines,
    warnings_of,
)
from entact.pharmacology.parameters import ModelError

STUDIED = (
    *("paroxetine", "citalopram", "fluoxetine", "duloxetine", "reboxetine", "bupropion", "carvedilol"),
    *("clonidine", "doxazosin", "ketanserin", "haloperidol", "metyrapone"),
)


@pytest.mark.parametrize("name", STUDIED)
def test_what_was_studied_is_known_and_acts_on_something(name: str) -> None:
    (medicine,) = find_medicines([name.upper()])
    assert medicine.actions
    assert medicine.human
    assert medicine.warning == ""


@pytest.mark.parametrize(
    "name",
    [
        *("moclobemide", "Phenelzine", "methylene  blue", "ayahuasca", "procarbazine"),
        *("MAO inhibitor", "MAO-inhibitor", "MAOI", "Monoamine-oxidase inhibitor"),
    ],
)
def test_mao_inhibitors_are_refused_with_the_reason(name: str) -> None:
    with pytest.raises(NotAMedicine, match="refused: monoamine-oxidase inhibitors are contraindicated"):
        find_medicines([name])


def test_a_medicine_named_twice_is_refused_whatever_its_letters() -> None:
    with pytest.raises(NotAMedicine, match="carvedilol is named twice"):
        simulate(Regimen.mdma("75 mg HCl"), Person(medicines=["carvedilol", "Carvedilol"]))


def test_memantine_is_refused_because_no_state_is_its_target() -> None:
    with pytest.raises(NotAMedicine, match="no state of the model"):
        find_medicines(["memantine"])


@pytest.mark.parametrize(("typed", "nearest"), [("paroxetin", "paroxetine"), ("moclobemid", "moclobemide")])
def test_an_unknown_medicine_is_an_error_that_names_the_nearest(typed: str, nearest: str) -> None:
    with pytest.raises(NotAMedicine, match=f"the nearest is '{nearest}'"):
        find_medicines([typed])


@pytest.mark.parametrize("typed", ["xyzzy", "", "   ", "beta-blocker", "beta-blocker(beta1=2)"])
def test_nonsense_is_never_no_interaction(typed: str) -> None:
    with pytest.raises(NotAMedicine):
        find_medicines([typed])
    with pytest.raises(NotAMedicine):
        simulate(Regimen.mdma("75 mg HCl"), Person(medicines=[typed]))


@pytest.mark.parametrize(
    "said",
    [
        "beta-blocker(beta1=0.8, beta2=0.5)",
        "beta-blocker beta1=0.8 beta2=0.5",
        "Beta-Blocker(beta1=0.8;beta2=0.5)",
    ],
)
def test_any_beta_blocker_by_its_receptor_profile(said: str) -> None:
    (medicine,) = find_medicines([said])
    assert medicine.actions == pytest.approx({"beta1": 4.0, "beta2": 1.0})
    assert "no human data" in medicine.warning


@pytest.mark.parametrize(
    "said", ["beta1=0.8 gamma=0.1", "beta1", "beta1=much", "alpha1=0.5", "beta1=-0.1", "beta1=1"]
)
def test_a_profile_that_cannot_be_is_refused(said: str) -> None:
    with pytest.raises(NotAMedicine):
        find_medicines([f"beta-blocker({said})"])


def test_a_beta_blocker_slows_the_heart_more_the_more_beta1_it_takes() -> None:
    peaks = []
    for taken in (0.2, 0.5, 0.8):
        who = Person(medicines=[f"beta-blocker(beta1={taken})"])
        run = simulate(Regimen.mdma("125 mg HCl"), who, until="6 h")
        peaks.append(float(run.peak("heart_rate")[0]))
    assert peaks[0] > peaks[1] + 5 > peaks[2] + 10


def test_a_nonselective_blocker_leaves_alpha_unopposed() -> None:
    diastolic = {}
    for name in ("propranolol", "bisoprolol"):
        run = simulate(Regimen.mdma("125 mg HCl"), Person(medicines=[name]), until="6 h")
        diastolic[name] = float(run.peak("diastolic")[0])
    assert diastolic["propranolol"] > diastolic["bisoprolol"]


def test_medicines_add_up_at_a_target_and_multiply_what_they_leave() -> None:
    one, two = beta_blocker("a", beta1=0.5), beta_blocker("b", beta1=0.75, alpha1=0.5)
    total = combine([one, two])
    assert total["beta1"] == pytest.approx(1.0 + 3.0)
    assert total["alpha1"] == pytest.approx(1.0)
    clonidine = pharmacopoeia().find("clonidine")
    assert combine([clonidine, clonidine])["tone"] == pytest.approx(clonidine.actions["tone"] ** 2)
    assert combine([])["tone"] == combine([])["cortisol"] == 1.0


def test_a_combination_without_human_data_says_so_on_every_output() -> None:
    assert warnings_of(find_medicines(["carvedilol"])) == ()
    for medicines in (["pindolol"], ["citalopram", "carvedilol"], ["beta-blocker(beta1=0.5)"]):
        run = simulate(Regimen.mdma("75 mg HCl"), Person(medicines=medicines), until="2 h")
        assert any("no human data" in note for note in run.notes), medicines


TEXT = FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("{dose: usual, beta1: -4}", "beta1 must be a number above zero"),
        ("{dose: usual, beta9: 4}", "unknown action 'beta9'"),
        ("{dose: usual, tone: 1.5}", "fraction left"),
        ("{dose: usual}", "without action"),
        ("{beta1: 4}", "has a dose"),
    ],
)
def test_a_wrong_row_is_refused_by_file_line_and_name(tmp_path: Path, new: str, said: str) -> None:
    row = "{dose: usual, beta1: 2.5, beta2: 4}"
    assert TEXT.count(row) == 1
    path = tmp_path / "medicines.yaml"
    path.write_text(TEXT.replace(row, new), encoding="utf-8")
    line = TEXT[: TEXT.index(row)].count("\n") + 1
    with pytest.raises(ModelError, match=rf"medicines.yaml, line {line}, propranolol: .*{re.escape(said)}"):
        read_medicines(path)
