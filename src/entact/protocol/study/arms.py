"""Arms, how participants are allocated to them, and who does not see what."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from entact.protocol.study.base import Block, Name
from entact.protocol.study.text import Words


class Arm(Block):
    """One arm; `factors`: its level of each factor of a factorial design, as in `{drug: mdma}`."""

    title: Words
    role: Literal["experimental", "placebo", "active_comparator"]
    factors: dict[Name, Name] = Field(default={})


class Randomisation(Block):
    """How participants are allocated. Block sizes are sealed with the list, never written here."""

    ratio: dict[Name, int]
    method: Literal["permuted_blocks"]
    strata: list[str]
    at: str


class Unblinding(Block):
    """Planned unblinding of one person at a time; emergency unblinding is never planned, nor gated.

    `epoch`: its visits are over, and this person's data of them frozen, before. `tells`: roles that hear it.
    """

    epoch: Name
    tells: list[str]


class Hidden(Block):
    """Blinding: which classes of data a role does not see, and until when."""

    role: str
    hidden: list[str]
    until: str
