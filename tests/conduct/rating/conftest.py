"""A small study whose assessments are rated apart from the sites, and somebody who is to be rated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.conduct.browser import Browser, keep_screened
from tests.conduct.conftest import SignIn
from tests.conduct.record import blinded_study

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
    data["schedule"][2]["do"].append("guess")
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
