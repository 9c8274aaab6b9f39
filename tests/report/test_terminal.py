from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console
from tests.datasets.participants import arms, trial

from entact.cli.published import load_published
from entact.datasets import build
from entact.protocol.load import load_study
from entact.report.outcomes import OutcomeTable, outcome_table
from entact.report.terminal import render


@pytest.fixture(scope="module")
def table() -> OutcomeTable:
    mini = load_study(str(Path(__file__).parents[1] / "studies" / "mini"))
    datasets = build(mini, [person.course() for person in trial(mini)], arms())
    return outcome_table(datasets, load_published(Path(__file__).with_name("printed.yaml")))


def shown(table: OutcomeTable, width: int, full: bool = False) -> list[str]:
    console = Console(width=width, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(render(table, width=width, full=full))
    return captured.get().splitlines()


@pytest.mark.parametrize("width", [80, 100, 160])
def test_it_fits_and_says_that_it_is_simulated(table: OutcomeTable, width: int) -> None:
    lines = shown(table, width)
    assert max(len(line.rstrip()) for line in lines) <= width
    assert "SIMULATED DATA" in lines[1]
    assert any("SIMULATED DATA" in line for line in lines[-16:])
    assert not any("…" in line and "more in the report" not in line for line in lines)  # nothing is cut off


def test_published_values_stand_beside_where_there_is_room(table: OutcomeTable) -> None:
    (line,) = [line for line in shown(table, 100) if line.startswith("change at outcome")]
    assert line.split()[3:] == ["−29.0", "(9.9)", "2", "−9.0", "(5.7)", "2", "−20.0", "(4.2)", "5", "−3.0"]


def test_and_below_where_there_is_not(table: OutcomeTable) -> None:
    lines = shown(table, 80)
    place = next(number for number, line in enumerate(lines) if line.startswith("change at outcome"))
    assert lines[place + 1].split() == ["published", "−20.0", "(4.2)", "5", "−3.0"]


def test_assumptions_carry_their_mark_and_the_legend_explains_it(table: OutcomeTable) -> None:
    lines = shown(table, 100)
    (remission,) = [line for line in lines if line.startswith("Remission")]
    assert remission.count("†") == 2
    assert any(line.startswith("† ") for line in lines)


def test_the_full_table_leaves_nothing_out(table: OutcomeTable) -> None:
    lines = shown(table, 160, full=True)
    assert not any("more in the report" in line for line in lines)
    # A long label goes on in the next line.
    assert all(any(line.startswith(row.label[:30].rsplit(" ", 1)[0]) for line in lines) for row in table.rows)
