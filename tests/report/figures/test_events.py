"""Events by arm: an arm in which nobody took a dose, such as that of carers, breaks nothing."""

from __future__ import annotations

from entact.report.cell import Cell
from entact.report.figures import events_figure
from entact.report.outcomes import ArmColumn, OutcomeTable
from entact.report.row import Row


def test_an_arm_of_whom_nobody_took_a_dose_is_left_out_of_the_words() -> None:
    cells = {"mdma": Cell("3 (50 %)", "simulated", {"share": 0.5})}
    row = Row("events/term/nausea", "events", "nausea", cells)
    arms = (ArmColumn("mdma", "MDMA", 6), ArmColumn("carer", "Carer", 6))
    table = OutcomeTable("x", "X", "x@1", "rehearsal", True, True, arms, (row,), (), None)
    figure = events_figure(table, note=None)
    assert figure is not None
    assert "nausea: MDMA 3 (50 %)." in figure.drawings[0].svg
    assert "Carer 3" not in figure.drawings[0].svg
