"""The words of a list of requirements: items, and the closed vocabulary of rules over a study file.

A list is data. Each item has a rule, of the few kinds here, or the question that a person has to judge.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from entact.protocol.measures import Closed, Pattern
from entact.protocol.study.base import Duration

When = Literal[
    "anywhere",
    "before_randomisation",
    "before_first_dose",
    "each_session",
    "before_each_dose",
    "after_each_session",
    "between_sessions",
    "follow_up",
]
"""When something is measured: `before_…` up to and at that visit; `before_each_dose` since the session
before; `each_session` on the dosing day; `between_sessions` after the first and before the last; `follow_up`
after the last, `since` so long at least."""


class Condition(Closed):
    """What a value has to be: what it `matches`, its number or length `at_least`, what it `includes`."""

    matches: Pattern | None = None
    at_least: float | None = None
    includes: str | None = None
    given: bool | None = None


Wanted = str | bool | int | float | list[str | int] | Condition


class Some(Closed):
    """`some: holds.*`: so many places of the file (`*`: any name), and what each of them has to say."""

    some: str
    named: Pattern | None = None
    where: dict[str, Wanted] = Field(default={})
    at_least: int = Field(default=1, ge=1)


class Measured(Closed):
    """`measured: ecg`: a form or an activity that measures something, and when it is done.

    `times`: how often within a session. `within`: so long after a session at most. `since`: so long after the
    last at least. `by`: who fills it, by the roles of `measures.yaml`. `apart`: at another visit,
    not at the end of the session.
    """

    measured: str
    when: When = "anywhere"
    times: int = Field(default=1, ge=1)
    within: Duration | None = None
    since: Duration | None = None
    by: str | None = None
    apart: bool = False


class Rated(Closed):
    """`rated: apart`: who rates the primary outcome has no part in sessions, nor sees classes of data."""

    rated: Literal["apart"]
    hidden: list[str] = Field(default=[])


class Blind(Closed):
    """`blind: [participant, therapist]`: roles that do not see the allocation, as the file says."""

    blind: list[str]


class Assessed(Closed):
    """`assessed: regardless`: whoever stops treatment is assessed for the primary outcome all the same."""

    assessed: Literal["regardless"]


class EndpointAfter(Closed):
    """`endpoint_after: 180 d`: an outcome is decided so long after the last session, of everybody."""

    endpoint_after: Duration


class GateOn(Closed):
    """`gate: discharge` with `on: impairment`: a gate asks for what is measured, or for a function."""

    gate: str
    on: str


class AlertOn(Closed):
    """`alert_on: liver`: an alert reads what is measured; `tells`: whom, by their roles."""

    alert_on: str
    tells: str | None = None


class Doses(Closed):
    """`doses: 2`: so many different active doses of one session, compared between arms."""

    doses: int = Field(ge=1)


class Analysed(Closed):
    """`analysed: prior_use`: what is measured is a stratum, or an effect of a model of the plan."""

    analysed: str


class All(Closed):
    all: list[Rule]


class Any_(Closed):
    any: list[Rule]


class Not(Closed):
    none: Rule


KINDS = {
    "some": Some,
    "measured": Measured,
    "rated": Rated,
    "blind": Blind,
    "assessed": Assessed,
    "endpoint_after": EndpointAfter,
    "gate": GateOn,
    "alert_on": AlertOn,
    "doses": Doses,
    "analysed": Analysed,
    "all": All,
    "any": Any_,
    "none": Not,
}


def _kind(value: Any) -> str | None:
    keys = value if isinstance(value, dict) else type(value).model_fields
    return next((kind for kind in KINDS if kind in keys), None)


Rule = Annotated[
    Annotated[Some, Tag("some")]
    | Annotated[Measured, Tag("measured")]
    | Annotated[Rated, Tag("rated")]
    | Annotated[Blind, Tag("blind")]
    | Annotated[Assessed, Tag("assessed")]
    | Annotated[EndpointAfter, Tag("endpoint_after")]
    | Annotated[GateOn, Tag("gate")]
    | Annotated[AlertOn, Tag("alert_on")]
    | Annotated[Doses, Tag("doses")]
    | Annotated[Analysed, Tag("analysed")]
    | Annotated[All, Tag("all")]
    | Annotated[Any_, Tag("any")]
    | Annotated[Not, Tag("none")],
    Discriminator(_kind),
]


class Applies(Closed):
    """Which studies an item is asked of, and what is said of the others."""

    rule: Rule
    otherwise: str


class Requirement(Closed):
    """One item of a list.

    Attributes:
        asked: what is asked, in our own words. source, section: where it is from. rule: over the study file.
        judge: the question where a person has to judge. meets: what would meet the item.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    asked: str
    source: str
    section: str
    assumption: str | None = None
    applies: Applies | None = None
    rule: Rule | None = None
    judge: str | None = None
    meets: str | None = None

    @model_validator(mode="after")
    def _says_how(self) -> Self:
        if (self.rule is None) is (self.judge is None):
            raise ValueError(f"{self.id}: has either a rule or what a person has to judge")
        if self.rule is not None and self.meets is None:
            raise ValueError(f"{self.id}: a rule says what would meet it; write `meets:`")
        return self


class RequirementList(Closed):
    """A list of requirements: what a review, a guidance or a reporting standard asks of a study."""

    name: str = Field(alias="list")
    title: str
    source: str
    assumption: str | None = None
    items: list[Requirement]

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        ids = [item.id for item in self.items]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"{self.name}: the id {twice[0]!r} stands twice")
        return self
