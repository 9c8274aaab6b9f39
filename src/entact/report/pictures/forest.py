"""A synthesis, drawn: a forest plot and a funnel plot of each domain, narrow enough for a phone."""

from __future__ import annotations

import json
from typing import Any, Final

from entact.analysis.meta import Filled
from entact.report.checks import check_sections
from entact.report.evidence import (
    ASSUMED,
    FEWEST_IN_FUNNEL,
    LETTERS,
    Axis,
    ForestRow,
    axis_of,
    bias_letters,
    concerns,
    forest_rows,
    heterogeneity,
    left_out,
    left_out_rows,
    measure_in_words,
    numbers_by_arm,
    status,
)
from entact.report.palette import FAINT, GRID, INK
from entact.report.pictures.sheet import (
    BLUE,
    GREEN,
    ORANGE,
    Chart,
    Panel,
    Sheet,
    chart,
    layer,
    numeric,
    paint,
    panel,
    tidy,
    upright,
)
from entact.synthesis import DOMAINS, Answer, Evidence

WIDE: Final = 372
_ROW: Final = 34.0
_COLOURS: Final = {"trial": BLUE, "pooled": ORANGE, "other": FAINT, "prediction": GREEN}


def evidence_sheet(evidence: Evidence) -> Sheet:
    """The picture of a synthesis, and the tables that stand below it on a page."""
    panels: list[Panel] = []
    for answer in evidence.answers:
        panels.append(_forest(answer, len(panels)))
        if len(answer.included) >= FEWEST_IN_FUNNEL:
            panels.append(_funnel(answer, len(panels)))
    return Sheet(
        evidence.title[:1].upper() + evidence.title[1:],
        "Squares: trials, with 95 % intervals, larger with more weight. Diamonds: what they say together.",
        _notes(evidence),
        panels,
        columns=2,
        tables=[*_tables(evidence)],
        origin="PUBLISHED TRIALS",
    )


def _forest(answer: Answer, place: int) -> Panel:
    rows = forest_rows(answer)
    axis = axis_of(answer, rows)
    drawn, texts = [], []
    for at, row in enumerate(rows):
        colour = _COLOURS[row.kind]
        n = f" ({row.n})" if row.n else ""
        texts.append({"row": at - 0.28, "left": f"{row.label}{n}", "right": row.text, "colour": INK})
        drawn.append(
            {
                "row": at + 0.22,
                "value": tidy(min(max(row.value, axis.low), axis.high)),
                "low": tidy(max(row.low, axis.low)),
                "high": tidy(min(row.high, axis.high)),
                "size": tidy(30 + 2.2 * (row.weight or 0.0)),
                "colour": colour,
            }
        )
    cut = [
        {"row": at + 0.22, "value": tidy(end), "text": mark, "colour": _COLOURS[row.kind]}
        for at, row in enumerate(rows)
        for end, mark, beyond in ((axis.low, "◂", row.low < axis.low), (axis.high, "▸", row.high > axis.high))
        if beyond
    ]
    # The line where nothing happens stops short of the words, which it would cross.
    nothing = [{"value": 0, "row": at, "end": at + 0.46} for at in range(len(rows))]
    x, y = _across(axis), _down(len(rows))
    only_trials = [one for one, row in zip(drawn, rows, strict=True) if row.kind == "trial"]
    sums = [one for one, row in zip(drawn, rows, strict=True) if row.kind != "trial"]
    low = {**x, "field": "low"}
    size = {"field": "size", "type": "quantitative", "scale": None, "legend": None}
    layers = [
        layer("rule", nothing, {"x": x, "y": y, "y2": {"field": "end"}}, color=FAINT, strokeWidth=1),
        layer("rule", drawn, {"x": low, "x2": {"field": "high"}, "y": y, "color": paint()}, strokeWidth=1.6),
        layer("point", only_trials, {"x": x, "y": y, "color": paint(), "size": size}, **_mark("square")),
        layer("point", sums, {"x": x, "y": y, "color": paint()}, size=95, **_mark("diamond")),
        layer("text", cut, {"x": x, "y": y, "text": _text("text"), "color": paint()}, fontSize=12),
        _words(texts, 0, y, "left"),
        _words(texts, WIDE - 16, y, "right"),
    ]
    told = "; ".join(f"{row.label}: {row.text}" for row in rows)
    drawing = chart([one for one in layers if one["data"]["values"]], WIDE - 16, _ROW * len(rows))
    key = {measure_in_words(answer): FAINT}
    return panel(drawing, _domain(answer), f"{answer.title}. {told}", name=f"panel-{place}", key=key)


