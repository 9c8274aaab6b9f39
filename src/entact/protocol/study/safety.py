"""Adverse events: the codelist and what is asked for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from entact.protocol.study.base import Block, Name


class EventTerm(Block):
    """A term of the study's event codelist; `valence` is recorded, never used to leave an event out."""

    title: str
    special_interest: str | None = None
    valence: Literal["unfavourable", "favourable", "neutral"] = "unfavourable"


class AdverseEvents(Block):
    terms: dict[Name, EventTerm]
    solicited: list[str] = Field(default=[])
