"""A sample of sessions is held against its checklist by a rater who met nobody and rates no outcome."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from tests.conduct.browser import Browser, course_of
from tests.conduct.conftest import SignIn
from tests.conduct.record import KEY, blinded_study, keep
from tests.course.conftest import Story

from entact import store
from entact.conduct.drift.domain import drawn_of, sampled
from entact.conduct.fidelity.domain import SampledSession, sample_of
from entact.conduct.reader import Folded, Reader, reader_as
from entact.course import findings, fold, read
from entact.course.fold import Broken
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
            "data_class": "adherence",
            "items": {
                "music_explained": {"type": "boolean"},
                "inner_focus": {"type": "boolean"},
                "kept": {"type": "integer", "range": "0 .. 2"},
            },
        }
        data["roles"] |= {"monitor": "reads all", "rater_coordinator": "gives raters assessments"}
        none = ["allocation", "guesses", "rater_scores"]
        data["blinding"].append({"role": "monitor", "hidden": none, "until": "lock"})
        data["blinding"].append(
            {"role": "rater_coordinator", "hidden": [*none, "adherence"], "until": "lock"}
        )
        data["second_ratings"] = {
            "adherence": {
                "share": 1,
                "value": "adherence.kept",
                "category": "adherence.inner_focus",
                "agreement": 0.7,
            }
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


def test_nobody_is_folded_of_whom_no_session_is_drawn(
    study: Study, ledgers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Visits end at everybody's, and half of their endings would be drawn too."""
    asked: list[str] = []
    folded = Reader.folded

    def noted(reader: Reader, names: Sequence[str]) -> dict[str, Folded | Broken]:
        asked.extend(names)
        return folded(reader, names)

    monkeypatch.setattr(Reader, "folded", noted)
    sample_of(reader_as("adherence_rater"))
    assert set(asked) == {ledger for ledger, _ in drawn(study, ledgers)}


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
        "shown": ["music_explained", "inner_focus", "kept"], "head": head_of(rater.get(addresses[0])),
        "item:music_explained": "true", "item:inner_focus": "false", "item:kept": "1",
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
    was_there = sign_in(there, everywhere="adherence_rater")
    page = was_there.get("/fidelity/")
    assert first.standing.number in page
    assert f"/participants/{first.standing.key}/" not in page
    address = address_of(first)
    assert "somebody who has no part in it rates the session" in was_there.get(address)
    before = len(list(store.lines(first.standing.ledger)))
    sent = {"shown": ["inner_focus"], "head": "9999", "item:inner_focus": "true"}
    assert "somebody who has no part in it rates the session" in was_there.post(address, sent, status=403)
    was_there.post(f"{address}look/", sent, status=404)
    assert len(list(store.lines(first.standing.ledger))) == before


def test_what_reaches_the_record_by_who_was_there_is_found(study: Study) -> None:
    story = Story(study).whole()
    session: dict[str, Any] = {"day": 20, "encounter": "session_1#1", "role": "adherence_rater"}
    filled = {"form": "adherence", "items": {"music_explained": True, "inner_focus": True, "kept": 2}}
    there = next(one.by for one in story.entries if one.kind == "dose")
    wrong = story.write("form", filled, by=there, **session)
    story.write("form", filled, minute=5, by="ari", **session)
    rules = [
        (one.rule, one.entry)
        for one in findings(fold(study, story.entries), story.at(30))
        if one.rule == "rated_by_attendant"
    ]
    assert rules == [("rated_by_attendant", wrong.id)]


def test_raters_are_held_against_each_other_on_the_page_and_see_themselves_alone(
    study: Study, ledgers: list[str], sign_in: SignIn
) -> None:
    sample = sample_of(reader_as("adherence_rater"))
    ari, bo = (sign_in(name, everywhere="adherence_rater") for name in ("ari", "bo"))
    for number, one in enumerate(sample):
        rate(ari, address_of(one), number % 3)
    tokens = re.findall(r'href="(/again/[\w=-]+/)"', bo.get("/again/"))
    assert len(tokens) == len(sample)
    assert not re.findall(r'href="(/again/[\w=-]+/)"', ari.get("/again/"))  # nobody rates their own again
    for number, token in enumerate(tokens):
        shown = ["music_explained", "inner_focus", "kept"]
        sent = {"shown": shown, "item:music_explained": "true", "item:inner_focus": "true"}
        bo.post(token, sent | {"item:kept": str(number % 3)})
    mine = bo.get("/fidelity/")
    assert "Agreement of raters: Content of a dosing session" in mine
    assert f">all raters</th><td>{len(sample)}</td>" in mine
    assert '<th scope="row">ari' not in mine  # another's figures are for who oversees
    assert '<th scope="row">ari' in ari.get("/fidelity/")
    over = sign_in("mo", everywhere="monitor").get("/fidelity/")
    assert '<th scope="row">ari' in over
    assert f'href="{address_of(sample[0])}"' in over  # to read it
    drawn = drawn_of(reader_as("monitor"), "adherence", sampled(reader_as("monitor"))["adherence"])
    names = {one.recording for one in drawn}
    assert len(names) == len(sample)
    assert all(name in over and name not in mine for name in names)  # whoever hands out recordings finds it
    sign_in("cora", everywhere="rater_coordinator").get("/fidelity/", 404)


def address_of(one: SampledSession) -> str:
    return f"/participants/{one.standing.key}/{one.encounter.replace('#', '.')}/adherence/"


def rate(rater: Browser, address: str, kept: int) -> None:
    page = rater.get(address)
    sent: dict[str, Any] = {"shown": ["music_explained", "inner_focus", "kept"], "head": head_of(page)}
    sent |= {"item:music_explained": "true", "item:inner_focus": "true", "item:kept": str(kept)}
    rater.post(address, sent)
