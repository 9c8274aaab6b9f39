"""The study's and a site's own ledgers: releases, commitment, birth of ledgers, staff, certificates, kits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from entact.course.entry import Entry, Head, Kept, as_sent, canonical, digest
from entact.course.entry.effective import Effective, Held, Problem, as_they_stand, hold
from entact.course.kinds.site import Activation, Kit, Staff
from entact.course.kinds.study import Heads, HoldChanged, LedgerOpened, ReleaseEntered
from entact.course.kinds.wording import WordingEntered, wording_problem, wording_state
from entact.course.signed.cut import Manifest, UnlockConfirmed
from entact.course.signed.erasure import ErasureConfirmed, ErasureRequested
from entact.course.signed.signature import SigningKey
from entact.course.state.oversight import study_facts
from entact.course.state.setting import (
    Commitment,
    Enrolled,
    HoldState,
    KitStock,
    SeriousEvent,
    Setting,
    SiteState,
    StaffState,
    StudyState,
    WordingState,
)

if TYPE_CHECKING:
    from entact.protocol.release import Study


def fold_setting(study: Study, study_entries: Iterable[Entry], site_entries: Iterable[Entry]) -> Setting:
    """What the study's and one site's ledgers say, as a function of the sets of their entries.

    Args:
        study: to know its releases. study_entries, site_entries: of one ledger each, in any order.
    Raises:
        ValueError: when the entries are of more than one site.
    """
    problems: list[Problem] = []
    study_list, site_list = list(study_entries), list(site_entries)
    sites = {entry.ledger for entry in site_list}
    if len(sites) > 1:
        raise ValueError(f"a setting has one site; these entries are of {', '.join(sorted(sites))}")
    name = sites.pop().removeprefix("site:") if sites else ""
    return Setting(
        _study(study, study_list, problems), _site(name, study, site_list, problems), tuple(problems)
    )


def with_approvals(study: Study, site_entries: Iterable[Entry]) -> Study:
    """The study with what sites have approved of it, from the entries of one site or of several."""
    if len(study.releases) == 1:
        return study  # nothing to choose between
    by_site: dict[str, list[Entry]] = {}
    for entry in site_entries:
        if entry.ledger.startswith("site:"):
            by_site.setdefault(entry.ledger, []).append(entry)
    for entries in by_site.values():
        site = fold_setting(study, (), entries).site
        study = study.approved(site.id, site.approved)
    return study


def _study(study: Study, entries: list[Entry], problems: list[Problem]) -> StudyState:
    releases: list[str] = []
    commitment: Commitment | None = None
    ledgers: set[str] = set()
    heads: dict[str, Head] = {}
    enrolled: dict[str, Enrolled] = {}
    serious: dict[tuple[str, str], SeriousEvent] = {}
    holds: dict[str, HoldState] = {}
    held = _held(entries)
    for effective, payload in _payloads(held, STUDY_KINDS, problems):
        if isinstance(payload, ReleaseEntered):
            if payload.id not in releases:
                releases.append(payload.id)
        elif isinstance(payload, Commitment):
            if commitment is None:  # what is sealed is sealed: a second commitment is not followed
                commitment = payload
            else:
                problems.append(Problem("committed_twice", effective.id, "", "the list was sealed before"))
        elif isinstance(payload, LedgerOpened):
            ledgers.add(payload.ledger)
        elif isinstance(payload, Heads):
            heads.update(payload.heads)
        elif isinstance(payload, Enrolled):
            if payload.ledger in enrolled:
                message = f"{payload.ledger} has a place already"
                problems.append(Problem("enrolled_twice", effective.id, "ledger", message))
            else:
                enrolled[payload.ledger] = payload
        elif isinstance(payload, SeriousEvent):
            serious[payload.ledger, payload.event] = payload
        elif isinstance(payload, HoldChanged):
            problem = _hold_problem(study, effective, payload, holds)
            if problem is not None:
                problems.append(problem)
                continue
            facts = study_facts(enrolled, serious)
            stops = tuple(payload.stops)
            holds[payload.hold] = HoldState(effective.id, payload.status, stops, effective.at, facts)
    return StudyState(
        tuple(releases), commitment, frozenset(ledgers), heads, _size(held), enrolled, serious, holds
    )


def _hold_problem(
    study: Study, effective: Effective, payload: HoldChanged, holds: dict[str, HoldState]
) -> Problem | None:
    """Why a word on a hold is not followed: of whom only one role lifts it, and what was never placed."""
    said = study.newest.file.holds.get(payload.hold)
    if payload.status == "placed":
        return None
    if said is None:
        if payload.hold in holds:
            return None
        message = f"there is no hold {payload.hold!r} to lift"
        return Problem("unknown_hold", effective.id, "hold", message)
    if effective.entry.role != said.lifted_by:
        message = f"{payload.hold!r} is lifted by {said.lifted_by}, and this is {effective.entry.role}"
        return Problem("hold_lifted_by_other", effective.id, "hold", message)
    return None


def _site(name: str, study: Study, entries: list[Entry], problems: list[Problem]) -> SiteState:
    release = status = timezone = activation = None
    approved: list[tuple[datetime, str]] = []
    staff: dict[str, StaffState] = {}
    kits: dict[str, KitStock] = {}
    wordings: dict[tuple[str, str], WordingState] = {}
    held = _held(entries)
    for effective, payload in _payloads(held, SITE_KINDS, problems):
        if isinstance(payload, Activation):
            problem = _activation_problem(study, payload)
            if problem is not None:
                problems.append(Problem("activation", effective.id, *problem))
                continue
            release, status, timezone = payload.release, payload.status, payload.timezone
            activation = effective.id
            if payload.status == "active" and (not approved or approved[-1][1] != payload.release):
                approved.append((effective.at, payload.release))
        elif isinstance(payload, Staff):
            expiry: dict[str, str] = {}
            for certificate in payload.certificates:
                expiry[certificate.name] = max(certificate.expires, expiry.get(certificate.name, ""))
            staff[payload.person] = StaffState(
                payload.person, tuple(payload.roles), expiry, payload.until, effective.id
            )
        elif isinstance(payload, Kit):
            before = kits.get(payload.number)
            if before is not None and before.status == "destroyed" and payload.status != "destroyed":
                message = (
                    f"kit {payload.number} was destroyed; an entry made in error is withdrawn, not outdone"
                )
                problems.append(Problem("kit_destroyed", effective.id, "status", message))
                continue
            kits[payload.number] = KitStock(
                payload.number, payload.status, payload.expires, payload.lot, effective.id
            )
        elif isinstance(payload, WordingEntered):
            problem = wording_problem(payload)
            if problem is not None:
                problems.append(Problem("wording", effective.id, *problem))
                continue
            wordings[payload.instrument, payload.language] = wording_state(effective, payload)
    size = _size(held)
    return SiteState(
        name, release, status, timezone, activation, staff, kits, size, tuple(approved), wordings
    )


def _activation_problem(study: Study, payload: Activation) -> tuple[str, str] | None:
    if all(release.id != payload.release for release in study.releases):
        return "release", f"the study has no release {payload.release!r}"
    try:
        ZoneInfo(payload.timezone)
    except (KeyError, ValueError, OSError):  # an unknown name, a path, a folder
        return "timezone", f"{payload.timezone!r} is no IANA zone; write one such as America/Denver"
    return None


def _payloads(
    held: list[Held], kinds: dict[str, Any], problems: list[Problem]
) -> Iterator[tuple[Effective, Any]]:
    """The entries as they stand, in order of time, with typed payloads; what cannot be read is a problem."""
    standing, found, _ = as_they_stand(held, {})
    problems.extend(found)
    for effective in standing:
        kind = kinds.get(effective.entry.kind)
        if kind is None:
            message = f"an entry of kind {effective.entry.kind!r} does not belong in this ledger"
            problems.append(Problem("unknown_kind", effective.id, "", message))
            continue
        try:
            payload = msgspec.convert(effective.data, kind)
        except msgspec.ValidationError as error:
            problems.append(Problem("unreadable", effective.id, "data", str(error)))
            continue
        yield effective, payload


def _held(entries: list[Entry]) -> list[Held]:
    """One of every id; where versions differ, the one with the least digest is followed, as in a course."""
    versions: dict[str, dict[str, Entry]] = {}
    for entry in entries:
        sent = as_sent(entry) if isinstance(entry, Kept) else entry
        versions.setdefault(entry.id, {})[digest(canonical(msgspec.structs.asdict(sent)))] = sent
    ordered = ([found[one] for one in sorted(found)] for found in versions.values())
    return [hold(first, tuple(others)) for first, *others in ordered]


def _size(held: list[Held]) -> int:
    """How many entries there are, every version of an id counted."""
    return sum(1 + len(one.rivals) for one in held)


STUDY_KINDS: dict[str, Any] = {
    "release": ReleaseEntered,
    "commitment": Commitment,
    "ledger_opened": LedgerOpened,
    "heads": Heads,
    "enrolled": Enrolled,
    "serious_event": SeriousEvent,
    "hold": HoldChanged,
    "signing_key": SigningKey,
    "erasure_requested": ErasureRequested,
    "erasure": ErasureConfirmed,
    "cut": Manifest,
    "unlock_requested": Manifest,
    "unlock": UnlockConfirmed,
}
SITE_KINDS: dict[str, Any] = {
    "activation": Activation,
    "staff": Staff,
    "kit": Kit,
    "wording": WordingEntered,
}
