"""Analyses that are tested together: by steps, by a graph, and at the level that earlier looks leave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from entact.analysis.family import Family
from entact.analysis.multiplicity import Graph
from entact.analysis.sequential import GroupSequential, LanDeMetsOBrienFleming

P = {"first": 0.01, "second": 0.04, "third": 0.03}
LOOKS = GroupSequential(information=(0.5, 1.0), alpha=0.025, sided=1, spending=LanDeMetsOBrienFleming())


def test_a_sequence_stops_at_the_first_that_is_not_rejected() -> None:
    found = Family("fixed_sequence", ("first", "second", "third"), 0.035).test(P)
    assert found.adjusted == {"first": 0.01, "second": 0.04, "third": 0.04}
    assert found.rejected == ("first",)


def test_what_could_not_be_tested_counts_as_not_rejected() -> None:
    found = Family("fixed_sequence", ("first", "lost", "third")).test({**P, "lost": None})
    assert found.rejected == ("first",)
    assert found.adjusted["third"] == 1.0


def test_a_graph_hands_on_what_was_rejected() -> None:
    graph = Graph({"first": 1.0, "second": 0.0}, {"first": {"second": 1.0}})
    found = Family("graphical", ("first", "second"), 0.05, graph).test(P)
    assert found.adjusted == pytest.approx({"first": 0.01, "second": 0.04})


def test_the_last_look_has_what_the_earlier_ones_leave() -> None:
    bound = LOOKS.boundaries().upper[-1]
    family = Family("fixed_sequence", ("only",), 0.05, looks=LOOKS)
    assert family.test({"only": 2 * float(norm.sf(bound))}).adjusted["only"] == pytest.approx(0.05, rel=1e-6)
    one_sided = Family("fixed_sequence", ("only",), 0.025, looks=LOOKS, two_sided=False)
    assert one_sided.test({"only": float(norm.sf(bound))}).adjusted["only"] == pytest.approx(0.025, rel=1e-6)


@given(
    st.floats(1e-6, 1.0),
    st.floats(1e-6, 1.0),
    st.sampled_from(["holm", "hochberg", "hommel", "fixed_sequence"]),
)
def test_nothing_is_rejected_more_easily_than_alone(one: float, two: float, procedure: str) -> None:
    found = Family(procedure, ("one", "two")).test({"one": one, "two": two})
    assert found.adjusted["one"] >= one
    assert found.adjusted["two"] >= two
