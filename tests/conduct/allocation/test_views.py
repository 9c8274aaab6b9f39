"""An emergency: entered first, read by the browser that asks, and those who watch are told that it was."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.conduct.browser import Browser, course_of
from tests.conduct.people import PASSWORD, code, give_password
from tests.conduct.record import KEY, keep, telling_story
from tests.conduct.served import launched, served
from tests.owner import owner_connection
from tests.store.test_standby import opened

from entact import store
from entact.course import instant, read
from entact.course.allocation.allocation import ListRow
from entact.course.entry import Kept
from entact.protocol import Study
from entact.store import standby
from entact.store.database import as_allocator

PAGE = "/participants/1-001/emergency/"
REASON = "unconscious, and the antidote depends on it"


@pytest.fixture
def dosed(study: Study, database: str) -> str:
    """Somebody who was randomised and dosed, and whose record is locked; the ledger's name."""
    story = telling_story(study)
    story.write("freeze", {"of": "participant"}, day=60, role="data_manager", by="dan")
    (ledger,) = keep(study, story)
    store.keep_keys({ledger.name: KEY})
    return ledger.name


@pytest.fixture
def ada(sign_in: Callable[..., Browser], dosed: str) -> Browser:
    """The investigator, with a password and a second factor."""
    ada = sign_in("ada", denver="investigator")
    ada.get("/participants/1-001/")
    give_password("ada")
    ada.sign_in_anew()
    return ada


def asking(own: X25519PrivateKey | None = None, **more: str) -> dict[str, str]:
    """What the page sends; with a key of the browser's where the row is to be read there."""
    key = "" if own is None else own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    means = "here" if own is not None else "code_break"
    said = {"cause": "treatment_depends_on_it", "reason": REASON, "means": means, "key": key}
    return said | {"password": PASSWORD, "code": code()} | more


def row(number: str) -> ListRow:
    return ListRow(number, "denver", "mdma")


def answer(study: Study, ledger: str, at_most: int = 3, minutes: int = 0) -> list[standby.models.AskedRow]:
    """Answers what waits as of the time of the last one, which is the rehearsal's, so long after."""
    now = instant(unblindings(ledger)[-1].received_at) + timedelta(minutes=minutes)
    with as_allocator():
        return standby.answer_waiting(study, row, now, at_most)


def unblindings(ledger: str) -> list[Kept]:
    found = [read(line.text) for line in store.lines(ledger)]
    return [one for one in found if isinstance(one, Kept) and one.kind == "unblinding"]


@pytest.mark.requirement("R08")
@pytest.mark.requirement("R12")
@pytest.mark.requirement("R11")
def test_two_actions_and_a_reason_tell_one_person_one_arm(ada: Browser, dosed: str, study: Study) -> None:
    """R12: at any hour, identity entered again; entered first, and what is entered says no arm."""
    own = X25519PrivateKey.generate()
    assert "Emergency: what was given?" in ada.get("/participants/1-001/")
    told = json.loads(ada.post(PAGE, asking(own), status=200))
    (entry,) = unblindings(dosed)
    assert entry.id == told["entry"]
    assert entry.data == {"recipient": "Ada", "cause": "treatment_depends_on_it", "means": "here"}
    assert entry.authenticated is not None
    assert entry.authenticated.second is not None
    assert json.loads(ada.get(told["answer"])) == {"refused": "", "sealed": ""}
    (answered,) = answer(study, dosed)
    assert answered.refused == ""
    sealed = json.loads(ada.get(told["answer"]))["sealed"]
    number = course_of(study, dosed).randomisation
    assert number is not None
    assert opened(own, entry.id, b64decode(sealed)) == {"number": number.number, "arm": "mdma"}
    assert answer(study, dosed) == []
    assert "mdma" not in [*store.lines(dosed)][-1].text


