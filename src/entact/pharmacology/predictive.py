"""Visual predictive check of a fit: what was observed beside repetitions that it simulates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from entact.pharmacology.fit import Fit, NotAFit
from entact.pharmacology.likelihood import Array, courses, place_etas

if TYPE_CHECKING:
    import polars as pl


def vpc(
    fit: Fit, *, n: int = 500, seed: int = 1, quantiles: Sequence[float] = (0.05, 0.5, 0.95)
) -> pl.DataFrame:
    """Visual predictive check: quantiles of the samples beside those of `n` simulated repetitions.

    Each repetition has the same participants, doses and times, new random effects and new errors of
    measurement. Rows: output, bin of time (`time`: its median, `samples`), quantile; `observed`, and of the
    simulated quantiles the median `simulated` and the 90 % interval `low`, `high` (ng/mL). Concentrations are
    not corrected for dose: where doses differ much, look at each apart.
    """
    import polars as pl

    if n < 20 or not quantiles or not all(0.0 < one < 1.0 for one in quantiles):
        raise NotAFit("vpc: 20 or more repetitions, quantiles between 0 and 1")
    rng = np.random.default_rng(seed)
    simulated = _repetitions(fit, n, rng)
    rows: list[dict[str, Any]] = []
    told = fit.design.quantified
    output, time = fit.design.spot[2][:told], fit.design.times[fit.design.spot[1]][:told]
    from entact.pharmacology.data import OUTPUTS

    for which in np.unique(output):
        mine = np.flatnonzero(output == which)
        for own in _bins(time[mine]):
            places = mine[own]
            found = np.quantile(simulated[:, places], quantiles, axis=1)
            for quantile, values in zip(quantiles, found, strict=True):
                low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
                rows.append(
                    {
                        "output": OUTPUTS[which],
                        "time": float(np.median(time[places])),
                        "samples": len(places),
                        "quantile": quantile,
                        "observed": float(np.quantile(fit.design.observed[places], quantile)),
                        "simulated": float(middle),
                        "low": float(low),
                        "high": float(high),
                    }
                )
    return pl.DataFrame(rows)


def _repetitions(fit: Fit, n: int, rng: np.random.Generator) -> Array:
    count = fit.design.random(fit.effects)
    if count:
        etas = rng.standard_normal((n, fit.design.participants, count))
        placed = [place_etas(fit.design, fit.trial, fit.effects, eta) for eta in etas]
        predicted = courses(fit.design, [fit.trial.model] * n, np.array(placed))
    else:
        predicted = np.repeat(fit.modes.predicted, n, axis=0)
    v, _ = fit.trial.variance(predicted)
    noisy: Array = np.maximum(predicted + np.sqrt(v) * rng.standard_normal(predicted.shape), 0.0)
    return noisy


def _bins(time: Array, most: int = 12) -> list[Any]:
    """Places of the samples of each bin: by time where few times are, else equally many samples each."""
    known = np.unique(time)
    if known.size <= 2 * most:
        return [np.flatnonzero(time == one) for one in known]
    edges = np.unique(np.quantile(time, np.linspace(0.0, 1.0, most + 1)))
    place = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, edges.size - 2)
    return [np.flatnonzero(place == one) for one in np.unique(place)]
