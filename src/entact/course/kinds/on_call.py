"""Whom of a site to call when somebody is in danger, at any hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from entact.course.entry.entry import instant
from entact.course.kinds.kind import Kind
from entact.course.state.setting import Duty

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.setting import SiteFolding


class OnCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `on_call` (site): the number at which somebody answers.

    Without a role it is that of the site, at any hour; with one it is a line of the roster: who is on call as
    that role, from `since` until `until` (RFC 3339). A later line of the same role and time takes its place;
    one without a number says that nobody is.
    """

    number: str
    role: str | None = None
    person: str | None = None
    since: str | None = None
    until: str | None = None


def reduce_on_call(site: SiteFolding, effective: Effective, payload: OnCall) -> None:
    """The latest number of the site, or of a role at its time."""
    if payload.role is None:
        site.on_call = payload.number.strip()
        return
    try:
        since, until = instant(payload.since or ""), instant(payload.until or "")
    except ValueError:
        message = "a line of the roster says from when and until when, with an offset"
        site.problem("item", effective.id, "since", message)
        return
    if since >= until:
        site.problem("item", effective.id, "until", "a line of the roster ends after it begins")
        return
    site.roster[payload.role, since, until] = Duty(
        payload.role, payload.person, payload.number.strip(), since, until
    )


ON_CALL = Kind(
    name="on_call",
    ledger="site",
    title="On call",
    ways=("page delegation",),
    payload=OnCall,
    reduce=reduce_on_call,
    tells=frozenset({"schedule"}),
    free=frozenset({"number", "person"}),
)
