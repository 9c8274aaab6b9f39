"""Delegation at a site, in the ledger that gates read: given, ended, certified, and the log of it signed.

Each is one entry under the site's own time. Who calls it holds the transaction where it is part of more.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext

from entact.conduct.error import ConductError
from entact.conduct.reader import environment_of_database, present
from entact.conduct.record.door import Author
from entact.course import Entry, fold_setting, read, uuid7
from entact.course.entry import digest
from entact.course.entry.dates import in_date, read_date
from entact.course.entry.effective import VOID
from entact.course.entry.entry import SecondProof, instant
from entact.course.kinds.on_call import OnCall
from entact.course.kinds.site import Certificate, DelegationSigned, Staff
from entact.course.state.monitoring import MonitoringVisit
from entact.course.state.setting import SiteState
from entact.protocol import Study
from entact.protocol.core_alerts import CORE_ALERTS
from entact.store import door
from entact.store.studies import study_of_record
from entact.store.versions import with_versions

SITE = "site:"
_MONITORED = ("monitoring_report", "monitoring_action", "void")
_KINDS = ("activation", "staff", "delegation_signed", "on_call", "measuring_device", *_MONITORED)
_NEXT = timedelta(milliseconds=1)
_LONGEST_DUTY = timedelta(weeks=5)


def state_of(site: str) -> SiteState:
    """What a site's ledger says of the people there; of one that has no ledger, nothing."""
    found = with_versions([f"{SITE}{site}"], _KINDS)
    entries = [read(one.text) for one in found]
    state = fold_setting(_study(), (), entries).site
    return msgspec.structs.replace(state, id=site)


def monitored_at(sites: Sequence[str]) -> dict[str, tuple[MonitoringVisit, ...]]:
    """The monitoring visits to some sites that have had any."""
    found = with_versions([f"{SITE}{site}" for site in sites], _MONITORED)
    entries: dict[str, list[Entry]] = {}
    for one in found:
        entries.setdefault(one.ledger.removeprefix(SITE), []).append(read(one.text))
    return {site: fold_setting(_study(), (), known).site.monitored for site, known in entries.items()}


def lines_of(site: str) -> dict[str, str]:
    """Of each entry about the people of a site the hash of its line; of one id the first to arrive."""
    found = with_versions([f"{SITE}{site}"], ("staff",))
    hashes: dict[str, str] = {}
    for one in found:
        hashes.setdefault(one.entry, one.hash)
    return hashes


def delegate(person: str, role: str, site: str, *, by: Author, until: str | None = None) -> str | None:
    """Gives somebody a role at a site, with the certificates that are on file there already.

    Args:
        until: the last day that is planned, of who has no other role there; else that of their roles counts.
    Returns:
        The last day that is planned now.
    """
    with transaction.atomic():
        hold_site(site)
        before = state_of(site).staff.get(person)
        roles = list(before.roles) if before is not None else []
        if before is not None and roles and has_ended(before.until, site):
            _enter(site, "staff", _staff(site, person, [], until=before.until), by)  # it was held until then
            roles = []
        planned = before.until if before is not None and roles else until
        if role not in roles:
            _enter(site, "staff", _staff(site, person, [*roles, role], until=planned), by)
        return planned


def has_ended(until: str | None, site: str) -> bool:
    """Whether the last day that was planned for somebody at a site is over there."""
    return until is not None and not in_date(until, today_at(site))


def plan_end(person: str, site: str, until: str, *, by: Author) -> str | None:
    """Plans the last day of somebody at a site, for all their roles there; empty: none is planned.

    Returns:
        The day as it is entered.
    Raises:
        ConductError: when they have no role there, or it is no day from today on.
    """
    day = read_date(until) if len(until) == len("2026-04-30") else None
    if until and day is None:
        raise ConductError(gettext("write the last day as 2026-04-30"))
    if day is not None and day.latest < today_at(site):
        raise ConductError(gettext("the last day is today or later: who has left has their roles ended"))
    with transaction.atomic():
        hold_site(site)
        before = state_of(site).staff.get(person)
        if before is None or not before.roles or has_ended(before.until, site):
            raise ConductError(
                gettext("{person} has no role at site {site}: give one first").format(
                    person=person, site=site
                )
            )
        if before.until != (until or None):
            _enter(site, "staff", _staff(site, person, list(before.roles), until=until or None), by)
        return until or None


