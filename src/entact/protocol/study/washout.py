"""When medicines have left the body."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from entact.protocol.study.base import Block, Duration, Name


class WashoutClass(Block):
    """A class of medicines; `half_lives` and `stabilisation` where they differ from those of the study."""

    half_life: Duration
    extra: Duration | None = None
    half_lives: float | None = Field(default=None, gt=0)
    stabilisation: Duration | None = None


class Washout(Block):
    """When psychiatric medicines have left the body: `half_lives` of each, plus `stabilisation`.

    `before`: acts for which it has to be over.
    """

    half_lives: float = Field(gt=0)
    stabilisation: Duration
    classes: dict[Name, WashoutClass]
    before: list[Literal["enrolment", "randomisation", "initial_dose"]] = Field(default=[])
