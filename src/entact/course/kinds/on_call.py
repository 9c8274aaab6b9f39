"""Whom of a site to call when somebody is in danger, at any hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from entact.course.kinds.kind import Kind

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.setting import SiteFolding


class OnCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `on_call` (site): the number at which somebody of the site answers at any hour."""

    number: str


def reduce_on_call(site: SiteFolding, effective: Effective, payload: OnCall) -> None:
    """The latest number."""
    site.on_call = payload.number.strip()


ON_CALL = Kind(
    name="on_call",
    ledger="site",
    title="On call",
    payload=OnCall,
    reduce=reduce_on_call,
    tells=frozenset({"schedule"}),
    free=frozenset({"number"}),
)
