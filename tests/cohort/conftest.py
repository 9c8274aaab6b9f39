"""One small rehearsal of the published phase 3 study, shared by all tests that only read it."""

from __future__ import annotations

import pytest
from tests.cohort.rehearsals import Rehearsed

from entact.cohort import rehearse
from entact.protocol import Study, load_study


@pytest.fixture(scope="session")
def mapp1() -> Study:
    return load_study("mapp1")


@pytest.fixture(scope="session")
def rehearsed(mapp1: Study) -> Rehearsed:
    """24 participants, seed 7."""
    return Rehearsed(mapp1, rehearse(mapp1, 24, seed=7))
