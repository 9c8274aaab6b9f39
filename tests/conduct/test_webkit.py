"""In WebKit, where its driver is installed (`make browsers`): what a day on a clinic's iPad stands on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conduct.browser import course_of, keep_screened
from tests.conduct.conftest import SignIn
from tests.conduct.handed.test_views import FORM as QUESTIONNAIRE
from tests.conduct.handed.test_views import _with_questionnaire
from tests.conduct.people import PASSWORD, code, give_password
from tests.conduct.record import blinded_study
from tests.conduct.served import BROWSER, network_lost, served
from tests.conduct.session.conftest import case, in_session, therapist  # noqa: F401
from tests.conduct.session.tablet import CONSOLE, INSTALLED, PIN, SENT
from tests.conduct.webkit import WebKit, webkit
from tests.course.cases import Case

from entact import store
from entact.protocol import load_study

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER != "webkit", reason="`make browsers` drives WebKit, where its driver is"),
    pytest.mark.filterwarnings("ignore:setting remote_server_addr:DeprecationWarning"),  # of the driver's own
]
FORMS = Path(__file__).parents[1] / "studies" / "forms"
FORM = "/participants/S-1/screening.1/body/"


@pytest.fixture
def tab(database: str) -> Iterator[WebKit]:
    """The browser, on a tablet held upright."""
    with served() as port, webkit(f"http://127.0.0.1:{port}") as window:
        yield window


def sign_in_by_code(tab: WebKit, name: str) -> None:
    """By password and one-time code, as a person does."""
    tab.go("/sign-in/")
    tab.type("[name=login]", name)
    tab.type("[name=password]", PASSWORD)
    tab.press("Sign in")
    tab.type("[name=code]", code())
    tab.press("Sign in")
    tab.until(lambda: "/sign-in/" not in tab.driver.current_url, "signed in")


def test_signed_in_by_code_a_form_with_its_draft_outlives_a_lost_network_and_a_page_that_is_left(
    tab: WebKit, database: str, sign_in: SignIn
) -> None:
    study = load_study(FORMS)
    store.create_database(database, "rehearsal", study.name, replace=True)
    ledger = keep_screened(study, site=next(iter(study.newest.file.sites), "denver"))
    sign_in("ada", everywhere="investigator").get("/")
    give_password("ada")
    sign_in_by_code(tab, "ada")
    tab.go(FORM)
    tab.type("[name='item:weight']", "165 lbs")
    tab.sees("Draft kept")
    tab.sees("74.84 kg")
    tab.picture("form")
    with network_lost():
        tab.shows(".save button").click()
        tab.sees("no connection")
    assert "body" not in course_of(study, ledger).answers
    tab.go("/")
    tab.go(FORM)
    tab.shows(".draft")
    assert tab.shows("[name='item:weight']").get_property("value") == "165 lbs"
    tab.shows(".save button").click()
    tab.shows(".state.kept")
    assert course_of(study, ledger).answers["body"][-1].items["weight"] == "165 [lb_av]"
    tab.go(FORM)
    tab.shows(".state.kept")
    assert not tab.driver.find_elements("css selector", ".draft")
    tab.shows("details.role summary").click()
    tab.press("Sign out")
    tab.until(lambda: "/sign-in/" in tab.driver.current_url, "signed out")
    tab.driver.back()
    tab.until(lambda: "/sign-in/" in tab.driver.current_url, "nothing comes back of what was read")
    assert "Body and lifestyle" not in tab.text()


def test_a_questionnaire_in_the_participants_hands_is_answered_by_taps_and_shows_nothing_else(
    tab: WebKit, sign_in: SignIn
) -> None:
    study = blinded_study(_with_questionnaire)
    ledger = keep_screened(study)
    ada = sign_in("ada", denver="investigator")
    ada.get("/")
    give_password("ada")
    ada.sign_in_anew()
    tab.go("/sign-in/")
    tab.carry(ada.session)
    tab.go(QUESTIONNAIRE)
    tab.press("Hand it over")
    tab.sees("Your answers go to your study team")
    tab.driver.back()  # WebKit keeps the page before this one whole
    tab.until(lambda: "Hand it over" not in tab.text(), "nothing of the page before")
    tab.sees("Your answers go to your study team")
    tab.go("/participants/S-1/")
    tab.sees("Your answers go to your study team")
    tab.picture("handed")
    tab.press("2")
    tab.press("No")
    tab.press("I have finished")
    tab.sees("Thank you")
    assert course_of(study, ledger).answers["mood"][-1].items == {"low": 2, "plan": False}
    tab.press("For the study team")
    tab.type("#password", PASSWORD)
    tab.type("#code", code())
    tab.press("Take it back")
    tab.sees("Visits and forms")


def test_a_dosing_session_from_its_set_up_to_vital_signs_without_a_network_and_a_page_loaded_again(
    tab: WebKit,
    case: Case,  # noqa: F811
    in_session: str,  # noqa: F811
    therapist: Any,  # noqa: F811
) -> None:
    tab.go("/sign-in/")
    tab.carry(therapist.session)
    tab.go(CONSOLE)
    tab.type("input[name=pin]", PIN)
    tab.picture("console-set-up")
    tab.press("Open the session")
    tab.shows(".top")
    assert tab.ask(f"() => {INSTALLED}")
    measured(tab, systolic="128", diastolic="81", heart_rate="70", temperature="36.8")
    tab.until(lambda: tab.ask(f"() => {SENT}"), "all sent")
    tab.picture("console")
    with network_lost():
        measured(tab, systolic="186", diastolic="97", heart_rate="92", temperature="37.0")
        tab.sees("Very high blood pressure")
        tab.sees("1 not sent yet")
        tab.picture("console-alert")
        tab.driver.refresh()
        tab.sees("Locked")
        assert "186" not in tab.text()
        for digit in PIN:
            tab.press(digit)
        tab.shows(".top")
        tab.sees("186")
        tab.sees("Very high blood pressure")
    tab.until(lambda: tab.ask(f"() => {SENT}"), "all sent")
    tab.sees("All sent")
    signs = [one.items for one in course_of(case.study, in_session).vitals]
    assert [one["heart_rate"] for one in signs[-2:]] == ["70 /min", "92 /min"]


def measured(tab: WebKit, **signs: str) -> None:
    """Vital signs by the pad, from the home of the session."""
    tab.press("Vital signs")
    for name, value in signs.items():
        tab.type(f"input[name={name}]", value)
    tab.press("Save")
    tab.until(lambda: not tab.driver.find_elements("css selector", "form.panel"), json.dumps(signs))
