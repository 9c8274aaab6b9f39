"""Figure: vital signs over each dosing session, individuals and means by arm, with the study's limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from entact.analysis import mean_interval
from entact.datasets import Limit
from entact.report.cell import NOTHING, decimal
from entact.report.figures.drawing import LETTERS, Drawing, Figure, Key, Numbers, draw, drawn_of, plot, sample
from entact.report.outcome_rows import UNITS
from entact.report.palette import FAINT, INK, PAPER, colours
from entact.report.row import GROUP, Source

WIDTH, HEIGHT = 206, 132
STEP = 30  # minutes: readings this close together make one mean


def vitals_figure(source: Source, limits: Iterable[Limit], *, note: str | None) -> Figure | None:
    """Each vital sign in each session against hours after the initial dose; None without timed readings."""
    columns = source.frame("subjects", "SAFFL").select("USUBJID", GROUP)
    rows = (
        source.datasets.vitals.filter(pl.col("ARELTM").is_not_null())
        .join(columns, on="USUBJID")
        .sort("USUBJID", "ARELTM", maintain_order=True)
        .with_columns(STEP=(pl.col("ARELTM") / STEP).round().cast(pl.Int64))
    )
    if rows.is_empty():
        return None
    limits, subjects = list(limits), rows["USUBJID"].unique().sort().to_list()
    shown = set(sample(subjects))
    drawings: list[Drawing] = []
    numbers: list[tuple[str, ...]] = []
    for sign, parameter in source.book.vital_signs.items():
        of_sign = rows.filter(pl.col("PARAMCD") == sign)
        if of_sign.is_empty():
            continue
        unit = UNITS.get(parameter.unit, parameter.unit)
        own = [limit for limit in limits if limit.sign == sign]
        domain = _domain(of_sign["AVAL"], own)
        for place, session in enumerate(source.book.sessions):
            here = of_sign.filter(pl.col("AVISIT") == session)
            if here.is_empty():
                continue
            means = _means(source, here)
            title = source.book.visits[session].title
            heading = f"{parameter.title}, {unit}"
            chart = _chart(source, here, means, shown, own, domain, unit)
            text = f"{heading}, {source.book.inside(title)}. Highest mean: {_highest(source, means)}."
            drawings.append(
                Drawing(
                    draw(chart, name=f"vitals-{sign}-{place}", alt_text=text, note=note),
                    title,
                    heading if not any(one.group == heading for one in drawings) else None,
                )
            )
            numbers += _rows(source, f"{parameter.title} ({unit}), {source.book.inside(title)}", means)
    arms = source.arms.values()
    return Figure(
        "vitals",
        "Vital signs over the dosing sessions",
        f"Hours after the initial dose. {drawn_of(subjects)} who took a dose, bold lines the mean of each "
        f"arm in steps of {STEP} min at which half of it or more have a reading. Dashed: limits of the "
        "study file's gates and alerts.",
        tuple(drawings),
        _key(source, bool(limits)),
        Numbers(("Vital sign", "Hours", *(f"{arm}: mean, n" for arm in arms)), tuple(numbers)),
        is_small=True,
    )


Mean = dict[str, Any]


def _means(source: Source, rows: pl.DataFrame) -> list[Mean]:
    """Means of each arm and step of time, over participants: one with repeated readings counts once.

    Steps at which fewer than half of the arm have a reading are left out: there it was taken for a reason.
    """
    everyone = dict(rows.group_by(GROUP).agg(pl.col("USUBJID").n_unique()).rows())
    each = rows.group_by([GROUP, "STEP", "USUBJID"], maintain_order=True).agg(
        pl.col("AVAL").mean(), pl.col("ARELTM").mean()
    )
    found = []
    for (arm, step), group in each.group_by([GROUP, "STEP"], maintain_order=True):
        interval = mean_interval(group["AVAL"])
        if interval is not None and 2 * interval.n >= everyone[arm]:
            hours = group["ARELTM"].mean()
            assert isinstance(hours, float)
            found.append(
                {"arm": arm, "step": step, "hours": hours / 60, "mean": interval.mean, "n": interval.n}
            )
    order = list(source.arms)
    return sorted(found, key=lambda one: (order.index(one["arm"]), one["step"]))


def _highest(source: Source, means: list[Mean]) -> str:
    best: dict[str, float] = {}
    for one in means:
        best[one["arm"]] = max(best.get(one["arm"], one["mean"]), one["mean"])
    return ", ".join(f"{source.arms[arm]} {decimal(value)}" for arm, value in best.items()) or "none"


def _rows(source: Source, label: str, means: list[Mean]) -> list[tuple[str, ...]]:
    by_step: dict[int, dict[str, Mean]] = {}
    for one in means:
        by_step.setdefault(one["step"], {})[one["arm"]] = one
    return [
        (
            label,
            decimal(step * STEP / 60),
            *(f"{decimal(by[arm]['mean'])}, {by[arm]['n']}" if arm in by else NOTHING for arm in source.arms),
        )
        for step, by in sorted(by_step.items())
    ]


def _domain(values: pl.Series, limits: Iterable[Limit]) -> list[float]:
    low, high = values.min(), values.max()
    assert isinstance(low, float)
    assert isinstance(high, float)
    bounds = [limit.value for limit in limits]
    low, high = min([low, *bounds]), max([high, *bounds])
    return [low - (high - low) * 0.04, high + (high - low) * 0.1]


def _chart(
    source: Source,
    rows: pl.DataFrame,
    means: list[Mean],
    shown: set[str],
    limits: list[Limit],
    domain: list[float],
    unit: str,
) -> Any:
    import altair as alt

    palette = colours(source.arms)
    colour = alt.Color("arm:N", scale=alt.Scale(domain=[*palette], range=[*palette.values()]), legend=None)
    each = [
        {"who": who, "hours": round(minutes / 60, 2), "arm": arm, "value": value}
        for who, arm, minutes, value in rows.select("USUBJID", GROUP, "ARELTM", "AVAL").rows()
        if who in shown
    ]
    x = alt.X("hours:Q", axis=alt.Axis(title="hours", grid=False, tickCount=5, format="d", tickMinStep=1))
    y = alt.Scale(domain=domain, nice=False, zero=False)
    axis = alt.Axis(title=unit, tickCount=5)
    layers = [
        plot(each)
        .mark_line(strokeWidth=0.8, opacity=0.16)
        .encode(x=x, y=alt.Y("value:Q", scale=y, axis=axis), detail=alt.Detail("who:N"), color=colour),
        plot(means).mark_line(strokeWidth=2.6).encode(x=x, y=alt.Y("mean:Q"), color=colour),
        plot(means).mark_point(filled=True, size=28, opacity=1).encode(x=x, y=alt.Y("mean:Q"), color=colour),
    ]
    lines = _lines(limits)
    if lines:
        layers.append(
            plot(lines).mark_rule(strokeDash=[4, 3], color=FAINT, strokeWidth=1).encode(y=alt.Y("value:Q"))
        )
        for line, dy in _apart(lines, domain):
            # A halo in the colour of the paper keeps curves out of the letters that they cross.
            for style in ({"stroke": PAPER, "strokeWidth": 3, "color": PAPER}, {"color": INK}):
                layers.append(
                    plot([line])
                    .mark_text(align="right", baseline="bottom", dy=dy, **style)
                    .encode(x=alt.value(WIDTH), y=alt.Y("value:Q"), text=alt.Text("text:N"))
                )
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)


def _apart(lines: list[dict[str, Any]], domain: list[float]) -> Iterator[tuple[dict[str, Any], float]]:
    """Each line with how far its name is moved, px down, so that none covers the one below."""
    per_px = (domain[1] - domain[0]) / HEIGHT
    highest = -math.inf  # of the names so far, px from the bottom
    for line in lines:
        at = (line["value"] - domain[0]) / per_px + 1
        placed = max(at, highest + LETTERS + 1)
        highest = placed
        yield line, -1 - (placed - at)


def _lines(limits: list[Limit]) -> list[dict[str, Any]]:
    """One rule a value, named after all gates and alerts that have it."""
    names: dict[float, list[str]] = {}
    for limit in limits:
        name = "alert" if limit.of == "alert" else limit.title
        known = names.setdefault(limit.value, [])
        if name not in known:
            known.append(name)
    return [{"value": value, "text": f"{', '.join(of)} {value:g}"} for value, of in sorted(names.items())]


def _key(source: Source, limits: bool) -> tuple[Key, ...]:
    palette = colours(source.arms)
    arms = tuple(Key(palette[arm], "line", title) for arm, title in source.arms.items())
    return (*arms, Key(FAINT, "dashes", "limit of a gate or alert")) if limits else arms
