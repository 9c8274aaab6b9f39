"""Co-medications: known ones as mechanisms, dangerous ones refused, unknown ones an error."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.pharmacology import Person, Regimen, equations, simulate
from entact.pharmacology.individual import vectors
from entact.pharmacology.medicine import (
    GRADES,
    NotAMedicine,
    beta_blocker,
    combine,
    enzyme_at_first,
    warnings_of,
)
from entact.pharmacology.parameters import ModelError, shipped_model
from entact.pharmacology.pharmacopoeia import pharmacopoeia, read_medicines
from entact.pharmacology.prescription import find_medicines
from entact.pharmacology.variables import INPUTS, STATES

STUDIED = (
    *("paroxetine", "citalopram", "pindolol", "duloxetine", "reboxetine", "bupropion", "carvedilol"),
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


@pytest.mark.parametrize(("typed", "nearest"), [("paroxetien", "paroxetine"), ("moclobomide", "moclobemide")])
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
    assert not any("no human data" in note for note in warnings_of(find_medicines(["carvedilol"])))
    for medicines in (["mirtazapine"], ["citalopram", "carvedilol"], ["beta-blocker(beta1=0.5)"]):
        run = simulate(Regimen.mdma("75 mg HCl"), Person(medicines=medicines), until="2 h")
        assert any("no human data" in note for note in run.notes), medicines


def test_what_is_assumed_of_a_medicine_stands_beside_every_result() -> None:
    run = simulate(Regimen.mdma("75 mg HCl"), Person(medicines=["citalopram", "doxazosin"]), until="2 h")
    for said in (
        "citalopram: assumed 40 mg intravenously, once, its level falls by its half-life of 35 h "
        "(from memory).",
        "doxazosin: assumed 8 mg by mouth, daily for 3 d, its level constant throughout the session.",
    ):
        assert said in run.notes


def test_what_is_given_on_the_day_wears_off() -> None:
    """Of two with one half-life one is given on the day, the other daily: they part as the day goes on."""
    book = pharmacopoeia()
    given = replace(book.find("metyrapone"), half_life=2.0)
    courses = {}
    for one in (given, replace(given, is_of_the_day=False)):
        covariates, model = Person().covariates(), shipped_model()
        p = vectors(model, covariates, np.zeros((1, len(model.random))), medicines=[one])[0]
        y = np.zeros(len(STATES))
        left = []
        for hour in (0.0, 1.5, 4.0, 24.0):
            equations.initial(p, y)
            y[equations.CORTISOL] = 0.0
            dy = np.zeros(len(STATES))
            equations.derivatives(hour, y, p, dy)
            left.append(dy[equations.CORTISOL] / p[INPUTS.index("cortisol_turnover")])
        courses[one.is_of_the_day] = left
    assert courses[False] == pytest.approx([0.35] * 4)
    falling = courses[True]
    assert falling[1] == pytest.approx(0.35, rel=2e-3)  # of then is the size that was published
    assert falling[0] < 0.35
    assert falling[2] == pytest.approx(1 / (1 + (1 / 0.35 - 1) * 2**-1.25), rel=0.01)
    assert falling[3] > 0.99


def test_a_taper_that_ends_at_the_session_and_a_stop_before_it_fall_on() -> None:
    runs = {}
    for said in ("venlafaxine 150 mg", "venlafaxine 150 mg, tapered over 4 d"):
        (one,) = find_medicines([said])
        assert one.falls == ("tapered" in said)
        runs[said] = simulate(Regimen.mdma("100 mg HCl"), Person(medicines=[said]), until="12 h")
    usual, tapered = (run.values("serotonin")[0] for run in runs.values())
    assert tapered.max() > usual.max()
    assert any("falls further" in note for note in runs["venlafaxine 150 mg, tapered over 4 d"].notes)


def test_several_that_fall_are_said_to_fall_together() -> None:
    notes = warnings_of(find_medicines(["clonidine", "pindolol"]))
    assert any("clonidine and pindolol fall together" in note for note in notes)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Nardil", "phenelzine.* is refused: monoamine-oxidase"),
        ("Norvir", "ritonavir.* is refused: .*contraindicated"),
        ("cobicistat", "is refused: .*contraindicated"),
        ("lithium", "is refused: it is contraindicated"),
        ("SSRI", "is a class, .*name it, like paroxetine, citalopram"),
        ("Benzodiazepines", "is a class, .*lorazepam"),
        ("beta blockers", "is a class, .*propranolol"),
        ("antidepressant", "is a class, .*sertraline.*duloxetine.*mirtazapine"),
        ("mood stabiliser", "is a class, .*lamotrigine"),
        ("Jatrosom", "tranylcypromine.* is refused"),
        ("phenelzin", "is refused: monoamine-oxidase"),
        ("Quilonum", "lithium.* is refused"),
        ("Rezolsta", "cobicistat.* is refused"),
        ("dexamphetamine", "is refused: two releasers"),
        ("opioids", "is refused: serotonergic"),
        ("alcohol", "is refused: it is a drug of its own"),
    ],
)
def test_brands_and_classes_are_known_and_the_reason_is_said(typed: str, said: str) -> None:
    with pytest.raises(NotAMedicine, match=said):
        find_medicines([typed])


def test_no_name_is_offered_that_merely_sounds_alike() -> None:
    for typed in ("Nardilon", "harmless", "aspirin", "water"):
        with pytest.raises(NotAMedicine) as fault:
            find_medicines([typed])
        assert "nearest" not in str(fault.value) or "nardil" in str(fault.value)


@pytest.mark.parametrize(
    ("brand", "name"),
    [
        *(
            ("Zoloft", "sertraline"),
            ("paxil", "paroxetine"),
            ("Valium", "diazepam"),
            ("Trevilor", "venlafaxine"),
        ),
        *(
            ("Remergil", "mirtazapine"),
            ("Thombran", "trazodone"),
            ("Dociton", "propranolol"),
            ("Tavor", "lorazepam"),
        ),
        *(("Medikinet", "methylphenidate"), ("sertralin", "sertraline"), ("fluoxetina", "fluoxetine")),
        *(("bupropione", "bupropion"), ("lisdexamphetamine", "lisdexamfetamine"), ("clonidin", "clonidine")),
    ],
)
def test_a_brand_is_its_medicine(brand: str, name: str) -> None:
    assert find_medicines([brand])[0].name == name
    with pytest.raises(NotAMedicine, match="named twice"):
        find_medicines([brand, name])


def test_each_medicine_of_practice_is_known_with_its_grade() -> None:
    wanted = (
        *("sertraline", "escitalopram", "venlafaxine", "mirtazapine", "trazodone", "prazosin", "propranolol"),
        *("methylphenidate", "lisdexamfetamine", "bupropion", "lorazepam", "lamotrigine"),
    )
    for medicine in find_medicines(wanted):
        assert medicine.grade in GRADES
        assert bool(medicine.actions) == (medicine.grade != "D")
        assert any(f"(grade {medicine.grade})" in note for note in warnings_of([medicine])) == (
            medicine.grade != "A"
        )


@given(st.floats(0.2, 5.0), st.floats(0.0, 60.0), st.floats(0.0, 28.0))
def test_a_level_falls_by_its_half_life_and_never_below_what_is_there(
    dose: float, days: float, taper: float
) -> None:
    text = f"sertraline {100 * dose:f} mg, last taken {days:f} d before, tapered over {taper:f} d"
    (one,) = find_medicines([text])
    at_once = dose * 0.5 ** (24 * days / 26)
    assert 0.0 <= one.level <= at_once * (1 + 1e-6)
    if taper == 0.0 and at_once > 1e-4:
        assert one.level == pytest.approx(at_once, rel=1e-4)
    assert one.at(24 * (days + taper) + 1) == pytest.approx(dose)
    assert one.at(24 * days) == pytest.approx(one.at(24 * days - 1e-9), rel=1e-6)  # no jump where it ends


def test_effects_on_transporter_and_enzyme_wash_out() -> None:
    peaks = {}
    for said in ("", ", last taken 1 d before", ", last taken 3 d before", ", last taken 21 d before"):
        run = simulate(Regimen.mdma("100 mg HCl"), Person(medicines=[f"paroxetine 20 mg{said}"]), until="8 h")
        peaks[said] = (float(run.values("cyp2d6")[0, 0]), float(run.peak("subjective")[0]))
    alone = float(simulate(Regimen.mdma("100 mg HCl"), Person(), until="8 h").peak("subjective")[0])
    enzymes, feelings = zip(*peaks.values(), strict=True)
    assert enzymes[0] == pytest.approx(0.1)
    assert list(enzymes) == sorted(enzymes)
    assert enzymes[-1] == pytest.approx(1.0, abs=0.01)
    assert list(feelings) == sorted(feelings)
    assert feelings[-1] == pytest.approx(alone, rel=0.01)


def test_the_enzyme_comes_back_as_its_turnover_says_when_the_inactivator_goes_at_once() -> None:
    (one,) = find_medicines(["paroxetine, last taken 46.6 h before"])
    gone = replace(one, half_life=1e-3)
    turnover = math.log(2) / 46.6
    assert enzyme_at_first([gone], turnover) == pytest.approx(1 - 0.9 / 2, rel=0.02)
    assert enzyme_at_first([], turnover) == 1.0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("sertraline 100 g", "about 100 mg; check the unit"),
        ("sertraline 100 mg, stopped monday", "not understood; write 'sertraline 100 mg'"),
        ("sertraline, last taken ten days before", "write a number and d, h"),
        ("sertraline, last taken 10 before", "write a number and d, h"),
        ("sertraline, tapered over soon", "write a number and d, h"),
        ("sertraline 100", "'100' is not understood; write"),
        ("sertraline, last taken 10 d before, last taken 3 d before", "is said twice"),
        ("sertraline 100 mg, tapered over 4 d, tapered over 8 d", "is said twice"),
    ],
)
def test_a_dose_or_time_that_cannot_be_meant_is_refused(typed: str, said: str) -> None:
    with pytest.raises(NotAMedicine, match=re.escape(said)):
        find_medicines([typed])


@pytest.mark.parametrize(
    ("typed", "began"),
    [
        *(("sertraline 100 mg/d", 1.0), ("sertraline 50 mg once daily", 0.5), ("100 mg of sertraline", 1.0)),
        *(("sertraline 50 mg bid", 1.0), ("sertraline 100 mg twice a day", 2.0), ("sertraline 0.1 g", 1.0)),
    ],
)
def test_a_dose_is_read_as_people_write_it(typed: str, began: float) -> None:
    (found,) = find_medicines([f"{typed}; last taken 1 d before"])
    assert (found.name, found.began, found.since) == ("sertraline", began, 24.0)


ROW = "propranolol: {dose: 80 mg, half_life: 4, grade: C, beta1: 2.5, beta2: 4}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("beta1: 2.5", "beta1: -4", "beta1 must be a number above zero"),
        ("beta1: 2.5", "beta9: 4", "unknown action 'beta9'"),
        ("beta1: 2.5", "cortisol: 1.5", "fraction left"),
        ("beta1: 2.5, beta2: 4", "note: none", "grade D is that of a medicine without action"),
        ("dose: 80 mg, ", "", "has a dose"),
        ("80 mg", "usual", "dose is a number and mg"),
        ("half_life: 4", "half_life: long", "half_life must be a number"),
        ("grade: C", "grade: E", "grade must be one of A, B, C, D"),
        ("grade: C", "grade: A", "name the facts"),
    ],
)
def test_a_wrong_row_is_refused_by_file_line_and_name(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "medicines.yaml"
    path.write_text(f"format: 2\nmedicines:\n  {ROW}\n", encoding="utf-8")
    assert read_medicines(path).medicines["propranolol"].actions == {"beta1": 2.5, "beta2": 4.0}
    path.write_text(path.read_text().replace(old, new), encoding="utf-8")
    with pytest.raises(ModelError, match=rf"medicines.yaml, line 3, propranolol: .*{re.escape(said)}"):
        read_medicines(path)


def test_every_inactivator_reaches_the_inputs_at_its_level() -> None:
    model, man = shipped_model(), Person().covariates()
    etas = np.zeros((1, len(model.random)))
    place = INPUTS.index("enzyme_loss")
    full, less = (
        vectors(model, man, etas, medicines=find_medicines([f"paroxetine{said}"]))[0, place]
        for said in ("", " 10 mg")
    )
    assert less == pytest.approx(full / 2)


@pytest.mark.parametrize("medicine", ["citalopram", "sertraline", "duloxetine"])
def test_a_blocker_dulls_closeness_and_does_not_end_it(medicine: str) -> None:
    """It was 0 % once: oxytocin stays down, but people who still feel the drug are not without closeness."""
    regimen = Regimen.mdma("125 mg HCl")
    alone, blocked = (
        float(simulate(regimen, Person(medicines=own), outputs=["closeness"]).peak("closeness")[0])
        for own in ((), (medicine,))
    )
    assert 0.05 < blocked / alone < 0.5


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *(("Effexor XR", "venlafaxine"), ("sertraline hydrochloride 100 mg", "sertraline")),
        *(("bupropion XL 300 mg", "bupropion"), ("Inderal LA", "propranolol"), ("Paxil CR", "paroxetine")),
    ],
)
def test_a_salt_or_a_slow_release_is_the_same_medicine(text: str, name: str) -> None:
    (found,) = find_medicines([text])
    assert found.name == name


@pytest.mark.parametrize(
    "text", ["Emsam patch", "phenelzine sulfate", "Adderall XR", "MAO-I", "tricyclics", "triptans"]
)
def test_what_is_refused_is_so_by_salt_and_by_class(text: str) -> None:
    with pytest.raises(NotAMedicine, match="is refused"):
        find_medicines([text])
