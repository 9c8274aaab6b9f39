"""The server is killed while people save: what it said is saved is there, once; the rest can be sent again
without being there twice.

One round is in the suite; ENTACT_SOAK says for how many seconds it goes on.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest
from tests.conduct.record import KEY, keep
from tests.conduct.test_serve import served
from tests.course.conftest import Story

from entact import store
from entact.course import read
from entact.protocol import Study

PEOPLE = 3
LOST = (OSError, http.client.HTTPException)


@dataclass
class Person:
    """Who saves one medicine after the other about one participant; the browser remembers its cookies."""

    number: str
    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    saved: list[str] = field(default_factory=list)
    unsure: dict[str, str] = field(default_factory=dict)  # name -> what was sent

    def ask(self, path: str, sent: dict[str, str] | str | None = None) -> tuple[int, str]:
        """Status and text of an answer; `sent` as a form, with the token of this browser."""
        said = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = sent if isinstance(sent, str) else urlencode(sent) if sent is not None else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            said.request("GET" if body is None else "POST", path, body, headers)
            answer = said.getresponse()
            text = answer.read().decode()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            return answer.status, text
        finally:
            said.close()

    def sign_in(self) -> None:
        _, page = self.ask("/sign-in/")
        assert self.ask("/sign-in/as/demo-investigator/", {"csrfmiddlewaretoken": token(page)})[0] == 302

    def save_until(self, over: threading.Event, name: str) -> None:
        """Saves, until the server is gone; what had no answer is kept, as the draft keeps it."""
        path, number, body = f"/participants/{self.number}/add/medication/", 0, ""
        with suppress(*LOST):
            while not over.is_set():
                number += 1
                body, medicine = "", f"{name} {number}"
                _, page = self.ask(path)
                head = re.search(r'name="head" value="(\d+)"', page)
                assert head is not None, page
                body = urlencode({
                    "csrfmiddlewaretoken": token(page),
                    "head": head[1],
                    "shown": "name",
                    "item:name": medicine,
                })  # fmt: skip
                status, text = self.ask(path, body)
                assert status == 302, text
                self.saved.append(medicine)
            return
        if body:
            self.unsure[medicine] = body

    def send_again(self) -> None:
        """What had no answer is sent once more, byte for byte."""
        for medicine, body in self.unsure.items():
            status, text = self.ask(f"/participants/{self.number}/add/medication/", body)
            assert status == 302, text
            self.saved.append(medicine)
        self.unsure.clear()


def token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.requirement("R26")
def test_r26_what_a_killed_server_said_is_saved_is_in_the_ledger_once(study: Study, database: str) -> None:
    stories = []
    for number in range(PEOPLE):
        story = Story(study)
        story.begin("screening#1", day=0)
        story.write("consent", {"version": "1", "scopes": dict.fromkeys(study.newest.file.consent, True)})
        screening = {"attempt": 1, "number": f"S-{number}", "site": "denver", "population": "patient"}
        story.write("screening", screening, minute=2)
        stories.append(story)
    ledgers = [one.name for one in keep(study, *stories)]
    store.keep_keys(dict.fromkeys(ledgers, KEY))
    lasting = float(os.environ.get("ENTACT_SOAK") or 0)
    until, rounds, chance = time.monotonic() + lasting, 0, random.Random(11)
    people = [Person(f"S-{number + 1}", 0) for number in range(PEOPLE)]
    while rounds < 1 or time.monotonic() < until:
        rounds += 1
        with served(database) as (address, process):
            for person in people:
                person.port = int(address.rstrip("/").rpartition(":")[2])
                if not person.cookies:
                    person.sign_in()
                person.send_again()
            over = threading.Event()
            threads = [
                threading.Thread(target=person.save_until, args=(over, f"{rounds} {person.number}"))
                for person in people
            ]
            goal = sum(len(one.saved) for one in people) + chance.randrange(6, 20)
            for thread in threads:
                thread.start()
            while sum(len(one.saved) for one in people) < goal and any(one.is_alive() for one in threads):
                time.sleep(0.001)
            process.kill()
            over.set()
            for thread in threads:
                thread.join()
        found = in_ledgers(ledgers)
        for person in people:
            assert all(found[medicine] == 1 for medicine in person.saved)
            assert all(found[medicine] <= 1 for medicine in person.unsure)
        assert sum(found.values()) <= sum(len(one.saved) + len(one.unsure) for one in people)
    with served(database) as (address, process):
        for person in people:
            person.port = int(address.rstrip("/").rpartition(":")[2])
            person.send_again()
    found = in_ledgers(ledgers)
    assert set(found.values()) == {1}
    assert set(found) == {medicine for person in people for medicine in person.saved}
    assert store.verify().breaks == ()


def in_ledgers(ledgers: list[str]) -> Counter[str]:
    """How often each medicine is in the ledgers."""
    entries = (read(line.text) for name in ledgers for line in store.lines(name))
    return Counter(str(one.data["name"]) for one in entries if one.kind == "medication")
