"""Consent: signed by hand, by typing or on paper; kept with its text, had as a PDF, taken back by scope."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.conduct.browser import Browser, course_of, keep_screened
from tests.conduct.conftest import SignIn
from tests.conduct.people import PASSWORD, code, give_password
from tests.conduct.record import KEY, blinded_study, keep
from tests.course.conftest import Story

from entact import store
from entact.course import findings, instant, read
from entact.course.entry import as_sent
from entact.protocol import Study
from entact.store.attachments import attachment
from entact.store.identity import identity

PAGE = "/participants/S-1/consent/"
PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"


def png() -> bytes:
    """A picture of two by two pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\1\2" * 2)) + chunk(b"IEND", b"")


@pytest.fixture
def ledger(study: Study, database: str) -> str:
    return keep_screened(study, consented=False)


@pytest.fixture
def ada(ledger: str, sign_in: SignIn) -> Browser:
    ada = sign_in("ada", denver="investigator")
    ada.get("/participants/S-1/")
    give_password("ada")
    ada.sign_in_anew()
    return ada


def signing(study: Study, page: str, **more: Any) -> dict[str, Any]:
    head = re.search(r'name="head" value="([^"]*)"', page)
    assert head is not None
    drawn = "data:image/png;base64," + base64.b64encode(png()).decode()
    scopes = {f"scope:{name}": "true" for name in study.newest.file.consent} | {"scope:recording": "false"}
    sent = {"do": "sign", "head": head[1], "version": "2.1", "language": "en", "how": "drawn", "drawn": drawn}
    who = {"informed_by": "ada", "informed_at": "10 min ago", "password": PASSWORD, "code": code()}
    return sent | scopes | who | more


def test_a_version_is_read_as_the_sheet_says_it_and_one_that_was_replaced_is_found(
    ada: Browser, ledger: str, study: Study
) -> None:
    for version in ("CH 3.0 of 12 May", "CH 3.1", "CH 3.0 of 12 May"):
        ada.post(PAGE, signing(study, ada.get(PAGE), version=version))
        assert version in ada.get(PAGE)
        assert "sealed:" not in ada.get(PAGE)
    assert read(list(store.lines(ledger))[-1].text).data["version"] == "CH 3.0 of 12 May"
    assert "consent_superseded" in {one.rule for one in findings(course_of(study, ledger), datetime.now(UTC))}


def test_a_time_that_is_none_is_told_with_what_was_typed(ada: Browser, study: Study) -> None:
    page = ada.post(PAGE, signing(study, ada.get(PAGE), informed_at="in 3 hours"), status=422)
    assert "“in 3 hours” is no time; write it as in 14:30" in page


def test_a_participant_signs_once_though_who_keeps_it_typed_a_wrong_password(
    ada: Browser, study: Study
) -> None:
    wrong = signing(study, ada.get(PAGE), password="not this one, I fear")
    answer = ada.post(PAGE, wrong, status=422)
    assert f'name="drawn" value="{wrong["drawn"]}"' in answer
    other = signing(study, ada.get(PAGE), informed_at="tomorrow")
    assert 'name="drawn" value=""' in ada.post(PAGE, other, status=422)


@pytest.mark.requirement("R13")
def test_a_consent_is_signed_by_hand_and_kept_with_its_text(
    ada: Browser, ledger: str, study: Study, sign_in: SignIn
) -> None:
    ada.post(PAGE, signing(study, ada.get(PAGE)))
    entry = read(list(store.lines(ledger))[-1].text)
    data = entry.data
    assert entry.kind == "consent"
    assert data["scopes"] == {"participation": True, "recording": False}
    assert (data["how"], data["informed_by"], data["language"]) == ("drawn", "ada", "en")
    assert entry.authenticated.second.how == "password_and_code"  # type: ignore[attr-defined]
    asked_for = study.newest.file.consent
    told = {PAGE: asked_for["participation"], "/participants/S-1/": f"2.1: all but {asked_for['recording']}"}
    for address, said in told.items():  # what was agreed to, as the file says it; never its code
        page = re.sub(r"<form .*?</form>", "", ada.get(address), flags=re.DOTALL).lower()
        assert said.lower() in page
        assert "participation" not in page
    found = attachment(ledger, data["text"])
    assert found is not None
    text = found[0].decode()
    assert sha256(found[0]).hexdigest() == data["text"]
    for said in ("version 2.1", "S-1", "I do not agree: Video recordings", "Informed by Ada (ada)"):
        assert said in text, said
    assert attachment(ledger, data["signature"]) == (png(), "image/png")
    assert not [line for line in store.lines(ledger) if base64.b64encode(png()).decode()[:40] in line.text]
    answer = ada._client.get(f"{PAGE}{entry.id}/")
    assert answer["content-type"] == "application/pdf"
    assert answer["content-disposition"].startswith("attachment;")
    assert answer.content.startswith(b"%PDF-")
    for who in (sign_in("mo", everywhere="monitor"), sign_in("eve", haifa="investigator")):
        who.get(f"{PAGE}{entry.id}/", status=404)
        who.get(f"/participants/S-1/file/{data['signature']}/", status=404)
    given = [read(line.text).data["what"] for line in store.lines("system") if "exported" in line.text]
    assert any("consent" in one for one in given)


