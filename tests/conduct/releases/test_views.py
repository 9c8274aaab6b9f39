"""Releases are entered, and sites may work under one, by who answers for that and signs it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.conduct.people import PASSWORD, code, give_password, signed_in
from tests.conduct.record import keep
from tests.conduct.releases.test_preview import _with_manager, amended, base
from tests.conduct.test_today import tasks
from tests.course.conftest import Story

from entact import store
from entact.conduct.delegation import state_of
from entact.course import Entry, read
from entact.protocol import Study, load_study
from entact.store.studies import study_of_record

PAGE, TRIED = "/releases/", "/releases/preview/"
VOTE = "vote 2026-00123 of the ethics committee, 3 May 2026"


@pytest.fixture
def study(database: str, tmp_path: Path) -> Study:
    """The small study with a data manager, of which no site may work yet."""
    path = tmp_path / "study.yaml"
    path.write_text(_with_manager(base()), encoding="utf-8")
    study = load_study(path)
    keep(study, Story(study))
    return study


def manager() -> Any:
    signed_in("data_manager")
    give_password("data_manager")
    return signed_in("data_manager")


def text(answer: Any, status: int = 200) -> str:
    page = str(answer.content.decode())
    assert answer.status_code == status, page
    return page


def field(page: str, name: str) -> str:
    (found,) = re.findall(rf'name="{name}" value="([^"]*)"', page)
    return str(found)


def opened(browser: Any, answered: int = 302, **changed: str) -> str:
    """Sends that Denver may work, or what is changed in that."""
    sent = {"site": "denver", "status": "active", "release": "1.0", "reason": VOTE, "password": PASSWORD}
    seen = {"seen": field(text(browser.get(PAGE)), "seen")} if "seen" not in changed else {}
    return text(browser.post(PAGE, sent | {"code": code()} | seen | changed), answered)


def said(site: str = "denver") -> list[Entry]:
    entries = (read(line.text) for line in store.lines(f"site:{site}"))
    return [one for one in entries if one.kind == "activation"]


def entered(browser: Any, raw: bytes, status: int = 302, **changed: str) -> str:
    """Tries a release, and sends that it is to be entered, or what is changed in that."""
    page = text(browser.post(TRIED, {"file": SimpleUploadedFile("1.1.yaml", raw)}))
    sent = {name: field(page, name) for name in ("text", "expected")} | {"do": "enter", "reason": VOTE}
    answer = browser.post(TRIED, sent | {"password": PASSWORD, "code": code()} | changed)
    return text(answer, status)


@pytest.mark.requirement("R23")
def test_a_site_works_from_when_it_is_said_and_by_whom(study: Study) -> None:
    browser = manager()
    assert any("not activated" in one for one in tasks(text(browser.get("/"))))
    assert "Nobody can be enrolled or treated here yet" in text(signed_in("investigator", "denver").get(PAGE))
    opened(browser)
    (entry,) = said()
    assert (entry.kind, entry.role, entry.reason) == ("activation", "data_manager", VOTE)
    assert entry.data == {"release": study.newest.id, "status": "active", "timezone": "America/Denver"}
    assert entry.authenticated is not None
    assert entry.authenticated.second is not None
    assert state_of("denver").active
    page = text(browser.get(PAGE))
    assert VOTE in page
    assert not any("denver" in one and "not activated" in one for one in tasks(text(browser.get("/"))))
    opened(browser, status="held", reason="inspection")
    assert not state_of("denver").active


def test_what_cannot_be_said_of_a_site_is_refused_and_writes_nothing(study: Study) -> None:
    browser = manager()
    for changed, why in (
        ({"password": "wrong"}, "password"),
        ({"reason": " "}, "on what it rests"),
        ({"reason": "a\0b"}, "on what it rests"),
        ({"site": "nowhere"}, "has a site nowhere"),
        ({"release": "9"}, "choose one of the releases"),
        ({"status": "open"}, "choose one of the releases"),
        ({"seen": "0" * 64}, "read it again"),
    ):
        assert why in opened(browser, 422, **changed).lower(), changed
    assert said() == []
    opened(browser)
    assert "already" in opened(browser, 422)
    assert len(said()) == 1


@pytest.mark.requirement("R23")
def test_a_release_is_entered_as_it_was_tried_and_counts_where_it_is_approved(study: Study) -> None:
    browser = manager()
    opened(browser)
    raw = amended()
    entered(browser, raw)
    now = study_of_record()[1]
    assert now is not None
    assert [one.file.release for one in now.releases] == ["1.0", "1.1"]
    (entry,) = [one for one in map(read, (line.text for line in store.lines("study:mini"))) if one.reason]
    assert (entry.kind, entry.reason, entry.role) == ("release", VOTE, "data_manager")
    assert entry.authenticated is not None
    assert entry.authenticated.second is not None
    assert "release 1.1 is not approved here" in text(browser.get(PAGE))
    assert any("1.1 is not approved" in one for one in tasks(text(browser.get("/"))))
    investigator = signed_in("investigator", "denver")
    before = text(investigator.get("/"))
    assert "site denver works under 1.0" in before
    assert "at most 140" in before
    opened(browser, release="1.1")
    now_there = text(investigator.get("/"))
    assert "works under" not in now_there
    assert "at most 135" in now_there
    after = study_of_record()[1]
    assert after is not None
    assert dict(after.approvals)["denver"][-1][1] == now.newest.id
    assert "approved a newer release" in opened(browser, 422, release="1.0")


def test_what_is_not_what_was_tried_is_not_entered(study: Study) -> None:
    browser = manager()
    for changed, why in (
        ({"password": "wrong"}, "password"),
        ({"reason": ""}, "on what it rests"),
        ({"expected": "mini@sha256:0"}, "not the file that was tried"),
        ({"text": "no base64!"}, "Choose the study file"),
    ):
        assert why.lower() in entered(browser, amended(), 422, **changed).lower(), changed
    assert len(study_of_record()[1].releases) == 1  # type: ignore[union-attr]


def test_whoever_may_not_neither_enters_nor_opens(study: Study) -> None:
    investigator = signed_in("investigator", "denver")
    page = text(investigator.get(PAGE))
    assert "Say whether" not in page
    assert investigator.post(PAGE, {"site": "denver"}).status_code == 404
    assert investigator.post(TRIED, {"do": "enter"}).status_code == 404
    assert signed_in("rater").get(PAGE).status_code == 404
    owner = signed_in("owner")
    assert "Say whether" in text(owner.get(PAGE))
    assert TRIED not in text(owner.get(PAGE))
