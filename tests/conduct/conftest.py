"""Pages of a record in a database of the test's own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

import django
import pytest
from tests.conduct.browser import Browser, keep_screened
from tests.conduct.people import signed_in
from tests.conduct.record import blinded_study
from tests.owner import made_as_copies

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
def _made_as_copies(worker_id: str) -> Iterator[None]:
    """Databases that a test makes are copies."""
    with made_as_copies(worker_id):
        yield


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """Each test begins and ends with nothing in the memory of the pages."""
    from entact.conduct import reader, verification

    reader.forget()
    verification.forget()
    yield
    reader.forget()
    verification.forget()


@pytest.fixture
def get(database: str) -> Get:
    """Fetches a page of the record in use, as a role sees it: its text; `status` is what is expected.

    What a form shows that this server gave it out is another for each page, and is left out.
    """

    def fetch(address: str, role: str = "monitor", *, status: int = 200) -> str:
        answer = signed_in(role).get(address)
        assert answer.status_code == status, answer.content.decode()
        return re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", answer.content.decode())

    return fetch


@pytest.fixture
def sign_in(database: str, study: Study) -> SignIn:
    """Signs somebody in: `sign_in("ada", denver="coordinator")`."""

    def sign_in(name: str, of: Study = study, **roles: str) -> Browser:
        return Browser(name, roles)

    return sign_in


@pytest.fixture
def screened(study: Study, database: str) -> str:
    """Somebody in screening at Denver, who has consented; the ledger's name."""
    return keep_screened(study)