def test_a_consent_is_typed_by_whoever_is_kept_at_the_site(ada: Browser, ledger: str, study: Study) -> None:
    typed = {"how": "typed", "name": "Ana Roe", "born": "1980-04-30", "drawn": ""}
    ada.post(PAGE, signing(study, ada.get(PAGE), **typed))
    assert identity(ledger, "denver") == {"name": "Ana Roe", "birth_date": "1980-04-30"}
    again = signing(study, ada.get(PAGE), **typed | {"name": "Eva Poe"})
    assert "are not those" in ada.post(PAGE, again, status=422)
    ada.post(PAGE, signing(study, ada.get(PAGE), **typed | {"name": "ROE, Ana"}))
    assert len(course_of(study, ledger).consents) == 2
    assert not [line for line in store.lines(ledger) if "Roe" in line.text]


def test_a_consent_on_paper_is_transcribed_with_its_scan(ada: Browser, ledger: str, study: Study) -> None:
    def sent(content: bytes, **more: str) -> dict[str, Any]:
        scan = SimpleUploadedFile("scan.pdf", content, "application/pdf")
        return signing(study, ada.get(PAGE), how="paper", signed_at="5 min ago", scan=scan, **more)

    for content in (b"", b"MZ\x90", PDF.replace(b"<<>>", b"<</OpenAction 3 0 R>>", 1), PDF[:20]):
        ada.post(PAGE, sent(content), status=422)
    assert "before the participant was informed" in ada.post(PAGE, sent(PDF, informed_at="now"), status=422)
    assert course_of(study, ledger).consent is None
    ada.post(PAGE, sent(PDF))
    consent = read(list(store.lines(ledger))[-1].text)
    assert consent.data["signature"] == sha256(PDF).hexdigest()
    assert consent.occurred_at < consent.recorded_at
    answer = ada._client.get(f"/participants/S-1/file/{consent.data['signature']}/")
    assert answer.content == PDF
    assert answer["content-disposition"].startswith("attachment;")
    assert answer["x-content-type-options"] == "nosniff"
    ada.get(f"/participants/S-1/file/{'0' * 64}/", status=404)


def test_who_has_died_signs_nothing_and_what_they_had_signed_on_paper_is_entered(
    ada: Browser, ledger: str, study: Study
) -> None:
    def paper(**when: str) -> dict[str, Any]:
        scan = SimpleUploadedFile("scan.pdf", PDF, "application/pdf")
        return signing(study, ada.get(PAGE), how="paper", scan=scan, **when)

    ada.post("/participants/S-1/add/death/", {"shown": ["date"], "item:date": "2026-01-02"})
    assert "The participant has died: nobody signs here" in ada.get(PAGE)
    assert 'value="drawn"' not in ada.get(PAGE)
    for how in ("drawn", "typed"):
        page = ada.post(PAGE, signing(study, ada.get(PAGE), how=how), status=422)
        assert "The participant has died: nobody signs here" in page
    late = ada.post(PAGE, paper(informed_at="2026-01-03 10:00", signed_at="2026-01-03 11:00"), status=422)
    assert "had died when this would have been signed" in late
    assert course_of(study, ledger).consent is None
    ada.post(PAGE, paper(informed_at="2026-01-02 10:00", signed_at="2026-01-02 11:00"))
    assert course_of(study, ledger).consent is not None


