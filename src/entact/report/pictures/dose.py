"""What a dose does, drawn: plasma, monoamines, hormones, feeling, heart, heat, and the limits asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from entact.report.palette import FAINT
from entact.report.pictures.sheet import (
    AXIS,
    BLUE,
    GREEN,
    ORANGE,
    PINK,
    WIDTH,
    Chart,
    Panel,
    Sheet,
    chart,
    hours_axis,
    layer,
    limit_layers,
    numeric,
    paint,
    panel,
    tidy,
    upright,
)

HEIGHT: Final = 150


@dataclass(frozen=True)
class Plan:
    """What stands in a panel: outputs with what the key calls them and their colours."""

    title: str
    outputs: Sequence[tuple[str, str, str]]
    unit: str
    of_rest: bool = False
    """as multiples of the person's value before the dose"""
    from_zero: bool = True


PLANS: Final = (
    Plan(
        "MDMA in plasma", (("mdma", "MDMA", BLUE), ("s_mdma", "S", ORANGE), ("r_mdma", "R", GREEN)), "ng/mL"
    ),
    Plan("Metabolites in plasma", (("hmma", "HMMA", ORANGE), ("mda", "MDA", BLUE)), "ng/mL"),
    Plan(
        "Monoamines, extracellular",
        (
            ("serotonin", "serotonin", BLUE),
            ("norepinephrine", "norepinephrine", ORANGE),
            ("dopamine", "dopamine", GREEN),
        ),
        "times baseline",
    ),
    Plan(
        "Hormones in plasma",
        (("oxytocin", "oxytocin", PINK), ("prolactin", "prolactin", BLUE), ("cortisol", "cortisol", ORANGE)),
        "times baseline",
        of_rest=True,
    ),
    Plan(
        "Feeling", (("subjective", "any drug effect", BLUE), ("closeness", "closeness", PINK)), "% of scale"
    ),
    Plan("Amygdala's reaction to threat", (("amygdala", "", BLUE),), "%"),
    Plan(
        "Blood pressure",
        (("systolic", "systolic", BLUE), ("diastolic", "diastolic", ORANGE)),
        "mmHg",
        from_zero=False,
    ),
    Plan("Heart rate", (("heart_rate", "", BLUE),), "1/min", from_zero=False),
    Plan("Core temperature", (("temperature", "", BLUE),), "°C", from_zero=False),
)
SODIUM: Final = Plan("Sodium in plasma", (("sodium", "", BLUE),), "mmol/L", from_zero=False)


@dataclass(frozen=True)
class Course:
    """An output over time: a line, and the band around it that holds 90 % of the people."""

    line: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class Limit:
    """A limit that was asked for: of which output, and its value."""

    output: str
    value: float


@dataclass(frozen=True)
class DoseDrawn:
    """What a dose does, to be drawn.

    Attributes:
        title: regimen and people. people: whose lines and bands they are, in words.
        times: h since the initial dose. doses: when doses were given, h.
        courses: by output, in its unit. of_rest: the same as multiples of the value before the dose.
        limits: that were asked for. units: (title, unit) of each output.
        tables: that stand below, each with its heading.
    """

    title: str
    people: str
    notes: Sequence[str]
    times: Sequence[float]
    doses: Sequence[float]
    courses: Mapping[str, Course]
    of_rest: Mapping[str, Course]
    limits: Sequence[Limit]
    units: Mapping[str, tuple[str, str]]
    tables: Sequence[tuple[str, Sequence[Sequence[str]]]]


def dose_sheet(found: DoseDrawn) -> Sheet:
    """The picture of an answer."""
    caption = f"{found.people} Upright lines: doses." + (" Dashed: the limits given." if found.limits else "")
    panels = [_panel(found, plan, place) for place, plan in enumerate(plans_for(found.limits, found.units))]
    return Sheet(found.title, caption, found.notes, panels, tables=found.tables)


def outputs_drawn(
    limits: Sequence[Limit], units: Mapping[str, tuple[str, str]], *, of_rest: bool
) -> list[str]:
    """The outputs that stand in a panel: in their unit, or as multiples of what they were before the dose."""
    plans = [plan for plan in plans_for(limits, units) if plan.of_rest is of_rest]
    return list(dict.fromkeys(name for plan in plans for name, _, _ in plan.outputs))


def plans_for(limits: Sequence[Limit], units: Mapping[str, tuple[str, str]]) -> list[Plan]:
    """The panels: the usual ones, and one for each limit of an output that none of them shows in its unit."""
    plans = list(PLANS)
    for name in dict.fromkeys(limit.output for limit in limits):
        if any(name == output[0] for plan in plans if not plan.of_rest for output in plan.outputs):
            continue
        if name == "sodium":
            plans.append(SODIUM)
            continue
        title, unit = units[name]
        plans.append(Plan(title.split(",")[0], ((name, "", BLUE),), "fraction" if unit == "1" else unit))
    return plans


def _panel(found: DoseDrawn, plan: Plan, place: int) -> Panel:
    lines, words = [], []
    for name, word, colour in plan.outputs:
        rows, top, at = _course(found, name, plan.of_rest)
        lines += [{**row, "of": name, "colour": colour} for row in rows]
        words.append(f"{word or plan.title} up to {top:.4g} at {at:.1f} h")
    limits = [limit for limit in found.limits if not plan.of_rest and _shows(plan, limit.output)]
    text = f"{plan.title}, {plan.unit}: {', '.join(words)}."
    key = {word: colour for _, word, colour in plan.outputs if word}
    drawing = _chart(found, plan, lines, limits)
    return panel(drawing, f"{plan.title}, {plan.unit}", text, name=f"panel-{place}", key=key)


def _shows(plan: Plan, name: str) -> bool:
    return any(name == output[0] for output in plan.outputs)


def _course(found: DoseDrawn, name: str, of_rest: bool) -> tuple[list[dict[str, float]], float, float]:
    """Line and band of an output at each time; the highest point of the line, and when."""
    course = (found.of_rest if of_rest else found.courses)[name]
    rows = [
        {"hours": tidy(t), "line": tidy(m), "low": tidy(a), "high": tidy(b)}
        for t, m, a, b in zip(found.times, course.line, course.low, course.high, strict=True)
    ]
    top = max(range(len(course.line)), key=lambda place: course.line[place])
    return rows, float(course.line[top]), float(found.times[top])


def _chart(found: DoseDrawn, plan: Plan, lines: list[dict[str, Any]], limits: Sequence[Limit]) -> Chart:
    x, width = hours_axis(float(found.times[-1])), WIDTH - AXIS - 14
    values = [row[field] for row in lines for field in ("low", "high", "line")]
    values += [limit.value for limit in limits]
    least, most = min(values), max(values)
    room = 0.06 * ((most - least) or 1.0)
    floor = 0.0 if plan.from_zero and least >= 0 else least - room
    domain = [floor, most + room]
    y, low = (numeric(field, domain, upright()) for field in ("line", "low"))
    of = {"color": paint(), "detail": {"field": "of", "type": "nominal"}}
    doses = [{"hours": float(time)} for time in found.doses if time <= found.times[-1]]
    layers = [
        layer("rule", doses, {"x": x}, color=FAINT, strokeWidth=1, opacity=0.55),
        layer("area", lines, {"x": x, "y": low, "y2": {"field": "high"}, **of}, opacity=0.17),
        layer("line", lines, {"x": x, "y": y, **of}, strokeWidth=2.1),
        *limit_layers([limit.value for limit in limits], y, width),
    ]
    return chart(layers, width, HEIGHT)
