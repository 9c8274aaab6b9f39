"""`entact analyse`: a plan file on a table, without any study."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.cli.conftest import Run

PLAN = """\
columns: {participant: id, arm: group, value: change, baseline: before}
arms: [mdma, placebo]
analyses:
  primary: {method: ancova, fixed: arm + baseline, contrast: mdma - placebo}
  seen: {method: describe}
"""
ROWS = [
    (f"p{n}", "mdma" if n % 2 else "placebo", -10.0 - n % 7 - 6 * (n % 2), 40.0 + n % 5) for n in range(30)
]
TABLE = "id;group;change;before\n" + "".join(
    f"{who};{arm};{str(change).replace('.', ',')};{before}\n" for who, arm, change, before in ROWS
)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "trial.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_a_plan_runs_on_a_table(run: Run, plan: Path, table: Path) -> None:
    done = run("analyse", plan, table)
    assert (done.code, done.err) == (0, "")
    assert "change: decimal commas read as decimals" in done.out
    assert "mdma - placebo" in done.out
    assert "30 rows of 15 mdma, 15 placebo" in done.out


def test_results_as_data(run: Run, plan: Path, table: Path, tmp_path: Path) -> None:
    found = run("analyse", plan, table, "--json", "--ard", tmp_path / "ard.csv").json
    rows = {(row["measure"], row["statistic"]): row["value"] for row in found["ard"]}
    assert rows["adjusted mean difference", "estimate"] == pytest.approx(-6, abs=1.5)
    assert set(found["digests"]) == {"data", "plan", "code", "allocation"}
    assert pl.read_csv(tmp_path / "ard.csv").height == len(found["ard"])


def test_a_fault_of_the_plan_has_its_line_and_column(run: Run, plan: Path, table: Path) -> None:
    plan.write_text(
        PLAN.replace("ancova", "ancovar").replace("seen:", "seen: {method: describe, who: me}\n  b:")
    )
    done = run("analyse", plan, table)
    assert done.code == 2
    assert (
        f"{plan}:4:21 analyses.primary.method: there is no method 'ancovar'; did you mean 'ancova'?"
        in done.err
    )
    assert f"{plan}:5:28 analyses.seen.who: there is no key of describe 'who'" in done.err


def test_a_late_word_among_numbers_is_refused_with_its_line(run: Run, plan: Path, table: Path) -> None:
    lines = TABLE.splitlines()
    lines[20] = "p19;mdma;pending;41.0"
    table.write_text("\n".join(lines) + "\n")
    done = run("analyse", plan, table)
    assert done.code == 2
    assert f"{table}:21, column change: 'pending' is no number" in done.err


def test_a_missing_column_and_a_missing_file_are_said(run: Run, plan: Path, table: Path) -> None:
    table.write_text(TABLE.replace("before", "start"))
    assert (
        "columns.baseline is column 'before', and the data have: id, group" in run("analyse", plan, table).err
    )
    assert run("analyse", plan, table.with_name("none.csv")).code == 2


def test_what_was_committed_before_is_compared(run: Run, plan: Path, table: Path, tmp_path: Path) -> None:
    before = tmp_path / "before.yaml"
    before.write_text(PLAN.replace("arm + baseline", "arm"))
    done = run("analyse", plan, table, "--committed", before)
    assert "primary (observed, all; changed)" in done.out
    assert "seen (observed, all; as planned)" in done.out


def test_a_dry_run_says_so_and_needs_no_arms(run: Run, plan: Path, table: Path) -> None:
    table.write_text(
        "\n".join(line.replace(";mdma;", ";;").replace(";placebo;", ";;") for line in TABLE.split("\n"))
    )
    done = run("analyse", plan, table, "--dry", "5")
    assert done.code == 0
    assert "DRY RUN: arms are made up" in done.out


def test_an_analysis_without_result_ends_with_1(run: Run, plan: Path, table: Path) -> None:
    plan.write_text(PLAN.replace("mdma - placebo", "mdma - placebo at week 9"))
    done = run("analyse", plan, table)
    assert done.code == 1
    assert "No result: the rows have no visit" in done.out


def test_shells_need_no_data_and_count_people_where_there_are_some(run: Run, plan: Path, table: Path) -> None:
    done = run("analyse", plan, "--shell")
    assert (done.code, done.err) == (0, "")
    assert "primary (observed, all): difference of adjusted means" in done.out
    assert "mdma - placebo: xx.x (xx.x to xx.x); p = 0.xxx" in done.out
    counted = run("analyse", plan, table, "--shell", "--json").json
    assert [(row["analysis"], row["n"]) for row in counted] == [("primary", 30), ("seen", 30)]
    assert "a table is needed" in run("analyse", plan).err
