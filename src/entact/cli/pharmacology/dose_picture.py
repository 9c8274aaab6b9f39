"""The picture of `entact dose`: plasma, monoamines, hormones, feeling, heart, heat, and the limits asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from entact.cli.pharmacology.dose import Answer, effect_rows, limit_rows, plasma_rows
from entact.cli.pharmacology.picture import (
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
    write_sheet,
)
from entact.pharmacology.notation import Limit
from entact.report.palette import FAINT

if TYPE_CHECKING:
    from entact.pharmacology.result import Simulation

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


def write_dose(found: Answer, path: Path) -> None:
    """Writes the picture as its suffix says. Errors: `PictureError`, `OSError`."""
    write_sheet(dose_sheet(found), path)


def dose_sheet(found: Answer) -> Sheet:
    """The picture of an answer."""
    assert found.drawn is not None
    run = found.everyone
    if run.n == 1:
        caption = (
            "Lines: a person whose unknown traits are typical. Bands: 90 % of people with the same weight, "
            "sex, age, CYP2D6 and medicines."
        )
    else:
        caption = f"Lines: median. Bands: 90 % of the people. {_of(found)}"
    caption += " Upright lines: doses." + (" Dashed: the limits given." if found.limits else "")
    panels = [_panel(found, plan, place) for place, plan in enumerate(plans_for(found.limits))]
    tables = [("Plasma", plasma_rows(run)), ("Effects", effect_rows(found))]
    if found.limits:
        tables.append(("Limits", limit_rows(run, found.limits)))
    return Sheet(found.title, caption, run.notes, panels, tables=tables)


def _of(found: Answer) -> str:
    assert found.drawn is not None
    if found.drawn.n == found.everyone.n:
        return ""
    return f"Drawn from the first {found.drawn.n:,} of {found.everyone.n:,}."


def plans_for(limits: Sequence[Limit]) -> list[Plan]:
    """The panels: the usual ones, and one for each limit of an output that none of them shows in its unit."""
    from entact.pharmacology.equations import OUTPUTS

    plans = list(PLANS)
    for name in dict.fromkeys(limit.output for limit in limits):
        if any(name == output[0] for plan in plans if not plan.of_rest for output in plan.outputs):
            continue
        if name == "sodium":
            plans.append(SODIUM)
            continue
        [variable] = [one for one in OUTPUTS if one.name == name]
        unit = "fraction" if variable.unit == "1" else variable.unit
        plans.append(Plan(variable.title.split(",")[0], ((name, "", BLUE),), unit))
    return plans


def _panel(found: Answer, plan: Plan, place: int) -> Panel:
    lines, words = [], []
    for name, word, colour in plan.outputs:
        rows, top, at = _course(found, name, plan.of_rest)
        lines += [{**row, "of": name, "colour": colour} for row in rows]
        words.append(f"{word or plan.title} up to {top:.4g} at {at:.1f} h")
    limits = [limit for limit in found.limits if not plan.of_rest and _shows(plan, limit.output)]
    text = f"{plan.title}, {plan.unit}: {', '.join(words)}."
    key = {word: colour for _, word, colour in plan.outputs if word}
    drawing = _chart(found.everyone, plan, lines, limits)
    return panel(drawing, f"{plan.title}, {plan.unit}", text, name=f"panel-{place}", key=key)


def _shows(plan: Plan, name: str) -> bool:
    return any(name == output[0] for output in plan.outputs)


def _course(found: Answer, name: str, of_rest: bool) -> tuple[list[dict[str, float]], float, float]:
    """Line and band of an output at each time; the highest point of the line, and when."""
    assert found.drawn is not None
    around = found.drawn.values(name)
    line = found.everyone.values(name)[0] if found.everyone.n == 1 else np.median(around, axis=0)
    if of_rest:
        if found.everyone.n == 1:
            line = line / line[0]
        around = around / around[:, :1]
        if found.everyone.n > 1:
            line = np.median(around, axis=0)
    low, high = np.quantile(around, (0.05, 0.95), axis=0)
    times = found.drawn.times
    rows = [
        {"hours": tidy(t), "line": tidy(m), "low": tidy(a), "high": tidy(b)}
        for t, m, a, b in zip(times, line, low, high, strict=True)
    ]
    top = int(np.argmax(line))
    return rows, float(line[top]), float(times[top])


def _chart(run: Simulation, plan: Plan, lines: list[dict[str, Any]], limits: Sequence[Limit]) -> Chart:
    x, width = hours_axis(float(run.times[-1])), WIDTH - AXIS - 14
    values = [row[field] for row in lines for field in ("low", "high", "line")]
    values += [limit.value for limit in limits]
    least, most = min(values), max(values)
    room = 0.06 * ((most - least) or 1.0)
    floor = 0.0 if plan.from_zero and least >= 0 else least - room
    domain = [floor, most + room]
    y, low = (numeric(field, domain, upright()) for field in ("line", "low"))
    of = {"color": paint(), "detail": {"field": "of", "type": "nominal"}}
    doses = [{"hours": float(time)} for time in run.regimen.times if time <= run.times[-1]]
    layers = [
        layer("rule", doses, {"x": x}, color=FAINT, strokeWidth=1, opacity=0.55),
        layer("area", lines, {"x": x, "y": low, "y2": {"field": "high"}, **of}, opacity=0.17),
        layer("line", lines, {"x": x, "y": y, **of}, strokeWidth=2.1),
        *limit_layers([limit.value for limit in limits], y, width),
    ]
    return chart(layers, width, HEIGHT)
