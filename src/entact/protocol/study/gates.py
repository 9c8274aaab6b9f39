"""Eligibility, gates and alerts: rules that somebody acts upon."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from entact.protocol.study.base import Block, Duration, Name
from entact.protocol.study.text import Words


class Criterion(Block):
    """An inclusion or exclusion criterion: judged by the investigator and, given a `rule`, computed."""

    kind: Literal["inclusion", "exclusion"]
    text: Words
    rule: str | None = None  # true when the criterion is met (inclusion) or applies (exclusion)
    population: Name | None = Field(default=None, alias="for")  # all of them when it is not said


class Requirement(Block):
    """One reason for which a gate stays closed.

    `override`: who may together set it aside. Each time is a deviation, unless `override_allowed_in` says
    where the approved protocol allows it.
    """

    require: str
    otherwise: Words = Field(alias="else")
    within: Duration | None = None
    ever: bool = False
    override: str | None = None
    override_allowed_in: str | None = None


class Gate(Block):
    applies_when: str | None = None
    require: list[Requirement]


class Escalation(Block):
    """Who else is called: when nobody has answered `after` so long, or as soon as it is worse (`when`)."""

    after: Duration | None = None
    when: str | None = None
    tell: list[str]


class Alert(Block):
    """A rule that calls people as soon as it holds, or cannot be evaluated.

    What keeps it holding is one episode and calls once: until `rearm` holds (without it, until `when` no
    longer does), or the visit is over. `confirm`: the time for a second reading; until then the first role
    is called alone. `again`: how long an answer lasts while it goes on.
    """

    when: str
    title: Words
    urgency: Literal["now", "today", "week"]
    tell: list[str]
    confirm: Duration | None = None
    rearm: str | None = None
    again: Duration = timedelta(minutes=30)
    escalate: list[Escalation] = Field(default=[])


class StoppingRule(Block):
    """When one person's treatment, or all procedures, have to stop; follow-up goes on."""

    title: Words
    when: str
    of: Literal["treatment", "procedures"] = "treatment"
