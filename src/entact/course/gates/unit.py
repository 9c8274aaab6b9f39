"""The checks of the hard core about people who are randomised as one: one row of the list, one arm."""

from __future__ import annotations

from collections.abc import Iterator

from entact.course.gates.question import Question, Reason
from entact.course.state.numbers import (
    RANDOMISATION,
    UNIT,
    ledger_of,
    normal,
    place_in_unit,
    row_number,
    unit_of,
)


def together(question: Question) -> Iterator[Reason]:
    """The others of the unit are there, or whoever took the row before; the number is that of the unit."""
    plan = question.course.release.file.randomisation
    population = question.course.population
    if plan is None or plan.unit is None or population not in plan.unit.populations:
        return
    given = question.detail.get("number")
    linked_to = question.course.release.file.populations[population].linked_to
    in_use = question.setting.numbers
    if linked_to not in plan.unit.populations:
        fewest = plan.unit.size[0]
        own = f"{normal(ledger_of(question.course) or '')}/"
        there = 1 + sum(of == UNIT and number.startswith(own) for of, number in in_use)
        if plan.unit.incomplete == "nobody" and there < fewest:
            message = (
                f"Of at least {fewest} who are randomised together {there} are enrolled, this one included."
            )
            yield Reason("unit_incomplete", message, ("enrolment",))
        return
    head = unit_of(question.course)
    if head is None:
        yield Reason("not_linked", "It is not recorded with whom this person is randomised.", ("link",))
        return
    rows = [number for (of, number), whose in in_use.items() if of == RANDOMISATION and head in whose]
    if not rows:
        message = f"The {linked_to} with whom this person takes part has not been randomised."
        yield Reason("unit_not_randomised", message, ("randomisation",))
    elif given is not None and normal(row_number(str(given))) not in rows:
        message = f"Randomisation number {given} is not that of the {linked_to} of this person."
        yield Reason("unit_of_other", message)
    if given is not None and place_in_unit(str(given)) not in range(2, plan.unit.size[1] + 1):
        most = plan.unit.size[1]
        message = (
            f"Randomisation number {given} is none of a unit of at most {most}: it ends in +2 to +{most}."
        )
        yield Reason("unit_number", message)
