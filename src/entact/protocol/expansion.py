"""The schedule with its rows of like visits spelled out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from entact.protocol.study import Span, Visit

_NUMBERED = re.compile(r"(.*?)([0-9]+)")


def names_in_row(visit: Visit) -> list[str]:
    """The names that a row of like visits has: integration_1 with `times: 2` is integration_1, _2 and _3.

    Raises:
        ValueError: when there is a row to name and the first name does not end in a number.
    """
    if visit.then is None:
        return [visit.visit]
    numbered = _NUMBERED.fullmatch(visit.visit)
    if numbered is None:
        raise ValueError(
            f"the row after {visit.visit!r} cannot be named; end its name in a number, {visit.visit}_1"
        )
    stem, first = numbered.group(1), int(numbered.group(2))
    return [f"{stem}{number}" for number in range(first, first + visit.then.times + 1)]


def expand(schedule: Iterable[Visit]) -> dict[str, Visit]:
    """Every visit by name, in the order of the file.

    In a row each comes `every` after the one before, within ± slack.
    """
    visits: dict[str, Visit] = {}
    for visit in schedule:
        names = names_in_row(visit)
        visits[visit.visit] = visit.model_copy(update={"then": None})
        for before, name in pairwise(names):
            assert visit.then is not None
            every, slack = visit.then.every, visit.then.slack
            visits[name] = visit.model_copy(
                update={
                    "visit": name,
                    "after": before,
                    "within": Span(earliest=every - slack, latest=every + slack),
                    "target": every,
                    "alternative": None,
                    "slack": None,
                    "opens": False,
                    "then": None,
                }
            )
    return visits
