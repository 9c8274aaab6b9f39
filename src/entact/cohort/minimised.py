"""Minimisation in a rehearsal: whoever comes gets the arm that follows from a draw and everybody before."""

from __future__ import annotations

from collections.abc import Mapping

from entact.cohort.intake import Treat
from entact.course import fold, read
from entact.course.allocation.allocation import ListRow
from entact.course.allocation.chance import Chance
from entact.course.allocation.minimisation import (
    Minimising,
    draw_of,
    draws_from,
    minimising_of,
    next_arm,
)
from entact.course.allocation.stratum import stratum_of
from entact.protocol import Study

UNKNOWN = "unknown"  # the level of who has none yet: the gate refuses them, or it is found


class Minimised:
    """Who was minimised so far, in a study that does.

    Args:
        plan: how. rows: of draws. arms: by number, to which those are added that are reckoned.
    """

    def __init__(self, study: Study, plan: Minimising, rows: list[ListRow], arms: dict[str, str]) -> None:
        self._study, self._plan, self._arms = study, plan, arms
        self._draws: Mapping[str, int | None] = {row.number: draw_of(row) for row in rows}
        self._before: list[tuple[tuple[str, ...], str]] = []

    def assign(self, one: Treat) -> None:
        """Reckons the arm of whoever was given a number, by what is known of them."""
        screened, draw = one.screened, self._draws[str(one.number)]
        assert screened.ready is not None
        assert draw is not None  # every row of such a list is one
        course = fold(self._study, [read(line.text) for line in screened.lines])
        one.stratum = stratum_of(self._study.newest, course, screened.ready).name or None
        levels = tuple(one.stratum.split("/")) if one.stratum else (UNKNOWN,) * len(self._plan.weights)
        arm = next_arm(self._plan, self._before, levels, draw)
        self._before.append((levels, arm))
        self._arms[str(one.number)] = arm


def draws_of(study: Study, wanted: int, chance: Chance) -> list[ListRow] | None:
    """Rows of draws for so many people; None where the study does not minimise."""
    return None if minimising_of(study.newest) is None else list(draws_from(chance, wanted))


def minimised(study: Study, rows: list[ListRow], arms: dict[str, str]) -> Minimised | None:
    """Who assigns arms in a rehearsal of a study that minimises; None where it does not."""
    plan = minimising_of(study.newest)
    return None if plan is None else Minimised(study, plan, rows, arms)
