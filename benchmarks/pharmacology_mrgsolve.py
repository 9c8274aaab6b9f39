"""The same equations in mrgsolve, the field's fast reference, where R and it are installed.

The C++ is written from `equations.py` itself, so that both integrate the same system. Each question is asked
of both: the states alone, or all outputs; with people and doses at hand, or read from files. `$MAIN` does its
work once a person.
"""

from __future__ import annotations

import ast
import inspect
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_CALLS = {"max": "fmax", "min": "fmin", "exp": "exp", "log": "log", "sqrt": "sqrt", "abs": "fabs"}

R_SCRIPT = """
suppressPackageStartupMessages(library(mrgsolve))
folder <- commandArgs(TRUE)[1]
cpu <- function(times) sum(times[c("user.self", "sys.self")])
begun <- proc.time()
people <- read.csv(file.path(folder, "people.csv"))
doses <- read.csv(file.path(folder, "doses.csv"))
input <- cpu(proc.time() - begun)
for (name in c("states", "outputs")) {
  mod <- mread(name, folder, quiet = TRUE)
  run <- function() mrgsim_df(mod, data = doses, idata = people, start = 0, end = 24, delta = 1 / 12,
                              rtol = 1e-6, atol = 1e-8, obsonly = TRUE)
  found <- run()
  seconds <- median(replicate(3, cpu(system.time(run()))))
  cat(nrow(people) / seconds, nrow(people) / (input + seconds), found[[ncol(found)]][nrow(found)], "\\n")
}
"""


class _Writer:
    """Python's arithmetic as C's."""

    def __init__(self, constants: dict[str, int], functions: set[str]) -> None:
        self.constants, self.functions = constants, functions

    def expression(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return repr(float(node.value))  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return str(self.constants.get(node.id, node.id))
        if isinstance(node, ast.Subscript):
            return f"{self.expression(node.value)}[{self.index(node.slice)}]"
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return f"(-{self.expression(node.operand)})"
        if isinstance(node, ast.BinOp):
            left, right = self.expression(node.left), self.expression(node.right)
            if isinstance(node.op, ast.Pow):
                return f"pow({left}, {right})"
            return f"({left} {_OPERATORS[type(node.op)]} {right})"
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id  # type: ignore[attr-defined]
            called = name if name in self.functions else _CALLS[name]
            return f"{called}({', '.join(map(self.expression, node.args))})"
        raise NotImplementedError(ast.dump(node))

    def index(self, node: ast.expr) -> str:
        return self.expression(node) if isinstance(node, ast.Name) else str(ast.literal_eval(node))

    def statement(self, node: ast.stmt, known: set[str]) -> str:
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            return " ".join(f"R_[{i}] = {self.expression(one)};" for i, one in enumerate(node.value.elts))
        if isinstance(node, ast.Return) and node.value is not None:
            return f"return {self.expression(node.value)};"
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
                return f"for (int i = 0; i < N_STATES; i++) {self.expression(target.value)}[i] = 0.0;"
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=True)
                return " ".join(self.statement(ast.Assign([name], value), known) for name, value in pairs)
            value = self.expression(node.value)
            if isinstance(target, ast.Tuple):
                given = [self.given(name.id, known, f"R_[{i}]") for i, name in enumerate(target.elts)]  # type: ignore[attr-defined]
                return " ".join([f"{value};", *given])
            if isinstance(target, ast.Name):
                return self.given(target.id, known, value)
            return f"{self.expression(target)} = {value};"
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return ""
        raise NotImplementedError(ast.dump(node))

    def given(self, name: str, known: set[str], value: str) -> str:
        new = "" if name in known else "double "
        known.add(name)
        return f"{new}{name} = {value};"


