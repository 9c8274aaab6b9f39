"""What the tests of formats share: the small trial as datasets."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.datasets.participants import arms, trial

from entact.datasets.sdtm import Tabulation, tabulate
from entact.exchange import Described, described
from entact.protocol.load import load_study

AT = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def tabulation() -> Tabulation:
    """The small trial, arms opened."""
    study = load_study(str(Path(__file__).parents[1] / "studies" / "mini"))
    return tabulate(study, [person.course() for person in trial(study)], arms())


@pytest.fixture(scope="session")
def datasets(tabulation: Tabulation) -> dict[str, Described]:
    """Its datasets by name."""
    return {one.name: one for one in described(tabulation)}
