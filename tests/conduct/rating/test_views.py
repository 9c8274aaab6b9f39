"""A rater's day: offered, taken, rated and told; and that nothing on it tells of whom, where or when."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.conduct.browser import Browser, course_of
from tests.conduct.conftest import SignIn
from tests.conduct.locked import lock_study, signer
from tests.conduct.rating.conftest import BASELINE, EVENT, rated_apart
from tests.conduct.record import KEY, blinded_study, keep
from tests.course.conftest import Story

from entact import store
from entact.course import read
from entact.course.entry import as_sent
from entact.protocol import Study

DAY = "/assessments/"
ANSWERS = {"shown": ["total", "diagnosis"], "item:total": "44", "item:diagnosis": "true"}
CONFIRMED = {"do": "confirm", "confirmed": "yes"}


def token_in(page: str) -> str:
    found = re.findall(r"/assessments/(\w{32})/", page)
    assert found, page
    return str(found[0])


def taken(rater: Browser) -> str:
    """The address of an assessment that a rater has just taken."""
    where = f"{DAY}{token_in(rater.get(DAY))}/"
    rater.post(where, {"do": "take"})
    return where


def words_of(page: str) -> str:
    """What a page says, without pictures, addresses and digests."""
    page = re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)
    return re.sub(r"[0-9a-f-]{12,}|\d\d:\d\d", "", re.sub(r"<[^>]*>", " ", page))


def kinds_in(ledger: str) -> list[str]:
    return [read(line.text).kind for line in store.lines(ledger)]


def test_what_is_booked_is_offered_taken_rated_and_sealed_from_the_site(
    ada: Browser, ruth: Browser, ledger: str, study: Study
) -> None:
    assert "Assessments can be taken" in ruth.get("/")
    where = taken(ruth)
    page = ruth.get(where)
    assert EVENT in page
    assert "symptoms" in page.lower()
    ruth.get(f"{where}symptoms/", status=404)  # first it is confirmed where the person is
    ruth.post(where, CONFIRMED)
    form = ruth.get(f"{where}symptoms/")
    assert "calculated" not in form
    ruth.post(f"{where}symptoms/", ANSWERS)
    assert "Sent" in ruth.get(f"{where}symptoms/")
    assert "Your guess" not in ruth.get(where)  # nothing was given yet
    ruth.post(where, {"do": "finish"})
    course = course_of(study, ledger)
    (answers,) = course.answers["symptoms"]
    assert (answers.by, answers.role, answers.items["total"]) == ("ruth", "rater", 44)
    assert course.encounters["baseline#1"].status == "ended"
    assert course.encounters["baseline#1"].contact == "video"
    assert not [one for one in course.findings.values() if one.rule.startswith(("without_gate", "gate_"))]
    for address in (
        "/",
        "/participants/",
        "/participants/S-1/",
        "/participants/S-1/visits/",
        BASELINE,
        "/participants/S-1/eligibility/",
        "/forms/",
    ):
        seen = words_of(ada.get(address))
        assert "44" not in seen, address
    ada.get(f"{BASELINE}symptoms/", status=404)
    for address in ("/forms/export.csv", "/files/", "/queries/export.csv", "/audit/export.csv"):
        answer = ada._client.get(address)
        said = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"diagnosis" not in said, address


@pytest.mark.requirement("R10")
def test_the_pages_of_a_rater_tell_nothing_of_whom_where_or_when(
    ada: Browser, ruth: Browser, ledger: str
) -> None:
    """No number, site, visit, order, history, threshold, title, zone or name of a file."""
    told = ["S-1", "denver", "America", "Mountain", "baseline", "outcome", "screening", "participants/"]
    told += [ledger.removeprefix("participant:"), "35", "Before:", "ada", "Downloads", "#1", ".1/"]
    where = taken(ruth)
    pages = {DAY: ruth.get(DAY), where: ruth.get(where)}
    ruth.post(where, CONFIRMED)
    pages["form"] = ruth.get(f"{where}symptoms/")
    pages["look"] = ruth.post(f"{where}symptoms/look/", ANSWERS, status=200)
    pages["wrong"] = ruth.post(f"{where}symptoms/", {"shown": ["total"]}, status=422)
    ruth.post(f"{where}symptoms/", ANSWERS)
    pages["sent"] = ruth.get(f"{where}symptoms/")
    pages["all sent"] = ruth.get(where)
    pages["home"] = ruth.get("/").partition('id="sites"')[0].partition('id="today"')[2]
    for name, page in pages.items():
        page = re.sub(r"<select id=\"zone\".*?</select>", "", page, flags=re.DOTALL)
        page = page.partition("<main")[2] or page
        page = re.sub(r"[0-9a-f]{32}|[A-Za-z0-9+/]{43}=|csrfmiddlewaretoken\" value=\"\w+", "", page)
        for word in told:
            assert word not in page, (name, word)
    assert 'name="head"' not in pages["form"]  # how long a record is tells how far a participant is
    answer = ruth._client.get(where)
    assert "ETag" not in answer.headers
    assert "Last-Modified" not in answer.headers
    assert "Content-Disposition" not in answer.headers


def test_an_assessment_is_its_raters_alone(ada: Browser, ruth: Browser, sign_in: SignIn) -> None:
    uma = sign_in("uma", everywhere="rater")
    assert token_in(uma.get(DAY)) == token_in(ruth.get(DAY))
    where = taken(ruth)
    assert "None is offered" in uma.get(DAY)
    uma.get(where, status=404)
    uma.get(f"{where}symptoms/", status=404)
    refused = uma.post(where, {"do": "take"}, status=409)
    assert "another rater will" in refused
    ada.get(where, status=404)
    ada.get(DAY, status=404)


@pytest.mark.requirement("R10")
def test_nobody_rates_the_same_person_twice_and_the_reason_does_not_tell(
    ada: Browser, ruth: Browser, sign_in: SignIn, ledger: str, study: Study
) -> None:
    where = taken(ruth)
    ruth.post(where, {"do": "let_go"})
    ruth.get(where, status=404)
    assert "None is offered" in ruth.get(DAY)
    uma = sign_in("uma", everywhere="rater")
    again = f"{DAY}{token_in(uma.get(DAY))}/"
    assert again != where
    met = ruth.post(again, {"do": "take"}, status=409)
    uma.post(again, {"do": "take"})
    held = ruth.post(again, {"do": "take"}, status=409)
    nothing = ruth.post(f"{DAY}{'0' * 32}/", {"do": "take"}, status=409)
    token = re.compile(r'csrfmiddlewaretoken" value="\w+"')
    assert token.sub("", met) == token.sub("", held) == token.sub("", nothing)
    said = [read(line.text) for line in store.lines(ledger)]
    assert [(one.by, one.data.get("status")) for one in said if one.kind == "rating_taken"] == [
        ("ruth", None),
        ("ruth", "let_go"),
        ("uma", None),
    ]


@pytest.mark.requirement("R10")
def test_what_a_rater_heard_goes_to_the_site_and_nothing_comes_back(
    ada: Browser, ruth: Browser, ledger: str, study: Study
) -> None:
    where = taken(ruth)
    ruth.post(where, {"do": "tell", "of": "suicidality", "words": " "}, status=422)
    before = ruth.get(where)
    ruth.post(where, {"do": "tell", "of": "suicidality", "words": "thinks of the bridge again"})
    assert "bridge again" not in "".join(line.text for line in store.lines(ledger))
    home = ada.get("/")
    assert "A rater heard of suicidality" in home
    assert re.search(r"nobody has answered, since \d+ \w{3} 20\d\d", home)  # since it arrived
    assert "bridge again" not in home
    (address,) = re.findall(r'"(/told-by-raters/S-1/[^"]*)"', home)
    assert "thinks of the bridge again" in ada.get(address)
    ada.post(address, {"done": ""}, status=422)
    ada.post(address, {"done": "called her at once"})
    assert "called her at once" in ada.get(address)
    assert "A rater heard" not in ada.get("/")
    token = re.compile(r'csrfmiddlewaretoken" value="\w+"')
    assert token.sub("", ruth.get(where)) == token.sub("", before)
    ruth.get(address, status=404)


@pytest.mark.requirement("R10")
def test_in_danger_the_number_of_the_site_is_shown_kept_and_another_rates(
    ada: Browser, ruth: Browser, sign_in: SignIn, ledger: str, study: Study
) -> None:
    lacking = "denver: raters have no number to call when somebody is in danger"
    assert lacking in ada.get("/")
    assert "raters have no number" not in ruth.get("/")
    ada.post("/sites/denver/staff/", {"do": "on_call", "number": "soon"}, status=409)
    ada.post("/sites/denver/staff/", {"do": "on_call", "number": "+1 303 555 0100"})
    assert lacking not in ada.get("/")
    where = taken(ruth)
    page = ruth.get(where)
    for name in ("place", "callback"):  # stays on the page: what has no name is never sent
        (field,) = re.findall(rf'<input id="{name}"[^>]*>', page)
        assert "name=" not in field
        assert "required" in field
    ruth.post(where, CONFIRMED)
    shown = ruth.post(where, {"do": "danger"}, status=200)
    assert 'href="tel:+13035550100"' in shown
    assert ruth.post(where, {"do": "danger"}, status=200).count("+1 303 555 0100") == 1  # pressed again
    assert "+1 303 555 0100" in ruth.get(where)
    assert kinds_in(ledger).count("break_glass") == 1
    assert "A rater called for help" in ada.get("/")
    (told,) = re.findall(r'"(/told-by-raters/S-1/[^"]*)"', ada.get("/"))
    ruth.get(f"{where}symptoms/", status=404)
    assert "None is offered" in ruth.get(DAY)
    ada.post(told, {"done": "her brother is with her"})
    assert "has to be offered to another rater" in ada.get("/")
    for at in ("", "soon", "2026-01-01T10:00"):
        ada.post(told, {"do": "offer_again", "at": at}, status=422)
    ada.post(told, {"do": "offer_again", "at": "2026-05-03T10:00"})
    assert course_of(study, ledger).encounters["baseline#1"].status == "ended"
    assert "/participants/S-1/baseline.2/" in ada.get(told)
    assert "has to be offered to another rater" not in ada.get("/")
    assert "None is offered" in ruth.get(DAY)
    again = taken(uma := sign_in("uma", everywhere="rater"))
    assert again != where
    uma.post(again, CONFIRMED)
    ada.post(told, {"do": "offer_again", "at": "2026-05-04T10:00"}, status=422)  # it is held by now
    assert "Offer the assessment" not in ada.get(told)


@pytest.mark.requirement("R10")
def test_r10_two_assessments_of_one_participant_are_never_offered_together(
    ada: Browser, ruth: Browser, sign_in: SignIn
) -> None:
    """Else both would go from the list at once, or one come as the other goes: it is known whose they are."""
    ada.post("/participants/S-1/outcome.1/", {"do": "book", "at": "2026-05-05T10:00"})
    assert len(set(re.findall(r"/assessments/(\w{32})/", ruth.get(DAY)))) == 1
    taken(ruth)
    uma = sign_in("uma", everywhere="rater")
    assert "None is offered" in ruth.get(DAY)
    assert "None is offered" in uma.get(DAY)
    ada.post(BASELINE, {"do": "cancel"})
    assert token_in(uma.get(DAY))
    assert "None is offered" in ruth.get(DAY)  # who has met them by now


def test_the_call_has_a_room_that_names_nobody_and_both_sides_find_it(
    ada: Browser, ruth: Browser, settings_video: str
) -> None:
    page = ada.get(BASELINE)
    assert "No rater has taken it yet" in page
    (room,) = re.findall(rf"{settings_video}(\w+)", page)
    where = taken(ruth)
    assert room not in where
    assert f'"{settings_video}{room}"' in ruth.get(where)
    page = ada.get(BASELINE)
    assert "A rater apart from the site has taken it" in page
    assert where not in page
    assert "ruth" not in page


def test_an_assessment_whose_time_went_by_without_a_rater_waits_at_home_until_it_is_moved(
    ada: Browser, ruth: Browser, ledger: str
) -> None:
    untaken = "no rater has taken it"
    event = next(read(line.text) for line in store.lines(ledger) if read(line.text).kind == "form")
    later = msgspec.structs.replace(event, id="01990000-0000-7000-8000-000000000009")
    store.fact(as_sent(later), received_at="2026-05-04T00:00:00+00:00")  # a rehearsal lives in that time
    assert "None is offered" in ruth.get(DAY)
    assert untaken in ada.get("/")
    ada.post(BASELINE, {"do": "cancel"})
    assert untaken not in ada.get("/")


def test_times_are_the_raters_own_and_languages_are_what_they_rate_in(ada: Browser, ruth: Browser) -> None:
    assert "16:00" in ruth.get(DAY)  # 10:00 at Denver, in UTC
    ruth.post(DAY, {"zone": "Mars/Base", "language": ["en"]}, status=422)
    ruth.post(DAY, {"zone": "Asia/Tokyo", "language": ["de"]})
    assert "None is offered" in ruth.get(DAY)
    ruth.post(DAY, {"zone": "Asia/Tokyo", "language": ["de", "en"]})
    assert "4 May" in ruth.get(DAY)
    assert "01:00" in ruth.get(DAY)


def test_a_booking_that_moves_or_ends_moves_or_ends_the_offer(ada: Browser, ruth: Browser) -> None:
    where = taken(ruth)
    ada.post(BASELINE, {"do": "book", "at": "2026-05-04T11:00"})
    assert "17:00" in ruth.get(DAY)
    assert where in ruth.get(DAY)
    ada.post(BASELINE, {"do": "cancel"})
    assert where not in ruth.get(DAY)
    ruth.get(where, status=404)


GUESS = {"do": "guess", "arm": "mdma", "confidence": "60", "why": "calm", "clear": "at_this_visit"}


def test_a_guess_is_asked_once_all_is_sent_and_earlier_scores_are_nowhere(
    treated: str, sign_in: SignIn, study: Study
) -> None:
    ruth = sign_in("ruth", everywhere="rater")
    where = taken(ruth)
    rated = course_of(study, treated).answers["symptoms"][0].items["total"]
    ruth.post(where, GUESS, status=404)
    ruth.post(where, CONFIRMED)
    for page in (ruth.get(where), ruth.get(f"{where}symptoms/")):
        assert "Your guess" not in page
        assert str(rated) not in words_of(page)
        assert "Before" not in page
    ruth.post(f"{where}symptoms/", ANSWERS)
    assert "Your guess" in ruth.get(where)
    ruth.post(where, {**GUESS, "confidence": "160"}, status=422)
    ruth.post(where, GUESS, status=200)
    assert "Your guess" not in ruth.get(where)
    (guess,) = [one for one in course_of(study, treated).guesses if one.by == "ruth"]
    assert (guess.guesser, guess.arm, guess.confidence) == ("rater", "mdma", 60)


def test_where_a_guess_alone_is_asked_the_rater_has_a_page_for_it(database: str, sign_in: SignIn) -> None:
    """As in the study of life-threatening illness, whose outcome the participant answers alone."""

    def change(data: dict[str, Any]) -> None:
        rated_apart(data)
        data["forms"]["symptoms"]["by"] = "participant"
        del data["forms"]["symptoms"]["items"]["total"]["shows"]

    study = blinded_study(change)
    story = Story(study).whole()
    story.entries = [one for one in story.entries if one.encounter not in ("outcome#1", "closing#1")]
    (ledger,) = keep(study, story)
    store.keep_keys({ledger.name: KEY})
    ada, ruth = sign_in("ada", denver="investigator"), sign_in("ruth", everywhere="rater")
    ada.post("/participants/1-001/outcome.1/", {"do": "book", "at": "2026-05-03T10:00"})
    assert "no form, your guess alone" in ruth.get(DAY)
    where = taken(ruth)
    page = ruth.get(where)
    assert "No form is filled in" in page
    for word in ("symptoms", "The assessment is over", 'name="arm"'):
        assert word not in page, word
    for what in (GUESS, {"do": "finish"}):  # first the call begins
        ruth.post(where, what, status=404)
    ruth.post(where, {"do": "confirm"}, status=422)
    ruth.post(where, CONFIRMED)
    assert 'name="arm"' in ruth.get(where)
    ruth.get(f"{where}symptoms/", status=404)  # the participant's own
    ruth.post(where, GUESS, status=200)
    ruth.post(where, {"do": "finish"})
    course = course_of(study, ledger.name)
    (guess,) = [one for one in course.guesses if one.encounter == "outcome#1"]
    assert (guess.guesser, guess.by, guess.arm) == ("rater", "ruth", "mdma")
    assert course.encounters["outcome#1"].status == "started"  # the site goes on with the questionnaire


def test_a_call_begins_with_where_the_person_is(ada: Browser, ruth: Browser, ledger: str) -> None:
    """Confirmed first, and kept nowhere: neither in a row nor in a ledger nor in the log."""
    where = taken(ruth)
    told = ruth.post(where, {"do": "confirm", "place": "12 Elm Street", "callback": "+1555"}, status=422)
    assert "Ask first where the person is now" in told
    assert kinds_in(ledger).count("encounter") == 1  # the screening
    ruth.get(f"{where}symptoms/", status=404)


@pytest.mark.requirement("R10")
def test_a_rater_cannot_tell_a_first_assessment_from_a_last(
    study: Study, database: str, sign_in: SignIn
) -> None:
    """The pages of a baseline and those of an outcome are the same to the byte, but for the random words."""
    screened, treated = Story(study), Story(study)
    treated.whole()
    treated.entries = [one for one in treated.entries if one.encounter not in ("outcome#1", "closing#1")]
    first = [one for one in treated.entries if one.kind in ("consent", "screening")]
    screened.begin("screening#1", day=0)
    for one in first:
        screened.write(one.kind, one.data, minute=2)
    for story in (screened, treated):
        story.form("index_event", {"event": EVENT}, minute=9, encounter="screening#1")
    ledgers = keep(study, screened, treated)
    store.keep_keys({ledger.name: KEY for ledger in ledgers})
    ada = sign_in("ada", denver="investigator")
    for where in ("/participants/S-1/baseline.1/", "/participants/1-002/outcome.1/"):
        ada.post(where, {"do": "book", "at": "2026-05-03T10:00"})

    def pages(rater: Browser) -> list[str]:
        where = taken(rater)
        seen = [rater.get(where)]
        rater.post(where, CONFIRMED)
        seen += [rater.get(f"{where}symptoms/"), rater.post(f"{where}symptoms/look/", ANSWERS, status=200)]
        seen += [rater.get(where), rater.get(DAY).partition("offers")[0]]
        hidden = (
            rf"[0-9a-f]{{32}}|csrfmiddlewaretoken\" value=\"\w+|data-draft=\"[^\"]*\"|(?i:{rater.person})"
        )
        return [re.sub(hidden, "", page) for page in seen]

    one, other = pages(sign_in("ruth", everywhere="rater")), pages(sign_in("uma", everywhere="rater"))
    assert one == other
    rated = {course_of(study, ledger.name).noted["rating_taken"][0].encounter for ledger in ledgers}
    assert rated == {"baseline#1", "outcome#1"}


@pytest.mark.requirement("R10")
def test_r10_what_raters_enter_is_sealed_from_the_site_until_the_study_is_locked(
    ada: Browser, ruth: Browser, sign_in: SignIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the site reads it, lists and files too; nobody does more than before; and no arm is told."""
    where = taken(ruth)
    ruth.post(where, CONFIRMED)
    ruth.post(f"{where}symptoms/", ANSWERS)
    ruth.post(where, {"do": "finish"})
    form = f"{BASELINE}symptoms/"
    ada.get(form, status=404)
    assert "symptoms" not in exported(ada)
    ruth.get("/participants/", status=404)
    lock_study(signer(tmp_path, monkeypatch, "sponsor", "cut"))
    page = ada.get(form)
    assert 'name="item:total" value="44"' in page
    assert '<fieldset class="whole" disabled>' in page
    assert "symptoms" in exported(ada)
    assert 'value="44"' in ruth.get(form)  # schedule was hidden from raters until the lock
    ada.post(form, {**ANSWERS, "item:total": "12"}, status=404)
    assert "until the sealed list is opened" in ada.get("/")


