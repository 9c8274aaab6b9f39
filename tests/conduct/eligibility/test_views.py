"""The checklist of criteria: what the record says, what is left to it, and the decision that is signed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.conduct.browser import Browser, course_of, keep_screened, said
from tests.conduct.conftest import SignIn
from tests.conduct.consent.test_views import lock
from tests.conduct.people import PASSWORD, code, give_password
from tests.conduct.record import blinded_study, without_hashes

from entact import store
from entact.conduct.access.models import Account
from entact.course import read
from entact.protocol import Study

PAGE = "/participants/S-1/eligibility/"
AGE = {"head": "99", "shown": ["age", "sex"], "item:age": "40", "item:sex": "female"}


def _blinds_investigator(data: dict[str, Any]) -> None:
    hidden = {"role": "investigator", "hidden": ["allocation", "rater_scores"], "until": "lock"}
    data["blinding"].append(hidden)
    data["gates"]["enrolment"] = {
        "require": [{"require": "demographics.age >= 18", "ever": True, "else": "too young"}]
    }


@pytest.fixture(scope="module")
def blinded() -> Study:
    """The small study, whose investigator does not see the rater's scores: as in every trial with raters."""
    return blinded_study(_blinds_investigator)


@pytest.fixture
def ledger(blinded: Study, database: str) -> str:
    return keep_screened(blinded)


@pytest.fixture
def ada(ledger: str, sign_in: SignIn) -> Browser:
    ada = sign_in("ada", denver="investigator")
    ada.get("/participants/S-1/")
    give_password("ada")
    ada.sign_in_anew()
    return ada


def rate(sign_in: SignIn, total: int) -> None:
    from entact.conduct.reader import forget

    rater = Browser("rat", {"everywhere": "rater"})
    rater.get("/")
    _write_rating(total)
    forget()


def _write_rating(total: int) -> None:
    """A rating as the rater's own page writes it, which shows no participant."""
    import msgspec

    (name,) = [one.ledger for one in store.ledgers("participant:")]
    first = read(next(iter(store.lines(name))).text)
    entry = msgspec.structs.replace(
        first,
        id="01900000-0000-7000-8000-000000000001",
        kind="form",
        encounter="baseline#1",
        by="rat",
        role="rater",
        data={"form": "symptoms", "items": {"total": total, "diagnosis": True}},
    )
    as_sent = {name: getattr(entry, name) for name in type(entry).__struct_fields__}
    from entact.course import Entry

    sent = {name: one for name, one in as_sent.items() if name in Entry.__struct_fields__}
    store.fact(Entry(**sent), received_at="2026-05-02T12:00:00+00:00")


def signing(page: str, **more: str) -> dict[str, str]:
    expected = re.search(r'name="expected" value="(\w+)"', page)
    assert expected is not None
    judged = {"judged:adult": "true", "judged:psychosis": "false", "decision": "eligible"}
    return {"expected": expected[1], "password": PASSWORD, "code": code(), **judged, **more}


@pytest.mark.requirement("R13")
def test_the_checklist_says_what_it_rests_on_and_is_signed_by_who_shows_who_they_are(
    ada: Browser, ledger: str, blinded: Study
) -> None:
    assert "Not known. Age: –" in said(ada.get(PAGE), "adult")
    ada.post("/participants/S-1/screening.1/demographics/", AGE)
    page = ada.get(PAGE)
    assert "Met. Age: 40" in said(page, "adult")
    assert "To be judged" in said(page, "psychosis")
    ada.post(PAGE, signing(page, password="wrong"), status=422)
    ada.post(PAGE, signing(page, code="123"), status=422)
    assert course_of(blinded, ledger).eligibility is None
    ada.post(PAGE, signing(page))
    decided = course_of(blinded, ledger).eligibility
    assert decided is not None
    assert (decided.decision, decided.by, decided.left_to_record) == ("eligible", "ada", {"severe"})
    assert decided.criteria == {"adult": True, "severe": None, "psychosis": False}
    kept = read(list(store.lines(ledger))[-1].text)
    assert kept.authenticated is not None  # type: ignore[attr-defined]
    assert kept.authenticated.second.how == "password_and_code"  # type: ignore[attr-defined]
    assert "Eligible, " in ada.get(PAGE)
    account = Account.objects.get(name="ada")
    account.title = "Ada Ahl"
    account.save()
    assert "by Ada Ahl" in ada.get(PAGE)  # as people call her, and not as she signs in


