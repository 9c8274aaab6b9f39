"""Devices that send readings by themselves: registered for a site, known by a token, and what they send.

A token is shown once, to the person who registers the device; the record keeps its digest. What a known
device sends about a session that is under way is a fact, with the device's own time and its measured offset.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import msgspec
from django.db import transaction
from django.utils.translation import gettext

from entact import store
from entact.conduct.access.trail import note_refused
from entact.conduct.delegation import SITE, enter_at_site, hold_site, state_of
from entact.conduct.error import ConductError
from entact.conduct.permissions import OWNER
from entact.conduct.reader import begin_to_write, environment_of_database, present, reader_as
from entact.conduct.record.door import Author, turn_of, written_under
from entact.course import Course, Entry, uuid7
from entact.course.entry import Authenticated, instant
from entact.course.fold import Broken
from entact.course.kinds.form import DEVICE
from entact.course.kinds.measuring import MeasuringDeviceSaid
from entact.course.state.form import VITALS
from entact.course.state.setting import MeasuringDevice
from entact.protocol.quantity import parse_quantity
from entact.store import lists, models

_LONGEST = 40
_AHEAD: Final = timedelta(minutes=1)  # by which what is sent may be later than the device's own now


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reading: of whom, when by the device's clock, what that clock says now, each sign with its unit."""

    participant: str
    at: str
    now: str
    signs: dict[str, str]


