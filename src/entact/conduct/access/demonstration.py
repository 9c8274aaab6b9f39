"""Accounts that are signed in to by one press, one a role: in a rehearsal or training alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext

from entact.conduct.access.models import Account
from entact.conduct.access.people import By, author_of, give_role, make_account, permissions_here
from entact.conduct.delegation import certify, today_at
from entact.conduct.error import ConductError
from entact.conduct.permissions import AT_A_SITE, EVERYWHERE, OWNER
from entact.course.kinds.site import Certificate
from entact.store import lists, models

YEAR = timedelta(days=365)
DEMONSTRATION = "demo-"  # begins the name of an account that signs in by one press
SIMULATED = ("rehearsal", "training")


def make_demonstration() -> None:
    """One account a role, each signed in to by one press; in a rehearsal or training alone.

    Who works at a site works at the one where most participants are.

    Raises:
        ConductError: in any other database.
    """
    require_simulated()
    permissions, by = permissions_here(), By()
    counts: dict[str, int] = dict.fromkeys(permissions.study.newest.file.sites, 0)
    for one in lists.counts():
        if one.site in counts:
            counts[one.site] += one.participants
    busiest = max(counts, key=lambda site: counts[site], default=EVERYWHERE)
    for role in _in_order(permissions.roles):
        name = f"{DEMONSTRATION}{role}"
        account = Account.objects.filter(name=name).first()
        if account is None:
            title = role.replace("_", " ").capitalize()
            account = make_account(name, title, by=by, demonstration=True)
        if not account.roles.exists():
            site = busiest if role in AT_A_SITE else EVERYWHERE
            give_role(account, role, site, by=by)
            if site != EVERYWHERE:
                last = (today_at(site) + YEAR).isoformat()
                certify(account.name, site, Certificate("demonstration", last), by=author_of(by))


def require_simulated() -> None:
    """Refuses what is only for virtual people and training.

    Raises:
        ConductError: in a database of production.
    """
    installation = models.Installation.objects.first()
    if installation is None or installation.environment not in SIMULATED:
        raise ConductError(
            gettext("accounts that are signed in to by one press are for rehearsals and training only")
        )


def _in_order(roles: Iterable[str]) -> list[str]:
    return sorted(roles, key=lambda role: (role == OWNER,))
