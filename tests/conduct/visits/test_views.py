"""Visits: begun, filled in, ended, missed; and how far each form is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.conduct.browser import Browser, course_of

from entact import store
from entact.protocol import Study

ADDRESS = "/participants/S-1/preparation_1.1/"


@pytest.fixture
def ada(sign_in: Callable[..., Browser], screened: str) -> Browser:
    return sign_in("ada", denver="investigator")


def cell(page: str, title: str) -> str:
    found = re.search(rf'<li class="c-(\w+)">(?:(?!</li>).)*{title}', page, re.DOTALL)
    assert found is not None
    return found[1]


def test_a_visit_begins_is_filled_in_and_ends(ada: Browser, screened: str, study: Study) -> None:
    assert "Begin the visit" in ada.get(ADDRESS)
    ada.post(ADDRESS, {"do": "begin", "contact": "video"})
    page = ada.get(ADDRESS)
    assert "under way" in page
    assert cell(page, "suicidality") == "due"
    assert "/participants/S-1/add/consent/?visit=screening.1" in ada.get("/participants/S-1/screening.1/")
    form = f"{ADDRESS}suicidality/"
    ada.post(form, {"head": "9", "shown": ["ideation", "behaviour"], "item:ideation": "0"})
    assert cell(ada.get(ADDRESS), "suicidality") == "partly"
    why = {"reason_code": "late_information", "head": "9"}
    both = {"shown": ["ideation", "behaviour"], "item:ideation": "0", "item:behaviour": "false"}
    ada.post(form, both | why)
    assert cell(ada.get(ADDRESS), "suicidality") == "complete"
    ada.post(ADDRESS, {"do": "end"})
    held = course_of(study, screened).encounters["preparation_1#1"]
    assert (held.status, held.contact) == ("ended", "video")


def test_a_list_in_which_nothing_was_entered_is_not_called_complete(ada: Browser, screened: str) -> None:
    visit = "/participants/S-1/screening.1/"
    assert cell(ada.get(visit), "Medication") == "due"
    ada.post(visit, {"do": "end"})
    assert cell(ada.get(visit), "Medication") == "none_entered"
    assert "none entered" in ada.get("/participants/S-1/visits/")
    assert "“Demographics” is planned for " in ada.get("/participants/S-1/")


def test_what_somebody_has_not_come_to_is_not_called_complete(ada: Browser, screened: str) -> None:
    visit = "/participants/S-1/preparation_2.1/"
    ada.post(visit, {"do": "begin"})
    for status in ("not_due", "unreachable"):
        page = ada.get(visit)
        assert (cell(page, "Enrolment"), cell(page, "Randomisation")) == (status, status)
        ada.post(visit, {"do": "end"})


@pytest.mark.parametrize("ended", [False, True])
def test_that_there_was_nothing_to_enter_is_said_of_a_visit(
    ada: Browser, screened: str, study: Study, ended: bool
) -> None:
    visit, add = "/participants/S-1/screening.1/", "/participants/S-1/add/asked_none/?visit=screening.1"
    if ended:
        ada.post(visit, {"do": "end"})
    page = ada.get(visit)
    assert f'action="{add}"' in page
    ada.post(add, {"shown": "of", "item:of": "medication"})
    assert cell(page := ada.get(visit), "Medication") == "asked_none"
    assert f'action="{add}"' not in page
    told = next(one for one in course_of(study, screened).effective if one.entry.kind == "asked_none")
    assert (told.entry.encounter, told.data, told.entry.by) == ("screening#1", {"of": "medication"}, "ada")
    assert "asked: none" in ada.get("/participants/S-1/visits/")
    assert "was over" not in ada.get("/participants/S-1/")  # said of the visit, whenever that is
    assert "There were no" in ada.get(f"/participants/S-1/entry/{told.id}/")
    for wrong in ({}, {"shown": "of", "item:of": "doses"}):
        ada.post(add, wrong, status=422)
    ada.post(f"/participants/S-1/entry/{told.id}/withdraw/", {"reason_code": "entered_in_error"})
    assert cell(ada.get(visit), "Medication") == ("none_entered" if ended else "due")


def test_what_was_entered_stands_before_what_was_said_of_none(ada: Browser, screened: str) -> None:
    visit = "/participants/S-1/screening.1/"
    ada.post("/participants/S-1/add/asked_none/?visit=screening.1", {"shown": "of", "item:of": "medication"})
    sent = {"shown": ["name"], "item:name": "ibuprofen"}
    ada.post("/participants/S-1/add/medication/?visit=screening.1", sent)
    ada.post(visit, {"do": "end"})
    assert cell(ada.get(visit), "Medication") == "complete"


def test_of_somebody_who_has_died_nothing_is_due_and_what_safety_needs_is_entered(
    ada: Browser, screened: str, study: Study
) -> None:
    matrix, later = "/participants/S-1/visits/", "/participants/S-1/preparation_1.1/"
    assert "Begin the visit" in ada.get(later)
    ada.post("/participants/S-1/add/death/", {"shown": ["date"], "item:date": "2026-03"})
    page = ada.get(matrix)
    assert not re.findall(r'class="c-(?:due|overdue)', page)
    assert "/add/adverse_event/" in page
    for gone in ("consent", "randomisation", "enrolment", "safety_call", "death"):
        assert f"/add/{gone}/" not in page
    assert "Begin the visit" not in ada.get(later)
    shown = [ada.get("/participants/S-1/"), ada.get("/participants/S-1/screening.1/")]
    assert all("not ended" in one and "under way" not in one for one in shown)
    half_said = "They have died, and no adverse event that ended in it is entered"
    assert half_said in ada.get("/")
    (told,) = (one for one in course_of(study, screened).effective if one.entry.kind == "death")
    ada.post(f"/participants/S-1/entry/{told.id}/withdraw/", {"reason_code": "wrong_participant"})
    assert half_said not in ada.get("/")
    assert "Begin the visit" in ada.get(later)
    assert re.findall(r'class="c-due', ada.get(matrix))


def test_an_event_that_ended_in_death_waits_at_home_until_the_death_is_entered(
    ada: Browser, screened: str, sign_in: Callable[..., Browser]
) -> None:
    told = "It is said that they have died, and no death is entered"
    elsewhere = sign_in("eve", haifa="investigator")
    event = {"shown": ["term", "outcome"], "item:term": "stroke", "item:outcome": "fatal"}
    ada.post("/participants/S-1/add/adverse_event/", event)
    assert [told in one.get("/") for one in (ada, elsewhere)] == [True, False]
    ada.post("/participants/S-1/add/death/", {"shown": ["date"], "item:date": "2026-03"})
    assert told not in ada.get("/")
    assert "no adverse event that ended in it" not in ada.get("/")


def test_a_visit_that_did_not_take_place_says_why(ada: Browser, screened: str, study: Study) -> None:
    assert "Say why" in ada.post(ADDRESS, {"do": "miss"}, status=422)
    ada.post(ADDRESS, {"do": "miss", "reason_code": "not_reached"})
    assert course_of(study, screened).encounters["preparation_1#1"].status == "missed"
    ada.post(ADDRESS, {"do": "begin"})  # by somebody whose page was old: it changes nothing
    assert course_of(study, screened).encounters["preparation_1#1"].status == "missed"


def test_a_visit_outside_the_schedule_has_a_reason(ada: Browser, screened: str, study: Study) -> None:
    before = len(list(store.lines(screened)))
    ada.post("/participants/S-1/visits/unscheduled/", {"reason": " "})
    assert len(list(store.lines(screened))) == before
    ada.get("/participants/S-1/unscheduled.1/", status=404)
    ada.post("/participants/S-1/visits/unscheduled/", {"reason": "dizzy since yesterday"})
    course = course_of(study, screened)
    assert course.encounters["unscheduled#1"].status == "started"
    assert "suicidality" in ada.get("/participants/S-1/unscheduled.1/")


def test_nobody_begins_a_visit_who_may_not(
    sign_in: Callable[..., Browser], screened: str, ada: Browser
) -> None:
    before = len(list(store.lines(screened)))
    for who in (
        sign_in("eve", haifa="investigator"),
        sign_in("mo", everywhere="monitor"),
    ):
        who.post(ADDRESS, {"do": "begin"}, status=404)
        who.post("/participants/S-1/visits/unscheduled/", {"reason": "x"}, status=404)
    ada.post(ADDRESS, {"do": "dance"}, status=404)
    assert len(list(store.lines(screened))) == before


def test_the_matrix_says_how_far_each_form_is(
    ada: Browser, sign_in: Callable[..., Browser], screened: str
) -> None:
    page = ada.get("/participants/S-1/visits/")
    row = re.search(r'<th scope="row">[^<]*[Ss]uicidality[^<]*</th>.*?</tr>', page, re.DOTALL)
    assert row is not None
    assert 'href="/participants/S-1/screening.1/suicidality/"' in row[0]
    assert 'class="c-due"' in row[0]
    hidden = sign_in("mo", everywhere="monitor").get("/participants/S-1/visits/")
    assert "ymptoms" not in hidden  # scores of the raters


def test_what_can_be_entered_leads_to_its_page_and_nothing_is_offered_that_cannot_be(
    ada: Browser, screened: str
) -> None:
    offered = set(re.findall(r'href="(/participants/S-1/add/[^"]+)"', ada.get("/participants/S-1/visits/")))
    assert len(offered) > 5
    for address in offered:
        ada.get(address, status=302 if address.endswith(("/consent/", "/eligibility/")) else 200)


@pytest.mark.requirement("R15")
def test_the_next_step_says_every_reason_against_it(
    ada: Browser, sign_in: Callable[..., Browser], screened: str
) -> None:
    page = ada.get("/participants/S-1/visits/")
    step = page[page.index('id="next"') : page.index("Enter</h2>")]
    against = (
        "Eligibility has not been decided",
        "Site denver has not been activated",
        "No certificate of Ada",
    )
    assert "disabled" in step
    assert all(reason in step for reason in against)
    for kind, item in (("enrolment", "subject"), ("randomisation", "number")):
        sent = {"shown": [item], f"item:{item}": "1-001"}
        refused = ada.post(f"/participants/S-1/add/{kind}/", sent, status=422)
        assert all(reason in refused for reason in against)
    assert 'id="next"' not in sign_in("mo", everywhere="monitor").get("/participants/S-1/visits/")