@pytest.mark.requirement("R12")
def test_nobody_else_reads_the_answer_and_a_blinded_role_has_no_such_page(
    ada: Browser, dosed: str, sign_in: Callable[..., Browser]
) -> None:
    """R12: one participant, one person."""
    told = json.loads(ada.post(PAGE, asking(X25519PrivateKey.generate()), status=200))
    sign_in("eve", denver="investigator").get(told["answer"], status=404)
    for role in ("therapist", "rater", "monitor", "pharmacist"):
        other = sign_in(role, **{"everywhere" if role in ("rater", "monitor") else "denver": role})
        other.get(PAGE, status=404)
        other.post(PAGE, asking(), status=404)
    sign_in("ben", haifa="investigator").get(PAGE, status=404)
    assert len(unblindings(dosed)) == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"password": "another sentence"}, "is not right"),
        ({"code": "000000"}, "is not right"),
        ({"reason": " "}, "in your own words"),
        ({"cause": "fun"}, "why the arm has to be known"),
        ({"means": "guess"}, "why the arm has to be known"),
        ({"key": "00" * 32}, "made no key"),
        ({"key": "ff" * 31}, "made no key"),
        ({"key": "\0"}, "made no key"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_entered(
    ada: Browser, dosed: str, more: dict[str, str], said: str
) -> None:
    answer = ada.post(PAGE, asking(X25519PrivateKey.generate()) | more, status=422)
    assert said in answer
    assert unblindings(dosed) == []


@pytest.mark.requirement("R12")
def test_a_code_break_that_was_opened_is_entered(ada: Browser, dosed: str) -> None:
    """R12: the sealed sheet is the last resort, and that it was opened is entered afterwards."""
    ada.post(PAGE, asking(recipient="Dr Roy, emergency ward"))
    (entry,) = unblindings(dosed)
    assert entry.data["recipient"].startswith("sealed:")  # a name
    assert entry.data["means"] == "code_break"
    assert standby.answer_to(entry.id) is None


def test_what_was_sent_is_not_sent_again_by_somebody_who_saw_it(
    ada: Browser, dosed: str, sign_in: Callable[..., Browser]
) -> None:
    """Replayed: the code was used. By another's session: not theirs. Of another person: no such page."""
    sent = asking(X25519PrivateKey.generate())
    ada.post(PAGE, sent, status=200)
    assert "is not right" in ada.post(PAGE, sent, status=422)
    eve = sign_in("eve", denver="investigator")
    eve.get("/participants/1-001/")
    give_password("eve")
    eve.sign_in_anew()
    assert "is not right" in eve.post(PAGE, sent | {"password": "another sentence"}, status=422)
    ada.post(PAGE.replace("1-001", "1-002"), asking(), status=404)
    assert len(unblindings(dosed)) == 1


@pytest.mark.requirement("R12")
def test_a_locked_account_opens_nothing_here_and_the_page_says_where_the_sheet_lies(
    ada: Browser, dosed: str
) -> None:
    """R12: without the account there is the sheet."""
    for _ in range(6):
        ada.post(PAGE, asking(password="another sentence", code="000000"), status=422)
    assert "the account is locked" in ada.post(PAGE, asking(X25519PrivateKey.generate()), status=422)
    assert unblindings(dosed) == []
    assert "code-break" in ada.get(PAGE)


def test_two_who_ask_at_once_are_both_entered_and_each_reads_their_own(
    ada: Browser, dosed: str, study: Study, sign_in: Callable[..., Browser]
) -> None:
    eve = sign_in("eve", denver="investigator")
    eve.get("/participants/1-001/")
    give_password("eve")
    eve.sign_in_anew()
    keys = [X25519PrivateKey.generate(), X25519PrivateKey.generate()]
    both = list(zip((ada, eve), keys, strict=True))
    told = [json.loads(one.post(PAGE, asking(own), status=200)) for one, own in both]
    assert {one.id for one in unblindings(dosed)} == {one["entry"] for one in told}
    assert [one.refused for one in answer(study, dosed)] == ["", ""]
    for (one, own), mine, theirs in zip(both, told, reversed(told), strict=True):
        sealed = json.loads(one.get(mine["answer"]))["sealed"]
        assert opened(own, mine["entry"], b64decode(sealed))["arm"] == "mdma"
        one.get(theirs["answer"], status=404)


@pytest.mark.requirement("R12")
def test_who_watches_over_the_study_is_told_that_it_happened(
    ada: Browser, dosed: str, sign_in: Callable[..., Browser]
) -> None:
    """R12: that it happened, and not what was read."""
    before = sign_in("mo", everywhere="medical_monitor").get("/")
    assert "emergency unblinding" not in before
    ada.post(PAGE, asking())
    assert "An emergency unblinding took place" in sign_in("mo", everywhere="medical_monitor").get("/")
    assert "An emergency unblinding took place" not in sign_in("tom", denver="therapist").get("/")


def test_what_is_old_and_what_is_too_much_stays_closed(ada: Browser, dosed: str, study: Study) -> None:
    def ask_again() -> None:
        ada.post(PAGE, asking(X25519PrivateKey.generate()), status=200)

    ask_again()
    (answered,) = answer(study, dosed, minutes=16)
    assert "No fresh entry" in answered.refused


def test_rows_of_so_many_participants_are_opened_in_a_day(
    study: Study, database: str, sign_in: Callable[..., Browser]
) -> None:
    """Reckoned from entries: who could change the rows that were asked for gains nothing by it."""
    ledgers = keep(study, telling_story(study), telling_story(study))
    store.keep_keys({one.name: KEY for one in ledgers})
    ada = sign_in("ada", denver="investigator")
    ada.get("/")
    give_password("ada")
    ada.sign_in_anew()
    for number in ("1-001", "1-002", "1-001"):
        ada.post(PAGE.replace("1-001", number), asking(X25519PrivateKey.generate()), status=200)
    first, other, again = answer(study, ledgers[0].name, at_most=1)
    assert (first.refused, again.refused, bytes(other.answer)) == ("", "", b"")
    assert "a person has to open this one" in other.refused
    with owner_connection() as owner:  # no role of the pages could
        owner.execute("DELETE FROM store_asked_row")
    ada.post(PAGE.replace("1-001", "1-002"), asking(X25519PrivateKey.generate()), status=200)
    (other,) = answer(study, ledgers[0].name, at_most=1)
    assert "a person has to open this one" in other.refused


def test_what_cannot_be_answered_holds_up_nobody_behind_it(ada: Browser, dosed: str, study: Study) -> None:
    """A key that is no point, and then one that is."""
    for key in ("01" + "00" * 31, None):
        own = X25519PrivateKey.generate()
        ada.post(PAGE, asking(own) | ({} if key is None else {"key": key}), status=200)
    forged, real = answer(study, dosed)
    assert "cannot be opened by machine" in forged.refused
    assert (real.refused, bytes(forged.answer)) == ("", b"")
    assert bytes(real.answer)


@pytest.mark.slow
def test_in_a_browser_the_arm_is_shown_to_whoever_asked(ada: Browser, dosed: str, study: Study) -> None:
    """The key never leaves the browser; what the server passed on it reads alone."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection
    from playwright.sync_api import sync_playwright

    def stand_by() -> bool:
        return standby.stand_by()  # as long as this thread's connection lives

    def open_row() -> bool:
        try:
            return bool(answer(study, dosed))
        finally:
            connection.close()

    session = ada.session
    with served() as port, ThreadPoolExecutor(1) as holder, sync_playwright() as play:
        assert holder.submit(stand_by).result()
        browser = launched(play)
        tab = browser.new_page(viewport={"width": 390, "height": 844})
        problems: list[str] = []
        tab.on("pageerror", lambda error: problems.append(str(error)))
        address = f"http://127.0.0.1:{port}"
        tab.context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        tab.goto(address + "/participants/1-001/")
        tab.get_by_role("link", name="Emergency").click()
        tab.get_by_label("treated now depends").check()
        tab.get_by_label("In a few words").fill(REASON)
        tab.get_by_label("Your password").fill(PASSWORD)
        tab.get_by_label("The code").fill(holder.submit(code).result())
        tab.get_by_role("button", name="Show me").click()
        tab.wait_for_selector("[data-waiting]:not([hidden])")
        assert holder.submit(open_row).result()
        tab.wait_for_selector("[data-answer]:not([hidden])")
        arm = study.newest.file.arms["mdma"].title
        assert tab.locator("[data-arm]").inner_text() == arm
        assert problems == []
        browser.close()
