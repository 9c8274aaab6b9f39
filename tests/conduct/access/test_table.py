"""Every route asks the table: role by role, site by site, whatever the state of who is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from tests.conduct.people import client, signed_in
from tests.conduct.record import HIDDEN, KEY, keep, telling_story
from tests.course.conftest import Story

from entact import store
from entact.conduct.access import people
from entact.conduct.permissions import OWN_ACCOUNT, OWNER, PUBLIC, ROUTES, SIGNED_IN, Person
from entact.course import read
from entact.protocol import Study

# Of each participant: site, and what became of them.
WHERE = {"1-001": "denver", "1-002": "denver", "S-3": "haifa"}
KEYED = {
    "participant": "/participants/{key}/",
    "form": "/participants/{key}/screening.1/demographics/",
    "look": "/participants/{key}/screening.1/demographics/look/",
    "consent": "/participants/{key}/consent/",
    "consent_pdf": "/participants/{key}/consent/nothing/",
    "file": "/participants/{key}/file/" + "0" * 64 + "/",
    "medication": "/participants/{key}/medication/",
    "stop": "/participants/{key}/stop/",
    "screening": "/participants/{key}/screening/",
    "eligibility": "/participants/{key}/eligibility/",
    "hand": "/participants/{key}/screening.1/demographics/hand/",
    "guess": "/participants/{key}/session_1.1/guess/",
    "add": "/participants/{key}/add/medication/",
    "entry": "/participants/{key}/entry/nothing/",
    "event_report": "/participants/{key}/entry/nothing/report.pdf",
    "casebook": "/participants/{key}/casebook.pdf",
    "withdraw": "/participants/{key}/entry/nothing/withdraw/",
    "matrix": "/participants/{key}/visits/",
    "visit": "/participants/{key}/screening.1/",
    "unscheduled": "/participants/{key}/visits/unscheduled/",
    "briefing": "/session/{key}/session_1.1/briefing/",
    "lease": "/session/{key}/session_1.1/lease/",
    "read_label": "/session/{key}/session_1.1/label/",
    "session_pack": "/session/{key}/session_1.1/pack.pdf",
    "sign": "/participants/{key}/sign/",
    "begin_query": "/participants/{key}/query/?entry=nothing",
    "query": "/participants/{key}/query/nothing/",
    "verify": "/participants/{key}/verify/",
    "lock": "/participants/{key}/lock/",
    "emergency": "/participants/{key}/emergency/",
    "emergency_answer": "/participants/{key}/emergency/nothing/",
    "arm": "/participants/{key}/arm/",
    "versions": "/participants/{key}/versions/",
    "link": "/participants/{key}/link/",
    "rater_told": "/told-by-raters/{key}/nothing/",
    "kits": "/participants/{key}/kits/",
}
# Answered with 404 also to who may: there is no such entry, account, code or password.
NOTHING_THERE = {
    "act_on_listing",
    "begin_query",
    "query",
    "entry",
    "event_report",
    "withdraw",
    "hand",
    "blinding",  # before the lock
    "fidelity",  # of a study that rates none
    "guess",  # of who was given nothing
    "consent_pdf",
    "dictionary",
    "file",
    "handed",
    "handed_look",
    "hand_back",
    "emergency",  # of who is not randomised
    "arm",  # of a study that plans to tell nobody
    "link",  # of who takes part with nobody
    "emergency_answer",
    "rater_told",
    "rating",
    "rate",
    "look_at_rating",
    "person",
    "monitoring_report",
    "monitoring_pdf",
    "supply_labels",
    "supply_withdraw",
    "mfa_view_recovery_codes",
    "mfa_remove_webauthn",
    "account_change_password",
}
PLAIN = {
    "study": "/",
    "proof": "/proof/",
    "told": "/told/",
    "language": "/language/",
    "ratings": "/assessments/",
    "rating": "/assessments/nothing/",
    "rate": "/assessments/nothing/symptoms/",
    "look_at_rating": "/assessments/nothing/symptoms/look/",
    "participants": "/participants/",
    "export_participants": "/participants/export.csv",
    "new_participant": "/participants/new/",
    "dictionary": "/dictionary/medicines/",
    "screening_log": "/screening/",
    "handed": "/handed/",
    "handed_look": "/handed/look/",
    "hand_back": "/handed/back/",
    "lock_study": "/lock/",
    "blinding": "/blinding/",
    "drift": "/raters/",
    "fidelity": "/fidelity/",
    "again": "/again/",
    "rate_again": "/again/nothing/",
    "deviations": "/deviations/",
    "export_deviations": "/deviations/export.csv",
    "listing": "/forms/",
    "export_listing": "/forms/export.csv",
    "act_on_listing": "/forms/act/",
    "save_listing": "/forms/saved/",
    "worklist": "/monitoring/",
    "monitoring_visits": "/monitoring/denver/",
    "monitoring_report": "/monitoring/denver/nothing/",
    "monitoring_pdf": "/monitoring/denver/nothing/report.pdf",
    "releases": "/releases/",
    "preview_release": "/releases/preview/",
    "queries": "/queries/",
    "export_queries": "/queries/export.csv",
    "audit": "/audit/",
    "export_audit": "/audit/export.csv",
    "exports": "/files/",
    "export": "/files/participants.csv",
    "periodic_reports": "/reports/",
    "supply_sites": "/supply/",
    "supply": "/supply/denver/",
    "supply_enter": "/supply/denver/enter/lot/",
    "supply_labels": "/supply/denver/labels.pdf",
    "supply_withdraw": "/supply/denver/withdraw/nothing/",
    "holds": "/holds/",
    "find": "/find/",
    "dashboard": "/dashboard/",
    "staff": "/sites/",
    "delegation": "/sites/denver/staff/",
    "measuring": "/sites/denver/devices/",
    "readings": "/session/readings/",
    "roles": "/roles/",
    "event_training": "/training/adverse-events/",
    "people": "/people/",
    "person": "/people/owner/",
    "console": "/session/",
    "console_file": "/session/app.js",
    "console_worker": "/session/worker.js",
    "console_entries": "/session/entries/",
    "console_sign_in": "/session/sign-in/",
    "style": "/schedule.css",
    "health": "/health",
    "account_login": "/sign-in/",
    "mfa_authenticate": "/sign-in/code/",
    "one_press": "/sign-in/as/nobody/",
    "sign_on": "/sign-in/hospital/",
    "sign_on_return": "/sign-in/hospital/return/",
    "welcome": "/welcome/nothing/",
    "account_inactive": "/sign-in/closed/",
    "account_logout": "/sign-out/",
    "mfa_index": "/account/",
    "mfa_activate_totp": "/account/one-time-code/",
    "mfa_deactivate_totp": "/account/one-time-code/remove/",
    "mfa_list_webauthn": "/account/passkeys/",
    "mfa_add_webauthn": "/account/passkeys/new/",
    "mfa_remove_webauthn": "/account/passkeys/1/remove/",
    "mfa_reauthenticate_webauthn": "/account/again/passkey/",
    "mfa_view_recovery_codes": "/account/recovery-codes/",
    "mfa_generate_recovery_codes": "/account/recovery-codes/new/",
    "mfa_reauthenticate": "/account/again/code/",
    "account_reauthenticate": "/account/again/",
    "account_change_password": "/account/password/",
    "usersessions_list": "/account/sessions/",
}
PEOPLE = [
    (OWNER, ""),
    ("investigator", "denver"),
    ("investigator", "haifa"),
    ("therapist", "denver"),
    ("pharmacist", "haifa"),
    *((role, "") for role in ("monitor", "scheduler", "rater", "medical_monitor")),
]


def routes(patterns: Any = None) -> Iterator[str]:
    """The names of all routes that lead to a page."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns)
        elif isinstance(one, URLPattern):
            yield str(one.name)


