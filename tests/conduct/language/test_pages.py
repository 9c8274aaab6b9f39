"""Pages as they come are German to the last word that is entact's own, also where data chose the word.

`test_catalogue` finds what is not marked. What is marked in one place and shown in another as it lies (the
title of a kind, a code, a role, a unit) is English that no reader of code finds: here pages are asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils.translation import deactivate
from tests.conduct.language.catalogue import read_words
from tests.conduct.people import signed_in_as
from tests.conduct.record import KEY, keep, telling_story

from entact import store
from entact.conduct import delegation
from entact.conduct.record.door import Author
from entact.course.entry import SYSTEM
from entact.course.kinds.site import Activation
from entact.protocol import Study

SPONSOR = Author("sponsor", "sponsor", SYSTEM)
GERMAN = {"accept-language": "de"}
ROLES = (("investigator", "denver"), ("rater", ""), ("monitor", ""), ("owner", ""))
OF_A_SHAPE = 2  # pages whose addresses differ in numbers and ids alone
AT_MOST = 60  # pages of one person
READ = ("title", "aria-label", "placeholder", "alt", "data-label")
VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"})


class Texts(HTMLParser):
    """What a reader reads of a page, and where it leads; not what stands there as the record has it."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self._left_out: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: text or "" for name, text in attrs}
        if tag == "a":
            self.links.append(said.get("href", ""))
        hides = tag in ("script", "style", "code", "textarea") or said.get("translate") == "no"
        hides = hides or (bool(self._left_out) and self._left_out[-1])
        if not hides:
            self.texts += [said[name] for name in READ if said.get(name)]
        if tag not in VOID:
            self._left_out.append(hides)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self._left_out:
            self._left_out.pop()

    def handle_data(self, data: str) -> None:
        if not (self._left_out and self._left_out[-1]):
            self.texts.append(data)


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    deactivate()


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").split()).strip(" :.,;·›→").casefold()


def _own(data: Any) -> Iterator[str]:
    """What the study's own file says, which pages say as it stands there."""
    if isinstance(data, Mapping):
        for name, inner in data.items():
            yield _plain(str(name))
            yield from _own(inner)
    elif isinstance(data, list | tuple):
        for inner in data:
            yield from _own(inner)
    elif isinstance(data, str):
        yield _plain(data)


def _english() -> set[str]:
    """Words of pages that German says otherwise."""
    found, german = set(), set()
    for one in read_words("de"):
        if one.id:
            strings = [one.string] if isinstance(one.string, str) else one.string
            german.update(map(_plain, strings))
            found.update(map(_plain, [one.id] if isinstance(one.id, str) else one.id))
    return found - german


def _pages(role: str, site: str) -> Iterator[tuple[str, Texts]]:
    """Pages that somebody comes to by links, as they are in German."""
    browser = signed_in_as(f"{role}-9", (role, site))
    todo, known, shapes = ["/"], {"/"}, dict[str, int]()
    while todo and len(known) - len(todo) <= AT_MOST:
        address = todo.pop(0)
        answer = browser.get(address, headers=GERMAN)
        if answer.status_code != 200 or not answer["content-type"].startswith("text/html"):
            continue
        page = Texts()
        page.feed(answer.content.decode())
        yield address, page
        for link in page.links:
            link = link.partition("#")[0]
            shape = re.sub(r"[^/?=&]*\d[^/?=&]*", "#", link)
            if not link.startswith("/") or link in known or shapes.get(shape, 0) >= OF_A_SHAPE:
                continue
            shapes[shape] = shapes.get(shape, 0) + 1
            known.add(link)
            todo.append(link)


@pytest.fixture
def telling(study: Study, database: str) -> set[str]:
    """A record with something of everything; what its study calls things."""
    store.keep_keys({one.name: KEY for one in keep(study, telling_story(study))})
    active = Activation(study.newest.id, "active", "America/Denver")
    delegation._enter("denver", "activation", active, SPONSOR)
    delegation.delegate("therapist-9", "therapist", "denver", by=SPONSOR)
    return {text for release in study.releases for text in _own(release.data)}


@pytest.mark.parametrize(("role", "site"), ROLES)
def test_no_word_of_entact_stays_english_on_a_german_page(role: str, site: str, telling: set[str]) -> None:
    english, found, looked = _english() - telling, set(), 0
    for address, page in _pages(role, site):
        looked += 1
        found |= {(text.strip(), address) for text in page.texts if _plain(text) in english}
    assert not found
    assert looked > 5


def test_a_word_that_stays_english_is_found() -> None:
    page = Texts()
    page.feed('<p title="Adverse event">Hallo <code>Deviation</code><br>Kit <b translate="no">Dose</b></p>')
    assert {one for one in map(_plain, page.texts) if one in _english()} == {"adverse event"}
