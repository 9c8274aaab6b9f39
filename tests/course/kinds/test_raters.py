"""Which ratings are rated again is found again by anybody; a second rating is no rating; who drifts waits."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from tests.course.conftest import Story

from entact.course import Entry, fold, fold_setting
from entact.course.gates.drift import against_rater
from entact.course.kinds.raters import is_drawn
from entact.protocol import Release, Study, load_study
from entact.protocol.order import order_of
from entact.protocol.release import canonical

SAID = {
    "share": 0.5,
    "value": "symptoms.total",
    "agreement": 0.8,
    "over": 4,
    "certificate": "symptoms_course",
}


@pytest.fixture(scope="module")
def rated(mini: Study) -> Study:
    data = {name: value for name, value in dict(mini.newest.data).items() if name != "order"}
    data["second_ratings"] = {"symptoms": SAID}
    data["order"] = order_of(data)
    return Study("mini", (Release.from_text(canonical(data)),))


def test_the_sample_is_of_its_share_and_the_same_for_everybody() -> None:
    hashes = [sha256(str(number).encode()).hexdigest() for number in range(4000)]
    drawn = [is_drawn(one, 0.1) for one in hashes]
    assert 330 < sum(drawn) < 470  # 400 expected; the hashes are fixed, so this is no chance
    assert drawn == [is_drawn(one, 0.1) for one in hashes]
    assert all(is_drawn(one, 0.5) for one, was in zip(hashes, drawn, strict=True) if was)
    assert all(is_drawn(one, 1.0) for one in hashes)


def test_a_second_rating_changes_no_value_and_one_alone_is_found(mini: Study) -> None:
    story = Story(mini)
    story.whole()
    before = fold(mini, story.entries)
    first = before.answers["symptoms"][-1]
    data = {"entry": first.entry, "form": "symptoms", "items": {"total": 70, "diagnosis": True}}
    story.write("second_rating", data, day=50, by="rater-2", role="rater")
    alone = story.write("second_rating", data, day=51, by=first.by, role="rater")
    strange = story.write("second_rating", {**data, "entry": "nothing"}, day=52, by="rater-3", role="rater")
    after = fold(mini, story.entries)
    assert after.answers["symptoms"] == before.answers["symptoms"]
    assert after.values(None, story.at(60), ever=True) == before.values(None, story.at(60), ever=True)
    assert len(after.noted["second_rating"]) == 3
    new = {(one.rule, one.entry) for name, one in after.findings.items() if name not in before.findings}
    assert new == {("second_rating_alone", alone.id), ("second_rating_of_nothing", strange.id)}


def _entry(study: Study, kind: str, day: int, **data: Any) -> Entry:
    at = f"2026-03-{day:02d}T10:00:00+00:00"
    return Entry(
        id=f"00000000-0000-7000-8000-{day:012d}",
        ledger="study:mini",
        kind=kind,
        release=study.newest.id,
        environment="rehearsal",
        occurred_at=at,
        recorded_at=at,
        by="coordinator-1",
        role="rater_coordinator",
        data=data,
    )


def reasons(study: Study, *entries: Entry, today: date = date(2026, 4, 1)) -> list[str]:
    raters = fold_setting(study, entries, ()).study.raters
    return [
        one.code for one in against_rater(study.newest, ["symptoms", "suicidality"], raters, "ada", today)
    ]


def test_no_certificate_an_ended_one_and_drift_each_keep_a_rater_from_rating(rated: Study) -> None:
    trained = {"person": "ada", "certificate": "symptoms_course", "issued": "2026-03-01"}
    good = _entry(rated, "rater_certified", 1, **trained, expires="2026-12-31")
    over = {"form": "symptoms", "agreement": "0.41", "limit": "0.8", "over": 4, "ratings": ["a"]}
    drifted = _entry(rated, "rater_drifted", 5, person="ada", **over)
    again = _entry(rated, "rater_certified", 9, **{**trained, "issued": "2026-03-09"}, expires="2026-12-31")
    assert reasons(rated) == ["rater_not_certified"]
    assert reasons(rated, good) == []
    assert reasons(rated, good, today=date(2026, 12, 31)) == []
    assert reasons(rated, good, today=date(2027, 1, 1)) == ["rater_certificate_ended"]
    assert reasons(rated, good, drifted) == ["rater_drifts"]
    for order in ((good, drifted, again), (again, drifted, good), (drifted, again, good)):
        assert reasons(rated, *order) == []  # trained again; whatever the order of arrival
    for issued, expected in (("2026-03-05", []), ("2026-03-04", ["rater_drifts"])):
        given = {
            **trained,
            "issued": issued,
            "expires": "2026-12-31",
        }  # on the day of the drift, or before it
        assert reasons(rated, good, drifted, _entry(rated, "rater_certified", 8, **given)) == expected
    other = _entry(rated, "rater_drifted", 6, person="bea", **over)
    assert reasons(rated, good, other) == []


def test_a_study_that_rates_nothing_again_keeps_nobody(mini: Study) -> None:
    assert reasons(mini) == []
    assert load_study("expanded-access").newest.file.second_ratings == {}
