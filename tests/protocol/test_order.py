"""Named things keep their order in a release, of which canonical bytes know none."""

from __future__ import annotations

from typing import Any

from entact.protocol.order import in_order, order_of

DATA: dict[str, Any] = {
    "arms": {"placebo": {"title": "P"}, "mdma": {"title": "M"}, "low": {"title": "L"}},
    "sites": {"a": {"timezone": "UTC", "country": "CH"}, "b": {}},
    "forms": {
        "vitals": {"items": {"pulse": {"unit": "/min", "type": "integer"}, "age": {}}},
        "mood": {"items": {"x": {}, "y": {}}, "sections": {"second": {}, "first": {}}},
        "rows": {"items": {"list": {"items": {"z": {}, "b": {}}}}},
    },
    "analysis": {"sets": {"itt": "all", "asap": "some"}, "primary": {"set": "itt", "method": "ancova"}},
    "phase": 2,
}
ORDER = {
    "arms": ["placebo", "mdma", "low"],
    "forms": ["vitals", "mood", "rows"],
    "forms.vitals.items": ["pulse", "age"],
    "forms.mood.sections": ["second", "first"],
    "forms.rows.items.list.items": ["z", "b"],
    "analysis.sets": ["itt", "asap"],
}


def by_name(data: Any) -> Any:
    """As canonical bytes have it: every key in alphabetical order."""
    return {name: by_name(data[name]) for name in sorted(data)} if isinstance(data, dict) else data


def names(data: Any) -> Any:
    """Keys in their order."""
    return [(name, names(value)) for name, value in data.items()] if isinstance(data, dict) else data


def test_an_order_that_is_not_the_alphabet_s_is_said_of_what_has_names_of_its_own() -> None:
    assert order_of(DATA) == ORDER
    assert order_of(by_name(DATA)) == {}
    assert order_of({"arms": ["a"], "forms": None, "phase": 2}) == {}


def test_what_comes_back_stands_in_that_order_and_settings_stay_as_they_are() -> None:
    kept = {**by_name(DATA), "order": ORDER}
    again = in_order(kept)
    assert order_of(again) == ORDER
    assert {name: again[name] for name in DATA} == DATA
    assert list(again["sites"]["a"]) == ["country", "timezone"]
    assert list(again["analysis"]["primary"]) == ["method", "set"]
    assert kept == {**by_name(DATA), "order": ORDER}  # left as it was


def test_names_that_an_order_leaves_out_come_last_and_others_are_none() -> None:
    arms = {"c": {}, "b": {}, "a": {}, "d": {}}
    assert list(in_order({"arms": arms, "order": {"arms": ["d", "nobody", "b"]}})["arms"]) == list("dbac")
    for order in (None, [], {}, {"arms": "d"}, {"sites": ["d"]}):
        assert list(in_order({"arms": arms, "order": order})["arms"]) == list("abcd"), order
    assert names(in_order({"arms": arms})) == [("arms", [(name, []) for name in "abcd"])]
