"""A person keeps a level: whatever is asked twice is answered much the same, and facts not otherwise."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from tests.cohort.rehearsals import Rehearsed, template

from entact.cohort import rehearse
from entact.cohort.answers import Answer
from entact.cohort.scale import scale_of
from entact.protocol.study import Item

PCL5 = "  pcl5:   {instrument: pcl5, by: participant, data_class: outcome}"
INTEGRATION = "kind: integration, lasts: 90 min, do: ["
TWICE = {INTEGRATION: INTEGRATION + "pcl5, mood, participant, "}
MOOD = (
    "\n  mood: {items: {low: {type: integer, range: 0 .. 10}, tired: {type: boolean}, "
    "sleep: {type: choice, of: [good, fair, poor]}, hours: {type: decimal, unit: h, range: 2 .. 12}}}"
)
LAST = {"slack: 7 d, kind: end, do: [": "slack: 7 d, kind: end, do: [mood, participant, "}


def plain(range_: str, kind: str = "integer") -> dict[str, str]:
    """The template with a total that is entered as it is, and asked at three visits."""
    item = f"items: {{total: {{type: {kind}, range: {range_}}}}}"
    form = f"  pcl5:   {{by: participant, data_class: outcome, {item}}}"
    return {PCL5: form + MOOD, **TWICE, **LAST}


def within_arms(rehearsed: Rehearsed, form: str, item: str) -> list[float]:
    """Correlation of an item between each two visits, within the arms."""
    arms = rehearsed.trial.allocation.arms()
    of: dict[str, dict[str, dict[str, float]]] = {}
    for name, course in rehearsed.randomised.items():
        for (asked, encounter), answers in course.forms.items():
            value = answers.values.get(item)
            if asked == form and value is not None and encounter is not None:
                arm = of.setdefault(arms[course.randomisation.number], {})
                arm.setdefault(encounter.partition("#")[0], {})[name] = float(value)
    found = []
    for visits in of.values():
        for one, other in combinations(visits, 2):
            both = sorted(visits[one].keys() & visits[other].keys())
            x, y = ([visits[visit][name] for name in both] for visit in (one, other))
            if len(both) > 8 and np.std(x) and np.std(y):
                found.append(float(np.corrcoef(x, y)[0, 1]))
    assert found
    return found


@pytest.mark.parametrize(
    ("range_", "kind"),
    [("0 .. 80", "integer"), ("0 .. 144", "integer"), ("0 .. 1000", "integer"), ("0 .. 80", "decimal")],
)
def test_a_plain_total_keeps_its_level_however_wide_its_range(range_: str, kind: str) -> None:
    changes = plain(range_, kind)
    if kind == "decimal":
        changes |= {"rule: pcl5.total >= 33": "rule: pcl5.total >= 33.0"}
    rehearsed = Rehearsed(study := template(changes), rehearse(study, 40, seed=3))
    assert np.mean(within_arms(rehearsed, "pcl5", "total")) > 0.5
    assert rehearsed.trial.findings == []


def test_what_no_endpoint_measures_keeps_its_level_too() -> None:
    rehearsed = Rehearsed(study := template(plain("0 .. 80")), rehearse(study, 40, seed=3))
    for item in ("low", "hours"):
        assert np.mean(within_arms(rehearsed, "mood", item)) > 0.45, item
    assert np.mean(within_arms(rehearsed, "mood", "tired")) > 0.2
    for course in rehearsed.courses.values():  # a fact is a fact, but for a slip of the pen
        told = [answers.values["sex"] for answers in course.answers.get("participant", ())]
        assert len({*told} - {None}) <= 1


def test_a_steady_answer_has_the_shares_and_spread_of_any() -> None:
    random, people = np.random.default_rng(5), np.random.default_rng(6).standard_normal(4000)
    item = Item(type="boolean")
    yes = np.array(
        [[Answer(chance=0.3, steady=0.7).draw(item, {}, random, one) for one in people] for _ in "ab"]
    )
    assert yes.mean() == pytest.approx(0.3, abs=0.02)
    assert 0.4 < np.corrcoef(yes[0], yes[1])[0, 1] < 0.7
    number = Answer(mean=5.0, sd=2.0, decimals=3, steady=0.7)
    drawn = np.array(
        [[float(number.draw(Item(type="decimal"), {}, random, one)) for one in people] for _ in "ab"]
    )
    assert drawn.mean() == pytest.approx(5.0, abs=0.1)
    assert drawn.std() == pytest.approx(2.0, abs=0.06)
    assert np.corrcoef(drawn[0], drawn[1])[0, 1] == pytest.approx(0.7, abs=0.03)


def test_an_answer_that_is_not_steady_is_drawn_as_ever() -> None:
    one, other = np.random.default_rng(5), np.random.default_rng(5)
    answer, item = Answer(mean=5.0, sd=2.0, decimals=3), Item(type="decimal")
    assert [answer.draw(item, {}, one, 2.0) for _ in range(5)] == [
        answer.draw(item, {}, other) for _ in range(5)
    ]


@pytest.mark.parametrize("most", [80, 144, 399, 400, 1000, 4321])
def test_a_wide_scale_goes_from_end_to_end(most: int) -> None:
    form = template(plain(f"0 .. {most}")).newest.forms["pcl5"]
    (answers,) = scale_of(form, "total").items.values()
    assert (answers[0], answers[-1]) == (0, most)
    assert len(answers) == len(set(answers)) <= 402
    assert list(answers) == sorted(answers)
