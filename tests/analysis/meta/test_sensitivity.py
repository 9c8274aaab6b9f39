"""One trial less, one more: against metafor."""

from __future__ import annotations

import pytest
from tests.analysis.meta.golden import METAFOR, MORE, SETS, agrees, effects

from entact.analysis.meta import Effect, cumulative, leave_one_out, pool


@pytest.mark.parametrize("name", SETS)
def test_one_left_out_is_metafors(name: str) -> None:
    # > leave1out(rma(yi, vi, control=list(threshold=1e-12))), cooks.distance(…), rstudent(…)
    own, other = leave_one_out(effects(name), interval="normal"), MORE["polished"][name]
    same = {"estimate": "estimate", "se": "se", "pval": "p", "ci.lb": "low", "ci.ub": "high"}
    rows = same | {"Q": "q", "Qp": "q_p", "tau2": "tau2", "I2": "i2", "H2": "h2"}
    for key, of in rows.items():
        agrees([getattr(one.pooled, of) for one in own], other["loo"][key])
    agrees([one.distance for one in own], other["cooks"])
    agrees([one.residual for one in own], other["rstudent"])


def test_one_added_at_a_time_is_metafors() -> None:
    # > cumul(rma(yi, vi, data=es[order(es$year), ], control=list(threshold=1e-12)))
    order = sorted(range(13), key=lambda place: METAFOR["bcg_data"]["year"][place])
    data = [effects("bcg_RR")[place] for place in order]
    own = cumulative(data, interval="normal")
    agrees([one.estimate for one in own], MORE["cumul"]["estimate"])
    agrees([one.se for one in own], MORE["cumul"]["se"])
    agrees([one.tau2 or 0.0 for one in own], MORE["cumul"]["tau2"])
    assert own[-1] == pool(data, interval="normal")


def test_one_trial_cannot_be_left_out_of_itself() -> None:
    with pytest.raises(ValueError, match="two or more"):
        leave_one_out([Effect(0.0, 1.0)])
    assert [one.pooled.k for one in leave_one_out([Effect(0.0, 1.0), Effect(1.0, 1.0)])] == [1, 1]
