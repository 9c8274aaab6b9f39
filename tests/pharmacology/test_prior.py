"""Priors: what is known before counts as much as it says; what cannot be meant is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.pharmacology.test_fit import made

from entact.pharmacology.fit import fit
from entact.pharmacology.parameters import shipped_model
from entact.pharmacology.prior import NotAPrior, Prior


def test_data_that_say_nothing_leave_the_prior() -> None:
    prior = Prior.parse("oxytocin_maximum = 15 ± 20 %: made up")
    found = fit(made(1, 1), ["volume_r", "oxytocin_maximum"], additive=0.0, priors=[prior])
    assert found.converged
    told = found["oxytocin_maximum"]
    assert told.value == pytest.approx(15.0, rel=1e-3)
    assert told.se / told.value == pytest.approx(math.sqrt(math.log1p(0.04)), rel=0.01)
    assert any("made up" in note and "100 %" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "spread"), [("420 ± 5 %", math.sqrt(math.log1p(0.0025))), ("420 ± 21 L", 21 / 420)]
)
def test_prior_and_data_count_by_how_sure_they_are(text: str, spread: float) -> None:
    """The logarithm of the estimate is the mean of both, weighted by the inverse of their variances."""
    known = {"vary": (), "proportional": 0.1, "additive": 0.0}
    data = made(2, 3)
    alone = fit(data, ["volume_r"], **known)  # type: ignore[arg-type]
    both = fit(data, ["volume_r"], priors=[Prior.parse(f"volume_r = {text}: made up")], **known)  # type: ignore[arg-type]
    own = (alone["volume_r"].se / alone["volume_r"].value) ** -2
    weight = own / (own + spread**-2)
    wanted = weight * math.log(alone["volume_r"].value) + (1 - weight) * math.log(420.0)
    assert math.log(both["volume_r"].value) == pytest.approx(wanted, abs=0.01)
    assert both["volume_r"].se / both["volume_r"].value == pytest.approx((own + spread**-2) ** -0.5, rel=0.05)
    assert both.objective > alone.objective, "-2 log L is of the data alone"


def test_the_density_of_a_prior() -> None:
    normal, relative = Prior("volume_r", 400.0, 50.0, "s", False), Prior("volume_r", 400.0, 0.5, "s")
    assert normal.minus_log(math.log(450.0)) == pytest.approx(0.5)
    assert relative.minus_log(math.log(400.0) + relative.spread) == pytest.approx(0.5)
    assert np.isclose(relative.spread, 0.4723807)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("volume_r 389", "not understood"),
        ("volume_r = 389 ± 15 %:", "not understood"),
        ("volume_r = 389 ± 0 %: F019", "above 0"),
        ("volume_r = 389 ± 300 %: F019", "says nothing"),
        ("volume_r = 389 ± 58 mL: F019", "its unit is L"),
        ("volume_r = 3..9 ± 5 %: F019", "are no numbers"),
        ("volume_r = -389 ± 5 %: F019", "above zero"),
    ],
)
def test_what_is_no_prior(text: str, said: str) -> None:
    with pytest.raises(NotAPrior, match=said):
        Prior.parse(text)


def test_a_prior_is_of_something_estimated_and_of_its_size() -> None:
    known = shipped_model()["volume_r"]
    one = Prior("volume_r", known, 0.2, "s")
    with pytest.raises(NotAPrior, match="not estimated"):
        fit(made(1, 1), ["absorption_rate"], priors=[one])
    with pytest.raises(NotAPrior, match="two priors"):
        fit(made(1, 1), ["volume_r"], priors=[one, one])
    with pytest.raises(NotAPrior, match="another unit"):
        fit(made(1, 1), ["volume_r"], priors=[Prior("volume_r", 1000 * known, 0.2, "s")])
