"""Consent, in scopes, to one release of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from entact.course.kinds.kind import Kind
from entact.course.state.consent import ConsentState

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `consent`: what the participant allows, scope by scope; `version` is the information sheet's."""

    version: str
    scopes: dict[str, bool]


def reduce_consent(course: State, effective: Effective, payload: Consent) -> None:
    """A later consent takes the place of the earlier one and moves the participant to its release."""
    entry = effective.entry
    for scope in payload.scopes:
        if scope not in course.study.newest.file.consent:
            course.found("unknown_scope", entry.id, scope, f"the study has no scope of consent {scope!r}")
    state = ConsentState(entry.id, payload.version, payload.scopes, entry.release, effective.at)
    if course.first_consent is None:
        course.first_consent = state
    course.consent = state
    if state.given:
        course.release_of(entry)  # which notes one that the study does not have
        course.release = course.release_at(effective.at)


CONSENT = Kind(
    name="consent",
    title="Consent",
    payload=Consent,
    reduce=reduce_consent,
    tells=frozenset({"schedule"}),
    nested="scopes",
    needs_consent=False,
    in_encounter=False,
    with_participant=True,
    ended_by=frozenset(),
    activity="consent",
    done=lambda course, encounter: course.consent is not None,
    anchors=True,
)
