"""Second step: what was not seen is filled in, with its conditional mean or at random."""

from __future__ import annotations

import numpy as np

from entact.analysis.imputation.draws import Draws
from entact.analysis.imputation.reference import Assumption
from entact.analysis.imputation.trial import Floats, Trial


def impute(
    trial: Trial,
    draws: Draws,
    assumption: Assumption,
    *,
    generator: np.random.Generator | None = None,
    delta: Floats | None = None,
) -> Floats:
    """Complete outcomes (D, N, m), one trial of each model.

    Args:
        generator: for values at random; without it conditional means, as jackknife and bootstrap take them.
        delta: (N, m) added to what is imputed.
    """
    own = np.einsum("nmq,dq->dnm", trial.x, draws.beta)
    of_reference = np.einsum("nmq,dq->dnm", trial.of_reference, draws.beta)
    mean = assumption.means(own, of_reference, trial.event)
    seen = trial.seen
    filled = np.where(seen, trial.y, mean)
    code = seen @ (1 << np.arange(trial.m))
    for one in np.unique(code):
        here = ((one >> np.arange(trial.m)) & 1).astype(bool)
        if here.all():
            continue
        rows, lost = np.flatnonzero(code == one), ~here
        centre, spread = mean[:, rows][..., lost], draws.sigma[:, lost][:, :, lost]
        if here.any():
            between = draws.sigma[:, here][:, :, lost]
            slope = np.linalg.solve(draws.sigma[:, here][:, :, here], between)
            centre = centre + (trial.y[rows][:, here] - mean[:, rows][..., here]) @ slope
            spread = spread - np.swapaxes(between, 1, 2) @ slope
        if generator is not None:
            root = np.linalg.cholesky(spread)
            centre = centre + generator.standard_normal(centre.shape) @ np.swapaxes(root, 1, 2)
        filled[np.ix_(np.arange(len(filled)), rows, np.flatnonzero(lost))] = centre
    return filled if delta is None else filled + np.where(seen, 0.0, delta)
