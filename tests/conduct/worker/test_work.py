"""What is done without anybody asking: copies for sites, reminders, a sign of life; a dead worker shows."""

from __future__ import annotations

import csv
import subprocess
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import override_settings
from tests.conduct.people import account, client, signed_in
from tests.conduct.record import KEY, keep, telling_story
from tests.course.conftest import Story

from entact import store
from entact.cli.worker import send_mail_to_try
from entact.conduct import delegation
from entact.conduct.error import ConductError
from entact.conduct.permissions import OWNER
from entact.conduct.record.door import Author
from entact.conduct.upkeep import reports
from entact.conduct.upkeep.models import Report
from entact.conduct.worker import copies, work
from entact.conduct.worker.copies import copy_site
from entact.conduct.worker.mail import remind
from entact.conduct.worker.queue import WHEN, make_queue
from entact.course import read
from entact.course.entry import SYSTEM
from entact.course.kinds.site import Certificate
from entact.protocol import Study

KEPT = "django.core.mail.backends.locmem.EmailBackend"
AT = datetime(2026, 6, 1, 2, 15, tzinfo=UTC)


@pytest.fixture
def told(study: Study, database: str) -> None:
    """One at Denver with everything, one in screening at Haifa."""
    screened = Story(study)
    screened.begin("screening#1", day=0)
    screened.write("screening", {"attempt": 1, "number": "S-3", "site": "haifa"}, minute=2)
    here = keep(study, telling_story(study), screened)
    store.keep_keys({one.name: KEY for one in here})


def silence(minutes: float) -> None:
    """The worker gave its last sign so long ago."""
    Report.objects.update_or_create(
        subject=reports.ALIVE, defaults={"at": datetime.now(UTC) - timedelta(minutes=minutes)}
    )


@pytest.mark.requirement("R05")
@pytest.mark.usefixtures("told")
def test_the_copy_of_a_site_is_readable_without_entact_and_holds_that_site_alone(tmp_path: Path) -> None:
    done = copy_site("denver", tmp_path / "denver", AT)
    assert (done.participants, done.unreadable) == (1, ())
    assert done.folder == tmp_path / "denver" / "20260601T021500Z"
    sums = ["sha256sum", "--check", "--status", copies.SUMS]
    assert subprocess.run(sums, cwd=done.folder, check=False).returncode == 0
    (book,) = (done.folder / "casebooks").iterdir()
    assert book.read_bytes().startswith(b"%PDF")
    assert book.name == "1-001.pdf"
    with (done.folder / "tables" / "vitals.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {one["participant"] for one in rows} == {"1-001"}
    everything = b"".join(one.read_bytes() for one in done.folder.rglob("*.csv"))
    assert b"S-3" not in everything
    assert b"haifa" not in everything
    assert not [one for one in done.folder.rglob("*") if "allocation" in one.name]
    assert done.folder.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("told")
def test_a_copy_takes_its_place_only_when_it_is_whole_and_old_ones_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "KEPT", 2)
    for day in range(3):
        copy_site("haifa", tmp_path, AT + timedelta(days=day))
    kept = sorted(one.name for one in tmp_path.iterdir())
    assert kept == ["20260602T021500Z", "20260603T021500Z"]

    def full(*given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "_write_tables", full)
    with pytest.raises(OSError, match="No space left"):
        copy_site("haifa", tmp_path, AT + timedelta(days=9))
    assert sorted(one.name for one in tmp_path.iterdir()) == kept
    with pytest.raises(ConductError, match="the study has no site 'oslo'; its sites are denver, haifa"):
        copy_site("oslo", tmp_path, AT)


@pytest.mark.usefixtures("told")
def test_a_copy_that_could_not_be_made_or_is_old_stands_on_the_owners_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "haifa").write_text("in the way")
    monkeypatch.setenv(work.COPIES, str(tmp_path / "{site}"))
    assert work.copy_sites() == ["haifa"]
    page = signed_in(OWNER).get("/").content.decode()
    assert "Copy of site denver" in page
    assert str(tmp_path / "denver") in page
    assert "File exists" in page
    assert "a night was missed" not in page
    Report.objects.filter(subject="copy of denver").update(at=datetime.now(UTC) - timedelta(days=2))
    assert "a night was missed" in signed_in(OWNER).get("/").content.decode()
    assert "Copy of site" not in signed_in("investigator", "denver").get("/").content.decode()


@pytest.mark.usefixtures("told")
def test_before_the_first_copies_it_is_said_whether_they_have_a_place() -> None:
    from django.test import override_settings

    with override_settings(SITE_COPIES=""):
        assert "ENTACT_SITE_COPIES says where they go" in signed_in(OWNER).get("/").content.decode()
    with override_settings(SITE_COPIES="/mnt/{site}/copies"):
        page = signed_in(OWNER).get("/").content.decode()
    assert "the worker makes the first at night" in page
    assert "ENTACT_SITE_COPIES" not in page


