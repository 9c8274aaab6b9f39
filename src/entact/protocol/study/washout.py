"""When medicines have left the body."""

from __future__ import annotations

from pydantic import Field

from entact.protocol.study.base import Block, Duration, Name


class WashoutClass(Block):
    half_life: Duration
    extra: Duration | None = None


class Washout(Block):
    """When psychiatric medicines have left the body: `half_lives` of each, plus `stabilisation`."""

    half_lives: float = Field(gt=0)
    stabilisation: Duration
    classes: dict[Name, WashoutClass]
