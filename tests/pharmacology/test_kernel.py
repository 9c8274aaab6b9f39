"""The integrator against known solutions, another integrator, and itself cut otherwise."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from tests.pharmacology.small import run, solution

from entact.pharmacology import Person, Population, Regimen, simulate
from entact.pharmacology.engine import one_person
from entact.pharmacology.individual import vectors
from entact.pharmacology.parameters import shipped_model
from entact.pharmacology.variables import DEPOT_R, DEPOT_S, INPUTS, LAG, OUTPUTS, STATES

TIMES = np.linspace(0.0, 24.0, 289)
rates = st.tuples(st.floats(0.3, 3.0), st.floats(0.03, 0.25), st.floats(0.02, 1.0), st.floats(0.05, 0.9))


def far_apart(p: tuple[float, ...]) -> bool:
    # The closed form divides by differences of the rates.
    ka, k10, k12, k21 = p
    total = k10 + k12 + k21
    root = math.sqrt(total * total - 4.0 * k10 * k21)
    return min(abs((total + root) / 2 - ka), abs((total - root) / 2 - ka), root) > 0.02


@settings(max_examples=60, deadline=None)
@given(rates.filter(far_apart), st.floats(10.0, 200.0), st.floats(0.0, 0.7))
def test_two_compartments_follow_their_closed_solution(p: tuple, dose: float, lag: float) -> None:
    for tolerance, within in ((1e-6, 2e-6), (1e-10, 1e-9)):
        found = run(np.array([p]), np.array([[lag]]), np.array([[dose]]), TIMES, tolerance=tolerance)
        truth = solution(np.array(p), dose, TIMES - lag)
        assert np.max(np.abs(found.values[0, 0] - truth)) < within * dose
        assert found.status[0] == 0


def test_one_compartment_is_batemans_function() -> None:
    ka, ke = 1.17, 0.09
    found = run(np.array([[ka, ke, 0.0, 0.5]]), np.zeros((1, 1)), np.array([[100.0]]), TIMES, tolerance=1e-9)
    truth = 100.0 * ka / (ka - ke) * (np.exp(-ke * TIMES) - np.exp(-ka * TIMES))
    np.testing.assert_allclose(found.values[0, 0], truth, atol=1e-7)


def test_doses_add_up_in_a_linear_system() -> None:
    p = np.array([[1.0, 0.1, 0.3, 0.2]])
    both = run(p, np.array([[0.3, 2.3]]), np.array([[100.0, 50.0]]), TIMES, tolerance=1e-9).values[0, 0]
    truth = solution(p[0], 100.0, TIMES - 0.3) + solution(p[0], 50.0, TIMES - 2.3)
    np.testing.assert_allclose(both, truth, atol=1e-6)


def test_a_dose_beyond_the_end_is_not_given_and_doses_at_one_time_add() -> None:
    p = np.array([[1.0, 0.1, 0.3, 0.2]])
    one = run(p, np.array([[0.3, 99.0]]), np.array([[100.0, 50.0]]), TIMES).values
    np.testing.assert_array_equal(one, run(p, np.array([[0.3]]), np.array([[100.0]]), TIMES).values)
    twice = run(p, np.array([[0.0, 0.0]]), np.array([[60.0, 40.0]]), TIMES, tolerance=1e-9).values[0, 0]
    np.testing.assert_allclose(twice, solution(p[0], 100.0, TIMES), atol=1e-6)


def test_what_is_observed_is_told_its_time() -> None:
    times = np.array([0.0, 0.1, 0.5, 3.0, 3.7, 20.0])
    found = run(np.array([[1.0, 0.1, 0.3, 0.2]]), np.array([[0.3]]), np.array([[100.0]]), times)
    np.testing.assert_allclose(found.values[0, 2], times)


def test_statistics_are_those_of_the_series() -> None:
    rng = np.random.default_rng(4)
    n = 21
    p = np.column_stack(
        [rng.uniform(0.5, 2, n), rng.uniform(0.05, 0.2, n), rng.uniform(0, 0.5, n), rng.uniform(0.1, 0.5, n)]
    )
    found = run(
        p,
        np.tile([0.3, 2.3], (n, 1)),
        np.tile([100.0, 50.0], (n, 1)),
        TIMES,
        limits=((0, 40.0), (0, 90.0)),
    )
    series = found.values[:, 0]
    np.testing.assert_array_equal(found.peak[0], series.max(1))
    np.testing.assert_array_equal(found.peak_at[0], series.argmax(1))
    np.testing.assert_array_equal(found.trough[0], series.min(1))
    np.testing.assert_allclose(found.area[0], np.trapezoid(series, TIMES, axis=1), rtol=1e-12)
    fine = np.linspace(0.0, 24.0, 240_001)
    for row, limit in enumerate((40.0, 90.0)):
        truth = [np.mean(np.interp(fine, TIMES, one) > limit) * 24.0 for one in series]
        np.testing.assert_allclose(found.above[row], truth, atol=1e-3)


def test_a_person_has_the_same_bits_alone_and_in_any_company() -> None:
    rng = np.random.default_rng(5)
    n = 19
    p = np.column_stack(
        [rng.uniform(0.5, 2, n), rng.uniform(0.05, 0.2, n), rng.uniform(0, 0.5, n), rng.uniform(0.1, 0.5, n)]
    )
    lag = rng.uniform(0, 1, (n, 1))
    dose = rng.uniform(50, 150, (n, 1))
    together = run(p, lag, dose, TIMES).values
    order = rng.permutation(n)
    np.testing.assert_array_equal(run(p[order], lag[order], dose[order], TIMES).values, together[order])
    for one in (0, 7, 18):
        alone = run(p[[one]], lag[[one]], dose[[one]], TIMES).values[0]
        np.testing.assert_array_equal(alone, together[one])


def test_a_stiff_system_and_one_that_is_no_number_are_flagged_and_harm_no_neighbour() -> None:
    fine = np.array([1.0, 0.1, 0.3, 0.2])
    p = np.array([fine, [1e9, 0.1, 0.3, 0.2], fine, [math.nan, 0.1, 0.3, 0.2]])
    found = run(p, np.full((4, 1), 0.3), np.full((4, 1), 100.0), TIMES, max_steps=2000)
    assert list(found.status) == [0, 1, 0, 2]
    np.testing.assert_array_equal(found.values[0], found.values[2])
    assert np.isfinite(found.values[0]).all()
    assert np.isnan(found.values[1, 0, -1])


def reference(
    p: np.ndarray, dose_times: np.ndarray, r: np.ndarray, s: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """The outputs by SciPy's DOP853 at 1e-12, one dose to the next."""
    model = one_person()
    y, out, dy = np.zeros(len(STATES)), np.zeros(len(OUTPUTS)), np.zeros(len(STATES))
    model.initial(p, y)
    found = np.zeros((len(OUTPUTS), len(times)))

    def rate(t: float, y: np.ndarray) -> np.ndarray:
        model.derivatives(t, y, p, dy)
        return dy.copy()

    edges = [0.0, *dose_times[dose_times < times[-1]], times[-1]]
    for leg, (start, stop) in enumerate(pairwise(edges)):
        within = np.flatnonzero((times >= start) & (times <= stop))
        solved = solve_ivp(
            rate,
            (start, stop),
            y,
            method="DOP853",
            rtol=1e-12,
            atol=1e-13,
            t_eval=np.append(times[within[times[within] < stop]], stop),
        )
        for column, place in enumerate(within):
            model.observe(times[place], solved.y[:, column].copy(), p, out)
            found[:, place] = out
        y = solved.y[:, -1].copy()
        if leg < len(edges) - 2:
            y[DEPOT_R] += r[leg]
            y[DEPOT_S] += s[leg]
    return found


