"""Who takes part, where, and how many: populations, sites, quotas and holds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from entact.protocol.study.base import Block, Name
from entact.protocol.study.text import Words


class Population(Block):
    """People who take part in one way; `linked_to`: each of them comes with somebody of that population."""

    planned: int = Field(gt=0)
    title: Words | None = None
    linked_to: Name | None = None


class SitePlan(Block):
    """A planned site: where it is and which clock it keeps."""

    country: str
    timezone: str


class Quota(Block):
    """At most so many are enrolled: of a population, at each site, or of those for whom `when` holds."""

    most: int = Field(gt=0)
    title: Words | None = None
    population: Name | None = None
    per: Literal["study", "site"] = "study"
    when: str | None = None


class Hold(Block):
    """What stops when a rule about the whole study holds, until somebody lifts it.

    `again`: once lifted it holds anew as soon as a number that it names has grown.
    """

    title: Words
    when: str
    stops: list[Literal["enrolment", "randomisation", "dosing"]]
    lifted_by: str
    again: bool = False
