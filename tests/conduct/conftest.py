"""Pages of a record in a database of the test's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import django
import pytest
from tests.conduct.browser import SIGNED_IN, Browser, keep_screened
from tests.conduct.record import blinded_study

from entact.conduct.permissions import Person, permissions_of
from entact.protocol import Study

Get = Callable[..., str]
SignIn = Callable[..., Browser]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entact.conduct.settings")
django.setup()  # the pages stand on the tables, which can only be imported after this


@pytest.fixture(scope="session")
def study() -> Study:
    """The small study with blinded roles."""
    return blinded_study()


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """Each test begins and ends with nothing in the memory of the pages."""
    from entact.conduct import register, verification

    register.forget()
    verification.forget()
    yield
    register.forget()
    verification.forget()


@pytest.fixture
def get(database: str) -> Iterator[Get]:
    """Fetches a page of the record in use, as a role sees it: its text; `status` is what is expected."""
    from django.conf import settings
    from django.test import Client

    before = settings.ENTACT_ROLE

    def fetch(address: str, role: str = "monitor", *, status: int = 200) -> str:
        settings.ENTACT_ROLE = role
        answer = Client(headers={"host": "127.0.0.1"}).get(address)
        assert answer.status_code == status, answer.content.decode()
        return answer.content.decode()

    yield fetch
    settings.ENTACT_ROLE = before


@pytest.fixture
def sign_in(database: str, study: Study) -> Iterator[SignIn]:
    """Signs somebody in: `sign_in("ada", denver="coordinator")`."""
    from django.conf import settings
    from django.test import override_settings

    role_before = settings.ENTACT_ROLE
    middleware = [*settings.MIDDLEWARE, "tests.conduct.browser.SignedIn"]

    def sign_in(name: str, of: Study = study, **roles: str) -> Browser:
        held = {"" if site == "everywhere" else site: frozenset({role}) for site, role in roles.items()}
        SIGNED_IN[name] = Person(name, name.title(), held, permissions_of(of))
        return Browser(name, next(iter(roles.values())))

    with override_settings(MIDDLEWARE=middleware):
        yield sign_in
    settings.ENTACT_ROLE = role_before
    SIGNED_IN.clear()


@pytest.fixture
def screened(study: Study, database: str) -> str:
    """Somebody in screening at Denver, who has consented; the ledger's name."""
    return keep_screened(study)
