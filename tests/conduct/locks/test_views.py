"""Visits frozen, participants and the study locked: what that refuses, what it never does, who ends it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.conduct.browser import Browser, course_of, keep_screened
from tests.conduct.locked import signer
from tests.conduct.record import blinded_study

from entact import store
from entact.course import findings, instant, read
from entact.course.entry import as_sent
from entact.course.kinds import KINDS
from entact.protocol import Study

FORM = "/participants/S-1/screening.1/suicidality/"
LOCK = "/participants/S-1/lock/"
ANSWERS = {"shown": ["ideation", "behaviour"], "item:ideation": "0", "item:behaviour": "false"}
CHANGED = ANSWERS | {"item:ideation": "1", "head": "99", "reason_code": "transcription_error"}


@pytest.fixture(scope="module")
def managed() -> Study:
    """The small study with somebody who keeps its data, and somebody who audits."""
    return blinded_study(lambda data: data["roles"].update(data_manager="keeps the data", auditor="audits"))


@pytest.fixture
def ledger(managed: Study, database: str) -> str:
    return keep_screened(managed)


@pytest.fixture
def site(sign_in: Callable[..., Browser], ledger: str) -> Browser:
    site = sign_in("ada", denver="investigator")
    site.post(FORM, ANSWERS | {"head": "9"})
    return site


@pytest.fixture
def manager(sign_in: Callable[..., Browser], site: Browser) -> Browser:
    return sign_in("dan", everywhere="data_manager")


def freezes(page: str) -> list[str]:
    return re.findall(r'name="freeze" value="([^"]+)"', page)


@pytest.mark.requirement("R08")
def test_a_frozen_visit_is_not_changed_until_that_is_taken_back(
    site: Browser, manager: Browser, ledger: str, managed: Study
) -> None:
    manager.post(LOCK, {"do": "freeze", "encounter": "screening#1"})
    assert "c-frozen" in site.get("/participants/S-1/visits/")
    before = len(list(store.lines(ledger)))
    page = site.get(FORM)
    assert "This visit is frozen: the data manager can take that back" in page
    assert not [one for one in ("Save correction", "Withdraw it", "data-draft") if one in page]
    blank = site.get("/participants/S-1/screening.1/demographics/")
    assert ("This visit is frozen" in blank, 'type="submit">Save' in blank) == (True, False)
    decision = site.get("/participants/S-1/eligibility/")
    assert ("This visit is frozen" in decision, "Sign the decision" in decision) == (True, False)
    assert "This visit is frozen" in site.post(FORM, CHANGED, status=422)
    entry = next(one.id for one in course_of(managed, ledger).effective if one.entry.kind == "form")
    withdrawal = f"/participants/S-1/entry/{entry}/withdraw/"
    assert "This visit is frozen" in site.post(withdrawal, {"reason_code": "entered_in_error"}, status=422)
    assert len(list(store.lines(ledger))) == before
    (name,) = freezes(manager.get(LOCK))
    assert "Say why" in manager.post(LOCK, {"do": "take_back", "freeze": name, "reason": " "}, status=422)
    manager.post(LOCK, {"do": "take_back", "freeze": name, "reason": "a late result"})
    site.post(FORM, CHANGED)
    course = course_of(managed, ledger)
    assert not [one for one in findings(course, instant("2026-06-01T00:00:00Z")) if "freeze" in one.rule]


@pytest.mark.requirement("R08")
def test_a_locked_participant_is_released_by_two_and_safety_is_never_refused(
    site: Browser, manager: Browser, sign_in: Callable[..., Browser], ledger: str, managed: Study
) -> None:
    page = manager.get(LOCK)
    assert "Entries that are not signed" in page
    assert "say why it is locked all the same" in manager.post(LOCK, {"do": "lock"}, status=422)
    manager.post(LOCK, {"do": "lock", "reason": "the last visit is lost"})
    assert "locked" in site.post(FORM, CHANGED, status=422)
    for kind, sent in {
        "adverse_event": {"shown": ["verbatim"], "item:verbatim": "a rash"},
        "discontinuation": {
            "shown": ["of", "decided_by", "cause"],
            "item:of": "data_use",
            "item:decided_by": "participant",
            "item:cause": "moved_away",
        },
    }.items():
        site.post(f"/participants/S-1/add/{kind}/", sent)
    site.post("/participants/S-1/visits/unscheduled/", {"reason": "feels unwell"})
    site.post("/participants/S-1/unscheduled.1/suicidality/", ANSWERS | {"head": "99"})
    kept = [one.entry.kind for one in course_of(managed, ledger).effective]
    assert {"adverse_event", "discontinuation"} <= {*kept}
    found = findings(course_of(managed, ledger), instant("2026-06-01T00:00:00Z"))
    assert len([one for one in found if one.rule == "changed_after_freeze"]) >= 3
    (name,) = freezes(manager.get(LOCK))
    manager.post(LOCK, {"do": "take_back", "freeze": name, "reason": "it came back"})
    assert "You asked for it" in manager.post(
        LOCK, {"do": "take_back", "freeze": name, "reason": "again"}, status=422
    )
    assert "locked" in site.post(FORM, CHANGED, status=422)
    other = sign_in("eli", everywhere="data_manager")
    assert "dan asked to take it back" in other.get(LOCK)
    waiting = "asks to take the lock back"
    assert waiting in other.get("/")
    assert waiting not in manager.get("/") + site.get("/")
    other.post(LOCK, {"do": "take_back", "freeze": name, "reason": "it is so"})
    assert waiting not in other.get("/")
    site.post(FORM, CHANGED)


@pytest.mark.parametrize("hidden", [False, True])
def test_what_is_hidden_from_all_who_sign_is_not_counted_as_unsigned(
    database: str, sign_in: Callable[..., Browser], hidden: bool
) -> None:
    """It could not be signed before the lock that waits for it."""

    def blinds(data: dict[str, Any]) -> None:
        data["roles"].update(data_manager="keeps the data")
        data["forms"]["suicidality"]["data_class"] = "talks"
        if hidden:
            data["blinding"].append(
                {"role": "investigator", "hidden": ["allocation", "talks"], "until": "lock"}
            )

    ledger = keep_screened(blinded_study(blinds))
    sign_in("tia", denver="therapist").post(FORM, ANSWERS | {"head": "9"})
    kinds = [read(line.text).kind for line in store.lines(ledger)]
    unsigned = len([one for one in kinds if not KINDS[one].attests]) - hidden
    page = sign_in("dan", everywhere="data_manager").get(LOCK)
    found = re.search(r"Entries that are not signed as they stand.*?(?:warn|quiet)\">([0-9]+)<", page, re.S)
    assert found is not None
    assert int(found[1]) == unsigned


def test_each_line_of_what_is_open_leads_to_it(site: Browser, manager: Browser) -> None:
    site.post("/participants/S-1/add/adverse_event/", {"shown": ["verbatim"], "item:verbatim": "dizzy"})
    entry = re.search(r"/participants/S-1/screening.1/suicidality/\?entry=[0-9a-f-]+", manager.get(LOCK))
    assert entry is not None
    begun = f"/participants/S-1/query/?entry={entry[0].partition('=')[2]}"
    query = manager.post(begun, {"item": "ideation", "text": "as on paper?"})
    _, _, opened = manager.get(LOCK).partition('id="open"')
    lines = re.findall(r"<summary>(.*?)</summary><ul>(.*?)</ul>", opened.partition("</section>")[0], re.S)
    links = {title: re.findall(r'href="([^"]+)">([^<]+)</a>', links) for title, links in lines}
    (asked,) = links["Queries of persons that are not closed"]
    assert re.fullmatch(r"/participants/S-1/query/[0-9a-f-]+/", asked[0]), query
    assert len(links["Entries that are not signed as they stand"]) > 1
    assert len(links["Events that are not coded"]) == 1
    for address, said in {one for some in links.values() for one in some}:
        assert said.strip()
        manager.get(address.replace("&amp;", "&"))
    summed = manager.get("/lock/")
    assert summed.count(f'<a href="{LOCK}">S-1 (1)</a>') >= 2


@pytest.mark.requirement("R02")
def test_what_a_device_sends_after_a_freeze_is_kept_and_found(
    manager: Browser, ledger: str, managed: Study
) -> None:
    manager.post(LOCK, {"do": "freeze", "encounter": "screening#1"})
    course = course_of(managed, ledger)
    form = next(one for one in course.effective if one.entry.kind == "form")
    sent = msgspec.structs.replace(
        next(read(line.text) for line in store.lines(ledger) if read(line.text).id == form.id),
        id="01990000-0000-7000-8000-000000000001",
        replaces=form.id,
        data={"items": {"ideation": 3}},
        reason="source_document",
    )
    store.fact(as_sent(sent), received_at=course.effective[-1].at.isoformat())
    found = findings(course_of(managed, ledger), instant("2026-06-01T00:00:00Z"))
    assert [one.entry for one in found if one.rule == "changed_after_freeze"] == [sent.id]


@pytest.mark.requirement("R16")
def test_nobody_else_freezes(site: Browser, manager: Browser, sign_in: Callable[..., Browser]) -> None:
    for who in (site, sign_in("mo", everywhere="monitor")):
        who.get(LOCK, status=404)
        who.post(LOCK, {"do": "freeze", "encounter": "screening#1"}, status=404)
        who.get("/lock/", status=404)
    manager.post(LOCK, {"do": "dance"}, status=404)
    manager.post(LOCK, {"do": "freeze", "encounter": "nothing#1"}, status=404)
    manager.post(LOCK, {"do": "take_back", "freeze": "nothing", "reason": "x"}, status=422)


@pytest.mark.requirement("R10")
def test_no_line_of_what_is_open_tells_what_is_hidden(database: str, sign_in: Callable[..., Browser]) -> None:
    def blinds(data: dict[str, Any]) -> None:
        data["roles"].update(data_manager="keeps the data")
        data["forms"]["suicidality"]["data_class"] = "talks"
        data["blinding"].append({"role": "data_manager", "hidden": ["allocation", "talks"], "until": "lock"})

    keep_screened(blinded_study(blinds))
    sign_in("tia", denver="therapist").post(FORM, ANSWERS | {"head": "9"})
    page = sign_in("dan", everywhere="data_manager").get(LOCK)
    assert "<summary>Entries that are not signed as they stand</summary>" in page
    assert "uicidality" not in page


@pytest.mark.requirement("R16")
def test_an_auditor_reads_locks_and_signatures_and_changes_none(
    site: Browser, manager: Browser, sign_in: Callable[..., Browser], ledger: str
) -> None:
    manager.post(LOCK, {"do": "freeze", "encounter": "screening#1"})
    auditor, before = sign_in("aud", everywhere="auditor"), len(list(store.lines(ledger)))
    pages = {LOCK: "frozen", "/lock/": "None yet", "/participants/S-1/sign/": "not signed as they stand"}
    for address, said in pages.items():
        page = auditor.get(address)
        assert said in page
        assert not [one for one in ('name="do"', 'name="meaning"', 'name="passphrase"') if one in page]
        for what in ("freeze", "lock", "take_back", "cut", "confirm", "sign"):
            sent = {"do": what, "encounter": "screening#1", "reason": "x", "meaning": "approved"}
            auditor.post(address, sent, status=404)
    assert len(list(store.lines(ledger))) == before
    elsewhere, here = sign_in("ann", haifa="auditor"), sign_in("abe", denver="auditor")
    assert "frozen" in here.get(LOCK)
    for browser, address in ((elsewhere, LOCK), (elsewhere, "/lock/"), (here, "/lock/")):
        browser.get(address, status=404)
    assert 'href="/lock/"' not in here.get("/participants/S-1/")
    page = auditor.get("/participants/S-1/") + auditor.get("/")
    assert not [one for one in (LOCK, "/lock/", "/participants/S-1/sign/") if f'href="{one}"' not in page]


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ledger: str) -> None:
    """Signing keys of dan and eli, who cut and unlock."""
    from entact.store.signature import enter_key, write_key_file

    monkeypatch.setenv("ENTACT_SIGNING", str(tmp_path))
    dan = signer(tmp_path, monkeypatch, "data_manager", "cut", "unlock")
    eli = write_key_file(tmp_path / "eli.key", "eli", "hanging on the wall")
    enter_key(eli, "data_manager", ["unlock"], dan)


LATE = "01990000-0000-7000-8000-000000000002"
RECEIVED = "2026-06-01T00:00:00+00:00"


def late(study: Study, ledger: str) -> list[list[str]]:
    """Entries that are found to have come after the lock: on pages, and in lists."""
    from entact.conduct.reader import Folded, Reader
    from entact.conduct.sight import Sight
    from entact.store import lists

    at = instant("2027-01-01T00:00:00Z")
    folded = Reader("rehearsal", study, at, Sight(study, "data_manager")).folded([ledger])[ledger]
    assert isinstance(folded, Folded)
    listed = lists.open_findings(at, hidden=[], rule="changed_after_lock")
    (counted,) = lists.summaries([listed[0].place], at, hidden=[], visits=[]).values() if listed else (None,)
    assert counted is None or counted.findings >= len(listed)
    assert lists.open_findings(at, hidden=["unsure"], rule="changed_after_lock", kinds=["form"]) == []
    return [sorted(one.entry for one in folded.beside), sorted(one.entry for one in listed)]


@pytest.mark.usefixtures("keys")
def test_the_study_is_locked_with_a_key_and_unlocked_by_two(
    site: Browser, manager: Browser, sign_in: Callable[..., Browser], managed: Study, ledger: str
) -> None:
    words = {"passphrase": "seven green bottles"}
    assert "0 of 1 participants are locked" in manager.get("/lock/")
    lock = {"do": "lock", "name": "lock-1", "reason": "the sponsor ended the study"}
    blank = manager.post("/lock/", lock | words | {"reason": " "}, status=422)
    assert "still open: say why" in blank
    wrong = manager.post("/lock/", lock | {"passphrase": "a guess"}, status=422)
    assert re.search(r"The passphrase does not open \w+\.key\.", wrong), "and no folder of the server"
    manager.post("/lock/", lock | words)
    assert "the sponsor ended the study" in manager.get("/lock/")
    assert "The study is locked (lock-1)" in site.post(FORM, CHANGED, status=422)
    assert late(managed, ledger) == [[], []]
    site.post("/participants/S-1/add/adverse_event/", {"shown": ["verbatim"], "item:verbatim": "a rash"})
    form = next(one for one in course_of(managed, ledger).effective if one.entry.kind == "form")
    sent = msgspec.structs.replace(form.entry, id=LATE, replaces=form.id, data={"items": {"ideation": 3}})
    store.fact(as_sent(msgspec.structs.replace(sent, reason="source_document")), received_at=RECEIVED)
    event = next(one.id for one in course_of(managed, ledger).effective if one.entry.kind == "adverse_event")
    assert late(managed, ledger) == [sorted([event, LATE])] * 2
    assert "after the study was locked (lock-1)" in site.get("/participants/S-1/")
    assert re.search(r"[Ee]ntries that came after the lock.{,200}?2", manager.get("/lock/"), re.DOTALL)
    manager.post("/lock/", {"do": "ask", "name": "lock-2", "reason": "coded late"} | words)
    own = manager.post("/lock/", {"do": "confirm", "name": "lock-2"} | words, status=422)
    assert "another person confirms it" in own
    eli = sign_in("eli", everywhere="data_manager")
    eli.post("/lock/", {"do": "confirm", "name": "lock-2", "passphrase": "hanging on the wall"})
    assert "Dan and Eli" in eli.get("/lock/")
    assert not re.search(r"\d{4}-\d\d-\d\dT", eli.get("/lock/"))
    assert re.search(r"lock, \d+ \w+ \d{4}, \d\d:\d\d UTC, Dan: the sponsor", eli.get("/lock/"))
    assert late(managed, ledger) == [[], []]  # two persons have seen it: it is in what is locked now
    site.post(FORM, CHANGED)  # it is open again, and what comes now counts once two sign anew
    (corrected,), _ = late(managed, ledger)
    assert corrected not in (event, LATE)
    assert "Pages write forms again" in manager.get("/lock/")
    alone = manager.post(
        "/lock/", {"do": "lock", "name": "lock-3", "reason": "corrected"} | words, status=422
    )
    assert "two persons lock it again" in alone
    manager.post("/lock/", {"do": "again", "name": "lock-3", "reason": "corrected"} | words)
    assert "You asked for it: another person confirms it" in manager.get("/lock/")
    assert "Confirm: lock again" in eli.get("/lock/")
    site.post(FORM, CHANGED | {"item:ideation": "0"})  # nobody has confirmed yet
    eli.post("/lock/", {"do": "confirm", "name": "lock-3", "passphrase": "hanging on the wall"})
    assert "Pages write no forms" in manager.get("/lock/")
    assert "The study is locked (lock-3)" in site.post(FORM, CHANGED, status=422)
    entries, _ = late(managed, ledger)
    assert corrected not in entries, "what was corrected counts"
    assert len(entries) == 1, "and what came after it was asked for does not"


@pytest.mark.usefixtures("keys")
def test_what_a_lock_is_refused_with_reads_german_and_names_no_folder(
    manager: Browser, sign_in: Callable[..., Browser], tmp_path: Path
) -> None:
    from entact.store.signature import write_key_file

    write_key_file(tmp_path / "fay.key", "fay", "seven green bottles")
    words = {"passphrase": "seven green bottles", "reason": "spät codiert", "name": "lock-1"}

    def refused(browser: Browser, **sent: str) -> str:
        page = browser.post("/lock/", words | sent, status=422, HTTP_ACCEPT_LANGUAGE="de")
        assert str(tmp_path) not in page
        found = re.search(r'role="alert"><p>(.*?)</p>', page, re.DOTALL)
        assert found is not None
        return found[1]

    assert refused(manager, do="lock", passphrase="a guess") == "Die Passphrase öffnet dan.key nicht."
    assert refused(manager, do="lock", name="Lock!") == (
        "&#x27;Lock!&#x27; kann nicht der Name eines Datenschnitts sein: "
        "Kleinbuchstaben, Ziffern, Punkte und Striche."
    )
    both = refused(manager, do="ask")
    assert both.startswith("Die Passphrase von dan öffnet auch den Schlüssel von fay in fay.key:")
    (tmp_path / "fay.key").unlink()
    assert refused(manager, do="ask").startswith("Die Studie ist nicht gesperrt:")
    eli = sign_in("eli", everywhere="data_manager")
    assert refused(eli, do="cut", passphrase="hanging on the wall") == (
        "Eli darf das nicht (Datenschnitt): der Schlüssel ist für Entsperrung."
    )
