"""Forms on the device: which items are asked, and what their answers score, held to what the server says."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from tests.console.deno import run

from entact.conduct.session.asking import form_of
from entact.protocol import CompiledForm, load_study
from entact.protocol.pad import SIMPLE
from entact.protocol.study import Item

BOTH = """
return given.forms.map(({form, cases}) => cases.map((items) => {
  const {values} = it.read(form, items);
  return values;
}));
"""
ASKED = """
return given.forms.map(({form, cases}) => cases.map((items) => Object.entries(form.items)
  .filter(([, item]) => item.when.length)
  .map(([name, item]) => [name, it.isAsked(item, items)])));
"""


def _draw(random: Random, item: Item) -> Any:
    if random.random() < 0.15:
        return {"missing": "not_done"}
    if item.type == "boolean":
        return random.random() < 0.5
    if item.type == "choice":
        return random.choice(item.of or [""])
    low, high = item.bounds or (0, 100)
    number = random.randrange(int(low) - 1, int(high) + 2) if random.random() < 0.3 else int(low)
    return f"{number} {item.unit}" if item.unit else number if item.type == "integer" else str(number)


def _forms() -> list[CompiledForm]:
    """The forms of dosing sessions and what a session may ask: mapp3 has the most of them."""
    names = ("c_ssrs", "impairment", "suds", "therapist_adherence", "vitals", "tolerability", "asked_events")
    forms = load_study("mapp3").newest.forms
    return [forms[name] for name in names]


@pytest.fixture(scope="module")
def drawn() -> list[tuple[CompiledForm, list[dict[str, Any]]]]:
    random = Random(14)
    found = []
    for form in _forms():
        cases = []
        for _ in range(60):
            entered = {name: one for name, one in form.items.items() if one.is_entered and one.type in SIMPLE}
            cases.append(
                {name: _draw(random, item) for name, item in entered.items() if random.random() < 0.9}
            )
        found.append((form, cases))
    return found


def test_forms_of_a_session_can_be_asked_without_a_network() -> None:
    for form in _forms():
        sent = form_of(form, True)
        assert sent["simple"], form.name
        assert set(sent["items"]) == {name for name, item in form.items.items() if item.is_entered}
        scores = {} if form.instrument is None else form.instrument.scores
        assert [one["name"] for one in sent["scores"]] == list(scores)


def test_answers_score_on_the_device_what_they_score_on_the_server(
    drawn: list[tuple[CompiledForm, list[dict[str, Any]]]],
) -> None:
    given = {"forms": [{"form": form_of(form, True), "cases": cases} for form, cases in drawn]}
    for (form, cases), told in zip(drawn, run("course.js", BOTH, given), strict=True):
        for items, values in zip(cases, told, strict=True):
            expected = form.values(items)
            found = {name: values.get(name) for name in expected}
            assert found == pytest.approx(expected), (form.name, items)


def test_an_item_is_asked_on_the_device_where_the_server_asks_it(
    drawn: list[tuple[CompiledForm, list[dict[str, Any]]]],
) -> None:
    plain = [
        (form, [{name: one for name, one in items.items() if isinstance(one, bool)} for items in cases])
        for form, cases in drawn
        if form.rules.conditions
    ]
    given = {"forms": [{"form": form_of(form, True), "cases": cases} for form, cases in plain]}
    counted = 0
    for (form, cases), told in zip(plain, run("scoring.js", ASKED, given), strict=True):
        for items, asked in zip(cases, told, strict=True):
            for name, said in asked:
                counted += 1
                assert said == form.is_asked(name, items, {}), (form.name, items, name)
    assert counted > 100
