"""Samples below quantification: their probability, its slope, and that leaving them out is what is biased."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from entact.pharmacology import Person, Regimen, simulate
from entact.pharmacology.data import Data, Sample, Subject
from entact.pharmacology.fit import fit
from entact.pharmacology.likelihood import Design, Trial, of_samples
from entact.pharmacology.parameters import shipped_model


def design(observed: Any, below: Any, *, is_positive: bool) -> Design:
    count, nothing = len(observed), np.zeros(0)
    who = np.zeros(count, np.int64)
    return Design(
        {},
        nothing,
        nothing,
        nothing,
        who,
        (who, who, who),
        np.array(observed),
        np.array(below),
        who,
        who,
        is_positive,
    )


@pytest.mark.parametrize("is_positive", [False, True])
def test_a_censored_sample_counts_by_its_probability_and_the_slope_is_its_slope(is_positive: bool) -> None:
    trial = Trial(shipped_model(), np.zeros(0), 0.2, 1.5)
    observed, below, f = [12.0, 2.5, 2.5, 2.5], [False, True, True, True], np.array([10.0, 1.0, 3.0, 9.0])
    one = design(observed, below, is_positive=is_positive)
    loss, pull, weight = of_samples(one, trial, f)
    s = np.sqrt((0.2 * f) ** 2 + 1.5**2)
    dense = norm.pdf(observed, f, s) * np.sqrt(2 * np.pi)
    inside = norm.cdf(2.5, f, s) - (norm.cdf(0.0, f, s) if is_positive else 0.0)
    whole = 1.0 - norm.cdf(0.0, f, s) if is_positive else 1.0
    np.testing.assert_allclose(loss, -2 * np.log(np.where(below, inside, dense) / whole), rtol=1e-9)
    h = 1e-5
    up, down = (of_samples(one, trial, f + step)[0] for step in (h, -h))
    np.testing.assert_allclose(pull, 0.5 * (up - down) / (2 * h), rtol=1e-5, atol=1e-8)
    assert (weight > 0).all()


def test_far_from_its_limit_a_censored_sample_has_a_finite_slope() -> None:
    trial = Trial(shipped_model(), np.zeros(0), 0.1, 0.5)
    for is_positive in (False, True):
        found = of_samples(design([2.5], [True], is_positive=is_positive), trial, np.array([200.0]))
        assert np.isfinite(found).all()


LIMIT, ERROR = 30.0, 12.0
"""of quantification, and SD of a reading; ng/mL"""


@cache
def late() -> tuple[Any, Any]:
    """MDMA until 72 h after 100 mg: most of the late samples are near the limit."""
    run = simulate(Regimen.mdma("100 mg HCl"), Person(age=27), until="72 h", every="4 h", outputs=["mdma"])
    return run.times[1:], run.values("mdma")[0, 1:]


def censored(seed: int, persons: int, *, is_positive: bool = False) -> Data:
    """Late samples of which only the high ones can be read; `is_positive`: none below zero, as M4 has it."""
    rng, (times, values) = np.random.default_rng(seed), late()
    body, mg = {"weight": 70.0, "female": 0.0, "age": 27.0, "activity": 2.0}, 100 * 193.24 / 229.7
    subjects = []
    for person in range(persons):
        own = values + ERROR * rng.standard_normal(len(times))
        while is_positive and (own < 0.0).any():
            own = np.where(own < 0.0, values + ERROR * rng.standard_normal(len(times)), own)
        pairs = list(zip(times, own, strict=True))
        told = tuple(Sample(float(t), "mdma", float(v), 1) for t, v in pairs if v >= LIMIT)
        cut = tuple(Sample(float(t), "mdma", LIMIT, 1) for t, v in pairs if v < LIMIT)
        subjects.append(Subject(str(person), ((0.0, mg),), told, body, cut))
    return Data("made", tuple(subjects))


def fitted(data: Data, below: Any) -> Any:
    return fit(data, ["renal_clearance"], vary=(), proportional=0.0, additive=ERROR, below=below)


def test_intervals_hold_the_truth_where_what_is_below_counts_and_do_not_where_it_is_left_out() -> None:
    """Against simulated truth, 12 data sets: M1 takes the fall for slower than it is, M3 and M4 do not."""
    truth = shipped_model()["renal_clearance"]
    off: dict[str, list[float]] = {"M1": [], "M3": [], "M4": []}
    for seed in range(12):
        for below in off:
            found = fitted(censored(seed, 10, is_positive=below == "M4"), below)
            assert found.converged
            off[below].append((found["renal_clearance"].value - truth) / found["renal_clearance"].se)
    z = {below: np.array(values) for below, values in off.items()}
    assert z["M1"].mean() < -1, z["M1"]  # by more than its standard error
    for below in ("M3", "M4"):
        assert np.mean(np.abs(z[below]) < 1.96) >= 0.85, z[below]
        assert abs(z[below].mean()) < 0.7, z[below]
        assert 0.6 < z[below].std() < 1.4, z[below]


def test_how_many_are_below_and_how_they_count_is_said() -> None:
    found = fitted(censored(8, 2), "M3")
    assert any("M3" in note for note in found.notes)
    assert found.predictions().height == censored(8, 2).samples


def test_without_censored_samples_the_three_ways_are_nearly_one() -> None:
    body = {"weight": 70.0, "female": 0.0, "age": 27.0, "activity": 2.0}
    samples = tuple(
        Sample(t, "mdma", v, 1) for t, v in ((1.0, 150.0), (2.0, 221.0), (4.0, 205.0), (8.0, 141.0))
    )
    data = Data("made", (Subject("a", ((0.0, 100.0),), samples, body),))
    values = [
        fit(data, ["volume_r"], proportional=0.1, additive=1.0, below=way)["volume_r"].value  # type: ignore[arg-type]
        for way in ("M1", "M3", "M4")
    ]
    assert values == pytest.approx([values[0]] * 3, rel=1e-4)
    assert replace(data, subjects=data.subjects).censored == 0
