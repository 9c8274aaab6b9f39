"""Which items of a form a score is made of, and the answer that gives each step of points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from entact.protocol import CompiledForm
from entact.protocol.study import Item

PARTS = 60  # into which the range of a decimal is divided
STEPS = 120  # an item of an instrument with more answers than these is a measurement, not a rating
RUNGS = 400  # a score that is entered as it is has so many at most


@dataclass(frozen=True, slots=True)
class Scale:
    """The items behind one score.

    Attributes:
        items: name -> its answers, the one with the fewest points first. lowest, highest: the score when
            every item has its fewest and its most points.
    """

    items: Mapping[str, tuple[Any, ...]]
    lowest: float
    highest: float

    @property
    def steps(self) -> int:
        """The most steps that one of its items can rise."""
        return max((len(answers) - 1 for answers in self.items.values()), default=0)

    @property
    def is_mean(self) -> bool:
        """Whether the score is nearer to the mean of its items than to their sum."""
        if len(self.items) < 2:
            return False
        room = sum(answers[-1] - answers[0] for answers in map(sorted, self.items.values()))
        return bool(self.highest - self.lowest <= 0.5 * room)

    def answer(self, scores: list[int]) -> dict[str, Any]:
        """The answer to each item, given how many steps it has risen."""
        found = zip(self.items.items(), scores, strict=False)
        return {name: answers[min(score, len(answers) - 1)] for (name, answers), score in found}


NONE = Scale({}, 0.0, 0.0)


def asked_as(form: CompiledForm) -> str:
    """What parameters call a form: by its instrument, or by its own name where it has none."""
    return form.instrument.name if form.instrument is not None else form.name


@lru_cache(maxsize=256)
def scale_of(form: CompiledForm, score: str) -> Scale:
    """The scale of a score, found by answering each item in turn: instruments reverse and weigh items.

    A calculated item is a score too.

    A scale without items is returned for a score that is not the sum or the mean of ratings.
    """
    if score not in form.types or form.types[score] not in ("int", "double"):
        return NONE
    least = {name: _possible(item)[0] for name, item in form.items.items() if _possible(item)}
    if form.instrument is None and score not in form.rules.calculations:
        answers = _rungs(form.items[score])
        if len(answers) < 2:
            return NONE
        return Scale(
            {score: answers}, *(float(str(end).partition(" ")[0]) for end in (answers[0], answers[-1]))
        )

    def value(change: Mapping[str, Any]) -> float:
        found = form.values({**least, **change}).get(score)
        return float(found) if isinstance(found, int | float) else 0.0

    items: dict[str, tuple[Any, ...]] = {}
    rise = 0.0
    for name, item in form.items.items():
        if name in form.rules.calculations:
            continue
        points = [value({name: answer}) for answer in _possible(item)] if item.type == "integer" else []
        distinct = sorted(set(points))
        if len(distinct) > 1:
            items[name] = tuple(_possible(item)[points.index(one)] for one in distinct)
            rise += distinct[-1] - distinct[0]
    lowest = value({name: answers[0] for name, answers in items.items()})
    highest = value({name: answers[-1] for name, answers in items.items()})
    if not items or abs(highest - lowest - rise) > 1e-6 * max(rise, 1.0):
        return NONE
    return Scale(items, lowest, highest)


def _rungs(item: Item) -> tuple[Any, ...]:
    """The answers to a score that is entered as it is, such as a total, however wide its range."""
    if item.type != "integer" or item.answers is None:
        return _possible(item)
    answers = item.answers
    return (*answers[: -1 : -(-len(answers) // RUNGS)], answers[-1])


def _possible(item: Item) -> tuple[Any, ...]:
    """Every answer to an item, or for a measurement its lowest alone; none to text and dates."""
    if item.type == "boolean":
        return (False, True)
    if item.type == "choice":
        return tuple(item.of or ())
    if item.type not in ("integer", "decimal"):
        return ()
    if item.bounds is None:
        return (0,) if item.type == "integer" else ()
    low, high = item.bounds
    if item.type != "integer":
        parts = (float(low) + float(high - low) * part / PARTS for part in range(PARTS + 1))
        return tuple(f"{value:.2f} {item.unit}".rstrip() for value in parts)
    answers = item.answers or [int(low)]
    return tuple(answers if len(answers) <= STEPS else answers[:1])
