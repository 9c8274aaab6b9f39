"""Whether a gate that asks how many participants are in the room asks what the session says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from entact.protocol.compiled import CompiledRules
from entact.protocol.problem import Fault
from entact.protocol.rule import Rule
from entact.protocol.study import StudyFile, Visit

_GATE = "initial_dose"
_PARTICIPANT = "participant"


class _Room:
    """So many participants in a room of which nothing else is known."""

    def __init__(self, many: int) -> None:
        self.many = many

    def present(self, role: str, /) -> int | None:
        return self.many if role == _PARTICIPANT else None

    def given(self, part: str, /) -> bool | None:
        return None

    def elapsed(self, part: str, /) -> timedelta | None:
        return None

    def doses(self) -> int | None:
        return None


def check_room(file: StudyFile, rules: CompiledRules, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """A requirement that lets fewer participants through than hold a session together, or keeps these out."""
    gate = rules.gates.get(_GATE)
    if gate is None:
        return
    counting = [(place, one.rule) for place, one in enumerate(gate.requirements) if _counts(one.rule)]
    if not counting:
        return
    for name, visit in visits.items():
        if visit.kind != "dosing":
            continue
        low, high = visit.together or (1, 1)
        for many in range(1, high + 1):
            closed = [place for place, rule in counting if not _may_hold(rule, many)]
            if bool(closed) is (many < low):
                continue
            place = closed[0] if closed else counting[0][0]
            does = f"keeps {many} in the room from the dose" if closed else f"lets {many} in the room through"
            message = f"{does}, and {name} is held by {_held(low, high)}; write `{_wanted(low, high)}`"
            message += ", or change its `together:`" if closed else ""
            rule = dict(counting)[place]
            yield Fault(("gates", _GATE, "require", place, "require"), message, rule.text.find("present"))
            return


def _held(low: int, high: int) -> str:
    many = f"{low}" if low == high else f"{low} to {high}"
    return f"{many} participants together" if high > 1 else "one participant"


def _wanted(low: int, high: int) -> str:
    if low == high:
        return f"present('participant') == {low}"
    return f"present('participant') >= {low} && present('participant') <= {high}"


def _counts(rule: Rule) -> bool:
    return any(call.function == "present" and call.args == (_PARTICIPANT,) for call in rule.calls)


def _may_hold(rule: Rule, many: int) -> bool:
    """Whether a rule can hold with so many participants there, whatever else is the case."""
    return rule.evaluate({}, _Room(many)) is not False
