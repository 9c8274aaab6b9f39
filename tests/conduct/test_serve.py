"""The server on one machine."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
from tests.conduct.record import keep, telling_story

from entact.conduct.configuration import (
    Mail,
    kept_secret,
    make_secret,
    read_address,
    read_mail,
    secret_file,
)
from entact.conduct.error import ConductError
from entact.conduct.serve import make_application, serve
from entact.protocol import Study

Get = Callable[..., str]

SERVE = """
import sys
from entact import store
from entact.conduct.serve import serve
store.setup(database=sys.argv[1])
serve(port=0, ready=lambda address: print(address, flush=True))
print("over")
"""


@contextmanager
def served(database: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The pages in a process of their own, which does not outlive the test: where they are, and it."""
    command = [sys.executable, "-c", SERVE, database]
    env = os.environ | environment
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


def test_pages_and_their_style_sheet_are_served_until_interrupted(study: Study, database: str) -> None:
    keep(study, telling_story(study))
    with served(database) as (address, process):
        with urlopen(address, timeout=120) as page:
            assert "By one press" in page.read().decode()
        with urlopen(f"{address}static/entact.css", timeout=120) as style:
            assert style.headers["Content-Type"].startswith("text/css")
            assert "prefers-color-scheme: dark" in style.read().decode()
        for path in (b"/static/../settings.py", b"/static/%2e%2e/settings.py", b"/static//etc/passwd"):
            words = b"GET %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path
            head, body = raw(address, words)
            assert (head.split()[1], body) in ((b"302", b""), (b"404", body)), path
            assert b"MIDDLEWARE" not in body
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=120)[0].strip() == "over"
    assert process.returncode == 0


def raw(address: str, request: bytes) -> tuple[bytes, bytes]:
    """Head and body of an answer, byte for byte."""
    host, _, port = address.removeprefix("http://").rstrip("/").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as caller:
        caller.sendall(request)
        answer = bytearray()
        while part := caller.recv(65536):
            answer += part
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    return head, body


def test_an_answer_to_head_has_no_body_and_half_open_connections_keep_nobody_out(
    study: Study, database: str
) -> None:
    keep(study, telling_story(study))
    with served(database) as (address, _):
        for path in (b"", b"participants/", b"nothing", b"participants/nobody/", b"static/entact.css"):
            words = b" /%b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path
            (head, body), (other, page) = raw(address, b"HEAD" + words), raw(address, b"GET" + words)
            assert (body, bool(page)) == (b"", head.split()[1] != b"302")
            assert head.split(b"\r\n")[0] == other.split(b"\r\n")[0]
        host, _, port = address.removeprefix("http://").rstrip("/").rpartition(":")
        waiting = [socket.create_connection((host, int(port)), timeout=60) for _ in range(300)]
        for one in waiting:
            one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-half: ")
        begun = time.monotonic()
        assert raw(address, b"GET" + words)[1] == page
        assert time.monotonic() - begun < 60  # beside 300 that say nothing
        for one in waiting:
            one.close()


def test_who_sends_more_than_any_page_takes_is_told_before_it_is_kept(study: Study, database: str) -> None:
    keep(study, telling_story(study))
    with served(database) as (address, _):
        for length in (25 << 20, 1 << 40):
            words = (
                b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % length
            )
            assert raw(address, words)[0].split()[1] == b"413"


def test_behind_a_proxy_cookies_are_secure_and_browsers_are_told_to_use_tls(
    study: Study, database: str
) -> None:
    keep(study, telling_story(study))
    with served(database, ENTACT_ADDRESS="https://study.example.org") as (address, _):
        words = b"GET /%b HTTP/1.1\r\nHost: study.example.org\r\nConnection: close\r\n%b\r\n"
        forwarded = b"X-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.7\r\n"
        head, _ = raw(address, words % (b"sign-in/", forwarded))
        assert b"Strict-Transport-Security: max-age=31536000" in head
        assert re.search(rb"(?i)set-cookie: +csrftoken=[^\r]*HttpOnly[^\r]*Secure", head)
        head, body = raw(address, words % (b"health", forwarded))
        assert (head.split(b"\r\n")[0], body) == (b"HTTP/1.1 200 OK", b'{"status": "ok"}')


@pytest.mark.parametrize("address", ["http://study.example.org", "study.example.org", "https://a.example/b"])
def test_an_address_without_tls_is_refused(address: str) -> None:
    with pytest.raises(ConductError, match="ENTACT_ADDRESS is"):
        read_address(address)


def test_mail_is_read_from_one_setting() -> None:
    assert read_mail("smtp://ada:pass%40word@mail.example:587?tls") == Mail(
        "mail.example", 587, True, "ada", "pass@word"
    )
    assert read_mail("smtps://mail.example") == Mail("mail.example", 465, False, "", "", wrapped=True)
    assert read_mail("") is None
    for wrong in ("mail.example", "http://mail.example", "smtp://mail.example:x"):
        with pytest.raises(ConductError, match="ENTACT_MAIL cannot be read"):
            read_mail(wrong)


def test_all_processes_have_the_same_secret_and_nobody_else_reads_it() -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: make_secret(), range(16)))
    assert secrets == {kept_secret()}
    assert secret_file().stat().st_mode & 0o077 == 0


def test_a_database_without_a_study_is_refused(database: str) -> None:
    with pytest.raises(ConductError, match="no release of the study has been entered"):
        make_application()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org"])
def test_pages_stay_on_the_machine(host: str) -> None:
    with pytest.raises(ConductError, match=r"served on 127\.0\.0\.1"):
        serve(host=host)


def test_a_port_in_use_is_named(study: Study, database: str) -> None:
    keep(study, telling_story(study))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConductError, match=f"cannot serve on 127.0.0.1:{taken.getsockname()[1]}"):
            serve(port=taken.getsockname()[1])


def test_a_server_looks_for_circles_among_all_that_it_holds_after_a_million_new_values_only() -> None:
    said = "import gc, entact.conduct.serve as own; own.pause_seldom(); print(*gc.get_threshold())"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    young, middle, old = map(int, done.stdout.split())
    assert young <= 2000  # looked through often, at once
    assert young * middle * old > 1_000_000
