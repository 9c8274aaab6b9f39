"""Accounts and their roles: made, given, taken, closed. Each is an entry first, and a row with it.

Who gives and takes roles is an owner. A record has one before anybody can sign in: by a link that works once
and for an hour, printed where the database was made.
"""

from __future__ import annotations

import re
import secrets
from datetime import date, timedelta
from hashlib import sha256

from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from entact.conduct.access import trail
from entact.conduct.access.models import NAME, Account, Invitation, Role
from entact.conduct.delegation import delegate, end, has_ended
from entact.conduct.delegation import plan_end as plan_end_at
from entact.conduct.error import ConductError
from entact.conduct.permissions import (
    AT_A_SITE,
    EVERYWHERE,
    OWNER,
    Permissions,
    Person,
    permissions_of,
)
from entact.conduct.record.door import Author
from entact.course.entry import SYSTEM, Authenticated
from entact.course.kinds.access import AccountChanged, CredentialChanged, Permission
from entact.store.after_lock import period_in_force
from entact.store.studies import RecordNow, record_now

HOUR = timedelta(hours=1)


def author_of(by: By) -> Author:
    """The same person, as a site's ledger is told who entered something."""
    return Author(by.name, by.role, by.authenticated)


class By:
    """Who does it, and how that is known; without a person the system does, at the command line."""

    def __init__(self, person: Person | None = None, authenticated: Authenticated = SYSTEM) -> None:
        self.name = "entact" if person is None else person.identity
        self.role = "system" if person is None else (person.role_for("manage_people") or "system")
        self.authenticated = authenticated


def permissions_here() -> Permissions:
    """The table of the study in use.

    Raises:
        ConductError: when this record holds no release that can be read.
    """
    return _permissions(record_now())


def _permissions(record: RecordNow) -> Permissions:
    if record.study is None:
        raise ConductError(
            gettext("no release of the study has been entered in this database, or none that can be read")
        )
    return permissions_of(record.study, period_in_force(record.head))


def person_of(account: Account) -> Person:
    """Who asks for a page, as the table knows them; a role that the study has no more holds nothing."""
    record = record_now()
    permissions = _permissions(record)
    held: dict[str, set[str]] = {}
    for row in account.roles.all():
        if row.role in permissions.roles and not is_over(row):
            held.setdefault(row.site, set()).add(row.role)
    roles = {site: frozenset(names) for site, names in held.items()}
    return Person(account.name, account.title, roles, permissions, record.environment)


def is_over(row: Role) -> bool:
    """Whether the last day that was planned of a role is over at its site: it is held no more."""
    return row.until is not None and has_ended(row.until.isoformat(), row.site)


def account_named(name: str) -> Account | None:
    """The account of who signs in by a name; None where nobody does."""
    return Account.objects.filter(name=name).first()


def has_owner() -> bool:
    """Whether somebody can let others in: an owner with a password."""
    held = Role.objects.filter(role=OWNER, account__is_active=True, account__is_demonstration=False)
    return any(row.account.has_usable_password() for row in held.select_related("account"))


def make_account(name: str, title: str, *, by: By, email: str = "", demonstration: bool = False) -> Account:
    """Makes an account that nobody can sign in to yet.

    Raises:
        ConductError: when the name cannot be one, or is taken.
    """
    if re.fullmatch(NAME, name) is None:
        raise ConductError(
            gettext("{name} cannot be a name to sign in with: small letters, digits, . _ -").format(
                name=repr(name)
            )
        )
    if not title.strip():
        raise ConductError(
            gettext("an account needs the person's own name, which stands beside what they sign")
        )
    with transaction.atomic():
        account = Account(
            name=name,
            title=title.strip(),
            email=email,
            is_demonstration=demonstration,
            made_at=timezone.now(),
        )
        account.set_unusable_password()
        if Account.objects.filter(name=name).exists():
            raise ConductError(gettext("there is an account {name} already").format(name=name))
        account.save()
        trail.enter(
            AccountChanged(name, account.title), by=by.name, role=by.role, authenticated=by.authenticated
        )
    return account


