"""The table of who may see and do what: of every study that ships, and of one with blinded roles."""

from __future__ import annotations

import pytest
from tests.conduct.record import SEES_ALL

from entact.conduct.permissions import AT_A_SITE, EVERYWHERE, OWNER, Person, may, permissions_of
from entact.protocol import Study, load_study

STUDIES = ("mapp1", "mapp2", "mapp3", "eating-disorders", "expanded-access", "life-threatening-illness")


def person(study: Study, **roles: str) -> Person:
    """Somebody with one role at each site; `everywhere` is all of them."""
    held = {EVERYWHERE if site == "everywhere" else site: frozenset({role}) for site, role in roles.items()}
    return Person("p-1", "Pat", held, permissions_of(study), "training")


@pytest.mark.parametrize("name", STUDIES)
def test_every_role_of_a_study_is_in_the_table_and_no_other(name: str) -> None:
    study = load_study(name)
    table = permissions_of(study)
    told = {*study.newest.file.roles, OWNER} - {"participant"}
    assert set(table.roles) == told
    assert set().union(*table.table.values()) == told
    assert table.roles_for("see_study") == told


@pytest.mark.parametrize("name", STUDIES)
def test_no_form_that_the_staff_answers_is_nobodys(name: str) -> None:
    study = load_study(name)
    table = permissions_of(study)
    for form, said in study.newest.file.all_forms.items():
        entering = table.roles_entering(form)
        assert entering or said.by in {"participant", "carer"}, form
        assert all(table.sights[role].sees_form(form) for role in entering)
        if said.by in table.roles:
            assert entering <= {said.by}


def test_a_role_at_one_site_is_none_at_another(study: Study) -> None:
    someone = person(study, denver="investigator")
    assert may(someone, "sign", "denver")
    assert not may(someone, "sign", "haifa")
    assert may(someone, "sign")
    assert someone.role_for("sign", "denver") == "investigator"
    assert someone.role_for("sign", "haifa") is None
    assert someone.sites == {"denver"}


def test_a_role_of_all_sites_holds_at_each(study: Study) -> None:
    someone = person(study, everywhere=SEES_ALL)
    assert may(someone, "ask_query", "haifa")
    assert someone.sites is None
    assert not may(someone, "sign", "haifa")


def test_the_owner_sees_no_participant(study: Study) -> None:
    owner = person(study, everywhere=OWNER)
    assert may(owner, "manage_people")
    assert not may(owner, "see_participants")
    assert owner.sites == frozenset()
    assert not owner.sight.sees_schedule
    assert not any(owner.sight.sees_form(name) for name in study.newest.file.all_forms)


def test_who_may_not_know_the_schedule_sees_no_participant(study: Study) -> None:
    assert not may(person(study, everywhere="rater"), "see_participants")


def test_roles_of_one_person_see_the_same(study: Study) -> None:
    table = permissions_of(study)
    assert table.together([SEES_ALL, OWNER])
    assert not table.together(["rater", "investigator"])
    assert not table.together(["monitor", SEES_ALL])


def test_an_act_that_is_not_in_the_table_is_a_fault_of_the_page(study: Study) -> None:
    with pytest.raises(KeyError):
        may(person(study, everywhere="monitor"), "fly")


def test_who_answers_for_a_site_is_a_role_of_some_study() -> None:
    known = {role for name in STUDIES for role in load_study(name).newest.file.roles}
    assert {"coordinator", "investigator", "therapist", "pharmacist"} <= AT_A_SITE & known