def test_a_decision_follows_from_what_was_judged(ada: Browser, ledger: str) -> None:
    before = len(list(store.lines(ledger)))
    for wrong, word in (
        ({"judged:psychosis": ""}, "Judge this first"),
        ({"judged:psychosis": "true"}, "does not follow"),
        ({"decision": "not_eligible"}, "needs a criterion"),
        ({"decision": "perhaps\0"}, "Say whether"),
    ):
        assert word in ada.post(PAGE, signing(ada.get(PAGE), **wrong), status=422)
    assert len(list(store.lines(ledger))) == before


def test_who_judges_otherwise_than_the_record_is_told_and_says_why(
    ada: Browser, ledger: str, blinded: Study, sign_in: SignIn
) -> None:
    ada.post("/participants/S-1/screening.1/demographics/", AGE | {"item:age": "17"})
    assert "Not met. Age: 17" in said(ada.get(PAGE), "adult")
    before = len(list(store.lines(ledger)))
    for reason in ("", " \n", "–", "x" * 2001):
        refused = ada.post(PAGE, signing(ada.get(PAGE), reason=reason), status=422)
        assert "otherwise than the record" in refused or "at most 2000" in refused
        assert "(Age: 17)" in refused or "at most 2000" in refused
    assert len(list(store.lines(ledger))) == before
    ada.post(PAGE, signing(ada.get(PAGE), reason="born in March, the form holds a slip"))
    kept = next(one for one in course_of(blinded, ledger).effective if one.entry.kind == "eligibility")
    assert kept.entry.reason is not None
    assert "slip" not in kept.entry.reason  # sealed
    assert "Reason: born in March, the form holds a slip" in ada.get(PAGE)
    monitor = sign_in("mo", everywhere="medical_monitor")
    assert "judged True, though the record says False" in monitor.get(
        "/participants/S-1/"
    )  # while the visit goes on


def test_who_judges_for_taking_part_what_the_record_does_not_know_says_why(
    ada: Browser, ledger: str, blinded: Study
) -> None:
    refused = ada.post(PAGE, signing(ada.get(PAGE)), status=422)
    assert "by the record not known (Age: –)" in refused
    ada.post(PAGE, signing(ada.get(PAGE), reason="seen in the passport"))
    decided = course_of(blinded, ledger).eligibility
    assert decided is not None
    page = ada.get(PAGE)
    assert "Does not apply" in said(page, "psychosis")
    assert "to be judged" not in page.lower()


def test_a_reason_is_asked_of_no_criterion_that_is_hidden(
    ada: Browser, ledger: str, blinded: Study, sign_in: SignIn
) -> None:
    ada.post("/participants/S-1/screening.1/demographics/", AGE)
    rate(sign_in, 12)  # by which nobody is severe enough
    ada.post(PAGE, signing(ada.get(PAGE)) | {"judged:severe": "true"})
    decided = course_of(blinded, ledger).eligibility
    assert decided is not None
    assert decided.criteria["severe"] is None


@pytest.mark.parametrize("age", ["17", "40"])
def test_what_takes_a_refusal_back_is_explained_whatever_the_record_says(
    ada: Browser, ledger: str, blinded: Study, age: str
) -> None:
    """Where it withholds the criteria, the page answers the same of all."""
    ada.post("/participants/S-1/screening.1/demographics/", AGE | {"item:age": age})
    against = {"judged:adult": str(age == "40").lower(), "judged:psychosis": "true"}
    ada.post(PAGE, signing(ada.get(PAGE), decision="not_eligible") | against)
    refused = ada.post(PAGE, signing(ada.get(PAGE)), status=422)
    assert "say in words why that is taken back" in refused
    assert "otherwise than the record says." not in refused
    ada.post(PAGE, signing(ada.get(PAGE), reason="the other way round"))
    decided = course_of(blinded, ledger).eligibility
    assert decided is not None
    assert decided.decision == "eligible"


def test_what_was_signed_is_what_was_shown(ada: Browser, ledger: str) -> None:
    page = ada.get(PAGE)
    ada.post("/participants/S-1/screening.1/demographics/", AGE)  # somebody else, meanwhile
    assert "has changed since" in ada.post(PAGE, signing(page), status=409)


