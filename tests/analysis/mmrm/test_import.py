"""One import and one line; and nothing heavy before it is asked for."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
import entact.analysis
assert not any(name in sys.modules for name in ("numpy", "polars", "scipy", "formulaic", "pandas", "django"))
from entact.analysis import mmrm, KenwardRoger, Unstructured
import entact.analysis.mmrm
from entact.analysis import mmrm as again
assert "pandas" not in sys.modules
assert again is mmrm and callable(mmrm)
import polars as pl
frame = pl.DataFrame({"id": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], "v": ["a", "b"] * 6,
                      "y": [1.0, 2.5, 1.5, 2.0, 3.0, 4.1, 2.2, 2.9, 0.7, 1.9, 2.4, 2.2]})
fit = mmrm("y ~ v", frame, subject="id", visit="v", covariance=Unstructured(), df=KenwardRoger())
print(fit.coefficients.df[1])
others = [name for name in sys.modules if name.startswith("entact.") and "analysis" not in name]
assert not others, others
"""


NAMES = """
import sys
import entact.analysis.proportion
import entact.analysis.describe
import entact.analysis as analysis
assert sorted(analysis.__all__) == sorted(" ".join(analysis.HOMES.values()).split())
for name in analysis.__all__:
    value = getattr(analysis, name)
    assert callable(value) or isinstance(value, str), name
    assert not isinstance(value, type(sys)) or name == "mmrm", name
from entact.analysis import describe, mmrm, proportion
assert proportion(1, 2).share == 0.5 and mmrm.mmrm.__name__ == "mmrm"
try:
    analysis.nothing
except AttributeError as problem:
    print(problem)
"""


def test_every_name_is_found_however_its_module_was_loaded() -> None:
    run = subprocess.run([sys.executable, "-c", NAMES], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "module 'entact.analysis' has no attribute 'nothing'", run.stderr


def test_one_import_and_one_line() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    # a paired t test: 5 degrees of freedom
    assert abs(float(run.stdout) - 5.0) < 1e-9
