"""What CDISC's checker finds: nothing but what the guide of the export explains, and that wherever it is."""

from __future__ import annotations

import json
from collections.abc import Callable

import polars as pl
import pytest
from tests.datasets.participants import Participant
from tests.exchange import core, odd

from entact.datasets.sdtm import Tabulation, tabulate
from entact.exchange.conformance import findings
from entact.exchange.guides import study_data_guide
from entact.protocol.load import load_study

Record = Callable[[Participant], None]
MINI = load_study(str(core.STUDIES / "mini"))
FOUND = json.loads(core.GOLDEN.read_text(encoding="utf-8"))


def reckoned(tabulation: Tabulation) -> core.Found:
    """What the guide explains, by rule and dataset."""
    return {f"{one.rule} {one.dataset}": one.count for one in findings(tabulation)}


# The cases as the table names them: to load all studies for their names held up every process of a run.
CASES = [(name, how == "blinded") for name, how in (case.rsplit(", ", 1) for case in FOUND)]


def test_the_checker_was_run_on_every_case() -> None:
    assert [core.key(name, blinded) for name, blinded in CASES] == list(FOUND)
    assert set(CASES) == set(core.cases())


@pytest.mark.parametrize(("name", "blinded"), CASES)
def test_the_guide_explains_what_the_checker_found_and_nothing_else(name: str, blinded: bool) -> None:
    assert reckoned(core.made(name, blinded=blinded)) == FOUND[core.key(name, blinded)]


def test_the_guide_counts_in_the_rows_of_its_own_export() -> None:
    tabulation = core.made("odd", blinded=False)
    guide = study_data_guide(tabulation, [], version="0.1.0")
    table = guide.parts[-1]
    assert table["head"] == ["Rule", "Dataset", "Rows", "Why it stays"]
    said = {f"{rule} {dataset}": int(count) for rule, dataset, count, _ in table["rows"]}
    assert said == reckoned(tabulation)


def frames(record: Record) -> dict[str, pl.DataFrame]:
    made = tabulate(MINI, [odd.one(MINI, record).course()], odd.odd_arms())
    return {name: table.frame() for name, table in made.tables.items()}


def test_participation_lasts_at_least_until_the_last_dose_also_one_that_was_withheld() -> None:
    for record in (odd.dose_withheld, odd.dose_alone):
        made = frames(record)
        assert made["DM"]["RFPENDTC"][0] >= made["EC"]["ECSTDTC"].max()  # type: ignore[operator]


def test_a_death_is_dated_alike_wherever_it_is_and_no_more_exactly_than_it_was_written() -> None:
    made = frames(odd.died_on_a_day_unknown)
    [ended] = made["DS"].filter(DSDECOD="DEATH").rows(named=True)
    assert (made["DM"]["DTHDTC"][0], ended["DSSTDTC"], ended["DSSTDY"]) == ("2026-03", "2026-03", None)
    assert made["AE"].filter(AEOUT="FATAL")["AEENDTC"].to_list() == ["2026-03"]
    [ended] = frames(odd.died_before_a_dose)["DS"].filter(DSDECOD="DEATH").rows(named=True)
    assert ended["DSSTDTC"] == "2026-03-12"


def test_a_visit_that_nobody_began_is_one_of_which_there_are_rows() -> None:
    made = frames(odd.dose_alone)
    known = set(made["SV"]["VISITNUM"])
    asked = {number for name in ("QS", "DA") for number in made[name]["VISITNUM"].drop_nulls()}
    assert asked <= known
    [session] = made["SV"].filter(VISIT="SESSION 1").rows(named=True)
    assert (session["SVSTDTC"], session["SVENDTC"]) == ("2026-03-14T10:10:00", None)
    assert session.get("SVCNTMOD") is None  # how they met was not entered
    assert "PR" not in made  # nor whether there was a session of therapy
