"""Vital signs over one session as a small drawing: coordinates for an inline SVG, drawn without a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, gettext_lazy

from entact.conduct.language.codes import code_words
from entact.course.state.dose import DoseState
from entact.course.state.form import Answers

WIDTH, HEIGHT = 460, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 84, 22, 28

SERIES = {
    "systolic": gettext_lazy("Systolic"),
    "diastolic": gettext_lazy("Diastolic"),
    "heart_rate": gettext_lazy("Heart rate"),
}
_STEPS = (15, 30, 60, 120, 240, 480)  # minutes between two marks of the time axis
_GAP = 15  # so that the names at the ends of the lines do not overlap


@dataclass(frozen=True)
class Mark:
    """A place on an axis, or a dose, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class Curve:
    """One vital sign: its points, as drawn, and where its name stands."""

    name: str
    title: str
    path: str
    points: tuple[tuple[float, float], ...]
    label: float


@dataclass(frozen=True)
class Chart:
    """A drawing of `WIDTH` by `HEIGHT`; `summary` says in words what it shows."""

    curves: tuple[Curve, ...]
    columns: tuple[Mark, ...]
    rows: tuple[Mark, ...]
    doses: tuple[Mark, ...]
    summary: str
    unit: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    top: int = _TOP
    bottom: int = HEIGHT - _BOTTOM


def draw_session(readings: Sequence[Answers], doses: Sequence[DoseState]) -> Chart | None:
    """Blood pressure and heart rate over a session; None with fewer than two readings.

    Args:
        readings: vital signs of one encounter in order of time. doses: those given in it, and visible; time
            is then counted from the first of them, else from the first reading.
    """
    read = {name: _points(readings, name) for name in SERIES}
    read = {name: points for name, points in read.items() if points}
    times = [at for points in read.values() for at, _ in points]
    if len(set(times)) < 2:
        return None
    given = [dose for dose in doses if dose.is_taken]
    origin = given[0].at if given else min(times)
    minutes = [_minutes(at, origin) for at in (*times, *(dose.at for dose in given))]
    values = [number for points in read.values() for _, number in points]
    step = next((one for one in _STEPS if (max(minutes) - min(minutes)) / one <= 6), _STEPS[-1])
    first, last = min(minutes) // 15 * 15, -(-max(minutes) // 15) * 15
    last = last if last > first else first + 15
    low, high = min(values) // 20 * 20, -(-max(values) // 20) * 20
    high = high if high > low else low + 20

    def x(at: datetime) -> float:
        return _round(_LEFT + (_minutes(at, origin) - first) / (last - first) * (WIDTH - _LEFT - _RIGHT))

    def y(number: float) -> float:
        return _round(HEIGHT - _BOTTOM - (number - low) / (high - low) * (HEIGHT - _TOP - _BOTTOM))

    curves = []
    for name, points in read.items():
        placed = tuple((x(at), y(number)) for at, number in points)
        path = "M" + " L".join(f"{across:g} {down:g}" for across, down in placed)
        curves.append(Curve(name, SERIES[name], path, placed, placed[-1][1]))
    marks = range(int(-(-first // step) * step), int(last) + 1, step)
    width = (WIDTH - _LEFT - _RIGHT) / (last - first)
    rows = range(int(low), int(high) + 1, 20 if high - low <= 120 else 40)
    return Chart(
        curves=_apart(curves),
        columns=tuple(Mark(_round(_LEFT + (mark - first) * width), _hours(mark)) for mark in marks),
        rows=tuple(Mark(y(row), str(row)) for row in rows),
        doses=tuple(Mark(x(dose.at), code_words(dose.part)) for dose in given),
        summary=_summary(read, bool(given)),
        unit=gettext("hours since {part}").format(
            part=gettext("the initial dose") if given else gettext("the first reading")
        ),
    )


def _points(readings: Sequence[Answers], name: str) -> list[tuple[datetime, float]]:
    found = []
    for one in readings:
        number = one.values.get(name)
        number = one.beyond.get(name) if number is None else number
        if isinstance(number, int | float):  # else missing, or no quantity: there is nothing to draw
            found.append((one.at, float(number)))
    return [(at, number) for at, number in found if 0 <= number < 1000]


def _apart(curves: list[Curve]) -> tuple[Curve, ...]:
    """The same curves with their names far enough from each other to be read."""
    placed: list[Curve] = []
    for curve in sorted(curves, key=lambda one: one.label):
        label = max(curve.label, placed[-1].label + _GAP) if placed else curve.label
        placed.append(Curve(curve.name, curve.title, curve.path, curve.points, label))
    return tuple(placed)


def _summary(read: dict[str, list[tuple[datetime, float]]], dosed: bool) -> str:
    parts = [
        gettext("{series} {min} to {max}").format(
            series=SERIES[name],
            min=format(min(number for _, number in points), "g"),
            max=format(max(number for _, number in points), "g"),
        )
        for name, points in read.items()
    ]
    return gettext("{curves}, over the time since {part}").format(
        curves="; ".join(parts), part=gettext("the initial dose") if dosed else gettext("the first reading")
    )


def _minutes(at: datetime, origin: datetime) -> float:
    return (at - origin).total_seconds() / 60


def _hours(minutes: int) -> str:
    sign = "−" if minutes < 0 else ""
    return f"{sign}{abs(minutes) // 60}:{abs(minutes) % 60:02d}"


def _round(number: float) -> float:
    return round(number, 1)
