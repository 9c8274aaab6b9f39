"""A demonstration has a rater's day: assessments wait. That they can be taken the crawl of leaks shows."""

from __future__ import annotations

import pytest
from tests.conduct.conftest import SignIn
from tests.conduct.rating.conftest import rated_apart
from tests.conduct.record import KEY, blinded_study, keep
from tests.course.conftest import Story

from entact import store
from entact.conduct.demonstration import offer_assessments
from entact.protocol import Study


@pytest.fixture(scope="module")
def study() -> Study:
    return blinded_study(rated_apart)


def test_assessments_wait_for_raters_once(study: Study, database: str, sign_in: SignIn) -> None:
    (ledger,) = keep(study, Story(study).whole())
    store.keep_keys({ledger.name: KEY})
    assert offer_assessments() == 1
    assert offer_assessments() == 0
    ruth = sign_in("ruth", everywhere="rater")
    assert "Assessments can be taken" in ruth.get("/")
    assert "None is offered" not in ruth.get("/assessments/")
