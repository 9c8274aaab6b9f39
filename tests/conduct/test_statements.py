"""How many statements a page and a save send to the database: few, and no more where the record is large."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from tests.conduct.browser import Browser
from tests.conduct.conftest import SignIn
from tests.course.conftest import Story

from entact import store
from entact.protocol import Study

EVENT = {"head": "0", "shown": ["verbatim"], "item:verbatim": "a headache"}
# A page asks for session, account, roles and second factor, for the record, the participant, the heads and,
# where something came since, its lines, and what people are called. A save takes a turn and looks again, and
# keeps the entry with what it tells the study in one transaction.
OF_PAGE, OF_SAVE = 10, 24


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement, by Django's own cursors and by those that plan once; with what commits."""
    sent: list[str] = []
    execute, commit = psycopg.Cursor.execute, psycopg.Connection.commit

    def execute_counted(self: Any, query: Any, *rest: Any, **options: Any) -> Any:
        sent.append(" ".join(str(query).split())[:80])
        return execute(self, query, *rest, **options)

    def commit_counted(self: Any) -> None:
        sent.append("COMMIT")
        commit(self)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", execute_counted)
        patched.setattr(psycopg.Connection, "commit", commit_counted)
        yield sent


def save(browser: Browser, key: str) -> None:
    answer = browser._client.post(f"/participants/{key}/add/adverse_event/", EVENT)
    assert answer.status_code == 302, answer.content.decode()


def test_a_save_sends_few_statements_and_no_more_where_others_are_many(
    sign_in: SignIn, screened: str, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = sign_in("ada", denver="investigator")
    of_page, of_save = [], []
    for others in (0, 30):
        story = Story(study)
        for place in range(others):
            entry = story.write(
                "screening", {"attempt": 1, "number": f"X-{place}", "site": "denver"}, day=0, minute=place
            )
            ledger = f"participant:{place:032x}"
            store.fact(replace(entry, ledger=ledger), received_at=entry.recorded_at)
        for _ in range(2):  # the first is planned, and opens what this process has not seen
            ada.get("/participants/S-1/")
            save(ada, "S-1")
        with counted(monkeypatch) as page:
            ada.get("/participants/S-1/")
        with counted(monkeypatch) as saved:
            save(ada, "S-1")
        of_page.append(page)
        of_save.append(saved)
    assert len(of_page[0]) == len(of_page[1]) <= OF_PAGE, "\n".join(of_page[1])
    assert len(of_save[0]) == len(of_save[1]) <= OF_SAVE, "\n".join(of_save[1])
