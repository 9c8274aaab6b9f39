"""What a result hangs on: one number of the model changed at a time, or all at once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from entact.pharmacology.factor import DOSE, Factor, all_at_once, chosen_factors, levels, one_at_a_time
from entact.pharmacology.measure import Measure, read_measure
from entact.pharmacology.notation import usual_end
from entact.pharmacology.parameters import Model, shipped_model
from entact.pharmacology.person import Person
from entact.pharmacology.regimen import Intake, Regimen
from entact.pharmacology.simulation import NotASimulation, simulate

if TYPE_CHECKING:
    import polars as pl


Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

EDGE: Final = 1e-6
"""quantiles nearer to 0 and 1 are drawn at this distance: a normal has no end"""
ONE_SD: Final = "sd"
PER_CENT: Final = re.compile(r"\s*(\d+(?:\.\d*)?)\s*%\s*")
RESAMPLES: Final = 200


@dataclass(frozen=True)
class Sensitivity:
    """What changed how much: `rows` as Polars, units in the rows; `notes` stand beside whatever is shown.

    Local rows: the factor at `low`, `base`, `high` (in `factor_unit`), the measure there (in `unit`) and the
    elasticity, per cent of the measure for a per cent of the factor (null where either is 0, and of sex).
    Global rows: the share of the measure's variance that the factor explains alone (`first`) and with all
    its interactions (`total`), each with the half-width of a 95 % interval; null where nothing varies.
    """

    regimen: Regimen
    who: Person
    method: str
    rows: pl.DataFrame
    notes: tuple[str, ...]


def local(
    regimen: Regimen,
    who: Person,
    of: Sequence[str],
    *,
    factors: Sequence[str] = (),
    change: str = ONE_SD,
    until: str | None = None,
    threads: int = 1,
    model: Model | None = None,
) -> Sensitivity:
    """Local sensitivity: each factor lower and higher, all others as they are.

    Args:
        regimen, who: what is swallowed, by which person.
        of: measures, like `peak:systolic`.
        factors: parameters by name, covariates (sex, weight, age, cyp2d6) and `dose`; else all that can be
            changed so. What varies with a parameter is moved with it. Sex is a man against a woman.
        change: `sd`, one between-subject standard deviation (of a covariate the quantiles of it), or `10 %`.
        until: end of the simulation, else as of the regimen. threads, model: as of `simulate`.

    Returns:
        A `Sensitivity`; of each measure the factors in the order of what they change.

    Raises:
        NotASimulation: a name that is not known, a factor that does not vary between people, no change.
    """
    model = shipped_model() if model is None else model
    measures, share = _measures(of), _share(change)
    chosen = chosen_factors(factors, model, spread_only=share is None)
    inside = [factor for factor in chosen if factor.kind != DOSE]
    moves = (-1.0, 1.0) if share is None else (math.log1p(-share), math.log1p(share))
    people, moved = one_at_a_time(who, inside, model, moves, share)
    settings = _settings(regimen, measures, until, threads)
    run = simulate(regimen, people, model=moved, **settings)
    found = {measure: list(measure.values(run)) for measure in measures}
    steps = [levels(factor, people, moved, place) for place, factor in enumerate(inside)]
    if share is not None and len(inside) < len(chosen):
        for part in (1.0 - share, 1.0 + share):
            scaled = simulate(_scaled(regimen, part), who, model=model, **settings)
            for measure in measures:
                found[measure].append(measure.values(scaled)[0])
        steps.append((1.0 - share, 1.0, 1.0 + share))
        inside = [*inside, next(factor for factor in chosen if factor.kind == DOSE)]
    rows: list[dict[str, Any]] = []
    for measure, values in found.items():
        _check_numbers(measure, np.array(values))
        table = [
            _local_row(measure, measure.unit(run), factor, steps[place], values, place)
            for place, factor in enumerate(inside)
        ]
        rows += sorted(table, key=lambda row: -_width(row))
    word = "one between-subject SD" if share is None else f"{100 * share:g} %"
    return Sensitivity(regimen, who, f"each factor by {word}, one at a time", _frame(rows), run.notes)


def sobol(
    regimen: Regimen,
    who: Person,
    of: Sequence[str],
    *,
    seed: int,
    n: int = 512,
    factors: Sequence[str] = (),
    until: str | None = None,
    threads: int = 1,
    model: Model | None = None,
) -> Sensitivity:
    """Global sensitivity: all factors drawn at once as people differ; whose share of the variance is whose.

    Args:
        regimen, who: what is swallowed, and the person who is the same in all that is not varied.
        of: measures, like `peak:systolic`.
        seed: everything drawn follows from it. n: base sample, a power of 2; n x (factors + 2) simulations.
        factors: parameters that vary between people and covariates; else all of them.
        until: end of the simulation, else as of the regimen. threads, model: as of `simulate`.

    Returns:
        A `Sensitivity` with Sobol indices; of each measure the factors in the order of their total share.

    Raises:
        NotASimulation: a name that is not known, a factor that does not vary between people, a bad n.

    Source:
        Saltelli et al. 2010, Comput Phys Commun 181:259 (as in SALib).
    """
    from SALib.analyze.sobol import analyze
    from SALib.sample.sobol import sample

    model = shipped_model() if model is None else model
    if isinstance(n, bool) or n < 8 or n & (n - 1):
        close = 2 ** max(3, round(math.log2(max(n, 1))))
        raise NotASimulation(f"a base sample of {n!r}: take a power of 2 from 8 on; the nearest is {close}")
    if isinstance(seed, bool) or not 0 <= seed < 2**63 - 1:
        raise NotASimulation(f"seed {seed!r}: a whole number from 0 to 2**63 - 2")
    measures, chosen = _measures(of), chosen_factors(factors, model, spread_only=True)
    problem = {
        "num_vars": len(chosen),
        "names": [factor.name for factor in chosen],
        "bounds": [[0.0, 1.0]] * len(chosen),
    }
    quantiles = np.clip(sample(problem, n, calc_second_order=False, seed=seed), EDGE, 1.0 - EDGE)
    people, moved = all_at_once(who, chosen, model, quantiles)
    run = simulate(regimen, people, model=moved, **_settings(regimen, measures, until, threads))
    rows: list[dict[str, Any]] = []
    for measure in measures:
        values = measure.values(run)
        _check_numbers(measure, values)
        shares: Mapping[str, Any] = {}
        if np.ptp(values) > 1e-9 * np.abs(values).max():
            # SALib takes a seed of 0 for none.
            shares = analyze(problem, values, calc_second_order=False, num_resamples=RESAMPLES, seed=seed + 1)
        table: list[dict[str, Any]] = [
            {
                "of": str(measure),
                "unit": measure.unit(run),
                "mean": float(values.mean()),
                "sd": float(values.std()),
                "factor": factor.name,
                "kind": factor.kind,
                **{
                    name: float(shares[key][place]) if shares else None
                    for name, key in (
                        ("first", "S1"),
                        ("first_interval", "S1_conf"),
                        ("total", "ST"),
                        ("total_interval", "ST_conf"),
                    )
                },
            }
            for place, factor in enumerate(chosen)
        ]
        rows += sorted(table, key=lambda row: -float(row["total"] or 0.0))
    method = f"Sobol indices, {n:,} x {len(chosen) + 2} simulations, seed {seed}"
    return Sensitivity(regimen, who, method, _frame(rows), run.notes)


def _measures(of: Sequence[str]) -> list[Measure]:
    if isinstance(of, str) or not of:
        raise NotASimulation("of: a list of one or more measures, like ['peak:systolic']")
    return list(dict.fromkeys(read_measure(text) for text in of))


def _share(change: str) -> float | None:
    if change == ONE_SD:
        return None
    found = PER_CENT.fullmatch(change)
    share = float(found[1]) / 100 if found else 0.0
    if not 0.0 < share <= 0.5:
        raise NotASimulation(f"change {change!r}: write 'sd', or per cent above 0 and up to 50, like '10 %'")
    return share


def _settings(
    regimen: Regimen, measures: Iterable[Measure], until: str | None, threads: int
) -> dict[str, Any]:
    return {
        "until": until or usual_end(regimen),
        "outputs": list(dict.fromkeys(measure.output for measure in measures)),
        "threads": threads,
        "summary_only": True,
    }


def _check_numbers(measure: Measure, values: Array) -> None:
    lost = int(np.sum(~np.isfinite(values)))
    if lost:
        raise NotASimulation(f"{measure} is no number in {lost:,} of {values.size:,} simulations")


def _local_row(
    measure: Measure,
    unit: str,
    factor: Factor,
    levels: tuple[float, float, float],
    values: Sequence[float],
    place: int,
) -> dict[str, Any]:
    at_low, at_base, at_high = (float(values[row]) for row in (1 + 2 * place, 0, 2 + 2 * place))
    return {
        "of": str(measure),
        "unit": unit,
        "factor": factor.name,
        "kind": factor.kind,
        "factor_unit": factor.unit,
        **dict(zip(("low", "base", "high"), levels, strict=True)),
        "at_low": at_low,
        "at_base": at_base,
        "at_high": at_high,
        "elasticity": None if factor.name == "sex" else elasticity(levels, (at_low, at_base, at_high)),
    }


def _width(row: Mapping[str, Any]) -> float:
    """How far the measure goes over low, base and high."""
    found = [float(row[name]) for name in ("at_low", "at_base", "at_high")]
    return max(found) - min(found)


def elasticity(levels: tuple[float, float, float], found: tuple[float, float, float]) -> float | None:
    """Per cent of a result for a per cent of a factor, each at low, base and high; None where either is 0."""
    low, base, high = levels
    if low == high or base == 0.0 or found[1] == 0.0 or not all(map(math.isfinite, found)):
        return None
    if min(low, high, *found) > 0.0:
        return math.log(found[2] / found[0]) / math.log(high / low)
    return (found[2] - found[0]) / (high - low) * base / found[1]


def _scaled(regimen: Regimen, part: float) -> Regimen:
    """The regimen with all doses by a factor."""
    intakes = tuple(
        Intake(replace(one.dose, mg=part * one.dose.mg, text=f"{part:g} x {one.dose.text}"), one.at)
        for one in regimen.intakes
    )
    return replace(regimen, intakes=intakes)


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    import polars as pl

    texts = ("of", "unit", "factor", "kind", "factor_unit")
    types: dict[str, Any] = {name: pl.String if name in texts else pl.Float64 for name in rows[0]}
    return pl.DataFrame(rows, schema=types)
