"""The same file, model and likelihood in another program: nlme in R, on poor metabolisers, who are linear.

Copied from R output of `Rscript nlme/poor.R` (nlme, method "ML"; Lindstrom and Bates 1990):

             Value  Std.Error
    lv  -0.0385734 0.04828881
    lka  0.6166318 0.01450329
    StdDev of lv 0.1911445, Residual 6.6109404, log Lik. -675.9779453
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from entact.pharmacology.data import read_data
from entact.pharmacology.fit import fit
from entact.pharmacology.parameters import shipped_model

FILE = Path(__file__).parent / "nlme" / "poor.csv"
NUMBERS = {
    "volume_r": 289.0, "volume_s": 381.0, "lag": 0.474, "renal_clearance": 8.83, "other_clearance_r": 4.37,
    "other_clearance_s": 31.4, "demethylation_r": 1.72, "demethylation_s": 5.75, "absorption_rate": 1.83,
    "first_pass_mda": 1e-12,
}  # fmt: skip
"""of the model in poor.R, whatever those that are shipped become"""


def test_estimates_standard_errors_spread_and_likelihood_are_those_of_nlme() -> None:
    found = fit(
        read_data(FILE), ["volume_r", "absorption_rate"], vary=["volume_r"], spread=True, proportional=0.0,
        model=shipped_model().with_values(NUMBERS),
    )  # fmt: skip
    assert found.converged
    volume, rate = found["volume_r"], found["absorption_rate"]
    assert math.log(volume.value / 289.0) == pytest.approx(-0.0385734, abs=0.001)
    assert volume.se / volume.value == pytest.approx(0.04828881, rel=0.02)
    assert math.log(rate.value) == pytest.approx(0.6166318, abs=0.001)
    assert rate.se / rate.value == pytest.approx(0.01450329, rel=0.02)
    assert found["additive"].value == pytest.approx(6.6109404, rel=1e-3)
    assert found["spread volume_r"].value == pytest.approx(0.1911445, rel=2e-3)
    assert -0.5 * found.objective == pytest.approx(-675.9779453, abs=0.01)


def test_what_differs_from_occasion_to_occasion_is_that_of_nlme() -> None:
    """Copied from R output of `Rscript nlme/occasions.R` (nlme, method "ML", random = list(ID, OCC)):

             Value  Std.Error
    lv  0.02126281 0.04115954
    lka 0.59510945 0.01349215
    StdDev of lv 0.1234182 between participants, 0.1179443 between occasions
    Residual 6.0303341, log Lik. -651.5940516
    """
    found = fit(
        read_data(FILE.with_name("occasions.csv")), ["volume_r", "absorption_rate"], vary=["volume_r"],
        spread=True, occasion=["volume_r"], proportional=0.0, model=shipped_model().with_values(NUMBERS),
    )  # fmt: skip
    assert found.converged
    volume, rate = found["volume_r"], found["absorption_rate"]
    assert math.log(volume.value / 289.0) == pytest.approx(0.02126281, abs=0.001)
    assert volume.se / volume.value == pytest.approx(0.04115954, rel=0.03)
    assert math.log(rate.value) == pytest.approx(0.59510945, abs=0.001)
    assert rate.se / rate.value == pytest.approx(0.01349215, rel=0.03)
    assert found["additive"].value == pytest.approx(6.0303341, rel=2e-3)
    assert found["spread volume_r"].value == pytest.approx(0.1234182, rel=0.01)
    assert found["occasion volume_r"].value == pytest.approx(0.1179443, rel=0.01)
    assert -0.5 * found.objective == pytest.approx(-651.5940516, abs=0.02)
    assert any("36 occasions of 12 participants" in note for note in found.notes)
    assert len(found.individuals) == 12
