"""A demonstration has a rater's day: assessments wait. That they can be taken the crawl of leaks shows."""

from __future__ import annotations

from typing import Any

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


def test_where_nobody_rates_a_visit_apart_nothing_is_made_up(database: str) -> None:
    study = blinded_study(_rates_recordings)
    keep(study, Story(study).whole())
    assert study.newest.roles_apart == {"rater"}
    assert offer_assessments() == 0


def _rates_recordings(data: dict[str, Any]) -> None:
    """The raters are apart, and every visit is held by a site."""
    for visit in data["schedule"]:
        visit.pop("by", None)
    data["forms"]["adherence"] = {"by": "rater", "items": {"kept": {"type": "boolean"}}}
    data["forms"]["symptoms"]["by"] = "investigator"
