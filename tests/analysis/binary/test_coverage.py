"""What intervals of shares cover, exactly: by every table there can be, over a grid of rates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from entact.analysis.binary import (
    Arm,
    ClopperPearson,
    MiettinenNurminen,
    Newcombe,
    Pair,
    Wilson,
    difference,
    share,
)

N = 12
RATES = np.linspace(0.04, 0.96, 24)


def test_an_exact_interval_covers_at_least_its_level_and_wilsons_on_average() -> None:
    for method, least, mean in ((ClopperPearson(), 0.95, 0.95), (Wilson(), 0.83, 0.94)):
        ends = [share(Arm(x, N), method=method) for x in range(N + 1)]
        covered = []
        for rate in RATES:
            holds = np.array([(one.low or 0) <= rate <= (one.high or 0) for one in ends])
            covered.append(float(stats.binom.pmf(np.arange(N + 1), N, rate) @ holds))
        assert min(covered) >= least
        assert np.mean(covered) >= mean


@pytest.mark.parametrize(("method", "mean"), [(MiettinenNurminen(), 0.95), (Newcombe(), 0.95)])
def test_intervals_of_a_difference_cover_their_level_on_average(
    method: MiettinenNurminen | Newcombe, mean: float
) -> None:
    ends = [[difference(Pair.of(a, N, b, N), method=method) for b in range(N + 1)] for a in range(N + 1)]
    low = np.array([[one.low for one in row] for row in ends], dtype=float)
    high = np.array([[one.high for one in row] for row in ends], dtype=float)
    covered = []
    for one in RATES[::3]:
        for two in RATES[::3]:
            chance = np.outer(
                stats.binom.pmf(np.arange(N + 1), N, one), stats.binom.pmf(np.arange(N + 1), N, two)
            )
            covered.append(float(chance[(low <= one - two) & (one - two <= high)].sum()))
    assert np.mean(covered) == pytest.approx(mean, abs=0.015)
    assert min(covered) > 0.9
