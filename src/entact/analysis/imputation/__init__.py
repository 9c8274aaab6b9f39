"""Missing values imputed, in four steps: draws → impute → analyse → pool.

`draws.py` fits models to impute from, `impute.py` fills what was not seen under an assumption of
`reference.py`, `analyse.py` analyses every completed trial, `pool.py` makes one estimate of them;
`difference.py` does all.
"""

from __future__ import annotations

from entact.analysis.imputation.difference import (
    ApproximateBayes,
    Bayes,
    Bootstrap,
    Jackknife,
    imputed_difference,
    tipping_point,
)
from entact.analysis.imputation.reference import (
    ASSUMPTIONS,
    CopyIncrements,
    CopyReference,
    JumpToReference,
    LastMean,
    MissingAtRandom,
)
from entact.analysis.imputation.retrieved import retrieved_dropouts
from entact.analysis.imputation.trial import Trial, read_trial

__all__ = [
    "ASSUMPTIONS",
    "ApproximateBayes",
    "Bayes",
    "Bootstrap",
    "CopyIncrements",
    "CopyReference",
    "Jackknife",
    "JumpToReference",
    "LastMean",
    "MissingAtRandom",
    "Trial",
    "imputed_difference",
    "read_trial",
    "retrieved_dropouts",
    "tipping_point",
]
