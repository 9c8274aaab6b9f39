"""Arms, how participants are allocated to them, and who does not see what."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from entact.protocol.study.base import Block, Name, Together
from entact.protocol.study.text import Words


class Arm(Block):
    """One arm; `factors`: its level of each factor of a factorial design, as in `{drug: mdma}`.

    `drug`: `none` of an arm that is given nothing to take: a waiting list, a therapy alone.
    """

    title: Words
    role: Literal["experimental", "placebo", "active_comparator", "no_intervention"]
    drug: Literal["given", "none"] = "given"
    factors: dict[Name, Name] = Field(default={})


class RandomisedUnit(Block):
    """People who are randomised as one: couples, families, groups. Each unit takes one row of the list.

    `of`: populations, as in `patient and partner`; all but one are `linked_to:` that one, who takes the row.
    `size`: how many are one unit, as in `2` or `3 .. 6`. `incomplete`: what becomes of a unit of which fewer
    are enrolled: `nobody` of it is randomised, or whom the others are linked to is, `alone`.
    """

    title: Words | None = None
    of: str
    size: Together
    incomplete: Literal["nobody", "alone"]

    @property
    def populations(self) -> tuple[str, ...]:
        """The populations of a unit."""
        return tuple(one.strip() for one in self.of.split(" and "))


class Minimise(Block):
    """How minimisation weighs: the arm that leaves the least imbalance is followed by a chance, never surely.

    `measure` is of one factor's imbalance, `weights` of the strata, 1 of whatever is not named.
    """

    chance: float
    measure: Literal["range", "variance"] = "range"
    weights: dict[str, int] = Field(default={})


class Randomisation(Block):
    """How participants are allocated. Block sizes are sealed with the list, never written here.

    `minimise` is said by minimisation, and by nothing else.
    `tells`: roles that hear, where visits differ by arm, which arms a person's visits are of.
    """

    ratio: dict[Name, int]
    method: Literal["permuted_blocks", "minimisation"]
    strata: list[str]
    at: str
    tells: list[str] = Field(default=[])
    unit: RandomisedUnit | None = None  # without it each person is drawn for alone
    minimise: Minimise | None = None


class Unblinding(Block):
    """Planned unblinding of one person at a time; emergency unblinding is never planned, nor gated.

    `epoch`: its visits are over, and this person's data of them frozen, before. `tells`: roles that hear it.
    """

    epoch: Name
    tells: list[str]


Period = Literal["running", "locked", "unblinded"]
"""How far a study is: its data are still made; they are locked; the sealed list is opened after that."""

_ENDS: Final[dict[str, Period]] = {"lock": "locked", "database lock": "locked", "unblinding": "unblinded"}


# Roles that are not to know an arm before lock, unless the study says that they are told.
STAY_BLINDED: Final = frozenset({"data_manager", "rater", "statistician"})


class Hidden(Block):
    """Blinding: which classes of data a role does not see, and until when.

    `until`: the lock of the study; `unblinding`, when the sealed list is opened after it; or `never`. The
    allocation is hidden until then whatever is said: a lock tells nobody's arm.
    """

    role: str
    hidden: list[str]
    until: Literal["lock", "database lock", "unblinding", "never"]

    def hides(self, period: Period) -> frozenset[str]:
        """The classes of data that are hidden still when the study is so far."""
        ends = _ENDS.get(self.until)
        if ends is None:
            return frozenset(self.hidden)
        return frozenset(
            name for name in self.hidden if period != "unblinded" and (period != ends or name == "allocation")
        )
