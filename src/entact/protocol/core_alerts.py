"""Alerts of the engine's own: what calls people whatever a study file says.

Their names have a dot in them, which no name of a study file has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from entact.protocol.study import Alert, StudyFile
from entact.protocol.study.gates import Escalation

SECOND_DOSE: Final = "dose.second"
TOO_MANY_UNITS: Final = "dose.too_many_units"
OTHER_KIT: Final = "dose.other_kit"
GIVEN_AFTER_ACCESS: Final = "dose.after_access"
DISCHARGED_AFTER_ACCESS: Final = "dose.discharged_after_access"
CORE_ALERTS: Final[Mapping[str, str]] = {
    SECOND_DOSE: "Critical: a second dose was taken",
    TOO_MANY_UNITS: "Critical: more units were taken than the level has",
    OTHER_KIT: "Critical: a kit was taken that is not this participant's",
    GIVEN_AFTER_ACCESS: "Critical: a dose was recorded by somebody whose access had ended",
    DISCHARGED_AFTER_ACCESS: "Critical: somebody was discharged by a person whose access had ended",
}
TIME_TO_ANSWER: Final = timedelta(minutes=5)  # assumption: until all roles that a file ever calls are called
_NEVER_CALLED: Final = frozenset({"participant", "rater"})


def core_alert(file: StudyFile, name: str) -> Alert | None:
    """What one of the engine's alerts says for a study: it calls whom the file's urgent alerts call.

    Args:
        name: of an alert.
    Returns:
        None where the engine has none of that name.
    """
    title = CORE_ALERTS.get(name)
    if title is None:
        return None
    urgent = [one for one in file.alerts.values() if one.urgency == "now"]
    tell = list(dict.fromkeys(role for one in urgent for role in one.tell))
    further = [role for one in urgent for step in one.escalate for role in step.tell]
    later = [role for role in dict.fromkeys(further) if role not in tell]
    if not tell:
        tell = [role for role in file.roles if role not in _NEVER_CALLED]
    return Alert(
        when="",
        title=title,
        urgency="now",
        tell=tell,
        escalate=[Escalation(after=TIME_TO_ANSWER, tell=later)] if later else [],
    )
