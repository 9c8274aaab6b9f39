"""Four things that can stop, each by itself, and departures from the protocol."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.kinds.kind import Kind
from entact.course.state.person import values_of
from entact.course.state.stopping import DeviationState, DiscontinuationState, StopDue
from entact.course.state.values import ask

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State
    from entact.protocol.release import Release


class Discontinuation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `discontinuation`: treatment, procedures, follow-up or data use stops; by whom, why (a code)."""

    of: Literal["treatment", "procedures", "follow_up", "data_use"]
    decided_by: Literal["participant", "investigator", "sponsor", "other"]
    cause: str


class Deviation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `deviation`: a departure from the protocol that somebody reports; the account is sealed text."""

    category: str
    importance: Literal["minor", "major"]
    account: str | None = None


def check_stopping(course: State, said: str, encounter: str | None, at: datetime, entry: str) -> None:
    """Notes the stopping rules that hold once something was said of a form, or of the person.

    Like alerts they follow the release in force at the site. What has come to hold stays, unless what was
    said is corrected; what is not known stops nobody, because the gates ask for it.
    """
    release = course.site_release(at)
    for name in _rules_about(release).get(said, ()):
        if name in course.stops:
            continue
        ruled = release.rules.stopping[name]
        values = values_of(ruled.rule, course, encounter, at, False)
        if ask(ruled.rule, values, course.facts(encounter, at)) is True:
            course.stops[name] = StopDue(name, ruled.said.of, ruled.said.title, entry, at)


@lru_cache(maxsize=64)
def _rules_about(release: Release) -> dict[str, list[str]]:
    """The stopping rules by each form that they name, and by `person`."""
    found: dict[str, list[str]] = {}
    for name, ruled in release.rules.stopping.items():
        for about in {known.partition(".")[0] for known in ruled.rule.names}:
            found.setdefault(about, []).append(name)
    return found


def reduce_discontinuation(course: State, effective: Effective, payload: Discontinuation) -> None:
    """What has stopped stays stopped from the first time on."""
    if payload.of in course.discontinued:
        message = f"{payload.of.replace('_', ' ')} had already stopped"
        course.found("discontinued_twice", effective.id, "of", message)
        return
    course.discontinued[payload.of] = DiscontinuationState(
        effective.id, payload.of, effective.at, payload.decided_by, payload.cause
    )


def reduce_deviation(course: State, effective: Effective, payload: Deviation) -> None:
    """Keeps every report, in order of time."""
    course.deviations.append(
        DeviationState(
            effective.id,
            effective.entry.encounter,
            effective.at,
            payload.category,
            payload.importance,
            payload.account,
            effective.origins.get("account", effective.id),
        )
    )


DISCONTINUATION = Kind(
    name="discontinuation",
    title="Discontinuation",
    ways=("page add",),
    payload=Discontinuation,
    reduce=reduce_discontinuation,
    tells=frozenset({"dosing", "adverse_events"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    writes=frozenset({"discontinued"}),
)
DEVIATION = Kind(
    name="deviation",
    title="Deviation",
    ways=("page add",),
    payload=Deviation,
    reduce=reduce_deviation,
    tells=frozenset({"dosing", "adverse_events"}),
    sealed=frozenset({"account"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    writes=frozenset({"deviations"}),
)