def end(person: str, roles: Sequence[str], site: str, *, by: Author) -> None:
    """Ends roles of somebody at a site, at once; with the last one they work there no more."""
    with transaction.atomic():
        hold_site(site)
        before = state_of(site).staff.get(person)
        if before is None or not set(before.roles) & set(roles):
            return
        left = [one for one in before.roles if one not in roles]
        until = before.until if left else today_at(site).isoformat()
        _enter(site, "staff", _staff(site, person, left, until=until), by)


def certify(person: str, site: str, certificate: Certificate, *, by: Author) -> None:
    """Enters a certificate of somebody who works at a site; a newer one of the name takes its place.

    Raises:
        ConductError: when they have no role there, or a date cannot be one.
    """
    if not certificate.name.strip() or len(certificate.name) > 200:
        raise ConductError(gettext("say what the certificate is about, in at most 200 characters"))
    expires, issued = read_date(certificate.expires), read_date(certificate.issued or certificate.expires)
    if expires is None or issued is None or len(certificate.expires) < len("2026-04"):
        raise ConductError(
            gettext("write dates as 2026-04-30; a certificate that ends in a month as 2026-04")
        )
    if issued.earliest > expires.latest:
        raise ConductError(gettext("the certificate would end before it was issued"))
    if issued.earliest > today_at(site) and certificate.issued:
        raise ConductError(gettext("the training is of a day to come: enter it once it has taken place"))
    with transaction.atomic():
        hold_site(site)
        before = state_of(site).staff.get(person)
        if before is None or not before.roles:
            raise ConductError(
                gettext("{person} has no role at site {site}: give one first").format(
                    person=person, site=site
                )
            )
        _enter(site, "staff", _staff(site, person, list(before.roles), certificate, before.until), by)


def set_on_call(site: str, number: str, *, by: Author) -> None:
    """Enters the number at which somebody of a site answers at any hour.

    Raises:
        ConductError: when it can be no telephone number.
    """
    if re.fullmatch(r"\+?[0-9][0-9 ()/.-]{4,30}", number.strip()) is None:
        raise ConductError(gettext("write the number as one dials it from anywhere, such as +1 303 555 0100"))
    with transaction.atomic():
        hold_site(site)
        if state_of(site).on_call != number.strip():
            _enter(site, "on_call", OnCall(number.strip()), by)


def set_duty(site: str, duty: OnCall, *, by: Author) -> None:
    """Enters a line of the roster: who is on call as a role, from when until when.

    Raises:
        ConductError: when no alert calls the role, a time is none, or the number can be dialled by nobody.
    """
    if duty.role not in roles_called():
        raise ConductError(
            gettext("no alert of the study calls {role}").format(role=duty.role or gettext("nobody"))
        )
    if duty.number and re.fullmatch(r"\+?[0-9][0-9 ()/.-]{4,30}", duty.number) is None:
        raise ConductError(gettext("write the number as one dials it from anywhere, such as +1 303 555 0100"))
    try:
        since, until = instant(duty.since or ""), instant(duty.until or "")
    except ValueError:
        raise ConductError(gettext("say from when and until when")) from None
    if not timedelta(0) < until - since <= _LONGEST_DUTY:
        raise ConductError(gettext("a line of the roster ends after it begins, and within five weeks"))
    with transaction.atomic():
        hold_site(site)
        _enter(site, "on_call", duty, by)


def roles_called() -> list[str]:
    """The roles that some alert of the newest release calls, in the order of the file."""
    release = _study().newest
    said = [alert for name in (*CORE_ALERTS, *release.alerts) if (alert := release.alert_named(name))]
    told = {
        role for alert in said for role in (*alert.tell, *(one for s in alert.escalate for one in s.tell))
    }
    return [role for role in release.file.roles if role in told]


def digest_of(lines: Mapping[str, str]) -> str:
    """What tells whether a log is the one that somebody was shown."""
    return digest("\n".join(f"{entry} {hashed}" for entry, hashed in lines.items()).encode())


