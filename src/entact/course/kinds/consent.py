"""Consent, in scopes, to one release of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.kinds.kind import Kind
from entact.course.state.consent import ConsentState, needed_scopes

if TYPE_CHECKING:
    from collections.abc import Collection

    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `consent`: what the participant allows, scope by scope; `version` is the information sheet's.

    Also, where it was signed: `language` of the sheet; `text`, the SHA-256 of the text as it was signed;
    `how` it was, and `signature`, the SHA-256 of what was drawn or of the scan; who informed, and when.
    """

    version: str
    scopes: dict[str, bool]
    language: str | None = None
    text: str | None = None
    how: Literal["drawn", "typed", "paper"] | None = None
    signature: str | None = None
    informed_by: str | None = None
    informed_at: str | None = None


def reduce_consent(course: State, effective: Effective, payload: Consent) -> None:
    """A later consent takes the place of the earlier one and moves the participant to its release."""
    entry = effective.entry
    for scope in payload.scopes:
        if scope not in course.study.newest.file.consent:
            course.found("unknown_scope", entry.id, scope, f"the study has no scope of consent {scope!r}")
    release = course.release_of(entry)  # which notes one that the study does not have
    needed = needed_scopes(release.file.consent)
    before = course.consent.refused if course.consent is not None else {}
    refused = {name: before.get(name, effective.at) for name in needed if payload.scopes.get(name) is False}
    state = ConsentState(
        entry.id, payload.version, payload.scopes, entry.release, effective.at, needed, refused
    )
    _check(course, effective, state, release.file.consent_kept)
    if course.first_consent is None and state.given:
        course.first_consent = state
    course.consent = state
    course.consents.append(state)
    if state.given:
        course.release = course.release_at(effective.at)


def _check(course: State, effective: Effective, state: ConsentState, kept: Collection[str]) -> None:
    """What no consent can be: without a word on what is needed, to parts of what is refused (but those that
    can be kept for themselves), or to what was replaced before it.
    """
    for scope in state.needed:
        if scope not in state.scopes:
            course.found("consent_open", effective.id, scope, f"says nothing of {scope}")
    allowed = [scope for scope, given in state.scopes.items() if given and scope not in kept]
    for scope in state.taking_part:
        if scope in state.refused and allowed:
            message = f"refuses {scope}, and allows {', '.join(sorted(allowed))}"
            course.found("consent_contradicts", effective.id, scope, message)
    versions = [one.version for one in course.consents]
    if state.version in versions and versions[-1] != state.version:
        message = f"is to version {state.version}, which version {versions[-1]} had replaced"
        course.found("consent_superseded", effective.id, "version", message)


def _is_answered(course: State, encounter: str) -> bool:
    """Whether consent was asked at the attempt of a visit: whoever is screened again is asked again."""
    attempt = course.attempt_of(encounter)
    if attempt == 0:
        return bool(course.consents)
    return any(one.since >= course.attempts[attempt].since for one in course.consents)


CONSENT = Kind(
    name="consent",
    title="Consent",
    ways=("page consent",),
    payload=Consent,
    reduce=reduce_consent,
    tells=frozenset({"schedule"}),
    free=frozenset({"version"}),  # as the sheet says it, "CH 3.0": it is compared, and names nobody
    nested="scopes",
    of_page=frozenset({"language", "text", "how", "signature", "informed_by", "informed_at"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=True,
    ended_by=frozenset(),
    activity="consent",
    done=lambda course, encounter: _is_answered(course, encounter),
    anchors=True,
)
