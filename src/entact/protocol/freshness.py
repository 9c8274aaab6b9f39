"""Whether what a gate wants to be fresh is measured in time for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from entact.protocol.form import CompiledForm
from entact.protocol.plan import position
from entact.protocol.problem import Fault, Path
from entact.protocol.rule import Rule
from entact.protocol.rules import forms_at
from entact.protocol.study import Visit
from entact.protocol.timetable import ACTIVITIES

SAME_DAY = timedelta(days=1)  # what may be older than this can be from an earlier visit


def unmeasured(
    rule: Rule,
    within: timedelta,
    sessions: Iterable[Visit | None],
    forms: Mapping[str, CompiledForm],
    path: Path,
) -> Iterator[Fault]:
    """Forms of the day that a gate asks for before the initial dose, and a session fills after it or never.

    Args:
        within: how old the values may be. sessions: at which the gate is asked. path: of the rule.
    """
    if within >= SAME_DAY:
        return
    for form in sorted({name.split(".")[0] for name in rule.names}):
        if forms[form].lasting:
            continue
        for visit in sessions:
            # A misspelt activity is reported where it is misspelt, not once more as a form that lacks.
            if visit is None or set(visit.activities) - forms.keys() - ACTIVITIES:
                continue
            if form not in _filled_before(visit, forms):
                done = "vital_signs" if form == "vitals" else form
                message = (
                    f"{form!r} is not filled at {visit.visit} before the initial dose; add {done!r} to its "
                    "`do:`, or to its `timed:` at 'before initial'"
                )
                yield Fault(path, message, position(rule.text, form))
                break


def _filled_before(visit: Visit, forms: Mapping[str, CompiledForm]) -> list[str]:
    """The forms of a session that are filled at no set time, or before the initial dose."""
    early = [reading for reading in visit.timed if "before initial" in reading.at]
    return forms_at(visit.model_copy(update={"timed": early}), forms)
