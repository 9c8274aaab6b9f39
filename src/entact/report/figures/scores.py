"""Figure: the instrument of the primary endpoint over time, individuals and means by arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import polars as pl

from entact.analysis import MeanInterval, mean_interval
from entact.report.cell import NOTHING, decimal
from entact.report.figures.drawing import Drawing, Figure, Key, Numbers, draw, drawn_of, labels, plot, sample
from entact.report.lettering import short, wrap
from entact.report.outcome_rows import GROUP, Source
from entact.report.outcomes import OutcomeTable
from entact.report.palette import INK, colours

WIDTH, HEIGHT, BESIDE = 430, 300, 112
MARGIN = 1.13  # how much longer the axis is than the time between its first and last visit


@dataclass(frozen=True, slots=True)
class Point:
    """The values of one arm at one visit."""

    visit: str
    arm: str
    x: float
    values: pl.Series

    @property
    def interval(self) -> MeanInterval | None:
        return mean_interval(self.values)


def scores_figure(source: Source, table: OutcomeTable, *, note: str | None) -> Figure | None:
    """Means with 95 % intervals by arm and each participant's values; None where nothing was rated yet."""
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
    points = [
        Point(visit, arm, places[visit], _values(rows, visit, arm)) for arm in source.arms for visit in places
    ]
    parameter = book.parameters[code]
    form = book.forms[parameter.form]
    subjects = rows["USUBJID"].unique().sort().to_list()
    title = f"{form}: {parameter.title.lower()}"
    published = _published(table, code, places)
    chart = _chart(source, rows, points, places, published, subjects, short(title), parameter.unit)
    caption = (
        f"{title}. Bold: mean of each arm with its 95 % interval (t). {drawn_of(subjects)}. "
        + ("Values until treatment was discontinued. " if primary.estimand == "de_jure" else "")
        + ("Visits stand at their median time after the first dose." if _is_timed(rows) else "")
    )
    described = "; ".join(
        f"{book.visits[point.visit].title}, {source.arms[point.arm]}: mean {decimal(point.interval.mean)}"
        for point in points
        if point.interval is not None
    )
    return Figure(
        "scores",
        "Primary instrument over time",
        caption.strip(),
        (Drawing(draw(chart, name="scores", alt_text=f"{title}. {described}.", note=note)),),
        _key(source, bool(published)),
        _numbers(source, points, places),
    )


def _is_timed(rows: pl.DataFrame) -> bool:
    return rows["ADY"].drop_nulls().len() > 0


def _places(rows: pl.DataFrame, visits: list[str]) -> dict[str, float]:
    """Visit -> weeks after the first dose, the median of all arms; without doses the order alone."""
    medians = dict(rows.group_by("AVISIT").agg(pl.col("ADY").median() / 7).rows())
    seen = [visit for visit in visits if visit in medians]
    if any(medians[visit] is None for visit in seen):
        return {visit: float(place) for place, visit in enumerate(seen)}
    return {visit: round(float(medians[visit]), 2) for visit in seen}


def _values(rows: pl.DataFrame, visit: str, arm: str) -> pl.Series:
    return rows.filter(pl.col("AVISIT") == visit, pl.col(GROUP) == arm)["AVAL"]


def _published(table: OutcomeTable, code: str, places: Mapping[str, float]) -> list[dict[str, Any]]:
    return [
        {"x": places[visit], "arm": arm, "mean": cell.numbers["mean"]}
        for row in table.rows
        for visit in places
        if row.id == f"score/{code}/{visit}"
        for arm, cell in row.published.items()
        if cell.numbers.get("mean") is not None
    ]


