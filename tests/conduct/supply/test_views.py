"""The pharmacist's day: each step is entered, what is wrong is said, and nobody is told an arm."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.conduct.browser import Browser
from tests.conduct.consent.test_views import lock
from tests.conduct.supply.day import (
    WARM,
    keep_site,
    labels,
    lot,
    shipped,
    statuses,
    stock_numbers,
    study_with_supply,
)
from tests.conduct.test_today import tasks

from entact import store
from entact.conduct.reader import reader_as
from entact.conduct.supply import page as stock_page
from entact.conduct.supply.depot import rows_lacking
from entact.conduct.supply.handlings import HANDLINGS
from entact.course import read
from entact.course.entry import as_sent
from entact.course.kinds.allocation import KitForNumber, KitsPlanned
from entact.course.planned_kits import seal_kits
from entact.course.supply.check_character import printed
from entact.protocol import Study
from entact.store import acts
from entact.store.kits import key_for_kits

SignIn = Callable[..., Browser]
ENTER = "/supply/denver/enter/"


@pytest.fixture(scope="module")
def stocked() -> Study:
    return study_with_supply()


@pytest.fixture
def keys(stocked: Study, database: str) -> list[str]:
    return keep_site(stocked)


@pytest.fixture
def pharmacist(sign_in: SignIn, keys: list[str]) -> Browser:
    return sign_in("p-1", denver="pharmacist")


@pytest.fixture
def second(sign_in: SignIn, keys: list[str]) -> Browser:
    return sign_in("p-2", denver="pharmacist")


def file(text: str = WARM) -> SimpleUploadedFile:
    return SimpleUploadedFile("log.csv", text.encode(), "text/csv")


def waiting(page: str) -> str:
    """The first thing that can be checked by a second person."""
    found = re.search(r'<select id="f-about" name="about"><option value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def check(second: Browser, agrees: str = "yes", text: str = "") -> None:
    about = waiting(second.get(f"{ENTER}supply_check/"))
    second.post(f"{ENTER}supply_check/", {"about": about, "agrees": agrees, "text": text})


def alert(page: str) -> str:
    found = re.search(r'role="alert">(.*?)</(?:p|section)>', page, re.DOTALL)
    assert found is not None, page
    return found[1]


@pytest.mark.requirement("R08")
def test_a_whole_day(pharmacist: Browser, second: Browser, sign_in: SignIn, keys: list[str]) -> None:
    """R08: 40 kits, an excursion, 6 dispensings, 2 returns, a difference, and destruction by two."""
    monitor = sign_in("mm", everywhere="medical_monitor")
    numbers = shipped(pharmacist, 40)
    assert len(numbers) == 40
    sheet = pharmacist._client.get("/supply/denver/labels.pdf?shipment=A-1")
    assert sheet.content.startswith(b"%PDF-")
    receipt = {"shipment": "A-1", "kits": labels(numbers), "damaged": "", "log": file()}
    pharmacist.post(f"{ENTER}receipt/", receipt)
    assert set(statuses().values()) == {"quarantined"}
    assert any("40 kits in quarantine" in one for one in tasks(monitor.get("/")))
    assert any("waits for a second person" in one for one in tasks(second.get("/")))
    assert not any("second person" in one for one in tasks(pharmacist.get("/")))
    decided = {"kits": labels(numbers[:38]), "decision": "release", "text": "stable to 30 °C"}
    monitor.post(f"{ENTER}supply_decision/", decided)
    monitor.post(f"{ENTER}supply_decision/", decided | {"kits": labels(numbers[38:]), "decision": "reject"})
    check(second)

    plan = [(key, part) for key in keys for part in ("initial", "supplement")]
    for number, (key, part) in zip(numbers, plan, strict=False):
        sent = {"kit": printed(number), "visit": "session_1", "part": part, "level": "full"}
        pharmacist.post(f"/participants/{key}/kits/", sent | {"do": "assign"})
        pharmacist.post(f"/participants/{key}/kits/", sent | {"do": "dispense", "units": "2"})
    given = [read(line.text) for number in (1, 2, 3) for line in store.lines(f"participant:{number:032x}")]
    out = [one for one in given if one.kind == "dispensing"]
    assert [one.basis["act"] for one in out if one.basis] == ["dispense"] * 6
    about = re.findall(r'name="about" value="([^"]+)"', second.get(f"/participants/{keys[0]}/kits/"))
    assert len(about) == 2
    home = f"Kit {printed(numbers[0])} waits for a second person"
    assert any(home in one for one in tasks(second.get("/")))
    assert not any("waits for a second person" in one for one in tasks(pharmacist.get("/")))
    pharmacist.post(
        f"/participants/{keys[0]}/kits/", {"do": "check", "about": about[0], "agrees": "yes"}, status=422
    )
    second.post(f"/participants/{keys[0]}/kits/", {"do": "check", "about": about[0], "agrees": "yes"})
    assert not any(home in one for one in tasks(second.get("/")))
    for number, key in ((numbers[1], keys[0]), (numbers[3], keys[1])):
        pharmacist.post(f"/participants/{key}/kits/", {"do": "return", "back": printed(number), "units": "2"})

    counted = "".join(
        f"{printed(one)} {1 if one in (numbers[0], numbers[2], numbers[4], numbers[5]) else 3}\n"
        for one in numbers
        if one != numbers[20]
    )
    pharmacist.post(f"{ENTER}inventory/", {"units": counted})
    page = pharmacist.get("/supply/denver/")
    assert f"Kit {printed(numbers[20])}: 0 of 3 units" in page
    assert page.count("Notice of a loss, to the authority: due by") == 1
    assert "Bericht" not in page  # of another country's law
    assert any("0 of 3 units were found" in one for one in tasks(pharmacist.get("/")))
    option = r'<option value="([^"]+)"[^>]*>' + re.escape(printed(numbers[20]))
    key = re.search(option, pharmacist.get(f"{ENTER}stock_difference/"))
    assert key is not None
    report = {"about": key[1], "said": "reported", "report": "1", "sent": "2026-03-16", "text": "by post"}
    pharmacist.post(f"{ENTER}stock_difference/", report)
    assert "Notice of a loss, to the authority: sent 2026-03-16" in pharmacist.get("/supply/denver/")
    pharmacist.post(
        f"{ENTER}stock_difference/", {"about": key[1], "said": "found", "text": "behind the drawer"}
    )
    assert "settled" in pharmacist.get("/supply/denver/")

    gone = "".join(f"{printed(one)} 3\n" for one in numbers[38:])
    pharmacist.post(f"{ENTER}destruction/", {"units": gone, "how": "burnt, certificate 5"})
    assert [statuses()[one] for one in numbers[38:]] == ["destroyed"] * 2
    assert "Destruction of 2 kits" in pharmacist.get("/supply/denver/")
    pharmacist.get(f"{ENTER}supply_check/")
    check(second)  # the count
    check(second)
    page = pharmacist.get("/supply/denver/")
    assert "Waits for a second person" not in page
    assert "should have 106 units" in page  # 120 - 8 outside - 6 destroyed


def test_the_gate_says_every_reason_on_the_page(pharmacist: Browser, keys: list[str]) -> None:
    (kit,) = shipped(pharmacist, 1)
    pharmacist.post(f"{ENTER}receipt/", {"shipment": "A-1", "kits": labels([kit]), "log": file()})
    sent = {"kit": printed(kit), "visit": "session_1", "part": "initial", "level": "full"}
    address = f"/participants/{keys[0]}/kits/"
    pharmacist.post(address, sent | {"do": "assign"})
    said = alert(
        pharmacist.post(address, sent | {"do": "dispense", "units": "2", "part": "supplement"}, status=422)
    )
    for reason in ("is for the initial dose, not the supplement", "is quarantined: 20.0 Cel to 27.1 Cel"):
        assert reason in said
    assert "Nobody else has checked" in said
    other = alert(pharmacist.post(f"/participants/{keys[1]}/kits/", sent | {"do": "assign"}, status=422))
    assert "another participant" in other
    assert "never came to this site" in alert(
        pharmacist.post(address, sent | {"do": "assign", "kit": printed("999")}, status=422)
    )
    wrong = printed(kit)[:-1] + ("A" if printed(kit)[-1] != "A" else "B")
    answer = pharmacist.post(address, sent | {"do": "assign", "kit": wrong}, status=422)
    assert "is the number of no kit" in alert(answer)


@pytest.mark.parametrize(
    ("kind", "sent", "said"),
    [
        ("lot", {"lot": "L-2", "expires": "2026-13-01"}, "Last day of use: write the day as 2026-04-30"),
        ("lot", {"lot": "L-2", "expires": "2026-12-31", "strength": "strong"}, "Strength"),
        ("lot", {"lot": "L-2", "expires": "2026-12-31", "strength": "-60 mg"}, "Strength: write it with its"),
        ("lot", {"lot": "L-2", "expires": "2026-12-31", "strength": "0 mg"}, "Strength: write it with its"),
        (
            "lot",
            {"lot": "L-2", "expires": "2026-12-31", "strength": "50 mg"},
            "50 mg is none that the study has of this product: 40 mg, 60 mg",
        ),
        (
            "lot",
            {"lot": "L-2", "expires": "2026-12-31", "stated_as": "base"},
            "in the study it is that of the salt. The same figure of the free base is another dose",
        ),
        (
            "lot",
            {"lot": "L-2", "expires": "2026-12-31", "packs": "one_arm"},
            "a lot of one arm alone tells the arm of each of its kits",
        ),
        ("lot", {"lot": "a\x01b"}, "Number of the lot: at most"),
        (
            "shipment",
            {"number": "B", "lot": "L-9", "units": "3", "sender": "D", "make": "2"},
            "enter the lot first",
        ),
        (
            "shipment",
            {"number": "B", "lot": "L-1", "units": "0", "sender": "D", "make": "2"},
            "a whole number from 1",
        ),
        (
            "shipment",
            {"number": "B", "lot": "L-1", "units": "3", "sender": "D", "make": "2", "kits": "7"},
            "either",
        ),
        (
            "receipt",
            {"shipment": "A-1", "kits": "4812"},
            "Kits, line 1: &#x27;4812&#x27; has no check character",
        ),
        ("receipt", {"shipment": "A-1", "kits": ""}, "scan or type at least one"),
        ("receipt", {"shipment": "Z", "kits": labels(["1"])}, "choose one that has not been received"),
        ("inventory", {"units": labels(["1"])}, "behind the label a space and the units"),
        ("inventory", {"units": f"{printed('1')} 2\n{printed('1')} 2"}, "line 2: kit 1 stands there twice"),
        ("destruction", {"units": f"{printed('1')} 2", "how": "burnt"}, "never came to this site"),
        ("quarantine", {"kits": labels(["1"]), "text": "wet"}, "never came to this site"),
        ("supply_check", {"about": "nothing", "agrees": "yes"}, "waits for a second person"),
        ("stock_difference", {"about": "x y", "said": "found", "text": "t"}, "no such difference"),
        ("storage_log", {"place": "safe"}, "choose one"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_entered_or_lost(
    pharmacist: Browser, kind: str, sent: dict[str, str], said: str
) -> None:
    lot(pharmacist)
    before = list(store.lines("site:denver"))
    full = {
        "product": "capsule",
        "strength": "60 mg",
        "stated_as": "salt",
        "certificate": "C",
        "status": "released",
        "packs": "every_arm",
    }
    page = pharmacist.post(f"{ENTER}{kind}/", (full if kind == "lot" else {}) | sent, status=422)
    assert said in alert(page)
    assert list(store.lines("site:denver")) == before
    typed = sent.get("text") or sent.get("how") or sent.get("sender")
    assert typed is None or f'value="{typed}"' in page


RUBBISH = ("\0", "§'\"><{{7}}", "9" * 600, "-1", "\u202e\n\n\n1.1 5")


def test_rubbish_gives_no_fault(pharmacist: Browser, sign_in: SignIn, keys: list[str]) -> None:
    lot(pharmacist)
    monitor = sign_in("mm", everywhere="medical_monitor")
    before = list(store.lines("site:denver"))
    for kind, handling in HANDLINGS.items():
        who = monitor if handling.duty == "decide_supply" else pharmacist
        for rubbish in RUBBISH:
            page = who.post(f"{ENTER}{kind}/", {one.name: rubbish for one in handling.fields}, status=422)
            assert alert(page)
    names = ("kit", "part", "level", "visit", "units", "text", "instead_of", "about", "agrees")
    for do in ("assign", "dispense", "return", "check"):
        for rubbish in RUBBISH:
            page = pharmacist.post(
                f"/participants/{keys[0]}/kits/", {"do": do, **dict.fromkeys(names, rubbish)}, status=422
            )
            assert alert(page)
    pharmacist.get("/supply/denver/labels.pdf?shipment=%00", status=404)
    assert list(store.lines("site:denver")) == before


def test_a_log_that_cannot_be_read_names_its_row(pharmacist: Browser) -> None:
    (kit,) = shipped(pharmacist, 1)
    sent = {"shipment": "A-1", "kits": labels([kit]), "log": file(WARM.replace("27.1", "error"))}
    assert "row 3 is no reading" in alert(pharmacist.post(f"{ENTER}receipt/", sent, status=422))
    assert statuses() == {kit: "sent"}


def test_who_is_blinded_sees_every_kit_alike_and_enters_nothing(
    pharmacist: Browser, sign_in: SignIn, keys: list[str]
) -> None:
    numbers = shipped(pharmacist, 2)
    therapist = sign_in("t-9", denver="therapist")
    page = therapist.get("/supply/denver/")
    assert all(printed(one) in page for one in numbers)
    assert "L-1" not in page
    assert "CoA" not in page
    shown = re.findall(r'<tr><th scope="row">.*?</tr>', page, re.DOTALL)
    rows = [re.sub(r"\d{6}\.\w", "", row) for row in shown]
    assert len(set(rows)) == 1
    for kind in ("lot", "receipt", "supply_decision", "nothing"):
        therapist.get(f"{ENTER}{kind}/", status=404)
        therapist.post(f"{ENTER}{kind}/", {}, status=404)
    therapist.get("/supply/denver/labels.pdf?shipment=A-1", status=404)
    therapist.get(f"/participants/{keys[0]}/kits/", status=404)
    sign_in("eve", haifa="pharmacist").get("/supply/denver/", status=404)
    sign_in("sam", everywhere="scheduler").get("/supply/", status=404)  # dosing is hidden from it


def test_a_replacement_says_nothing_of_the_arm_and_ends_the_kit_before(
    pharmacist: Browser, keys: list[str]
) -> None:
    first, other = shipped(pharmacist, 2)
    address = f"/participants/{keys[0]}/kits/"
    sent = {"kit": printed(first), "visit": "session_1", "part": "initial", "level": "full", "do": "assign"}
    pharmacist.post(address, sent)
    pharmacist.post(address, sent | {"kit": printed(other), "instead_of": printed(first)})
    page = pharmacist.get(address)
    assert f"replaced by {printed(other)}" in page
    assert "kit_replaced" not in page
    said = alert(pharmacist.post(address, sent | {"do": "dispense", "units": "2"}, status=422))
    assert f"was replaced by kit {other}" in said


def test_nobody_checks_what_they_entered_and_two_at_once_are_one(
    pharmacist: Browser, second: Browser
) -> None:
    numbers = shipped(pharmacist, 2)
    pharmacist.post(
        f"{ENTER}receipt/", {"shipment": "A-1", "kits": labels(numbers), "log": file("")}, status=422
    )
    pharmacist.post(f"{ENTER}receipt/", {"shipment": "A-1", "kits": labels(numbers[:1])})
    again = pharmacist.post(f"{ENTER}receipt/", {"shipment": "A-1", "kits": labels(numbers)}, status=422)
    assert "has not been received" in alert(again)
    about = waiting(second.get(f"{ENTER}supply_check/"))
    own = pharmacist.post(f"{ENTER}supply_check/", {"about": about, "agrees": "yes"}, status=422)
    assert "somebody else has to look at it" in alert(own)
    second.post(f"{ENTER}supply_check/", {"about": about, "agrees": "no", "text": "one is open"})
    assert "does not agree. one is open" in pharmacist.get("/supply/denver/")
    late = second.post(f"{ENTER}supply_check/", {"about": about, "agrees": "yes"}, status=422)
    assert "waits for a second person" in alert(late)
    assert stock_numbers() == sorted(numbers)


def test_of_a_locked_participant_nothing_is_dispensed(
    pharmacist: Browser, stocked: Study, keys: list[str]
) -> None:
    """What came back is a fact all the same."""
    (kit,) = shipped(pharmacist, 1)
    sent = {"kit": printed(kit), "visit": "session_1", "part": "initial", "level": "full"}
    address, ledger = f"/participants/{keys[0]}/kits/", f"participant:{1:032x}"
    pharmacist.post(address, sent | {"do": "assign"})
    lock(stocked, ledger)
    said = alert(pharmacist.post(address, sent | {"do": "dispense", "units": "2"}, status=422))
    assert "are locked" in said
    pharmacist.post(address, {"do": "return", "back": printed(kit), "units": "2"})
    kinds = [read(line.text).kind for line in store.lines(ledger)]
    assert "dispensing" not in kinds
    assert kinds[-1] == "kit_return"


def test_the_kits_of_a_site_are_shown_page_by_page_and_by_state(
    pharmacist: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = shipped(pharmacist, 5)
    pharmacist.post(f"{ENTER}receipt/", {"shipment": "A-1", "kits": labels(numbers[:3]), "damaged": ""})

    def walked(asked: str) -> list[list[str]]:
        pages, further = [], asked
        while further is not None:
            page = pharmacist.get(f"/supply/denver/{further}")
            part = page[page.index('id="kits"') : page.index('id="lots"')]
            pages.append(re.findall(r'<th scope="row">([^<]+)</th>', part))
            found = re.search(r'rel="next" href="([^"#]+)#kits"', part)
            further = None if found is None else found[1].replace("&amp;", "&")
        return pages

    whole = sorted(map(printed, numbers))
    assert walked("") == [whole]
    monkeypatch.setattr(stock_page, "KITS_PER_PAGE", 2)
    assert walked("") == [whole[:2], whole[2:4], whole[4:]]
    missing = sorted(printed(one) for one in numbers if statuses()[one] == "missing")
    assert len(missing) == 2
    assert walked("?is=missing") == [missing]
    assert walked(f"?is=missing&after={numbers[-1]}") == [[]]
    assert "Kits: what the address asks for is not here" in pharmacist.get("/supply/denver/?is=lost")
    assert walked("?is=lost")[0] == whole[:2]


def test_what_was_entered_in_error_is_withdrawn_with_a_reason_and_counts_no_more(
    pharmacist: Browser, second: Browser, sign_in: SignIn, keys: list[str]
) -> None:
    """A receipt of the wrong kits: withdrawn, entered anew; the ledger keeps both, and who said why."""
    numbers = shipped(pharmacist, 3)
    sent = {"shipment": "A-1", "kits": labels(numbers[:1]), "damaged": ""}
    pharmacist.post(f"{ENTER}receipt/", sent)
    assert [statuses()[one] for one in numbers[1:]] == ["missing", "missing"]
    stock = pharmacist.get("/supply/denver/")
    assert "A second person has to look at it first" in stock
    address = f"/supply/denver/withdraw/{entered_last('A receipt')}/"
    assert "A-1, 1 kit" in pharmacist.get(address)
    for nobody in (sign_in("mm", everywhere="medical_monitor"), sign_in("th", denver="therapist")):
        nobody.get(address, status=404)
        assert address not in nobody.get("/supply/denver/")
    empty = pharmacist.post(address, {"reason": "  "}, status=422)
    assert "Why: say in words what is wrong with it" in alert(empty)
    assert [statuses()[one] for one in numbers[1:]] == ["missing", "missing"]
    alone = pharmacist.post(address, {"reason": "Only one box was opened"}, status=422)
    assert "A second person has to look at it first" in alert(alone)
    check(second, agrees="no", text="two more boxes are here")
    assert address in pharmacist.get("/supply/denver/")
    pharmacist.post(address, {"reason": "Only one box was opened"})
    assert set(statuses().values()) == {"sent"}
    page = pharmacist.get("/supply/denver/")
    assert "Only one box was opened" in page
    assert address not in page
    pharmacist.get(address, status=404)  # twice is once
    pharmacist.post(f"{ENTER}receipt/", sent | {"kits": labels(numbers)})
    assert set(statuses().values()) == {"quarantined"}  # there is no log
    kinds = [read(line.text).kind for line in store.lines("site:denver")]
    assert (kinds.count("receipt"), kinds.count("void")) == (2, 1)


def withdraw(person: Browser, what: str, *, status: int) -> str:
    """Withdraws what was entered last of a kind; the page that follows.

    It is offered where it can be done; else the stock says beside it why not, in the same words.
    """
    stock, address = person.get("/supply/denver/"), f"/supply/denver/withdraw/{entered_last(what)}/"
    assert (f'href="{address}" aria-label="Withdraw: {what}' in stock) is (status == 302)
    answer = person.post(address, {"reason": "typed wrongly"}, status=status)
    assert status == 302 or alert(answer) in stock
    return answer


def entered_last(what: str) -> str:
    """The entry that was entered last of a kind about the stock."""
    from entact.conduct.supply.handlings import HANDLINGS
    from entact.conduct.supply.selectors import entered_at

    found = (one.entry for one in entered_at("denver") if not one.withdrawn_by)
    return next(one.id for one in found if one.kind in HANDLINGS and str(HANDLINGS[one.kind].title) == what)


def test_nobody_takes_a_kit_out_of_the_balance_by_withdrawing(
    pharmacist: Browser, second: Browser, keys: list[str]
) -> None:
    """A shipment that arrived, a receipt that two saw, and a count that shows a loss all stay."""
    numbers = shipped(pharmacist, 3)
    fine = file(WARM.replace("27.1", "21.1"))
    sent = {"shipment": "A-1", "kits": labels(numbers), "damaged": ""}
    pharmacist.post(f"{ENTER}receipt/", sent | {"log": fine})
    said = alert(withdraw(pharmacist, "A shipment", status=422))
    assert "It was received: withdraw its receipt first" in said
    check(second)
    said = alert(withdraw(pharmacist, "A receipt", status=422))
    assert "A second person agreed with it" in said
    assert set(statuses().values()) == {"received"}
    counted = "".join(f"{printed(one)} {3 if one != numbers[0] else 1}\n" for one in numbers)
    pharmacist.post(f"{ENTER}inventory/", {"units": counted})
    assert f"{printed(numbers[0])}: 1 of 3 units" in pharmacist.get("/supply/denver/")
    check(second, agrees="no", text="it was 3")
    said = alert(withdraw(pharmacist, "A count of all", status=422))
    assert "It shows a difference: say what became of it" in said
    assert f"{printed(numbers[0])}: 1 of 3 units" in pharmacist.get("/supply/denver/")


def test_nobody_takes_back_what_a_second_person_saw(
    pharmacist: Browser, second: Browser, keys: list[str]
) -> None:
    """Else whoever entered it would take the check back, and then what was checked."""
    numbers = shipped(pharmacist, 2)
    sent = {"shipment": "A-1", "kits": labels(numbers), "damaged": ""}
    pharmacist.post(f"{ENTER}receipt/", sent | {"log": file(WARM.replace("27.1", "21.1"))})
    assert "A second person has to look at it first" in alert(withdraw(pharmacist, "A receipt", status=422))
    check(second)
    said = alert(withdraw(pharmacist, "The check of a second person", status=422))
    assert "nobody but they can withdraw it" in said
    assert set(statuses().values()) == {"received"}
    withdraw(second, "The check of a second person", status=302)
    assert "A second person has to look at it first" in alert(withdraw(pharmacist, "A receipt", status=422))


def test_what_was_damaged_or_short_is_withdrawn_once_the_second_person_says_otherwise(
    pharmacist: Browser, second: Browser, keys: list[str]
) -> None:
    numbers = shipped(pharmacist, 3)
    fine = file(WARM.replace("27.1", "21.1"))
    sent = {"shipment": "A-1", "kits": labels(numbers[:2]), "damaged": labels(numbers[:1])}
    pharmacist.post(f"{ENTER}receipt/", sent | {"log": fine})
    check(second, agrees="no", text="all three are here, and whole")
    withdraw(pharmacist, "A receipt", status=302)
    assert set(statuses().values()) == {"sent"}
    pharmacist.post(f"{ENTER}receipt/", sent | {"kits": labels(numbers), "damaged": "", "log": file()})
    check(second, agrees="no", text="it was not so warm")
    assert "the sponsor decides about them" in alert(withdraw(pharmacist, "A receipt", status=422))


def test_nobody_takes_a_kit_out_of_quarantine_by_withdrawing(
    pharmacist: Browser, second: Browser, keys: list[str]
) -> None:
    """Too warm on the way, in storage, or for another reason: the sponsor decides, and nobody else."""
    numbers = shipped(pharmacist, 2)
    sent = {"shipment": "A-1", "kits": labels(numbers), "damaged": ""}
    pharmacist.post(f"{ENTER}receipt/", sent | {"log": file()})
    check(second, agrees="no", text="typed wrongly")
    assert "the sponsor decides about them" in alert(withdraw(pharmacist, "A receipt", status=422))
    assert set(statuses().values()) == {"quarantined"}


@pytest.mark.parametrize("storage", [True, False])
def test_what_was_warm_in_storage_stays_in_quarantine(
    pharmacist: Browser, second: Browser, keys: list[str], storage: bool
) -> None:
    numbers = shipped(pharmacist, 2)
    fine = file(WARM.replace("27.1", "21.1"))
    sent = {"shipment": "A-1", "kits": labels(numbers), "damaged": ""}
    pharmacist.post(f"{ENTER}receipt/", sent | {"log": fine})
    check(second)
    if storage:
        pharmacist.post(f"{ENTER}storage_log/", {"place": "safe", "log": file()})
    else:
        pharmacist.post(f"{ENTER}quarantine/", {"kits": labels(numbers), "text": "the box was wet"})
    assert set(statuses().values()) == {"quarantined"}
    what = "Temperatures in storage" if storage else "A quarantine"
    said = alert(withdraw(pharmacist, what, status=422))
    assert "By it kits are in quarantine" in said
    assert printed(numbers[0])[:-2] in said
    assert set(statuses().values()) == {"quarantined"}


def test_a_packing_list_with_what_is_no_number_is_refused(pharmacist: Browser, keys: list[str]) -> None:
    """The check character knows letters and digits alone: of others no wrong one would be found."""
    shipped(pharmacist, 1)
    sent = {"number": "A-7", "lot": "L-1", "units": "3", "sender": "Depot", "kits": "K-9\nÄÖ<b>", "make": ""}
    said = alert(pharmacist.post(f"{ENTER}shipment/", sent, status=422))
    assert "is no number of a kit" in said
    assert len(statuses()) == 1


@pytest.mark.parametrize("what", ["staff", "nothing"])
def test_nothing_but_the_stock_is_withdrawn_there(pharmacist: Browser, keys: list[str], what: str) -> None:
    entries = [read(line.text) for line in store.lines("site:denver")]
    entry = next((one.id for one in entries if one.kind == what), "nowhere")
    pharmacist.get(f"/supply/denver/withdraw/{entry}/", status=404)


def test_the_door_takes_no_withdrawal_without_a_reason_or_of_nothing(keys: list[str]) -> None:
    import msgspec

    from entact.course.entry import Entry
    from entact.course.entry.entry import Authenticated
    from entact.store import StoreError, door

    known = next(read(line.text) for line in store.lines("site:denver") if read(line.text).kind == "staff")
    who = Authenticated(how="session", who="p-1", session="5e55")
    fields = {name: getattr(known, name) for name in Entry.__struct_fields__}
    void = Entry(**fields | {"kind": "void", "data": {}, "id": f"{known.id[:-4]}beef", "replaces": known.id})
    for one, said in (
        (void, "says no reason: give one"),
        (
            msgspec.structs.replace(void, reason="wrong", replaces="nowhere"),
            "there is no entry nowhere in site:denver",
        ),
        (msgspec.structs.replace(void, reason="wrong", ledger="study:mini"), "does not belong in the ledger"),
    ):
        with pytest.raises(StoreError, match=said):
            door.note(one, received_at=known.recorded_at, authenticated=who)


@pytest.mark.requirement("R10")
def test_of_two_lots_the_keeper_is_told_and_who_is_blinded_sees_no_difference(
    pharmacist: Browser, sign_in: SignIn, keys: list[str]
) -> None:
    """R10: kits of two lots, with two last days, look the same to whoever does not keep them."""
    shipped(pharmacist, 1)
    assert "lie here together" not in pharmacist.get("/supply/denver/")
    lot(pharmacist, lot="L-2", expires="2027-06-30", certificate="CoA 78")
    sent = {"number": "A-2", "lot": "L-2", "units": "3", "sender": "Depot", "kits": "", "make": "1"}
    pharmacist.post("/supply/denver/enter/shipment/", sent)
    page = pharmacist.get("/supply/denver/")
    assert "Kits of the lots L-1, L-2 lie here together" in page
    blinded = sign_in("t-9", denver="therapist").get("/supply/denver/")
    shown = re.findall(r'<tr><th scope="row">.*?</tr>', blinded, re.DOTALL)
    assert len(shown) == 2
    assert len({re.sub(r"\d{6}\.\w", "", row) for row in shown}) == 1
    for said in ("L-1", "L-2", "2026-12-31", "2027-06-30", "CoA", "together"):
        assert said not in blinded


def plan_kits(kits: dict[str, tuple[str, str, str]]) -> None:
    """Plans kits for rows of the committed list, as it is kept: by kit the row, the level and the part."""
    from msgspec import to_builtins
    from msgspec.structs import replace

    [commitment] = acts.entries(("commitment",))
    root = commitment.data["list_root"]
    plain = [KitForNumber(kit, *what) for kit, what in kits.items()]  # type: ignore[arg-type]
    planned = to_builtins(KitsPlanned(root, seal_kits(plain, key_for_kits())))
    entry = replace(as_sent(commitment), id="plan", kind="kits_planned", data=planned)
    store.append(entry, received_at=commitment.received_at)


@pytest.mark.requirement("R10")
def test_where_kits_are_packed_for_rows_nobody_chooses_one(
    stocked: Study, database: str, sign_in: SignIn
) -> None:
    """R10: the next is assigned, a dropped one replaced by the next, another row's refused, and none told."""
    keys = keep_site(stocked, {"denver": ["R-71", "R-72", "R-73"]})
    pharmacist, second = (sign_in(name, denver="pharmacist") for name in ("p-1", "p-2"))
    numbers = shipped(pharmacist, 4)
    plan_kits(
        dict.fromkeys(numbers[:2], ("R-71", "full", "initial"))
        | dict.fromkeys(numbers[2:], ("R-72", "full", "initial"))
    )
    page = f"/participants/{keys[0]}/kits/"
    sent = {"visit": "session_1", "part": "initial", "level": "full"}
    early = pharmacist.post(page, sent | {"do": "next"}, status=422)
    assert "is ready here for that. This says nothing of an arm" in alert(early)
    log = file("Time,Temperature\n2026-03-01 08:00,20\n2026-03-01 08:10,20\n")
    pharmacist.post(
        f"{ENTER}receipt/", {"shipment": "A-1", "kits": labels(numbers), "damaged": "", "log": log}
    )
    check(second)
    pharmacist.post(page, sent | {"do": "next"})
    assert printed(numbers[0]) in pharmacist.get(page)
    pharmacist.post(page, sent | {"do": "dispense", "kit": printed(numbers[0]), "units": "2"})
    pharmacist.post(page, sent | {"do": "next", "instead_of": printed(numbers[0])})
    assert f"replaced by {printed(numbers[1])}" in pharmacist.get(page)
    other = pharmacist.post(page, sent | {"do": "assign", "kit": printed(numbers[2])}, status=422)
    assert f"Kit {numbers[2]} is not packed for R-71" in alert(other)
    none = pharmacist.post(page, sent | {"do": "next"}, status=422)
    assert "is ready here for that" in alert(none)
    assert "R-72" not in pharmacist.get(page)  # whose the others are is on no page
    pharmacist.post(f"/participants/{keys[1]}/kits/", sent | {"do": "next"})
    assert printed(numbers[2]) in pharmacist.get(f"/participants/{keys[1]}/kits/")


