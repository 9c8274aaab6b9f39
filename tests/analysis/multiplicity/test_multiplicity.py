"""Adjusted p values against R, against closed testing done in full, and against gsDesign's tables."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entact.analysis.multiplicity import (
    Graph,
    fixed_sequence,
    graph_chart,
    graphical,
    hierarchical,
    hochberg,
    holm,
    hommel,
    repeated_p,
)
from entact.analysis.multiplicity.graph import handed_on
from entact.analysis.sequential import GroupSequential

P = {"a": 0.01, "b": 0.022, "c": 0.024, "d": 0.09, "e": 0.5}
# copied from R output of:
# > p <- c(0.01, 0.022, 0.024, 0.09, 0.5)
# > for (m in c("holm", "hochberg", "hommel")) print(p.adjust(p, m), digits = 10)
R = {
    "holm": [0.050, 0.088, 0.088, 0.180, 0.500],
    "hochberg": [0.050, 0.072, 0.072, 0.180, 0.500],
    "hommel": [0.040, 0.066, 0.072, 0.180, 0.500],
}


@pytest.mark.parametrize("name", R)
def test_the_steps_are_those_of_r(name: str) -> None:
    way = {"holm": holm, "hochberg": hochberg, "hommel": hommel}[name]
    assert list(way(P).adjusted.values()) == pytest.approx(R[name], rel=1e-9)
    backwards = way(dict(reversed(P.items())))
    assert backwards.adjusted == pytest.approx(way(P).adjusted)


def test_a_fixed_sequence_stops_at_the_first_that_is_not_rejected() -> None:
    found = fixed_sequence({"first": 0.01, "second": 0.2, "third": 0.001})
    assert found.adjusted == {"first": 0.01, "second": 0.2, "third": 0.2}
    assert found.rejected == ("first",)
    assert "second: p 0.2, adjusted 0.2, not rejected" in str(found)
    assert found.to_polars()["rejected"].to_list() == [True, False, False]


probabilities = st.lists(st.floats(0.0001, 1), min_size=3, max_size=3)


@settings(max_examples=50)
@given(
    probabilities,
    st.lists(st.floats(0, 1), min_size=3, max_size=3),
    st.lists(st.floats(0, 1), min_size=6, max_size=6),
)
def test_a_graph_is_closed_testing_with_weighted_bonferroni(
    p: list[float], weights: list[float], shares: list[float]
) -> None:
    """Every intersection with the weights that the graph leaves it, in any order of the others' leaving."""
    total = sum(weights) or 1.0
    names = ("a", "b", "c")
    w = {name: one / total for name, one in zip(names, weights, strict=True)}
    g = {
        first: {
            second: share / max(1.0, sum(shares[2 * k : 2 * k + 2]))
            for second, share in zip([n for n in names if n != first], shares[2 * k : 2 * k + 2], strict=True)
        }
        for k, first in enumerate(names)
    }
    graph = Graph(w, g)
    found = graphical(dict(zip(names, p, strict=True)), graph).adjusted
    worst = dict.fromkeys(names, 0.0)
    for size in (1, 2, 3):
        for kept in combinations(range(3), size):
            weight, transition = graph.arrays()
            for gone in set(range(3)) - set(kept):
                weight, transition = handed_on(weight, transition, gone)
            own = min((p[k] / weight[k] if weight[k] > 1e-12 else np.inf) for k in kept)
            for k in kept:
                worst[names[k]] = max(worst[names[k]], min(1.0, own))
    assert found == pytest.approx(worst, rel=1e-9)


def test_equal_weights_that_are_handed_on_are_holms() -> None:
    names = list(P)
    g = {a: {b: 1 / 4 for b in names if b != a} for a in names}
    found = graphical(P, Graph(dict.fromkeys(names, 1 / 5), g))
    assert found.adjusted == pytest.approx(holm(P).adjusted, rel=1e-9)


def test_a_graph_that_is_none_is_refused() -> None:
    for weights, transitions, message in (
        ({"a": 0.7, "b": 0.5}, {}, "at most 1 together"),
        ({"a": 1.0}, {"a": {"a": 1.0}}, "to itself"),
        ({"a": 1.0}, {"a": {"b": 1.0}}, "there is no hypothesis 'b'"),
        ({"a": 0.5, "b": 0.5}, {"a": {"b": 1.5}}, "at most 1"),
        ({}, {}, "no hypothesis"),
    ):
        with pytest.raises(ValueError, match=message):
            Graph(weights, transitions)
    with pytest.raises(ValueError, match="the graph has a"):
        graphical({"b": 0.1}, Graph({"a": 1.0}))
    with pytest.raises(ValueError, match="lies between 0 and 1"):
        holm({"a": 1.2})


DESIGN = GroupSequential(information=(0.5, 1.0))


def test_the_repeated_p_of_a_bound_is_the_alpha_that_it_was_made_for() -> None:
    for alpha in (0.025, 0.01, 0.2):
        design = GroupSequential(information=(0.5, 1.0), alpha=alpha)
        upper = design.boundaries().upper
        assert repeated_p([upper[0]], DESIGN) == pytest.approx(alpha, rel=1e-6)
        assert repeated_p([0.0, upper[1]], DESIGN) == pytest.approx(alpha, rel=1e-6)
    assert repeated_p([-3.0], DESIGN) == 0.5


def test_one_hypothesis_is_its_group_sequential_test() -> None:
    upper = DESIGN.boundaries().upper
    for last, rejected in ((upper[1] + 1e-6, ("a",)), (upper[1] - 1e-6, ())):
        found = hierarchical({"a": [0.5, last]}, Graph({"a": 1.0}), DESIGN)
        assert found.rejected == rejected


def test_a_level_that_is_handed_on_rejects_what_it_did_not_before() -> None:
    graph = Graph({"a": 1.0, "b": 0.0}, {"a": {"b": 1.0}})
    looks = {"a": [1.0, 2.5], "b": [3.2, 1.0]}
    found = hierarchical(looks, graph, {"a": DESIGN, "b": DESIGN})
    assert found.rejected == ("a", "b")  # b by its first look, once a was rejected
    assert hierarchical({**looks, "a": [1.0, 1.0]}, graph, DESIGN).rejected == ()
    with pytest.raises(ValueError, match="b has no design"):
        hierarchical(looks, graph, {"a": DESIGN})


def test_a_graph_is_drawn_with_its_weights_and_shares() -> None:
    graph = Graph({"a": 0.5, "b": 0.5}, {"a": {"b": 1.0}, "b": {"a": 0.25}})
    chart = graph_chart(graph).to_json()
    assert "a (0.5)" in chart
    assert "0.25" in chart
