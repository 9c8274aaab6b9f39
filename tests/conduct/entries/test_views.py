"""What is no form: entered, continued, corrected, withdrawn; and what follows, said first."""

from __future__ import annotations

import re

import pytest
from tests.conduct.browser import Browser, course_of
from tests.conduct.conftest import SignIn

from entact import store
from entact.conduct.entries.kinds import ENTERED, kind_form
from entact.course import read
from entact.protocol import Study, load_study

ADD = "/participants/S-1/add"


@pytest.fixture
def ada(sign_in: SignIn, screened: str) -> Browser:
    return sign_in("ada", denver="investigator")


def kept(browser: Browser, kind: str, fields: dict[str, object], about: str = "") -> str:
    """The id of an entry that was sent: where the browser is led to."""
    shown = list(kind_form(kind, load_study("mapp1").newest).form.items)
    sent = {"head": "99", "shown": shown, **{f"item:{name}": text for name, text in fields.items()}}
    answer = browser._client.post(f"{ADD}/{kind}/{f'?about={about}' if about else ''}", sent)
    assert answer.status_code == 302, answer.content.decode()
    found = re.fullmatch(r"/participants/S-1/entry/([0-9a-f-]{36})/", answer["location"])
    assert found is not None
    return found[1]


@pytest.mark.requirement("R01")
@pytest.mark.requirement("R05")
def test_an_event_is_entered_continued_and_corrected(ada: Browser, screened: str, study: Study) -> None:
    term = next(iter(study.newest.file.adverse_events.terms))
    fields = {
        "term": term,
        "verbatim": "felt sick",
        "onset": "2026-03",
        "severity": "mild",
        "serious": "false",
    }
    event = kept(ada, "adverse_event", dict(fields))
    state = course_of(study, screened).adverse_events[event]
    assert (state.term, state.onset, state.severity, state.serious) == (term, "2026-03", "mild", False)
    assert "felt sick" in ada.get(f"/participants/S-1/entry/{event}/")
    assert f"?about={event}" in ada.get(f"/participants/S-1/entry/{event}/")
    assert f"/participants/S-1/entry/{event}/" in ada.get("/participants/S-1/visits/")
    kept(ada, "adverse_event", {"outcome": "resolved", "resolved": "30.4.2026"}, about=event)
    state = course_of(study, screened).adverse_events[event]
    assert (state.outcome, state.resolved, state.severity) == ("resolved", "2026-04-30", "mild")
    page = f"/participants/S-1/entry/{event}/"
    sent = {"head": "99", "shown": ["severity"], "item:severity": "severe"}
    ada.post(page, sent, status=422)
    ada.post(page, sent | {"reason": "seen by the doctor"})
    assert course_of(study, screened).adverse_events[event].severity == "severe"
    assert re.search(r"<del>mild</del> → <ins>severe</ins>.*seen by the doctor", ada.get(page))
    assert read(list(store.lines(screened))[-1].text).data == {"severity": "severe"}


def test_an_event_with_nothing_in_it_is_not_entered(ada: Browser, screened: str) -> None:
    before = len(list(store.lines(screened)))
    for kind in ("adverse_event", "medication", "death"):
        shown = list(kind_form(kind, load_study("mapp1").newest).form.items)
        sent = {"head": "99", "shown": shown, "item:verbatim": "  "}
        assert "Nothing is answered yet" in ada.post(f"{ADD}/{kind}/", sent, status=422)
    assert len(list(store.lines(screened))) == before


def test_a_withdrawn_entry_counts_no_longer(ada: Browser, screened: str, study: Study) -> None:
    medicine = kept(ada, "medication", {"name": "sertraline", "started": "2019"})
    where = f"/participants/S-1/entry/{medicine}/withdraw/"
    ada.post(where, {}, status=422)
    ada.post(where, {"reason_code": "wrong_participant"})
    assert course_of(study, screened).medication == {}
    ada.get(f"/participants/S-1/entry/{medicine}/", status=404)


def test_what_is_sent_twice_from_one_page_is_entered_once(ada: Browser, screened: str, study: Study) -> None:
    sent = {"shown": ["name", "indication"], "item:name": "sertraline", "item:indication": "low mood"}
    first = re.search(r'name="head" value="(\d+)"', ada.get(f"{ADD}/medication/"))
    assert first is not None
    for _ in range(2):  # no answer came, or it was pressed twice
        ada.post(f"{ADD}/medication/", sent | {"head": first[1]})
    assert len(course_of(study, screened).medication) == 1
    ada.post(f"{ADD}/medication/", sent | {"head": first[1], "item:indication": "sleep"})
    assert len(course_of(study, screened).medication) == 2
    again = re.search(r'name="head" value="(\d+)"', ada.get(f"{ADD}/medication/"))
    assert again is not None
    ada.post(f"{ADD}/medication/", sent | {"head": again[1]})  # a page of its own: meant
    assert len(course_of(study, screened).medication) == 3


