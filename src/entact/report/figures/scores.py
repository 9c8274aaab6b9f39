"""Figure: the instrument of the primary endpoint over time, individuals and means by arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import polars as pl

from entact.analysis import MeanInterval, mean_interval
from entact.report.cell import NOTHING, decimal
from entact.report.figures.drawing import (
    LETTERS,
    Drawing,
    Figure,
    Key,
    Numbers,
    draw,
    drawn_of,
    labels,
    plot,
    sample,
)
from entact.report.lettering import short, width_of, wrap, wrap_words
from entact.report.outcomes import OutcomeTable
from entact.report.palette import INK, colours
from entact.report.row import GROUP, Source

MARGIN = 1.13  # how much longer the axis is than the time between its first and last visit


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes of a drawing in px: of the plot, and for the names beside it; whether ticks name the visits."""

    screen: Literal["wide", "narrow"]
    width: int
    height: int
    beside: int
    names_visits: bool


WIDE, NARROW = Layout("wide", 430, 300, 112, True), Layout("narrow", 220, 260, 84, False)


@dataclass(frozen=True)
class Scores:
    """What the figure draws.

    Attributes:
        rows: one for each participant and visit. title: of the score.
        places: visit -> place on the axis of time. published: arm and place of each published mean.
    """

    source: Source
    rows: pl.DataFrame
    title: str
    unit: str
    places: Mapping[str, float]
    published: list[dict[str, Any]]

    @cached_property
    def subjects(self) -> list[str]:
        return list(self.rows["USUBJID"].unique().sort().to_list())

    @cached_property
    def is_timed(self) -> bool:
        """Whether places are weeks, and not the order of visits alone."""
        return self.rows["ADY"].null_count() == 0

    @cached_property
    def reach(self) -> float:
        """How far the last visit is from the first."""
        return max(self.places.values()) - min(self.places.values()) or 1.0

    @cached_property
    def shift(self) -> dict[str, float]:
        """Arm -> how far it stands beside the visit, so that intervals do not cover each other."""
        middle = (len(self.source.arms) - 1) / 2
        return {arm: (n - middle) * self.reach / 70 for n, arm in enumerate(self.source.arms)}

    def values(self, visit: str, arm: str) -> pl.Series:
        return self.rows.filter(pl.col("AVISIT") == visit, pl.col(GROUP) == arm)["AVAL"]

    @cached_property
    def means(self) -> dict[tuple[str, str], MeanInterval | None]:
        """Arm and visit -> the mean; None for fewer than two values."""
        return {
            (arm, visit): mean_interval(self.values(visit, arm))
            for arm in self.source.arms
            for visit in self.places
        }


def scores_figure(source: Source, table: OutcomeTable, *, note: str | None) -> Figure | None:
    """Means with 95 % intervals by arm and each participant's values; None where nothing was rated yet."""
    scores = _scores(source, table)
    if scores is None:
        return None
    estimand = source.book.endpoints[source.book.primary].estimand
    caption = [
        f"{scores.title}. Bold: mean of each arm with its 95 % interval (t). {drawn_of(scores.subjects)}.",
        "Values until treatment was discontinued." if estimand == "de_jure" else "",
        "Visits stand at their median time after the first dose." if scores.is_timed else "",
    ]
    drawings = [
        Drawing(
            draw(
                _chart(scores, layout), name=f"scores-{layout.screen}", alt_text=_in_words(scores), note=note
            ),
            screen=layout.screen,
        )
        for layout in (WIDE, NARROW)
    ]
    return Figure(
        "scores",
        "Primary instrument over time",
        " ".join(filter(None, caption)),
        tuple(drawings),
        _key(scores),
        _numbers(scores),
    )


