"""A group-sequential design: its bounds over the information, and its power over the differences."""

from __future__ import annotations

from collections.abc import Sequence

from entact.analysis.sample_size.comparison import Comparison
from entact.analysis.sequential import GroupSequential, power_frame
from entact.analysis.sequential.chart import boundary_specification, power_specification
from entact.report.pictures.sheet import Chart, Sheet, panel

WIDTH, HEIGHT = 330, 230


def design_sheet(
    title: str,
    design: GroupSequential,
    notes: Sequence[str],
    comparison: Comparison | None = None,
    sizes: Sequence[float] = (),
    *,
    origin: str = "PLAN",
) -> Sheet:
    """The picture: a panel of the bounds, one of the power.

    Args:
        comparison, sizes: over whose differences power is drawn, and for how many; over drifts without.
        origin: whence the numbers are, such as SIMULATED where a covariance is.
    """
    bounds = Chart(boundary_specification(design, WIDTH, HEIGHT))
    frame = power_frame(design, comparison, sizes)
    curves = Chart(power_specification(frame, comparison, 1 - design.beta, WIDTH, HEIGHT))
    table = design.table(comparison, sizes[0] if sizes else None)
    upper = ", ".join(f"{value:.3f}" for value in design.boundaries().upper)
    panels = [
        panel(bounds, "Bounds", f"Efficacy bounds of Z by look: {upper}.", name="bounds"),
        panel(curves, "Power", "Power over the effect, rising from the error rate.", name="power"),
    ]
    return Sheet(
        title,
        table.title + ".",
        (*table.notes, *notes),
        panels,
        columns=2,
        tables=(("Looks", (table.columns, *table.rows)),),
        origin=origin,
    )
