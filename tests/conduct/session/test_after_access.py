"""What a console sends after its author's access had ended: kept to the last reading, and found."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.core import signing
from tests.conduct.browser import Browser, course_of
from tests.conduct.conftest import SignIn
from tests.conduct.people import signed_in_as
from tests.conduct.session.conftest import ADDRESS, NOON, entry_of, keep_case, seal, send
from tests.course.cases import Case

from entact import store
from entact.conduct.access import people
from entact.conduct.session.sealed import GRANTED, Grant, _signing
from entact.course import Course, findings, open_alerts
from entact.course.kinds.query import queries_of
from entact.store.console_keys import console_keys

BRIEFING = f"{ADDRESS}briefing/"
READING = {"systolic": "148 mm[Hg]", "diastolic": "88 mm[Hg]", "heart_rate": "96 /min"}
DOSE = {"part": "initial", "kit": "K-1", "level": "full", "dispensed": 2, "taken": 2}
AFTER = "recorded_after_access"
LATER = NOON + timedelta(hours=2)


@pytest.fixture
def briefing(therapist: Browser) -> dict[str, Any]:
    return dict(json.loads(therapist.get(BRIEFING)))


def account() -> Any:
    found = people.account_named("t-1")
    assert found is not None
    return found


def close() -> datetime:
    """Closes the account of the therapist; when that was, in study time."""
    people.close_account(account(), by=people.By())
    from entact.conduct.delegation import state_of

    (ended,) = [one.until for one in state_of("denver").delegated if one.person == "t-1"]
    assert ended is not None
    return ended


def sent(briefing: dict[str, Any], kind: str, data: dict[str, Any], at: datetime, **more: Any) -> str:
    """Sends one entry; its id."""
    entry = entry_of(briefing, kind, data, at=at, **more)
    (outcome,) = send(seal(briefing, entry["id"], json.dumps(entry)))
    assert outcome["status"] == "kept"  # whatever is wrong with it: nothing is lost
    return str(outcome["id"])


def rules(course: Course, entry: str) -> set[str]:
    return {one.rule for one in findings(course, LATER) if one.entry == entry and one.holds}


def test_a_reading_of_after_the_account_was_closed_is_kept_and_found(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    before = sent(briefing, "vital_signs", READING, NOON)
    close()
    after = sent(briefing, "vital_signs", READING, LATER)
    course = course_of(case.study, in_session)
    assert AFTER not in rules(course, before)
    assert AFTER in rules(course, after)
    assert course.vitals[-1].entry == after  # it happened, and counts
    (said,) = [one.message for one in findings(course, LATER) if one.rule == AFTER]
    assert said == "recorded by t-1 after their access had ended"


def test_what_says_that_it_was_recorded_before_comes_in_and_is_told_from_what_came_in_time(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    ended = close()
    entry = sent(briefing, "vital_signs", READING, ended - timedelta(minutes=1))
    assert {AFTER, "sent_after_access"} & rules(course_of(case.study, in_session), entry) == {
        "sent_after_access"
    }


@pytest.mark.parametrize(("lead", "rule"), [(0, AFTER), (2 * 3_600_000, "sent_after_access")])
def test_a_clock_that_is_known_to_be_ahead_is_put_right(
    briefing: dict[str, Any], case: Case, in_session: str, lead: int, rule: str
) -> None:
    ended = close()
    at = ended + timedelta(hours=1)
    entry = sent(briefing, "vital_signs", READING, at, clock_offset_ms=lead)
    assert rule in rules(course_of(case.study, in_session), entry)


@pytest.mark.parametrize("recorded", ["", "yesterday", "0001-01-01T00:00:00+00:00", "2026-03-16T10:00:00"])
def test_a_time_that_cannot_be_read_proves_nothing(
    briefing: dict[str, Any], case: Case, in_session: str, recorded: str
) -> None:
    close()
    entry = sent(briefing, "vital_signs", READING, LATER, recorded_at=recorded)
    assert AFTER in rules(course_of(case.study, in_session), entry)


def test_a_dose_and_a_discharge_of_then_call_people_at_once(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    assert not set(open_names(case, in_session))
    close()
    dose = sent(briefing, "dose", DOSE, LATER)
    assert "dose.after_access" in open_names(case, in_session)
    assert {AFTER, "without_gate"} <= rules(course_of(case.study, in_session), dose)  # no gate said yes to it
    sent(briefing, "encounter", {"status": "ended"}, LATER + timedelta(minutes=5))
    assert "dose.discharged_after_access" in open_names(case, in_session)


def test_a_dose_of_before_is_asked_of_the_gate_as_any_other(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    dose = sent(briefing, "dose", DOSE, NOON)
    assert rules(course_of(case.study, in_session), dose) == set()
    assert not open_names(case, in_session)


def open_names(case: Case, ledger: str) -> list[str]:
    return [one.alert for one in open_alerts(course_of(case.study, ledger))]


def test_what_was_set_aside_after_the_access_had_ended_counts_for_nothing(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    said = {"requirement": "initial_dose.2", "entries": [], "versions": []}
    sent(briefing, "override", said, NOON, reason="she was calm")
    ended = close()
    sent(briefing, "override", said, ended - timedelta(minutes=1), reason="she was calm")
    sent(briefing, "override", said, LATER, reason="she was calm")
    assert [one.is_proved for one in course_of(case.study, in_session).overrides] == [True, True, False]


def test_a_role_that_was_taken_a_last_day_and_a_time_between(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    people.take_role(account(), "therapist", "denver", by=people.By())
    taken = sent(briefing, "vital_signs", READING, LATER)
    people.give_role(account(), "therapist", "denver", by=people.By())
    again = sent(briefing, "vital_signs", READING, LATER + timedelta(hours=1))
    between = sent(briefing, "vital_signs", READING, LATER - timedelta(minutes=1))
    people.plan_end(account(), "denver", "2026-03-18", by=people.By())
    last = sent(briefing, "vital_signs", READING, datetime.fromisoformat("2026-03-18T23:59:00-06:00"))
    over = sent(briefing, "vital_signs", READING, datetime.fromisoformat("2026-03-19T00:01:00-06:00"))
    course = course_of(case.study, in_session)
    found = [AFTER in rules(course, one) for one in (taken, again, between, last, over)]
    assert found == [True, False, True, False, True]


def test_it_waits_for_whoever_reviews_until_a_query_about_it_is_closed(
    briefing: dict[str, Any], investigator: Browser, case: Case, in_session: str
) -> None:
    words = "Recorded on a console after its author’s access had ended"
    assert words not in investigator.get("/")
    close()
    entry = sent(briefing, "vital_signs", READING, LATER)
    monitor = signed_in_as("m-1", ("medical_monitor", ""))
    assert words in investigator.get("/")
    assert words in monitor.get("/").content.decode()
    assert words not in signed_in_as("t-9", ("therapist", "denver")).get("/").content.decode()
    assert words not in signed_in_as("i-9", ("investigator", "haifa")).get("/").content.decode()
    listed = investigator.get("/queries/?status=rule")
    found = re.search(rf'href="([^"]+query/\?entry={entry}[^"]*rule={AFTER})"', listed)
    assert found is not None
    investigator.post(found[1].replace("&amp;", "&"), {"text": "She was asked to stay until six."})
    (query,) = queries_of(course_of(case.study, in_session))
    monitor.post(f"/participants/P-1/query/{query.entry}/", {"said": "closed", "text": ""})
    assert words not in investigator.get("/")


def forged(briefing: dict[str, Any], **changed: Any) -> str:
    """A grant as this server would have signed it."""
    said = signing.loads(briefing["grant"], key=_signing(console_keys()[0]), salt="entact.session.grant")
    return msgspec.convert(said | changed, Grant).text()


def test_a_grant_lasts_a_week_and_what_is_entered_after_it_is_found(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    until = datetime.fromisoformat(briefing["until"])
    assert until - datetime.fromisoformat(briefing["now"]) == pytest.approx(GRANTED, abs=timedelta(seconds=1))
    within = sent(briefing, "vital_signs", READING, until - timedelta(minutes=1))
    beyond = sent(briefing, "vital_signs", READING, until + timedelta(minutes=1))
    course = course_of(case.study, in_session)
    assert "recorded_after_grant" not in rules(course, within)
    assert "recorded_after_grant" in rules(course, beyond)


def test_a_grant_of_before_grants_ended_still_says_whose_an_entry_is(
    briefing: dict[str, Any], case: Case, in_session: str
) -> None:
    older = forged(briefing, site="", until="")
    entry = entry_of(briefing, "vital_signs", READING)
    assert send(seal(briefing, entry["id"], json.dumps(entry), grant=older))[0]["status"] == "kept"
    assert rules(course_of(case.study, in_session), entry["id"]) == set()
    close()
    entry = entry_of(briefing, "vital_signs", READING, at=LATER)
    assert send(seal(briefing, entry["id"], json.dumps(entry), grant=older))[0]["status"] == "kept"
    assert AFTER in rules(course_of(case.study, in_session), entry["id"])


def test_the_grant_is_given_anew_each_day_where_nothing_else_is_new(briefing: dict[str, Any]) -> None:
    assert briefing["day"] == briefing["now"][:10]


def test_but_for_rehearsals_it_goes_by_the_servers_clock_also_of_roles_of_the_whole_study(
    template: str, case: Case, sign_in: SignIn
) -> None:
    store.create_database(
        f"{template}_access", "training", "mini"
    )  # seconds: of all tests here this one alone
    ledger = keep_case(case, "training")  # which goes by the same clock as production
    found: list[set[str]] = []
    for name, roles in (("t-1", {"denver": "therapist"}), ("m-1", {"everywhere": "medical_monitor"})):
        briefing = dict(json.loads(sign_in(name, case.study, **roles).get(BRIEFING)))
        in_time = datetime.now(UTC)
        first = sent(briefing, "session_note", {"what": "call"}, in_time)
        known = people.account_named(name)
        assert known is not None
        people.close_account(known, by=people.By())
        late = sent(briefing, "session_note", {"what": "music"}, in_time - timedelta(seconds=1))
        after = sent(briefing, "session_note", {"what": "hand_over"}, datetime.now(UTC))
        course = course_of(case.study, ledger)
        ours = {AFTER, "sent_after_access", "recorded_after_grant"}
        found += [rules(course, one) & ours for one in (first, late, after)]
    assert found == [set(), {"sent_after_access"}, {AFTER}] * 2
