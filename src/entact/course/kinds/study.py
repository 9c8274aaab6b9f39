"""What a study's own ledger is told: releases, births of ledgers, heads, holds."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from entact.course.entry import Entry, Head
from entact.course.entry.effective import Effective
from entact.course.kinds.kind import UNSURE, Kind
from entact.course.state.oversight import study_facts
from entact.course.state.sealed_list import Commitment
from entact.course.state.setting import Enrolled, EventOfInterest, HoldState, SeriousEvent, Stop, StudyFolding
from entact.protocol.plan_data import plan_digests
from entact.protocol.problem import Problem as Fault
from entact.protocol.problem import StudyError
from entact.protocol.release import Release, bars_from_production


class ReleaseEntered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `release` (study): canonical text of a release; its digest is in `id`.

    `plan`: analysis -> digest of what the release plans of it, for whoever sees a result and asks.
    """

    id: str
    text: str
    plan: dict[str, str] | None = None


class LedgerOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `ledger_opened` (study): the birth of another ledger, so that one that vanishes is missed."""

    ledger: str


class Heads(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `heads` (study): number and hash of the last line of every ledger, at intervals."""

    heads: dict[str, Head]


class HoldChanged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `hold` (study): a hold is placed, or one (of the study file, or placed before) is lifted."""

    hold: str
    status: Literal["placed", "lifted"]
    stops: tuple[Stop, ...] = ("enrolment", "randomisation", "dosing")


def bars(entry: Entry, payload: ReleaseEntered) -> list[Fault]:
    """What bars a release from where it was entered: in production, what about safety is an assumption.

    A text that cannot be read is not this function's to judge.
    """
    if entry.environment != "production":
        return []
    try:
        return bars_from_production(Release.from_text(payload.text.encode()))
    except StudyError:
        return []


def reduce_release(study: StudyFolding, effective: Effective, payload: ReleaseEntered) -> None:
    """The releases in order of time, each once; none that is barred from where it was entered."""
    barred = bars(effective.entry, payload)
    if barred:
        said = ", ".join(one.field for one in barred)
        message = f"{payload.id} may not go into production: assumptions are left in {said}"
        study.problem("barred_from_production", effective.id, "text", message)
        return
    if payload.id not in study.releases:
        study.releases.append(payload.id)
    asked = {
        name
        for release in study.study.releases
        if release.id == payload.id
        for name in release.file.periodic_reports
    }
    for name in asked:
        study.owed_since.setdefault(name, effective.at)


def release_data(release: Release) -> dict[str, Any]:
    """What the entry of a release says."""
    plan = plan_digests(release.file, list(release.visits))
    return {"id": release.id, "text": release.text.decode(), "plan": plan}


def reduce_commitment(study: StudyFolding, effective: Effective, payload: Commitment) -> None:
    """What is sealed is sealed: a second commitment is not followed."""
    if study.commitment is not None:
        study.problem("committed_twice", effective.id, "", "the list was sealed before")
        return
    study.commitment = payload


def reduce_ledger_opened(study: StudyFolding, effective: Effective, payload: LedgerOpened) -> None:
    """Every ledger that was born."""
    study.ledgers.add(payload.ledger)


def reduce_heads(study: StudyFolding, effective: Effective, payload: Heads) -> None:
    """The latest head of each ledger."""
    study.heads.update(payload.heads)


def reduce_enrolled(study: StudyFolding, effective: Effective, payload: Enrolled) -> None:
    """The first place of a ledger counts."""
    if payload.ledger in study.enrolled:
        study.problem("enrolled_twice", effective.id, "ledger", f"{payload.ledger} has a place already")
        return
    study.enrolled[payload.ledger] = payload
    if study.first_enrolled is None:
        study.first_enrolled = effective.at, payload.site


def reduce_serious_event(study: StudyFolding, effective: Effective, payload: SeriousEvent) -> None:
    """The latest notice of each event; of one that was found not to be serious nothing is counted."""
    if payload.serious:
        study.serious[payload.ledger, payload.event] = payload
    else:
        study.serious.pop((payload.ledger, payload.event), None)


def reduce_event_of_interest(study: StudyFolding, effective: Effective, payload: EventOfInterest) -> None:
    """The latest notice of each event; of a kind that the study does not know it is said, and counts."""
    events = study.study.newest.file.adverse_events
    known = {*events.special_interest, *(term.special_interest for term in events.terms.values())}
    if payload.interest is not None and payload.interest not in known:
        message = f"the study has no special interest {payload.interest!r}"
        study.problem("unknown_interest", effective.id, "interest", message)
    study.of_interest[payload.ledger, payload.event] = payload


def reduce_hold(study: StudyFolding, effective: Effective, payload: HoldChanged) -> None:
    """The latest word on each hold; one is lifted by one role alone, and only if it was ever placed."""
    said = study.study.newest.file.holds.get(payload.hold)
    if payload.status == "lifted":
        if said is None and payload.hold not in study.holds:
            message = f"there is no hold {payload.hold!r} to lift"
            study.problem("unknown_hold", effective.id, "hold", message)
            return
        if said is not None and effective.entry.role != said.lifted_by:
            message = f"{payload.hold!r} is lifted by {said.lifted_by}, and this is {effective.entry.role}"
            study.problem("hold_lifted_by_other", effective.id, "hold", message)
            return
    interest = said.interest if said is not None else None
    facts = study_facts(study.enrolled, study.serious, study.of_interest, interest)
    stops = tuple(payload.stops)
    study.holds[payload.hold] = HoldState(effective.id, payload.status, stops, effective.at, facts)


RELEASE = Kind(
    name="release",
    ledger="study",
    title="Release",
    ways=("page releases", "command open", "command amend"),
    payload=ReleaseEntered,
    reduce=reduce_release,
    tells=frozenset({"schedule"}),
    releases=True,
)
COMMITMENT = Kind(
    name="commitment",
    ledger="study",
    title="Commitment to the sealed list",
    ways=("command allocation make",),
    payload=Commitment,
    reduce=reduce_commitment,
    tells=frozenset({"schedule"}),
)
LEDGER_OPENED = Kind(
    name="ledger_opened",
    ledger="study",
    title="Ledger opened",
    ways=("record",),
    payload=LedgerOpened,
    reduce=reduce_ledger_opened,
    tells=frozenset({"schedule"}),
    about_record=True,
)
HEADS = Kind(
    name="heads",
    ledger="study",
    title="Heads of all ledgers",
    ways=("record",),
    payload=Heads,
    reduce=reduce_heads,
    tells=frozenset({UNSURE}),  # how many entries each participant has says how much happened to them
    about_record=True,
)
ENROLLED = Kind(
    name="enrolled",
    ledger="study",
    title="Place taken",
    ways=("record",),
    payload=Enrolled,
    reduce=reduce_enrolled,
    tells=frozenset({"schedule"}),
)
SERIOUS_EVENT = Kind(
    name="serious_event",
    ledger="study",
    title="Serious event",
    ways=("record",),
    payload=SeriousEvent,
    reduce=reduce_serious_event,
    tells=frozenset({"adverse_events"}),
)
EVENT_OF_INTEREST = Kind(
    name="event_of_interest",
    ledger="study",
    title="Event of special interest",
    ways=("record",),
    payload=EventOfInterest,
    reduce=reduce_event_of_interest,
    tells=frozenset({"adverse_events"}),
)
HOLD = Kind(
    name="hold",
    ledger="study",
    title="Hold",
    ways=("page holds",),
    payload=HoldChanged,
    reduce=reduce_hold,
    tells=frozenset({"schedule", "adverse_events"}),  # a hold is placed because of events
)