@pytest.mark.requirement("R16")
def test_every_route_is_in_one_row_and_no_row_is_without_a_route() -> None:
    found = list(routes())
    assert len(found) == len(set(found))
    assert set(found) == set(ROUTES)


def test_every_route_is_tried_here() -> None:
    assert {*KEYED, *PLAIN} == set(ROUTES)


@pytest.fixture
def told(study: Study, database: str) -> None:
    """One who has finished early, one in treatment, and one in screening elsewhere."""
    treated, screened = Story(study), Story(study)
    treated.whole()
    treated.entries = [one for one in treated.entries if one.occurred_at < treated.at(13).isoformat()]
    screened.begin("screening#1", day=0)
    screened.write("screening", {"attempt": 1, "number": "S-3", "site": "haifa"}, minute=2)
    ledgers = keep(study, telling_story(study), treated, screened)
    store.keep_keys({ledger.name: KEY for ledger in ledgers})


def lets(person: Person, route: str, site: str | None = None) -> bool:
    """What the table says of a route, about a participant at a site."""
    act = ROUTES[route]
    if act in (PUBLIC, SIGNED_IN, OWN_ACCOUNT):
        return True
    if route in ("delegation", "measuring"):
        return person.may(act, site)
    if route.startswith("supply") or route == "kits":
        keeps = person.may("keep_supply", site) if route == "supply_enter" else True
        seen = person.sight.sees("schedule", "dosing") and (
            site is None or person.may("see_participants", site)
        )
        return person.may(act, site) and keeps and seen
    if route.startswith("monitoring_"):
        return person.may(act, site) and person.sight.sees_schedule
    seen = site is None or (person.may("see_participants", site) and person.sight.sees_schedule)
    form = person.sight.sees_form("demographics") if route in ("form", "look") else True
    form = form and (route != "medication" or person.sight.sees("clinical", "medication"))
    enters = person.enters("demographics", site) is not None if route == "look" else True
    return person.may(act, site) and seen and form and enters


