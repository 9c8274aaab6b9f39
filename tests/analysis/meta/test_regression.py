"""Meta-regression and subgroups: against metafor, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from tests.analysis.meta.golden import METAFOR, MORE, agrees, effects

from entact.analysis.meta import Effect, pool, regress, subgroups

DATA = METAFOR["bcg_data"]


def test_one_moderator_with_normal_tests_is_metafors() -> None:
    # > rma(yi, vi, mods=~ablat, data=escalc(measure="RR", …, data=dat.bcg))
    own, other = (
        regress(effects("bcg_RR"), {"ablat": DATA["ablat"]}, interval="normal"),
        METAFOR["bcg_RR_metareg_ablat"],
    )
    agrees([one.estimate for one in own.coefficients], other["beta"], 1e-7)  # made at metafor's own threshold
    agrees([one.se for one in own.coefficients], other["se"], 1e-6)
    agrees([one.p for one in own.coefficients], other["pval"], 1e-5)
    agrees(
        [own.tau2, own.r2, own.test, own.test_p, own.q],
        [other[one] for one in ("tau2", "R2", "QM", "QMp", "QE")],
        1e-5,
    )


def test_two_moderators_with_hartung_and_knapp_are_metafors() -> None:
    # > rma(yi, vi, mods=~ablat + year, data=…, test="knha", control=list(threshold=1e-12))
    own = regress(
        effects("bcg_RR"),
        {"ablat": DATA["ablat"], "year": DATA["year"]},
        interval="hartung-knapp-unfloored",
    )
    other = MORE["regression"]
    for name, of in (("beta", "estimate"), ("se", "se"), ("pval", "p"), ("ci.lb", "low"), ("ci.ub", "high")):
        agrees([getattr(one, of) for one in own.coefficients], other[name])
    agrees(
        [own.tau2, own.r2, own.test, own.test_p, own.q],
        [other[one] for one in ("tau2", "R2", "QM", "QMp", "QE")],
    )
    assert own["year"].p > 0.9
    assert own.df == 10


def test_the_floor_holds_here_too_and_says_so() -> None:
    data = [Effect(0.1 * place, 1.0) for place in range(6)]
    own = regress(data, {"place": [float(place) for place in range(6)]})
    assert own.floor_acted
    assert own.notes
    assert own["place"].se == pytest.approx(regress(data, {"place": range(6)}, interval="normal")["place"].se)


def test_a_moderator_in_another_unit_has_another_coefficient_and_the_same_p() -> None:
    one = regress(effects("bcg_RR"), {"x": DATA["ablat"]})["x"]
    two = regress(effects("bcg_RR"), {"x": [10 * value for value in DATA["ablat"]]})["x"]
    assert one.estimate == pytest.approx(10 * two.estimate, rel=1e-8)
    assert one.p == pytest.approx(two.p, rel=1e-7)


def test_subgroups_are_each_pooled_alone_and_compared() -> None:
    # > rma(yi, vi, subset=alloc=="random"), …, and the Q among their means by hand
    own = subgroups(effects("bcg_RR"), DATA["alloc"], interval="normal")
    assert list(own.groups) == ["random", "alternate", "systematic"]
    for name, group in own.groups.items():
        picked = [one for one, of in zip(effects("bcg_RR"), DATA["alloc"], strict=True) if of == name]
        assert group == pool(picked, interval="normal")
    means = np.array([one.estimate for one in own.groups.values()])
    weights = np.array([one.se**-2 for one in own.groups.values()])
    assert own.q == pytest.approx(
        float(weights @ means**2 - (weights @ means) ** 2 / weights.sum()), rel=1e-10
    )
    assert own.df == 2
    assert 0 < own.p < 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda e: regress(e, {}), "no moderator"),
        (lambda e: regress(e, {"x": [1.0]}), "x: 1 values for 4 effects"),
        (lambda e: regress(e, {"x": [1.0, 1.0, 1.0, 1.0]}), "constant"),
        (
            lambda e: regress(e, {"x": [1.0, 2.0, 3.0, 4.0], "y": [2.0, 4.0, 6.0, 8.0]}),
            "follows from the others",
        ),
        (lambda e: regress(e, {"x": [1.0, 2.0, float("nan"), 4.0]}), "x: a value is missing"),
        (lambda e: regress(e[:2], {"x": [1.0, 2.0]}), "2 trials for 2 coefficients"),
        (lambda e: subgroups(e, ["a", "b"]), "2 group names for 4 effects"),
        (lambda e: subgroups(e, ["a"] * 4), "one group, 'a'"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call([Effect(float(place), 1.0) for place in range(4)])  # type: ignore[operator]