def a_regimen(first: int, second: int, after: int, third: int, kind: Any) -> Regimen:
    """Of S-MDMA alone half as much: more has no answer."""
    times = 1 if kind == "S" else 2
    initial, supplement = f"{times * first} mg HCl", f"{times * second} mg base"
    regimen = Regimen.mdma(initial, supplement=supplement, after=f"{after} min", enantiomer=kind)
    return regimen.then(f"{times * third} mg HCl", at="13 h")


regimens = st.builds(
    a_regimen,
    st.integers(0, 60), st.integers(0, 25), st.integers(1, 300), st.integers(0, 30),
    st.sampled_from(["racemic", "R", "S"]),
)  # fmt: skip
people = st.builds(
    lambda seed, weight, gene: Population.healthy(1, seed=seed, weight=f"{weight} kg", cyp2d6=gene),
    st.integers(0, 2**40), st.integers(45, 120), st.sampled_from(["poor", "extensive", "ultrarapid"]),
)  # fmt: skip


def errors(regimen: Regimen, who: Any, rtol: float) -> np.ndarray:
    """The largest error of each output, over its largest value."""
    found = simulate(regimen, who, rtol=rtol)
    model = shipped_model()
    covariates = who.covariates(0, 1)
    p = vectors(
        model, covariates, who.etas(0, 1, len(model.random)), medicines=(), food="fasted", water="free"
    )
    assert p.shape == (1, len(INPUTS))
    r, s = regimen.mg(covariates["weight"])
    truth = reference(p[0], regimen.times + p[0, LAG], r[0], s[0], found.times)
    ours = np.array([found.values(variable.name)[0] for variable in OUTPUTS])
    return np.max(np.abs(ours - truth), 1) / np.maximum(np.max(np.abs(truth), 1), 1e-9)


@settings(max_examples=12, deadline=None)
@given(regimens, people)
def test_the_model_agrees_with_another_integrator_at_its_tightest(regimen: Regimen, who: Any) -> None:
    assert np.max(errors(regimen, who, 1e-6)) < 1e-5
    assert np.max(errors(regimen, who, 1e-8)) < 1e-7


def test_the_accuracy_asked_for_is_that_of_the_result() -> None:
    regimen, who = Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h"), Person()
    loose, tight = errors(regimen, who, 1e-4).max(), errors(regimen, who, 1e-9).max()
    assert tight < 1e-8 < loose