def set_mail(account: Account, email: str, *, by: By) -> None:
    """Where mails to a person go; empty for nowhere. The ledger says that it changed, and not where to.

    Raises:
        ConductError: when it is no address.
    """
    email = email.strip()
    try:
        if email:
            validate_email(email)
    except ValidationError as error:
        raise ConductError(
            gettext("{email} is no address for mail").format(email=repr(email[:80]))
        ) from error
    if email == account.email:
        return
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(email=email)
        account.email = email
        what = CredentialChanged(account.name, "mail", "set" if email else "removed")
        trail.enter(what, by=by.name, role=by.role, authenticated=by.authenticated)


def give_role(account: Account, role: str, site: str = EVERYWHERE, *, by: By) -> None:
    """Gives a person a role at a site, or one of the study at all of them.

    A role at a site is a delegation: the site's ledger, which gates read, says it in the same transaction.

    Raises:
        ConductError: when the study has no such role or site, the role is one of a site and none is said, or
            the person has another role that is not to see what this one sees.
    """
    permissions = permissions_here()
    if role not in permissions.roles:
        known = ", ".join(sorted(permissions.roles))
        raise ConductError(
            gettext("the study has no role {role}; its roles are {known}").format(
                role=repr(role), known=known
            )
        )
    sites = permissions.study.newest.file.sites
    if site != EVERYWHERE and site not in sites:
        raise ConductError(
            gettext("the study has no site {site}; its sites are {sites}").format(
                site=repr(site), sites=", ".join(sites)
            )
        )
    if role == OWNER and site != EVERYWHERE:
        raise ConductError(gettext("an owner is one of the whole study: say no site"))
    if site == EVERYWHERE and role in AT_A_SITE:
        raise ConductError(gettext("who is {role} answers for a site: say which").format(role=role))
    with transaction.atomic():
        is_active = Account.objects.select_for_update().get(pk=account.pk).is_active  # perhaps closed since
        held = {row.role for row in account.roles.all() if not is_over(row)}
        if not permissions.together({*held, role}):
            others = ", ".join(sorted(held))
            raise ConductError(
                gettext(
                    "{name} is {others}: who is also {role} would see what one of these roles is not to "
                    "see (the study file's blinding)"
                ).format(name=account.name, others=others, role=role)
            )
        row, made = Role.objects.get_or_create(account=account, role=role, site=site)
        if site != EVERYWHERE and is_active:
            row.until = _as_day(delegate(account.name, role, site, by=author_of(by)))
            row.save(update_fields=["until"])
        if made:
            _permission(account, role, site, "given", by)


def plan_end(account: Account, site: str, until: str, *, by: By) -> None:
    """Plans the last day of somebody at a site: from the day after, no page or gate there is theirs.

    Raises:
        ConductError: when they have no role there, or it is no day from today on.
    """
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        planned = _as_day(plan_end_at(account.name, site, until, by=author_of(by)))
        held = [row.pk for row in account.roles.filter(site=site) if not is_over(row)]
        Role.objects.filter(pk__in=held).update(until=planned)


def take_role(account: Account, role: str, site: str = EVERYWHERE, *, by: By) -> None:
    """Takes a role from a person; at a site the delegation ends with it.

    Raises:
        ConductError: when it is that of the last owner, without whom nobody could give it back.
    """
    with transaction.atomic():
        if role == OWNER:
            _require_other_owner(account)
        if Role.objects.filter(account=account, role=role, site=site).delete()[0]:
            if site != EVERYWHERE:
                end(account.name, [role], site, by=author_of(by))
            _permission(account, role, site, "taken", by)


