"""What the tests of formats share: the small trial as datasets."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.datasets.participants import arms, trial

from entact.datasets.adam import Analyser
from entact.datasets.sdtm import Tabulation, Tabulator
from entact.exchange import Described, described
from entact.protocol.load import load_study


@pytest.fixture(scope="session")
def made() -> tuple[Tabulation, list[Described]]:
    """The small trial, arms opened, and its analysis datasets."""
    study = load_study(str(Path(__file__).parents[1] / "studies" / "mini"))
    analyser = Analyser(study)
    tabulator = Tabulator(study, arms(), analyser)
    for person in trial(study):
        tabulator.add(person.course())
    return tabulator.finish(), list(described(analyser.finish().tables))


@pytest.fixture(scope="session")
def tabulation(made: tuple[Tabulation, list[Described]]) -> Tabulation:
    """The small trial in SDTM."""
    return made[0]


@pytest.fixture(scope="session")
def analysed(made: tuple[Tabulation, list[Described]]) -> list[Described]:
    """Its analysis datasets."""
    return made[1]


@pytest.fixture(scope="session")
def datasets(tabulation: Tabulation) -> dict[str, Described]:
    """Its datasets of SDTM by name."""
    return {one.name: one for one in described(tabulation.tables)}
