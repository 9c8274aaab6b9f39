"""Laws of the equations: mass, signs, balance at rest, linearity, a closed form, competition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import solve_ivp

from entact.pharmacology import Person, equations
from entact.pharmacology.individual import vectors
from entact.pharmacology.parameters import shipped_model
from entact.pharmacology.prescription import find_medicines
from entact.pharmacology.variables import INPUTS, OUTPUTS, STATES

AMOUNTS = [index for index, state in enumerate(STATES) if state.unit == "mg"]
SIGNED = {"temperature", "water"}
states = arrays(np.float64, len(STATES), elements=st.floats(0.0, 150.0))
activities = st.floats(0.0, 3.0)
weights = st.floats(40.0, 150.0)


def inputs_of(weight: float = 70.0, activity: float = 2.0, medicines: tuple[str, ...] = ()) -> np.ndarray:
    model = shipped_model()
    covariates = {"weight": weight, "female": 0.0, "age": 27.0, "activity": activity}
    return vectors(
        model,
        {name: np.array([value]) for name, value in covariates.items()},
        np.zeros((1, len(model.random))),
        medicines=find_medicines(medicines),
    )[0]


def rates(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    dy = np.full(len(STATES), np.nan)
    equations.derivatives(0.0, y, p, dy)
    return dy


def at_rest(p: np.ndarray) -> np.ndarray:
    y = np.zeros(len(STATES))
    equations.initial(p, y)
    return y


def observed(y: np.ndarray, p: np.ndarray) -> dict[str, float]:
    out = np.full(len(OUTPUTS), np.nan)
    equations.observe(0.0, y, p, out)
    return {variable.name: value for variable, value in zip(OUTPUTS, out, strict=True)}


def course(p: np.ndarray, mg: float, times: np.ndarray) -> np.ndarray:
    start = at_rest(p)
    start[equations.DEPOT_R] = start[equations.DEPOT_S] = 0.5 * mg
    return solve_ivp(
        lambda t, y: rates(y, p),
        (0.0, times[-1]),
        start,
        t_eval=times,
        rtol=1e-8,
        atol=1e-10,
        method="DOP853",
    ).y


def test_every_name_has_its_index() -> None:
    for index, name in enumerate(INPUTS):
        assert getattr(equations, name.upper()) == index
    for index, state in enumerate(STATES):
        # CYP2D6 and the like are states and outputs, inputs have names of their own.
        assert getattr(equations, state.name.upper()) == index
    assert len({variable.name for variable in OUTPUTS}) == len(OUTPUTS) == 20


@given(states, weights, activities)
def test_amounts_add_up_to_what_was_swallowed(y: np.ndarray, weight: float, activity: float) -> None:
    dy = rates(y, inputs_of(weight, activity))
    assert np.isfinite(dy).all()
    assert dy[AMOUNTS].sum() == pytest.approx(0.0, abs=1e-12 * np.abs(dy[AMOUNTS]).sum() + 1e-300)


@given(states, st.integers(0, len(STATES) - 1), activities)
def test_nothing_falls_below_zero(y: np.ndarray, empty: int, activity: float) -> None:
    if STATES[empty].name in SIGNED:
        return
    y = y.copy()
    y[empty] = 0.0
    assert rates(y, inputs_of(70.0, activity))[empty] >= 0.0


@pytest.mark.parametrize("medicine", [(), ("paroxetine",), ("metyrapone",), ("clonidine",), ("carvedilol",)])
def test_without_a_dose_nothing_happens(medicine: tuple[str, ...]) -> None:
    p = inputs_of(medicines=medicine)
    y = at_rest(p)
    resting = rates(y, p)
    assert resting == pytest.approx(np.zeros(len(STATES)), abs=1e-12)
    out = observed(y, p)
    assert out["mdma"] == out["subjective"] == out["closeness"] == 0.0
    assert out["serotonin"] == out["norepinephrine"] == out["dopamine"] == 1.0
    assert out["amygdala"] == 100.0


def test_at_rest_the_baselines_are_observed() -> None:
    out = observed(at_rest(inputs_of()), inputs_of())
    model = shipped_model()
    for name in ("systolic", "diastolic", "heart_rate", "temperature", "sodium", "oxytocin", "cortisol"):
        assert out[name] == pytest.approx(model[f"{name}_baseline"]), name


def linear(p: np.ndarray) -> np.ndarray:
    p = p.copy()
    p[[equations.KINACT, equations.PER_KM_R, equations.PER_KM_S, equations.PER_KI]] = 0.0
    return p


def test_doses_are_proportional_when_cyp2d6_neither_saturates_nor_is_inactivated() -> None:
    times = np.linspace(0.0, 24.0, 49)
    plasma = slice(equations.R_MDMA, equations.HMMA + 1)
    p = linear(inputs_of())
    assert course(p, 100.0, times)[plasma] == pytest.approx(4.0 * course(p, 25.0, times)[plasma], rel=1e-5)
    real = inputs_of()
    late = slice(-10, None)
    more = course(real, 100.0, times)[equations.R_MDMA, late]
    assert (more > 4.2 * course(real, 25.0, times)[equations.R_MDMA, late]).all()


def test_the_linear_model_is_the_one_compartment_of_the_textbook() -> None:
    times = np.linspace(0.0, 24.0, 49)
    p = linear(inputs_of())
    clearance = sum(
        p[getattr(equations, name)] for name in ("CYP2D6_S", "DEMETHYLATION_S", "OTHER_S", "RENAL_S")
    )
    ka, k = p[equations.KA], clearance * p[equations.PER_VOLUME_S]
    reaches = 1.0 - p[equations.ARRIVES_AS_MDA]
    expected = reaches * 50.0 * ka / (ka - k) * (np.exp(-k * times) - np.exp(-ka * times))
    assert course(p, 100.0, times)[equations.S_MDMA] == pytest.approx(expected, abs=1e-5)


def test_each_enantiomer_slows_the_other_at_cyp2d6() -> None:
    p = inputs_of()
    y = at_rest(p)
    y[equations.S_MDMA] = 50.0
    alone = rates(y, p)[equations.S_MDMA]
    y[equations.R_MDMA] = 50.0
    assert rates(y, p)[equations.S_MDMA] > alone  # less negative


def test_both_enantiomers_inactivate_cyp2d6_and_an_inhibitor_shields_it() -> None:
    p = inputs_of()
    y = at_rest(p)
    for form in (equations.R_MDMA, equations.S_MDMA):
        alone = y.copy()
        alone[form] = 50.0
        assert rates(alone, p)[equations.CYP2D6] < -0.1
    y[equations.S_MDMA] = 50.0
    shielded = inputs_of(medicines=("fluoxetine",))
    assert rates(y, p)[equations.CYP2D6] < 2 * rates(y, shielded)[equations.CYP2D6] < 0.0


def test_the_enzyme_comes_back_with_its_half_life() -> None:
    p = inputs_of()
    y = at_rest(p)
    y[equations.CYP2D6] = 0.0
    back = solve_ivp(lambda t, y: rates(y, p), (0.0, 46.6), y, rtol=1e-9, atol=1e-12).y[equations.CYP2D6, -1]
    assert back == pytest.approx(0.5, abs=1e-4)


def test_a_poor_metaboliser_makes_no_hmma_by_cyp2d6() -> None:
    p = inputs_of(activity=0.0)
    y = at_rest(p)
    y[equations.S_MDMA] = 50.0
    made = rates(y, p)[equations.HMMA]
    other = p[equations.OTHER_TO_HMMA] * p[equations.OTHER_S] * 50.0 * p[equations.PER_VOLUME_S]
    assert made == pytest.approx(other)


@settings(max_examples=50)
@given(st.floats(1.0, 120.0), st.sampled_from(["citalopram", "duloxetine", "paroxetine"]))
def test_a_blocked_transporter_releases_less_and_depletes_less(mg: float, medicine: str) -> None:
    free, blocked = inputs_of(), inputs_of(medicines=(medicine,))
    y = at_rest(free)
    y[equations.S_MDMA] = mg
    assert observed(y, blocked)["serotonin"] < observed(y, free)["serotonin"]
    assert rates(y, blocked)[equations.SEROTONIN_POOL] > rates(y, free)[equations.SEROTONIN_POOL]


def test_s_is_the_stronger_releaser() -> None:
    p = inputs_of()
    felt = {}
    for form in (equations.R_MDMA, equations.S_MDMA):
        y = at_rest(p)
        y[form] = 80.0
        felt[form] = observed(y, p)
    for amine in ("serotonin", "norepinephrine", "dopamine", "subjective"):
        assert felt[equations.S_MDMA][amine] > felt[equations.R_MDMA][amine], amine


def test_serotonin_always_rises_more_than_dopamine() -> None:
    # F089
    p = inputs_of()
    for mg in (5.0, 20.0, 60.0, 120.0):
        y = at_rest(p)
        y[equations.S_MDMA] = y[equations.R_MDMA] = mg
        out = observed(y, p)
        assert out["serotonin"] > out["dopamine"] > 1.0


def test_pressure_falls_and_the_heart_quickens_under_an_alpha1_blocker() -> None:
    p, blocked = inputs_of(), inputs_of(medicines=("doxazosin",))
    y = at_rest(p)
    y[equations.S_MDMA] = y[equations.R_MDMA] = 45.0
    assert observed(y, blocked)["systolic"] < observed(y, p)["systolic"] - 5
    assert observed(y, blocked)["heart_rate"] > observed(y, p)["heart_rate"] + 2


def test_water_is_held_while_oxytocin_is_high() -> None:
    p = inputs_of()
    y = at_rest(p)
    y[equations.WATER] = 1.0
    free = rates(y, p)[equations.WATER]
    y[equations.S_MDMA] = y[equations.R_MDMA] = 45.0
    p = p.copy()
    p[equations.DRINKING] = 0.0
    assert 0.5 * free < rates(y, p)[equations.WATER] < 0.0  # litres leave, at less than half the rate
    assert observed(y, p)["sodium"] < shipped_model()["sodium_baseline"] - 2


def test_the_reference_person_is_what_a_person_gives() -> None:
    model = shipped_model()
    man = Person(weight="70 kg", age=27).covariates()
    given = vectors(model, man, np.zeros((1, len(model.random))))[0]
    assert given == pytest.approx(inputs_of())
