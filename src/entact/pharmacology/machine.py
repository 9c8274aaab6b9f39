# mypy: disable-error-code="untyped-decorator,misc,no-any-return,no-untyped-call"
"""Machine code that outlives its compiler: a compiled function as bytes, and bytes as a function again.

numba's own cache keeps machine code too, but needs all of numba to load it, which takes longer than most of
the simulations that people ask for; and it looks for changes in the source of the outermost function alone.
Here the code is kept under a digest of all its sources and of the processor, and LLVM alone loads it.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from typing import Any, Final

import llvmlite.binding as llvm
import numpy as np

ARRAYS: Final = (
    "inputs_of", "dose_times", "dose_r", "dose_s", "times", "floors", "columns", "limits", "series",
    "statistics", "when", "above", "status", "steps", "work", "path", "counts",
)  # fmt: skip
"""arguments that are memory, in the order in which the function takes them; before them their lengths"""


def kind_of(name: str) -> str:
    """The type of the elements of an argument: the machine code can't ask."""
    if name in ("lengths", "columns", "status", "steps", "counts"):
        return "int64"
    return "uint16" if name == "when" else "float64"


class NotPortable(RuntimeError):
    """Machine code that would need its compiler when it runs."""


def emit(run: Any) -> tuple[bytes, str]:
    """A compiled `kernel.run` as the bytes of an object file, and the name of the function in it.

    Errors: `NotPortable` where the code calls anything but itself and the C library's mathematics.
    """
    entry = _entry(run)
    name = entry._wrapper_name.removeprefix("cfunc.")
    text = entry.inspect_llvm()
    # numba's wrapper handles exceptions, for which it needs Python: the function inside of it has none.
    wrapper = f"@{entry._wrapper_name}("
    text = "\n".join(
        line.replace("define ", "define internal ", 1)
        if line.startswith("define ") and wrapper in line
        else line
        for line in text.split("\n")
    )
    module = llvm.parse_assembly(text)
    machine = _machine()
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    used = [f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")]
    used += [g.name for g in module.global_variables if g.is_declaration]
    foreign = [symbol for symbol in used if symbol not in ("exp", "log", "pow", "memset", "memcpy")]
    if foreign:
        raise NotPortable(f"compiled code needs {', '.join(foreign)}")
    return machine.emit_object(module), name


def load(code: bytes, name: str) -> Callable[..., Any]:
    """The function of an object file: called with arrays by name (`ARRAYS`) and the numbers beside them.

    The interpreter's lock is free while it runs.
    """
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    memory = [ctypes.c_void_p] * (3 + len(ARRAYS))
    kinds = {name: np.dtype(kind_of(name)) for name in ARRAYS}
    kind = ctypes.CFUNCTYPE(ctypes.c_int, *memory, ctypes.c_double)
    function = kind(engine.get_function_address(name))

    def call(arrays: dict[str, Any], tolerance: float, max_steps: int, offset: int) -> None:
        for name, kind in kinds.items():
            if arrays[name].dtype != kind or not arrays[name].flags.c_contiguous:
                raise TypeError(f"{name}: C-contiguous {kind} is expected")
        lengths = np.array([*_lengths(arrays), max_steps, offset], np.int64)
        nothing = np.zeros(2, np.int64)
        pointers = [arrays[name].ctypes.data for name in ARRAYS]
        base = nothing.ctypes.data
        if function(base, base + 8, lengths.ctypes.data, *pointers, tolerance) != 0:
            raise RuntimeError("the compiled simulation failed")

    # The code lives as long as the function that calls it.
    call.engine = engine  # type: ignore[attr-defined]
    return call


def within_numba(run: Any) -> Callable[..., Any]:
    """`kernel.run` as numba compiles it for this process, called as what `load` returns."""

    def call(arrays: dict[str, Any], tolerance: float, max_steps: int, offset: int) -> None:
        numbers = {"tolerance": tolerance, "max_steps": max_steps, "offset": offset}
        run(*({**arrays, **numbers}[name] for name in signature(run.py_func).parameters))

    return call


def _lengths(arrays: dict[str, Any]) -> Sequence[int]:
    persons, inputs = arrays["inputs_of"].shape
    return (
        persons, inputs, arrays["dose_times"].shape[1], arrays["times"].size, arrays["floors"].shape[1],
        arrays["columns"].size, arrays["limits"].shape[0], arrays["series"].size,
        arrays["status"].size, arrays["work"].size, arrays["path"].size, arrays["counts"].size,
    )  # fmt: skip


def _entry(run: Any) -> Any:
    """`run` behind plain pointers, so that no array object of numba's is needed."""
    import numba
    from numba import types

    from entact.pharmacology.lanes import view

    memory = [types.CPointer(getattr(types, kind_of(name))) for name in ("lengths", *ARRAYS)]

    cfunc: Any = numba.cfunc  # its types know fewer options than it does

    @cfunc(types.void(*memory, types.float64), error_model="numpy", _nrt=False)
    def entry(  # type: ignore[no-untyped-def]
        lengths, inputs_of, dose_times, dose_r, dose_s, times, floors, columns, limits, series,
        statistics, when, above, status, steps, work, path, counts, tolerance,
    ):  # fmt: skip
        n, inputs, doses, count, states = lengths[0], lengths[1], lengths[2], lengths[3], lengths[4]
        wanted, limited, stored, people = lengths[5], lengths[6], lengths[7], lengths[8]
        run(
            view(inputs_of, (n, inputs)), view(dose_times, (n, doses)), view(dose_r, (n, doses)),
            view(dose_s, (n, doses)), view(times, (count,)), tolerance, view(floors, (n, states)),
            lengths[12], view(columns, (wanted,)), view(limits, (limited, 2)),
            lengths[13], view(series, (stored,)), view(statistics, (3, wanted, people)),
            view(when, (2, wanted, people)), view(above, (limited, people)),
            view(status, (people,)), view(steps, (people,)),
            view(work, (lengths[9],)), view(path, (lengths[10],)), view(counts, (lengths[11],)),
        )  # fmt: skip

    return entry


def _machine() -> Any:
    """This processor, as LLVM writes code for it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        reloc="pic",
        codemodel="jitdefault",
        jit=True,
    )


def processor() -> str:
    """A short digest of what machine code depends on beside its source."""
    words = (
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        version("llvmlite"),
        version("numba"),
    )
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:12]


def folders() -> tuple[Path, ...]:
    """Where machine code may be kept: beside the package, else in the user's cache folder."""
    return (Path(__file__).parent / "__pycache__", Path.home() / ".cache" / "entact")


def read(key: str, places: Sequence[Path]) -> tuple[bytes, str] | None:
    """What was kept under a key, where it is whole."""
    for folder in places:
        with contextlib.suppress(OSError, ValueError):
            found = (folder / f"kernel-{key}.bin").read_bytes()
            head, name, code = found.split(b"\n", 2)
            if head.decode() == hashlib.sha256(code).hexdigest():
                return code, name.decode()
    return None


def keep(key: str, code: bytes, name: str, places: Sequence[Path]) -> Path | None:
    """Keeps machine code under a key in the first folder that can be written; None where none can."""
    for folder in places:
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            # Complete or not there: another process may be reading.
            handle, part = tempfile.mkstemp(dir=folder)
            with os.fdopen(handle, "wb") as file:
                file.write(b"\n".join((hashlib.sha256(code).hexdigest().encode(), name.encode(), code)))
            for old in folder.glob(f"kernel-*-{key.rpartition('-')[2]}.bin"):
                old.unlink(missing_ok=True)
            os.chmod(part, 0o644)
            os.replace(part, folder / f"kernel-{key}.bin")
            return folder / f"kernel-{key}.bin"
    return None
