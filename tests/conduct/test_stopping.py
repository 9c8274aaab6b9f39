"""The ways in which taking part ends: what follows is said first, and each leads to where it is entered."""

from __future__ import annotations

import html
import re

import pytest
from tests.conduct.browser import Browser, course_of
from tests.conduct.conftest import SignIn

from entact.protocol import Study

PAGE = "/participants/S-1/stop/"


@pytest.fixture
def ada(sign_in: SignIn, screened: str) -> Browser:
    return sign_in("ada", denver="investigator")


def test_each_way_says_what_follows_and_leads_to_a_page_that_takes_it(ada: Browser) -> None:
    page = ada.get(PAGE)
    for said in (
        "Screen failure",
        "Consent is taken back",
        "Treatment stops",
        "Lost to follow-up",
        "Death",
        "Erasure",
    ):
        assert said in page, said
    ways = [html.unescape(one) for one in re.findall(r'class="button" href="([^"]+)"', page)]
    assert len(ways) == 8
    for address in ways:
        ada.get(address)


def test_what_the_way_says_already_is_chosen(ada: Browser, screened: str, study: Study) -> None:
    page = ada.get(PAGE)
    lost = html.unescape(next(one for one in re.findall(r'href="([^"]+)"', page) if "lost_to" in one))
    shown = ada.get(lost)
    assert re.search(r'value="follow_up"\s+checked', shown)
    assert re.search(r'value="lost_to_follow_up"\s+(checked|selected)', shown)
    sent = {"shown": ["of", "decided_by", "cause"], "item:of": "follow_up", "item:decided_by": "investigator"}
    ada.post(
        "/participants/S-1/add/discontinuation/", {**sent, "item:cause": "lost_to_follow_up", "head": "9"}
    )
    assert course_of(study, screened).discontinued["follow_up"].is_lost
    ada.get("/participants/S-1/add/discontinuation/?item:of=nothing&item:cause=%01")


def test_only_who_may_enter_it_sees_the_ways(ada: Browser, sign_in: SignIn) -> None:
    for role in ("monitor", "pharmacist", "medical_monitor", "rater"):
        sign_in(role, everywhere=role).get(PAGE, status=404)
    sign_in("eve", haifa="investigator").get(PAGE, status=404)
