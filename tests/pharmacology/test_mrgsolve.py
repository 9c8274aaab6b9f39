"""The C++ for mrgsolve says what the equations say: it is read back line by line."""

from __future__ import annotations

import re

import numpy as np
import pytest
from benchmarks.pharmacology_mrgsolve import c_functions, model
from tests.pharmacology.test_equations import at_rest, inputs_of

from entact.pharmacology import equations
from entact.pharmacology.variables import INPUTS, OUTPUTS, STATES

HEAD = re.compile(r"static (?:double|void) (\w+)\((.*)\) \{")
TYPE = re.compile(r"\b(?:const double\*|double\*|double|int) ")


def read_back(c: str) -> dict[str, object]:
    """The functions of C text of which each statement is also one of Python, but for its types."""
    lines = []
    for line in c.splitlines()[1:]:
        if head := HEAD.fullmatch(line):
            lines.append(f"def {head[1]}({TYPE.sub('', head[2])}):")
        elif line != "}":
            lines.append(TYPE.sub("", line.replace("for (int i = 0; i < N_STATES; i++) y[i]", "y[:]")))
    scope: dict[str, object] = {"fmax": max, "fmin": min, "R_": [0.0] * 5}
    exec("\n".join(lines), scope)
    return scope


@pytest.mark.parametrize("board", [(), ("paroxetine", "carvedilol"), ("ketanserin",)])
def test_the_c_of_the_equations_gives_their_numbers(board: tuple[str, ...]) -> None:
    c = read_back(c_functions(equations))
    p = inputs_of(82.0, 1.5, board)
    y = at_rest(p)
    y[: equations.CYP2D6] = np.random.default_rng(1).uniform(1.0, 50.0, equations.CYP2D6)
    for name, size in (("derivatives", len(STATES)), ("observe", len(OUTPUTS))):
        theirs, ours = np.full(size, np.nan), np.full(size, np.nan)
        c[name](0.0, y, p, theirs)  # type: ignore[operator]
        getattr(equations, name)(0.0, y, p, ours)
        np.testing.assert_allclose(theirs, ours, rtol=1e-12)
    start = np.full(len(STATES), np.nan)
    c["initial"](p, start)  # type: ignore[operator]
    np.testing.assert_array_equal(start, at_rest(p))


def test_the_model_file_has_every_state_and_input() -> None:
    text = model(equations)
    assert f"IN{len(INPUTS) - 1} = 0" in text
    assert f"dxdt_A{len(STATES)} = dy_[{len(STATES) - 1}];" in text
