"""Linear mixed models with random effects: `mixed(formula, data, random=RandomEffect("site"))`.

Read `likelihood.py` for the mathematics, `fit.py` for the way in. Tables and tests are those of the mixed
model for
repeated measures next door.
"""

from entact.analysis.mixed.effects import RandomEffect
from entact.analysis.mixed.fit import mixed
from entact.analysis.mixed.result import MixedFit

__all__ = ["MixedFit", "RandomEffect", "mixed"]
