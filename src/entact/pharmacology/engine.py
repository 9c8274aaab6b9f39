"""The model's machine code: compiled once on a machine, then loaded without its compiler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from entact.pharmacology import sources
from entact.pharmacology.layout import workspace

_FIRST = Lock()


class Equations(NamedTuple):
    """Compiled functions: `derivatives(t, y, p, dy)`, `observe(t, y, p, out)`, `initial(p, y)`."""

    derivatives: Callable[..., Any]
    observe: Callable[..., Any]
    initial: Callable[..., Any]


def compile_equations(module: ModuleType) -> Equations:
    """The equations of a module for numba, and all functions of that module which they call.

    The module itself stays plain Python: who reads or imports it needs no compiler.
    """
    from entact.pharmacology.lanes import native

    scope = dict(vars(module))
    for name, value in vars(module).items():
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            scope[name] = native()(FunctionType(value.__code__, scope, name))
    return Equations(scope["derivatives"], scope["observe"], scope["initial"])


@cache
def one_person() -> Equations:
    """The model's equations, compiled for one person: arrays of floats in, arrays of floats out."""
    from entact.pharmacology import equations

    return compile_equations(equations)


def compile_model() -> Any:
    """The simulation of the model, for numba to compile."""
    from entact.pharmacology import variables
    from entact.pharmacology.kernel import compile_kernel

    model = one_person()
    return compile_kernel(
        model.derivatives,
        model.observe,
        model.initial,
        states=len(variables.STATES),
        inputs=len(variables.INPUTS),
        outputs=len(variables.OUTPUTS),
        depots=(variables.DEPOT_R, variables.DEPOT_S),
        unobserved=variables.UNOBSERVED,
    )


def machine_code(places: Sequence[Path]) -> Callable[..., Any]:
    """The simulation as machine code: what an earlier process left, else compiled now.

    Raises:
        SourcesChanged: when the program was changed while it ran.
    """
    from entact.pharmacology import machine

    key = f"{sources.unchanged()}-{machine.processor()}"
    found = machine.read(key, places)
    if found is None:
        run = compile_model()
        sources.unchanged()  # some of it may have been read only now
        try:
            found = machine.emit(run)
        except machine.NotPortable:  # on this machine every process has to compile for itself
            return machine.within_numba(run)
        machine.keep(key, *found, places)
    return machine.load(*found)


@cache
def _loaded() -> Callable[..., Any]:
    from entact.pharmacology import machine

    return machine_code(machine.folders())


def run_model(arrays: dict[str, Any], *, tolerance: float, max_steps: int, offset: int) -> None:
    """Simulates the persons of `arrays` (see `kernel.compile_kernel`) into its results.

    The first call on a machine compiles for some ten seconds; later processes read what it left. Where no
    folder can be written, each process compiles for itself.
    """
    from entact.pharmacology.variables import OUTPUTS

    with _FIRST:
        function = _loaded()
    memory = workspace(
        arrays["floors"].shape[1],
        arrays["inputs_of"].shape[1],
        len(OUTPUTS),
        arrays["columns"].size,
        arrays["limits"].shape[0],
        arrays["times"].size,
    )
    work, path, counts = memory
    function({**arrays, "work": work, "path": path, "counts": counts}, tolerance, max_steps, offset)
