"""How many it takes: means, rates, survival and repeated measures, for any group-sequential design.

`design.sample_size(Means(0.5, sd=1))`; a trial without looks is `GroupSequential(information=(1.0,))`.
"""

from __future__ import annotations

from entact.analysis.sample_size.means import Means
from entact.analysis.sample_size.rates import Rates
from entact.analysis.sample_size.repeated import RepeatedMeasures
from entact.analysis.sample_size.survival import Survival

__all__ = ["Means", "Rates", "RepeatedMeasures", "Survival"]
