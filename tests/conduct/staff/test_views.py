"""The delegation log: read by whom it concerns, changed and signed by who may; training on events."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from tests.conduct.access.test_sign_in import PASSWORD, code_of, newcomer
from tests.conduct.people import account, signed_in, signed_in_as
from tests.conduct.record import keep

from entact import store
from entact.conduct import delegation
from entact.conduct.access import people
from entact.conduct.monitoring.visit import owners_at
from entact.conduct.permissions import OWNER
from entact.conduct.record.door import Author
from entact.course import read
from entact.course.entry import SYSTEM
from entact.protocol import Study

LOG = "/sites/denver/staff/"
BY = Author("entact", "system", SYSTEM)


@pytest.fixture(autouse=True)
def _record(study: Study, database: str) -> None:
    keep(study)


def entries(ledger: str, kind: str) -> list[Any]:
    return [one for line in store.lines(ledger) if (one := read(line.text)).kind == kind]


def row(page: str, name: str) -> str:
    found = re.findall(rf'<tr[^>]*><th scope="row">{name}.*?</tr>', page, re.DOTALL)
    assert found
    return "".join(found)


def certify(browser: Any, who: str, expires: str, status: int = 302, **more: str) -> str:
    sent = {"do": "certify", "person": who, "name": "GCP", "expires": expires, **more}
    answer = browser.post(LOG, sent)
    assert answer.status_code == status
    return str(answer.content.decode())


@pytest.mark.requirement("R13")
def test_the_investigator_delegates_signs_and_a_change_asks_for_it_again() -> None:
    ines, secret = newcomer("ines", ("investigator", "denver"))
    account("theo")
    assert ines.post(LOG, {"do": "give", "person": "theo", "role": "therapist"}).status_code == 302
    page = ines.get(LOG).content.decode()
    assert "No investigator has signed it yet" in page
    assert "not yet" in row(page, "Theo")
    (expected,) = re.findall(r'name="expected" value="(\w+)"', page)
    sent = {"do": "sign", "password": PASSWORD, "expected": expected}
    wrong = ines.post(LOG, sent | {"password": "wrong", "code": code_of(secret)})
    assert (wrong.status_code, entries("site:denver", "delegation_signed")) == (409, [])
    other = ines.post(LOG, sent | {"expected": "0" * 64, "code": code_of(secret)})
    assert (other.status_code, entries("site:denver", "delegation_signed")) == (409, [])
    assert ines.post(LOG, sent | {"code": code_of(secret)}).status_code == 302
    (signed,) = entries("site:denver", "delegation_signed")
    assert (signed.by, signed.role, len(signed.data["entries"])) == ("ines", "investigator", 2)
    assert signed.authenticated is not None
    assert signed.authenticated.second is not None
    assert signed.authenticated.second.how == "password_and_code"
    hashes = {read(line.text).id: line.hash for line in store.lines("site:denver")}
    assert dict(zip(signed.data["entries"], signed.data["hashes"], strict=True)).items() <= hashes.items()
    page = ines.get(LOG).content.decode()
    assert "Signed by Ines" in page
    assert "not yet" not in page
    certify(ines, "theo", "2027-01-31")
    assert "to be signed again" in ines.get(LOG).content.decode()
    ines.post(LOG, {"do": "end", "person": "theo", "role": "therapist"})
    assert delegation.state_of("denver").staff["theo"].roles == ()
    assert not account("theo").roles.exists()
    assert entries("system", "permission")[-1].data["status"] == "taken"
    assert store.verify().breaks == ()


def test_a_certificate_that_ends_is_said_before_and_who_has_none_is_told() -> None:
    ines = signed_in_as("ines", ("investigator", "denver"))
    account("theo", ("therapist", "denver"))
    assert "no gate lets them act" in row(ines.get(LOG).content.decode(), "Theo")
    today = delegation.today_at("denver")
    for days, said in ((-1, "chip bad"), (0, "chip warn"), (29, "chip warn"), (30, "<small>to ")):
        certify(ines, "theo", (today + timedelta(days=days)).isoformat())
        assert said in row(ines.get(LOG).content.decode(), "Theo").split("Certificates", 1)[1], days
    for wrong, more in (
        ("soon", {}),
        ("2027", {}),
        ("2026-02-30", {}),
        ("2026-12-01", {"issued": "2027-01-01"}),
        ("2099-12-01", {"issued": "2098-01-01"}),
        ("2027-01-01", {"name": " "}),
        ("2027-01-01", {"person": "nobody"}),
    ):
        assert 'role="alert"' in certify(ines, "theo", wrong, 409, **more)


def test_nobody_changes_a_log_who_may_not_nor_is_given_what_is_no_role_of_a_site() -> None:
    account("theo", ("therapist", "denver"))
    before = len(list(store.lines("site:denver")))
    asked = [
        {"do": "give", "person": "theo", "role": "investigator"},
        {"do": "end", "person": "theo", "role": "therapist"},
        {"do": "sign", "password": "x"},
        {"do": "certify", "person": "theo", "name": "GCP", "expires": "2027-01-01"},
    ]
    for role, site in (("therapist", "denver"), ("monitor", ""), (OWNER, ""), ("investigator", "haifa")):
        browser = signed_in(role, site)
        for one in asked:
            assert browser.post(LOG, one).status_code == 404, (role, one)
    ines = signed_in_as("ines", ("investigator", "denver"))
    before = len(list(store.lines("site:denver")))
    for role in (OWNER, "monitor", "nothing"):
        assert ines.post(LOG, {"do": "give", "person": "theo", "role": role}).status_code == 409
    assert ines.post(LOG, {"do": "give", "person": "nobody", "role": "therapist"}).status_code == 409
    assert ines.post(LOG, {"do": "dance"}).status_code == 409
    assert len(list(store.lines("site:denver"))) == before


def test_what_each_role_may_is_listed_to_print() -> None:
    page = signed_in("monitor").get("/roles/").content.decode()
    assert re.search(r"investigator</th>.*?sign", page, re.DOTALL)
    assert "participant" not in re.findall(r'<th scope="row">(.*?)</th>', page)


@pytest.mark.requirement("R07")
def test_who_has_not_read_what_an_event_is_is_found_and_told_until_the_text_changes(study: Study) -> None:
    theo = signed_in_as("theo", ("therapist", "denver"))
    ines = signed_in_as("ines", ("investigator", "denver"))
    assert "not read" in row(ines.get(LOG).content.decode().split("certificates", 1)[1], "Theo")
    page = theo.get("/training/adverse-events/").content.decode()
    for term in ("Euphoric mood", "Whatever it felt like", "Serious"):
        assert term in page
    (digest,) = re.findall(r'name="digest" value="(\w{64})"', page)
    assert theo.post("/training/adverse-events/", {"digest": "0" * 64}).status_code == 409
    assert entries("system", "acknowledged") == []
    for _ in range(2):
        assert theo.post("/training/adverse-events/", {"digest": digest}).status_code == 302
    (said,) = entries("system", "acknowledged")
    assert (said.by, said.role, said.data["digest"]) == ("theo", "therapist", digest)
    assert "You have read this text" in theo.get("/training/adverse-events/").content.decode()
    assert "not read" not in row(ines.get(LOG).content.decode().split("certificates", 1)[1], "Theo")


@pytest.mark.requirement("R07")
def test_a_last_day_is_planned_and_from_the_day_after_nothing_of_the_site_is_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ines = signed_in_as("ines", ("investigator", "denver"))
    theo = signed_in_as("theo", ("therapist", "denver"), ("therapist", "haifa"))
    today = delegation.today_at("denver")
    plan = {"do": "plan_end", "person": "theo"}

    def ends() -> list[str | None]:
        return [one.data["until"] for one in entries("site:denver", "staff") if one.data["person"] == "theo"]

    for until in ("2026", "30 April", "2026-02-30", str(today - timedelta(days=1)), "\0", "9" * 400):
        assert ines.post(LOG, plan | {"until": until}).status_code == 409, until
    for who in ("nobody", "", "x" * 400, "\0"):
        assert ines.post(LOG, {"do": "plan_end", "person": who, "until": str(today)}).status_code == 409
    assert theo.post(LOG, plan | {"until": str(today)}).status_code == 404  # not a therapist's to plan
    assert ends() == [None]
    for until in (str(today + timedelta(days=9)), "", str(today + timedelta(days=2))):
        assert ines.post(LOG, plan | {"until": until}).status_code == 302
    last = str(today + timedelta(days=2))
    assert ends() == [None, str(today + timedelta(days=9)), None, last]
    certify(ines, "theo", str(today + timedelta(days=90)))
    assert delegation.delegate("theo", "nurse", "denver", by=BY) == last
    delegation.end("theo", ["nurse"], "denver", by=BY)
    assert ends()[-3:] == [last] * 3  # a certificate, another role and its end keep what was planned
    for what in ("close", "open"):
        assert signed_in(OWNER).post("/people/theo/", {"do": what}).status_code == 302
    assert ends()[-1] == last
    theo = signed_in_as("theo")
    assert theo.get(LOG).status_code == 200
    assert "Your time at the site ends" in theo.get("/").content.decode()
    assert "The time of Theo at the site ends" in ines.get("/").content.decode()
    asks = people.person_of(people.account_named("ines"))
    assert dict(owners_at(asks, "denver")) == {"ines": "Ines", "theo": "Theo"}
    monkeypatch.setattr(delegation, "today_at", lambda site: today + timedelta(days=3))
    assert theo.get(LOG).status_code == 404
    assert dict(owners_at(asks, "denver")) == {"ines": "Ines"}
    assert theo.get("/sites/haifa/staff/").status_code == 200  # of another site nothing was planned
    assert ines.post(LOG, plan | {"until": str(today + timedelta(days=9))}).status_code == 409  # left already
    for what in ("close", "open"):
        assert signed_in(OWNER).post("/people/theo/", {"do": what}).status_code == 302
    assert (
        signed_in_as("theo").get(LOG).status_code == 404
    )  # what is over does not come back with the account
    assert ines.post(LOG, {"do": "give", "person": "theo", "role": "therapist"}).status_code == 302
    assert (entries("site:denver", "staff")[-1].data["roles"], ends()[-1]) == (["therapist"], None)
    assert signed_in_as("theo").get(LOG).status_code == 200
    held = [one for one in delegation.state_of("denver").delegated if one.person == "theo"]
    assert [one.until is None for one in held].count(True) == 1
    assert store.verify().breaks == ()
