"""From a regimen and people to what happens in them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from entact.pharmacology.half_life import fitted, fitted_times, is_substance
from entact.pharmacology.quantity import hours
from entact.pharmacology.regimen import Regimen
from entact.pharmacology.studied import beyond_studied

if TYPE_CHECKING:
    from entact.pharmacology.medicine import Medicine
    from entact.pharmacology.parameters import Model
    from entact.pharmacology.people import People
    from entact.pharmacology.result import Simulation
    from entact.pharmacology.variables import Variable

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Limits = Mapping[str, "float | Sequence[float]"]

CHUNK: Final = 1024
"""persons whose inputs are held at once by a thread"""
MAX_STEPS: Final = 20_000
MOST_TIMES: Final = 65_535
SMALL: Final = {"mg": 0.001, "1": 0.01, "L": 1.0, "Cel": 0.1}
"""by unit, the size below which a state needs no relative accuracy: mg as a fraction of the dose"""
SMALL_OF: Final = {"depot_r": 0.02, "depot_s": 0.02, "tolerance": 0.05, "sympathetic_tolerance": 0.05}
"""the same of single states: what is left in the gut counts beside the dose, as nothing shows it by itself"""
RESEARCH: Final = "Simulated by research software; not for decisions about a person."


class NotASimulation(ValueError):
    """A question that cannot be simulated: says what is wrong and what would be right."""


@dataclass(frozen=True)
class Request:
    """What is asked, checked: times in h, columns as places in OUTPUTS."""

    regimen: Regimen
    who: People
    model: Model
    medicines: tuple[Medicine, ...]
    times: Array
    columns: tuple[int, ...]
    limits: tuple[tuple[str, float], ...]
    rtol: float
    beyond: tuple[str, ...]
    """in what the question goes beyond what was studied"""


def simulate(
    regimen: Regimen,
    who: People,
    *,
    until: str = "24 h",
    every: str = "5 min",
    outputs: Sequence[str] | None = None,
    limits: Limits | None = None,
    rtol: float = 1e-6,
    threads: int = 1,
    summary_only: bool = False,
    on_failure: Literal["raise", "flag"] = "raise",
    model: Model | None = None,
) -> Simulation:
    """What a regimen does in a person or in each of a population.

    Arguments: `regimen` and `who` (`Person`, `Population`); output times from 0 to `until`, one `every` so
    often; `outputs` by name, else all; `limits` whose time above is kept (`{"systolic": 160}`, in the
    output's unit); `rtol`: relative accuracy of
    the integration; `threads`: the result has the same bits for any number; `summary_only` keeps statistics
    and no series; `on_failure`: raise, or flag persons whose integration failed (their numbers are NaN, the
    notes count them); `model`: other parameters than those shipped.

    Returns: a `Simulation`.

    Errors: `NotASimulation`, `NotAMedicine`, `NotConverged`; those of regimen and people come earlier.

    Source: parameters.yaml and equations.py name the source of each number and equation.
    """
    if threads < 1 or on_failure not in ("raise", "flag"):
        raise NotASimulation("threads is 1 or more; on_failure is 'raise' or 'flag'")
    request = ask(regimen, who, until, every, outputs, limits, rtol, model)
    result = empty(request, summary_only)
    size = min(CHUNK, 8 * math.ceil(who.n / (8 * threads)))
    starts = range(0, who.n, size)
    if threads == 1 or len(starts) == 1:
        for start in starts:
            _run(request, result, start, min(start + size, who.n))
    else:
        with ThreadPoolExecutor(threads) as pool:
            ends = [pool.submit(_run, request, result, start, min(start + size, who.n)) for start in starts]
            for end in ends:
                end.result()
    result.judge(on_failure)
    return result


def ask(
    regimen: Regimen,
    who: People,
    until: str,
    every: str,
    outputs: Sequence[str] | None,
    limits: Limits | None,
    rtol: float,
    model: Model | None,
) -> Request:
    """What is asked, checked. Errors: as of `simulate`."""
    from entact.pharmacology.parameters import shipped_model
    from entact.pharmacology.prescription import find_medicines
    from entact.pharmacology.variables import OUTPUTS

    if not isinstance(regimen, Regimen):
        raise NotASimulation(f"regimen is a Regimen, like Regimen.mdma('120 mg HCl'), not {regimen!r}")
    if not 1e-12 <= rtol <= 1e-3:
        raise NotASimulation(f"rtol {rtol!r}: a relative accuracy is between 1e-12 and 1e-3")
    columns = _columns(OUTPUTS, outputs)
    names = [OUTPUTS[column].name for column in columns]
    pairs = []
    for name, values in (limits or {}).items():
        if name not in names:
            raise NotASimulation(f"limit of {name!r}, which is not among the outputs: {', '.join(names)}")
        for value in [values] if isinstance(values, int | float) else values:
            if not math.isfinite(value):
                raise NotASimulation(f"limit of {name}: {value!r} is no number")
            pairs.append((name, float(value)))
    times = output_times(until, every)
    for intake in regimen.intakes:
        if intake.at >= times[-1] and intake.dose.mg > 0.0:
            raise NotASimulation(
                f"the dose of {intake.dose} at {intake.at:g} h would not be seen: the simulation ends at "
                f"{times[-1]:g} h; simulate longer, for example until '{intake.at + 24:g} h'"
            )
    return Request(
        regimen=regimen,
        who=who,
        model=shipped_model() if model is None else model,
        medicines=find_medicines(who.medicines),
        times=times,
        columns=columns,
        limits=tuple(pairs),
        rtol=float(rtol),
        beyond=beyond_studied(regimen, who),
    )


def output_times(until: str, every: str) -> Array:
    """Times in h from 0 to `until`, one `every` so often, and the end. Errors: `NotASimulation`."""
    end, apart = hours(until, "end of the simulation"), hours(every, "time between outputs")
    if end <= 0.0 or apart <= 0.0:
        raise NotASimulation(f"until {until!r} and every {every!r} are longer than nothing")
    if end / apart > MOST_TIMES - 2:
        raise NotASimulation(f"{until} every {every} are more than {MOST_TIMES:,} output times: take fewer")
    times: Array = np.arange(math.floor(end / apart + 1e-9) + 1, dtype=np.float64) * apart
    # The last of equal steps misses the end by rounding alone, or there is a rest.
    if end - times[-1] > 1e-9 * end:
        return np.concatenate([times, [end]])
    times[-1] = end
    return times


def _columns(known: Sequence[Variable], asked: Sequence[str] | None) -> tuple[int, ...]:
    places = {variable.name: place for place, variable in enumerate(known)}
    if asked is None:
        return tuple(places.values())
    names = [asked] if isinstance(asked, str) else list(asked)
    for name in names:
        if name not in places:
            raise NotASimulation(f"output {name!r} is not known; known: {', '.join(places)}")
    if not names or len(set(names)) < len(names):
        raise NotASimulation("outputs: name one or more, each once")
    return tuple(places[name] for name in names)


def empty(request: Request, summary_only: bool) -> Simulation:
    """The result before anything is simulated: its memory, its names and its notes."""
    from entact.pharmacology.medicine import warnings_of
    from entact.pharmacology.result import Simulation
    from entact.pharmacology.variables import OUTPUTS

    columns = tuple(OUTPUTS[column] for column in request.columns)
    n, wanted, blocks = request.who.n, len(columns), math.ceil(request.who.n / 8)
    own = getattr(request.who, "note", "")
    notes = [RESEARCH, *warnings_of(request.medicines), *request.beyond, *([own] if own else [])]
    return Simulation(
        regimen=request.regimen,
        who=request.who,
        times=request.times,
        columns=columns,
        fitted=tuple(variable.name for variable in columns if is_substance(variable.name)),
        limits=request.limits,
        notes=tuple(notes),
        raw=np.empty(0 if summary_only else blocks * 8 * wanted * request.times.size),
        statistics=np.zeros((3, wanted, n)),
        when=np.zeros((2, wanted, n), np.uint16),
        above=np.zeros((len(request.limits), n)),
        terminal=lambda: terminal_half_lives(request),
        status=np.zeros(n, np.int64),
        steps=np.zeros(n, np.int64),
    )


def terminal_half_lives(request: Request) -> Array:
    """The half-life of each substance among the columns in each person, h; NaN where none can be told."""
    from entact.pharmacology.people import Some
    from entact.pharmacology.variables import OUTPUTS

    columns = tuple(place for place in request.columns if is_substance(OUTPUTS[place].name))
    out: Array = np.empty((len(columns), request.who.n))
    times = fitted_times(float(request.regimen.times[-1]))
    for start in range(0, request.who.n if columns else 0, CHUNK):
        stop = min(start + CHUNK, request.who.n)
        part = replace(request, who=Some(request.who, start, stop), times=times, columns=columns, limits=())
        result = empty(part, False)
        _run(part, result, 0, stop - start)
        for row, variable in enumerate(result.columns):
            out[row, start:stop] = fitted(times, result.values(variable.name))
    return out


def _run(request: Request, result: Simulation, start: int, stop: int) -> None:
    """Simulates the persons from start to stop into the result."""
    arrays = prepare(request, result, start, stop)
    integrate(arrays, rtol=request.rtol, offset=start)


def prepare(request: Request, result: Simulation, start: int, stop: int) -> dict[str, Array]:
    """The arrays that the machine code reads, of the persons from start to stop, and those it fills."""
    from entact.pharmacology.individual import vectors
    from entact.pharmacology.people import factors_of
    from entact.pharmacology.variables import INPUTS, LAG

    covariates = request.who.covariates(start, stop)
    inputs = vectors(
        request.model,
        covariates,
        request.who.etas(start, stop, len(request.model.random)),
        medicines=request.medicines,
        food=request.regimen.food,
        water=request.regimen.water,
        drug=request.regimen.drug,
        factors=factors_of(request.who, start, stop),
    )
    if not np.isfinite(inputs).all():
        person, place = np.argwhere(~np.isfinite(inputs))[0]
        raise NotASimulation(
            f"person {start + person}: {INPUTS[place]} is {inputs[person, place]}, not a number"
        )
    dose_r, dose_s = request.regimen.mg(covariates["weight"])
    whole = np.maximum(dose_r.sum(1) + dose_s.sum(1), 1.0)
    names = [variable.name for variable in result.columns]
    return {
        "inputs_of": np.ascontiguousarray(inputs),
        "dose_times": np.ascontiguousarray(request.regimen.times + inputs[:, [LAG]]),
        "dose_r": dose_r,
        "dose_s": dose_s,
        "times": request.times,
        "floors": floors(whole),
        "columns": np.array(request.columns, np.int64),
        "limits": np.array([(names.index(name), value) for name, value in request.limits]).reshape(-1, 2),
        "series": result.raw,
        "statistics": result.statistics,
        "when": result.when,
        "above": result.above,
        "status": result.status,
        "steps": result.steps,
    }


def floors(whole: Array) -> Array:
    """Below which size each state needs no relative accuracy, in persons who swallow so many mg in all."""
    from entact.pharmacology.variables import STATES

    least = np.array([SMALL_OF.get(state.name, SMALL[state.unit]) for state in STATES])
    amounts = np.array([state.unit == "mg" for state in STATES])
    return np.where(amounts, least * whole[:, None], least)


def integrate(arrays: dict[str, Array], *, rtol: float, offset: int) -> None:
    """Fills the results among the arrays, from the place `offset` on."""
    from entact.pharmacology.engine import run_model

    run_model(arrays, tolerance=rtol, max_steps=MAX_STEPS, offset=offset)
