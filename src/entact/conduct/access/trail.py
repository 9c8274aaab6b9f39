"""What people do with the system itself, as entries of the system's ledger (R07)."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

import msgspec
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from entact.conduct.access.models import Account, FailedSignIns
from entact.conduct.error import ConductError
from entact.course.entry import SYSTEM, Authenticated, Entry, uuid7
from entact.course.kinds import access as kinds
from entact.store import door, models
from entact.store.studies import study_of_record

WINDOW = timedelta(minutes=15)  # in which failures of one account are counted together
ALLOWED = 5  # failures of one account in a window; then it is locked until the window is over
NOBODY = ""  # in the place of a name that no account has: what was typed may be a password

NAMES = {
    kinds.AccountChanged: "account",
    kinds.Permission: "permission",
    kinds.SignedIn: "signed_in",
    kinds.SignedOut: "signed_out",
    kinds.SignInFailed: "sign_in_failed",
    kinds.LockOutEnded: "lock_out_ended",
    kinds.DeviceRefused: "device_refused",
    kinds.CredentialChanged: "credential",
    kinds.Looked: "looked",
    kinds.Acknowledged: "acknowledged",
    kinds.Exported: "exported",
    kinds.TakenIn: "taken_in",
    kinds.Validated: "validated",
    kinds.Told: "told",
}


def enter(payload: msgspec.Struct, *, by: str, role: str = "", authenticated: Authenticated = SYSTEM) -> None:
    """Keeps one thing that somebody did; returns when it is on the disk.

    Args:
        by: the person, or `entact`. role: as what; `system` where that is nobody's.
        authenticated: how it is known who that was.
    Raises:
        ConductError: when this record holds no release yet.
    """
    installation = models.Installation.objects.first()
    _, study = study_of_record()
    if installation is None or study is None:
        raise ConductError(gettext("this record holds no release of its study yet, so nobody can sign in"))
    now = timezone.now()
    at = now.isoformat(timespec="milliseconds")
    entry = Entry(
        id=uuid7(now, secrets.randbits(80)),
        ledger=door.SYSTEM_LEDGER,
        kind=NAMES[type(payload)],
        release=study.newest.id,
        environment=installation.environment,
        occurred_at=at,
        recorded_at=at,
        by=by,
        role=role or "system",
        data=msgspec.to_builtins(payload),
    )
    door.note(entry, received_at=at, authenticated=authenticated)


def by_session(request: HttpRequest, person: str) -> Authenticated:
    """That a person was signed in: the session under a name that does not open it."""
    key = request.session.session_key or ""
    return Authenticated(how="session", who=person, session=sha256(key.encode()).hexdigest()[:16])


def roles_in_words(account: Account) -> str:
    """As what a person signs in: every role, for the entry."""
    return ", ".join(sorted({held.role for held in account.roles.all()}))


def failed(name: str) -> bool:
    """Counts one failure to sign in as somebody; whether the account is locked now.

    However many there are, a window makes three entries at most: the first failure, the lock, and the count
    when the next window of the account begins or it is signed in to.
    """
    known = Account.objects.filter(name=name).values_list("name", flat=True).first()
    person, now = known or NOBODY, timezone.now()
    with transaction.atomic():
        FailedSignIns.objects.get_or_create(person=person, defaults={"since": now, "count": 0})
        row = FailedSignIns.objects.select_for_update().get(person=person)
        if row.count and row.since + WINDOW <= now:
            _close(row)
            row.since, row.count, row.locked = now, 0, False
        row.count += 1
        locks = not row.locked and person != NOBODY and row.count >= ALLOWED
        row.locked = row.locked or locks
        row.save()
        if row.count == 1 or locks:
            _tell(row)
    return row.locked


def note_refused(
    site: str, device: str, why: Literal["unknown", "revoked", "participant", "session"]
) -> None:
    """Counts one sending of a measuring device that was refused; so many entries a window as `failed` makes.

    Args:
        site, device: empty where nobody registered it.
    """
    now = timezone.now()
    with transaction.atomic():
        name = f"device {why} {site} {device}"  # no account is called so
        FailedSignIns.objects.get_or_create(person=name, defaults={"since": now, "count": 0})
        row = FailedSignIns.objects.select_for_update().get(person=name)
        is_over = row.since + WINDOW <= now
        told = [row.count] if is_over and row.count > 1 else []
        if is_over:
            row.since, row.count = now, 0
        row.count += 1
        row.save()
        for count in (*told, *([1] if row.count == 1 else [])):
            since = row.since.astimezone(UTC).isoformat(timespec="seconds")
            enter(kinds.DeviceRefused(why, since, count, site, device), by="entact")


def is_locked(name: str) -> bool:
    """Whether an account is locked for the rest of its window."""
    since = timezone.now() - WINDOW
    return FailedSignIns.objects.filter(person=name, locked=True, since__gt=since).exists()


def locked_until(name: str) -> datetime | None:
    """Until when an account is locked; None while it is not."""
    since = timezone.now() - WINDOW
    row = FailedSignIns.objects.filter(person=name, locked=True, since__gt=since).first()
    return None if row is None else row.since + WINDOW


def end_lock_out(
    person: str, *, by: str, role: str = "system", authenticated: Authenticated = SYSTEM
) -> None:
    """Lets somebody sign in again before the lock-out is over; of who is not locked out nothing is said."""
    with transaction.atomic():
        row = FailedSignIns.objects.select_for_update().filter(person=person, locked=True).first()
        if row is None or not is_locked(person):
            return
        _close(row)
        FailedSignIns.objects.filter(person=person).update(count=0, locked=False)
        enter(kinds.LockOutEnded(person), by=by, role=role, authenticated=authenticated)


def _close(row: FailedSignIns) -> None:
    """Says how many there were, where nothing said it yet."""
    if row.count > 1 and not (row.locked and row.count == ALLOWED):
        _tell(row)


def _tell(row: FailedSignIns) -> None:
    since = row.since.astimezone(UTC).isoformat(timespec="seconds")
    enter(kinds.SignInFailed(row.person, since, row.count, row.locked), by="entact")


def listen() -> None:
    """Whatever lets somebody in, or changes what somebody signs in with, is kept."""
    from allauth.account import signals as accounts
    from allauth.mfa import signals as factors

    user_logged_in.connect(_signed_in, dispatch_uid="entact.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="entact.signed_out")
    accounts.password_changed.connect(_password_changed, dispatch_uid="entact.password")
    factors.authenticator_added.connect(_factor_added, dispatch_uid="entact.added")
    factors.authenticator_removed.connect(_factor_removed, dispatch_uid="entact.removed")
    factors.authenticator_reset.connect(_factor_added, dispatch_uid="entact.reset")
    factors.authentication_failed.connect(_code_failed, dispatch_uid="entact.code")


def _signed_in(sender: Any, request: HttpRequest, user: Account, **rest: Any) -> None:
    with transaction.atomic():
        row = FailedSignIns.objects.select_for_update().filter(person=user.name).first()
        if row is not None:
            if row.count:
                _close(row)
            FailedSignIns.objects.filter(person=user.name).update(count=0, locked=False)
    ways = request.session.get("account_authentication_methods") or []
    told = (str(one.get("type") or one.get("method")) for one in ways)
    shown = tuple(dict.fromkeys("sign_on" if one == "socialaccount" else one for one in told))
    enter(
        kinds.SignedIn(user.name, shown or ("one_press",)),
        by=user.name,
        role=roles_in_words(user),
        authenticated=by_session(request, user.name),
    )


def _signed_out(sender: Any, request: HttpRequest, user: Account | None, **rest: Any) -> None:
    if user is not None:
        idle = getattr(request, "is_idle", False)  # the doorkeeper's word
        payload = kinds.SignedOut(user.name, "idle" if idle else "asked")
        enter(payload, by=user.name, authenticated=by_session(request, user.name))


def _credential(request: HttpRequest, user: Account, what: str, status: Any) -> None:
    enter(
        kinds.CredentialChanged(user.name, what, status),
        by=user.name,
        role=roles_in_words(user),
        authenticated=by_session(request, user.name),
    )


def _password_changed(sender: Any, request: HttpRequest, user: Account, **rest: Any) -> None:
    _credential(request, user, "password", "changed")


def _factor_added(sender: Any, request: HttpRequest, user: Account, authenticator: Any, **rest: Any) -> None:
    _credential(request, user, str(authenticator.type), "set")


def _factor_removed(
    sender: Any, request: HttpRequest, user: Account, authenticator: Any, **rest: Any
) -> None:
    _credential(request, user, str(authenticator.type), "removed")


def _code_failed(sender: Any, user: Account, **rest: Any) -> None:
    failed(user.name)
