"""Somebody who is signed in to the pages of the record in use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any


def client(**headers: str) -> Any:
    """A browser that nobody has signed in with."""
    from django.test import Client

    return Client(headers={"host": "127.0.0.1", **headers})


def account(name: str, *roles: tuple[str, str]) -> Any:
    """The account of a name, with roles at sites (empty: at every one); made where there is none."""
    from entact.conduct.access import people

    found = people.account_named(name)
    if found is None:
        found = people.make_account(name, name.capitalize(), by=people.By())
        for role, site in roles:
            for place in _sites(role) if not site else [site]:
                people.give_role(found, role, place, by=people.By())
    return found


def _sites(role: str) -> list[str]:
    """Where a role holds that is given everywhere: one of a site at each of them."""
    from entact.conduct.access import people
    from entact.conduct.permissions import AT_A_SITE

    return [*people.permissions_here().study.newest.file.sites] if role in AT_A_SITE else [""]


def signed_in(role: str, site: str = "", *, second_factor: bool = True) -> Any:
    """A browser with which somebody is signed in who has one role, at a site or at every one."""
    name = f"{role}.{site}".strip(".").lower()
    return signed_in_as(name, (role, site), second_factor=second_factor)


def signed_in_as(name: str, *roles: tuple[str, str], second_factor: bool = True, csrf: bool = False) -> Any:
    """A browser with which the person of a name is signed in, who has roles at sites."""
    from allauth.mfa.totp.internal.auth import TOTP
    from django.test import Client

    who = account(name, *roles)
    if second_factor and not who.authenticator_set.exists():
        TOTP.activate(who, "JBSWY3DPEHPK3PXP")
    headers = {"host": "127.0.0.1"}
    browser = Client(headers=headers, enforce_csrf_checks=csrf, raise_request_exception=False)
    browser.force_login(who)
    return browser


PASSWORD = "a long sentence of hers"


def give_password(name: str) -> None:
    """The account of a name has `PASSWORD`; sessions that it had are over."""
    from entact.conduct.access.models import Account

    account = Account.objects.get(name=name)
    account.set_password(PASSWORD)
    account.save()


def code() -> str:
    """What the app of everybody in these tests will show next; not yet used.

    A code counts half a minute before its time too, for a telephone whose clock is wrong. So the next one
    is good for a minute at least, and the one of now, at the end of its time, for half of one: a test on a
    machine that stood still meanwhile was told that it had used its code already.
    """
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
    from django.core.cache import cache

    cache.clear()
    return format_hotp_value(hotp_value("JBSWY3DPEHPK3PXP", list(yield_hotp_counters_from_time())[-1]))


def code_beside() -> str:
    """The same, beside a browser, which has this thread: while it is asked for, as a code soon grows old."""
    from django.db import connection

    def shown() -> str:
        try:
            return code()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as beside:
        return beside.submit(shown).result()
