"""How often the interval of each word of a plan holds the truth, of every word and option that has one.

Run by `python -m benchmarks coverage_words`, or a part of it: `python -m benchmarks.coverage_words efficacy 8
cox` runs one study with an eighth of its draws, of this word alone. Each word is asked as a plan asks it, on
simulated trials whose truth is known in closed form, of several sizes and, where it says so, with an effect
and without. A row is the share of intervals that hold the truth, at each size and in all, with its Monte
Carlo error; those that are called exact must not fall short. `tests/analysis/test_coverage.py` refuses a word
or option with an interval that has no row here. What is summed over outcomes, without error, is in
`coverage_shares`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np

from benchmarks.coverage_data import EFFICACY, Study
from benchmarks.coverage_tables import TABLES

EXACT = (
    *("share clopper_pearson", "fisher", "event_rates", "dose_day_rates", "time_course", "vital_outliers"),
    *("shift", "suicidality_shift", "qt_categories", "reliable_change", "edish"),
)
"""what has to cover its level everywhere"""

STUDIES: dict[str, Study] = {"efficacy": EFFICACY, **TABLES}

Counted = dict[str, dict[int, list[int]]]
"""analysis -> people -> intervals asked for, told, those that hold the truth"""


def count(study: Study, draws: int, seed: int, words: Sequence[str] = ()) -> Counted:
    """How often each interval of a study holds the truth, at each size; of these words, or of all."""
    from entact.analysis.analyse import analyse
    from entact.analysis.vocabulary import read_plan

    rng = np.random.default_rng(seed)
    found: Counted = {}
    for people in study.sizes:
        for effect in study.effects:
            said, truths = study.plan(effect), study.truths(effect)
            if words:
                own = {name: one for name, one in said["analyses"].items() if one["method"] in words}
                said["analyses"] = own
            plan = read_plan(said)
            for _ in range(draws):
                for name, one in analyse(plan, study.rows(rng, people, effect)).items():
                    if name not in truths:
                        continue
                    tally = found.setdefault(name, {}).setdefault(people, [0, 0, 0])
                    held = list(_held(one.result, truths[name]))
                    if name in study.together and held:
                        held = [all(held)]
                    tally[0] += max(1, len(held))
                    tally[1] += len(held)
                    tally[2] += sum(held)
    return found


def _held(result: Any, truth: float | Mapping[str, float]) -> Iterator[bool]:
    """Of each interval whose truth is known, whether it holds it."""
    for place, one in enumerate(result or ()):
        if isinstance(truth, Mapping):
            known = truth.get(f"{one.label}: {one.measure}", truth.get(one.label))
        else:
            known = None if place else truth
        if known is None or (one.low is None and one.high is None):
            continue
        slack = 1e-9 * max(1.0, abs(known))
        low = -np.inf if one.low is None else one.low - slack
        high = np.inf if one.high is None else one.high + slack
        yield bool(low <= known <= high)


def told(name: str, study: Study, counted: dict[int, list[int]]) -> tuple[str, bool]:
    """A row of the table, and whether what is exact falls short of its level."""
    level = study.level
    each = "; ".join(f"{own[2] / own[1]:.3f}" if own[1] else "–" for own in counted.values())
    asked, given, held = (sum(own[place] for own in counted.values()) for place in range(3))
    rate = held / given if given else float("nan")
    error = sqrt(rate * (1 - rate) / given) if given else float("nan")
    short = name in EXACT and rate + 3 * error < level
    return f"| {name} | {level:.2f} | {each} | {rate:.3f} ({error:.3f}) | {given / asked:.3f} |", short


def main(names: Sequence[str] = (), part: int = 1, words: Sequence[str] = ()) -> int:
    """Prints a table of each study; 1 where something exact covers too little."""
    out = 0
    for place, (name, study) in enumerate(STUDIES.items()):
        if names and name not in names:
            continue
        counted = count(study, max(1, study.draws // part), 20261130 + place, words)
        sizes = "; ".join(map(str, study.sizes))
        print(f"\n{name}: {study.title}\n", flush=True)
        print(f"| | nominal | of {sizes} | in all | told |\n| --- | ---: | ---: | ---: | ---: |")
        for row, own in counted.items():
            line, short = told(row, study, own)
            out += short
            print(line + (" short" if short else ""))
    return int(out > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:2], int(sys.argv[2]) if len(sys.argv) > 2 else 1, sys.argv[3:]))
