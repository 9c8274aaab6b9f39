"""Figure: participants with each adverse event, by arm, beside what was published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from entact.report.figures.drawing import LETTERS, Drawing, Figure, Key, draw, labels, plot
from entact.report.lettering import cut
from entact.report.outcomes import OutcomeTable, Row
from entact.report.palette import FAINT, colours

ROW, MOST = 24, 24


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes of a drawing in px: of the plot, and at most for the terms beside it."""

    screen: Literal["wide", "narrow"]
    width: int
    beside: int


LAYOUTS = Layout("wide", 320, 250), Layout("narrow", 140, 170)
PREFIX = "events/term/"


def events_figure(table: OutcomeTable, *, note: str | None) -> Figure | None:
    """A dot for each arm and term, joined by a line; None when no event occurred."""
    arms = {arm.name: arm.title for arm in table.arms}
    seen = [
        row for row in table.rows if row.id.startswith(PREFIX) and any(_percent(row, arm) for arm in arms)
    ]
    if not seen:
        return None
    seen.sort(key=lambda row: (-max(_percent(row, arm) or 0.0 for arm in arms), row.label))
    shown = seen[:MOST]
    dots = [
        {"row": row.id, "label": row.label, "arm": arm, "percent": percent}
        for row in shown
        for arm in arms
        if (percent := _percent(row, arm)) is not None
    ]
    published = [
        {"row": row.id, "arm": arm, "percent": 100 * share}
        for row in shown
        for arm, cell in row.published.items()
        if arm in arms and (share := cell.numbers.get("share")) is not None
    ]
    described = "; ".join(
        f"{row.label}: "
        + ", ".join(f"{title} {row.cells[arm].text}" for arm, title in arms.items() if arm in row.cells)
        for row in shown
    )
    text = f"Participants with adverse events. {described}."
    drawings = []
    for layout in LAYOUTS:
        chart = _chart(arms, shown, dots, published, layout)
        svg = draw(chart, name=f"events-{layout.screen}", alt_text=text, note=note)
        drawings.append(Drawing(svg, screen=layout.screen))
    left = f" The {len(seen) - len(shown)} rarer terms are in the outcome table." if len(seen) > MOST else ""
    return Figure(
        "events",
        "Adverse events",
        "Participants with at least one treatment-emergent event of the term, favourable ones included, "
        f"in % of those who took a dose.{left}",
        tuple(drawings),
        _key(table, arms, bool(published)),
    )


def _percent(row: Row, arm: str) -> float | None:
    cell = row.cells.get(arm)
    share = None if cell is None else cell.numbers.get("share")
    return None if share is None else 100 * share


def _chart(
    arms: dict[str, str],
    rows: list[Row],
    dots: list[dict[str, Any]],
    published: list[dict[str, Any]],
    layout: Layout,
) -> Any:
    import altair as alt

    palette = colours(arms)
    colour = alt.Color("arm:N", scale=alt.Scale(domain=[*palette], range=[*palette.values()]), legend=None)
    titles = {row.id: [cut(row.label, layout.beside, LETTERS)] for row in rows}
    y = alt.Y(
        "row:N",
        sort=[row.id for row in rows],
        axis=alt.Axis(title=None, ticks=False, domain=False, grid=True, **labels(titles)),
    )
    x = alt.X(
        "percent:Q",
        axis=alt.Axis(title="participants, %", tickCount=6, orient="top"),
        scale=alt.Scale(zero=True),
    )
    ends = [
        {"row": row, "low": min(values), "high": max(values)}
        for row in titles
        if (values := [dot["percent"] for dot in dots if dot["row"] == row])
    ]
    layers = [
        plot(ends)
        .mark_rule(strokeWidth=2, color=FAINT, opacity=0.5)
        .encode(x=alt.X("low:Q"), x2=alt.X2("high:Q"), y=y),
    ]
    if published:
        layers.append(
            plot(published)
            .mark_point(shape="diamond", size=85, strokeWidth=1.5, fill=None, opacity=1)
            .encode(x=x, y=y, color=colour)
        )
    layers.append(plot(dots).mark_point(filled=True, size=75, opacity=1).encode(x=x, y=y, color=colour))
    return alt.layer(*layers).properties(width=layout.width, height=ROW * len(rows))


def _key(table: OutcomeTable, arms: dict[str, str], published: bool) -> tuple[Key, ...]:
    palette = colours(arms)
    kind = "simulated" if table.simulated else "observed"
    own = tuple(Key(palette[arm], "dot", f"{title}, {kind}") for arm, title in arms.items())
    if not published:
        return own
    return (*own, *(Key(palette[arm], "diamond", f"{title}, published") for arm, title in arms.items()))