def _scores(source: Source, table: OutcomeTable) -> Scores | None:
    book = source.book
    primary = book.endpoints[book.primary]
    code = primary.names[0]
    visits = sorted({*primary.visits, *primary.earlier}, key=lambda name: book.visits[name].number)
    rows = source.frame("questionnaires").filter(
        pl.col("PARAMCD") == code,
        pl.col("ANL01FL"),
        pl.col("AVISIT").is_in(visits),
        pl.col("AVAL").is_not_null(),
    )
    if primary.estimand == "de_jure":
        rows = rows.filter(pl.col("ONTRTFL"))
    if rows.is_empty():
        return None
    places = _places(rows, visits)
    published = [
        {"x": places[visit], "arm": arm, "mean": cell.numbers["mean"]}
        for row in table.rows
        for visit in places
        if row.id == f"score/{code}/{visit}"
        for arm, cell in row.published.items()
        if arm in source.arms and cell.numbers.get("mean") is not None
    ]
    parameter = book.parameters[code]
    title = f"{book.forms[parameter.form]}: {book.inside(parameter.title)}"
    return Scores(source, rows, title, parameter.unit, places, published)


def _places(rows: pl.DataFrame, visits: list[str]) -> dict[str, float]:
    """Visit -> weeks after the first dose, the median of all arms; the order alone if some had no dose."""
    medians = dict(rows.group_by("AVISIT").agg(pl.col("ADY").median() / 7).rows())
    seen = [visit for visit in visits if visit in medians]
    if rows["ADY"].null_count():
        return {visit: float(place) for place, visit in enumerate(seen)}
    return {visit: round(float(medians[visit]), 2) for visit in seen}


def _chart(scores: Scores, layout: Layout) -> Any:
    import altair as alt

    shift, palette = scores.shift, colours(scores.source.arms)
    means = [
        {
            "x": scores.places[visit] + shift[arm],
            "arm": arm,
            "mean": one.mean,
            "low": one.low,
            "high": one.high,
        }
        for (arm, visit), one in scores.means.items()
        if one is not None
    ]
    lines = scores.rows.filter(pl.col("USUBJID").is_in(sample(scores.subjects)))
    each = [
        {"who": who, "x": scores.places[visit] + shift[arm], "arm": arm, "value": value}
        for who, visit, arm, value in lines.select("USUBJID", "AVISIT", GROUP, "AVAL").rows()
    ]
    said = [one | {"x": one["x"] + shift[one["arm"]]} for one in scores.published]
    ends = [one["value"] for one in each] + [one[end] for one in means for end in ("low", "high")]
    bounds = min(0.0, *ends), max(*ends, 1.0)
    ticks, x_title = _ticks(scores, layout)
    x_axis = alt.Axis(
        values=[*scores.places.values()], grid=False, title=x_title, **labels(ticks, is_vertical=False)
    )
    x = alt.X("x:Q", axis=x_axis, scale=alt.Scale(domain=_domain(scores), nice=False))
    y_title = short(scores.title) + (f" ({scores.unit})" if scores.unit else "")
    y = alt.Y("value:Q", title=y_title, scale=alt.Scale(domain=bounds, nice=False))
    colour = alt.Color("arm:N", scale=alt.Scale(domain=[*palette], range=[*palette.values()]), legend=None)
    layers = [
        plot(each)
        .mark_line(strokeWidth=1, opacity=0.17)
        .encode(x=x, y=y, detail=alt.Detail("who:N"), color=colour),
        plot(means).mark_rule(strokeWidth=2).encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"), color=colour),
        plot(means).mark_line(strokeWidth=3).encode(x=x, y=alt.Y("mean:Q"), color=colour),
        plot(means).mark_point(filled=True, size=70, opacity=1).encode(x=x, y=alt.Y("mean:Q"), color=colour),
        plot(said)
        .mark_point(shape="diamond", size=150, strokeWidth=1.6, fill=None, color=INK)
        .encode(x=x, y=alt.Y("mean:Q")),
    ]
    for name in _names(scores, means, bounds, layout):
        style = {"color": palette[name["arm"]], "dy": name["dy"], "fontWeight": "bold", "lineBreak": "\n"}
        layers.append(
            plot([name])
            .mark_text(align="left", dx=10, **style)
            .encode(x=x, y=alt.Y("mean:Q"), text=alt.Text("text:N"))
        )
    padding = {"left": 2, "top": 2, "bottom": 2, "right": 16}
    return alt.layer(*layers).properties(width=layout.width, height=layout.height, padding=padding)