@pytest.mark.usefixtures("told")
def test_a_dead_worker_shows_on_the_owners_home_and_in_health() -> None:
    assert client().get("/health").json() == {"status": "ok"}  # none ever ran: nothing is missed
    assert "No worker has run" in signed_in(OWNER).get("/").content.decode()
    work.give_sign()
    assert client().get("/health").json() == {"status": "ok"}
    assert "alive" in signed_in(OWNER).get("/").content.decode()
    silence(10)
    dead = client().get("/health")
    assert dead.status_code == 503
    assert "the worker gave no sign since" in dead.json()["status"]
    assert "The worker gave no sign since" in signed_in(OWNER).get("/").content.decode()
    assert "gave no sign" not in signed_in("monitor").get("/").content.decode()


@pytest.mark.usefixtures("told")
def test_each_sign_of_life_is_told_to_an_address_of_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *given: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.handle_request, daemon=True).start()
        monkeypatch.setenv(work.PING, f"http://127.0.0.1:{server.server_port}/alive")
        work.give_sign()
    assert asked == ["/alive"]
    monkeypatch.setenv(work.PING, "http://127.0.0.1:1/nobody")
    work.give_sign()  # that nobody answers there stops nothing
    assert reports.silent_since() is None


@pytest.mark.usefixtures("told")
def test_the_pages_show_what_the_worker_found() -> None:
    from entact.conduct import verification

    work.verify_chains()
    verification.forget()  # as in the process of the pages, which checked nothing itself
    found = verification.last_verification()
    assert found is not None
    assert found.verification.breaks == ()
    assert "verified" in signed_in("medical_monitor").get("/").content.decode()


@pytest.mark.usefixtures("told")
def test_who_has_something_urgent_gets_one_mail_that_names_nobody(study: Study) -> None:
    person = account("mara", ("medical_monitor", ""))
    person.email = "mara@example.org"
    person.save()
    nobody = account("nora")  # has no role
    nobody.email = "nora@example.org"
    nobody.save()
    assert remind() == 0  # no mail leaves where none is configured
    with override_settings(EMAIL_BACKEND=KEPT):
        outbox.outbox = []
        assert remind() == 1
        assert remind() == 0  # once
        (sent,) = outbox.outbox
    assert sent.to == ["mara@example.org"]
    whole = f"{sent.subject} {sent.body}"
    assert "wait" in whole
    for secret in ("1-001", "denver", "ideation", "pressure", "Suicid", "mini"):
        assert secret not in whole


@pytest.mark.usefixtures("told")
def test_what_is_not_urgent_comes_in_one_mail_a_day_and_a_mail_that_did_not_leave_is_tried_again() -> None:
    owner = signed_in(OWNER)
    for name, role, site in (("theo", "therapist", "denver"), ("rae", "rater", "")):
        account(name, (role, site))
        assert (
            owner.post(f"/people/{name}/", {"do": "mail", "email": f"{name}@example.org"}).status_code == 302
        )
    assert owner.post("/people/theo/", {"do": "mail", "email": "theo at home"}).status_code == 409
    with override_settings(EMAIL_BACKEND="tests.conduct.worker.test_work.Down"):
        assert remind(daily=True) == 0
        with pytest.raises(ConductError, match=r"did not take a mail to theo@example\.org"):
            send_mail_to_try("theo@example.org")
    assert "did not leave" in owner.get("/").content.decode()
    with pytest.raises(ConductError, match="ENTACT_MAIL says by which server"):
        send_mail_to_try("theo@example.org")
    with override_settings(EMAIL_BACKEND=KEPT):
        outbox.outbox = []
        send_mail_to_try("theo@example.org")
        assert "names nobody" in outbox.outbox.pop().body
        assert remind(daily=True) == 1  # nothing waits for a rater
        assert "did not leave" not in owner.get("/").content.decode()
        assert remind(daily=True) == 0
        (theo,) = outbox.outbox
        assert theo.to == ["theo@example.org"]
        assert "urgent" not in f"{theo.subject} {theo.body}"
        today = delegation.today_at("denver")
        for days, mails in ((40, 0), (20, 1), (20, 0)):  # the newer one of a name takes the older one's place
            certificate = Certificate("gcp", (today + timedelta(days=days)).isoformat())
            delegation.certify("theo", "denver", certificate, by=Author("ada", "owner", SYSTEM))
            assert remind(daily=True) == mails
        assert [one.to for one in outbox.outbox[1:]] == [["theo@example.org"]]
    kept = [one for line in store.lines("system") if (one := read(line.text)).data.get("what") == "mail"]
    assert [(one.data["person"], one.data["status"]) for one in kept] == [("theo", "set"), ("rae", "set")]
    assert not any("example.org" in line.text for line in store.lines("system"))


class Down:
    """A mail server that is not there."""

    def __init__(self, **given: Any) -> None: ...

    def send_messages(self, messages: list[Any]) -> int:
        raise ConnectionRefusedError(111, "Connection refused")


@pytest.mark.usefixtures("told")
def test_the_queue_does_each_thing_at_its_time_as_the_application() -> None:
    """Whatever the queue needs is granted: it works as the application, which owns nothing."""
    queue = make_queue()
    assert {name for name in queue.tasks if name.startswith("entact.")} == {
        "entact.rescue",
        *(f"entact.{do.__name__}" for _, do in WHEN),
    }
    with queue.open():
        queue.configure_task("entact.give_sign").defer(timestamp=0)
    queue = make_queue()
    queue.run_worker(wait=False, listen_notify=False, install_signal_handlers=False, delete_jobs="always")
    assert reports.last(reports.ALIVE) is not None