def close_account(account: Account, *, by: By) -> None:
    """Ends every session of a person, who cannot sign in any more, and what was delegated to them.

    Their roles are kept with the account, and come back with it.

    Raises:
        ConductError: when it is the last owner.
    """
    _set_open(account, False, by)


def open_account(account: Account, *, by: By) -> None:
    """Lets a person whose account was closed sign in again."""
    _set_open(account, True, by)


def end_lock_out(account: Account, *, by: By) -> None:
    """Lets a person who failed too often sign in again before the lock-out is over.

    Raises:
        ConductError: when it is whoever asks: a lock-out is ended by somebody else.
    """
    if account.name == by.name:
        raise ConductError(gettext("your own lock-out is ended by another owner, or by waiting"))
    trail.end_lock_out(account.name, by=by.name, role=by.role, authenticated=by.authenticated)


def invite(account: Account, *, by: By) -> str:
    """The secret of a new link by which a person sets a password; earlier ones work no more.

    It works once and for an hour, and is kept nowhere.
    """
    secret, now = secrets.token_urlsafe(32), timezone.now()
    with transaction.atomic():
        Invitation.objects.filter(account=account, used_at=None).delete()
        Invitation.objects.create(digest=_digest(secret), account=account, expires_at=now + HOUR)
        trail.enter(
            CredentialChanged(account.name, "password", "invited"),
            by=by.name,
            role=by.role,
            authenticated=by.authenticated,
        )
    return secret


def invitation(secret: str) -> Invitation | None:
    """The invitation of a link, if it still works."""
    found = Invitation.objects.filter(
        digest=_digest(secret), used_at=None, expires_at__gt=timezone.now(), account__is_active=True
    )
    return found.select_related("account").first()


def accept(secret: str, password: str) -> Account | None:
    """Sets the password of an account by a link, which works no more; None where it does not work.

    A second factor that somebody else may hold goes with the old password.
    """
    with transaction.atomic():
        found = Invitation.objects.select_for_update().filter(digest=_digest(secret)).first()
        if found is None or invitation(secret) is None:
            return None
        account = found.account
        found.used_at = timezone.now()
        found.save()
        account.set_password(password)
        account.save()
        account.authenticator_set.all().delete()
        _end_sessions(account)
        trail.enter(CredentialChanged(account.name, "password", "set"), by=account.name)
    return account


def _permission(account: Account, role: str, site: str, status: str, by: By) -> None:
    payload = Permission(account.name, role, "given" if status == "given" else "taken", site)
    trail.enter(payload, by=by.name, role=by.role, authenticated=by.authenticated)


def _require_other_owner(account: Account) -> None:
    others = Role.objects.select_for_update().filter(role=OWNER, account__is_active=True)
    if all(row.account_id == account.pk for row in others):
        raise ConductError(
            gettext("{name} is the last owner: make another one first").format(name=account.name)
        )


def _set_open(account: Account, is_open: bool, by: By) -> None:
    with transaction.atomic():
        if not is_open and account.roles.filter(role=OWNER).exists():
            _require_other_owner(account)
        changed = Account.objects.filter(pk=account.pk, is_active=not is_open).update(is_active=is_open)
        account.is_active = is_open
        if not is_open:
            _end_sessions(account)
            Invitation.objects.filter(account=account, used_at=None).delete()
        if changed:
            for row in account.roles.exclude(site=EVERYWHERE).order_by("site", "role"):
                if is_over(row):
                    continue
                if is_open:
                    until = None if row.until is None else row.until.isoformat()
                    delegate(account.name, row.role, row.site, by=author_of(by), until=until)
                else:
                    end(account.name, [row.role], row.site, by=author_of(by))
            trail.enter(
                AccountChanged(account.name, account.title, "open" if is_open else "closed"),
                by=by.name,
                role=by.role,
                authenticated=by.authenticated,
            )


def _as_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _end_sessions(account: Account) -> None:
    keys = list(account.usersession_set.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    account.usersession_set.all().delete()


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
