"""Acts, and what has become of the entries that their gate relied on, or would have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from entact.course.entry import instant

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.entry.effective import Effective
    from entact.course.state.form import Answers


def found_in_decisions(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """What is wrong with the basis of acts: rule, entry, item and message.

    A decision is judged by what was known then. What the gate knew stands in its basis, corrections too: so
    a correction that it does not name came afterwards, whatever time it claims.
    """
    relying = [(one, inputs) for one in course.effective if one.entry.basis and (inputs := _inputs(one))]
    if not relying:
        return
    standing = {one.id: one for one in course.effective}
    merged = {name for one in course.effective for name in one.corrections}
    answered = {one.entry: one for answers in course.answers.values() for one in answers}
    for act, inputs in relying:
        for name in inputs:
            if not course.has(name):
                continue  # of the site's or the study's ledger
            if name not in standing and name not in merged:
                if course.arrival_of(name) > course.known_until:
                    continue  # this course is as it was before that correction
                message = f"the gate relied on {name}, which was withdrawn"
                yield "gate_input_withdrawn", act.id, name, message
            elif any(one not in inputs for one in _corrections(standing, name)):
                message = f"the gate relied on {name}, which was corrected afterwards"
                yield "gate_input_corrected", act.id, name, message
            if course.arrival_of(name) > course.arrival_of(act.id):
                message = f"the gate is said to have relied on {name}, which had not arrived"
                yield "gate_input_later", act.id, name, message
        relied = [answered[name] for name in inputs if name in answered]
        for late in _late(course, act, relied, inputs):
            message = (
                f"the gate relied on an older one: {late.entry} is of before the decision, and came after it"
            )
            yield "gate_input_outdated", act.id, late.entry, message


def _inputs(act: Effective) -> frozenset[str]:
    inputs = (act.entry.basis or {}).get("inputs")
    return (
        frozenset(name for name in inputs if isinstance(name, str))
        if isinstance(inputs, list)
        else frozenset()
    )


def _corrections(standing: dict[str, Effective], name: str) -> tuple[str, ...]:
    return standing[name].corrections if name in standing else ()


def _late(course: Course, act: Effective, relied: list[Answers], inputs: frozenset[str]) -> Iterator[Answers]:
    """Answers to the same form at the same visit, later than those relied on, that came after the act."""
    decided, then = _decided_at(act), course.arrival_of(act.id)
    known: dict[tuple[str, str | None], datetime] = {}
    for one in relied:
        place = one.form, one.encounter
        known[place] = max(one.at, known.get(place, one.at))
    for (form, encounter), since in known.items():
        for one in course.answers[form]:
            if one.encounter != encounter or one.entry in inputs or not since < one.at <= decided:
                continue
            if course.arrival_of(one.entry) > then:
                yield one


def _decided_at(act: Effective) -> datetime:
    said = (act.entry.basis or {}).get("decided_at")
    try:
        return instant(said) if isinstance(said, str) else act.at
    except ValueError:
        return act.at
