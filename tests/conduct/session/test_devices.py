"""What other devices of a session have not sent is said, with its time; and whom an alert calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest
from django.core import mail as outbox
from django.test import override_settings
from tests.conduct.browser import Browser
from tests.conduct.people import account
from tests.conduct.session.conftest import ADDRESS, LEDGER, NOON, entry_of, seal, send

from entact.conduct import delegation
from entact.conduct.record.door import Author
from entact.conduct.session import devices
from entact.conduct.upkeep import reports
from entact.conduct.upkeep.calls import WEBHOOK, called
from entact.conduct.worker.calling import call_people
from entact.course.entry import SYSTEM
from entact.course.kinds.on_call import OnCall

BRIEFING = f"{ADDRESS}briefing/"
KEPT = "django.core.mail.backends.locmem.EmailBackend"
BY = Author("ada", "owner", SYSTEM)
AT = NOON + timedelta(minutes=20)
MORNING, EVENING = "2026-03-16T08:00:00-06:00", "2026-03-16T20:00:00-06:00"


def briefed(browser: Browser, **more: str) -> dict[str, Any]:
    asked = "&".join(f"{name}={value}" for name, value in more.items())
    return dict(json.loads(browser.get(f"{BRIEFING}?{asked}")))


def test_another_device_says_what_waits_on_it_and_since_when(therapist: Browser) -> None:
    oldest = "2026-03-16T16:05:00%2B00:00"
    briefed(therapist, device="console-1", waiting="3", oldest=oldest)
    found = briefed(therapist, device="console-2")
    assert found["devices"] == [
        {"person": "t-1", "waiting": 3, "oldest": "2026-03-16T16:05:00+00:00", "silent": None}
    ]
    known = {"head": str(found["head"]), "by": "t-1", "beside": found["beside"], "device": "console-2"}
    address = f"{BRIEFING}?{'&'.join(f'{name}={value}' for name, value in known.items())}"
    assert therapist.get(address, status=204) == ""
    briefed(therapist, device="console-1")  # all sent
    assert json.loads(therapist.get(address))["devices"] == []
    assert briefed(therapist, device="console-1")["devices"] == []
    for odd in ("x" * 50, "console 1", ""):
        assert (
            briefed(therapist, device=odd.replace(" ", "%20"), waiting="-1", oldest="soon")["devices"] == []
        )


def test_a_device_that_is_not_heard_of_is_said_with_its_time(therapist: Browser) -> None:
    now = datetime.now(UTC)
    said: dict[str, Any] = {"person": "t-1", "waiting": 2, "oldest": now - timedelta(minutes=4)}
    gone = now - timedelta(minutes=3)
    devices.note_device(LEDGER, "session_1#1", "console-1", now=gone, **said)
    (found,) = briefed(therapist, device="console-2")["devices"]
    assert found["silent"] == gone.isoformat()
    assert found["waiting"] == 2
    devices.forget_device(LEDGER, "session_1#1", "console-1")
    assert briefed(therapist, device="console-2")["devices"] == []


@pytest.fixture
def alerted(therapist: Browser) -> dict[str, Any]:
    """A blood pressure that calls people; the briefing before it."""
    before = briefed(therapist)
    reading = {"systolic": "185 mm[Hg]", "diastolic": "95 mm[Hg]", "heart_rate": "90 /min"}
    entry = entry_of(before, "vital_signs", reading)
    assert send(seal(before, entry["id"], json.dumps(entry)))[0]["status"] == "kept"
    return {**before, "entry": entry["id"]}


class Heard(BaseHTTPRequestHandler):
    """Keeps what is posted to it; the first time it is down."""

    said: ClassVar[list[dict[str, Any]]] = []
    down = 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if Heard.down:
            Heard.down -= 1
            self.send_error(503)
            return
        Heard.said.append(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def test_an_alert_posts_to_the_webhook_whom_it_calls_once_and_names_nobody(
    alerted: dict[str, Any], therapist: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call_people(AT) == 0  # no way is set up
    night = "2026-03-17T08:00:00-06:00"
    for duty in (
        OnCall("+1 555 0199", "investigator", "Dr. Idris", MORNING, EVENING),
        OnCall("+1 555 0188", "investigator", None, EVENING, night),
    ):
        delegation.set_duty("denver", duty, by=BY)
    delegation.set_on_call("denver", "+1 555 0100", by=BY)
    server = HTTPServer(("127.0.0.1", 0), Heard)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(WEBHOOK, f"http://127.0.0.1:{server.server_port}/call")
    try:
        assert call_people(AT) == 0
        (failed,) = called(LEDGER)
        assert failed["problem"] == "webhook could not be sent"
        assert call_people(AT) == 1  # tried again
        assert call_people(AT) == 0  # once
    finally:
        server.shutdown()
        server.server_close()
    (said,) = Heard.said
    assert (said["to"], said["role"], said["back"]) == ("+1 555 0199", "investigator", "+1 555 0100")
    for secret in ("P-1", "Idris", "pressure", "hypertension", "185", "mdma", "placebo", LEDGER, "session_1"):
        assert secret not in json.dumps(said)
    reports.say(reports.ALIVE)
    found = briefed(therapist)
    (made,) = found["called"]
    assert (made["entry"], made["role"], made["how"]) == (alerted["entry"], "investigator", "webhook")
    assert [one["number"] for one in found["roster"]] == ["+1 555 0199", "+1 555 0188"]


def test_an_alert_mails_who_has_the_role_at_the_site_and_tries_again(alerted: dict[str, Any]) -> None:
    for name, role, site in (("mo", "medical_monitor", ""), ("ira", "investigator", "haifa")):
        person = account(name, (role, site))
        person.email = f"{name}@example.org"
        person.save()
    with override_settings(EMAIL_BACKEND="tests.conduct.worker.test_work.Down"):
        assert call_people(AT) == 0
    with override_settings(EMAIL_BACKEND=KEPT):
        outbox.outbox = []
        assert call_people(AT) == 1
        assert call_people(AT) == 0
        (sent,) = outbox.outbox
    assert sent.to == ["mo@example.org"]  # the other one is of another site
    for secret in ("P-1", "denver", "pressure", "185", "mdma", "placebo", "session_1"):
        assert secret not in f"{sent.subject} {sent.body}"


@pytest.mark.parametrize(
    ("role", "number", "hours", "problem"),
    [
        ("rater", "+1 555 0199", (MORNING, EVENING), "no alert of the study calls"),
        ("investigator", "soon", (MORNING, EVENING), "as one dials it"),
        ("investigator", "+1 555 0199", ("", EVENING), "from when and until when"),
        ("investigator", "+1 555 0199", (EVENING, MORNING), "ends after it begins"),
    ],
)
@pytest.mark.usefixtures("in_session")
def test_what_can_be_no_line_of_a_roster_is_refused(
    role: str, number: str, hours: tuple[str, str], problem: str
) -> None:
    from entact.conduct.error import ConductError

    with pytest.raises(ConductError, match=problem):
        delegation.set_duty("denver", OnCall(number, role, None, *hours), by=BY)


def test_the_page_of_the_site_has_the_roster(investigator: Browser) -> None:
    line = {"do": "duty", "role": "investigator", "person": "Dr. Idris", "number": "+1 555 0199"}
    hours = {"since": "2026-03-16T08:00", "until": "2026-03-16T20:00"}
    investigator.post("/sites/denver/staff/", line | hours)
    page = investigator.get("/sites/denver/staff/")
    assert "+1 555 0199" in page
    assert "Dr. Idris" in page
    (kept,) = delegation.state_of("denver").roster
    assert kept.since.isoformat() == "2026-03-16T08:00:00-06:00"
    investigator.post("/sites/denver/staff/", line | hours | {"until": "x"}, status=409)
    investigator.post("/sites/denver/staff/", line | hours | {"number": ""})
    assert "+1 555 0199" not in investigator.get("/sites/denver/staff/")
