"""Setting a requirement of a gate aside: a decision of each person by an entry of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from entact.course.entry.entry import proved_by_person
from entact.course.kinds.checks import requirement_of
from entact.course.kinds.kind import BY_GATE, Kind
from entact.course.state.override import OverrideState

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `override`: the author sets a requirement of a gate aside, for these versions of what was entered.

    With `ordered_by` it is a verbal order, written down by somebody else; the person confirms it by an entry
    of the same kind that is `about` it. The envelope's reason says why.
    """

    requirement: str
    entries: list[str]
    versions: list[str]
    ordered_by: str | None = None


def reduce_override(course: State, effective: Effective, payload: Override) -> None:
    """Keeps what was decided; whether it counts, the gate says."""
    entry = effective.entry
    required = requirement_of(course.site_release(effective.at), payload.requirement)
    if required is None:
        message = f"no gate has the requirement {payload.requirement!r}"
        course.found("unknown_requirement", entry.id, "requirement", message)
    elif required.override is None:
        message = f"the study lets nobody set {payload.requirement} aside: {required.otherwise}"
        course.found("override_not_allowed", entry.id, "requirement", message)
    if not (entry.reason or "").strip():
        course.found("reason_missing", entry.id, "", "whoever sets a requirement aside says why")
    if payload.ordered_by == entry.by:
        course.found("item", entry.id, "ordered_by", f"{entry.by} cannot give an order to themselves")
    if len(payload.entries) != len(payload.versions):
        course.found("signs_nothing", entry.id, "entries", "one version for each entry that was looked at")
        return
    course.overrides.append(
        OverrideState(
            entry.id,
            effective.at,
            entry.encounter,
            entry.by,
            payload.requirement,
            dict(zip(payload.entries, payload.versions, strict=True)),
            payload.ordered_by,
            entry.about,
            bool((entry.reason or "").strip()),
            proved_by_person(entry),
        )
    )


OVERRIDE = Kind(
    name="override",
    title="Requirement set aside",
    ways=("console",),
    payload=Override,
    reduce=reduce_override,
    tells=frozenset({"dosing", BY_GATE}),
    needs_consent=True,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    writes=frozenset({"overrides"}),
)
