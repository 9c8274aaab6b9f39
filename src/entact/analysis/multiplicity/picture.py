"""A graph of hypotheses as a chart."""

from __future__ import annotations

from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import altair as alt

    from entact.analysis.multiplicity.graph import Graph

ROOM = 0.22  # of a circle, in units of the ring on which they lie


def graph_chart(graph: Graph) -> alt.LayerChart:
    """A circle with its weight for each hypothesis, an arrow with its share for each transition."""
    import altair as alt
    import polars as pl

    names = graph.names
    turn = 2 * pi / len(names)
    at = {name: (sin(turn * k), cos(turn * k)) for k, name in enumerate(names)}
    nodes = pl.DataFrame(
        {
            "x": [at[name][0] for name in names],
            "y": [at[name][1] for name in names],
            "text": [f"{name} ({graph.weights[name]:.3g})" for name in names],
        }
    )
    arrows = []
    for first, own in graph.transitions.items():
        for second, share in own.items():
            if share <= 0:
                continue
            (x, y), (x2, y2) = at[first], at[second]
            dx, dy, long = x2 - x, y2 - y, hypot(x2 - x, y2 - y)
            side = 0.05 / long  # two that point at each other lie beside each other
            x, y, x2, y2 = x + side * dy, y - side * dx, x2 + side * dy, y2 - side * dx
            end = 1 - ROOM / long
            arrows.append((x, y, x + end * dx, y + end * dy, x + 0.3 * dx, y + 0.3 * dy, f"{share:.3g}"))
    columns = ("x", "y", "x2", "y2", "at", "up", "share")
    lines = pl.DataFrame(
        arrows, schema=dict.fromkeys(columns[:6], pl.Float64) | {"share": pl.String}, orient="row"
    )
    scale = alt.Scale(domain=[-1.5, 1.5])
    right, up = alt.X("x", axis=None, scale=scale), alt.Y("y", axis=None, scale=scale)
    drawn = alt.Chart(lines)
    whole = alt.layer(
        drawn.mark_rule().encode(x=right, y=up, x2=alt.X2("x2"), y2=alt.Y2("y2")),
        drawn.mark_point(filled=True, size=60).encode(x=alt.X("x2", axis=None), y=alt.Y("y2", axis=None)),
        drawn.mark_text(dx=10).encode(
            x=alt.X("at", axis=None), y=alt.Y("up", axis=None), text=alt.Text("share")
        ),
        alt.Chart(nodes).mark_point(size=3000).encode(x=right, y=up),
        alt.Chart(nodes).mark_text().encode(x=right, y=up, text=alt.Text("text")),
    )
    assert isinstance(whole, alt.LayerChart)
    return whole
