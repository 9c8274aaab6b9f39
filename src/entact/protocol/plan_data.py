"""What a study file's plan says, as plain data: what is analysed, digested and committed to."""

from __future__ import annotations

from typing import Any

from entact.protocol.methods import method_words
from entact.protocol.study import StudyFile

# Estimands that need no block: what is done with what was observed after treatment was stopped.
_PLAIN = {
    "de_jure": {"title": "If taken as assigned", "strategies": {"stopped": "hypothetical"}},
    "de_facto": {"title": "Whatever happened", "strategies": {"stopped": "treatment_policy"}},
}
_STOPPED = {"stopped": "Treatment stopped early"}


def plan_data(file: StudyFile, visits: list[str]) -> dict[str, Any]:
    """The plan of a study file as `entact.analysis.plan.read_study_plan` takes it.

    Args:
        visits: all of the schedule, in order.
    Returns:
        `visits`, `intercurrent` and `estimands`, `analyses`, and `relies`: what each analysis hangs on beside
        its own words, its endpoint, set and windows.
    """
    plan = file.analysis
    events = {name: one.title for name, one in plan.intercurrent.items()} if plan.estimands else _STOPPED
    if plan.estimands:
        estimands = {name: _estimand(one) for name, one in plan.estimands.items()}
    else:
        estimands = _PLAIN
    intercurrent = {name: {"title": title, "day": event_column(name)} for name, title in events.items()}
    analyses, relies = {}, {}
    for name, one in plan.analyses.items():
        said, endpoint = one.said, file.endpoints[one.endpoint]
        if one.contrast is None and one.method != "describe" and not method_words()[one.method].compares:
            said["at"] = endpoint.at
        analyses[name] = said
        own = plan.sets.get(one.set)
        relies[name] = {
            "endpoint": {"value": endpoint.value, "at": endpoint.at},
            "estimand": estimands.get(one.estimand),
            "intercurrent": intercurrent,
            "set": None if own is None else own.model_dump(exclude={"source", "assumption"}),
            "windows": {
                key: window.model_dump(mode="json", exclude={"source", "assumption"})
                for key, window in plan.windows.items()
            },
        }
    return {
        "visits": visits,
        "intercurrent": {name: {"title": title, "day": event_column(name)} for name, title in events.items()},
        "estimands": estimands,
        "analyses": analyses,
        "relies": relies,
    }


def event_column(event: str) -> str:
    """The column with the first day after an intercurrent event, in the frames that are analysed."""
    return f"after {event}"


def _estimand(one: Any) -> dict[str, Any]:
    said: dict[str, Any] = one.model_dump(exclude_none=True, exclude={"source", "assumption"})
    return said
