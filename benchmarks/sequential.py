"""Speed of group-sequential designs, one thread: boundaries, and trials whose size is set anew at a look.

Run by `python -m benchmarks sequential`. Times are medians of processor time, so that other work on the
machine counts little.
"""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT, SIMULATED = 10.0, 100.0
"""milliseconds for boundaries, and for 10,000 trials of two stages with re-estimation"""
REPEATS = 15


def milliseconds(work: Callable[[], object]) -> float:
    """Median of processor time."""
    work()
    times = []
    for _ in range(REPEATS):
        begin = process_time()
        work()
        times.append(1e3 * (process_time() - begin))
    return median(times)


def measured() -> list[tuple[str, float, float]]:
    """What was done, milliseconds, and their limit."""
    import numpy as np

    from entact.analysis.sequential import (
        GroupSequential,
        HwangShihDeCani,
        LanDeMetsPocock,
        Pocock,
        PromisingZone,
    )

    rows = []
    for looks in (2, 5, 10, 20):
        at = tuple((look + 1) / looks for look in range(looks))
        for name, fields in (
            ("O'Brien-Fleming spending", {}),
            ("Pocock spending, two-sided", {"spending": LanDeMetsPocock(), "sided": 2}),
            ("Pocock's constant boundary", {"spending": Pocock()}),
            ("with beta spending", {"futility": HwangShihDeCani(-2)}),
            ("with beta spending, binding", {"futility": HwangShihDeCani(-2), "binding": True}),
        ):

            def boundaries(at=at, fields=fields):  # type: ignore[no-untyped-def]
                return GroupSequential(information=at, **fields).boundaries()

            rows.append((f"{looks} looks, {name}", milliseconds(boundaries), LIMIT))
    zone = PromisingZone(design=GroupSequential(information=(0.6, 1.0)), first=51, second=34, most=100)
    random = np.random.default_rng(1)
    spent = milliseconds(lambda: zone.simulate(0.4, 10_000, random))
    rows.append(("10,000 trials with re-estimation", spent, SIMULATED))
    return rows


def main() -> int:
    """Prints the figures and marks those beyond their limits; times move with the machine, so none fails."""
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        variables = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        return subprocess.run([sys.executable, "-m", "benchmarks", "sequential"], env=variables).returncode
    rows = measured()
    print("| work | ms | limit |\n| --- | ---: | ---: |")
    for name, spent, limit in rows:
        print(f"| {name} | {spent:.2f} | {limit:g}{' **beyond**' if spent > limit else ''} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
