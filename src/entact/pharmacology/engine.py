# mypy: disable-error-code="misc,no-any-return,no-untyped-call"
"""The model's machine code: compiled once, kept beside the package or in the user's cache folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from types import FunctionType, ModuleType
from typing import Any, Final, NamedTuple

SOURCES: Final = ("equations.py", "lanes.py", "runge_kutta.py", "solve.py", "kernel.py")


def digest() -> str:
    """A digest of the source of everything that goes into the machine code."""
    found = hashlib.sha256()
    for name in SOURCES:
        found.update((files("entact.pharmacology") / name).read_bytes())
    return found.hexdigest()


class Equations(NamedTuple):
    """The functions of a model, compiled: `derivatives(t, y, p, dy)`, `observe(t, y, p, out)`, `initial(p, y)`."""

    derivatives: Callable[..., Any]
    observe: Callable[..., Any]
    initial: Callable[..., Any]


def compile_equations(module: ModuleType) -> Equations:
    """The equations of a module for numba, and all functions of that module which they call.

    The module itself stays plain Python: who reads or imports it needs no compiler.
    """
    from numba import njit

    scope = dict(vars(module))
    for name, value in vars(module).items():
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            scope[name] = njit(error_model="numpy")(FunctionType(value.__code__, scope, name))
    return Equations(scope["derivatives"], scope["observe"], scope["initial"])


@cache
def one_person() -> Equations:
    """The model's equations, compiled for one person: arrays of floats in, arrays of floats out."""
    from entact.pharmacology import equations

    return compile_equations(equations)


@cache
def kernel() -> Callable[..., Any]:
    """The compiled simulation of the model (see `kernel.compile_kernel` for its arguments).

    The first call on a machine takes some ten seconds; later processes read what it left. Where no folder can be
    written, each process compiles for itself.
    """
    from numba.core.caching import FunctionCache

    from entact.pharmacology import equations
    from entact.pharmacology.kernel import compile_kernel

    compiled = one_person()
    run = compile_kernel(
        compiled.derivatives,
        compiled.observe,
        compiled.initial,
        states=len(equations.STATES),
        inputs=len(equations.INPUTS),
        outputs=len(equations.OUTPUTS),
        depots=(equations.DEPOT_R, equations.DEPOT_S),
    )
    key = digest()

    class Cache(FunctionCache):
        # numba looks at the source of the outermost function alone, and at captured functions by an address that
        # changes with every process: the first would keep machine code of old equations, the second none at all.
        def _index_key(self, signature: Any, codegen: Any) -> Any:
            return (signature, codegen.magic_tuple(), key)

    try:
        run._cache = Cache(run.py_func)  # type: ignore[attr-defined]
    except RuntimeError:  # no folder can be written
        pass
    return run
