"""A record that somebody can sign in to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import override_settings
from tests.conduct.record import keep, telling_story
from tests.course.conftest import Story

from entact.protocol import Study


@pytest.fixture
def record(study: Study, database: str) -> str:
    """A rehearsal with a participant in Denver and one in Haifa; the name of its database."""
    screened = Story(study)
    screened.begin("screening#1", day=0)
    screened.write("screening", {"attempt": 1, "number": "S-2", "site": "haifa"}, minute=2)
    keep(study, telling_story(study), screened)
    return database


class Quick(Argon2PasswordHasher):
    """The same, and cheap: that it is dear where people sign in is tested once."""

    time_cost, memory_cost, parallelism = 1, 8, 1


@pytest.fixture(autouse=True)
def _quick_passwords() -> Iterator[None]:
    with override_settings(PASSWORD_HASHERS=[f"{__name__}.Quick"]):
        yield
