"""A rehearsal whose study file sends something to each domain that the studies which ship have no use for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.datasets.sdtm.test_mapping import FORMS, study_with

import entact
from entact.course import Entry, uuid7
from entact.course.entry import instant
from entact.course.fold import fold, fold_lines
from entact.datasets.sdtm import Tabulation, strangers, tabulate
from entact.protocol.load import load_study

RARE = ("CO", "DV", "FA", "PE", "SC", "SU")
SECOND = "asthma: {type: boolean, sdtm: {to: MH, category: RESPIRATORY}}"  # one category of all says nothing


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Tabulation:
    return tabulated(tmp_path_factory.mktemp("rehearsed"))


def tabulated(folder: Path) -> Tabulation:
    """Virtual participants of the small study with its forms for every domain; a deviation of two of them.

    A rehearsal enters no deviation by itself: whoever looks at one enters it in words.
    """
    at = FORMS.index("      standing:")
    study = load_study(str(study_with(folder, f"{FORMS[:at]}      {SECOND}\n{FORMS[at:]}")))
    trial = entact.rehearse(study, participants=4, seed=3)
    courses = [
        fold_lines(study, name, lines)
        for name, lines in trial.ledgers.items()
        if name.startswith("participant:")
    ]
    found = []
    for number, course in enumerate(courses):
        last = course.effective[-1].entry
        said = {"category": "visit_out_of_window", "importance": ("minor", "major")[number % 2]}
        noted = Entry(
            id=uuid7(instant(last.occurred_at), number + 1),
            ledger=last.ledger,
            kind="deviation",
            release=last.release,
            environment=last.environment,
            occurred_at=last.occurred_at,
            recorded_at=last.recorded_at,
            by="coordinator-1",
            role="coordinator",
            data=said,
        )
        found.append(course if number > 1 else fold(study, [*course.entries, noted]))
    return tabulate(study, found, trial.allocation.arms())


def test_every_domain_is_shown_and_each_row_knows_its_entries(rehearsed: Tabulation) -> None:
    assert {*RARE} <= rehearsed.tables.keys()
    for name in RARE:
        table = rehearsed.tables[name]
        assert all(table.entries), name
        assert len({*map(str, table.rows)}) == table.height, name
    kinds = [row for row in rehearsed.tables["SUPPDM"].rows if row["QNAM"] == "KINDS"]
    assert "NONE" in {row["QVAL"] for row in kinds}  # asked, and none of the boxes ticked
    assert all(row["QVAL"] for row in rehearsed.tables["SUPPDM"].rows)
    assert {row["DVCAT"] for row in rehearsed.tables["DV"].rows} == {"MINOR", "MAJOR"}
    assert [str(one) for one in strangers(rehearsed) if not one.extensible] == []