RESUPPLY = {"lead_time": "21 d", "covers": "4 wk", "recruitment": {"participants": 1, "per": "4 wk"}}


def test_nothing_is_ordered_where_the_study_file_does_not_say_how(database: str, sign_in: SignIn) -> None:
    keep_site(study_with_supply())
    pharmacist = sign_in("p-1", denver="pharmacist")
    refused = pharmacist.post(f"{ENTER}kit_order/", {"number": "O-1"}, status=422)
    assert "The study file has no supply.resupply" in alert(refused)


@pytest.mark.requirement("R10")
def test_what_is_to_be_ordered_is_ordered_sent_and_taken_in(
    database: str, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R10: whole rows, which nobody chooses; home says who has to act, and who keeps no stock sees none."""
    study = study_with_supply(RESUPPLY)
    rows = [f"R-{number}" for number in range(71, 79)]
    keep_site(study, {"denver": rows})
    pharmacist = sign_in("p-1", denver="pharmacist")
    monitor = sign_in("mm", everywhere="medical_monitor")
    assert "Resupply" not in pharmacist.get("/supply/denver/")  # no kit is planned
    lot(pharmacist)
    kits = {
        f"{100_000 + 7 * place}": (row, level, part)
        for place, (row, level, part) in enumerate(
            (row, level, part)
            for part in ("initial", "supplement")
            for row in rows
            for level in ("full", "low")
        )
    }
    plan_kits(kits)
    page = pharmacist.get("/supply/denver/")
    assert "28 kits are to be ordered" in page  # of four rows to come, and of three people who have none
    assert "4 rows for people to come" in page
    assert "3 participants whose kits do not last" in page
    assert any("28 kits are to be ordered" in one for one in tasks(pharmacist.get("/")))
    assert not any("to be ordered" in one for one in tasks(monitor.get("/")))
    assert "28 kits are to be ordered" in monitor.get("/supply/denver/")
    assert "Order them" not in monitor.get("/supply/denver/")
    assert "Kits of the order" not in pharmacist.get(f"{ENTER}shipment/")
    assert "Resupply" not in sign_in("t-1", denver="therapist").get("/supply/denver/")
    form = pharmacist.get(f"{ENTER}kit_order/")
    assert re.findall(r"<h(\d)", form)[:3] == ["1", "2", "3"]  # no heading is passed over
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', form)
    assert seen is not None
    stale = pharmacist.post(f"{ENTER}kit_order/", {"number": "O-1", "seen": "0"}, status=422)
    assert "has changed meanwhile" in alert(stale)
    pharmacist.post(f"{ENTER}kit_order/", {"number": "O-1", "seen": seen[1]})
    again = pharmacist.post(f"{ENTER}kit_order/", {"number": "O-2", "seen": seen[1]}, status=422)
    assert "Nothing is to be ordered" in alert(again)
    twice = pharmacist.post(f"{ENTER}kit_order/", {"number": "o-1", "seen": seen[1]}, status=422)
    assert "Order o-1 was entered before" in alert(twice)
    assert any("28 kits were ordered and are not sent" in one for one in tasks(monitor.get("/")))
    assert not any("to be ordered" in one for one in tasks(pharmacist.get("/")))

    lines = re.findall(r'<option value="(O-1/[^"]+)"', pharmacist.get(f"{ENTER}shipment/"))
    assert lines == [f"O-1/{level}/{part}" for level in ("full", "low") for part in ("initial", "supplement")]
    sent = {"number": "A-1", "lot": "L-1", "units": "2", "sender": "Depot", "kits": "", "make": ""}
    both = pharmacist.post(f"{ENTER}shipment/", sent | {"order": lines[0], "make": "3"}, status=422)
    assert "either those of the order" in alert(both)
    pharmacist.post(f"{ENTER}shipment/", sent | {"order": lines[0]})
    none = pharmacist.post(f"{ENTER}shipment/", sent | {"number": "A-2", "order": lines[0]}, status=422)
    assert "were sent already" in alert(none)
    weaker = pharmacist.post(f"{ENTER}shipment/", sent | {"number": "A-3", "order": lines[2]}, status=422)
    assert "Lot: it is of 60 mg, and kits of this shipment are planned for what is of 40 mg" in alert(weaker)
    came = stock_numbers()
    assert {kits[one][1:] for one in came} == {("full", "initial")}
    assert len(came) == 7
    assert any("21 kits were ordered and are not sent" in one for one in tasks(monitor.get("/")))
    blinded = sign_in("t-9", denver="therapist").get("/supply/denver/")
    assert "O-1" not in blinded
    pharmacist.post(f"/supply/denver/withdraw/{ordered()}/", {"reason": "the depot is closed"})
    assert "21 kits are to be ordered" in pharmacist.get("/supply/denver/")  # the others are on their way


@pytest.mark.requirement("R10")
def test_which_row_lacks_kits_is_told_to_the_holder_of_the_list_alone(database: str, sign_in: SignIn) -> None:
    """R10: who knows what a lost kit held, and reads whose row lacks one since, would know that arm."""
    rows = [f"R-{number}" for number in range(71, 79)]
    keep_site(study_with_supply(RESUPPLY), {"denver": rows})
    pharmacist = sign_in("p-1", denver="pharmacist")
    monitor = sign_in("mm", everywhere="medical_monitor")
    lot(pharmacist)
    what = [(level, part) for part in ("initial", "supplement") for level in ("full", "low")]
    have = [row for row in rows if row not in ("R-74", "R-75")]
    every = [(row, *one) for row in have for one in what]
    plan_kits({f"{100_000 + place}": one for place, one in enumerate(every)})
    for person in (pharmacist, monitor):
        page = person.get("/supply/denver/")
        assert "The kits of 2 rows do not last, and no more are planned" in page
        assert "R-74" not in page
        assert any("2 rows of the list need kits" in one for one in tasks(person.get("/")))
    assert rows_lacking(reader_as("owner")) == ["R-74", "R-75"]


def ordered() -> str:
    """The id of the order that was entered."""
    entries = [read(line.text) for line in store.lines("site:denver")]
    return next(one.id for one in entries if one.kind == "kit_order")
