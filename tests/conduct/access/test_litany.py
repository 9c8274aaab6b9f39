"""Every page that is written to: who may not, an ended session, a locked record, two at once, and rubbish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.test import RequestFactory
from django.urls import resolve
from tests.conduct.access.test_table import KEYED, PEOPLE, PLAIN, lets
from tests.conduct.people import client, signed_in
from tests.conduct.record import KEY, blinded_study, keep, telling_story

from entact import store
from entact.conduct.access import people
from entact.conduct.permissions import PUBLIC, ROUTES
from entact.protocol import Study

CONDUCT = Path(__file__).parents[1]
WHO = (*PEOPLE, ("data_manager", ""))


class Row(NamedTuple):
    """Which test shows each; a text without `::` says why there is none."""

    may_not: str
    locked: str
    at_once: str


NOBODY = "about no participant's data"
NOTHING = "writes nothing of the record"
NEVER = "locks/test_views.py::test_a_locked_participant_is_released_by_two_and_safety_is_never_refused"
FROZEN = "locks/test_views.py::test_a_frozen_visit_is_not_changed_until_that_is_taken_back"
TWICE = "entries/test_views.py::test_what_is_sent_twice_from_one_page_is_entered_once"
ENTERS = "entries/test_views.py::test_nobody_enters_who_may_not"
OWN = Row("about one's own account", NOBODY, NOBODY)

LITANY: Mapping[str, Row] = {
    "form": Row(
        "forms/test_views.py::test_nothing_is_written_by_who_may_not",
        FROZEN,
        "forms/test_views.py::test_of_two_who_save_at_once_one_is_told",
    ),
    "look": Row("forms/test_views.py::test_nothing_is_written_by_who_may_not", NOTHING, NOTHING),
    "consent": Row(
        "consent/test_views.py::test_nobody_takes_a_consent_who_may_not",
        "consent/test_views.py::test_consent_of_a_locked_participant_is_never_refused_and_is_found",
        "consent/test_views.py::test_what_is_missing_is_said_and_nothing_is_kept",
    ),
    "eligibility": Row(
        "eligibility/test_views.py::test_only_an_investigator_of_the_site_decides",
        "eligibility/test_views.py::test_of_a_locked_participant_nothing_is_decided",
        "eligibility/test_views.py::test_what_was_signed_is_what_was_shown",
    ),
    "screening": Row(
        "admission/test_views.py::test_nobody_is_taken_in_by_who_may_not",
        "a new attempt is never refused",
        "admission/test_views.py::test_a_number_that_cannot_be_one_or_is_anothers_is_refused",
    ),
    "new_participant": Row(
        "admission/test_views.py::test_nobody_is_taken_in_by_who_may_not",
        "nobody is there yet",
        "admission/test_views.py::test_a_number_that_cannot_be_one_or_is_anothers_is_refused",
    ),
    "hand": Row(
        "handed/test_views.py::test_only_what_a_participant_answers_is_handed_over_by_who_enters_it",
        NOTHING,
        NOTHING,
    ),
    "handed": Row(
        "handed/test_views.py::test_what_is_handed_over_is_all_that_this_tablet_shows", FROZEN, TWICE
    ),
    "handed_look": Row(
        "handed/test_views.py::test_what_is_handed_over_is_all_that_this_tablet_shows",
        "an answer that calls somebody is never refused",
        "handed/test_views.py::test_an_answer_that_calls_somebody_calls_before_anything_is_sent",
    ),
    "hand_back": Row("it unlocks one's own session", NOTHING, NOTHING),
    "add": Row(ENTERS, NEVER, TWICE),
    "entry": Row(ENTERS, FROZEN, TWICE),
    "withdraw": Row(ENTERS, FROZEN, TWICE),
    "visit": Row("visits/test_views.py::test_nobody_begins_a_visit_who_may_not", NEVER, TWICE),
    "unscheduled": Row("visits/test_views.py::test_nobody_begins_a_visit_who_may_not", NEVER, TWICE),
    "lease": Row(
        "session/test_lease.py::test_who_may_not_follow_the_session_and_what_says_nothing",
        NOTHING,
        "session/test_lease.py::test_the_first_device_has_it_and_another_one_waits_until_it_is_released",
    ),
    "read_label": Row(
        "session/test_label.py::test_who_may_not_follow_the_session_reads_no_label_by_it", NOTHING, NOTHING
    ),
    "console_entries": Row(
        "it is the device's seal that is asked", "a fact is never refused", "an id is kept once"
    ),
    "console_sign_in": Row(
        "session/test_locking.py::test_a_locked_sign_in_opens_no_page_until_its_key_does",
        NOTHING,
        "session/test_locking.py::test_a_locked_sign_in_opens_no_page_until_its_key_does",
    ),
    "sign": Row(
        "signatures/test_views.py::test_nobody_else_signs",
        "what is locked can be signed",
        "signatures/test_views.py::test_what_is_signed_is_what_was_shown",
    ),
    "begin_query": Row(
        "queries/test_views.py::test_nobody_asks_about_what_they_do_not_see",
        "what is locked can be asked about",
        "each question is one of its own",
    ),
    "query": Row(
        "queries/test_views.py::test_nobody_asks_about_what_they_do_not_see",
        "what is locked can be asked about",
        "queries/test_views.py::test_a_query_is_asked_answered_and_closed_by_who_asked",
    ),
    "verify": Row(
        "monitoring/test_views.py::test_only_a_monitor_verifies",
        "what is locked can be verified",
        "monitoring/test_views.py::test_what_was_changed_since_the_page_was_opened_is_not_verified",
    ),
    "act_on_listing": Row(
        "monitoring/test_views.py::test_only_a_monitor_verifies",
        "it verifies, asks or freezes",
        "monitoring/test_views.py::test_what_was_changed_since_the_page_was_opened_is_not_verified",
    ),
    "save_listing": Row(
        "listings/test_views.py::test_a_listing_is_saved_and_shared_with_those_of_the_same_role_and_site",
        NOTHING,
        NOTHING,
    ),
    "lock": Row("locks/test_views.py::test_nobody_else_freezes", NEVER, NEVER),
    "lock_study": Row(
        "locks/test_views.py::test_nobody_else_freezes",
        "locks/test_views.py::test_the_study_is_locked_with_a_key_and_unlocked_by_two",
        "locks/test_views.py::test_the_study_is_locked_with_a_key_and_unlocked_by_two",
    ),
    "emergency": Row(
        "allocation/test_views.py::test_nobody_else_reads_the_answer_and_a_blinded_role_has_no_such_page",
        "an emergency is never refused",
        "allocation/test_views.py::test_what_is_old_and_what_is_too_much_stays_closed",
    ),
    **dict.fromkeys(
        ("rate", "rating", "ratings", "look_at_rating", "rater_told"),
        Row(
            "rating/test_views.py::test_an_assessment_is_its_raters_alone",
            "what a rater heard or rated is never refused",
            "rating/test_views.py::test_nobody_rates_the_same_person_twice_and_the_reason_does_not_tell",
        ),
    ),
    **dict.fromkeys(
        ("drift", "rate_again"),
        Row("drift/test_views.py::test_nobody_else_reaches_it", NOBODY, NOBODY),
    ),
    "holds": Row(
        "holds/test_views.py::test_one_of_another_role_lifts_nothing_and_who_sees_no_events_sees_no_hold",
        NOBODY,
        "holds/test_views.py::test_nobody_lifts_what_they_have_not_seen",
    ),
    "periodic_reports": Row(
        "access/test_table.py::test_each_cell_of_the_table_is_what_its_page_does",
        NOBODY,
        "periodic/test_views.py::test_what_cannot_be_is_told_and_nothing_kept",
    ),
    "supply_enter": Row(
        "supply/test_views.py::test_who_is_blinded_sees_every_kit_alike_and_enters_nothing",
        NOBODY,
        "supply/test_views.py::test_nobody_checks_what_they_entered_and_two_at_once_are_one",
    ),
    "supply_withdraw": Row(
        "supply/test_views.py::test_what_was_entered_in_error_is_withdrawn_with_a_reason_and_counts_no_more",
        NOBODY,
        "supply/test_views.py::test_what_was_entered_in_error_is_withdrawn_with_a_reason_and_counts_no_more",
    ),
    "kits": Row(
        "supply/test_views.py::test_who_is_blinded_sees_every_kit_alike_and_enters_nothing",
        "supply/test_views.py::test_of_a_locked_participant_nothing_is_dispensed",
        "supply/test_views.py::test_the_gate_says_every_reason_on_the_page",
    ),
    "arm": Row(
        "allocation/test_planned.py::test_who_is_told_reads_the_arm_and_who_is_not_finds_no_page",
        "it is asked once the data are frozen",
        "the gate says what stands against it",
    ),
    "link": Row(
        "linking/test_views.py::test_who_takes_part_alone_and_who_may_not_has_no_such_page",
        NEVER,
        "linking/test_views.py::test_a_partner_is_linked_to_their_patient_and_that_is_withdrawn",
    ),
    "versions": Row(
        "versions/test_views.py::test_nobody_else_decides_and_who_sees_no_events_sees_no_version",
        "which version counts is decided of what is locked too",
        "versions/test_views.py::test_one_version_counts_until_a_person_follows_the_other",
    ),
    "guess": Row("blinding/test_guess.py::test_it_is_for_those_who_are_asked_alone", FROZEN, TWICE),
    "told": Row(
        "blinding/test_views.py::test_everybody_with_an_account_reports_by_one_press",
        "a report is never refused",
        "blinding/test_views.py::test_many_at_once_are_each_kept",
    ),
    "monitoring_visits": Row(
        "monitoring/test_visit.py::test_who_is_blinded_to_what_the_monitor_sees_is_shown_what_they_owe_alone",
        NOBODY,
        "monitoring/test_visit.py::test_what_is_wrong_is_said_and_nothing_is_entered_or_lost",
    ),
    "monitoring_report": Row(
        "monitoring/test_visit.py::test_who_is_blinded_to_what_the_monitor_sees_is_shown_what_they_owe_alone",
        NOBODY,
        "monitoring/test_visit.py::test_an_action_waits_on_the_home_of_who_owes_it_until_it_is_done",
    ),
    "releases": Row(
        "releases/test_views.py::test_whoever_may_not_neither_enters_nor_opens",
        NOBODY,
        "releases/test_views.py::test_what_cannot_be_said_of_a_site_is_refused_and_writes_nothing",
    ),
    "preview_release": Row(
        "releases/test_preview.py::test_it_is_for_who_answers_for_the_data",
        NOBODY,
        "releases/test_views.py::test_what_is_not_what_was_tried_is_not_entered",
    ),
    "measuring": Row(
        "session/test_measuring.py::test_whoever_may_not_keep_devices_has_no_such_page",
        NOBODY,
        "session/test_measuring.py::test_a_revoked_device_is_refused_at_once_and_may_be_registered_anew",
    ),
    "readings": Row(
        "session/test_measuring.py::test_a_device_that_nobody_registered_is_refused_and_that_is_kept",
        "a fact is never refused",
        "a reading is kept once",
    ),
    "delegation": Row(
        "staff/test_views.py::test_nobody_changes_a_log_who_may_not_nor_is_given_what_is_no_role_of_a_site",
        NOBODY,
        "staff/test_views.py::test_the_investigator_delegates_signs_and_a_change_asks_for_it_again",
    ),
    "event_training": Row(
        "access/test_table.py::test_each_cell_of_the_table_is_what_its_page_does",
        NOBODY,
        "staff/test_views.py::test_who_has_not_read_what_an_event_is_is_found_and_told_until_the_text_changes",
    ),
    "people": Row(
        "access/test_table.py::test_each_cell_of_the_table_is_what_its_page_does",
        NOBODY,
        "access/test_people.py::test_a_role_given_twice_is_one_entry",
    ),
    "person": Row(
        "access/test_table.py::test_each_cell_of_the_table_is_what_its_page_does",
        NOBODY,
        "access/test_people.py::test_a_role_given_twice_is_one_entry",
    ),
    **dict.fromkeys(
        (
            *("account_login", "account_logout", "account_reauthenticate", "account_change_password"),
            *("one_press", "welcome", "usersessions_list", "language"),
            *(one for one in ROUTES if one.startswith("mfa_")),
        ),
        OWN,
    ),
}  # fmt: skip


def posted() -> dict[str, str]:
    """Every route that answers a form, with its address."""
    found = {}
    for route, address in (KEYED | PLAIN).items():
        match = resolve(address.format(key="1-001").partition("?")[0])
        try:
            answer = match.func(RequestFactory().post(address), *match.args, **match.kwargs)
        except Exception:  # noqa: BLE001 - it went on to what a request has: it takes a form
            found[route] = address
        else:
            if answer.status_code != 405:
                found[route] = address
    return found


@pytest.fixture(scope="module")
def study() -> Study:
    """The small study with somebody who keeps its data, too."""
    return blinded_study(lambda data: data["roles"].update(data_manager="keeps the data"))


@pytest.fixture
def told(study: Study, database: str) -> None:
    """One participant at Denver, in every state of the data."""
    store.keep_keys({one.name: KEY for one in keep(study, telling_story(study))})


def lines() -> int:
    """How many lines are about participants and sites."""
    names = [*store.ledgers("participant:"), *store.ledgers("site:")]
    return sum(one.seq for one in names)


@pytest.mark.requirement("R16")
def test_every_page_that_is_written_to_has_its_row_and_every_row_its_tests(database: str) -> None:
    assert set(posted()) == set(LITANY)
    for route, row in LITANY.items():
        for said in row:
            file, _, name = said.partition("::")
            if name:
                text = (CONDUCT / file).read_text(encoding="utf-8")
                assert re.search(rf"^def {name}\(", text, re.MULTILINE), (route, said)


@pytest.mark.requirement("R18")
@pytest.mark.usefixtures("told")
def test_after_the_session_has_ended_nothing_is_written_anywhere() -> None:
    before, browser = lines(), client()
    for route, address in posted().items():
        if ROUTES[route] != PUBLIC:
            answer = browser.post(address.format(key="1-001"), {"do": "sign", "text": "x"})
            assert answer.status_code == 302, route
            assert re.fullmatch(r"/sign-in/(\?unsaved=.*)?", answer.url), route
    assert lines() == before


@pytest.mark.requirement("R16")
@pytest.mark.usefixtures("told")
def test_what_is_sent_by_who_may_not_is_answered_as_if_there_were_no_such_page() -> None:
    forms, before = posted(), lines()
    for role, site in WHO:
        browser = signed_in(role, site)
        person = people.person_of(people.account_named(f"{role}.{site}".strip(".")))  # type: ignore[arg-type]
        nowhere, before = browser.post("/nowhere").content, lines()
        for route, address in forms.items():
            if ROUTES[route] == PUBLIC or LITANY[route] is OWN:
                continue
            about = "denver" if route in KEYED or "/denver/" in address else None
            if not lets(person, route, about):
                answer = browser.post(address.format(key="1-001"), {"do": "x", "text": "x"})
                assert (answer.status_code, answer.content) == (404, nowhere), (role, route)
        assert lines() == before


RUBBISH = (
    "",
    "\0",
    "’“\u202e\ud800".encode("utf-8", "replace").decode(),
    "9" * 400,
    "-1",
    "<script>",
    "2026-02-30",
)


@pytest.mark.requirement("R04")
@pytest.mark.usefixtures("told")
def test_no_form_that_is_sent_full_of_rubbish_gives_a_fault() -> None:
    """Each form of each page, as somebody who may send it, with rubbish in every field of its own.

    Whatever is sent, by whatever role, takes no line away and changes none: the audit trail goes on.
    """
    tried = set()
    before = {one.ledger: one.seq for one in store.ledgers("")}
    browsers: list[tuple[Any, Any]] = []
    for role, site in WHO:
        browser = signed_in(role, site)
        name = f"{role}.{site}".strip(".")
        browsers.append((browser, people.person_of(people.account_named(name))))  # type: ignore[arg-type]
    for route, address in posted().items():
        if route in ("account_logout", "one_press"):
            continue
        at = address.format(key="1-001")
        about = "denver" if route in KEYED or "/denver/" in address else None
        for browser, person in browsers:
            if not lets(person, route, about):
                continue
            fields = set(re.findall(r'name="([^"]+)"', browser.get(at).content.decode()))
            fields -= {"csrfmiddlewaretoken", "viewport", "color-scheme", "robots", "number"}
            for place, rubbish in enumerate(RUBBISH[:3]):
                sent = {
                    field: RUBBISH[(place + turn) % len(RUBBISH)] for turn, field in enumerate(sorted(fields))
                }
                answer = browser.post(at, sent | {"do": rubbish})
                assert answer.status_code < 500, (route, sent)
            tried.add(route)
            break
    # Nobody of these certifies raters, rates again, or keeps the kits of Denver: tried with what cannot be in
    # drift/test_views.py and supply/test_views.py.
    assert set(posted()) - tried == {"account_logout", "one_press", "drift", "rate_again", "supply_enter"}
    after = {one.ledger: one.seq for one in store.ledgers("")}
    assert all(after[ledger] >= seq for ledger, seq in before.items())
    assert after["system"] > before.get("system", 0)
    assert store.verify().breaks == ()