def c_functions(module: Any) -> str:
    """The functions of a module of equations as C."""
    tree = ast.parse(inspect.getsource(module))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    constants = {name: value for name, value in vars(module).items() if isinstance(value, int)}
    writer = _Writer(constants, {function.name for function in functions})
    # What several numbers are given back in: a function that gives one is done before the next is called.
    lines = [f"static const int N_STATES = {len(module.STATES)}; static double R_[5];"]
    for function in functions:
        arguments = [argument.arg for argument in function.args.args]
        kinds = {"y": "double*", "p": "const double*", "dy": "double*", "out": "double*"}
        for argument in function.args.args:
            if isinstance(argument.annotation, ast.Name) and argument.annotation.id == "int":
                kinds[argument.arg] = "int"
        head = ", ".join(f"{kinds.get(name, 'double')} {name}" for name in arguments)
        returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
        gives = "double" if returns and not isinstance(returns[0].value, ast.Tuple) else "void"
        known = set(arguments)
        lines.append(f"static {gives} {function.name}({head}) {{")
        lines += [f"  {line}" for node in function.body if (line := writer.statement(node, known))]
        lines.append("}")
    return "\n".join(lines)


def model(module: Any, *, observed: bool = False) -> str:
    """The whole model file for mrgsolve; `observed`: all outputs are computed and kept, not the states."""
    states, inputs = len(module.STATES), len(module.INPUTS)
    parts = [
        "$PARAM " + ", ".join(f"IN{i} = 0" for i in range(inputs)),
        "$CMT " + " ".join(f"A{i + 1}" for i in range(states)),
        "$GLOBAL",
        "#include <cmath>",
        c_functions(module),
        f"static double IN_[{inputs}]; static double START_[{states}];",
        "$MAIN",
        # Once a person, not at every record: inputs do not change within one.
        "if (NEWIND <= 1) {",
        *(f"IN_[{i}] = IN{i};" for i in range(inputs)),
        "initial(IN_, START_);",
        *(f"A{i + 1}_0 = START_[{i}];" for i in range(states)),
        "}",
        "$ODE",
        f"double y_[{states}] = {{{', '.join(f'A{i + 1}' for i in range(states))}}};",
        f"double dy_[{states}];",
        "derivatives(SOLVERTIME, y_, IN_, dy_);",
        *(f"dxdt_A{i + 1} = dy_[{i}];" for i in range(states)),
    ]
    if observed:
        outputs = len(module.OUTPUTS)
        parts += [
            "$TABLE",
            f"double now_[{states}] = {{{', '.join(f'A{i + 1}' for i in range(states))}}};",
            f"double out_[{outputs}];",
            "observe(TIME, now_, IN_, out_);",
            *(f"double O{i + 1} = out_[{i}];" for i in range(outputs)),
            "$CAPTURE " + " ".join(f"O{i + 1}" for i in range(outputs)),
        ]
    return "\n".join(parts) + "\n"


class Measured(NamedTuple):
    """Participants per processor second of mrgsolve: with input at hand, and with input read."""

    alone: float
    with_input: float


def measure(arrays: dict[str, Any]) -> dict[str, Measured] | str:
    """How fast mrgsolve is for these people, of states and of all outputs; a sentence where it is not."""
    from entact.pharmacology import equations

    if shutil.which("Rscript") is None:
        return "R is not installed"
    n, inputs = arrays["inputs_of"].shape
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "states.cpp").write_text(model(equations))
        (place / "outputs.cpp").write_text(model(equations, observed=True))
        (place / "run.R").write_text(R_SCRIPT)
        head = ",".join(["ID", *(f"IN{i}" for i in range(inputs))])
        people = np.column_stack([np.arange(1, n + 1), arrays["inputs_of"]])
        np.savetxt(place / "people.csv", people, delimiter=",", header=head, comments="", fmt="%.17g")
        rows = [
            (person + 1, arrays["dose_times"][person, dose], arrays[name][person, dose], compartment + 1, 1)
            for person in range(n)
            for dose in range(arrays["dose_times"].shape[1])
            for name, compartment in (("dose_r", equations.DEPOT_R), ("dose_s", equations.DEPOT_S))
        ]
        np.savetxt(
            place / "doses.csv", rows, delimiter=",", header="ID,time,amt,cmt,evid", comments="", fmt="%.17g"
        )
        done = subprocess.run(
            ["Rscript", str(place / "run.R"), folder], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        return f"R has no mrgsolve that runs: {done.stderr.strip().splitlines()[-1][:200]}"
    lines = [[float(word) for word in line.split()] for line in done.stdout.splitlines()]
    return {name: Measured(*line[:2]) for name, line in zip(("states", "outputs"), lines, strict=True)}
