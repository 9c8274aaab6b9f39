"""A file that streams ends once the account is closed, the role is taken or the session has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.conduct.people import signed_in
from tests.conduct.record import SEES_ALL, keep, telling_story

from entact.conduct.access import people, streams
from entact.conduct.access.models import Account
from entact.conduct.error import ConductError
from entact.protocol import Study

BY = people.By()


@pytest.fixture
def lines(study: Study, database: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Iterator[bytes]]:
    """A browser that takes in a long file, and the rest of that."""
    monkeypatch.setattr(streams, "EVERY", 0)
    keep(study, telling_story(study))
    browser = signed_in(SEES_ALL)
    rest = iter(browser.get("/audit/export.csv").streaming_content)
    next(rest)
    return browser, rest


def close(browser: Any) -> None:
    people.close_account(Account.objects.get(), by=BY)


def take_role(browser: Any) -> None:
    people.take_role(Account.objects.get(), SEES_ALL, "", by=BY)


def sign_out(browser: Any) -> None:
    browser.logout()


@pytest.mark.requirement("R07")
@pytest.mark.parametrize("ends", [close, take_role, sign_out])
def test_no_further_line_leaves_once_the_right_to_it_has_ended(
    lines: tuple[Any, Iterator[bytes]], ends: Callable[[Any], None]
) -> None:
    browser, rest = lines
    assert next(rest)
    ends(browser)
    with pytest.raises(ConductError, match="not whole"):
        next(rest)


def test_who_may_have_it_gets_all_of_it(lines: tuple[Any, Iterator[bytes]]) -> None:
    _, rest = lines
    assert len(list(rest)) > 10
