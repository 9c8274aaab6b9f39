"""A small study whose assessments are rated apart from the sites, and somebody who is to be rated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.conduct.browser import Browser, keep_screened
from tests.conduct.conftest import SignIn
from tests.conduct.record import KEY, blinded_study, keep
from tests.course.conftest import Story

from entact import store
from entact.protocol import Study

BASELINE = "/participants/S-1/baseline.1/"
EVENT = "the crash on the bridge"


def rated_apart(data: dict[str, Any]) -> None:
    """An index event, a questionnaire that raters are not shown, and scores that no site sees."""
    data["languages"] = ["en", "de"]
    data["forms"]["index_event"] = {
        "title": "Event that the ratings refer to",
        "lasting": True,
        "data_class": "rater_brief",
        "items": {"event": {"type": "text", "title": "Index event"}},
    }
    data["forms"]["symptoms"]["items"]["total"]["shows"] = "baseline.symptoms.total"
    data["forms"]["symptoms"]["items"]["half"] = {
        "type": "decimal",
        "calculated": "double(total) / 2.0",
    }
    data["schedule"][0]["do"].append("index_event")
    outcome = next(one for one in data["schedule"] if one["visit"] == "outcome")
    outcome["do"].append("guess")
    for role in ("investigator", "therapist"):
        hidden = ["allocation", "rater_scores", "guesses"]
        data["blinding"].append({"role": role, "hidden": hidden, "until": "lock"})


@pytest.fixture(scope="session")
def study() -> Study:
    return blinded_study(rated_apart)


@pytest.fixture
def ledger(study: Study, database: str) -> str:
    return keep_screened(study)


@pytest.fixture
def ada(ledger: str, sign_in: SignIn) -> Browser:
    """An investigator at Denver, who has entered the index event and booked the baseline."""
    ada = sign_in("ada", denver="investigator")
    ada.post(
        "/participants/S-1/screening.1/index_event/",
        {"head": "9", "shown": ["event"], "item:event": EVENT},
    )
    ada.post(BASELINE, {"do": "book", "at": "2026-05-03T10:00"})
    return ada


@pytest.fixture
def ruth(ada: Browser, sign_in: SignIn) -> Browser:
    """A rater."""
    return sign_in("ruth", everywhere="rater")


@pytest.fixture
def settings_video() -> Iterator[str]:
    """Where the calls of the study take place."""
    from django.test import override_settings

    with override_settings(VIDEO="https://meet.example.org/{room}"):
        yield "https://meet.example.org/"


@pytest.fixture
def treated(study: Study, database: str, sign_in: SignIn) -> str:
    """Somebody who was rated at baseline and treated, whose outcome is booked; the ledger's name."""
    story = Story(study)
    story.whole()
    story.entries = [one for one in story.entries if one.encounter not in ("outcome#1", "closing#1")]
    (ledger,) = keep(study, story)
    store.keep_keys({ledger.name: KEY})
    ada = sign_in("ada", denver="investigator")
    ada.post("/participants/1-001/outcome.1/", {"do": "book", "at": "2026-05-03T10:00"})
    return ledger.name
