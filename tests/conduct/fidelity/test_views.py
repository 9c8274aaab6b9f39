"""A sample of sessions is held against its checklist by a rater who met nobody and rates no outcome."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conduct.browser import course_of
from tests.conduct.conftest import SignIn
from tests.conduct.record import KEY, blinded_study, keep
from tests.course.conftest import Story

from entact import store
from entact.conduct.fidelity.domain import sample_of
from entact.conduct.reader import reader_as
from entact.course import read
from entact.course.kinds.raters import is_drawn
from entact.protocol import Study

SHARE = 0.5


@pytest.fixture(scope="module")
def study() -> Study:
    """The small study, half of whose dosing sessions are held against a checklist."""

    def change(data: dict[str, Any]) -> None:
        data["roles"]["adherence_rater"] = "holds recordings of sessions against the manual"
        hidden = ["allocation", "adverse_events", "guesses"]
        data["blinding"].append({"role": "adherence_rater", "hidden": hidden, "until": "lock"})
        data["forms"]["adherence"] = {
            "title": "Content of a dosing session",
            "by": "adherence_rater",
            "items": {"music_explained": {"type": "boolean"}, "inner_focus": {"type": "boolean"}},
        }
        data["fidelity"] = {"dosing": {"form": "adherence", "share": SHARE}}

    return blinded_study(change)


@pytest.fixture
def ledgers(study: Study, database: str) -> list[str]:
    """Eight participants, each with one dosing session that is over."""
    stories = [Story(study) for _ in range(8)]
    for story in stories:
        story.whole()
    kept = keep(study, *stories)
    store.keep_keys({ledger.name: KEY for ledger in kept})
    return [ledger.name for ledger in kept]


def drawn(study: Study, ledgers: list[str]) -> set[tuple[str, str]]:
    """The sample as anybody finds it from the lines alone: ledger and encounter."""
    found = set()
    for name in ledgers:
        for line in store.lines(name):
            entry = read(line.text)
            ends = entry.kind == "encounter" and entry.data["status"] == "ended"
            if ends and (entry.encounter or "").startswith("session_") and is_drawn(line.hash, SHARE):
                found.add((name, entry.encounter or ""))
    return found


def test_the_sample_is_that_which_follows_from_the_chain_and_is_rated_once(
    study: Study, ledgers: list[str], sign_in: SignIn
) -> None:
    expected = drawn(study, ledgers)
    assert 0 < len(expected) < 8
    sample = sample_of(reader_as("adherence_rater"))
    assert {(one.standing.ledger, one.encounter) for one in sample} == expected
    rater = sign_in("ari", everywhere="adherence_rater")
    page = rater.get("/fidelity/")
    assert "50% of dosing sessions by “Content of a dosing session”" in page
    addresses = [
        f"/participants/{one.standing.key}/{one.encounter.replace('#', '.')}/adherence/" for one in sample
    ]
    assert all(page.count(f'href="{one}"') == 1 for one in addresses)
    assert "Content of a dosing session" in rater.get(addresses[0])
    sent = {
        "shown": ["music_explained", "inner_focus"], "head": head_of(rater.get(addresses[0])),
        "item:music_explained": "true", "item:inner_focus": "false",
    }  # fmt: skip
    rater.post(addresses[0], sent)
    rated = [one for one in sample_of(reader_as("adherence_rater")) if one.rated_by]
    assert [(one.standing.ledger, one.rated_by) for one in rated] == [(sample[0].standing.ledger, "ari")]
    assert course_of(study, sample[0].standing.ledger).answers["adherence"][0].values["inner_focus"] is False
    assert '<h2 id="rated">Rated</h2>' in rater.get("/fidelity/")


def head_of(page: str) -> str:
    return page.split('name="head" value="')[1].partition('"')[0]


def test_who_was_there_or_rates_outcomes_rates_no_session(
    study: Study, ledgers: list[str], sign_in: SignIn
) -> None:
    sign_in("ines", denver="investigator").get("/fidelity/", 404)
    sign_in("rita", everywhere="rater").get("/fidelity/", 404)
    (first, *_) = sample_of(reader_as("adherence_rater"))
    there = next(read(line.text).by for line in store.lines(first.standing.ledger))
    page = sign_in(there, everywhere="adherence_rater").get("/fidelity/")
    assert first.standing.number in page
    assert f"/participants/{first.standing.key}/" not in page
