"""What a study file's plan says, as plain data: what is analysed, digested and committed to."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from entact.protocol.contrast import read_contrast
from entact.protocol.methods import method_words
from entact.protocol.study import AnalysisPlan, StudyFile

# Estimands that need no block: what is done with what was observed after treatment was stopped.
_PLAIN = {
    "de_jure": {"title": "If taken as assigned", "strategies": {"stopped": "hypothetical"}},
    "de_facto": {"title": "Whatever happened", "strategies": {"stopped": "treatment_policy"}},
}
_STOPPED = {"stopped": "Treatment stopped early"}

GUESSERS: Final = ("participant", "therapist", "rater")
"""Who guesses the treatment of a participant, as `guess` of an analysis names them."""

ENDED: Final = "ended"
"""The column that says whether a time ended with its event, in the frames that are analysed."""

COMPETING: Final = "competing"
"""The column that says whether another event came before that of a time, in the same frames."""


def plan_data(file: StudyFile, visits: list[str]) -> dict[str, Any]:
    """The plan of a study file as `entact.analysis.plan.read_study_plan` takes it.

    Args:
        visits: all of the schedule, in order.
    Returns:
        `visits`, `intercurrent` and `estimands`, `analyses`; `multiplicity`, with the `looks` before the end,
        where several are tested together; and `relies`: what each analysis hangs on beside its own words, its
        endpoint, set and windows.
    """
    plan = file.analysis
    events = {name: one.title for name, one in plan.intercurrent.items()} if plan.estimands else _STOPPED
    if plan.estimands:
        estimands = {name: _estimand(one) for name, one in plan.estimands.items()}
    else:
        estimands = _PLAIN
    intercurrent = {name: {"title": title, "day": event_column(name)} for name, title in events.items()}
    together = _together(plan)
    analyses, relies = {}, {}
    for name, one in plan.analyses.items():
        said, endpoint = one.said, file.endpoints[one.endpoint]
        word = method_words()[one.method]
        visits_together = word.repeated and "fixed" not in word.takes
        if one.contrast is None and one.method != "describe" and not (word.compares or visits_together):
            said["at"] = endpoint.at
        if one.contrast is not None:
            contrast = read_contrast(one.contrast, file.arms)
            if contrast.weights is not None:
                said |= {"contrast": contrast.text, "combination": dict(contrast.weights)}
        if one.guess in GUESSERS:
            said["guess"] = guess_column(one.guess)
        if endpoint.is_time:
            said["ended"] = ENDED
        if one.competing is not None:
            said["competing"] = COMPETING
        analyses[name] = said
        beside = {key: getattr(one, key) for key, takes in word.takes.items() if takes == "measure"}
        if one.competing is not None:
            beside["competing"] = one.competing
        own = plan.sets.get(one.set)
        relies[name] = {
            "endpoint": _endpoint(endpoint),
            "estimand": estimands.get(one.estimand),
            "intercurrent": intercurrent,
            "set": None if own is None else own.model_dump(exclude={"source", "assumption"}),
            "windows": {
                key: window.model_dump(mode="json", exclude={"source", "assumption"})
                for key, window in plan.windows.items()
            },
        }
        if beside:
            others = {key: file.endpoints[value] for key, value in beside.items() if value is not None}
            relies[name]["beside"] = {key: _endpoint(other) for key, other in others.items()}
        if name in together.get("multiplicity", {}).get("of", ()):
            relies[name] |= together
    return {
        **together,
        "visits": visits,
        "intercurrent": {name: {"title": title, "day": event_column(name)} for name, title in events.items()},
        "estimands": estimands,
        "analyses": analyses,
        "relies": relies,
    }


def plan_digests(file: StudyFile, visits: list[str]) -> dict[str, str]:
    """Analysis -> SHA-256 of what the plan says of it and of what it relies on.

    They are those of `entact.analysis.planned.Planned.digest`, and change with nothing else in the file.
    """
    data = plan_data(file, visits)
    return {
        name: digest_of({"says": said, "relies on": data["relies"][name]})
        for name, said in data["analyses"].items()
    }


def digest_of(data: object) -> str:
    """SHA-256 of plain data, whatever the order of its keys."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _together(plan: AnalysisPlan) -> dict[str, Any]:
    """Which analyses are tested together, and at which looks; nothing where none are."""
    if plan.multiplicity is None:
        return {}
    said = plan.multiplicity.model_dump(exclude_none=True, exclude={"source", "assumption"})
    spent = sum(plan.interim.spends or ()) if plan.interim is not None else 0.0
    said = {"alpha": plan.primary.alpha + spent, **said}
    if plan.interim is None:
        return {"multiplicity": said}
    spending = plan.interim.spending
    looks = {
        "information": list(plan.interim.looks),
        "spent": None if plan.interim.spends is None else list(plan.interim.spends),
        "spending": None if spending is None else spending.model_dump(),
    }
    return {"multiplicity": said, "looks": looks}


def event_column(event: str) -> str:
    """The column with the first day after an intercurrent event, in the frames that are analysed."""
    return f"after {event}"


def guess_column(guesser: str) -> str:
    """The column with the last guess that somebody made up to the day of a value, in the same frames."""
    return f"guess of {guesser}"


def _endpoint(one: Any) -> dict[str, Any]:
    said: dict[str, Any] = one.model_dump(exclude_none=True, exclude={"title", "source", "assumption"})
    return said


def _estimand(one: Any) -> dict[str, Any]:
    said: dict[str, Any] = one.model_dump(exclude_none=True, exclude={"source", "assumption"})
    return said