class NotTaken(ValueError):
    """Something that a device sent and that is not kept: why, and the status of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def registered(site: str) -> list[MeasuringDevice]:
    """Every device that was ever registered at a site, the newest first."""
    return sorted(state_of(site).measuring, key=lambda one: one.since, reverse=True)


def register(site: str, device: str, *, by: Author) -> str:
    """Registers a device at a site; its token, which is shown this once.

    Raises:
        ConductError: when the name is none, or another device has it.
    """
    name = " ".join(device.split())
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise ConductError(
            gettext("write what the device is called, in at most {count} characters").format(count=_LONGEST)
        )
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        hold_site(site)
        if any(one.device == name and one.until is None for one in registered(site)):
            raise ConductError(
                gettext("a device called {name} is registered: revoke it, or write another name").format(
                    name=name
                )
            )
        enter_at_site(site, "measuring_device", MeasuringDeviceSaid(name, _digest(token)), by=by)
    return token


def revoke(site: str, token: str, *, by: Author) -> None:
    """Ends what a device may send, at once.

    Args:
        token: its digest, as the record has it.
    Raises:
        ConductError: when no device of the site has it.
    """
    with transaction.atomic():
        hold_site(site)
        found = next((one for one in registered(site) if one.token == token), None)
        if found is None:
            raise ConductError(gettext("no device of site {site} has this token").format(site=site))
        if found.until is None:
            enter_at_site(
                site, "measuring_device", MeasuringDeviceSaid(found.device, token, "revoked"), by=by
            )


def receive_reading(site: str, device: MeasuringDevice, sent: Sent) -> str:
    """Keeps what a device of a site sent; `kept`, or `again` where it was kept before.

    Raises:
        NotTaken: when it is of no running session of the site, or no sign of the study.
    """
    now = present(environment_of_database())
    at, lead = _times(sent, now)
    row = lists.participant(sent.participant, sites=[site])
    if row is None:
        note_refused(site, device.device, "participant")
        raise NotTaken(404, f"site {site} has no participant {sent.participant}")
    with turn_of(row.ledger):
        folded = reader_as(OWNER).folded([row.ledger])[row.ledger]
        if isinstance(folded, Broken):
            raise NotTaken(503, f"the record of {sent.participant} cannot be read now: send it again later")
        course = folded.course
        encounter = _session_at(course, at)
        if encounter is None:
            note_refused(site, device.device, "session")
            raise NotTaken(409, f"no dosing session of {sent.participant} was under way at {at.isoformat()}")
        _checked(course, sent.signs)
        entry = Entry(
            id=_id_of(device, sent),
            ledger=row.ledger,
            kind="vital_signs",
            release=written_under(course, now),
            environment=environment_of_database(),  # type: ignore[arg-type]  # as the installation says it
            encounter=encounter,
            occurred_at=at.isoformat(timespec="milliseconds"),
            recorded_at=instant(sent.at).isoformat(timespec="milliseconds"),
            clock_offset_ms=round(lead.total_seconds() * 1000),
            by=device.device,
            role=DEVICE,
            device=device.device,
            source="device",
            data=dict(sent.signs),
        )
        if any(one.id == entry.id for one in course.entries):
            return "again"  # the offset measured the second time is another, and the reading is the same
        known = Authenticated(how="token", who=device.device)
        begin_to_write(row.ledger)
        return store.fact(entry, received_at=max(now, at).isoformat(), authenticated=known).outcome


def _id_of(device: MeasuringDevice, sent: Sent) -> str:
    """The same whenever the same reading is sent, whatever the clock says then."""
    said = [device.token, sent.participant, sent.at, sorted(sent.signs.items())]
    same = sha256(msgspec.json.encode(said)).digest()
    return str(uuid7(instant(sent.at), int.from_bytes(same[:10], "big")))


def device_of(token: str) -> tuple[str, MeasuringDevice]:
    """The device that shows a token, and its site.

    Raises:
        NotTaken: when it is nobody's, or was revoked; that is kept.
    """
    digest = _digest(token)
    lines = models.Line.objects.filter(kind="measuring_device", text__contains=digest)
    sites = sorted({name.removeprefix(SITE) for name in lines.values_list("ledger__name", flat=True)})
    for site in sites:
        found = next((one for one in state_of(site).measuring if one.token == digest), None)
        if found is not None and found.until is None:
            return site, found
        if found is not None:
            note_refused(site, found.device, "revoked")
            raise NotTaken(401, "this device was revoked: somebody of the site registers it anew")
    note_refused("", "", "unknown")
    raise NotTaken(401, "this device is not registered: somebody of the site does that, and gives it a token")


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _times(sent: Sent, now: datetime) -> tuple[datetime, timedelta]:
    """When it was measured, on the study's clock, and by how much the device's is ahead of that."""
    moments: dict[str, datetime] = {}
    for name, text in (("at", sent.at), ("now", sent.now)):
        try:
            moments[name] = instant(text)
        except ValueError:
            raise NotTaken(
                400, f"{name}: {text!r} is no time; write it with its offset, as 2026-03-16T10:05:00-06:00"
            ) from None
    if moments["at"] > moments["now"] + _AHEAD:
        raise NotTaken(400, "at: it would have been measured after now, as the device's own clock says it")
    lead = moments["now"] - now
    return (moments["at"] - lead).astimezone(moments["at"].tzinfo or UTC), lead


def _session_at(course: Course, at: datetime) -> str | None:
    """The dosing session that was under way at a time."""
    for encounter, held in course.encounters.items():
        visit = course.release.visits.get(encounter.partition("#")[0])
        if visit is None or visit.kind != "dosing" or held.started is None or at < held.started:
            continue
        if held.ended is None or at <= held.ended:
            return encounter
    return None


def _checked(course: Course, signs: Mapping[str, str]) -> None:
    """Each sign is an item of the study's form, and has its unit.

    Raises:
        NotTaken: at the first that is not, with what would be right.
    """
    form = course.release.forms.get(VITALS)
    known = {} if form is None else form.items
    items: Mapping[str, Any] = {name: item for name, item in known.items() if item.is_entered}
    if not signs:
        raise NotTaken(400, "signs: nothing was measured")
    for name, text in signs.items():
        item = items.get(name)
        if item is None:
            raise NotTaken(400, f"signs.{name}: the study has no such sign; it has {', '.join(items)}")
        unit = text.partition(" ")[2]
        try:
            parse_quantity(text)
        except ValueError:
            raise NotTaken(
                400, f"signs.{name}: {text!r} is no quantity; write it as '120 {item.unit}'"
            ) from None
        if unit != item.unit:
            raise NotTaken(400, f"signs.{name}: {text!r} is not in {item.unit}; nothing is converted")
