"""Who comes to be screened, and on which day: alone at an even pace, or after whom they come with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from entact.cohort.draws import stream
from entact.cohort.intake import Coming, Screened
from entact.cohort.parameters import Parameters

BESIDE_AFTER = 3  # days after somebody entered, whoever accompanies them is screened
FIRST_DAY = 21  # of screening, counted from the start: by then sites are open and trained


class Arrivals:
    """Numbers all who come, in the order in which they are asked for.

    Args:
        parameters: for how long the study enrols, and how many of those who consent enter. wanted: how many
            are to enter. turns: populations that come alone, as they take turns. start: the first day.
    """

    def __init__(
        self, parameters: Parameters, seed: int, wanted: int, turns: Sequence[str], start: date
    ) -> None:
        rehearsal = parameters.rehearsal
        self.pace = rehearsal.enrolment_days * rehearsal.randomised_per_consented / wanted
        self.seed, self.turns = seed, turns
        self.opens = start + timedelta(days=FIRST_DAY)
        self.next = 0

    def alone(self) -> Coming:
        """The next candidate of a population that comes alone: at an even pace, with some chance."""
        index = self._next()
        jitter = float(stream(self.seed, index, "arrival").random())
        day = self.opens + timedelta(days=int((index + jitter) * self.pace))
        return Coming(index, day, self.turns[index % len(self.turns)])

    def beside(self, one: Screened, day: date, population: str) -> Coming:
        """Who comes beside somebody, to the same site, a few days after the day given."""
        return Coming(self._next(), day + timedelta(days=BESIDE_AFTER), population, one.index, one.site)

    def _next(self) -> int:
        self.next += 1
        return self.next - 1
