"""Terminal half-lives: of the substance, not of the end of a simulation or the digits of the integrator."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.pharmacology import Person, Population, Regimen, simulate
from entact.pharmacology.half_life import fitted

DOSE = Regimen.mdma("125 mg HCl")


@pytest.mark.parametrize(("until", "every"), [("2 h", "1 min"), ("48 h", "30 min"), ("10 d", "1 h")])
def test_it_does_not_hang_on_the_end_or_the_steps(until: str, every: str) -> None:
    usual = simulate(DOSE, Person())
    other = simulate(DOSE, Person(), until=until, every=every)
    for name in usual.fitted:
        assert other.half_life(name)[0] == usual.half_life(name)[0]
    assert 8.0 < usual.half_life("mdma")[0] < 10.0


def test_what_was_not_swallowed_has_none() -> None:
    run = simulate(Regimen.mdma("125 mg HCl", enantiomer="S"), Person())
    assert math.isnan(run.half_life("r_mdma")[0])
    assert 3.0 < run.half_life("s_mdma")[0] < 6.0
    assert np.isnan(simulate(Regimen.placebo(), Person()).half_lives).all()


def test_a_metabolite_is_fitted_once_it_falls() -> None:
    run = simulate(DOSE, Person(cyp2d6="poor"))
    assert 9.0 < run.half_life("hmma")[0] < 16.0


def test_people_have_the_same_alone_and_in_a_crowd() -> None:
    crowd = simulate(DOSE, Population.healthy(1030, seed=3), outputs=["mdma", "systolic"], summary_only=True)
    few = simulate(DOSE, Population.healthy(9, seed=3), outputs=["mdma", "systolic"])
    assert crowd.half_lives.shape == (1, 1030)
    np.testing.assert_array_equal(crowd.half_life("mdma")[:9], few.half_life("mdma"))
    assert np.isfinite(crowd.half_lives).all()


@given(st.floats(2.0, 20.0), st.floats(1e-2, 1e4))
def test_an_exponential_has_its_own(half: float, top: float) -> None:
    times = np.arange(0.0, 144.0, 0.5)
    values = top * np.exp(-math.log(2) / half * times)[None]
    assert fitted(times, values)[0] == pytest.approx(half, rel=1e-9)


def test_noise_is_no_half_life() -> None:
    times = np.arange(0.0, 144.0, 0.5)
    noise = 1e-12 * (1 + np.random.default_rng(1).random((3, times.size)))
    assert np.isnan(fitted(times, noise)).all()
    assert np.isnan(fitted(times, np.full((1, times.size), 7.0))).all()