@pytest.mark.requirement("R16")
@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(("role", "site"), PEOPLE)
def test_each_cell_of_the_table_is_what_its_page_does(role: str, site: str) -> None:
    """Whom the table does not let is answered, byte for byte, as if there were no such page."""
    browser = signed_in(role, site)
    person = people.person_of(people.account_named(f"{role}.{site}".strip(".")))  # type: ignore[arg-type]
    nowhere = browser.get("/nowhere").content
    of_site = ("delegation", "measuring", "supply", "supply_enter", "supply_labels", "supply_withdraw")
    at = dict.fromkeys((*of_site, *(one for one in PLAIN if one.startswith("monitoring_"))), "denver")
    cells = [(route, address, at.get(route)) for route, address in PLAIN.items() if ROUTES[route] != PUBLIC]
    cells += [
        (route, address.format(key=key), where)
        for route, address in KEYED.items()
        for key, where in WHERE.items()
    ]
    for route, address, where in cells:
        writes = route in (
            "look",
            "withdraw",
            "unscheduled",
            "verify",
            "act_on_listing",
            "save_listing",
            "hand",
            "handed_look",
            "lease",
            "read_label",
        )
        answer = browser.post(address) if writes else browser.get(address)
        if not lets(person, route, where):
            assert (answer.status_code, answer.content) == (404, nowhere), (route, address)
        elif route not in NOTHING_THERE:
            writer = route in ("add", "unscheduled")
            assert answer.status_code != 404 or writer, (route, address)
        assert answer.status_code < 500, (route, address)


@pytest.mark.usefixtures("told")
def test_who_did_not_sign_in_is_sent_there_from_everywhere() -> None:
    browser = client()
    for route, address in (KEYED | PLAIN).items():
        if ROUTES[route] != PUBLIC:
            answer = browser.get(address.format(key="1-001"))
            assert answer.status_code == 302, route
            assert answer.url.startswith("/sign-in/?next=")
    assert browser.get("/nowhere").url == "/sign-in/?next=%2Fnowhere"
    assert browser.post("/participants/1-001/").url == "/sign-in/?unsaved=nothing"


@pytest.mark.usefixtures("told")
def test_at_another_site_nobody_is_listed_counted_or_found() -> None:
    page = signed_in("investigator", "haifa").get("/participants/").content.decode()
    assert "S-3" in page
    assert "1-001" not in page
    assert "denver" not in page
    home = signed_in("investigator", "haifa").get("/").content.decode()
    assert "1-001" not in home
    assert ">denver<" not in home
    assert " entries in " not in home


@pytest.mark.requirement("R07")
@pytest.mark.usefixtures("told")
def test_each_look_of_a_monitor_is_kept_and_nobody_elses() -> None:
    monitor = signed_in("monitor")
    for address in ("/participants/1-001/", "/participants/S-3/visits/", "/participants/nobody/", "/"):
        monitor.get(address)
    for address in ("/sites/denver/staff/", "/dashboard/", "/participants/", "/roles/", "/audit/?who=theo"):
        monitor.get(address)
        signed_in("investigator", "denver").get(address)
    signed_in("investigator", "denver").get("/participants/1-001/")
    looks = [entry for line in store.lines("system") if (entry := read(line.text)).kind == "looked"]
    assert [(one.by, one.role, one.data["page"], one.data["about"]) for one in looks] == [
        ("monitor", "monitor", "participant", f"participant:{1:032x}"),
        ("monitor", "monitor", "matrix", f"participant:{3:032x}"),
        ("monitor", "monitor", "delegation", "site:denver"),
        ("monitor", "monitor", "dashboard", ""),
        ("monitor", "monitor", "participants", ""),
        ("monitor", "monitor", "audit", ""),
    ]


def test_the_roles_tried_are_those_of_the_study(study: Study) -> None:
    roles = people.permissions_of(study).roles
    assert {role for role, _ in PEOPLE} == set(roles)
    assert set(HIDDEN) <= set(roles)
