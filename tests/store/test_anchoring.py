"""Anchors that a server takes by itself, for several parties: file, mail over TLS, time stamp."""

from __future__ import annotations

import base64
import email
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.store.living import enter_study
from tests.store.test_anchor import Authority, Post, authority
from tests.store.test_mail import certificate

from entact import store
from entact.cli.anchor import Destinations, destinations_of_environment, keep_anchoring, put, read_against
from entact.store import StoreError, models
from entact.store.anchor import read_anchors

__all__ = ["authority"]

LOGIN = base64.b64encode(b"\0record\0p@ss").decode()


class SecureMail(socketserver.StreamRequestHandler):
    """As much of a mail server with STARTTLS and AUTH as a client needs; it takes nothing before both."""

    def handle(self) -> None:
        self.say("220 test")
        secure = known = False
        while line := self.rfile.readline().decode().strip():
            verb = line.upper().split()[0]
            if verb == "EHLO":
                self.say("250-test\r\n250 AUTH PLAIN" if secure else "250-test\r\n250 STARTTLS")
            elif verb == "STARTTLS" and not secure:
                self.say("220 go on")
                self.connection = self.server.context.wrap_socket(self.connection, server_side=True)  # type: ignore[attr-defined]
                self.setup_files()
                secure = True
            elif verb == "AUTH" and secure:
                known = line.split()[-1] == LOGIN
                self.say("235 yes" if known else "535 who are you")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            elif not known or "nobody@" in line:
                self.say("550 not taken")
            elif verb == "DATA":
                self.say("354 go on")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part)
                self.server.messages.append(b"".join(lines))  # type: ignore[attr-defined]
                self.say("250 taken")
            else:
                self.say("250 ok")

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def setup_files(self) -> None:
        self.rfile = self.connection.makefile("rb")  # type: ignore[assignment]
        self.wfile = self.connection.makefile("wb", 0)  # type: ignore[assignment]

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """Address of a mail server whose certificate is trusted here, and what it received."""
    made = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), SecureMail) as server:
        server.daemon_threads = True
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # type: ignore[attr-defined]
        server.context.load_cert_chain(made)  # type: ignore[attr-defined]
        server.messages = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"smtp+starttls://record:p%40ss@localhost:{server.server_address[1]}"
        yield address, server.messages  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


@pytest.fixture
def places(
    database: str, post: Post, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Destinations:
    """What the environment of a server says."""
    enter_study()
    monkeypatch.setenv("ENTACT_SMTP", post[0])
    monkeypatch.setenv("ENTACT_MAIL_FROM", "record@example.org")
    monkeypatch.setenv("ENTACT_ANCHOR_FILE", str(tmp_path / "anchors"))
    monkeypatch.setenv("ENTACT_ANCHOR_MAIL", "monitor@example.org, ethics@example.org")
    monkeypatch.setenv("ENTACT_ANCHOR_STAMP", authority.url)
    monkeypatch.setenv("ENTACT_ANCHOR_EVERY", "1 h")
    found = destinations_of_environment()
    assert found is not None
    return found


def noted() -> set[str]:
    return set(models.Anchored.objects.values_list("place", flat=True))


def take_by_itself(places: Destinations, expected: set[str]) -> None:
    """Lets a server take anchors until they are where they are expected."""
    stop = threading.Event()
    thread = keep_anchoring(places, stop)
    patience = time.monotonic() + 120
    while noted() < expected and time.monotonic() < patience:
        time.sleep(0.05)
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.requirement("R03")
def test_r03_every_party_gets_its_anchor_by_itself(
    places: Destinations, post: Post, authority: Authority, tmp_path: Path
) -> None:
    expected = {
        f"file {tmp_path / 'anchors'}",
        f"time stamp {authority.url}",
        "mail monitor@example.org",
        "mail ethics@example.org",
    }
    take_by_itself(places, expected)
    assert noted() == expected
    anchors, _, stamps = read_against([tmp_path / "anchors"], authority.roots)
    [said] = stamps
    assert "signed by a certificate given" in said
    assert {email.message_from_bytes(one)["To"] for one in post[1]} == {
        "monitor@example.org", "ethics@example.org"
    }  # fmt: skip
    saved = tmp_path / "saved.eml"
    for message in post[1]:
        saved.write_bytes(message)
        # As text and as attachment: the line of the same anchor as in the file.
        assert {(one.seq, one.hash, one.digest) for one in read_anchors(saved).anchors} == {
            (one.seq, one.hash, one.digest) for one in anchors
        }
        assert store.verify(against=read_anchors(saved).anchored()).breaks == ()


def test_one_that_fails_keeps_nobody_else_from_theirs(
    places: Destinations, post: Post, tmp_path: Path, capfd: Any
) -> None:
    """The authority is away and one address is unknown: the others have theirs, and both are named."""
    mail = ("nobody@example.org", *places.mail)
    broken = places._replace(timestamp="http://127.0.0.1:1", mail=mail)
    expected = {f"file {tmp_path / 'anchors'}", "mail monitor@example.org", "mail ethics@example.org"}
    take_by_itself(broken, expected)
    assert noted() == expected
    assert len(post[1]) == 2
    said = capfd.readouterr().err
    assert "127.0.0.1:1" in said
    assert "nobody@example.org" in said


def test_mail_goes_on_where_the_file_does_not(places: Destinations, post: Post, tmp_path: Path) -> None:
    (tmp_path / "anchors").mkdir()
    with pytest.raises(StoreError, match="cannot append to"):
        put(places.file, places.mail, places.timestamp)
    assert noted() == {"mail monitor@example.org", "mail ethics@example.org"}
    assert len(post[1]) == 2


def test_a_wrong_password_or_a_certificate_of_nobody_is_named_and_nothing_is_sent(
    places: Destinations, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTACT_SMTP", post[0].replace("p%40ss", "other"))
    with pytest.raises(StoreError, match="who are you"):
        put(None, places.mail, None)
    monkeypatch.setenv("ENTACT_SMTP", post[0])
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(StoreError, match="certificate"):
        put(None, places.mail, None)
    assert post[1] == []
    assert noted() == set()
