"""Accounts that are signed in to by one press: one a role, made once."""

from __future__ import annotations

import pytest

from entact import store
from entact.conduct.access import demonstration, people
from entact.conduct.access.models import Account, Role

pytestmark = pytest.mark.usefixtures("record")


def test_demonstration_accounts_have_one_role_each_and_are_made_once() -> None:
    demonstration.make_demonstration()
    count = len(list(store.lines("system")))
    demonstration.make_demonstration()
    assert len(list(store.lines("system"))) == count
    told = people.permissions_here().roles
    rows = Role.objects.values_list("account__name", "role", "site")
    assert {role for _, role, _ in rows} == set(told)
    assert Account.objects.filter(is_demonstration=True).count() == len(told)
    assert not any(one.has_usable_password() for one in Account.objects.all())
    sites = {role: site for _, role, site in rows}
    assert (sites["investigator"], sites["monitor"]) == ("denver", "")
