"""Whether the gates of a study file can be asked, and what they require can be known there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from entact.protocol.compiled import CompiledRules
from entact.protocol.form import CompiledForm
from entact.protocol.freshness import unmeasured
from entact.protocol.plan import position
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.rule import Rule
from entact.protocol.rules import forms_at
from entact.protocol.study import Requirement, StudyFile, Visit

GATES = (
    *("enrolment", "randomisation", "initial_dose", "supplement", "next_session", "discharge"),
    "unblinding",
)
"""The gates that a study may tighten."""

_SECOND_PERSON = "second person"  # who may confirm an override besides a role


def check_gates(
    file: StudyFile, rules: CompiledRules, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit]
) -> Iterator[Fault]:
    """Gates that nothing asks, and requirements that can never be judged where they are asked."""
    for name, said in file.gates.items():
        if name not in GATES:
            yield Fault(("gates", name), unknown("gate", name, GATES))
            continue
        if not said.require:
            yield Fault(("gates", name), "requires nothing; write a requirement, or take it out")
        if name in ("enrolment", "randomisation", "unblinding") and not any(_asked_at(name, visits)):
            yield Fault(("gates", name), f"is never asked, because no visit does {name!r}")
        if name == "supplement" and not any(regimen.supplement for regimen in file.regimens.values()):
            yield Fault(("gates", name), "is never asked, because no regimen has a supplement")
        gate = rules.gates.get(name)
        if gate is None:
            continue
        asked = _asked_at(name, visits)
        if gate.applies_when is not None:
            path: Path = ("gates", name, "applies_when")
            yield from _unseen(gate.applies_when, asked, forms, path)
        for place, (compiled, requirement) in enumerate(zip(gate.requirements, said.require, strict=True)):
            path = ("gates", name, "require", place)
            if name == "discharge" and not compiled.is_about_staff:
                yield from _keeps_in(compiled.rule, (*path, "require"))
            yield from _freshness(requirement, compiled.rule, path)
            if requirement.within is None and not requirement.ever:
                yield from _unseen(compiled.rule, asked, forms, (*path, "require"))
            elif name == "initial_dose" and requirement.within is not None:
                yield from unmeasured(compiled.rule, requirement.within, asked, forms, (*path, "require"))


def _keeps_in(rule: Rule, path: Path) -> Iterator[Fault]:
    """Who is absent keeps nobody in: at discharge that is found, and has to stand by itself for it."""
    if any(call.function == "present" for call in rule.calls):
        message = (
            "who is in the room keeps nobody from leaving; write that as a requirement of its own, which is "
            "then found and not refused"
        )
        yield Fault(path, message, rule.text.find("present"))


def _asked_at(gate: str, visits: Mapping[str, Visit]) -> list[Visit | None]:
    """The visits at which a gate is asked; None stands for between two visits."""
    if gate == "next_session":
        return [None]
    if gate in ("enrolment", "randomisation", "unblinding"):
        return [visit for visit in visits.values() if gate in visit.activities]
    return [visit for visit in visits.values() if visit.kind == "dosing"]


def _freshness(requirement: Requirement, rule: Rule, path: Path) -> Iterator[Fault]:
    if requirement.within is not None and requirement.ever:
        yield Fault((*path, "ever"), "contradicts `within`; take one of the two out")
    elif (requirement.within is not None or requirement.ever) and not rule.names:
        key = "ever" if requirement.ever else "within"
        yield Fault((*path, key), "the rule names no item that could be old; take it out")
    if requirement.within is not None and requirement.within.total_seconds() <= 0:
        yield Fault((*path, "within"), "is no time; write how old a value may be, as in '60 min'")


def _unseen(
    rule: Rule, asked: Iterable[Visit | None], forms: Mapping[str, CompiledForm], path: Path
) -> Iterator[Fault]:
    """Names in a rule that only sees the current encounter, whose form is not filled in that encounter."""
    for form in sorted({name.split(".")[0] for name in rule.names}):
        if forms[form].lasting:
            continue
        for visit in asked:
            if visit is not None and form in forms_at(visit, forms):
                continue
            where = (
                f"at {visit.visit}, where this gate is asked"
                if visit
                else "between two visits, when this gate is asked"
            )
            message = (
                f"{form!r} is not filled {where}; say how old it may be with `within:`, write `ever: true`, "
                "or `lasting: true` on a form of what stays true of a person"
            )
            yield Fault(path, message, position(rule.text, form))
            break


def check_override(file: StudyFile, requirement: Requirement, path: Path) -> Iterator[Fault]:
    """Who may set a requirement aside together: roles that there are, and one that answers for it."""
    allowed_in = (*path, "override_allowed_in")
    if requirement.override is None:
        if requirement.override_allowed_in is not None:
            yield Fault(
                allowed_in, "nobody may set this aside; write 'override:' with who may, or take it out"
            )
        return
    if requirement.override_allowed_in is not None and not requirement.override_allowed_in.strip():
        yield Fault(allowed_in, "says nothing; write where the approved protocol allows it")
    roles = [role.strip() for role in requirement.override.split("+")]
    for role in roles:
        if role not in {*file.roles, _SECOND_PERSON}:
            yield Fault((*path, "override"), unknown("role", role, {*file.roles, _SECOND_PERSON}))
    if set(roles) == {_SECOND_PERSON}:
        message = f"nobody answers for it; write a role too, as in 'investigator + {_SECOND_PERSON}'"
        yield Fault((*path, "override"), message)
