"""What is counted over the whole study, in its own ledger: places taken, serious events, and holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from entact.course.state.setting import Enrolled, EventOfInterest, SeriousEvent, Stop
from entact.course.state.values import ask

if TYPE_CHECKING:
    from entact.course.state.setting import StudyState
    from entact.course.state.state import State
    from entact.protocol.release import Release


def study_facts(
    enrolled: Mapping[str, Enrolled],
    serious: Mapping[tuple[str, str], SeriousEvent],
    of_interest: Mapping[tuple[str, str], EventOfInterest],
    interest: str | None = None,
) -> dict[str, int]:
    """The numbers that holds speak of (`protocol.names.STUDY`); a judgement not yet made counts against.

    Args:
        interest: the kind of special interest that is counted; all of them when not given.
    """
    kinds = [event.interest for event in of_interest.values() if event.interest is not None]
    related = [event for event in serious.values() if event.related is not False]
    return {
        "study.enrolled": len(enrolled),
        "study.deaths": len({event.ledger for event in serious.values() if event.fatal}),
        "study.serious_events": len(serious),
        "study.related_serious_events": len(related),
        "study.unexpected_events": sum(event.expected is not True for event in related),
        "study.events_of_interest": sum(interest in (None, kind) for kind in kinds),
    }


def holds_in_force(release: Release, state: StudyState, stop: Stop) -> list[tuple[str, str, str | None]]:
    """The holds that stop something now: name, title, and the entry that placed it if one did."""
    found: list[tuple[str, str, str | None]] = []
    for name, ruled in release.rules.holds.items():
        facts = study_facts(state.enrolled, state.serious, state.of_interest, ruled.said.interest)
        if stop not in ruled.said.stops or ruled.rule.evaluate(facts) is not True:
            continue
        last = state.holds.get(name)
        if last is not None and last.status == "lifted":
            grown = any(facts[fact] > last.facts.get(fact, 0) for fact in ruled.rule.names)
            if not (ruled.said.again and grown):
                continue
        found.append((name, ruled.said.title, None))
    for name, placed in state.holds.items():
        if placed.status == "placed" and stop in placed.stops and all(name != known for known, *_ in found):
            found.append((name, name.replace("_", " "), placed.entry))
    return found


def quotas_of(release: Release, course: State, at: datetime) -> dict[str, bool | None]:
    """Every quota of the participant's population, and whether they count against it; None: not known."""
    found: dict[str, bool | None] = {}
    for name, quota in release.file.quotas.items():
        if quota.population not in (None, course.population):
            continue
        ruled = release.rules.quotas.get(name)
        if ruled is None:
            found[name] = True
            continue
        answer = ask(ruled.rule, course.values(None, at, ever=True), course.facts(None, at))
        found[name] = answer if isinstance(answer, bool) else None
    return found


def places_left(release: Release, state: StudyState, quota: str, site: str) -> int:
    """How many more may be enrolled against a quota, at a site where it is one of each site."""
    said = release.file.quotas[quota]
    taken = sum(
        quota in place.quotas and (said.per == "study" or place.site == site)
        for place in state.enrolled.values()
    )
    return said.most - taken


def counts_places(release: Release) -> bool:
    """Whether anything hangs on how many take part: a quota, a hold, a report at intervals."""
    file = release.file
    return bool(file.quotas or file.holds or file.periodic_reports)


def gates_enrolment(release: Release) -> bool:
    """Whether a release says when somebody may be enrolled, or what counts from then, so that it is asked."""
    file = release.file
    return (
        "enrolment" in file.gates
        or bool(file.quotas or file.periodic_reports)
        or any("enrolment" in hold.stops for hold in file.holds.values())
        or (file.washout is not None and "enrolment" in file.washout.before)
    )