@pytest.mark.requirement("R27")
def test_a_scope_is_taken_back_with_its_consequence_said_first(
    ada: Browser, ledger: str, study: Study
) -> None:
    ada.post(PAGE, signing(study, ada.get(PAGE)))
    assert "ends the study for this person" in ada.get(PAGE)
    ada.post(PAGE, {"do": "back"}, status=422)
    ada.post(PAGE, {"do": "back", "back": "participation"})
    consent = course_of(study, ledger).consent
    assert consent is not None
    assert consent.is_withdrawn
    assert "consent withdrawn" in ada.get(PAGE)
    ada.post(PAGE, {"do": "back", "back": "participation"}, status=422)


def test_who_takes_part_no_more_is_consented_for_in_no_part(ada: Browser, ledger: str, study: Study) -> None:
    """Of the page's own way to withdraw nothing is found that contradicts."""
    ada.post(PAGE, signing(study, ada.get(PAGE), **{"scope:recording": "true"}))
    assert "Every other scope is taken back with it" in ada.get(PAGE)
    assert "2.1: everything it asks for" in ada.get("/participants/S-1/")
    ada.post(PAGE, {"do": "back", "back": "participation"})
    assert "2.1: nothing" in ada.get("/participants/S-1/")
    course = course_of(study, ledger)
    assert course.consent is not None
    assert course.consent.scopes == {"participation": False, "recording": False}
    assert not [one for one in course.findings.values() if one.rule == "consent_contradicts"]


@pytest.mark.requirement("R27")
def test_what_the_study_file_keeps_stays_until_it_is_taken_back_too(database: str, sign_in: SignIn) -> None:
    kept = blinded_study(lambda data: data.update(consent_kept=["recording"]))
    ledger = keep_screened(kept)
    ada = sign_in("ada", denver="investigator")
    assert "but what is not ticked of: " in ada.get(PAGE)
    ada.post(PAGE, {"do": "back", "back": "participation"})
    course = course_of(kept, ledger)
    assert course.consent is not None
    assert course.consent.scopes == {"participation": False, "recording": True}
    assert course.consent.is_withdrawn
    assert not [one for one in course.findings.values() if one.rule == "consent_contradicts"]
    assert "not ticked, it stays" in ada.get(PAGE)
    ada.post(PAGE, {"do": "back", "back": "recording"})
    after = course_of(kept, ledger).consent
    assert after is not None
    assert not any(after.scopes.values())


def test_who_never_consented_has_refused_and_withdrawn_nothing(
    ada: Browser, ledger: str, study: Study
) -> None:
    ada.post(PAGE, signing(study, ada.get(PAGE), **{"scope:participation": "false"}))
    page, log = ada.get(PAGE), ada.get("/screening/")
    assert ("consent refused" in page, "in force" in page, "withdrawn" in page) == (True, False, False)
    assert "did not consent" in log
    assert "refused: version 2.1" in log
    assert "withdrawn" not in log
    ada.post(PAGE, signing(study, ada.get(PAGE)))  # who thinks again consents after all
    assert "in force" in ada.get(PAGE)
    assert "Take something back" in ada.get(PAGE)
    ada.post(PAGE, {"do": "back", "back": "participation"})
    assert "consent withdrawn" in ada.get("/screening/")
    assert "Take something back" not in ada.get(PAGE), "nothing is left that could be"
    later = ada.get("/participants/S-1/preparation_1.1/")
    assert "S-1 takes part no more" in later
    assert "Book it" not in later


def test_what_is_missing_is_said_and_nothing_is_kept(ada: Browser, ledger: str, study: Study) -> None:
    before = len(list(store.lines(ledger)))
    for wrong, said in (
        ({"version": " "}, "Say which version"),
        ({"scope:recording": ""}, "Every scope is answered"),
        ({"informed_by": "nobody"}, "Say who informed"),
        ({"informed_at": "tomorrow"}, "when the participant was informed"),
        ({"drawn": ""}, "Nothing was drawn"),
        ({"drawn": "data:image/png;base64,@@"}, "cannot be read"),
        ({"drawn": "data:image/png;base64,PHN2Zz4="}, "none of PNG"),
        ({"password": "guess"}, "not right"),
        ({"head": "another"}, "Another consent was entered"),
        ({"how": "\0"}, "Say how"),
    ):
        assert said in ada.post(PAGE, signing(study, ada.get(PAGE), **wrong), status=422), said
    ada.post(PAGE, {"do": "x"}, status=404)
    assert len(list(store.lines(ledger))) == before


