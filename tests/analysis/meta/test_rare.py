"""Rare events without a half: against metafor, and where a ratio has no value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.meta.golden import METAFOR, MORE, agrees, bcg, catheters

from entact.analysis.meta import Counts, TwoByTwo, cochran_mantel_haenszel, mantel_haenszel, peto


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_mantel_and_haenszel_are_metafors(measure: str) -> None:
    # > rma.mh(measure="OR", ai=ai, n1i=n1i, ci=ci, n2i=n2i, data=dat.nielweise2007)
    own, other = mantel_haenszel(catheters(), measure), MORE["mh"][measure]
    agrees([own.estimate, own.se, own.low, own.high], [other["beta"], other["se"], *other["ci"]], 1e-12)
    if measure != "RD":
        of_bcg, bcg_other = mantel_haenszel(bcg(), measure), METAFOR[f"bcg_MH_{measure}"]
        agrees(
            [of_bcg.estimate, of_bcg.se, of_bcg.low, of_bcg.high],
            [bcg_other["beta"], bcg_other["se"], *bcg_other["ci"]],
        )
        assert own.left_out == ("15",)
        assert any(note.startswith("15: no event") for note in own.notes)
    else:
        assert own.left_out == ()


def test_peto_and_the_test_are_metafors() -> None:
    # > rma.peto(…), rma.mh(…)$MH
    own = peto(catheters())
    agrees([own.estimate, own.se, own.q], [MORE["peto"][one] for one in ("beta", "se", "QE")], 1e-12)
    agrees(cochran_mantel_haenszel(catheters()), [MORE["mh"]["test"]["MH"], MORE["mh"]["test"]["MHp"]], 1e-12)
    own, other = peto(bcg()), METAFOR["bcg_Peto_OR"]
    agrees([own.estimate, own.se, own.low, own.high], [other["beta"], other["se"], *other["ci"]])
    agrees(cochran_mantel_haenszel(bcg()), [METAFOR["bcg_MH_OR"]["MH"], METAFOR["bcg_MH_OR"]["MHp"]])
    assert own.q_df == 12
    assert peto(catheters()).left_out == ("15",)


tables = st.lists(
    st.builds(
        lambda a, b, c, d: TwoByTwo(Counts(a, a + b), Counts(c, c + d)),
        st.integers(0, 5), st.integers(1, 60), st.integers(0, 5), st.integers(1, 60),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@given(tables, st.sampled_from(["OR", "RR", "RD"]))
def test_arms_exchanged_turn_the_sign_or_there_is_no_value_either_way(
    data: list[TwoByTwo], measure: str
) -> None:
    turned = [TwoByTwo(one.second, one.first) for one in data]
    for call in (lambda t: mantel_haenszel(t, measure), peto):
        try:
            own = call(data)
        except ValueError:
            with pytest.raises(ValueError, match=r"no event|both an event"):
                call(turned)
            continue
        other = call(turned)
        assert own.estimate == pytest.approx(-other.estimate, abs=1e-12)
        assert own.se == pytest.approx(other.se)


@given(tables)
def test_trials_without_an_event_change_no_ratio(data: list[TwoByTwo]) -> None:
    try:
        own = mantel_haenszel(data, "OR")
    except ValueError:
        return
    other = mantel_haenszel([*data, TwoByTwo(Counts(0, 50), Counts(0, 60), "none")], "OR")
    assert (own.estimate, own.se) == pytest.approx((other.estimate, other.se))
    assert "none" in other.left_out


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: mantel_haenszel([]), "no trial to pool"),
        (lambda: mantel_haenszel([TwoByTwo(Counts(0, 5), Counts(3, 5))]), "odds ratio has no value"),
        (lambda: mantel_haenszel([TwoByTwo(Counts(0, 5), Counts(0, 5))], "RD"), "no event in any trial"),
        (lambda: mantel_haenszel([TwoByTwo(Counts(1, 5), Counts(3, 5))], "HR"), "RR, OR or RD"),
        (lambda: peto([TwoByTwo(Counts(0, 5), Counts(0, 5))]), "both an event"),
        (lambda: cochran_mantel_haenszel([TwoByTwo(Counts(5, 5), Counts(5, 5))]), "nothing to test"),
    ],
)
def test_what_has_no_value_is_refused_in_words(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]
