"""Devices of a site that send readings by themselves: registered by a person, and revoked by one."""

from __future__ import annotations

from typing import Literal

import msgspec

from entact.course.entry.effective import Effective
from entact.course.kinds.kind import Kind
from entact.course.state.setting import MeasuringDevice, SiteFolding


class MeasuringDeviceSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `measuring_device` (site): a device may send readings of this site, or no more.

    `token` is the SHA-256 of what it shows with each sending, in hexadecimal: what opens is kept nowhere.

    Source: 21 CFR 11.10(h).
    """

    device: str
    token: str
    status: Literal["active", "revoked"] = "active"


def reduce_measuring_device(site: SiteFolding, effective: Effective, payload: MeasuringDeviceSaid) -> None:
    """The latest word on each device; one that was revoked is never active again: it is registered anew."""
    before = site.measuring.get(payload.token)
    if payload.status == "active":
        if before is not None:
            site.problem("item", effective.id, "token", "a device has this token, or had it, already")
            return
        site.measuring[payload.token] = MeasuringDevice(
            payload.device, payload.token, effective.at, None, effective.entry.by
        )
    elif before is None or before.device != payload.device:
        site.problem("item", effective.id, "token", f"{payload.device!r} was never registered with it")
    elif before.until is None:
        site.measuring[payload.token] = msgspec.structs.replace(before, until=effective.at)


MEASURING_DEVICE = Kind(
    name="measuring_device",
    ledger="site",
    title="Measuring device",
    ways=("page measuring",),
    payload=MeasuringDeviceSaid,
    reduce=reduce_measuring_device,
    tells=frozenset({"schedule"}),
)