@pytest.mark.requirement("R16")
def test_nobody_takes_a_consent_who_may_not(ada: Browser, ledger: str, study: Study, sign_in: SignIn) -> None:
    sent = signing(study, ada.get(PAGE))
    for role in ("monitor", "therapist", "medical_monitor"):
        someone = sign_in(role, everywhere=role)
        assert "Sign a consent" not in someone.get(PAGE)
        someone.post(PAGE, sent, status=404)
        someone.post(PAGE, {"do": "back", "back": "participation"}, status=404)
    sign_in("eve", haifa="investigator").get(PAGE, status=404)
    sign_in("rat", everywhere="rater").get(PAGE, status=404)
    Browser("cy", {"denver": "investigator"}, csrf=True).post(PAGE, sent, status=403)
    assert course_of(study, ledger).consent is None


def lock(study: Study, ledger: str) -> None:
    """The participant is locked, as a data manager does it."""
    (first,) = [read(line.text) for line in store.lines(ledger)][:1]
    at = "2026-05-02T12:00:00+00:00"
    entry = as_sent(first)
    entry = msgspec.structs.replace(
        entry, id="01990000-0000-7000-8000-0000000000aa", kind="freeze", encounter=None, occurred_at=at,
        recorded_at=at, by="dan", role="data_manager", data={"of": "participant"},
    )  # fmt: skip
    store.fact(entry, received_at=at)


@pytest.mark.requirement("R08")
def test_consent_of_a_locked_participant_is_never_refused_and_is_found(
    ada: Browser, ledger: str, study: Study
) -> None:
    ada.post(PAGE, signing(study, ada.get(PAGE)))
    lock(study, ledger)
    assert "" in course_of(study, ledger).frozen
    ada.post(PAGE, signing(study, ada.get(PAGE), version="2.2"))
    ada.post(PAGE, {"do": "back", "back": "recording"}, status=422)  # it was not given
    ada.post(PAGE, {"do": "back", "back": "participation"})
    course = course_of(study, ledger)
    assert course.consent is not None
    assert course.consent.is_withdrawn
    found = [one.rule for one in findings(course, instant("2026-06-01T00:00:00Z"))]
    assert found.count("changed_after_freeze") == 2


def test_between_a_dose_and_discharge_nobody_signs_a_consent(study: Study, database: str) -> None:
    """Not to more, not to the same of another version, not by correcting; taking back is open."""
    story = Story(study)
    story.whole()
    dosed = next(one for one in story.entries if one.kind == "dose")
    story.entries = [one for one in story.entries if one.occurred_at <= dosed.occurred_at]
    given = next(one for one in story.entries if one.kind == "consent")
    story.entries = [
        msgspec.structs.replace(one, data={**one.data, "scopes": {**one.data["scopes"], "recording": False}})
        if one is given
        else one
        for one in story.entries
    ]
    (ledger,) = keep(study, story)
    store.keep_keys({ledger.name: KEY})
    ada = Browser("ada", {"denver": "investigator"})
    where = "/participants/1-001/consent/"
    ada.get(where)
    give_password("ada")
    ada.sign_in_anew()
    more = {"scope:recording": "true", "informed_at": "now"}
    assert "between a dose and discharge" in ada.post(
        where, signing(study, ada.get(where), **more), status=422
    )
    same = {"scope:recording": "false", "version": "9.9", "informed_at": "now"}
    assert "between a dose and discharge" in ada.post(
        where, signing(study, ada.get(where), **same), status=422
    )
    entry = course_of(study, ledger.name).consent
    assert entry is not None
    sent = {"head": "999", "shown": ["recording"], "item:recording": "true", "reason": "mistyped"}
    page = ada.post(f"/participants/1-001/entry/{entry.entry}/", sent, status=422)
    assert "stands as it was signed" in page
    ada.post(where, {"do": "back", "back": "participation"})
