"""Follows everything that somebody who signed in can reach, and keeps all that comes back, to the byte.

Of each step the clock and chance are set anew (`seeded`), so that nothing but the record can make two crawls
differ. Afterwards the worker does what is due: its mails, files and lines of the log are kept too.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from django.core import mail
from django.test import Client
from django.urls import NoReverseMatch, Resolver404, URLPattern, URLResolver, get_resolver, resolve, reverse
from django.utils import timezone
from tests.conduct.leaks.page import Form, Page
from tests.conduct.leaks.seeded import Source

from entact.course import read

TYPED = "seen"
GARBAGE = "§\0'\"><{{7}}"
LEAVES = frozenset({"account_logout"})  # taken last: it ends the crawl
HANDED = "handed", "handed_look", "hand_back"
HUBS = frozenset({"participant", "visit", "form", "entry"})  # pages from which much else is reached


@dataclass
class Seen:
    """What came back.

    Attributes:
        answers: what was asked for -> status, headers and body. asked: by whom, how and with what, in order.
        routes: that let somebody in. hashes: of the study's ledger, at the end.
    """

    answers: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str, str, Mapping[str, Any] | None]] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    routes: set[str] = field(default_factory=set)

    def keep(self, what: str, said: bytes) -> None:
        """Keeps one thing; of the same name the next beside it."""
        name, number = what, 2
        while name in self.answers:
            name, number = f"{what} ({number})", number + 1
        self.answers[name] = said


class Crawl:
    """One person in one record.

    Args:
        client: with which they sign in, or have. name: under which answers are kept.
        finely: whether addresses are told apart by what they are about (`sorts_of`), and all buttons pressed;
            else by their shape alone, and of hubs one more is followed.
        sends: whether forms are sent too.
    """

    def __init__(
        self,
        seen: Seen,
        source: Source,
        client: Client,
        name: str,
        finely: bool = False,
        sends: bool = True,
    ) -> None:
        self.seen, self.source, self.client, self.name = seen, source, client, name
        self.finely, self.sends = finely, sends
        self._shapes: dict[str, int] = {}
        self._queue: list[str] = []
        self._known: set[str] = set()
        self._forms: list[Form] = []
        self._handing: Form | None = None

    def run(self, also: Sequence[str] = ()) -> None:
        """Everything, from the home page to signing out; `also` beside what there are links to."""
        for address in ["/", *_without_arguments(), "/nowhere/"]:
            self._follow(address)
        self._queue += also
        self._walk()
        while self._forms:
            self._send(self._forms.pop(0))
            self._walk()
        for method in ("head", "put"):
            self.ask(method, "/participants/")
        self.ask("post", "/sign-out/", {})

    def hand_over(self, address: str) -> None:
        """Hands the form of an address to the participant, which locks the session to it: nothing follows."""
        self._read(self.ask("get", address), address)
        if self._handing is not None:
            self._send_with(self._handing, self._handing.fields)
        for route in HANDED:
            if self.ask("get", reverse(route)).status_code == 405:
                self.ask("post", reverse(route), {})

    def _walk(self) -> None:
        while self._queue:
            address = self._queue.pop(0)
            answer = self.ask("get", address)
            if answer.status_code == 405:
                self.ask("post", address, {})
            self._read(answer, address)

    def _follow(self, address: str) -> None:
        address = re.sub(r"^https?://[^/]+", "", address.partition("#")[0])
        if address and address not in self._known and route_of(address) not in LEAVES:
            self._known.add(address)
            if self._is_new(
                *self._sorts(address), most=1 if self.finely or route_of(address) not in HUBS else 2
            ):
                self._queue.append(address)

    def _sorts(self, address: str) -> list[str]:
        return sorts_of(address) if self.finely else [shape_of(address)]

    def _is_new(self, *sorts: str, most: int = 1) -> bool:
        counts = self._shapes
        counts.update({one: counts.get(one, 0) + 1 for one in sorts})
        return any(counts[one] <= most for one in sorts)

    def _read(self, answer: Any, address: str) -> None:
        if answer.status_code in (301, 302, 303):
            self._follow(answer["Location"])
        if not answer.get("Content-Type", "").startswith("text/html"):
            return
        page = Page(answer.content.decode(), address)
        for one in page.addresses:
            self._follow(one)
        for form in page.forms if self.sends else ():
            if route_of(form.action) == "hand":
                self._handing = form
                continue
            names = sorted({f"do={value}" if name == "do" else name for name, value in form.fields})
            new = self._is_new(f"{form.method} {self._sorts(form.action)[0]} {names}")
            if new and route_of(form.action) not in LEAVES:
                self._forms.append(form)

    def _send(self, form: Form) -> None:
        """Filled in, by each of its buttons; and once with what nobody should type."""
        filled = [(name, text or (TYPED if name in form.free else "")) for name, text in form.fields]
        for button in form.buttons[: None if self.finely else 1] or [("", "")]:
            self._send_with(form, [*filled, *([button] if button[0] else [])])
        if form.free:
            self._send_with(form, [(n, GARBAGE if n in form.free else text) for n, text in form.fields])

    def _send_with(self, form: Form, fields: list[tuple[str, str]]) -> None:
        sent: dict[str, list[str]] = {}
        for name, value in fields:
            sent.setdefault(name, []).append(value)
        answer = self.ask(form.method, form.action, sent)
        if answer.status_code in (200, 301, 302, 303):
            self._read(answer, form.action)

    def ask(self, method: str, address: str, sent: Mapping[str, Any] | None = None) -> Any:
        """Asks for one thing, and keeps what comes back."""
        self.source.begin(len(self.seen.answers))
        ask = getattr(self.client, method)
        answer = ask(address) if sent is None else ask(address, sent)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        cookies = "\n".join(one.OutputString() for one in answer.cookies.values())
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        said = f"{answer.status_code}\n{headers}\n{cookies}\n\n".encode() + body
        self.seen.keep(f"{self.name} {method.upper()} {address}", said)
        self.seen.asked.append((self.name, method, address, sent))
        if answer.status_code not in (404, 405):
            self.seen.routes.add(route_of(address))
        return answer


def work_after(seen: Seen, folder: Path, site: str) -> None:
    """What the worker does, and what leaves by it: mails and files, with their names."""
    from entact.conduct.worker import work
    from entact.conduct.worker.copies import copy_site

    work.verify_chains()
    work.remind_people()
    copy_site(site, folder / site, timezone.now())
    for number, message in enumerate(mail.outbox):
        seen.keep(f"mail {number}", message.message().as_bytes())
    mail.outbox.clear()
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        seen.keep(f"file {path.relative_to(folder)}", path.read_bytes())


@contextmanager
def log_of(seen: Seen) -> Iterator[None]:
    """Keeps each line of every log."""
    kept: list[str] = []

    class _Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(f"{record.name} {record.levelname} {record.getMessage()}")

    handler, root = _Keeps(logging.DEBUG), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        for number, line in enumerate(kept):
            seen.keep(f"log {number}", line.encode())


def route_of(address: str) -> str:
    """The name of the route of an address; empty of one that leads nowhere."""
    try:
        return resolve(address.partition("?")[0]).view_name or ""
    except Resolver404:
        return ""


def shape_of(address: str) -> str:
    """What addresses of one sort have in common: the route, and what is asked of it."""
    path, _, query = address.partition("?")
    try:
        match = resolve(path)
    except Resolver404:
        return path
    names = sorted({part.partition("=")[0] for part in query.split("&")}) if query else []
    names += ["whole"] if query == "open=everything" else []  # of a long timeline
    return f"{match.view_name} {names}"


_ONE_OF_MANY = frozenset(
    {"key", "secret", "token", "query", "digest", "report", "pk", "after", "before", "about"}
)
_ENTRIES = frozenset({"entry", "open"})


def sorts_of(address: str) -> list[str]:
    """All that an address is about: the route with the words of the study that it names, and each question.

    Two addresses are of one sort where they differ only in whose they are: participants, entries of the same
    kind and form, which time a visit is held. A form is of one sort at whatever visit.
    """
    path, _, query = address.partition("?")
    try:
        match = resolve(path)
    except Resolver404:
        return [path]
    said = {name: _sort(name, str(value)) for name, value in match.kwargs.items()}
    if "form" in said:
        said.pop("visit", None)
    first = f"{match.view_name} {sorted(said.items())}"
    pairs = sorted(set(parse_qsl(query, keep_blank_values=True)))
    return [first, *(f"{first} {name}={_sort(name, value)}" for name, value in pairs)]


def _sort(name: str, value: str) -> str:
    if name in _ENTRIES:
        from entact.store.models import Line

        line = Line.objects.filter(entry_id=value).order_by("seq").first()
        data = read(line.text) if line is not None else None
        return "" if data is None else f"{data.kind} {data.data.get('form', '')}"
    return "" if name in _ONE_OF_MANY else value.partition(".")[0] if name == "visit" else value


def all_routes() -> set[str]:
    """The name of every route of the product."""
    return {name for one in _patterns(get_resolver().url_patterns) if (name := one.name)}


def _patterns(patterns: list[Any]) -> Iterator[URLPattern]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from _patterns(one.url_patterns)
        else:
            yield one


def _without_arguments() -> list[str]:
    """The address of every route that needs nothing said."""
    found = []
    for name in sorted(all_routes() - LEAVES):
        try:
            found.append(reverse(name))
        except NoReverseMatch:
            continue
    return found
