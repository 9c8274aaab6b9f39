"""Whom of a pool of raters an assessment is offered to: who can, and of those who has least to do.

Nothing here knows a participant, a site or a visit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

SPREAD: Final = 1  # so many more than who has least: raters who can both take it within that choose freely


class Open(msgspec.Struct, frozen=True):
    """An assessment that nobody has taken: its language, who has met the participant, whether it is soon."""

    token: str
    language: str
    met: frozenset[str] = frozenset()
    is_soon: bool = False


class Rater(msgspec.Struct, frozen=True):
    """One rater: the languages in which they rate, and how many assessments they have lately taken."""

    name: str
    languages: frozenset[str]
    load: int = 0

    def can(self, one: Open) -> bool:
        """Whether the rater could take it."""
        return one.language in self.languages and self.name not in one.met


def offers_of(raters: Iterable[Rater], open_ones: Sequence[Open]) -> Mapping[str, tuple[str, ...]]:
    """Which open assessments each rater is offered, by token.

    An assessment goes to those who can take it and have least to do, and to those within `SPREAD` of them;
    one that is soon goes to everybody who can. What only one rater can take counts as theirs already, so that
    who speaks the rarer language is spared for it. Somebody who can is always asked.
    """
    pool = list(raters)
    able = {one.token: [rater for rater in pool if rater.can(one)] for one in open_ones}
    alone = [those[0].name for those in able.values() if len(those) == 1]
    load = {rater.name: rater.load + alone.count(rater.name) for rater in pool}
    offered: dict[str, list[str]] = {rater.name: [] for rater in pool}
    for one in open_ones:
        least = min((load[rater.name] for rater in able[one.token]), default=0)
        for rater in able[one.token]:
            if one.is_soon or load[rater.name] <= least + SPREAD:
                offered[rater.name].append(one.token)
    return {name: tuple(sorted(tokens)) for name, tokens in offered.items()}
