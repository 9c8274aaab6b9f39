"""Signing: who they are shown once more, bound to what stands, and broken for all to see by what changes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.conduct.browser import Browser, course_of
from tests.conduct.people import PASSWORD, code, give_password

from entact import store
from entact.conduct.reader import forget
from entact.course import read
from entact.course.found.attested import found_in_signatures, standing_signatures
from entact.protocol import Study

FORM = "/participants/S-1/screening.1/suicidality/"
SIGN = "/participants/S-1/sign/"
ANSWERS = {"shown": ["ideation", "behaviour"], "item:ideation": "0", "item:behaviour": "false"}


@pytest.fixture
def ada(sign_in: Callable[..., Browser], screened: str) -> Browser:
    """The investigator, with a password and a second factor."""
    ada = sign_in("ada", denver="investigator")
    ada.get("/participants/S-1/")
    give_password("ada")
    ada.sign_in_anew()
    ada.post(FORM, ANSWERS | {"head": "9"})
    return ada


def signing(page: str, **more: str) -> dict[str, str]:
    expected = re.search(r'name="expected" value="(\w+)"', page)
    assert expected is not None
    return {"expected": expected[1], "meaning": "approval", "password": PASSWORD, "code": code()} | more


@pytest.mark.requirement("R13")
def test_a_casebook_is_signed_at_once_with_name_time_and_meaning(
    ada: Browser, screened: str, study: Study
) -> None:
    page = ada.get(SIGN)
    assert "One-time" not in page
    ada.post(SIGN, signing(page))
    course = course_of(study, screened)
    (signature,) = course.signatures
    assert (signature.by, signature.name, signature.meaning) == ("ada", "Ada", "approval")
    assert set(signature.versions) == {one.id for one in course.effective} - {signature.entry}
    kept = next(read(line.text) for line in store.lines(screened) if read(line.text).kind == "signature")
    assert kept.authenticated is not None
    assert kept.authenticated.second is not None
    assert kept.authenticated.second.how == "password_and_code"
    assert kept.occurred_at == signature.at.isoformat()
    assert not [one for one in course.findings.values() if one.entry == signature.entry]
    assert "Everything here is signed as it stands" in ada.get(SIGN)
    assert "Signed by Ada (ada)" in ada.get(FORM)


@pytest.mark.requirement("R13")
@pytest.mark.parametrize(
    "more",
    [{"password": "another sentence"}, {"code": "000000"}, {"password": "", "code": ""}, {"meaning": "fun"}],
)
def test_nothing_is_signed_by_who_does_not_show_it_again(
    ada: Browser, screened: str, study: Study, more: dict[str, str]
) -> None:
    ada.post(SIGN, signing(ada.get(SIGN), **more), status=422)
    assert not course_of(study, screened).signatures


@pytest.mark.requirement("R18")
def test_guessing_at_a_signature_locks_the_account(ada: Browser, screened: str, study: Study) -> None:
    page = ada.get(SIGN)
    for _ in range(5):
        said = ada.post(SIGN, signing(page, password="a guess"), status=422)
    assert "locked" in said
    assert "locked" in ada.post(SIGN, signing(page), status=422)
    assert not course_of(study, screened).signatures


@pytest.mark.requirement("R14")
def test_a_later_change_breaks_it_visibly_and_only_that_is_signed_again(
    ada: Browser, screened: str, study: Study
) -> None:
    ada.post(SIGN, signing(ada.get(SIGN)))
    changed = ANSWERS | {"item:ideation": "1", "head": "99", "reason_code": "transcription_error"}
    ada.post(FORM, changed)
    form = ada.get(FORM)
    assert "Changed since: the signature does not cover what stands here" in form
    page = ada.get(SIGN)
    assert "broken: 1 of " in page
    assert "1 entry is not signed" in page
    assert re.search("changed since .+ signed it", page)
    assert f'<a href="{FORM}' in page  # who signs can look at it first
    broken = list(found_in_signatures(course_of(study, screened)))
    assert len(broken) == 1
    ada.post(SIGN, signing(page))
    course = course_of(study, screened)
    first, second = course.signatures
    assert len(second.versions) == 1
    assert set(standing_signatures(course)) == set(first.versions)


@pytest.mark.requirement("R14")
def test_what_is_signed_is_what_was_shown(ada: Browser, screened: str, study: Study) -> None:
    page = ada.get(SIGN)
    sent = signing(page)
    ada.post(FORM, ANSWERS | {"item:ideation": "2", "head": "99", "reason_code": "transcription_error"})
    assert "has changed since you opened this page" in ada.post(SIGN, sent, status=422)
    assert not course_of(study, screened).signatures


def test_a_visit_or_an_entry_is_signed_alone(ada: Browser, screened: str, study: Study) -> None:
    entry = next(one.id for one in course_of(study, screened).effective if one.entry.kind == "form")
    ada.post(f"{SIGN}?entry={entry}", signing(ada.get(f"{SIGN}?entry={entry}")))
    assert set(course_of(study, screened).signatures[0].versions) == {entry}
    ada.post(f"{SIGN}?visit=screening.1", signing(ada.get(f"{SIGN}?visit=screening.1")))
    course = course_of(study, screened)
    visit = {one.id for one in course.effective if one.entry.encounter == "screening#1"}
    assert set(course.signatures[1].versions) == visit - {entry}
    ada.get(f"{SIGN}?visit=nothing.1", status=404)
    ada.get(f"{SIGN}?entry=nothing", status=404)


@pytest.mark.requirement("R16")
def test_nobody_else_signs(ada: Browser, sign_in: Callable[..., Browser], screened: str) -> None:
    sent = signing(ada.get(SIGN))
    forget()
    for who in (
        sign_in("eve", haifa="investigator"),
        sign_in("cy", denver="therapist"),
        sign_in("mo", everywhere="monitor"),
    ):
        who.get(SIGN, status=404)
        who.post(SIGN, sent, status=404)
