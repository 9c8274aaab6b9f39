"""Thirty sessions at once: consoles that send as the one in the browser does, and screens beside them.

A console keeps what was entered until the server says that it has it: in order, at most twenty at once, and
again where no answer came. A screen asks once a second, as long as nothing is new by the head that it knows.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec
from tests.conduct.session.conftest import ledger_of, seal

from entact.conduct.session.sealed import Grant, public_key
from entact.course import Entry, uuid7

LOST = (OSError, http.client.HTTPException)
AT_ONCE, PATIENCE, POLL = 20, 15, 1.0  # as send.js and app.js have them
SESSION = "session_1#1"


@dataclass
class Place:
    """Where the server is: another port after it was killed."""

    port: int = 0


@dataclass
class Console:
    """One device: what it showed as saved, and what of that still waits."""

    number: int
    release: str
    place: Place
    saved: dict[str, float] = field(default_factory=dict)  # id -> when it was on the screen
    waiting: list[dict[str, str]] = field(default_factory=list)
    briefing: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        grant = Grant("t-1", "therapist", ledger_of(self.number), SESSION, "")
        self.briefing = {"key": public_key(), "grant": grant.text()}

    def enter(self, systolic: int) -> None:
        """A reading; when this returns the screen shows it as saved."""
        now = datetime.now(UTC)
        entry = Entry(
            id=str(uuid7(now, (self.number << 60) + len(self.saved))),
            ledger=ledger_of(self.number),
            kind="vital_signs",
            release=self.release,
            environment="rehearsal",
            encounter=SESSION,
            occurred_at=now.isoformat(timespec="milliseconds"),
            recorded_at=now.isoformat(timespec="milliseconds"),
            by="t-1",
            role="therapist",
            device=f"console-{self.number}",
            data={"systolic": f"{systolic} mm[Hg]", "diastolic": "80 mm[Hg]", "heart_rate": "70 /min"},
        )
        self.waiting.append(seal(self.briefing, entry.id, msgspec.json.encode(entry).decode()))
        self.saved[entry.id] = time.monotonic()

    def send(self) -> None:
        """Sends what waits; what the server did not say it has stays."""
        while self.waiting:
            some = self.waiting[:AT_ONCE]
            try:
                status, text = ask(self.place, "POST", "/session/entries/", json.dumps(some))
            except LOST:
                return
            if status != 200:
                return
            kept = [one["status"] in ("kept", "again") for one in json.loads(text)["outcomes"]]
            assert all(kept) or not kept[0] or kept == sorted(kept, reverse=True), kept  # in order
            self.waiting = [
                box for box, is_kept in zip(some, kept, strict=True) if not is_kept
            ] + self.waiting[len(some) :]
            if not all(kept):
                return


@dataclass
class Screen:
    """Another device of the session: when it first had each reading."""

    number: int
    cookie: str
    place: Place
    seen: dict[str, float] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)

    def poll(self) -> None:
        """Asks what is new."""
        known = self.told
        more = ""
        if known:
            by = quote(known["person"]["identity"])
            more = f"&head={known['head']}&by={by}&beside={known.get('beside', '')}"
        path = f"/session/P-{self.number}/session_1.1/briefing/?device=screen-{self.number}{more}"
        try:
            status, text = ask(self.place, "GET", path, None, {"Cookie": f"sessionid={self.cookie}"})
        except LOST:
            return
        if status != 200:
            return
        self.told = json.loads(text)
        now = time.monotonic()
        for one in self.told["said"]:
            self.seen.setdefault(one["id"], now)


def ask(
    place: Place, method: str, path: str, body: str | None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    """Status and text of an answer."""
    said = http.client.HTTPConnection("127.0.0.1", place.port, timeout=PATIENCE)
    try:
        said.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
        answer = said.getresponse()
        return answer.status, answer.read().decode()
    finally:
        said.close()


def hold_sessions(
    consoles: list[Console], screens: list[Screen], lasting: float, every: float
) -> list[threading.Thread]:
    """Enters a reading in each session so often and for so long, one after the other; their threads."""
    until = time.monotonic() + lasting

    def work(console: Console) -> None:
        time.sleep(every * (console.number % len(consoles)) / len(consoles))
        while time.monotonic() < until:
            console.enter(100 + len(console.saved) % 90)
            after = time.monotonic() + every
            while time.monotonic() < min(after, until):
                console.send()
                time.sleep(min(3.0, max(0.0, after - time.monotonic())))

    def watch(screen: Screen) -> None:
        while time.monotonic() < until + POLL * 3:
            began = time.monotonic()
            screen.poll()
            time.sleep(max(0.0, POLL - (time.monotonic() - began)))

    threads = [threading.Thread(target=work, args=(one,)) for one in consoles]
    threads += [threading.Thread(target=watch, args=(one,)) for one in screens]
    for thread in threads:
        thread.start()
    return threads


def waits(consoles: list[Console], screens: list[Screen]) -> list[float]:
    """Seconds from saved here to seen there, of each reading that both had, sorted."""
    there = {one.number: one for one in screens}
    return sorted(
        there[console.number].seen[name] - at
        for console in consoles
        if console.number in there
        for name, at in console.saved.items()
        if name in there[console.number].seen
    )


def share(sorted_waits: list[float], of: float) -> float:
    """A quantile."""
    return sorted_waits[min(len(sorted_waits) - 1, int(of * len(sorted_waits)))]
