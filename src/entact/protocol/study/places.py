"""Who takes part and where: populations and sites."""

from __future__ import annotations

from pydantic import Field

from entact.protocol.study.base import Block


class Population(Block):
    planned: int = Field(gt=0)


class SitePlan(Block):
    """A planned site: where it is and which clock it keeps."""

    country: str
    timezone: str
