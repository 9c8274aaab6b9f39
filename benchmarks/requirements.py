"""How long a study file is held against each list of requirements.

Run by `python -m benchmarks requirements`. Processor time in this process: of the lists alone, over a study
that is loaded (median of five), and of loading the study, which `entact check` does in any case.
"""

from __future__ import annotations

from statistics import median
from time import process_time

from entact.protocol import load_study
from entact.protocol.requirements.compare import compare, known_lists

LIMIT_S = 0.5
STUDIES = ("mapp1", "mapp3")


def main() -> int:
    """Prints seconds; 1 when a list takes longer than it may."""
    late = 0
    for study in STUDIES:
        start = process_time()
        load_study(study)
        print(f"{study}: loaded in {process_time() - start:.3f} s")
        for name in known_lists():
            times = []
            for _ in range(5):
                start = process_time()
                compare(study, name)
                times.append(process_time() - start)
            took = median(times)
            late += took > LIMIT_S
            print(f"  {name:12} {took:.3f} s  (limit {LIMIT_S})")
    return int(late > 0)