def test_what_stops_says_what_follows(ada: Browser, screened: str, study: Study) -> None:
    assert "Follow-up goes on" in ada.get(f"{ADD}/discontinuation/")
    kept(ada, "discontinuation", {"of": "treatment", "decided_by": "participant", "cause": "moved_away"})
    assert "treatment" in course_of(study, screened).discontinued


def test_an_entry_that_lacks_what_it_is_about_is_asked_again(ada: Browser, screened: str) -> None:
    before = len(list(store.lines(screened)))
    page = ada.post(f"{ADD}/death/", {"shown": ["date", "cause"], "item:cause": "accident"}, status=422)
    assert "is needed" in page
    assert ">accident<" in page.replace("\n", "") or "accident" in page
    assert len(list(store.lines(screened))) == before


@pytest.mark.requirement("R16")
def test_nobody_enters_who_may_not(sign_in: SignIn, screened: str, ada: Browser) -> None:
    medicine = kept(ada, "medication", {"name": "sertraline"})
    before = len(list(store.lines(screened)))
    for who in (
        sign_in("eve", haifa="investigator"),
        sign_in("mo", everywhere="monitor"),
    ):
        for kind in set(ENTERED) - ({"deviation"} if who.person == "mo" else set()):
            who.post(f"{ADD}/{kind}/", {"shown": ["name"], "item:name": "x"}, status=404)
        who.post(f"/participants/S-1/entry/{medicine}/", {"shown": ["name"]}, status=404)
        who.post(f"/participants/S-1/entry/{medicine}/withdraw/", {"reason": "x"}, status=404)
    ada.post(f"{ADD}/dose/", {}, status=404)
    ada.get(f"{ADD}/medication/?about=nothing", status=404)
    assert len(list(store.lines(screened))) == before


@pytest.mark.parametrize("name", ["mapp1", "mapp2", "mapp3", "eating-disorders", "expanded-access"])
@pytest.mark.parametrize("kind", sorted(ENTERED))
def test_every_kind_is_a_form_in_every_study(name: str, kind: str) -> None:
    release = load_study(name).newest
    asked = kind_form(kind, release)
    assert asked.form.items
    flat = asked.data_of(dict.fromkeys(asked.form.items, None))
    assert set(flat) <= asked.kind.items
    assert asked.items_of(flat) == dict.fromkeys(asked.form.items, None)


@pytest.mark.requirement("R10")
def test_who_randomises_is_asked_for_no_number(ada: Browser, screened: str) -> None:
    """The list gives it; what stands against it is said."""
    assert "the sealed list gives the next one" in ada.get(f"{ADD}/randomisation/")
    page = ada.post(f"{ADD}/randomisation/", {"shown": ["number"], "head": "99"}, status=422)
    assert "The participant has not been enrolled" in page  # it came to the gate
    assert "Nothing is answered" not in page


@pytest.mark.parametrize("item", ["severity", "serious", "related", "expected", "outcome", "valence"])
def test_what_no_page_offers_is_told_and_neither_kept_nor_put_in_the_place_of_what_can_be_read(
    ada: Browser, screened: str, study: Study, item: str
) -> None:
    """A browser that says `on` of a choice, a script, a page of another version."""
    sent = {"head": "99", "shown": ["verbatim", item], "item:verbatim": "felt sick", f"item:{item}": "on"}
    said = ada.post(f"{ADD}/adverse_event/", sent, status=422)
    assert 'role="alert"' in said
    assert course_of(study, screened).adverse_events == {}
    event = kept(ada, "adverse_event", {"verbatim": "felt sick"})
    page = f"/participants/S-1/entry/{event}/"
    ada.post(page, {"head": "99", "shown": [item], f"item:{item}": "on", "reason": "x"}, status=422)
    assert event in course_of(study, screened).adverse_events


def test_a_consent_is_not_corrected_behind_who_signed_it(ada: Browser, screened: str, study: Study) -> None:
    (consent,) = [one.id for one in course_of(study, screened).effective if one.entry.kind == "consent"]
    page = f"/participants/S-1/entry/{consent}/"
    sent = {"head": "99", "shown": ["version"], "item:version": "9.9", "reason_code": "transcription"}
    assert "stands as it was signed" in ada.post(page, sent, status=422)
    state = course_of(study, screened).consent
    assert state is not None
    assert state.version != "9.9"
