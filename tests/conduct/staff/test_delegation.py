"""A role at a site is a delegation: the dosing gate counts whom a page delegated, and nobody who ended."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.conduct.access.test_sign_in import PASSWORD, newcomer
from tests.conduct.people import account, client, signed_in_as
from tests.conduct.staff.conftest import Gate, has

from entact import store
from entact.conduct.permissions import OWNER
from entact.course import read

pytestmark = pytest.mark.usefixtures("session")


def kinds(ledger: str) -> list[str]:
    return [read(line.text).kind for line in store.lines(ledger)]


def invite(owner: object, name: str) -> None:
    """The owner makes an account, gives the role at the site, and the person comes by the link."""
    owner.post("/people/", {"title": name.title(), "name": name})  # type: ignore[attr-defined]
    owner.post(f"/people/{name}/", {"do": "give", "role": "therapist", "site": "denver"})  # type: ignore[attr-defined]
    page = owner.post(f"/people/{name}/", {"do": "invite"}).content.decode()  # type: ignore[attr-defined]
    (link,) = re.findall(r"https?://[^/]+(/welcome/[\w-]+/)", page)
    assert client().post(link, {"password": PASSWORD, "again": PASSWORD}).status_code == 302


@pytest.mark.requirement("R07")
@pytest.mark.requirement("R16")
def test_whom_the_pages_delegate_opens_the_gate_and_whoever_has_ended_closes_it(gate: Gate) -> None:
    owner, _ = newcomer("ada", (OWNER, ""))
    assert has(gate(), "not_staff", "initial_dose.3: Fewer than two")
    invite(owner, "t-1")
    invite(owner, "t-2")
    assert has(
        gate(), "no_certificate", "initial_dose.3: Fewer than two therapists in the room. No certificate"
    )
    ines = signed_in_as("ines", ("investigator", "denver"))
    for name in ("t-1", "t-2"):
        sent = {
            "do": "certify",
            "person": name,
            "name": "GCP",
            "issued": "2026-01-10",
            "expires": "2026-03-20",
        }
        assert ines.post("/sites/denver/staff/", sent).status_code == 302
    assert gate() == []
    expired = gate(late=timedelta(days=4, hours=14))
    assert any("The certificate GCP of t-1 held until 2026-03-20" in one for one in expired)
    assert any(one.startswith("initial_dose.3") and "of t-2 held until" in one for one in expired)

    owner.post("/people/t-2/", {"do": "close"})
    assert has(gate(), "initial_dose.3")
    owner.post("/people/t-2/", {"do": "open"})
    assert gate() == []
    owner.post("/people/t-1/", {"do": "take", "role": "therapist", "site": "denver"})
    assert has(gate(), "role: t-1 is nothing at this site", "initial_dose.3")


def test_a_delegation_and_its_permission_are_one_act(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system's ledger cannot say it, the site's does not either."""
    from entact.conduct.access import people, trail

    anna = account("anna")
    before = kinds("site:denver"), kinds("system")

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(trail, "enter", fails)
        with pytest.raises(RuntimeError):
            people.give_role(anna, "therapist", "denver", by=people.By())
    assert (kinds("site:denver"), kinds("system")) == before
    assert not anna.roles.exists()


def test_who_is_given_a_role_of_a_site_is_given_it_at_one() -> None:
    owner = signed_in_as("ada", (OWNER, ""))
    account("anna")
    page = owner.post("/people/anna/", {"do": "give", "role": "therapist", "site": ""})
    assert page.status_code == 409
    assert "answers for a site" in page.content.decode()
    assert not account("anna").roles.exists()
