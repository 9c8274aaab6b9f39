"""Ends of an interval by profile likelihood: there the best that the others can do has risen by 3.84."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.pharmacology.test_fit import made

from entact.pharmacology.fit import fit
from entact.pharmacology.likelihood import Effects
from entact.pharmacology.objective import Objective, free_numbers
from entact.pharmacology.parameters import shipped_model


def test_at_the_ends_the_objective_has_risen_by_that_of_a_95_per_cent_interval() -> None:
    data = made(2, 4)
    found = fit(data, ["volume_r", "absorption_rate"], vary=(), additive=0.0, profile=True)
    model = shipped_model()
    names = ("volume_r", "absorption_rate")
    given: dict[str, float | None] = {"proportional": None, "additive": 0.0}
    free = free_numbers(found.design, names, (), (), given, model)
    for place, name in enumerate(names):
        for end in found[name].interval:
            bounds = list(free.bounds)
            bounds[place] = (float(np.log(end)),) * 2
            start = np.log([one.value for one in found.estimates])
            start[place] = np.log(end)
            held = replace(free, bounds=tuple(bounds), start=start)
            problem = Objective(found.design, model, Effects(), held, np.zeros((2, 0)))
            log, _ = problem.minimise()  # by another optimiser than the profile's
            rise = 2.0 * float(problem.minus_log(log[None])[0]) - found.objective
            assert rise == pytest.approx(3.841459, abs=0.06), name
        low, high = found[name].interval
        assert low < found[name].value < high


def test_an_end_that_the_data_do_not_close_is_open() -> None:
    """With few and noisy samples the additive error may be nothing at all."""
    found = fit(made(1, 2), ["volume_r"], vary=(), profile=True)
    low, high = found["additive"].interval if np.isfinite(found["additive"].se) else (0.0, np.inf)
    assert low == 0.0
    assert high > found["additive"].value
