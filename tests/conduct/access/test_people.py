"""Accounts and roles: the ledger says it first, and rows are what it says."""

from __future__ import annotations

import pytest
from tests.conduct.people import account

from entact import store
from entact.conduct.access import people
from entact.conduct.access.models import Account, Role
from entact.conduct.delegation import state_of
from entact.conduct.error import ConductError
from entact.conduct.permissions import OWNER
from entact.course import read
from entact.course.setting import fold_access

BY = people.By()

pytestmark = pytest.mark.usefixtures("record")


def held() -> set[tuple[str, str, str]]:
    """Person, role and site of each role that the system's ledger says is held."""
    return set(fold_access(read(line.text) for line in store.lines("system")).held())


def rows() -> set[tuple[str, str, str]]:
    """The same as the rows say it."""
    found = Role.objects.filter(account__is_active=True)
    return set(found.values_list("account__name", "role", "site"))


@pytest.mark.requirement("R07")
def test_a_role_is_given_and_taken_in_the_ledger_and_the_rows_say_the_same() -> None:
    anna = account("anna", ("investigator", "denver"), ("investigator", "haifa"))
    account("ben", ("monitor", ""))
    assert (
        held()
        == rows()
        == {
            ("anna", "investigator", "denver"),
            ("anna", "investigator", "haifa"),
            ("ben", "monitor", ""),
        }
    )
    people.take_role(anna, "investigator", "denver", by=BY)
    people.take_role(anna, "investigator", "denver", by=BY)  # it is taken already
    assert held() == rows() == {("anna", "investigator", "haifa"), ("ben", "monitor", "")}
    people.close_account(anna, by=BY)
    assert held() == rows() == {("ben", "monitor", "")}
    people.open_account(anna, by=BY)
    assert held() == rows()
    assert store.verify().breaks == ()


def test_a_role_given_twice_is_one_entry() -> None:
    anna = account("anna", ("investigator", "denver"))
    before = len(list(store.lines("system")))
    people.give_role(anna, "investigator", "denver", by=BY)
    assert len(list(store.lines("system"))) == before


@pytest.mark.parametrize(
    ("role", "site", "said"),
    [
        ("wizard", "", "no role 'wizard'"),
        ("participant", "", "no role 'participant'"),
        ("investigator", "atlantis", "no site 'atlantis'"),
        (OWNER, "denver", "an owner is one of the whole study"),
    ],
)
def test_what_the_study_does_not_have_is_not_given(role: str, site: str, said: str) -> None:
    anna = account("anna")
    with pytest.raises(ConductError, match=said):
        people.give_role(anna, role, site, by=BY)
    assert rows() == set()


def test_nobody_has_two_roles_of_which_one_sees_what_the_other_is_not_to_see() -> None:
    anna = account("anna", ("investigator", "denver"))
    with pytest.raises(ConductError, match="who is also rater would see"):
        people.give_role(anna, "rater", by=BY)
    assert held() == {("anna", "investigator", "denver")}


@pytest.mark.parametrize("name", ["", "Anna", "an na", "../x", "a" * 65, "anna\n", "änna"])
def test_a_name_that_cannot_stand_in_an_entry_is_refused(name: str) -> None:
    with pytest.raises(ConductError, match="cannot be a name"):
        people.make_account(name, "Anna", by=BY)


def test_the_last_owner_stays() -> None:
    anna, ben = account("anna", (OWNER, "")), account("ben", (OWNER, ""))
    people.close_account(ben, by=BY)
    with pytest.raises(ConductError, match="last owner"):
        people.close_account(anna, by=BY)
    with pytest.raises(ConductError, match="last owner"):
        people.take_role(anna, OWNER, by=BY)
    assert Account.objects.get(name="anna").is_active


def test_a_link_works_once_and_no_earlier_one() -> None:
    anna = account("anna", ("investigator", "denver"))
    first, second = people.invite(anna, by=BY), people.invite(anna, by=BY)
    assert people.accept(first, "a sentence of mine") is None
    assert people.accept(second, "a sentence of mine") == anna
    assert people.accept(second, "another sentence") is None
    assert Account.objects.get(name="anna").check_password("a sentence of mine")


def test_a_link_is_kept_nowhere() -> None:
    secret = people.invite(account("anna"), by=BY)
    for line in store.lines("system"):
        assert secret not in line.text
    assert secret not in str(list(people.Invitation.objects.values()))


def test_who_was_closed_meanwhile_is_delegated_nothing() -> None:
    anna = account("anna", ("investigator", "denver"))
    as_read = Account.objects.get(name="anna")  # by who gives a role, just before another owner closes it
    people.close_account(anna, by=BY)
    people.give_role(as_read, "investigator", "haifa", by=BY)
    assert not delegated("haifa")
    people.open_account(anna, by=BY)
    assert delegated("haifa") == delegated("denver") == {"investigator"}


def delegated(site: str) -> set[str]:
    """The roles that Anna has at a site now, as gates read it."""
    return {one.role for one in state_of(site).delegated if one.person == "anna" and one.until is None}
