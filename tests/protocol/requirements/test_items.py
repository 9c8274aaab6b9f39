"""Each item of each list: a study file that meets it, and the same without what it asks for."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from entact.protocol import Release, load_study
from entact.protocol.explain import validate
from entact.protocol.measures import read_measures
from entact.protocol.requirements.answer import Answer, answer
from entact.protocol.requirements.compare import known_lists, read_list
from entact.protocol.requirements.timeline import Timeline

CASES: dict[str, dict[str, dict[str, Any]]] = YAML(typ="safe").load(Path(__file__).with_name("cases.yaml"))


@lru_cache
def base() -> dict[str, Any]:
    return dict(load_study("mapp3").newest.data)


def places(data: Any, steps: list[str]) -> Iterator[tuple[Any, Any]]:
    """Holder and key of every place of a pattern; visits and blinding go by their names, lists by numbers."""
    step, rest = steps[0], steps[1:]
    if isinstance(data, list):
        names = [str(one.get("visit") or one.get("role") or place) for place, one in enumerate(data)]
        keys: list[Any] = [place for place, name in enumerate(names) if step in ("*", name)]
    else:
        keys = list(data) if step == "*" else [step]
    for key in keys:
        if not rest:
            yield data, key
        elif isinstance(data, list) or key in data:
            yield from places(data[key], rest)


def changed(data: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    data = copy.deepcopy(data)
    for visit in data["schedule"]:
        if "at" in case and not re.match(case["at"], visit["visit"]):
            continue
        gone = set(case.get("undo", ()))
        visit["do"] = [done for done in visit.get("do", ()) if done not in gone]
        visit["timed"] = [one for one in visit.get("timed", ()) if one["do"] not in gone]
    for path, value in case.get("set", {}).items():
        for holder, key in list(places(data, path.split("."))):
            if value is None:
                del holder[key]
            else:
                holder[key] = value
    found = [one for path in case.get("drop", ()) for one in places(data, path.split("."))]
    for holder, key in sorted(found, key=lambda one: str(one[1]), reverse=True):
        if isinstance(holder, list):
            del holder[key]
        else:
            holder.pop(key, None)
    return data


def said_of(data: dict[str, Any], rule: Any) -> Answer | None:
    """What a rule says of a study; None where the data are no study file."""
    file, faults = validate(data)
    if file is None or faults:
        return None
    return answer(rule, Timeline(Release(b"", data, file), read_measures()))


@pytest.mark.parametrize("name", known_lists())
def test_every_rule_of_a_list_has_its_case(name: str) -> None:
    assert CASES[name].keys() == {item.id for item in read_list(name).items if item.rule is not None}


@pytest.mark.parametrize(("name", "item"), [(name, item) for name, items in CASES.items() for item in items])
def test_an_item_is_met_and_not_met(name: str, item: str) -> None:
    case = CASES[name][item]
    (rule,) = (one.rule for one in read_list(name).items if one.id == item)
    good = changed(base(), case["with"]) if "with" in case else base()
    met = said_of(good, rule)
    assert met is not None
    assert met.met, met.lacks
    failing = said_of(changed(good, case), rule)
    if case.get("refused"):
        assert failing is None
    else:
        assert failing is not None, "no study file"
        assert failing.met is False
        assert failing.lacks


HOLLOW = [
    (name, item, number)
    for name, items in CASES.items()
    for item, case in items.items()
    for number in range(len(case.get("hollow", ())))
]


@pytest.mark.parametrize(("name", "item", "number"), HOLLOW)
def test_what_has_the_name_alone_does_not_meet_it(name: str, item: str, number: int) -> None:
    case = CASES[name][item]
    (rule,) = (one.rule for one in read_list(name).items if one.id == item)
    found = said_of(changed(base(), case["hollow"][number]), rule)
    assert found is not None, "no study file"
    assert found.met is False
    assert found.lacks