def _funnel(answer: Answer, place: int) -> Panel:
    rows = forest_rows(answer)
    axis = axis_of(answer, rows)
    top = 1.1 * max(one.effect.se for one in answer.included)
    middle = answer.pooled.estimate
    points = [
        {"value": tidy(one.effect.estimate), "se": tidy(one.effect.se), "colour": BLUE}
        for one in answer.included
    ]
    filled = answer.checks.filled if answer.checks is not None else None
    if isinstance(filled, Filled):
        points += [
            {"value": tidy(min(max(one.estimate, axis.low), axis.high)), "se": tidy(one.se), "colour": GREEN}
            for one in filled.filled
        ]
    edges = [
        {"value": tidy(min(max(middle + side * 1.96 * se, axis.low), axis.high)), "se": tidy(se), "of": side}
        for side in (-1, 1)
        for se in (0.0, top)
    ]
    x = _across(axis)
    y = numeric("se", [top, 0], upright("standard error"))
    line: dict[str, Any] = {"x": x, "y": y, "detail": {"field": "of", "type": "nominal"}}
    layers = [
        layer("rule", [{"value": tidy(middle)}], {"x": x}, color=ORANGE, strokeWidth=1.4),
        layer("line", edges, line, color=GRID, strokeWidth=1.6),
        layer("point", points, {"x": x, "y": y, "color": paint()}, size=55, **_mark("circle")),
    ]
    said = "; ".join(
        f"{one.trial.title}: {one.effect.estimate:.2f}, SE {one.effect.se:.2f}" for one in answer.included
    )
    drawing = chart(layers, WIDE - 66, 190)
    title = f"{_domain(answer)}: funnel"
    key = (
        {"filled in: nobody did these trials": GREEN}
        if isinstance(filled, Filled) and filled.filled
        else None
    )
    return panel(drawing, title, f"Funnel of {answer.title}. {said}", name=f"panel-{place}", key=key)


def _domain(answer: Answer) -> str:
    words = DOMAINS[answer.domain]
    return words[:1].upper() + words[1:]


def _words(rows: list[dict[str, Any]], at: float, y: dict[str, Any], field: str) -> Chart:
    """Words that begin, or end, at a place."""
    encoding = {"x": {"value": at}, "y": y, "text": _text(field), "color": paint()}
    return layer("text", rows, encoding, align=field, fontSize=11, baseline="middle")


def _mark(shape: str) -> dict[str, Any]:
    return {"shape": shape, "filled": True, "opacity": 1}


def _text(field: str) -> dict[str, str]:
    return {"field": field, "type": "nominal"}


def _across(axis: Axis) -> dict[str, Any]:
    places = [tidy(value) for value, _ in axis.ticks]
    words = [label for _, label in axis.ticks]
    expression = f"{json.dumps(words)}[indexof({json.dumps(places)}, datum.value)]"
    settings = {"title": None, "grid": False, "values": places, "labelExpr": expression}
    return numeric("value", [tidy(axis.low), tidy(axis.high)], settings)


def _down(count: int) -> dict[str, Any]:
    bare = {"labels": False, "ticks": False, "title": None, "grid": False, "domain": False}
    return numeric("row", [count - 0.4, -0.6], bare)


def _notes(evidence: Evidence) -> list[str]:
    told = [LETTERS]
    for answer in evidence.answers:
        left = [f"not pooled: {', '.join(names)}: {reason}" for reason, names in left_out(answer).items()]
        told.append(f"{_domain(answer)}: {'; '.join([*left, *answer.notes])}.")
    if any(answer.has_assumptions for answer in evidence.answers):
        told.append(f"{ASSUMED} not confirmed: an assumption.")
    return told


def _tables(evidence: Evidence) -> list[tuple[str, list[list[str]]]]:
    tables = []
    for answer in evidence.answers:
        rows = [[row.label, row.n, row.text, _weight(row)] for row in forest_rows(answer)]
        if told := heterogeneity(answer):
            rows.append(["between trials", "", told, ""])
        tables.append((_domain(answer), [["trial", "n", measure_in_words(answer), "weight"], *rows]))
        tables += [(f"{_domain(answer)}: {heading}", rows) for heading, rows in check_sections(answer)]
        if answer.checks is None and (others := left_out_rows(answer)):
            tables.append((f"{_domain(answer)}: without one trial", [["without", "together"], *others]))
    head = ["trial", "year", "people", "status", "risk of bias"]
    body = [
        [trial.title, str(trial.year), numbers_by_arm(trial), status(trial), bias_letters(trial)]
        for trial in evidence.trials
    ]
    tables.append(("Trials", [head, *body]))
    named = [line.strip().split(": ", 1) for line in concerns(evidence)]
    if named:
        tables.append(("Concerns that were named", [["trial, domain", "concern"], *named]))
    return tables


def _weight(row: ForestRow) -> str:
    return "" if row.weight is None else f"{row.weight:.0f} %"