@pytest.mark.requirement("R08")
def test_of_a_locked_participant_nothing_is_decided(ada: Browser, ledger: str, blinded: Study) -> None:
    page = ada.get(PAGE)
    lock(blinded, ledger)
    before = len(list(store.lines(ledger)))
    assert "locked" in ada.post(PAGE, signing(page, reason="seen in the passport"), status=409)
    assert len(list(store.lines(ledger))) == before
    assert course_of(blinded, ledger).eligibility is None


@pytest.mark.requirement("R16")
def test_no_page_tells_a_blinded_role_whether_the_rater_let_somebody_in(
    ada: Browser, ledger: str, blinded: Study, sign_in: SignIn
) -> None:
    """The investigator's pages are the same, to the byte, whether the score is high, low or not there."""
    ada.post("/participants/S-1/screening.1/demographics/", AGE)
    ada.post(PAGE, signing(ada.get(PAGE)))
    addresses = (PAGE, "/participants/S-1/visits/", "/participants/S-1/", "/participants/")
    steps = "/participants/S-1/visits/"
    unrated = [_plain(ada.get(one)) for one in (PAGE, steps)]
    rate(sign_in, 12)
    course = course_of(blinded, ledger)
    assert course.answers["symptoms"]
    assert "criterion that rests on what is hidden" in ada.get(steps) or "hidden from this role" in ada.get(
        steps
    )
    assert [_plain(ada.get(one)) for one in (PAGE, steps)] == unrated
    assert not [one for one in addresses if ">12<" in ada.get(one)]
    entry = course.eligibility.entry if course.eligibility is not None else ""
    assert "severe" not in ada.get(f"/participants/S-1/entry/{entry}/").lower()
    monitor = sign_in("mo", everywhere="medical_monitor").get(PAGE)
    assert "Not met. Total: 12" in said(monitor, "severe")


def _plain(page: str) -> str:
    return re.sub(r'name="(csrfmiddlewaretoken|expected)" value="\w+"', "", without_hashes(page))


def test_after_a_refusal_no_single_criterion_is_shown_beside_it(ada: Browser, ledger: str) -> None:
    ada.post("/participants/S-1/screening.1/demographics/", AGE)
    sent = signing(ada.get(PAGE), decision="not_eligible") | {"judged:psychosis": "true"}
    ada.post(PAGE, sent)
    page = ada.get(PAGE)
    assert "Not eligible" in page
    assert "Age: 40" not in page
    assert "the others would give it away" in said(page, "adult")


@pytest.mark.requirement("R16")
def test_only_an_investigator_of_the_site_decides(ada: Browser, ledger: str, sign_in: SignIn) -> None:
    before = len(list(store.lines(ledger)))
    sent = signing(ada.get(PAGE))
    for role in ("monitor", "medical_monitor", "pharmacist"):
        someone = sign_in(role, everywhere=role)
        assert "Sign the decision" not in someone.get(PAGE)
        someone.post(PAGE, sent, status=404)
    sign_in("rat", everywhere="rater").get(PAGE, status=404)
    sign_in("eve", haifa="investigator").get(PAGE, status=404)
    Browser("cy", {"denver": "investigator"}, csrf=True).post(PAGE, sent, status=403)
    assert ada._client.get("/participants/S-1/add/eligibility/")["location"] == PAGE
    assert len(list(store.lines(ledger))) == before


@pytest.mark.requirement("R16")
def test_what_stands_against_a_booked_session_names_no_hidden_criterion(
    ada: Browser, ledger: str, blinded: Study, sign_in: SignIn
) -> None:
    session, day = "/participants/S-1/session_1.1/", datetime.now(UTC) + timedelta(days=3)
    ada.post("/participants/S-1/screening.1/demographics/", AGE)
    ada.post(PAGE, signing(ada.get(PAGE)))
    rate(sign_in, 12)
    ada.post(session, {"do": "book", "at": f"{day:%Y-%m-%d}T09:00"})
    text = str(blinded.newest.criteria["severe"].criterion.text)
    for page in (ada.get(session), ada.get("/")):
        assert text not in page
    assert "criterion that rests on what is hidden" in ada.get(session)
    assert text in sign_in("mo", everywhere="medical_monitor").get(session)
