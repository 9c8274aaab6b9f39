"""The dosing lease: one device gives the doses of a session; from one that may still give it is not taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conduct.browser import Browser
from tests.conduct.people import client
from tests.conduct.session.conftest import ADDRESS, LEDGER
from tests.course.cases import Case

from entact.conduct.session import lease
from entact.conduct.session.lease import UNREACHED, change_lease, lease_of, note_seen

AT = datetime(2026, 3, 16, 16, 0, tzinfo=UTC)
SESSION = "session_1#1"


def change(want: lease.Want, device: str, at: datetime = AT) -> str | None:
    """Who holds the lease after a device wanted something of it."""
    found = change_lease(LEDGER, SESSION, want, device=device, person="t-1", now=at)
    return None if found is None else found.device


def test_the_first_device_has_it_and_another_one_waits_until_it_is_released(database: str) -> None:
    assert change("release", "one") is None
    assert change("take", "one") == "one"
    assert change("take", "two") == "one"
    assert change("ask", "two") == "one"
    held = lease_of(LEDGER, SESSION)
    assert held is not None
    assert (held.wanted, held.wanted_by) == ("two", "t-1")
    assert change("release", "two") == "one"  # it is not its own to release
    assert change("release", "one") == "two"
    assert change("release", "two") is None
    assert change("ask", "one") == "one"  # nobody had it


def test_a_device_that_was_reached_is_not_passed_over(database: str) -> None:
    change("take", "one")
    note_seen(LEDGER, SESSION, "one", AT + timedelta(minutes=10))
    assert change("force", "two", AT + timedelta(minutes=10) + UNREACHED / 2) == "one"
    assert change("force", "two", AT + timedelta(minutes=10) + UNREACHED) == "two"
    note_seen(LEDGER, SESSION, "one", AT + timedelta(hours=9))  # it holds nothing any more
    assert change("force", "three", AT + timedelta(hours=9)) == "three"
    assert change_lease(LEDGER, "session_2#1", "take", device="one", person="t-1", now=AT) is not None


def want(body: dict[str, Any] | str, signed_in: str | None = None, **more: Any) -> Any:
    asking = client()
    if signed_in:
        asking.cookies["sessionid"] = signed_in
    text = body if isinstance(body, str) else json.dumps(body)
    return asking.post(f"{ADDRESS}lease/", text, **({"content_type": "application/json"} | more))


def test_a_device_is_told_at_once_who_gives_the_doses(therapist: Browser) -> None:
    told = json.loads(therapist.get(f"{ADDRESS}briefing/?device=one"))
    assert told["lease"] is None
    address = f"{ADDRESS}briefing/?device=one&head={told['head']}&by=t-1"
    asked = f"{address}&beside={told['beside']}"
    assert therapist.get(asked, status=204) == ""
    taken = want({"want": "take", "device": "one"}, therapist.session).json()["lease"]
    assert taken["device"] == "one"
    news = json.loads(therapist.get(asked))
    assert news["lease"] == taken  # it is news, though nothing was entered
    assert therapist.get(f"{address}&beside={news['beside']}", status=204) == ""


def test_who_gives_no_doses_takes_the_lease_from_nobody(
    therapist: Browser, sign_in: Callable[..., Browser], case: Case
) -> None:
    watching = sign_in("m-1", case.study, everywhere="medical_monitor")
    assert json.loads(watching.get(f"{ADDRESS}briefing/"))["person"]["gives"] is False
    for wish in ("take", "ask", "force"):
        assert want({"want": wish, "device": "two"}, watching.session).status_code == 403
    assert lease_of(LEDGER, SESSION) is None
    assert want({"want": "take", "device": "one"}, therapist.session).json()["lease"]["device"] == "one"
    assert want({"want": "force", "device": "two"}, watching.session).status_code == 403
    assert want({"want": "leave", "device": "two"}, watching.session).status_code == 200
    held = lease_of(LEDGER, SESSION)
    assert held is not None
    assert held.device == "one"


def test_who_may_not_follow_the_session_and_what_says_nothing(therapist: Browser) -> None:
    assert want({"want": "take", "device": "one"}).status_code == 302
    mine = therapist.session
    assert want("take it", mine).status_code == 400
    assert want({"want": "steal", "device": "one"}, mine).status_code == 400
    assert want({"want": "take", "device": "<one>"}, mine).status_code == 400
    assert want({"want": "take", "device": "one"}, mine, content_type="text/plain").status_code == 415
    assert lease_of(LEDGER, SESSION) is None
