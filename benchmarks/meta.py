"""Speed of meta-analysis: 13 studies, one thread, from effects to the result.

Run by `python -m benchmarks meta`. Times are medians of processor time, so that other work counts little.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time

LIMITS = {
    "REML, Hartung-Knapp": 1.0,
    "REML with Q-profile, prediction, heterogeneity": 3.0,
    "leave one out": 30.0,
}


def main() -> int:
    """Prints a table; times fail nothing, because they move with the machine."""
    import numpy as np

    from entact.analysis.meta import Effect, leave_one_out, pool

    rng = np.random.default_rng(1)
    effects = [
        Effect(float(y), float(v))
        for y, v in zip(rng.normal(-0.7, 0.5, 13), rng.uniform(0.01, 0.5, 13), strict=True)
    ]

    def all_of_it() -> None:
        own = pool(effects)
        own.tau2_interval(), own.i2_interval(), own.prediction(), own.q_p

    works: dict[str, Callable[[], object]] = dict(
        zip(LIMITS, (lambda: pool(effects), all_of_it, lambda: leave_one_out(effects)), strict=True)
    )
    print("\n## meta\n\n| 13 studies | CPU, ms | limit |\n| --- | ---: | ---: |")
    for name, work in works.items():
        times = []
        work()
        for _ in range(51):
            start = process_time()
            work()
            times.append(process_time() - start)
        print(f"| {name} | {1e3 * median(times):.2f} | {LIMITS[name]:g} |")
    return 0
