"""Student's t beside Z at the size of the published trial."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, t, ttest_ind

from entact.analysis.sequential import GroupSequential, LanDeMetsPocock, small_sample, t_critical
from entact.analysis.sequential.small import _statistics

DESIGN = GroupSequential(information=(0.6, 1.0))


def test_critical_values_of_t_have_the_levels_of_the_looks() -> None:
    found = t_critical(DESIGN.boundaries(), (52.0, 88.0))
    assert t.sf(found, [52, 88]) == pytest.approx(DESIGN.boundaries().nominal, rel=1e-10)
    assert t_critical(DESIGN.boundaries(), (1e9, 1e9)) == pytest.approx(DESIGN.boundaries().upper, abs=1e-7)
    with pytest.raises(ValueError, match="one above 0 for each"):
        t_critical(DESIGN.boundaries(), (52.0,))


def test_at_ninety_participants_z_is_too_easy_and_t_is_right() -> None:
    """With 27 and 45 an arm the error rate is 0.0270 against critical values of Z (2 million trials)"""
    found = small_sample(DESIGN, 90, np.random.default_rng(2))
    assert found.participants == (27, 45)
    assert found.z == pytest.approx(0.0270, abs=4 * found.se)
    assert found.t == pytest.approx(0.025, abs=4 * found.se)


def test_with_six_an_arm_t_is_nearly_right_where_z_errs_twice_as_often() -> None:
    """The levels of the looks are no exact method; with a degree of freedom more it would err more often."""
    pocock = GroupSequential(information=(0.5, 1.0), spending=LanDeMetsPocock())
    found = small_sample(pocock, 12, np.random.default_rng(2))
    assert found.t == pytest.approx(0.0262, abs=0.0012)
    assert found.z == pytest.approx(0.0636, abs=0.002)


def test_statistics_are_distributed_as_those_of_whole_samples() -> None:
    """Sums and sums of squares against scipy.stats.ttest_ind on single participants, by their moments"""
    random, trials = np.random.default_rng(4), 20_000
    ours = _statistics([4, 7], trials, random)
    people = random.standard_normal((trials, 2, 7))
    theirs = np.stack(
        [np.asarray(ttest_ind(people[:, 0, :n], people[:, 1, :n], axis=1).statistic) for n in (4, 7)], axis=1
    )
    assert np.corrcoef(ours.T)[0, 1] == pytest.approx(np.corrcoef(theirs.T)[0, 1], abs=0.03)
    for place in (0, 1):
        assert np.quantile(ours[:, place], [0.1, 0.5, 0.9]) == pytest.approx(
            np.quantile(theirs[:, place], [0.1, 0.5, 0.9]), abs=0.06
        )


def test_of_a_two_sided_design_it_is_one_tail() -> None:
    found = small_sample(
        GroupSequential(information=(0.6, 1.0), sided=2), 2000, np.random.default_rng(5), 200_000
    )
    assert found.t == pytest.approx(0.025, abs=5 * found.se)
    assert norm.isf(found.z) == pytest.approx(norm.isf(found.t), abs=0.02)


def test_looks_too_small_for_a_standard_deviation_are_refused() -> None:
    with pytest.raises(ValueError, match="two at the first"):
        small_sample(DESIGN, 4, np.random.default_rng(1))
