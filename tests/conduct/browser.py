"""Somebody who has signed in, and a record with one participant: what tests of writing pages share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.conduct.people import signed_in_as
from tests.conduct.record import KEY, keep
from tests.course.conftest import Story

from entact import store
from entact.course import Course, fold, read
from entact.protocol import Study


@dataclass
class Browser:
    """What one person sends, and gets back."""

    person: str
    roles: Mapping[str, str]
    csrf: bool = False

    @cached_property
    def _client(self) -> Any:
        roles = [("" if site == "everywhere" else site, role) for site, role in self.roles.items()]
        return signed_in_as(self.person, *((role, site) for site, role in roles), csrf=self.csrf)

    @property
    def session(self) -> str:
        """The cookie of the session."""
        return str(self._client.cookies["sessionid"].value)

    def sign_in_anew(self) -> None:
        """Again, after the password was changed: a session does not outlive that."""
        del self._client

    def get(self, address: str, status: int = 200) -> str:
        answer = self._client.get(address)
        assert answer.status_code == status, answer.content.decode()
        return str(answer.content.decode())

    def post(
        self, address: str, sent: Mapping[str, str | Sequence[str]], status: int = 302, **headers: str
    ) -> str:
        answer = self._client.post(address, sent, **headers)
        assert answer.status_code == status, answer.content.decode()
        return str(answer.content.decode())


def keep_screened(study: Study, site: str = "denver", consented: bool = True, language: str = "") -> str:
    """Keeps the record of one participant who has been screened and has consented."""
    story = Story(study)
    first = next(iter(study.newest.visits))
    story.begin(f"{first}#1", day=0)
    if consented:
        scopes = dict.fromkeys(study.newest.file.consent, True)
        spoken = {"language": language} if language else {}
        story.write("consent", {"version": "1", "scopes": scopes, **spoken}, minute=1)
    population = next(iter(study.newest.file.populations))
    screening = {"attempt": 1, "number": "S-1", "site": site, "population": population}
    story.write("screening", screening, minute=2)
    (ledger,) = keep(study, story)
    store.keep_keys({ledger.name: KEY})
    return ledger.name


def course_of(study: Study, ledger: str) -> Course:
    """The participant as the ledger has them now."""
    return fold(study, [read(line.text) for line in store.lines(ledger)])


def said(page: str, field: str) -> str:
    """What a page holds between the beginning of one field and that of the next."""
    begin = page.index(f'data-field="{field}"')
    end = page.find("data-field=", begin + 12)
    return page[begin : end if end > 0 else None]
