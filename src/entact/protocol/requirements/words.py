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
    """What a value has to be: what it `matches`, its number or length `at_least`, what it `includes`.

    `at_most`: a duration that is no longer.
    """

    matches: Pattern | None = None
    at_least: float | None = None
    at_most: Duration | None = None
    includes: str | None = None
    given: bool | None = None


Wanted = str | bool | int | float | list[str | int] | Condition


class Some(Closed):
    """`some: holds.*`: so many places of the file (`*`: any name), and what each of them has to say.

    Of `schedule.*` only visits of the main track of those who are dosed. `of_primary`: only analyses of what
    the primary endpoint measures.
    """

    some: str
    named: Pattern | None = None
    where: dict[str, Wanted] = Field(default={})
    at_least: int = Field(default=1, ge=1)
    of_primary: bool = False


class Measured(Closed):
    """`measured: ecg`: a form or an activity that measures something, and when it is done.

    `times`: how often within a session once the dose is taken. `within`: so long after a session at most; of
    `follow_up`, after the last. `since`: so long after the last at least; `after_first`: after the first.
    `by`: who fills it, by the roles of `measures.yaml`; `not_by`: who does not. `apart`: at another visit,
    not at the end of the session. `endpoint`: an endpoint is made of it.
    """

    measured: str
    when: When = "anywhere"
    times: int = Field(default=1, ge=1)
    within: Duration | None = None
    since: Duration | None = None
    after_first: Duration | None = None
    by: str | None = None
    not_by: list[str] = Field(default=[])
    apart: bool = False
    endpoint: bool = False


class Held(Closed):
    """`held: integration`: a visit of this kind, of everybody who is dosed, `when` as for `measured`."""

    held: str
    when: When
    within: Duration | None = None


class Rated(Closed):
    """`rated: apart`: who rates the primary outcome has no part in sessions, nor sees classes of data.

    `remote`: a rater does, at visits that are not held in person.
    """

    rated: Literal["apart", "remote"]
    hidden: list[str] = Field(default=[])


class Blind(Closed):
    """`blind: [participant, therapist]`: roles that do not see the allocation, as the file says."""

    blind: list[str]


class Assessed(Closed):
    """`assessed: regardless`: whoever stops treatment is assessed for the primary outcome all the same."""

    assessed: Literal["regardless"]


class EndpointAfter(Closed):
    """`endpoint_after: 180 d`: the primary outcome is analysed as of so long after the last session."""

    endpoint_after: Duration


class GateOn(Closed):
    """`gate: discharge` with `on: impairment`: a gate asks for what is measured."""

    gate: str
    on: str


class Observed(Closed):
    """`observed: 8 h`: nobody is discharged so soon after the dose; `0 h`: it is said how soon."""

    observed: Duration


class InTheRoom(Closed):
    """`in_the_room: 2`: no dose is given without so many of the staff."""

    in_the_room: int = Field(ge=1)


class AlertOn(Closed):
    """`alert_on: liver`: an alert reads what is measured, of several all together; `tells`: whom."""

    alert_on: str | list[str]
    tells: str | None = None


class Doses(Closed):
    """`doses: 2`: so many active doses of one substance in one session, compared between arms."""

    doses: int = Field(ge=1)


class Comparator(Closed):
    """`comparator: felt`: a control has a dose of its own, which can be felt, and nobody is told."""

    comparator: Literal["felt"]


class Tried(Closed):
    """`tried: missing`: an analysis of the primary outcome takes what was not seen to be otherwise."""

    tried: Literal["missing"]


class Responders(Closed):
    """`responders: primary`: an endpoint is a yes or no about the primary outcome."""

    responders: Literal["primary"]


class Estimated(Closed):
    """`estimated: 2`: so many estimands that are described have an analysis."""

    estimated: int = Field(ge=1)


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
    "held": Held,
    "rated": Rated,
    "blind": Blind,
    "assessed": Assessed,
    "endpoint_after": EndpointAfter,
    "gate": GateOn,
    "observed": Observed,
    "in_the_room": InTheRoom,
    "alert_on": AlertOn,
    "doses": Doses,
    "comparator": Comparator,
    "tried": Tried,
    "responders": Responders,
    "estimated": Estimated,
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
    | Annotated[Held, Tag("held")]
    | Annotated[Rated, Tag("rated")]
    | Annotated[Blind, Tag("blind")]
    | Annotated[Assessed, Tag("assessed")]
    | Annotated[EndpointAfter, Tag("endpoint_after")]
    | Annotated[GateOn, Tag("gate")]
    | Annotated[Observed, Tag("observed")]
    | Annotated[InTheRoom, Tag("in_the_room")]
    | Annotated[AlertOn, Tag("alert_on")]
    | Annotated[Doses, Tag("doses")]
    | Annotated[Comparator, Tag("comparator")]
    | Annotated[Tried, Tag("tried")]
    | Annotated[Responders, Tag("responders")]
    | Annotated[Estimated, Tag("estimated")]
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
