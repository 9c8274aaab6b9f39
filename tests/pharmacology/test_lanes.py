"""Eight persons at once compute what one person computes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numba import njit

from entact.pharmacology import elementary  # noqa: F401 - gives lanes their exp and log
from entact.pharmacology.lanes import any_of, at, where
from entact.pharmacology.layout import WIDTH


def both(formula: Any, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A formula of two numbers for eight persons at a time, and for one."""
    one = njit(error_model="numpy")(formula)

    @njit
    def eight(a: Any, b: Any, out: Any) -> None:
        left, right, found = at(a, 0), at(b, 0), at(out, 0)
        for row in range(a.size // WIDTH):
            found[row] = one(left[row], right[row])

    out = np.empty_like(a)
    eight(a, b, out)
    return out, np.array([one(x, y) for x, y in zip(a, b, strict=True)])


def arithmetic(x: Any, y: Any) -> Any:
    return 2.0 * x - y / 3 + (-x) * y + abs(x - 1) / (1.0 + y) - 5


def choices(x: Any, y: Any) -> Any:
    return max(x, y) + min(x, 0.25) * where(x > y, 2.0, y) - where((x < 0.5) | (y <= 0.1), x, 1)


def powers(x: Any, y: Any) -> Any:
    return x**2 + y**3 + math.sqrt(x) * x**1.7 + y**x


def elementary_functions(x: Any, y: Any) -> Any:
    return math.exp(-3.0 * x) + math.log(y) + math.exp(y * 40.0 - 20.0)


@pytest.mark.parametrize("formula", [arithmetic, choices, powers, elementary_functions])
def test_eight_at_once_are_eight_times_one(formula: Any) -> None:
    rng = np.random.default_rng(8)
    a, b = rng.uniform(0.01, 2.0, 4000), rng.uniform(0.01, 2.0, 4000)
    eight, one = both(formula, a, b)
    np.testing.assert_allclose(eight, one, rtol=1e-14, atol=1e-14)


def test_exp_and_log_over_their_whole_range() -> None:
    x = np.linspace(-700.0, 700.0, 8000)
    exp, _ = both(lambda x, y: math.exp(x), x, x)
    np.testing.assert_allclose(exp, np.exp(x), rtol=5e-16)
    y = np.exp(x)
    log, _ = both(lambda x, y: math.log(x), y, y)
    np.testing.assert_allclose(log, np.log(y), rtol=5e-16, atol=1e-16)


def test_one_lane_that_says_yes_is_found() -> None:
    @njit
    def found(a: Any) -> Any:
        return any_of(at(a, 0)[0] > 0.5)

    for lane in range(WIDTH):
        values = np.zeros(WIDTH)
        assert not found(values)
        values[lane] = 1.0
        assert found(values)