def _domain(scores: Scores) -> list[float]:
    low, high = min(scores.places.values()), max(scores.places.values())
    return [low - scores.reach * 0.08, high + scores.reach * (MARGIN - 1.08)]


def _ticks(scores: Scores, layout: Layout) -> tuple[dict[str, list[str]], str | None]:
    """What the ticks of the axis say, broken so that neighbours stay apart, and its title."""
    places = scores.places
    titles = {visit: scores.source.book.visits[visit].title for visit in places}
    if not layout.names_visits and scores.is_timed:
        weeks = {f"{x:g}": [decimal(x, 0)] for x in places.values()}
        return weeks, "weeks after the first dose (median)"
    gap = min((b - a for a, b in pairwise(sorted(places.values()))), default=scores.reach)
    words = [width_of(word, LETTERS) for title in titles.values() for word in title.split()]
    room = max(0.92 * gap / scores.reach * layout.width / MARGIN, *words)
    lines = {visit: wrap(title, room, LETTERS) for visit, title in titles.items()}
    if not scores.is_timed:
        return {f"{x:g}": lines[visit] for visit, x in places.items()}, None
    weeks = {f"{x:g}": [*lines[visit], f"week {decimal(x, 0)}"] for visit, x in places.items()}
    return weeks, "visit, at its median time after the first dose"


def _names(
    scores: Scores, means: list[dict[str, Any]], bounds: tuple[float, float], layout: Layout
) -> list[dict[str, Any]]:
    """The arms' names beside their last means, moved down (`dy`, px) where they would overlap."""
    last = {one["arm"]: one for one in means}
    per_px = (bounds[1] - bounds[0]) / layout.height
    right = max((one["x"] for one in last.values()), default=0.0)  # beside the last interval, not in it
    found: list[dict[str, Any]] = []
    taken: float | None = None
    for arm, one in sorted(last.items(), key=lambda item: -item[1]["mean"]):
        name = scores.source.arms[arm]
        title = wrap_words(name, layout.beside - 14, LETTERS, bold=True)
        lines = [*title, decimal(one["mean"])]
        wanted = -one["mean"] / per_px - 6 * (len(lines) - 1)
        placed = wanted if taken is None else max(wanted, taken)
        taken = placed + 15 * len(lines) + 4
        found.append(one | {"x": right, "text": "\n".join(lines), "dy": placed + one["mean"] / per_px})
    return found


def _in_words(scores: Scores) -> str:
    book, arms = scores.source.book, scores.source.arms
    said = [
        f"{book.visits[visit].title}, {arms[arm]}: mean {decimal(one.mean)}"
        for (arm, visit), one in scores.means.items()
        if one is not None
    ]
    return f"{scores.title}. {'; '.join(said)}."


def _key(scores: Scores) -> tuple[Key, ...]:
    palette = colours(scores.source.arms)
    arms = tuple(Key(palette[arm], "line", title) for arm, title in scores.source.arms.items())
    return (*arms, Key(INK, "diamond", "published mean")) if scores.published else arms


def _numbers(scores: Scores) -> Numbers:
    arms, book = scores.source.arms, scores.source.book
    rows = tuple(
        (book.visits[visit].title, *(_number(scores, arm, visit) for arm in arms)) for visit in scores.places
    )
    return Numbers(("Visit", *(f"{title}: mean (95 % CI)" for title in arms.values())), rows)


def _number(scores: Scores, arm: str, visit: str) -> str:
    one, n = scores.means[arm, visit], len(scores.values(visit, arm))
    if one is None:
        return f"n = {n}" if n else NOTHING
    return f"{decimal(one.mean)} ({decimal(one.low)} to {decimal(one.high)}), n = {n}"