def exported(browser: Browser) -> str:
    answer = browser._client.get("/forms/export.csv")
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


@pytest.mark.requirement("R10")
def test_a_query_about_a_rating_reaches_its_rater_and_tells_nobody_of_whom_it_is(
    ada: Browser, ruth: Browser, sign_in: SignIn, ledger: str, study: Study
) -> None:
    where = taken(ruth)
    ruth.post(where, CONFIRMED)
    ruth.post(f"{where}symptoms/", ANSWERS)
    ruth.post(where, {"do": "finish"})
    (rated,) = course_of(study, ledger).answers["symptoms"]
    mo = sign_in("mo", everywhere="medical_monitor")
    ask = f"/participants/S-1/query/?entry={rated.entry}"
    for text in ("S-1: so high?", "At BASELINE so high?", "denver says 12"):
        told = mo.post(ask, {"item": "total", "text": text}, status=422)
        assert "A rater reads this, and must not know of whom it is" in told
    before = {place: ruth.get(place) for place in (DAY, where)}
    mo.post(ask, {"item": "total", "text": "Is 44 what you meant?"})
    assert "A question about an assessment that you sent" in ruth.get("/")
    assert f"{where}#questions" in ruth.get(DAY)
    page = ruth.get(where)
    assert "Is 44 what you meant?" in page
    for word in ("S-1", "denver", "baseline", "mo,", ledger.removeprefix("participant:")):
        assert word not in page.partition("<main")[2], word
    (query,) = re.findall(r'name="query" value="([^"]+)"', page)
    sign_in("uma", everywhere="rater").post(where, {"do": "answer", "query": query, "text": "x"}, status=404)
    ruth.post(where, {"do": "answer", "query": query, "text": " "}, status=422)
    ruth.post(where, {"do": "answer", "query": "another", "text": "Yes"}, status=422)
    ruth.post(where, {"do": "answer", "query": query, "text": "Yes, she said so twice."})
    assert "she said so twice" in mo.get(f"/participants/S-1/query/{query}/")
    ada.get(f"/participants/S-1/query/{query}/", status=404)  # the site sees neither rating nor query
    token = re.compile(r'csrfmiddlewaretoken" value="\w+"')
    for place, page in before.items():
        assert token.sub("", ruth.get(place)) == token.sub("", page)