def _chart(
    source: Source,
    rows: pl.DataFrame,
    points: list[Point],
    places: Mapping[str, float],
    published: list[dict[str, Any]],
    subjects: list[str],
    title: str,
    unit: str,
) -> Any:
    import altair as alt

    reach = max(places.values()) - min(places.values()) or 1.0
    shift = {arm: (n - (len(source.arms) - 1) / 2) * reach / 70 for n, arm in enumerate(source.arms)}
    means = [
        {
            "x": one.x + shift[one.arm],
            "arm": one.arm,
            "mean": found.mean,
            "low": found.low,
            "high": found.high,
        }
        for one in points
        if (found := one.interval) is not None
    ]
    lines = rows.filter(pl.col("USUBJID").is_in(sample(subjects)))
    each = [
        {"who": who, "x": places[visit] + shift[arm], "arm": arm, "value": value}
        for who, visit, arm, value in lines.select("USUBJID", "AVISIT", GROUP, "AVAL").rows()
    ]
    palette = colours(source.arms)
    colour = alt.Color("arm:N", scale=alt.Scale(domain=[*palette], range=[*palette.values()]), legend=None)
    is_timed = _is_timed(rows)
    room = 0.92 * _least_gap(places) / reach * WIDTH / MARGIN
    ticks = {f"{x:g}": _tick(source, visit, x, is_timed, room) for visit, x in places.items()}
    x_title = "visit, at its median time after the first dose" if is_timed else None
    x_axis = alt.Axis(
        values=[*places.values()], grid=False, title=x_title, **labels(ticks) | {"minExtent": 0}
    )
    x = alt.X("x:Q", axis=x_axis, scale=alt.Scale(domain=_domain(places, reach), nice=False))
    y_title = title + (f" ({unit})" if unit else "")
    values = [one["value"] for one in each] + [one["low"] for one in means] + [one["high"] for one in means]
    bounds = min(0.0, *values), max(values)
    y = alt.Y("value:Q", title=y_title, scale=alt.Scale(domain=bounds, nice=False))
    layers = [
        plot(each).mark_line(strokeWidth=1, opacity=0.17).encode(x=x, y=y, detail="who:N", color=colour),
        plot(means).mark_rule(strokeWidth=2).encode(x=x, y="low:Q", y2="high:Q", color=colour),
        plot(means).mark_line(strokeWidth=3).encode(x=x, y="mean:Q", color=colour),
        plot(means).mark_point(filled=True, size=70, opacity=1).encode(x=x, y="mean:Q", color=colour),
    ]
    if published:
        layers.append(
            plot([one | {"x": one["x"] + shift[one["arm"]]} for one in published])
            .mark_point(shape="diamond", size=150, strokeWidth=1.6, fill=None, color=INK)
            .encode(x=x, y="mean:Q")
        )
    for arm, text, at, dy in _names(source, means, bounds):
        layers.append(
            plot([{"x": at["x"], "y": at["mean"], "text": text}])
            .mark_text(
                align="left", dx=12, dy=dy, fontWeight="bold", fontSize=12, color=palette[arm], lineBreak="\n"
            )
            .encode(x=x, y="y:Q", text="text:N")
        )
    return alt.layer(*layers).properties(
        width=WIDTH, height=HEIGHT, padding={"left": 2, "top": 2, "bottom": 2, "right": 16}
    )


def _domain(places: Mapping[str, float], reach: float) -> list[float]:
    low, high = min(places.values()), max(places.values())
    return [low - reach * 0.08, high + reach * (MARGIN - 1.08)]


def _least_gap(places: Mapping[str, float]) -> float:
    ordered = sorted(places.values())
    return min((b - a for a, b in pairwise(ordered)), default=1.0)


def _tick(source: Source, visit: str, x: float, timed: bool, room: float) -> list[str]:
    title = wrap(source.book.visits[visit].title, max(room, 40.0), 12)
    return [*title, f"week {decimal(x, 0)}"] if timed else title


def _names(
    source: Source, means: list[dict[str, Any]], bounds: tuple[float, float]
) -> list[tuple[str, str, dict[str, Any], float]]:
    """The arms' names beside their last means, moved apart where they would overlap: text, point, px down."""
    last = {one["arm"]: one for one in means}
    per_px = (bounds[1] - bounds[0]) / HEIGHT or 1.0
    found: list[tuple[str, str, dict[str, Any], float]] = []
    taken: float | None = None
    for arm, one in sorted(last.items(), key=lambda item: -item[1]["mean"]):
        lines = [*wrap(source.arms[arm], BESIDE - 14, 12, bold=True), decimal(one["mean"])]
        wanted = -one["mean"] / per_px - 6 * (len(lines) - 1)
        placed = wanted if taken is None else max(wanted, taken)
        taken = placed + 15 * len(lines) + 4
        found.append((arm, "\n".join(lines), one, placed + one["mean"] / per_px))
    return found


def _key(source: Source, published: bool) -> tuple[Key, ...]:
    palette = colours(source.arms)
    arms = tuple(Key(palette[arm], "line", title) for arm, title in source.arms.items())
    return (*arms, Key(INK, "diamond", "published mean")) if published else arms


def _numbers(source: Source, points: list[Point], places: Mapping[str, float]) -> Numbers:
    by_place = {(point.visit, point.arm): point for point in points}
    rows = []
    for visit in places:
        cells = []
        for arm in source.arms:
            found = by_place[visit, arm].interval
            n = len(by_place[visit, arm].values)
            cells.append(
                f"{decimal(found.mean)} ({decimal(found.low)} to {decimal(found.high)}), n = {n}"
                if found
                else (f"n = {n}" if n else NOTHING)
            )
        rows.append((source.book.visits[visit].title, *cells))
    return Numbers(("Visit", *(f"{title}: mean (95 % CI)" for title in source.arms.values())), tuple(rows))
