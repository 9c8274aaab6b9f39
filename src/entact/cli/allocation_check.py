"""`entact allocation check`: what a list would be like before there is one, or a statistician's is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from entact.cli.allocation import (
    planned_list,
    print_without_rows,
    table_text,
    without_rows,
)
from entact.cli.custody import say
from entact.protocol import Release
from entact.store import StoreError

WARNS_ABOVE = 0.10  # of next arms foretold beyond chance, or known nearly for sure; ours, an assumption
SIMULATED_ROWS = 500  # of a stratum: what comes after them is as what was before


def diagnose(
    database: str, sites: Sequence[str], rows: int, block_sizes: Sequence[int], guessed_right: float
) -> dict[str, Any]:
    """What a list of this method would be like, without making one.

    Args:
        rows: of each stratum. guessed_right: how often the arm of somebody before is guessed rightly.
    Raises:
        StoreError: for what is no list of the study in the record.
    """
    from entact.course.allocation.minimisation import minimising_of
    from entact.course.allocation.predictability import predictability

    release, strata, ratio = planned_list(database, sites)
    plan = minimising_of(release)
    if plan is not None:
        return _minimised(release, plan, sites, rows, guessed_right)
    if not block_sizes:
        raise StoreError("say the sizes of blocks: --blocks 4,6")
    others = [sizes for sizes in _larger(block_sizes, sum(ratio.values())) if max(sizes) <= max(2 * rows, 2)]
    simulated = min(rows, SIMULATED_ROWS)
    try:
        found = {
            tuple(sizes): predictability(ratio, sizes, simulated, guessed_right, _random())
            for sizes in (tuple(block_sizes), *others)
        }
    except ValueError as error:
        raise StoreError(str(error)) from error
    own = found.pop(tuple(block_sizes))
    return {
        "study": release.id,
        "ratio": dict(ratio),
        "strata": list(strata),
        "rows": rows,
        "block_sizes": list(block_sizes),
        "guessed_right": guessed_right,
        "foretold": _told(own),
        "simulated_rows": simulated,
        "warning": _warns(own),
        "without_rows": without_rows(release, sites),
        "others": [{"block_sizes": list(sizes), **_told(one)} for sizes, one in found.items()],
    }


def _minimised(
    release: Release, plan: Any, sites: Sequence[str], rows: int, guessed_right: float
) -> dict[str, Any]:
    """How well the next arm is foretold where the study minimises; and what less of a chance would give."""
    from fractions import Fraction

    from entact.course.allocation.foretold import foretold
    from entact.course.allocation.stratum import levels_of

    levels, simulated = levels_of(release, sites), min(rows, SIMULATED_ROWS)
    at_least = Fraction(max(plan.ratio.values()), sum(plan.ratio.values()))
    chances = [plan.chance, *(at_least + (plan.chance - at_least) * part / 4 for part in (3, 2, 1))]
    try:
        found = [
            foretold(msgspec.structs.replace(plan, chance=one), levels, simulated, guessed_right, _random())
            for one in chances
        ]
    except ValueError as error:
        raise StoreError(str(error)) from error
    own = found[0]
    return {
        "study": release.id,
        "ratio": dict(plan.ratio),
        "strata": [f"{name} ({count})" for name, count in levels.items()],
        "rows": rows,
        "chance": float(plan.chance),
        "guessed_right": guessed_right,
        "foretold": _told(own),
        "simulated_rows": simulated,
        "warning": _warns(own),
        "without_rows": without_rows(release, sites),
        "others": [
            {"chance": float(one), **_told(said)} for one, said in zip(chances[1:], found[1:], strict=True)
        ],
    }


def print_diagnosis(found: Mapping[str, Any]) -> None:
    """How well the list can be foretold, and what would lower it."""
    ratio = _ratio(found["ratio"])
    if "chance" in found:
        say(f"{ratio} by minimisation with a chance of {found['chance']:g}, {found['rows']} people")
    else:
        say(f"{ratio} in blocks of {_listed(found['block_sizes'])}, {found['rows']} rows a stratum")
    say(f"strata: {', '.join(found['strata'])}")
    own = found["foretold"]
    who = "people" if "chance" in found else "rows"
    whole = "overall" if "chance" in found else "of a stratum"
    first = (
        f" of the first {found['simulated_rows']} {who}" if found["simulated_rows"] < found["rows"] else ""
    )
    say(
        f"in 95 of 100 such lists no arm {whole} is ever more than {own['off']:.3g} {who} off its share "
        f"({own['off_at_end']:.3g} at the end), and none comes more than {own['longest_run']} times "
        f"in a row{first}"
    )
    say(
        f"if arms before are guessed rightly {found['guessed_right']:.0%} of the time, "
        f"{own['right']:.0%} of next arms are foretold (± {2 * own['error']:.1%}; "
        f"by chance {own['by_chance']:.0%}), {own['nearly_sure']:.0%} nearly for sure"
    )
    if found["warning"]:
        say("WARNING: who guesses at arms can foretell the next one. Others would be foretold:")
    elif found["others"]:
        say("others would be foretold:")
    for other in found["others"]:
        blocks = _listed(other.get("block_sizes", []))
        said = f"chance {other['chance']:.2g}" if "chance" in other else f"blocks of {blocks:10}"
        say(f"  {said} {other['right']:.0%}, {other['nearly_sure']:.0%} nearly for sure")
    if found["warning"] and "chance" not in found:
        say("  one list for all sites, without a stratum for each: less, since no site sees every row")
    print_without_rows(found["without_rows"])


def look_through(database: str, sites: Sequence[str], table: Path) -> dict[str, Any]:
    """What a statistician's list is like, before it is sealed: by stratum how many of each arm, and runs.

    Raises:
        StoreError: for what is no list of the study in the record, with line and column.
    """
    from entact.course.allocation.balance import balance_of, require_ratio
    from entact.course.allocation.making import read_list

    release, strata, ratio = planned_list(database, sites)
    if release.file.randomisation is not None and release.file.randomisation.method == "minimisation":
        raise StoreError("the study file minimises: there is no list to look through; say --rows alone")
    try:
        rows = read_list(table_text(table), ratio, strata)
    except ValueError as error:
        raise StoreError(f"{table}, {error}") from error
    problem = None
    try:
        require_ratio(rows, ratio)
    except ValueError as error:
        problem = str(error)
    return {
        "study": release.id,
        "ratio": dict(ratio),
        "strata": [msgspec.to_builtins(one) for one in balance_of(rows, ratio)],
        "rows": len(rows),
        "problem": problem,
        "without_rows": without_rows(release, sites),
    }


def print_looked_through(found: Mapping[str, Any]) -> None:
    """What a statistician's list is like, in words. It says arms: it is for who wrote the list."""
    say(f"{found['rows']} rows in {len(found['strata'])} strata; the study has {_ratio(found['ratio'])}")
    for one in found["strata"]:
        counts = ", ".join(f"{arm} {count}" for arm, count in one["counts"].items())
        say(
            f"  {one['stratum']}: {counts}; at worst {one['off']:.3g} rows off its share, "
            f"{one['longest_run']} of one arm in a row"
        )
    if found["problem"]:
        say(f"WARNING: {found['problem']}")
    say("how well its next arm is foretold cannot be said: how it was made is not known here")
    print_without_rows(found["without_rows"])


def _ratio(ratio: Mapping[str, int]) -> str:
    return " : ".join(f"{arm} {share}" for arm, share in ratio.items())


def _warns(found: Any) -> bool:
    return bool(found.right - found.by_chance > WARNS_ABOVE or found.nearly_sure > WARNS_ABOVE)


def _larger(block_sizes: Sequence[int], total: int) -> list[tuple[int, ...]]:
    """A few sizes of blocks that tell less: two or three different ones, each larger."""
    from_ = max(block_sizes, default=total)
    sizes = [from_ + total, from_ + 2 * total, from_ + 3 * total]
    return [(from_, sizes[0]), (sizes[0], sizes[1]), (sizes[0], sizes[1], sizes[2])]


def _told(found: Any) -> dict[str, float]:
    return {
        "right": found.right,
        "error": found.error,
        "by_chance": found.by_chance,
        "nearly_sure": found.nearly_sure,
        "off": found.off,
        "off_at_end": found.off_at_end,
        "longest_run": found.longest_run,
    }


def _random() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(1))  # the same figure each time it is asked for


def _listed(sizes: Sequence[int]) -> str:
    return ", ".join(map(str, sizes))
