"""What is held against the source: which data wholly, and of the rest a sample."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from entact.protocol.study.base import Block


class Verification(Block):
    """Source data verification: what is critical wholly; of the rest what is drawn, as nobody can foresee."""

    critical: list[str] = Field(min_length=1)  # forms, their items (`demographics.age`), what visits do
    others: float = Field(ge=0, le=1)
    drawn: Literal["participants", "visits"] = "participants"
