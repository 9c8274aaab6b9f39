"""What one request takes of a server, once it is warm: processor time, Python calls and statements.

Other work on the machine changes none of the counts, and of the least processor time of several little. The
participant whose pages are asked for is among those with the most entries; the save is of an adverse event,
which is the costliest of what is entered: it is told to the study as well, in the same transaction.

`python -m benchmarks.one_request 300 10000` says for how many participants (see `benchmarks.pages`).
"""

from __future__ import annotations

import cProfile
import io
import pstats
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import psycopg

from benchmarks.grown import COPY
from benchmarks.pages import DATABASE, OPENED, PAGES, SAVE, SENT, make
from benchmarks.store import _server

TIMES, WARM = 25, 4
SIZES = (300, 10_000)
Answer = tuple[int, str, str]  # status, body, and where it leads

_sent: list[str] = []


def main(sizes: tuple[int, ...] = SIZES) -> int:
    """Prints what each page and a save take, for each size."""
    _count()
    for size in sizes:
        with _server():
            make(size, 0)
            print(f"{size:,} participants")
            print(f"{'':28} {'kB':>5} {'statements':>10} {'calls':>9} {'ms of processor':>16}")
            for name, length, statements, calls, least in _measured():
                print(f"{name:28} {length:5.0f} {statements:10} {calls:9,} {least:16.1f}", flush=True)
    return 0


def _measured() -> Iterator[tuple[str, float, int, int, float]]:
    from entact import store

    store.setup(database=DATABASE)
    from entact.conduct.access import people  # tables are only there after that
    from entact.conduct.reader import Standing
    from entact.conduct.serve import make_application
    from entact.store import lists, models

    browser = _Browser(make_application())
    page = browser.ask("GET", "/sign-in/")[1]
    browser.ask("POST", "/sign-in/as/demo-investigator/", {"csrfmiddlewaretoken": _token(page)})
    account = people.account_named("demo-investigator")
    assert account is not None
    rows = lists.participants(sites=people.person_of(account).sites, limit=OPENED)
    own = {row.ledger: Standing.of(row).key for row in rows if not row.number.startswith(COPY)}
    longest = models.Ledger.objects.filter(name__in=own).order_by("-seq")[:2]
    key, saved = (own[one.name] for one in longest)
    token = _token(browser.ask("GET", SAVE.format(saved))[1])

    def save() -> Answer:
        return browser.ask("POST", SAVE.format(saved), {**SENT, "csrfmiddlewaretoken": token})

    for name in PAGES:
        yield name, *_taken(lambda name=name: browser.ask("GET", name.format(key)))  # type: ignore[misc]
    yield "a save", *_taken(save)
    yield "a save and the page after it", *_taken(lambda: browser.ask("GET", save()[2].partition("#")[0]))


def _taken(ask: Callable[[], Answer]) -> tuple[float, int, int, float]:
    """kB of the answer, statements, Python calls, and the least processor time in ms."""
    for _ in range(WARM):
        status, body, _ = ask()
        assert status in (200, 302), status
    _sent.clear()
    ask()
    statements = len(_sent)
    profile = cProfile.Profile()
    profile.runcall(ask)
    taken = []
    for _ in range(TIMES):
        begun = time.process_time()
        ask()
        taken.append(time.process_time() - begun)
    calls = pstats.Stats(profile).total_calls  # type: ignore[attr-defined]
    return len(body) / 1000, statements, calls, 1000 * min(taken)


def _count() -> None:
    """Notes every statement, with what commits."""
    execute, commit = psycopg.Cursor.execute, psycopg.Connection.commit

    def execute_noted(self: Any, query: Any, *rest: Any, **options: Any) -> Any:
        _sent.append(str(query))
        return execute(self, query, *rest, **options)

    def commit_noted(self: Any) -> None:
        _sent.append("COMMIT")
        commit(self)

    psycopg.Cursor.execute = execute_noted  # type: ignore[method-assign]
    psycopg.Connection.commit = commit_noted  # type: ignore[method-assign]


def _token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found is not None
    return found[1]


class _Browser:
    """Asks the application itself, without a network between."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, sent: Mapping[str, Any] | None = None) -> Answer:
        body = urlencode(sent or {}, doseq=True).encode()
        told: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            told.update(status=int(status[:3]), headers=headers)

        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SCRIPT_NAME": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
        }
        answer = self._application(environ, start)
        text = b"".join(answer).decode()
        answer.close()
        for name, value in told["headers"]:
            if name.lower() == "set-cookie":
                cookie, _, rest = value.partition("=")
                self._cookies[cookie] = rest.partition(";")[0]
        return told["status"], text, dict(told["headers"]).get("Location", "")


if __name__ == "__main__":
    sys.exit(main(tuple(map(int, sys.argv[1:])) or SIZES))
