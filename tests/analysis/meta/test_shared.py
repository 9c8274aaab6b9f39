"""Arms that share a control: against metafor, by simulation, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from tests.analysis.meta.golden import MORE, agrees

from entact.analysis.meta import (
    Arms,
    Counts,
    Effect,
    Means,
    mean_difference,
    pool,
    pool_dependent,
    share_control,
)

TRIALS = np.array([1, 1, 2, 3, 3, 4])


def groups() -> list[Arms]:
    shared = MORE["shared"]
    v, told = np.array(shared["V"], dtype=float), []
    for name in np.unique(TRIALS):
        at = np.where(name == TRIALS)[0]
        told.append(
            Arms(tuple(Effect(float(shared["yi"][n]), float(v[n, n])) for n in at), v[np.ix_(at, at)])
        )
    return told


def test_fixed_effects_with_a_covariance_are_metafors() -> None:
    # > rma.mv(yi, V, data=shared)
    own, other = pool_dependent(groups(), "fixed"), MORE["shared"]["fixed"]
    agrees([own.estimate, own.se, own.q], [other["beta"], other["se"], other["QE"]], 1e-11)


@pytest.mark.parametrize("structure", ["trial", "half"])
def test_random_effects_with_a_covariance_are_metafors(structure: str) -> None:
    # > rma.mv(yi, V, random=~1|trial), and random=~arm|trial, struct="CS", rho=0.5
    own, other = pool_dependent(groups(), structure=structure, interval="normal"), MORE["shared"][structure]
    agrees([own.estimate, own.se, own.tau2], [other["beta"], other["se"], other["tau2"]], 1e-7)
    assert own.log_likelihood == pytest.approx(other["ll"], abs=1e-10)
    assert own.log_likelihood >= other["ll"] - 1e-13


def test_the_covariance_is_what_simulated_trials_have() -> None:
    # Two dose arms of 30 and 25 against a control of 20: 60,000 trials, to three errors of simulation.
    rng, repeats = np.random.default_rng(2), 60_000
    sizes, shifts = (30, 25, 20), (0.9, 0.4, 0.0)
    draws = [rng.normal(shift, 1, (repeats, n)) for n, shift in zip(sizes, shifts, strict=True)]
    mean, sd = [one.mean(1) for one in draws], [one.std(1, ddof=1) for one in draws]

    def g(arm: int) -> np.ndarray:
        n, m = sizes[arm], sizes[2]
        pooled = np.sqrt(((n - 1) * sd[arm] ** 2 + (m - 1) * sd[2] ** 2) / (n + m - 2))
        return (mean[arm] - mean[2]) / pooled

    seen = np.cov(g(0), g(1))[0, 1]
    own = share_control([Means(30, 0.9, 1.0), Means(25, 0.4, 1.0)], Means(20, 0.0, 1.0), "SMD")
    assert own.covariance[0, 1] == pytest.approx(seen, rel=0.05)
    simple = np.cov(mean[0] - mean[2], mean[1] - mean[2])[0, 1]
    plain = share_control([Means(30, 0.9, 1.0), Means(25, 0.4, 1.0)], Means(20, 0.0, 1.0), "MD")
    assert plain.covariance[0, 1] == pytest.approx(simple, rel=0.03)


@pytest.mark.parametrize("measure", ["RR", "OR", "RD"])
def test_of_counts_the_covariance_is_the_part_of_the_variance_that_is_the_controls(measure: str) -> None:
    own = share_control([Counts(5, 40), Counts(9, 40)], Counts(12, 40), measure)
    huge = share_control([Counts(5 * 10**9, 40 * 10**9)], Counts(12, 40), measure)
    assert own.covariance[0, 1] == pytest.approx(huge.covariance[0, 0], rel=1e-6)


def test_without_covariances_it_is_the_plain_pooling() -> None:
    data = [
        Effect(float(y), float(v))
        for y, v in zip(MORE["shared"]["yi"], np.diag(MORE["shared"]["V"]), strict=True)
    ]
    alone = [Arms((one,), np.array([[one.variance]])) for one in data]
    own, plain = pool_dependent(alone, interval="normal"), pool(data, interval="normal")
    agrees([own.estimate, own.se, own.tau2, own.q], [plain.estimate, plain.se, plain.tau2, plain.q], 1e-8)


def test_to_count_a_control_twice_makes_too_much_of_it() -> None:
    own = pool_dependent(
        [share_control([Means(12, 45, 34), Means(7, 24, 17)], Means(7, 76, 23), "MD")], "fixed"
    )
    naive = pool(
        [
            mean_difference(Means(12, 45, 34), Means(7, 76, 23)),
            mean_difference(Means(7, 24, 17), Means(7, 76, 23)),
        ],
        "fixed",
    )
    assert own.se > naive.se


def test_with_t_there_are_fewer_degrees_of_freedom_than_effects() -> None:
    own = pool_dependent(groups())
    assert own.df == 3
    assert own.scale >= 1
    assert own.high - own.low > pool_dependent(groups(), interval="normal").high - own.low or own.floor_acted


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: share_control([], Means(5, 0, 1), "MD"), "no arm"),
        (lambda: share_control([Counts(1, 5)], Means(5, 0, 1), "MD"), "means or of counts"),
        (lambda: share_control([Counts(0, 5), Counts(1, 5)], Counts(2, 5), "OR"), "a cell is 0"),
        (
            lambda: share_control([Means(5, 0, 1)], Means(5, 0, 1), "MD", labels=["a", "b"]),
            "2 labels for 1 arms",
        ),
        (
            lambda: pool_dependent([Arms((Effect(0, 1, "A"),), np.eye(2))]),
            r"trial 1 \(A\): the covariance is \(2, 2\)",
        ),
        (
            lambda: pool_dependent([Arms((Effect(0, 1), Effect(0, 1)), np.array([[1.0, 2.0], [2.0, 1.0]]))]),
            "no covariance",
        ),
        (lambda: pool_dependent([Arms((Effect(0, 1),), np.eye(1))], structure="full"), "no structure 'full'"),
        (lambda: pool_dependent([]), "no effect to pool"),
    ],
)
def test_what_cannot_be_pooled_is_refused_in_words(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]