def sign_log(site: str, expected: str, *, by: Author) -> None:
    """Signs the log as it stands now: each entry about the people of the site, by the hash of its line.

    Args:
        expected: digest of what was shown to who signs.
    Raises:
        ConductError: when nothing is there to sign, or it is another than what was shown.
    """
    with transaction.atomic():
        hold_site(site)
        hashes = lines_of(site)
        if not hashes:
            raise ConductError(
                gettext("nobody has a role at site {site} yet: there is nothing to sign").format(site=site)
            )
        if digest_of(hashes) != expected:
            raise ConductError(gettext("the log has changed while you read it: read it again"))
        _enter(site, "delegation_signed", DelegationSigned(list(hashes), list(hashes.values())), by)


def today_at(site: str) -> date:
    """The civil date at a site; in a rehearsal that of its people."""
    return present(environment_of_database()).astimezone(zone_of(site)).date()


def zone_of(site: str) -> tzinfo:
    """The zone of a site as the newest release plans it."""
    planned = _study().newest.file.sites.get(site)
    return ZoneInfo(planned.timezone if planned is not None else "UTC")


def _staff(
    site: str,
    person: str,
    roles: list[str],
    certificate: Certificate | None = None,
    until: str | None = None,
) -> Staff:
    before = state_of(site).staff.get(person)
    held = {} if before is None else dict(before.certificates)
    issued = {} if before is None else dict(before.issued)
    if certificate is not None:
        held[certificate.name] = certificate.expires
        issued.pop(certificate.name, None)
        if certificate.issued:
            issued[certificate.name] = certificate.issued
    certificates = [Certificate(name, expires, issued.get(name)) for name, expires in held.items()]
    return Staff(person, roles, certificates, until)


def enter_at_site(
    site: str,
    kind: str,
    payload: msgspec.Struct,
    *,
    by: Author,
    about: str | None = None,
    reason: str | None = None,
    second: SecondProof | None = None,
) -> str:
    """Enters something in a site's ledger, and says its id; whoever calls holds what it rests on.

    Args:
        reason: why, in clear; it is about nobody. second: what whoever signs it showed once more.
    """
    data: dict[str, Any] = msgspec.to_builtins(payload)
    return _enter_at_site(site, kind, data, by, about=about, reason=reason, second=second)


def withdraw_at_site(site: str, entry: str, reason: str, *, by: Author) -> str:
    """Withdraws what was entered in a site's ledger in error, and says why; it stays in the ledger."""
    return _enter_at_site(site, VOID, {}, by, replaces=entry, reason=reason)


def _enter_at_site(
    site: str,
    kind: str,
    data: dict[str, Any],
    by: Author,
    *,
    about: str | None = None,
    replaces: str | None = None,
    reason: str | None = None,
    second: SecondProof | None = None,
) -> str:
    at = _now(site)
    entry = Entry(
        id=uuid7(at, secrets.randbits(80)),
        ledger=f"{SITE}{site}",
        kind=kind,
        release=_study().newest.id,
        environment=environment_of_database(),  # type: ignore[arg-type]  # as the installation says it
        occurred_at=at.isoformat(timespec="milliseconds"),
        recorded_at=at.isoformat(timespec="milliseconds"),
        by=by.identity,
        role=by.role,
        data=data,
        about=about,
        replaces=replaces,
        reason=reason,
    )
    authenticated = by.authenticated
    if second is not None:
        authenticated = msgspec.structs.replace(authenticated, second=second)
    door.note(entry, received_at=entry.recorded_at, authenticated=authenticated)
    return entry.id


def _enter(site: str, kind: str, payload: msgspec.Struct, by: Author) -> None:
    enter_at_site(site, kind, payload, by=by)


def _now(site: str) -> datetime:
    """When it happens: a rehearsal lives in study time, which goes on with each entry."""
    environment = environment_of_database()
    at = present(environment).astimezone(zone_of(site))
    return at + (_NEXT if environment == "rehearsal" else timedelta(0))


def hold_site(site: str) -> None:
    """Lets one change of a site's people or reports be made at a time, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"entact staff {site}"])


def _study() -> Study:
    _, study = study_of_record()
    if study is None:
        raise ConductError(gettext("this record holds no release of its study that can be read"))
    return study
